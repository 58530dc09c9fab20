package stacktest_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

func TestFieldsHaveLimits(t *testing.T) {
	const broken = "ValidationError: 1 validation error detected: Value "
	long := strings.Repeat("x", 129)
	tag := func(key, value string) []types.Tag {
		return []types.Tag{{Key: new("fine"), Value: new("fine")}, {Key: &key, Value: &value}}
	}
	tests := map[string]struct {
		in   cloudformation.CreateStackInput
		want string
	}{
		"a token begins with a letter or a digit":  {cloudformation.CreateStackInput{ClientRequestToken: new("_x")}, broken + "'_x' at 'clientRequestToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*"},
		"a token has up to 128 characters":         {cloudformation.CreateStackInput{ClientRequestToken: &long}, broken + "'" + long + "' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 128"},
		"a token of 128 characters will do":        {cloudformation.CreateStackInput{ClientRequestToken: new(long[1:])}, ""},
		"a role is an ARN":                         {cloudformation.CreateStackInput{RoleARN: new("nonsense of some length")}, "ValidationError: Role nonsense of some length is invalid or cannot be assumed"},
		"a role has at least 20 characters":        {cloudformation.CreateStackInput{RoleARN: new("arn:role")}, broken + "'arn:role' at 'roleARN' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		"a tag has a value":                        {cloudformation.CreateStackInput{Tags: tag("k", "")}, broken + "'' at 'tags.2.member.value' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"the value of a tag has up to 256":         {cloudformation.CreateStackInput{Tags: tag("k", strings.Repeat("é", 257))}, broken + "'" + strings.Repeat("é", 257) + "' at 'tags.2.member.value' failed to satisfy constraint: Member must have length less than or equal to 256"},
		"256 characters that are no bytes will do": {cloudformation.CreateStackInput{Tags: tag("k", strings.Repeat("é", 256))}, ""},
		"the key of a tag has up to 128":           {cloudformation.CreateStackInput{Tags: tag(long, "v")}, broken + "'" + long + "' at 'tags.2.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"},
		"tags differ by more than their case":      {cloudformation.CreateStackInput{Tags: tag("Fine", "v")}, "ValidationError: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"a stack policy is not modelled":           {cloudformation.CreateStackInput{StackPolicyBody: new("{}")}, "ValidationError: StackPolicyBody is not modelled by stacktest"},
		"notifications are not":                    {cloudformation.CreateStackInput{NotificationARNs: []string{"arn:aws:sns:us-east-1:123456789012:x"}}, "ValidationError: NotificationARNs is not modelled by stacktest"},
		"rollback triggers are not":                {cloudformation.CreateStackInput{RollbackConfiguration: &types.RollbackConfiguration{MonitoringTimeInMinutes: new(int32(5))}}, "ValidationError: RollbackConfiguration is not modelled by stacktest"},
		"a timeout is not":                         {cloudformation.CreateStackInput{TimeoutInMinutes: new(int32(5))}, "ValidationError: TimeoutInMinutes is not modelled by stacktest"},
		"deleting what fails is not":               {cloudformation.CreateStackInput{OnFailure: types.OnFailureDelete}, "ValidationError: OnFailure DELETE is not modelled by stacktest"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{}, func(b bench) {
				tt.in.StackName, tt.in.TemplateBody = new("demo"), new("Resources: {T: {Type: AWS::SNS::Topic}}")
				if _, err := b.client.CreateStack(b.Context(), &tt.in); answer(err) != tt.want {
					b.Errorf("%s, want %s", answer(err), tt.want)
				}
				if _, made := b.cloud.Stack("demo"); made != (tt.want == "") {
					b.Errorf("made a stack: %t", made)
				}
			})
		})
	}
}

func TestChangeSetsRefuseWhatIsNotModelled(t *testing.T) {
	tests := map[string]cloudformation.CreateChangeSetInput{
		"OnStackFailure":          {OnStackFailure: types.OnStackFailureDelete},
		"DeploymentMode":          {DeploymentMode: types.DeploymentModeRevertDrift},
		"ImportExistingResources": {ImportExistingResources: new(true)},
		"ResourceTypes":           {ResourceTypes: []string{"AWS::*"}},
	}
	for field, in := range tests {
		t.Run(field, func(t *testing.T) {
			onBench(t, stacktest.Options{}, func(b bench) {
				in.StackName, in.ChangeSetName, in.ChangeSetType = new("demo"), new("set"), types.ChangeSetTypeCreate
				in.TemplateBody = new("Resources: {T: {Type: AWS::SNS::Topic}}")
				want := "ValidationError: " + field + " is not modelled by stacktest"
				if _, err := b.client.CreateChangeSet(b.Context(), &in); answer(err) != want {
					b.Errorf("%s, want %s", answer(err), want)
				}
				in.ImportExistingResources, in.OnStackFailure, in.DeploymentMode, in.ResourceTypes = new(false), "", "", nil
				if _, err := b.client.CreateChangeSet(b.Context(), &in); err != nil {
					b.Errorf("without it: %v", err)
				}
			})
		})
	}
}

func TestTemplatesThatCloudFormationRefuses(t *testing.T) {
	const (
		topic  = "Resources: {T: {Type: AWS::SNS::Topic}}\n"
		noText = "ValidationError: Template format error: The Value field of every Outputs member must evaluate to a String."
	)
	output := func(value string) string {
		return "Parameters: {L: {Type: CommaDelimitedList, Default: 'a,b'}, S: {Type: String, Default: a}}\n" + topic + "Outputs: {O: {Value: " + value + "}}"
	}
	tests := map[string]struct{ body, want string }{
		"a long description":                     {"Description: " + strings.Repeat("é", 513) + "\n" + topic, "ValidationError: Template format error: 'Description' length is greater than 1024."},
		"one of 1,024 bytes will do":             {"Description: " + strings.Repeat("é", 512) + "\n" + topic, ""},
		"a snapshot of a topic":                  {"Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: Snapshot}}", "ValidationError: Template error: resource type AWS::SNS::Topic does not support deletion policy Snapshot"},
		"a snapshot of a topic that is replaced": {"Resources: {T: {Type: AWS::SNS::Topic, UpdateReplacePolicy: Snapshot}}", "ValidationError: Template error: resource type AWS::SNS::Topic does not support deletion policy Snapshot"},
		"a snapshot of a cache will do":          {"Resources: {T: {Type: AWS::ElastiCache::ReplicationGroup, DeletionPolicy: Snapshot}}", ""},
		"an output that is a map":                {output("{a: b}"), noText},
		"one that is a larger map":               {output("{a: b, c: d}"), noText},
		"one that is a list":                     {output("[a, b]"), noText},
		"one that is the list of a parameter":    {output("!Ref L"), noText},
		"one that is split":                      {output("!Split [',', 'a,b']"), noText},
		"one that is joined will do":             {output("!Join [',', !Ref L]"), ""},
		"and so will a number":                   {output("5"), ""},
		"and the text of a parameter":            {output("!Ref S"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{}, func(b bench) {
				_, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: &tt.body})
				if answer(err) != tt.want {
					b.Errorf("%s, want %s", answer(err), tt.want)
				}
			})
		})
	}
}

func TestNoEchoHidesValuesAndNoErrors(t *testing.T) {
	const secret = "Parameters: {Secret: {Type: String, NoEcho: true}, N: {Type: String, Default: x}}\n"
	t.Run("a mask that is no value for a function masks the property", func(t *testing.T) {
		onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
			said := b.listen()
			out := b.plan("demo", types.ChangeSetTypeCreate, set{
				body:       secret + "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Select [1, !Split [',', !Ref Secret]], TopicName: plain}}}",
				parameters: map[string]string{"Secret": "user,hunter2"},
			})
			if got := aws.ToString(out.Changes[0].ResourceChange.AfterContext); got != `{"Properties":{"DisplayName":"****","TopicName":"plain"}}` {
				b.Errorf("shown as %s", got)
			}
			b.execute("demo")
			b.rest("demo")
			b.events("demo")
			if strings.Contains(said(), "hunter2") {
				b.Error("the secret is told")
			}
		})
	})
	t.Run("an error is told all the same", func(t *testing.T) {
		onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
			out := b.plan("demo", types.ChangeSetTypeCreate, set{
				body:       secret + "Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue none}}}",
				parameters: map[string]string{"Secret": "hunter2"},
			})
			if out.Status != types.ChangeSetStatusFailed || aws.ToString(out.StatusReason) != "No export named none found." {
				b.Errorf("%s %s", out.Status, aws.ToString(out.StatusReason))
			}
		})
	})
}
