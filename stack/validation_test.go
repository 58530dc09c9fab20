package stack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// squatter is a stack whose cache has the name of that of demo.
func squatter() stack.Stack {
	s := neighbour()
	s.Parameters["Redis"] = "demo-redis"
	return s
}

func TestNameThatIsTakenIsToldBeforeAnythingHappens(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		_, err := m.Plan(t.Context(), squatter())
		const want = "plan stack neighbour: no change set could be made: Cache (AWS::ElastiCache::ReplicationGroup): " +
			"Resource of type 'AWS::ElastiCache::ReplicationGroup' with identifier 'demo-redis' already exists (at /Resources/Cache); " +
			"something of that name exists outside of the stack: delete it, import it, or give another name"
		failed, ok := errors.AsType[*stack.ChangeSetError](err)
		if !ok || err.Error() != want || failed.ChangeSet != "" || !strings.Contains(failed.Reason, "EarlyValidation") {
			t.Fatalf("error %v\nwant  %s", err, want)
		}
		if c := failed.Causes; len(c) != 1 || c[0].Stack != "neighbour" || c[0].LogicalID != "Cache" || c[0].Status != "NAME_CONFLICT_VALIDATION" || c[0].Time.IsZero() {
			t.Errorf("causes %+v", c)
		}
		if got := status(t, cloud, "neighbour"); got != "" {
			t.Errorf("the stack in review is left: %s", got)
		}
	})
}

func TestWhatValidationFoundStaysForThoseWhoMayReadIt(t *testing.T) {
	denied := &stacktest.Error{Status: 403, Code: "AccessDenied", Message: "User is not authorized to perform: cloudformation:DescribeEvents"}
	deny := true
	bubble(t, stacktest.Options{Before: func(op string, _ int) *stacktest.Error {
		if op == "DescribeEvents" && deny {
			return denied
		}
		return nil
	}}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		_, err := m.Plan(t.Context(), squatter())
		failed, ok := errors.AsType[*stack.ChangeSetError](err)
		if !ok || len(failed.Causes) != 0 || !strings.Contains(err.Error(), "[AWS::EarlyValidation::ResourceExistenceCheck]") || !strings.Contains(err.Error(), "failure information; cloudformation:DescribeEvents, if it is allowed, tells more of arn:") {
			t.Fatalf("error %v", err)
		}
		if left := changeSets(t, cloud, "neighbour"); len(left) != 1 || !strings.Contains(failed.ChangeSet, left[0]) {
			t.Errorf("left are %v, and the error names %q", left, failed.ChangeSet)
		}
		deny = false
		if _, err := m.Plan(t.Context(), squatter()); err == nil || !strings.Contains(err.Error(), "already exists") {
			t.Errorf("planned again by somebody who may: %v", err)
		}
		if left := changeSets(t, cloud, "neighbour"); len(left) != 0 {
			t.Errorf("left are %v", left)
		}
		if _, r := deploy(t, m, neighbour()); r.Status != "CREATE_COMPLETE" {
			t.Errorf("result %+v", r)
		}
	})
}

// TestRefusalsThatAreNoMove: CreateChangeSet says of much that it does not exist.
func TestRefusalsThatAreNoMove(t *testing.T) {
	for _, text := range []string{
		"S3 error: The specified key does not exist.",
		"Parameter validation failed: parameter value nokey for parameter name KeyName does not exist. Rollback requested by user.",
		"Role arn:aws:iam::123456789012:role/x does not exist",
	} {
		bubble(t, stacktest.Options{Before: refusing("CreateChangeSet", text)}, func(t *testing.T, cloud *stacktest.Cloud) {
			began := time.Now()
			_, err := manager(cloud).Plan(t.Context(), demo())
			if want := "plan stack demo: create change set: ValidationError: " + text; err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
			if n := cloud.Calls("CreateChangeSet"); n != 1 || time.Since(began) > time.Second {
				t.Errorf("%d calls in %s", n, time.Since(began))
			}
		})
	}
}

// TestMoveThatNobodySees: a refusal for what the stack does not show is believed to
// be ahead of the reads for a minute, and then passed on.
func TestMoveThatNobodySees(t *testing.T) {
	const text = "Stack:arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1 is in UPDATE_IN_PROGRESS state and can not be updated."
	bubble(t, stacktest.Options{Before: refusing("CreateChangeSet", text)}, func(t *testing.T, cloud *stacktest.Cloud) {
		began := time.Now()
		_, err := manager(cloud).Plan(t.Context(), demo())
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(began); took < time.Minute || took > 2*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// refusing answers every call of op with a refusal.
func refusing(op, text string) func(string, int) *stacktest.Error {
	return func(called string, _ int) *stacktest.Error {
		if called == op {
			return &stacktest.Error{Code: "ValidationError", Message: text}
		}
		return nil
	}
}

func TestCheckAsksNothing(t *testing.T) {
	m := stack.New(nil, stack.Options{})
	if err := m.Check(demo()); err != nil {
		t.Error(err)
	}
	s := demo()
	s.Parameters["Day"] = "3"
	err := m.Check(s)
	if invalid, ok := errors.AsType[*stack.InvalidError](err); !ok || invalid.Stack != "demo" || !strings.Contains(err.Error(), "parameter Day: the template has no such parameter: is it Days?") {
		t.Errorf("error %v", err)
	}
}

func TestUpdateThatWasNotRolledBack(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		cloud.Inject("Logs", stacktest.Fault{Times: 1, On: []stacktest.Phase{stacktest.Update}})
		in := updateOf("demo", strings.Replace(environment, "Default: 14", "Default: 30", 1))
		in.DisableRollback = new(true)
		if _, err := cloud.Client().UpdateStack(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		_, err := m.Plan(t.Context(), demo())
		if state, ok := errors.AsType[*stack.StateError](err); !ok || state.Status != "UPDATE_FAILED" || !strings.Contains(state.Remedy, "Recover") {
			t.Errorf("error %v, and the stack is %s", err, status(t, cloud, "demo"))
		}
		if got := status(t, cloud, "demo"); got != types.StackStatusUpdateFailed {
			t.Errorf("the stack is %s", got)
		}
	})
}
