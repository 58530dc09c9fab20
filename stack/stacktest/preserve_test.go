package stacktest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// change is an UpdateStack of "demo", and returns the status in which it rests.
func (b bench) change(body string, config *types.DeploymentConfig, disable *bool) string {
	b.Helper()
	if _, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{
		StackName: new("demo"), TemplateBody: &body, DeploymentConfig: config, DisableRollback: disable, Capabilities: expand,
	}); err != nil {
		b.Fatal(err)
	}
	return b.rest("demo")
}

func (b bench) rollBack() string {
	b.Helper()
	if _, err := b.client.RollbackStack(b.Context(), &cloudformation.RollbackStackInput{StackName: new("demo"), ClientRequestToken: new("back")}); err != nil {
		b.Fatal(err)
	}
	return b.rest("demo")
}

func express(disable *bool) *types.DeploymentConfig {
	return &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress, DisableRollback: disable}
}

func TestExpressModeRollsBackOnlyWhereItIsTold(t *testing.T) {
	const grown = "Resources: {A: {Type: AWS::SNS::Topic}, B: {Type: AWS::SNS::Topic}}"
	tests := map[string]struct {
		config  *types.DeploymentConfig
		created string
		updated string
	}{
		"express mode leaves a failure as it is": {express(nil), "CREATE_FAILED", "UPDATE_FAILED"},
		"unless rollbacks are not disabled":      {express(new(false)), "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"},
		"or where they are disabled":             {express(new(true)), "CREATE_FAILED", "UPDATE_FAILED"},
		"the standard mode rolls back":           {&types.DeploymentConfig{Mode: types.DeploymentConfigModeStandard}, "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.cloud.Inject("B", stacktest.Fault{})
				if _, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{
					StackName: new("new"), TemplateBody: new(grown), DeploymentConfig: tt.config,
				}); err != nil {
					b.Fatal(err)
				}
				if got := b.rest("new"); got != tt.created {
					b.Errorf("created as %s, want %s", got, tt.created)
				}
				b.create("demo", set{body: "Resources: {A: {Type: AWS::SNS::Topic}}"})
				if got := b.change(grown, tt.config, nil); got != tt.updated {
					b.Errorf("updated as %s, want %s", got, tt.updated)
				}
			})
		})
	}
}

func TestNothingIsReplacedWhereRollingBackIsDisabled(t *testing.T) {
	tests := map[string]struct {
		config  *types.DeploymentConfig
		disable *bool
		want    string
	}{
		"in express mode":                         {config: express(nil), want: "UPDATE_FAILED"},
		"with DisableRollback":                    {disable: new(true), want: "UPDATE_FAILED"},
		"but in express mode that rolls back":     {config: express(new(false)), want: "UPDATE_COMPLETE"},
		"and without DisableRollback of any kind": {want: "UPDATE_COMPLETE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.create("demo", set{body: before})
				vpc := b.physical("demo", "Replaced")
				if got := b.change(after, tt.config, tt.disable); got != tt.want {
					b.Errorf("%s, want %s", got, tt.want)
				}
				refused := slices.Contains(b.events("demo"), "Replaced UPDATE_FAILED Replacement type updates not supported on stack with disable-rollback.")
				if kept := b.physical("demo", "Replaced") == vpc; refused != (tt.want == "UPDATE_FAILED") || kept != refused {
					b.Errorf("refused %t, kept %t", refused, kept)
				}
			})
		})
	}
}

func TestRollbacksAreToldOnce(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		const want = "ValidationError: DisableRollback and OnFailure cannot be specified together with DeploymentConfig"
		_, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{
			StackName: new("demo"), TemplateBody: &before, DeploymentConfig: express(nil), OnFailure: types.OnFailureDoNothing,
		})
		if answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		b.plan("demo", types.ChangeSetTypeCreate, set{body: before, express: true})
		_, err = b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("set"), DisableRollback: new(false),
		})
		if answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
	})
}

func TestAnExpressStackThatFailedIsUpdatedInExpressMode(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		if got := b.change(after, express(nil), nil); got != "UPDATE_FAILED" {
			b.Fatal(got)
		}
		_, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &before, DisableRollback: new(true)})
		if want := "ValidationError: Follow-up operations must use the same DeploymentConfig (mode=EXPRESS)"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		_, err = b.client.RollbackStack(b.Context(), &cloudformation.RollbackStackInput{StackName: new("demo")})
		if want := "ValidationError: RollbackStack is not supported for stacks that were last updated using EXPRESS deployment mode"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		if got := b.change(before, express(new(true)), nil); got != "UPDATE_COMPLETE" {
			b.Errorf("what it was before makes it %s", got)
		}
	})
}

func TestAStackThatFailedIsRolledBackToWhenItWasWhole(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		found := b.cloud.Resources("demo")
		changed := replaceAll(before, "RetentionInDays: 7", "RetentionInDays: 30") + "\n  New: {Type: AWS::SNS::Topic}\n  Late: {Type: AWS::SNS::Topic}"
		b.cloud.Inject("Late", stacktest.Fault{})
		for _, days := range []string{"30", "60"} { // twice, so that it goes back over both
			if got := b.change(replaceAll(changed, "RetentionInDays: 30", "RetentionInDays: "+days), nil, new(true)); got != "UPDATE_FAILED" {
				b.Fatal(got)
			}
		}
		if got := b.rollBack(); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := []string{
			"demo UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
			"Changed UPDATE_IN_PROGRESS",
			"Changed UPDATE_COMPLETE",
			"demo UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		}
		if got := since(b.events("demo"), want[0]); !cmp.Equal(want, got[:4]) {
			b.Errorf("events (-want +got):\n%s", cmp.Diff(want, got))
		}
		now := b.cloud.Resources("demo")
		for i := range now {
			now[i].Status, found[i].Status = "", ""
		}
		if d := cmp.Diff(found, now); d != "" {
			b.Errorf("resources (-before +after):\n%s", d)
		}
		made, gone := 0, 0
		for _, e := range b.events("demo") {
			if strings.HasPrefix(e, "New ") || strings.HasPrefix(e, "Late ") {
				made += strings.Count(e, "Initiated")
				gone += strings.Count(e, "DELETE_COMPLETE")
			}
		}
		if made != gone || made != 3 { // New once, Late twice
			b.Errorf("made %d, deleted %d", made, gone)
		}
	})
}

func TestACreationThatFailedIsRolledBackToNothing(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("Two", stacktest.Fault{})
		if _, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: new(chain), DisableRollback: new(true)}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "CREATE_FAILED" {
			b.Fatal(got)
		}
		if got := b.change(chain, nil, new(true)); got != "UPDATE_FAILED" {
			b.Fatal(got)
		}
		if got := b.rollBack(); got != "ROLLBACK_COMPLETE" {
			b.Error(got)
		}
		if d := cmp.Diff([]string{"Beside DELETE_COMPLETE", "One DELETE_COMPLETE", "Two DELETE_COMPLETE"}, b.resources("demo")); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
		if _, err := b.client.RollbackStack(b.Context(), &cloudformation.RollbackStackInput{StackName: new("demo"), ClientRequestToken: new("back")}); err != nil {
			b.Errorf("the same call again: %v", err)
		}
		_, err := b.client.RollbackStack(b.Context(), &cloudformation.RollbackStackInput{StackName: new("demo")})
		if !strings.Contains(answer(err), "cannot be rolled back while in status ROLLBACK_COMPLETE") {
			b.Error(answer(err))
		}
	})
}

func TestANestedStackWhoseUpdateIsOverIsTakenBack(t *testing.T) {
	const body = "Resources: {Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://t/TEMPLATE}}, B: {Type: AWS::SNS::Topic, DependsOn: Nested, Properties: {DisplayName: NAME}}}"
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.AddTemplate("https://t/1", []byte("Resources: {A: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}}"))
		b.cloud.AddTemplate("https://t/2", []byte("Resources: {A: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}, C: {Type: AWS::SNS::Topic}}"))
		b.create("demo", set{body: replaceAll(body, "TEMPLATE", "1"), capabilities: expand})
		nested := b.physical("demo", "Nested")
		found := b.cloud.Resources(nested)
		b.cloud.Inject("B", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}})
		if got := b.change(replaceAll(replaceAll(body, "TEMPLATE", "2"), "NAME", "other"), nil, new(true)); got != "UPDATE_FAILED" {
			b.Fatal(got)
		}
		if got := b.status(nested); got != "UPDATE_COMPLETE" {
			b.Errorf("the nested stack is %s", got)
		}
		b.cloud.Inject("A", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, Times: 1})
		if got := b.rollBack(); got != "UPDATE_ROLLBACK_FAILED" {
			b.Errorf("rolled back as %s", got)
		}
		if _, err := b.client.ContinueUpdateRollback(b.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: new("demo")}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Errorf("rolled back as %s", got)
		}
		now := b.cloud.Resources(nested)
		for i := range now {
			now[i].Status = ""
		}
		for i := range found {
			found[i].Status = ""
		}
		if d := cmp.Diff(found, now); d != "" {
			b.Errorf("resources of the nested stack (-before +after):\n%s", d)
		}
	})
}

func TestRetainExceptOnCreateDeletesWhatAFailureHasMade(t *testing.T) {
	const nested = "Resources: {Inside: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: inside}}}"
	body := lines(
		"Resources:",
		"  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: kept}}",
		"  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://t/nested}}",
		"  Fails: {Type: AWS::SNS::Topic, DependsOn: [Kept, Nested]}",
	)
	for name, tt := range map[string]struct {
		fresh *bool
		first string
		again string
	}{
		"it frees their names":    {new(true), "Kept DELETE_COMPLETE", "CREATE_COMPLETE"},
		"without it they go on":   {nil, "Kept DELETE_SKIPPED", "ROLLBACK_COMPLETE"},
		"and where it is refused": {new(false), "Kept DELETE_SKIPPED", "ROLLBACK_COMPLETE"},
	} {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick, NoEarlyValidation: true}, func(b bench) {
				b.cloud.AddTemplate("https://t/nested", []byte(nested))
				b.cloud.Inject("Fails", stacktest.Fault{Times: 1})
				b.plan("demo", types.ChangeSetTypeCreate, set{body: body, capabilities: expand})
				if _, err := b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{
					StackName: new("demo"), ChangeSetName: new("set"), RetainExceptOnCreate: tt.fresh,
				}); err != nil {
					b.Fatal(err)
				}
				if got := b.rest("demo"); got != "ROLLBACK_COMPLETE" {
					b.Fatal(got)
				}
				if got := b.resources("demo"); !slices.Contains(got, tt.first) {
					b.Errorf("no %q in %q", tt.first, got)
				}
				b.delete("demo")
				if got := b.create("demo", set{body: body, capabilities: expand}); got != tt.again {
					b.Errorf("the second attempt is %s, want %s", got, tt.again)
				}
			})
		})
	}
}

func TestAFailedResourceMakesRoomForItsSuccessor(t *testing.T) {
	const body = "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}}"
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("Bucket", stacktest.Fault{Times: 1})
		if _, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: new(body), DisableRollback: new(true)}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := b.change(body, nil, new(true)); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
	})
}
