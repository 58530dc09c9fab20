package stacktest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// tell returns what DescribeEvents says, newest first.
func (b bench) tell(in *cloudformation.DescribeEventsInput) (all []string) {
	b.Helper()
	pages := cloudformation.NewDescribeEventsPaginator(b.client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range page.OperationEvents {
			text := fmt.Sprint(e.OperationType, " ", e.EventType, " ", aws.ToString(e.LogicalResourceId), " ", e.ResourceStatus, " ", e.OperationStatus,
				" ", aws.ToString(e.ResourceStatusReason), aws.ToString(e.ValidationStatusReason))
			all = append(all, strings.Join(strings.Fields(text), " "))
		}
	}
	return all
}

var failures = &types.EventFilter{FailedEvents: new(true)}

const taken = "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'da${P}'}}, T: {Type: AWS::SNS::Topic}}\nParameters: {P: {Type: String}}"

func TestAChangeSetThatWantsATakenNameFails(t *testing.T) {
	const reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Take("AWS::S3::Bucket", "data")
		out := b.plan("demo", types.ChangeSetTypeCreate, set{body: taken, parameters: map[string]string{"P": "ta"}})
		if out.Status != types.ChangeSetStatusFailed || aws.ToString(out.StatusReason) != reason {
			b.Errorf("%s %s", out.Status, aws.ToString(out.StatusReason))
		}
		want := []string{
			"CREATE_CHANGESET STACK_EVENT FAILED",
			"CREATE_CHANGESET VALIDATION_ERROR Bucket Resource of type 'AWS::S3::Bucket' with identifier 'data' already exists.",
		}
		if d := cmp.Diff(want, b.tell(&cloudformation.DescribeEventsInput{ChangeSetName: out.ChangeSetId, Filters: failures})); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
		all, err := b.client.DescribeEvents(b.Context(), &cloudformation.DescribeEventsInput{ChangeSetName: new("set"), StackName: new("demo")})
		if err != nil || len(all.OperationEvents) != 3 {
			b.Fatal(all, err)
		}
		e := all.OperationEvents[1]
		if *e.ValidationName != "NAME_CONFLICT_VALIDATION" || e.ValidationStatus != "FAILED" || e.ValidationFailureMode != "FAIL" ||
			*e.ValidationPath != "/Resources/Bucket" || *e.ResourceType != "AWS::S3::Bucket" || *e.StackId != b.id("demo") {
			b.Errorf("%+v", e)
		}
		if all.OperationEvents[0].DetailedStatus != types.DetailedStatusValidationFailed {
			b.Errorf("detailed status %q", all.OperationEvents[0].DetailedStatus)
		}
	})
}

func TestOnlyNewThingsNeedFreeNames(t *testing.T) {
	const group = "Resources: {G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupName: NAME, GroupDescription: TEXT}}, T: {Type: AWS::SNS::Topic, Properties: {DisplayName: TEXT}}}"
	tests := map[string]struct {
		opts    stacktest.Options
		body    string
		disable *bool
		want    types.ChangeSetStatus
	}{
		"what keeps its name has it":            {body: replaceAll(replaceAll(group, "NAME", "own"), "TEXT", "other"), want: types.ChangeSetStatusCreateComplete},
		"what is renamed wants another":         {body: replaceAll(replaceAll(group, "NAME", "taken"), "TEXT", "one"), want: types.ChangeSetStatusFailed},
		"and gets one that is free":             {body: replaceAll(replaceAll(group, "NAME", "free"), "TEXT", "one"), want: types.ChangeSetStatusCreateComplete},
		"another logical id finds it taken":     {body: replaceAll(replaceAll(replaceAll(group, "NAME", "own"), "TEXT", "one"), "{G:", "{H:"), want: types.ChangeSetStatusFailed},
		"nothing is found where it is disabled": {body: replaceAll(replaceAll(group, "NAME", "taken"), "TEXT", "one"), disable: new(true), want: types.ChangeSetStatusCreateComplete},
		"nor where an account does not have it": {opts: stacktest.Options{NoEarlyValidation: true}, body: replaceAll(replaceAll(group, "NAME", "taken"), "TEXT", "one"), want: types.ChangeSetStatusCreateComplete},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.opts.Timing = quick
			onBench(t, tt.opts, func(b bench) {
				b.create("other", set{body: replaceAll(replaceAll(group, "NAME", "taken"), "TEXT", "one")})
				b.create("demo", set{body: replaceAll(replaceAll(group, "NAME", "own"), "TEXT", "one")})
				if _, err := b.client.CreateChangeSet(b.Context(), &cloudformation.CreateChangeSetInput{
					StackName: new("demo"), ChangeSetName: new("next"), TemplateBody: &tt.body, DisableValidation: tt.disable,
				}); err != nil {
					b.Fatal(err)
				}
				time.Sleep(time.Minute)
				out, err := b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{StackName: new("demo"), ChangeSetName: new("next")})
				if err != nil || out.Status != tt.want {
					b.Errorf("%s %s, want %s; error %v", out.Status, aws.ToString(out.StatusReason), tt.want, err)
				}
			})
		})
	}
}

func TestNamesWithinNestedStacksAreValidatedToo(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.AddTemplate("https://t/x", []byte(taken))
		b.cloud.Take("AWS::S3::Bucket", "data")
		if _, err := b.client.CreateChangeSet(b.Context(), &cloudformation.CreateChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("set"), ChangeSetType: types.ChangeSetTypeCreate, IncludeNestedStacks: new(true), Capabilities: expand,
			TemplateBody: new("Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://t/x, Parameters: {P: ta}}}}"),
		}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(time.Minute)
		out, err := b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")})
		if err != nil {
			b.Fatal(err)
		}
		_, inner, _ := strings.Cut(aws.ToString(out.StatusReason), "Nested change set ")
		inner, rest, found := strings.Cut(inner, " was not successfully created")
		if !found || rest != ": Currently in FAILED." {
			b.Fatalf("reason %q", aws.ToString(out.StatusReason))
		}
		want := []string{"CREATE_CHANGESET VALIDATION_ERROR Bucket Resource of type 'AWS::S3::Bucket' with identifier 'data' already exists."}
		if d := cmp.Diff(want, b.tell(&cloudformation.DescribeEventsInput{ChangeSetName: &inner, Filters: failures})); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestEventsByOperationAndByStack(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, PageSize: 3}, func(b bench) {
		b.cloud.Inject("T", stacktest.Fault{Reason: "no topics left", Times: 1})
		b.create("demo", set{body: "Resources: {T: {Type: AWS::SNS::Topic}}"})
		events := b.rawEvents("demo")
		operation := events[len(events)-1].OperationId
		want := []string{
			"CREATE_STACK STACK_EVENT demo ROLLBACK_COMPLETE FAILED",
			"CREATE_STACK PROVISIONING_ERROR T CREATE_FAILED no topics left",
		}
		if d := cmp.Diff(want, b.tell(&cloudformation.DescribeEventsInput{OperationId: operation, Filters: failures})); d != "" {
			b.Errorf("failures (-want +got):\n%s", d)
		}
		want = []string{
			"CREATE_STACK STACK_EVENT demo ROLLBACK_COMPLETE FAILED",
			"CREATE_STACK PROGRESS_EVENT T DELETE_COMPLETE",
			"CREATE_STACK PROGRESS_EVENT T DELETE_IN_PROGRESS",
			"CREATE_STACK STACK_EVENT demo ROLLBACK_IN_PROGRESS IN_PROGRESS The following resource(s) failed to create: [T]. Rollback requested by user.",
			"CREATE_STACK PROVISIONING_ERROR T CREATE_FAILED no topics left",
			"CREATE_STACK PROGRESS_EVENT T CREATE_IN_PROGRESS Resource creation Initiated",
			"CREATE_STACK PROGRESS_EVENT T CREATE_IN_PROGRESS",
			"CREATE_STACK STACK_EVENT demo CREATE_IN_PROGRESS IN_PROGRESS User Initiated",
			"CREATE_CHANGESET STACK_EVENT SUCCEEDED",
			"CREATE_CHANGESET STACK_EVENT IN_PROGRESS",
		}
		if d := cmp.Diff(want, b.tell(&cloudformation.DescribeEventsInput{StackName: new("demo")})); d != "" {
			b.Errorf("events of the stack (-want +got):\n%s", d)
		}
		b.delete("demo")
		got := b.tell(&cloudformation.DescribeEventsInput{StackName: events[0].StackId})
		if want := "DELETE_STACK STACK_EVENT demo DELETE_COMPLETE SUCCEEDED"; got[0] != want {
			b.Errorf("%q, want %q", got[0], want)
		}
	})
}

func TestEventsOfNothing(t *testing.T) {
	const none = "ValidationError: One of ChangeSetName, OperationId or StackName must be specified"
	tests := map[string]struct {
		in   cloudformation.DescribeEventsInput
		want string
	}{
		"nothing":                         {want: none},
		"a name of a change set alone":    {cloudformation.DescribeEventsInput{ChangeSetName: new("set")}, none},
		"a change set that is not there":  {cloudformation.DescribeEventsInput{ChangeSetName: new("set"), StackName: new("demo")}, "ChangeSetNotFound: ChangeSet [set] does not exist"},
		"a stack that is not there":       {cloudformation.DescribeEventsInput{StackName: new("other")}, "ValidationError: Stack [other] does not exist"},
		"an operation that there was not": {cloudformation.DescribeEventsInput{OperationId: new("x")}, "ValidationError: Operation [x] does not exist"},
		"a page that there is not":        {cloudformation.DescribeEventsInput{StackName: new("demo"), NextToken: new("before-9999")}, "ValidationError: NextToken is not valid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.create("demo", set{body: "Resources: {T: {Type: AWS::SNS::Topic}}"})
				if _, err := b.client.DescribeEvents(b.Context(), &tt.in); answer(err) != tt.want {
					b.Errorf("%s, want %s", answer(err), tt.want)
				}
			})
		})
	}
}
