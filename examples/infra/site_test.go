package main

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// TestProductionThatFailsAtFirst makes production fail late: what it leaves behind
// must not be in the way of the next attempt, though its data outlives the stack
// from then on.
func TestProductionThatFailsAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := described(t, "apply", "-branch", "master")
		want, err := s.stack(environment, nowhere())
		if err != nil {
			t.Fatal(err)
		}
		cloud := newCloud(1, nil)
		cloud.Inject("Dashboard", stacktest.Fault{Times: 1}) // comes after all that has a name
		manager := stack.New(cloud.Client(), inMemory(cloud, 1))
		apply := func() (stack.Result, error) {
			plan, err := manager.Plan(t.Context(), want)
			if err != nil {
				return stack.Result{}, err
			}
			return manager.Apply(t.Context(), plan)
		}
		destroy := func() stack.Deleted {
			plan, err := manager.PlanDelete(t.Context(), stack.DeleteRequest{Name: want.Name, LiftProtection: true, AllowProduction: want.Name})
			if err != nil {
				t.Fatal(err)
			}
			result, err := manager.ApplyDelete(t.Context(), plan)
			if err != nil {
				t.Fatal(err)
			}
			return result
		}

		var failure *stack.OperationError
		if result, err := apply(); !errors.As(err, &failure) || result.Status != "ROLLBACK_COMPLETE" {
			t.Fatalf("%s, error %v", result.Status, err)
		}
		if left := destroy().Retained; len(left) > 0 {
			t.Errorf("a creation that failed leaves %v", left)
		}
		if result, err := apply(); err != nil {
			t.Fatalf("the second attempt: %s, error %v", result.Status, err)
		}
		var left []string
		for _, r := range destroy().Retained {
			left = append(left, r.LogicalID)
		}
		if len(left) != 2 {
			t.Errorf("what has been in use leaves %q, want Bucket and LogGroup", left)
		}
		_, err = apply()
		if taken, ok := errors.AsType[*stack.ChangeSetError](err); !ok || len(taken.Causes) != 2 {
			t.Errorf("created beside what was left of it: error %v", err)
		}
	})
}
