package stack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// broken is a stack whose creation has failed, and the wish to recreate it. What was
// wrong is healed.
func broken(t *testing.T, cloud *stacktest.Cloud) (*stack.Manager, stack.Stack) {
	t.Helper()
	m, s := manager(cloud), demo()
	cloud.Inject("Logs", stacktest.Fault{Reason: "no"})
	if _, err := m.Apply(t.Context(), plan(t, m, s)); !errors.Is(err, stack.ErrFailed) {
		t.Fatalf("the creation does not fail: %v", err)
	}
	cloud.Heal("Logs")
	s.RecreateFailed = true
	return m, s
}

func TestFailedCreation(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		var recorder progress.Recorder
		m := stack.New(cloud.Client(), stack.Options{Progress: recorder.Record})
		cloud.Inject("Cache", stacktest.Fault{Reason: stacktest.InsufficientCapacity})
		r, err := m.Apply(t.Context(), plan(t, m, demo()))
		failed, ok := errors.AsType[*stack.OperationError](err)
		if !ok || len(failed.Causes) != 1 || failed.Causes[0].LogicalID != "Cache" || !failed.RolledBack {
			t.Fatalf("error %v", err)
		}
		if r.Status != "ROLLBACK_COMPLETE" || r.Outputs != nil || r.ID == "" || r.Ended.Before(r.Started) {
			t.Errorf("result %+v", r)
		}
		events := recorder.Events()
		last := events[len(events)-1]
		if last.Op != "stack.apply" || last.Subject != "demo" || last.State != progress.RolledBack || !errors.Is(last.Err, stack.ErrFailed) {
			t.Errorf("last event %+v", last)
		}
		_, err = m.Plan(t.Context(), demo())
		if state, ok := errors.AsType[*stack.StateError](err); !ok || state.Status != "ROLLBACK_COMPLETE" || !strings.Contains(state.Remedy, "RecreateFailed") {
			t.Errorf("planned again: %v", err)
		}
	})
}

func TestRecreate(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m, s := broken(t, cloud)
		p := plan(t, m, s)
		const want = `stack demo: delete it, since it is ROLLBACK_COMPLETE, and create it again
  +  Alarm  AWS::CloudWatch::Alarm
  +  Cache  AWS::ElastiCache::ReplicationGroup
  +  Logs   AWS::Logs::LogGroup
  +  Topic  AWS::SNS::Topic
  +  parameter Environment: demo
  +  tag Environment: demo
4 to add
`
		if d := cmp.Diff(want, p.String()); d != "" {
			t.Errorf("plan (-want +got):\n%s", d)
		}
		old := p.ID
		r, err := m.Apply(t.Context(), p)
		if err != nil || r.Action != stack.Recreate || r.Status != "CREATE_COMPLETE" || r.ID == old || r.Outputs["Redis"] != "demo-redis" {
			t.Errorf("result %+v, error %v", r, err)
		}
		if got := status(t, cloud, old); got != "DELETE_COMPLETE" {
			t.Errorf("the old stack is %s", got)
		}
		// The plan has done its work: nothing of it may harm the new stack.
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) || status(t, cloud, "demo") != "CREATE_COMPLETE" {
			t.Errorf("applied again: %v, %s", err, status(t, cloud, "demo"))
		}
	})
}

func TestRecreateWantsConsentForWhatIsLeft(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		cloud.Inject("Cache", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Reason: "in use"})
		if _, err := cloud.Client().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("demo")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := status(t, cloud, "demo"); got != "DELETE_FAILED" {
			t.Fatalf("the deletion ends as %s", got)
		}
		cloud.Heal("Cache")
		s := demo()
		s.RecreateFailed = true
		p := plan(t, m, s)
		if p.Status != "DELETE_FAILED" || len(p.Refused) != 1 || p.Refused[0] != (stack.Refusal{LogicalID: "Cache", Type: "AWS::ElastiCache::ReplicationGroup", Action: stack.Delete}) {
			t.Errorf("plan:\n%s", p)
		}
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrConsent) {
			t.Errorf("error %v", err)
		}
		s.Consent = []string{"Cache"}
		if _, r := deploy(t, m, s); r.Status != "CREATE_COMPLETE" {
			t.Errorf("result %+v", r)
		}
	})
}

func TestRecreateSparesWhatHasChanged(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m, s := broken(t, cloud)
		p := plan(t, m, s)
		deploy(t, m, s) // somebody else is faster
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) {
			t.Errorf("error %v", err)
		}
		if got := status(t, cloud, "demo"); got != "CREATE_COMPLETE" {
			t.Errorf("the stack of somebody else is %s", got)
		}
	})
}

func TestStuckRollbackNamesItsResources(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Days"], s.Parameters["Token"] = "30", "second-token"
		cloud.Inject("Cache", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, Reason: "no capacity"})
		cloud.Inject("Logs", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Reason: "access is gone"})
		if _, err := m.Apply(t.Context(), plan(t, m, s)); !errors.Is(err, stack.ErrRollbackFailed) {
			t.Fatalf("error %v", err)
		}
		_, err := m.Plan(t.Context(), s)
		stuck, ok := errors.AsType[*stack.StuckError](err)
		if !ok || !errors.Is(err, stack.ErrState) || len(stuck.Failed) != 1 || stuck.Failed[0].LogicalID != "Logs" || !strings.Contains(err.Error(), "access is gone") {
			t.Errorf("error %v", err)
		}
	})
}

func TestChangeSetThatCannotBeMade(t *testing.T) {
	tests := map[string]struct{ code, message, want string }{
		"the words of AWS are told": {"InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"},
		"but for a secret":          {"ValidationError", "Value 'given-token' at 'parameters' failed", "Value '****' at 'parameters' failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{Before: func(op string, _ int) *stacktest.Error {
				if op == "CreateChangeSet" {
					return &stacktest.Error{Code: tt.code, Message: tt.message}
				}
				return nil
			}}, func(t *testing.T, cloud *stacktest.Cloud) {
				s := demo()
				s.Parameters["Token"] = "given-token"
				_, err := manager(cloud).Plan(t.Context(), s)
				if err == nil || !strings.HasPrefix(err.Error(), "plan stack demo: create change set: ") || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// mapped is a template that only evaluating finds fault with.
const mapped = `
Parameters:
  Size: {Type: String, Default: small}
Mappings:
  Sizes: {small: {Name: a}}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !FindInMap [Sizes, !Ref Size, Name]}
`

func TestChangeSetThatFailsLeavesNothing(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		s := stack.Stack{Name: "demo", Body: []byte(mapped), Parameters: map[string]string{"Size": "large"}}
		fails := func() {
			t.Helper()
			_, err := m.Plan(t.Context(), s)
			failed, ok := errors.AsType[*stack.ChangeSetError](err)
			if !ok || !strings.Contains(failed.Reason, "large") || !strings.HasPrefix(err.Error(), "plan stack demo: no change set could be made: ") {
				t.Errorf("error %v", err)
			}
		}
		fails()
		if got := status(t, cloud, "demo"); got != "" {
			t.Errorf("the stack in review is left: %s", got)
		}
		good := s
		good.Parameters = nil
		review := plan(t, m, good)
		fails()
		if left := changeSets(t, cloud, "demo"); len(left) != 1 {
			t.Errorf("change sets of a stack in review: %v", left)
		}
		if _, err := m.Apply(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		fails()
		if left := changeSets(t, cloud, "demo"); len(left) != 0 || status(t, cloud, "demo") != "CREATE_COMPLETE" {
			t.Errorf("change sets of a stack: %v", left)
		}
	})
}
