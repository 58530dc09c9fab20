package stack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// once returns a hook that gives answer to the first call of op once it is armed.
func once(op string, answer *stacktest.Error) (hook func(string, int) *stacktest.Error, arm func()) {
	armed := false
	return func(called string, _ int) *stacktest.Error {
		if !armed || called != op {
			return nil
		}
		armed = false
		return answer
	}, func() { armed = true }
}

// TestExecutedAndRefused is what AWS answers to the second attempt of a call whose
// first answer was lost.
func TestExecutedAndRefused(t *testing.T) {
	for _, code := range []string{"InvalidChangeSetStatus", "TokenAlreadyExistsException"} {
		hook, arm := once("ExecuteChangeSet", &stacktest.Error{Code: code, Message: "it is being executed"})
		bubble(t, stacktest.Options{After: hook}, func(t *testing.T, cloud *stacktest.Cloud) {
			arm()
			if _, r := deploy(t, manager(cloud), demo()); r.Status != "CREATE_COMPLETE" {
				t.Errorf("%s: %+v", code, r)
			}
		})
	}
}

func TestRefusedAndNotExecuted(t *testing.T) {
	tests := map[string]struct {
		code string
		took time.Duration // at most, until it is told
	}{
		"what never succeeds is told at once":  {"AccessDenied", 0},
		"what may have succeeded is looked up": {"InvalidChangeSetStatus", 2 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			hook, arm := once("ExecuteChangeSet", &stacktest.Error{Code: tt.code, Message: "no"})
			bubble(t, stacktest.Options{Before: hook}, func(t *testing.T, cloud *stacktest.Cloud) {
				m := manager(cloud)
				p := plan(t, m, demo())
				arm()
				r, err := m.Apply(t.Context(), p)
				if err == nil || !strings.HasPrefix(err.Error(), "apply stack demo: execute change set: ") || !strings.Contains(err.Error(), tt.code) {
					t.Errorf("error %v", err)
				}
				if took := r.Ended.Sub(r.Started); took > tt.took {
					t.Errorf("it took %s", took)
				}
				if _, err := m.Apply(t.Context(), p); err != nil {
					t.Errorf("the plan still stands: %v", err)
				}
			})
		})
	}
}

// TestMovedWhilePlanning lets somebody else be faster between a look at the stack
// and the change set: what to do is then decided anew.
func TestMovedWhilePlanning(t *testing.T) {
	for _, text := range []string{
		"Stack:arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1 is in UPDATE_IN_PROGRESS state and can not be updated.",
		"Stack [demo] already exists and cannot be created again with the changeSet [x].",
		"Stack [demo] does not exist",
	} {
		hook, arm := once("CreateChangeSet", &stacktest.Error{Code: "ValidationError", Message: text})
		bubble(t, stacktest.Options{Before: hook}, func(t *testing.T, cloud *stacktest.Cloud) {
			arm()
			deploy(t, manager(cloud), demo())
		})
	}
	hook, arm := once("CreateChangeSet", &stacktest.Error{Code: "ValidationError", Message: "Parameter validation failed"})
	bubble(t, stacktest.Options{Before: hook}, func(t *testing.T, cloud *stacktest.Cloud) {
		arm()
		if _, err := manager(cloud).Plan(t.Context(), demo()); err == nil || !strings.Contains(err.Error(), "Parameter validation failed") {
			t.Errorf("what is at fault stays: %v", err)
		}
	})
}

// TestDeletedMeanwhile lets somebody delete the stack that a plan was made for.
func TestDeletedMeanwhile(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		keep := plan(t, m, demo())
		s := demo()
		s.Parameters["Days"] = "30"
		update := plan(t, m, s)
		deletion, err := m.PlanDelete(t.Context(), stack.DeleteRequest{Name: "demo", Tags: map[string]string{"Environment": "demo"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.ApplyDelete(t.Context(), deletion); err != nil {
			t.Fatal(err)
		}
		for _, p := range []stack.Plan{keep, update} {
			if r, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) || r.Outputs != nil {
				t.Errorf("%s of a stack that is deleted: %+v, error %v", p.Action, r, err)
			}
		}
		if _, err := m.Outputs(t.Context(), "demo"); !errors.Is(err, stack.ErrNotFound) {
			t.Errorf("outputs: %v", err)
		}
		if _, err := m.Outputs(t.Context(), keep.ID); !errors.Is(err, stack.ErrNotFound) {
			t.Errorf("outputs by ARN: %v", err)
		}
		if _, r := deploy(t, m, demo()); r.Action != stack.Create || r.ID == keep.ID {
			t.Errorf("created again: %+v", r)
		}
	})
}

// TestSameJobTwice runs the same job three times at once, as when somebody retries a
// pipeline that is still running.
func TestSameJobTwice(t *testing.T) {
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
				s := scene(t, cloud)
				errs := make(chan error)
				for i := range 3 {
					go func() {
						time.Sleep(time.Duration(i) * 700 * time.Millisecond)
						errs <- run(t.Context(), manager(cloud), s)
					}()
				}
				for range 3 {
					// A plan that has become old meanwhile is told, and does no harm.
					if err := <-errs; err != nil && !errors.Is(err, stack.ErrStale) {
						t.Error(err)
					}
				}
				settled(t, cloud, s)
			})
		})
	}
}
