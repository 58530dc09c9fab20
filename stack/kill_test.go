package stack_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// run is what a job does: plan, and apply what was planned.
func run(ctx context.Context, m *stack.Manager, s stack.Stack) error {
	p, err := m.Plan(ctx, s)
	if err == nil {
		_, err = m.Apply(ctx, p)
	}
	return err
}

// patient looks once a minute, so that a run has few calls and each is of another kind.
func patient(cloud *stacktest.Cloud) *stack.Manager {
	return stack.New(cloud.Client(), stack.Options{PollInterval: time.Minute, MaxPollInterval: time.Minute})
}

// scenes are what jobs are killed in: each prepares a stack, and returns what it
// should become.
var scenes = map[string]func(t *testing.T, cloud *stacktest.Cloud) stack.Stack{
	"a creation": func(*testing.T, *stacktest.Cloud) stack.Stack {
		s := demo()
		s.Production = true
		return s
	},
	"an update": func(t *testing.T, cloud *stacktest.Cloud) stack.Stack {
		deploy(t, manager(cloud), demo())
		s := demo()
		s.Parameters["Days"], s.Parameters["Redis"], s.Consent = "30", "other", []string{"Cache"}
		return s
	},
	"a recreation": func(t *testing.T, cloud *stacktest.Cloud) stack.Stack {
		_, s := broken(t, cloud)
		return s
	},
	"no change": func(t *testing.T, cloud *stacktest.Cloud) stack.Stack {
		deploy(t, manager(cloud), demo())
		return demo()
	},
}

// settled checks that the stack is as s wants it, with nothing left over.
func settled(t *testing.T, cloud *stacktest.Cloud, s stack.Stack) {
	t.Helper()
	p := plan(t, manager(cloud), s)
	if !p.Empty() {
		t.Errorf("there is something left to do:\n%s", p)
	}
	if left := changeSets(t, cloud, "demo"); len(left) > 0 {
		t.Errorf("change sets are left behind: %v", left)
	}
}

// TestKilledAtEveryCall ends the first run at its n-th call, before or after that
// takes effect, for every n, or some under the race detector. A second run then finishes what the first began.
func TestKilledAtEveryCall(t *testing.T) {
	for name, scene := range scenes {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %t", name, late), func(t *testing.T) {
				finished := false
				for n := 1; !finished; n += stride {
					if n > 400 {
						t.Fatal("it never ends")
					}
					finished = killed(t, scene, n, late)
				}
			})
		}
	}
}

// killed reports whether the run needs fewer than n calls.
func killed(t *testing.T, scene func(*testing.T, *stacktest.Cloud) stack.Stack, n int, late bool) (finished bool) {
	t.Helper()
	calls, armed := 0, false
	kill := func() {}
	count := func(string, int) *stacktest.Error {
		if armed {
			if calls++; calls == n {
				kill()
			}
		}
		return nil
	}
	opts := stacktest.Options{Before: count}
	if late {
		opts = stacktest.Options{After: count}
	}
	bubble(t, opts, func(t *testing.T, cloud *stacktest.Cloud) {
		s := scene(t, cloud)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var at time.Time
		kill, armed = func() { at = time.Now(); stop() }, true
		err := run(ctx, patient(cloud), s)
		armed = false
		if calls < n {
			if err != nil {
				t.Fatalf("call %d: %v", n, err)
			}
			finished = true
			return
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("killed at call %d: %v", n, err)
		}
		if took := time.Since(at); took > 0 {
			t.Errorf("killed at call %d, it went on for %s", n, took)
		}
		if err := run(t.Context(), patient(cloud), s); err != nil {
			t.Fatalf("killed at call %d, second run: %v", n, err)
		}
		settled(t, cloud, s)
	})
	return finished
}

// TestSamePlanAgain ends Apply at its n-th call likewise, and applies the very same plan again.
func TestSamePlanAgain(t *testing.T) {
	for _, name := range []string{"a creation", "an update", "a recreation"} {
		t.Run(name, func(t *testing.T) {
			for n, finished := 1, false; !finished; n += stride {
				calls, kill := 0, func() {}
				armed := false
				bubble(t, stacktest.Options{After: func(string, int) *stacktest.Error {
					if armed {
						if calls++; calls == n {
							kill()
						}
					}
					return nil
				}}, func(t *testing.T, cloud *stacktest.Cloud) {
					s := scenes[name](t, cloud)
					p := plan(t, manager(cloud), s)
					ctx, stop := context.WithCancel(t.Context())
					defer stop()
					kill, armed = stop, true
					_, err := patient(cloud).Apply(ctx, p)
					armed = false
					if finished = calls < n; finished {
						if err != nil {
							t.Fatalf("call %d: %v", n, err)
						}
					}
					if _, err := patient(cloud).Apply(t.Context(), p); err != nil && (p.Action != stack.Recreate || !errors.Is(err, stack.ErrStale)) {
						t.Fatalf("killed at call %d, again: %v", n, err)
					}
					if p.Action != stack.Recreate || finished {
						settled(t, cloud, s)
					}
				})
			}
		})
	}
}

// TestLostAnswers loses the answer to one call of each operation, or all of them
// for a while: the call took effect, and nobody heard.
func TestLostAnswers(t *testing.T) {
	lost := map[string]*stacktest.Error{
		"unavailable": stacktest.Unavailable(), "throttled": stacktest.Throttled(),
		"internal": {Status: 500, Code: "InternalFailure", Message: "An internal error has occurred."},
	}
	for name, scene := range scenes {
		for kind, answer := range lost {
			for _, times := range []int{1, 5} { // the SDK tries three times by itself
				if times == 1 && stride > 1 {
					continue // and there is nothing of ours to race
				}
				t.Run(fmt.Sprintf("%s, %s, %d times", name, kind, times), func(t *testing.T) {
					armed, seen := false, map[string]int{}
					bubble(t, stacktest.Options{After: func(op string, _ int) *stacktest.Error {
						if !armed {
							return nil
						}
						if seen[op]++; seen[op] <= times {
							return answer
						}
						return nil
					}}, func(t *testing.T, cloud *stacktest.Cloud) {
						s := scene(t, cloud)
						armed = true
						if err := run(t.Context(), manager(cloud), s); err != nil {
							t.Fatal(err)
						}
						armed = false
						settled(t, cloud, s)
					})
				})
			}
		}
	}
}

func TestPlanWaitsForOthers(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		p := plan(t, manager(cloud), demo())
		done := make(chan error)
		go func() {
			_, err := manager(cloud).Apply(t.Context(), p)
			done <- err
		}()
		time.Sleep(time.Minute)
		var waits []string
		m := stack.New(cloud.Client(), stack.Options{Progress: func(e progressEvent) {
			if e.State == "waiting" {
				waits = append(waits, fmt.Sprint(e.Op, " ", e.Subject, ": ", e.Message))
			}
		}})
		if p := plan(t, m, demo()); !p.Empty() {
			t.Errorf("what the other has made is not seen:\n%s", p)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if want := []string{"stack.plan demo: for another operation: CREATE_IN_PROGRESS"}; !slices.Equal(waits, want) {
			t.Errorf("what is waited for is told as %v", waits)
		}
	})
}
