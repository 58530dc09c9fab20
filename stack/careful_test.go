package stack_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

func TestProduction(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Production = true
		p := plan(t, m, s)
		if want := "stack demo: update\n  ~  termination protection: off -> on\n"; p.String() != want || p.ChangeSet != "" {
			t.Errorf("plan:\n%swant\n%s", p, want)
		}
		if _, err := m.Apply(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if !*describe(t, cloud, "demo").EnableTerminationProtection {
			t.Error("the protection is off")
		}
		if p := plan(t, m, s); !p.Empty() {
			t.Errorf("there is something left to do:\n%s", p)
		}

		s.Name, s.Parameters["Environment"], s.Parameters["Redis"] = "fresh", "fresh", "fresh"
		cloud.Inject("fresh/Logs", stacktest.Fault{})
		p = plan(t, m, s)
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrFailed) {
			t.Fatalf("error %v", err)
		}
		if found := describe(t, cloud, "fresh"); !*found.EnableTerminationProtection || found.StackStatus != "ROLLBACK_COMPLETE" {
			t.Errorf("a stack is protected from its first second on: %s, %t", found.StackStatus, *found.EnableTerminationProtection)
		}
		_, err := m.Plan(t.Context(), s)
		state, ok := errors.AsType[*stack.StateError](err)
		if !ok || !strings.Contains(state.Remedy, "production") {
			t.Errorf("a failed creation of production: %v", err)
		}
	})
}

func TestExpressAndLargeTemplates(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		s := demo()
		s.Express = true
		s.Body = append(s.Body, "# "+strings.Repeat("x", 51_200)...)
		_, r := deploy(t, manager(cloud), s)
		if took := r.Ended.Sub(r.Started); took > time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

func TestPolicyRefusesBeforeAnyWrite(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Redis"] = "demo-cache"
		p := plan(t, m, s)
		before := writes(cloud)
		_, err := m.Apply(t.Context(), p)
		refused, ok := errors.AsType[*stack.PolicyError](err)
		if !ok || !errors.Is(err, stack.ErrConsent) || len(refused.Refused) != 1 || refused.Refused[0].LogicalID != "Cache" {
			t.Fatalf("error %v", err)
		}
		if writes(cloud) != before {
			t.Error("a plan that is refused was begun")
		}
		s.Consent = []string{"Cache", "Bucket"}
		p, r := deploy(t, m, s)
		if len(p.Refused) != 0 || !slices.Equal(p.Unneeded, []string{"Bucket"}) || r.Outputs["Redis"] != "demo-cache" {
			t.Errorf("outputs %v, plan:\n%s", r.Outputs, p)
		}
	})
}

func TestDiscard(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		p := plan(t, m, demo())
		if got := status(t, cloud, "demo"); got != "REVIEW_IN_PROGRESS" {
			t.Fatalf("planned: %s", got)
		}
		for range 2 { // twice is as good as once
			if err := m.Discard(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			if got := status(t, cloud, "demo"); got != "" {
				t.Errorf("discarded: %s", got)
			}
		}
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) {
			t.Errorf("applied after it was discarded: %v", err)
		}

		p = plan(t, m, demo())
		s := demo()
		s.Parameters["Days"] = "30"
		other := plan(t, m, s)
		if err := m.Discard(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if left := changeSets(t, cloud, "demo"); len(left) != 1 {
			t.Errorf("the change set of another plan: %v", left)
		}
		if _, err := m.Apply(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		p = plan(t, m, demo())
		if err := m.Discard(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := status(t, cloud, "demo"); got != "CREATE_COMPLETE" || len(changeSets(t, cloud, "demo")) != 0 {
			t.Errorf("a stack whose update is discarded: %s", got)
		}
		if err := m.Discard(t.Context(), stack.Plan{Stack: "demo", Action: stack.Keep}); err != nil {
			t.Errorf("nothing to discard: %v", err)
		}
	})
}

func TestOutputs(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		if _, err := m.Outputs(t.Context(), "demo"); !errors.Is(err, stack.ErrNotFound) || err.Error() != "read outputs of stack demo: there is no such stack" {
			t.Errorf("no stack: %v", err)
		}
		plan(t, m, demo())
		if _, err := m.Outputs(t.Context(), "demo"); !errors.Is(err, stack.ErrNotFound) {
			t.Errorf("a stack in review: %v", err)
		}
		_, r := deploy(t, m, demo())
		got, err := m.Outputs(t.Context(), "demo")
		if d := cmp.Diff(r.Outputs, got); d != "" || err != nil {
			t.Errorf("error %v, outputs (-applied +read):\n%s", err, d)
		}
	})
}

func TestStatus(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		if _, err := m.Status(t.Context(), "demo"); !errors.Is(err, stack.ErrNotFound) || err.Error() != "read status of stack demo: there is no such stack" {
			t.Errorf("no stack: %v", err)
		}
		if _, err := m.Status(t.Context(), ""); !errors.Is(err, stack.ErrInvalid) {
			t.Errorf("no name: %v", err)
		}
		plan(t, m, demo())
		if got, err := m.Status(t.Context(), "demo"); got != "REVIEW_IN_PROGRESS" || err != nil {
			t.Errorf("a stack in review: %s, %v", got, err)
		}
		deploy(t, m, demo())
		if got, err := m.Status(t.Context(), "demo"); got != "CREATE_COMPLETE" || err != nil {
			t.Errorf("a stack that is there: %s, %v", got, err)
		}
	})
}

func TestReadsThatLag(t *testing.T) {
	bubble(t, stacktest.Options{Lag: 4}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		s := demo()
		for _, redis := range []string{"one", "two", "three"} {
			s.Parameters["Redis"], s.Consent = redis, []string{"Cache"}
			if _, r := deploy(t, m, s); r.Outputs["Redis"] != redis {
				t.Errorf("outputs %v are not those of %s", r.Outputs, redis)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	tests := map[string]struct {
		cancel bool
		says   string
		ends   types.StackStatus
	}{
		"the operation goes on in AWS":   {false, "run again to wait for it", "UPDATE_COMPLETE"},
		"or is cancelled there as asked": {true, "the update is cancelled in AWS too, and rolls back", "UPDATE_ROLLBACK_COMPLETE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
				m := stack.New(cloud.Client(), stack.Options{CancelUpdate: tt.cancel})
				deploy(t, m, demo())
				s := demo()
				s.Parameters["Token"] = "second-token"
				p := plan(t, m, s)
				ctx, stop := context.WithTimeout(t.Context(), 40*time.Second)
				defer stop()
				r, err := m.Apply(ctx, p)
				unfinished, ok := errors.AsType[*stack.UnfinishedError](err)
				if !ok || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), tt.says) || !slices.Equal(unfinished.Under, []string{"Cache"}) || unfinished.Cancelled != tt.cancel {
					t.Errorf("error %v", err)
				}
				if took := r.Ended.Sub(r.Started); took > 41*time.Second {
					t.Errorf("it returned after %s", took)
				}
				time.Sleep(20 * time.Minute)
				if got := status(t, cloud, "demo"); got != tt.ends {
					t.Errorf("it ends as %s", got)
				}
			})
		})
	}
}

func TestTimeout(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := stack.New(cloud.Client(), stack.Options{Timeout: time.Minute, CancelUpdate: true})
		p := plan(t, m, demo())
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrTimeout) {
			t.Errorf("error %v", err)
		}
		if cloud.Calls("CancelUpdateStack") != 0 {
			t.Error("it was cancelled because of the time it takes")
		}
		if _, err := manager(cloud).Apply(t.Context(), p); err != nil {
			t.Errorf("the same plan again: %v", err)
		}
	})
}
