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
// takes effect, for every n. A second run then finishes what the first began.
func TestKilledAtEveryCall(t *testing.T) {
	for name, scene := range scenes {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %t", name, late), func(t *testing.T) {
				finished := false
				for n := 1; !finished; n++ {
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

// TestSamePlanAgain ends Apply at its n-th call, and applies the very same plan again.
func TestSamePlanAgain(t *testing.T) {
	for _, name := range []string{"a creation", "an update", "a recreation"} {
		t.Run(name, func(t *testing.T) {
			for n, finished := 1, false; !finished; n++ {
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

// TestManyStacksAtOnce applies 50 stacks by one Manager, with the throttling of AWS.
func TestManyStacksAtOnce(t *testing.T) {
	bubble(t, stacktest.Options{Throttle: true}, func(t *testing.T, cloud *stacktest.Cloud) {
		const stacks = 50
		m := manager(cloud)
		errs := make(chan error)
		began := time.Now()
		for i := range stacks {
			go func() {
				s := demo()
				s.Name = fmt.Sprintf("demo-%d", i)
				s.Parameters = map[string]string{"Environment": s.Name, "Redis": fmt.Sprintf("r-%d", i)}
				errs <- run(t.Context(), m, s)
			}()
		}
		for range stacks {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		took := time.Since(began)
		t.Logf("%d stacks: %s, %d DescribeStackEvents, %d writes", stacks, took, cloud.Calls("DescribeStackEvents"), writes(cloud))
		if took > 30*time.Minute {
			t.Errorf("it took %s, and one stack takes 7 minutes", took)
		}
	})
}

func TestEventsAreReadOnceAPoll(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		const interval = 5 * time.Second
		m := stack.New(cloud.Client(), stack.Options{PollInterval: interval, MaxPollInterval: interval})
		p := plan(t, m, demo())
		before := cloud.Calls("DescribeStackEvents")
		r, err := m.Apply(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		// The interval has up to a fifth of jitter; one call is that for the last event before.
		most := int(r.Ended.Sub(r.Started)/(interval*4/5)) + 2
		if n := cloud.Calls("DescribeStackEvents") - before; n > most {
			t.Errorf("%d calls in %s, want at most %d", n, r.Ended.Sub(r.Started), most)
		}
	})
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
		if !slices.Contains(waits, "stack.plan demo: for another operation: CREATE_IN_PROGRESS") {
			t.Errorf("nobody says what is waited for: %v", waits)
		}
	})
}
