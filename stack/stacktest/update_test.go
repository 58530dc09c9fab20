package stacktest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

func lines(s ...string) string { return strings.Join(s, "\n") }

// before and after are a stack and its update: Kept stays, Changed changes in
// place, Replaced is replaced and what refers to it follows, Gone goes, New comes.
var (
	before = lines(
		"Resources:",
		"  Kept: {Type: AWS::SNS::Topic}",
		"  Changed: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}",
		"  Replaced: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}",
		"  Follower: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Replaced}}",
		"  Gone: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Replaced, CidrBlock: 10.0.0.0/24}}",
	)
	after = lines(
		"Resources:",
		"  Kept: {Type: AWS::SNS::Topic}",
		"  Changed: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}",
		"  Replaced: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}",
		"  Follower: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Replaced}}",
		"  New: {Type: AWS::EC2::InternetGateway, DependsOn: Follower}",
	)
)

func TestAnUpdateCleansUpBehindItself(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		kept, vpc := b.physical("demo", "Kept"), b.physical("demo", "Replaced")
		if got := b.update("demo", set{body: after}); got != "UPDATE_COMPLETE" {
			b.Fatal(got)
		}
		const replacing = "UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one."
		want := []string{
			"demo UPDATE_IN_PROGRESS User Initiated",
			"Changed UPDATE_IN_PROGRESS",
			"Replaced " + replacing,
			"Replaced UPDATE_IN_PROGRESS Resource creation Initiated",
			"Changed UPDATE_COMPLETE",
			"Replaced UPDATE_COMPLETE",
			"Follower " + replacing,
			"Follower UPDATE_IN_PROGRESS Resource creation Initiated",
			"Follower UPDATE_COMPLETE",
			"New CREATE_IN_PROGRESS",
			"New CREATE_IN_PROGRESS Resource creation Initiated",
			"New CREATE_COMPLETE",
			"demo UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
			"Gone DELETE_IN_PROGRESS",
			"Follower DELETE_IN_PROGRESS",
			"Gone DELETE_COMPLETE",
			"Follower DELETE_COMPLETE",
			"Replaced DELETE_IN_PROGRESS",
			"Replaced DELETE_COMPLETE",
			"demo UPDATE_COMPLETE",
		}
		if d := cmp.Diff(want, since(b.events("demo"), want[0])); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"Changed UPDATE_COMPLETE", "Follower UPDATE_COMPLETE", "Kept CREATE_COMPLETE", "New CREATE_COMPLETE", "Replaced UPDATE_COMPLETE"}, b.resources("demo")); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
		if b.physical("demo", "Kept") != kept || b.physical("demo", "Replaced") == vpc {
			b.Error("the wrong resource was replaced")
		}
		for _, r := range b.cloud.Resources("demo") {
			if r.LogicalID == "Follower" && r.Properties["VpcId"] != b.physical("demo", "Replaced") {
				b.Errorf("the follower is in %v", r.Properties["VpcId"])
			}
		}
	})
}

func TestAFailedUpdateIsRolledBack(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		found := b.cloud.Resources("demo")
		b.cloud.Inject("demo/New", stacktest.Fault{Reason: "no gateways left"})
		if got := b.update("demo", set{body: after}); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := []string{
			"demo UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [New].",
			"Changed UPDATE_IN_PROGRESS",
			"Replaced UPDATE_IN_PROGRESS",
			"Changed UPDATE_COMPLETE",
			"Replaced UPDATE_COMPLETE",
			"Follower UPDATE_IN_PROGRESS",
			"Follower UPDATE_COMPLETE",
			"demo UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
			"New DELETE_IN_PROGRESS",
			"New DELETE_COMPLETE",
			"Follower DELETE_IN_PROGRESS",
			"Follower DELETE_COMPLETE",
			"Replaced DELETE_IN_PROGRESS",
			"Replaced DELETE_COMPLETE",
			"demo UPDATE_ROLLBACK_COMPLETE",
		}
		if d := cmp.Diff(want, since(b.events("demo"), want[0])); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
		now := b.cloud.Resources("demo")
		for i := range now {
			now[i].Status, found[i].Status = "", ""
		}
		if d := cmp.Diff(found, now); d != "" {
			b.Errorf("resources (-before +after):\n%s", d)
		}
		b.cloud.Heal("demo/New")
		if _, err := b.client.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")}); err != nil {
			b.Fatal(err)
		}
		if got := b.update("demo", set{body: after}); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAFailureCancelsTheUpdatesBesideIt(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		b.cloud.Inject("Changed", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, After: 5 * time.Second})
		if got := b.update("demo", set{body: after}); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := []string{
			"Changed UPDATE_FAILED Internal Failure",
			"Replaced UPDATE_FAILED Resource update cancelled",
			"demo UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Changed, Replaced].",
		}
		if got := since(b.events("demo"), want[0]); !cmp.Equal(want, got[:3]) {
			b.Errorf("events (-want +got):\n%s", cmp.Diff(want, got))
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestACustomNameStandsInTheWayOfAReplacement(t *testing.T) {
	group := func(name, description string) string {
		return "Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupName: " + name + ", GroupDescription: " + description + "}}}"
	}
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: group("web", "one")})
		old := b.physical("demo", "Group")
		if got := b.update("demo", set{body: group("web", "two")}); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := "Group UPDATE_FAILED CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename web and update the stack again."
		if all := lines(b.events("demo")...); !strings.Contains(all, want) {
			b.Errorf("no %q in\n%s", want, all)
		}
		if got := b.physical("demo", "Group"); got != old {
			b.Errorf("the group is %s, and was %s", got, old)
		}
		if _, err := b.client.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")}); err != nil {
			b.Fatal(err)
		}
		if got := b.update("demo", set{body: group("net", "two")}); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
		if got := b.create("second", set{body: group("web", "one")}); got != "CREATE_COMPLETE" {
			b.Errorf("the former name is not free: %s", got)
		}
	})
}

func TestARollbackOfAnUpdateGetsStuckAndGoesOn(t *testing.T) {
	tests := map[string]struct {
		heal   bool
		skip   []string
		want   string
		answer string
	}{
		"what still fails leaves the stack where it is": {want: "UPDATE_ROLLBACK_FAILED"},
		"what is healed is rolled back":                 {heal: true, want: "UPDATE_ROLLBACK_COMPLETE"},
		"what is skipped is left behind":                {skip: []string{"Replaced"}, want: "UPDATE_ROLLBACK_COMPLETE"},
		"only what failed can be skipped": {
			skip: []string{"Changed"}, want: "UPDATE_ROLLBACK_FAILED",
			answer: "ValidationError: Resource [Changed] can not be skipped: it is not in UPDATE_FAILED state because of a failed rollback",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.create("demo", set{body: before})
				b.cloud.Inject("New", stacktest.Fault{})
				b.cloud.Inject("Replaced", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Reason: "it is gone"})
				if got := b.update("demo", set{body: after}); got != "UPDATE_ROLLBACK_FAILED" {
					b.Fatal(got)
				}
				if s, _ := b.cloud.Stack("demo"); s.Reason != "The following resource(s) failed to update: [Replaced]. " {
					b.Errorf("reason %q", s.Reason)
				}
				_, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &before})
				if want := "ValidationError: Stack:" + b.id("demo") + " is in UPDATE_ROLLBACK_FAILED state and can not be updated."; answer(err) != want {
					b.Errorf("%s, want %s", answer(err), want)
				}
				if tt.heal {
					b.cloud.Heal("Replaced")
				}
				_, err = b.client.ContinueUpdateRollback(b.Context(), &cloudformation.ContinueUpdateRollbackInput{
					StackName: new("demo"), ResourcesToSkip: tt.skip, ClientRequestToken: new("go-on"),
				})
				if answer(err) != tt.answer {
					b.Errorf("%s, want %s", answer(err), tt.answer)
				}
				if got := b.rest("demo"); got != tt.want {
					b.Errorf("%s, want %s", got, tt.want)
				}
				if got := b.delete("demo"); got != "DELETE_COMPLETE" {
					b.Error(got)
				}
			})
		})
	}
}

func TestOnlyARollbackThatFailedGoesOn(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		_, err := b.client.ContinueUpdateRollback(b.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: new("demo")})
		if !strings.Contains(answer(err), "is in CREATE_COMPLETE state") {
			b.Error(answer(err))
		}
	})
}

func TestAnUpdateUnderWayCanBeCancelled(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		_, err := b.client.CancelUpdateStack(b.Context(), &cloudformation.CancelUpdateStackInput{StackName: new("demo")})
		if want := "ValidationError: CancelUpdateStack cannot be called from current stack status"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		b.plan("demo", types.ChangeSetTypeUpdate, set{body: after})
		b.execute("demo")
		time.Sleep(4 * time.Second)
		if _, err := b.client.CancelUpdateStack(b.Context(), &cloudformation.CancelUpdateStackInput{StackName: new("demo")}); err != nil {
			b.Fatal(err)
		}
		want := []string{
			"Changed UPDATE_FAILED Resource update cancelled",
			"Replaced UPDATE_FAILED Resource update cancelled",
			"demo UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
		}
		if got := since(b.events("demo"), want[0]); len(got) < 3 || !cmp.Equal(want, got[:3]) {
			b.Errorf("events (-want +got):\n%s", cmp.Diff(want, got))
		}
		if got := b.rest("demo"); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAFailedUpdateStaysWhereRollingBackIsDisabled(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		added := replaceAll(before, "Resources:", "Resources:\n  New: {Type: AWS::SNS::Topic}")
		b.create("demo", set{body: before})
		b.cloud.Inject("New", stacktest.Fault{Times: 1})
		if _, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &added, DisableRollback: new(true)}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "UPDATE_FAILED" {
			b.Fatal(got)
		}
		_, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &added})
		if want := "ValidationError: This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the rollback-stack API"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		if _, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &added, DisableRollback: new(true)}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestWhatCannotBeCleanedUpIsLeftOver(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		b.cloud.Inject("Gone", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}})
		if got := b.update("demo", set{body: after}); got != "UPDATE_COMPLETE" {
			b.Fatal(got)
		}
		if s, _ := b.cloud.Stack("demo"); s.Reason != "Update successful. One or more resources could not be deleted." {
			b.Errorf("reason %q", s.Reason)
		}
	})
}

func TestPoliciesRetainWhatAnUpdateRemovesOrReplaces(t *testing.T) {
	body := func(rest string) string {
		return lines(
			"Resources:",
			"  Stays: {Type: AWS::SNS::Topic}",
			"  Replaced: {Type: AWS::EC2::VPC, UpdateReplacePolicy: Retain, Properties: {CidrBlock: "+rest,
		)
	}
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: body("10.0.0.0/16}}\n  Removed: {Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate}")})
		b.update("demo", set{body: body("10.1.0.0/16}}")})
		all := lines(b.events("demo")...)
		for _, want := range []string{"Replaced DELETE_SKIPPED", "Removed DELETE_SKIPPED"} {
			if !strings.Contains(all, want) {
				b.Errorf("no %q in\n%s", want, all)
			}
		}
	})
}

func TestRollingBackACreationKeepsToItsPolicies(t *testing.T) {
	body := lines(
		"Resources:",
		"  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}",
		"  Fresh: {Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate}",
		"  Fails: {Type: AWS::SNS::Topic, DependsOn: [Kept, Fresh]}",
	)
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("Fails", stacktest.Fault{})
		b.create("demo", set{body: body})
		if d := cmp.Diff([]string{"Fails DELETE_COMPLETE", "Fresh DELETE_COMPLETE", "Kept DELETE_SKIPPED"}, b.resources("demo")); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
	})
}
