package stacktest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// parent has a nested stack, and a topic that needs an output of it.
const parent = `
Parameters: {Days: {Type: Number, Default: 7}}
Resources:
  Logs:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://templates.example.com/logs
      Parameters: {Days: !Ref Days}
  After:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !GetAtt Logs.Outputs.Name}
`

// logs is the template of the nested stack.
const logs = `
Parameters: {Days: {Type: Number}}
Resources:
  First: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !Ref Days}}
  Second: {Type: AWS::Logs::LogGroup, DependsOn: First, Properties: {LogGroupName: !Sub '/demo/${Days}'}}
Outputs:
  Name: {Value: !Ref Second}
`

// faultOnce strikes once.
var faultOnce = stacktest.Fault{Times: 1}

var expand = []types.Capability{types.CapabilityCapabilityNamedIam, types.CapabilityCapabilityAutoExpand}

// onNest runs a test with a parent and its nested stack.
func onNest(t *testing.T, test func(b bench)) {
	t.Helper()
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.AddTemplate("https://templates.example.com/logs", []byte(logs))
		test(b)
	})
}

func days(n string) set {
	return set{body: parent, parameters: map[string]string{"Days": n}, capabilities: expand}
}

func TestANestedStackIsPartOfItsParent(t *testing.T) {
	onNest(t, func(b bench) {
		if got := b.create("demo", days("7")); got != "CREATE_COMPLETE" {
			b.Fatal(got)
		}
		child := b.physical("demo", "Logs")
		if !strings.HasPrefix(child, "arn:aws:cloudformation:us-east-1:123456789012:stack/demo-Logs-") {
			b.Errorf("the nested stack is %s", child)
		}
		out, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: &child})
		if err != nil || aws.ToString(out.Stacks[0].ParentId) != b.id("demo") || aws.ToString(out.Stacks[0].RootId) != b.id("demo") {
			b.Errorf("%+v, %v", out, err)
		}
		if d := cmp.Diff([]string{"First CREATE_COMPLETE", "Second CREATE_COMPLETE"}, b.resources(child)); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
		for _, r := range b.cloud.Resources("demo") {
			if r.LogicalID == "After" && r.Properties["DisplayName"] != "/demo/7" {
				b.Errorf("the output is %v", r.Properties["DisplayName"])
			}
		}
		if got := b.update("demo", days("30")); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
		if got := b.status(child); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
		events := b.events(child)
		want := []string{"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "Second DELETE_IN_PROGRESS", "Second DELETE_COMPLETE", "UPDATE_COMPLETE"}
		for i, e := range events[len(events)-4:] {
			if !strings.HasSuffix(e, want[i]) {
				b.Errorf("%s, want %s", e, want[i])
			}
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
		if got := b.status(child); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAnotherTemplateUnderTheSameURLIsAChange(t *testing.T) {
	onNest(t, func(b bench) {
		b.create("demo", days("7"))
		b.cloud.AddTemplate("https://templates.example.com/logs", []byte(logs+"  More: {Value: x}\n"))
		if d := cmp.Diff([]string{
			"Modify After replacement=False", "Properties DisplayName /demo/7->{{changeSet:KNOWN_AFTER_APPLY}} recreation=Never Dynamic ResourceAttribute Logs.Outputs.Name",
			"Modify Logs replacement=False", "Properties -> recreation=Never Dynamic Automatic",
		}, describe(b.plan("demo", types.ChangeSetTypeUpdate, days("7")))); d != "" {
			b.Errorf("changes (-want +got):\n%s", d)
		}
		b.execute("demo")
		if got := b.rest("demo"); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
		if s, _ := b.cloud.Stack(b.physical("demo", "Logs")); s.Outputs["More"] != "x" {
			b.Errorf("outputs %v", s.Outputs)
		}
	})
}

func TestAFailureWithinANestedStackTakesItsParentAlong(t *testing.T) {
	onNest(t, func(b bench) {
		b.cloud.Inject("demo/Logs/Second", stacktest.Fault{Reason: "no more groups"})
		if got := b.create("demo", days("7")); got != "ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		child := b.physical("demo", "Logs")
		all := lines(b.events("demo")...)
		for _, want := range []string{
			"Logs CREATE_FAILED Embedded stack " + child + " was not successfully created: The following resource(s) failed to create: [Second].",
			"demo ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Logs]. Rollback requested by user.",
		} {
			if !strings.Contains(all, want) {
				b.Errorf("no %q in\n%s", want, all)
			}
		}
		all = lines(b.events(child)...)
		for _, want := range []string{"Second CREATE_FAILED no more groups", "CREATE_FAILED The following resource(s) failed to create: [Second].", "First DELETE_COMPLETE"} {
			if !strings.Contains(all, want) {
				b.Errorf("no %q in\n%s", want, all)
			}
		}
		if got := b.status(child); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestNestedStacksAreRolledBackWithTheirParent(t *testing.T) {
	tests := map[string]struct {
		fault string
		child string // what becomes of it
	}{
		"where they failed themselves":      {fault: "Second", child: "UPDATE_ROLLBACK_COMPLETE"},
		"where something failed after them": {fault: "After", child: "UPDATE_ROLLBACK_COMPLETE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onNest(t, func(b bench) {
				b.create("demo", days("7"))
				child := b.physical("demo", "Logs")
				found := b.cloud.Resources(child)
				b.cloud.Inject(tt.fault, stacktest.Fault{On: []stacktest.Phase{stacktest.Update}})
				if got := b.update("demo", days("30")); got != "UPDATE_ROLLBACK_COMPLETE" {
					b.Errorf("%s\n%s", got, lines(b.events("demo")...))
				}
				if got := b.status(child); got != tt.child {
					b.Errorf("the nested stack is %s, want %s", got, tt.child)
				}
				now := b.cloud.Resources(child)
				for i := range now {
					if d := cmp.Diff(found[i].Properties, now[i].Properties); d != "" || found[i].PhysicalID != now[i].PhysicalID {
						b.Errorf("%s (-before +after):\n%s", now[i].LogicalID, d)
					}
				}
				b.cloud.Heal(tt.fault)
				if got := b.delete("demo"); got != "DELETE_COMPLETE" {
					b.Error(got)
				}
			})
		})
	}
}

func TestARollbackGetsStuckWithinANestedStack(t *testing.T) {
	for name, skip := range map[string][]string{"and goes on by itself": nil, "and goes on without what is skipped": {"Logs.First"}} {
		t.Run(name, func(t *testing.T) {
			onNest(t, func(b bench) {
				b.create("demo", days("7"))
				child := b.physical("demo", "Logs")
				b.cloud.Inject("After", stacktest.Fault{})
				b.cloud.Inject("First", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Reason: "stuck"})
				if got := b.update("demo", days("30")); got != "UPDATE_ROLLBACK_FAILED" {
					b.Fatalf("%s\n%s", got, lines(b.events("demo")...))
				}
				want := "Logs UPDATE_FAILED Embedded stack " + child + " was not successfully updated. Currently in UPDATE_ROLLBACK_FAILED with reason: The following resource(s) failed to update: [First]."
				if all := lines(b.events("demo")...); !strings.Contains(all, want) {
					b.Errorf("no %q in\n%s", want, all)
				}
				_, err := b.client.ContinueUpdateRollback(b.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: &child})
				if want := "ValidationError: RollbackUpdatedStack cannot be invoked on child stacks"; answer(err) != want {
					b.Errorf("%s, want %s", answer(err), want)
				}
				if skip == nil {
					b.cloud.Heal("First")
				}
				if _, err := b.client.ContinueUpdateRollback(b.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: new("demo"), ResourcesToSkip: skip}); err != nil {
					b.Fatal(err)
				}
				if got := b.rest("demo"); got != "UPDATE_ROLLBACK_COMPLETE" {
					b.Errorf("%s\n%s", got, lines(b.events("demo")...))
				}
				if got := b.status(child); got != "UPDATE_ROLLBACK_COMPLETE" {
					b.Error(got)
				}
			})
		})
	}
}

func TestANestedStackIsCancelledWithItsParent(t *testing.T) {
	body := parent + "  Beside: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Days}}\n"
	onNest(t, func(b bench) {
		b.cloud.Inject("Beside", stacktest.Fault{Early: true})
		if got := b.create("demo", set{body: body, capabilities: expand}); got != "ROLLBACK_COMPLETE" {
			b.Fatalf("%s\n%s", got, lines(b.events("demo")...))
		}
		b.delete("demo")
		b.cloud.Heal("Beside")
		b.create("demo", set{body: body, capabilities: expand})
		child := b.physical("demo", "Logs")
		b.cloud.Inject("Beside", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, After: 12 * time.Second})
		if got := b.update("demo", set{body: body, capabilities: expand, parameters: map[string]string{"Days": "30"}}); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Fatalf("%s\n%s", got, lines(b.events("demo")...))
		}
		if got := b.status(child); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Errorf("%s\n%s", got, lines(b.events(child)...))
		}
	})
}

func TestANestedStackThatCannotBeDeletedHoldsUpItsParent(t *testing.T) {
	onNest(t, func(b bench) {
		b.create("demo", days("7"))
		child := b.physical("demo", "Logs")
		b.cloud.Inject("First", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Times: 1})
		if got := b.delete("demo"); got != "DELETE_FAILED" {
			b.Fatal(got)
		}
		want := "Logs DELETE_FAILED Embedded stack " + child + " was not successfully deleted: The following resource(s) failed to delete: [First]."
		if all := lines(b.events("demo")...); !strings.Contains(all, want) {
			b.Errorf("no %q in\n%s", want, all)
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestANestedTemplateIsCheckedWhenItsTurnComes(t *testing.T) {
	onNest(t, func(b bench) {
		b.cloud.AddTemplate("https://templates.example.com/logs", []byte("Resources: {}"))
		if got := b.create("demo", days("7")); got != "ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := "Logs CREATE_FAILED Template format error: At least one Resources member must be defined."
		if all := lines(b.events("demo")...); !strings.Contains(all, want) {
			b.Errorf("no %q in\n%s", want, all)
		}
	})
}
