package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
)

// TestKilledRuns ends a run at its n-th call, of Route 53 or the cluster, before or
// after its effect, for every n, until a run comes to its end. The next run finishes,
// and nothing differs from a run that was never stopped.
func TestKilledRuns(t *testing.T) {
	one := old("kre-tnba")
	scenes := map[string]struct {
		prepare func(w *world)
		run     func(ctx context.Context, m *runtime.Manager) error
	}{
		"while a runtime comes up": {
			prepare: func(*world) {},
			run:     func(ctx context.Context, m *runtime.Manager) error { _, err := apply(ctx, m, one); return err },
		},
		"while it goes": {
			prepare: func(w *world) { w.up(one) },
			run:     func(ctx context.Context, m *runtime.Manager) error { _, err := destroy(ctx, m, one); return err },
		},
	}
	for title, scene := range scenes {
		var want []string
		bubble(t, route53test.Options{}, func(w *world) {
			scene.prepare(w)
			if err := scene.run(w.Context(), w.manager()); err != nil {
				w.Fatal(err)
			}
			want = w.state()
		})
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the effect %t", title, after), func(t *testing.T) {
				for n, finished := 1, false; !finished; n++ {
					if n > 200 {
						t.Fatal("it never ends")
					}
					finished = killed(t, n, after, scene.prepare, scene.run, want)
				}
			})
		}
	}
}

// killed ends a run at its n-th call. It reports whether there was none.
func killed(t *testing.T, n int, after bool, prepare func(*world), run func(context.Context, *runtime.Manager) error, want []string) (finished bool) {
	t.Helper()
	calls, armed, kill := 0, false, func() {}
	strike := func(now bool) error {
		if armed && now == after {
			if calls++; calls == n {
				kill()
				return context.Canceled
			}
		}
		return nil
	}
	answer := func(now bool) *route53test.Error {
		if strike(now) != nil {
			return route53test.Unavailable()
		}
		return nil
	}
	bubble(t, route53test.Options{
		Before: func(string, int) *route53test.Error { return answer(false) },
		After:  func(string, int) *route53test.Error { return answer(true) },
	}, func(w *world) {
		w.strike = func(_, _ string, now bool) error { return strike(now) }
		prepare(w)
		ctx, stop := context.WithCancel(w.Context())
		defer stop()
		var at time.Time
		kill, armed = func() { at = time.Now(); stop() }, true
		err := run(ctx, w.manager())
		armed = false
		if finished = calls < n; finished {
			if err != nil {
				w.Errorf("call %d: %v", n, err)
			}
			return
		}
		if err == nil || time.Since(at) > 0 {
			w.Errorf("killed at call %d: %v after %s", n, err, time.Since(at))
		}
		if err := run(w.Context(), w.manager()); err != nil {
			w.Errorf("killed at call %d, second run: %v", n, err)
		}
		if d := cmp.Diff(want, w.state()); d != "" {
			w.Errorf("killed at call %d (-want +got):\n%s", n, d)
		}
	})
	return finished
}
