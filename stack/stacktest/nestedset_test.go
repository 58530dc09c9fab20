package stacktest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
)

// planNested makes a change set that includes nested stacks, and returns it and
// that of the nested stack, if there is one.
func (b bench) planNested(kind types.ChangeSetType, s set) (root, inner *cloudformation.DescribeChangeSetOutput) {
	b.Helper()
	created, err := b.client.CreateChangeSet(b.Context(), &cloudformation.CreateChangeSetInput{
		StackName: new("demo"), ChangeSetName: new("set"), ChangeSetType: kind, TemplateBody: &s.body, Parameters: s.parameterList(),
		Capabilities: s.capabilities, IncludeNestedStacks: new(true),
	})
	if err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	root = b.described(*created.Id)
	for _, change := range root.Changes {
		if id := change.ResourceChange.ChangeSetId; id != nil {
			inner = b.described(*id)
		}
	}
	return root, inner
}

func (b bench) described(id string) *cloudformation.DescribeChangeSetOutput {
	b.Helper()
	out, err := b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: &id, IncludePropertyValues: new(true)})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func TestChangeSetsLookIntoNestedStacks(t *testing.T) {
	onNest(t, func(b bench) {
		root, inner := b.planNested(types.ChangeSetTypeCreate, days("7"))
		if d := cmp.Diff([]string{"Add After", "Add Logs"}, describe(root)); d != "" {
			b.Errorf("changes (-want +got):\n%s", d)
		}
		if inner == nil {
			b.Fatal("there is no change set of the nested stack")
		}
		if d := cmp.Diff([]string{"Add First", "Add Second"}, describe(inner)); d != "" {
			b.Errorf("changes within (-want +got):\n%s", d)
		}
		if aws.ToString(inner.ParentChangeSetId) != *root.ChangeSetId || aws.ToString(inner.RootChangeSetId) != *root.ChangeSetId {
			b.Errorf("the parent is %s", aws.ToString(inner.ParentChangeSetId))
		}
		for _, err := range []error{
			b.try(b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: inner.ChangeSetId})),
			b.try(b.client.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{ChangeSetName: inner.ChangeSetId})),
		} {
			if !strings.Contains(answer(err), "only be executed or deleted with its root change set") {
				b.Error(answer(err))
			}
		}
		if got := b.status(*inner.StackId); got != "REVIEW_IN_PROGRESS" {
			b.Error(got)
		}
		b.execute("demo")
		if got := b.rest("demo"); got != "CREATE_COMPLETE" {
			b.Fatal(got)
		}
		if got := b.physical("demo", "Logs"); got != *inner.StackId {
			b.Errorf("the nested stack is %s, and that in review was %s", got, *inner.StackId)
		}
		if got := b.described(*inner.ChangeSetId).ExecutionStatus; got != types.ExecutionStatusExecuteComplete {
			b.Error(got)
		}
		_, inner = b.planNested(types.ChangeSetTypeUpdate, days("30"))
		if d := cmp.Diff([]string{
			"Modify First replacement=False", "Properties RetentionInDays 7->30 recreation=Never Static ParameterReference Days",
			"Modify Second replacement=True policy=ReplaceAndDelete", "Properties LogGroupName /demo/7->/demo/30 recreation=Always Static ParameterReference Days",
		}, describe(inner)); d != "" {
			b.Errorf("changes within (-want +got):\n%s", d)
		}
		b.execute("demo")
		if got := b.rest("demo"); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
	})
}

// try is the error of a call whose output does not matter.
func (b bench) try(_ any, err error) error { return err }

func TestDeletingAChangeSetDeletesThoseWithin(t *testing.T) {
	onNest(t, func(b bench) {
		_, inner := b.planNested(types.ChangeSetTypeCreate, days("7"))
		if err := b.try(b.client.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")})); err != nil {
			b.Fatal(err)
		}
		if got := b.status(*inner.StackId); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAStackInReviewThatIsNotReachedGoesAway(t *testing.T) {
	onNest(t, func(b bench) {
		b.cloud.AddTemplate("https://templates.example.com/logs", []byte(logs))
		body := strings.Replace(parent, "Properties:\n      TemplateURL", "DependsOn: Early\n    Properties:\n      TemplateURL", 1) + "  Early: {Type: AWS::SNS::Topic}\n"
		b.cloud.Inject("Early", faultOnce)
		_, inner := b.planNested(types.ChangeSetTypeCreate, set{body: body, capabilities: expand})
		b.execute("demo")
		if got := b.rest("demo"); got != "ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		if got := b.status(*inner.StackId); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAFaultWithinANestedTemplateFailsTheChangeSet(t *testing.T) {
	onNest(t, func(b bench) {
		b.cloud.AddTemplate("https://templates.example.com/logs", []byte("Resources: {}"))
		root, _ := b.planNested(types.ChangeSetTypeCreate, days("7"))
		reason := aws.ToString(root.StatusReason)
		if root.Status != types.ChangeSetStatusFailed || !strings.HasPrefix(reason, "Nested change set arn:aws:cloudformation:") || !strings.HasSuffix(reason, " was not successfully created: Currently in FAILED.") {
			b.Fatalf("%s: %s", root.Status, reason)
		}
		inner := b.described(strings.Fields(reason)[3])
		if got, want := aws.ToString(inner.StatusReason), "Template format error: At least one Resources member must be defined."; got != want {
			b.Errorf("%s, want %s", got, want)
		}
	})
}
