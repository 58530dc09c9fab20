package zone_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
)

// TestKilledRuns ends a run at its n-th call, before or after its effect, for every n,
// until a run comes to its end; the next run finishes what the killed one began.
func TestKilledRuns(t *testing.T) {
	scenes := map[string]struct {
		prepare func(b *bench)
		run     func(ctx context.Context, m *zone.Manager) error
		settled func(b *bench)
	}{
		"while it makes a zone": {
			prepare: func(*bench) {},
			run:     func(ctx context.Context, m *zone.Manager) error { _, err := apply(ctx, m, spec()); return err },
			settled: func(b *bench) {
				ids := b.cloud.Zones(name)
				if len(ids) != 1 || b.cloud.Tags(ids[0])["Environment"] != env {
					b.Fatalf("zones %v", ids)
				}
				for _, s := range b.delegation() {
					if !strings.Contains(serversOf(b, ids[0]), strings.TrimSuffix(s, ".")) {
						b.Errorf("it is delegated to %s", s)
					}
				}
				if len(b.delegation()) != 4 {
					b.Errorf("delegation %v", b.delegation())
				}
			},
		},
		"while it deletes one": {
			prepare: func(b *bench) { b.fill(b.make(), notes) },
			run:     func(ctx context.Context, m *zone.Manager) error { _, err := destroy(ctx, m, spec()); return err },
			settled: func(b *bench) {
				if len(b.cloud.Zones(name)) != 0 || b.delegation() != nil {
					b.Errorf("zones %v, delegation %v", b.cloud.Zones(name), b.delegation())
				}
			},
		},
	}
	for title, scene := range scenes {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, before the effect %t", title, before), func(t *testing.T) {
				for n, finished := 1, false; !finished; n++ {
					if n > 40 {
						t.Fatal("it never ends")
					}
					calls, armed, kill := 0, false, func() {}
					strike := func(here bool) *route53test.Error {
						if armed && here {
							if calls++; calls == n {
								kill()
								return route53test.Unavailable()
							}
						}
						return nil
					}
					bubble(t, route53test.Options{
						Before: func(string, int) *route53test.Error { return strike(before) },
						After:  func(string, int) *route53test.Error { return strike(!before) },
					}, func(b *bench) {
						scene.prepare(b)
						ctx, stop := context.WithCancel(b.Context())
						defer stop()
						var at time.Time
						kill, armed = func() { at = time.Now(); stop() }, true
						err := scene.run(ctx, b.manager())
						armed = false
						if finished = calls < n; finished {
							if err != nil {
								b.Errorf("call %d: %v", n, err)
							}
							return
						}
						if !errors.Is(err, context.Canceled) || time.Since(at) > 0 {
							b.Errorf("killed at call %d: %v after %s", n, err, time.Since(at))
						}
						if err := scene.run(b.Context(), b.manager()); err != nil {
							b.Errorf("killed at call %d, second run: %v", n, err)
						}
						scene.settled(b)
					})
				}
			})
		}
	}
}

// TestLostAnswers loses answers to each operation for a while: the calls took effect,
// and nobody heard.
func TestLostAnswers(t *testing.T) {
	for kind, answer := range map[string]*route53test.Error{"unavailable": route53test.Unavailable(), "throttled": route53test.Throttled()} {
		for _, times := range []int{1, 5} { // the SDK tries three times by itself
			t.Run(fmt.Sprintf("%s %d times", kind, times), func(t *testing.T) {
				seen, armed := map[string]int{}, false
				bubble(t, route53test.Options{After: func(op string, _ int) *route53test.Error {
					if !armed {
						return nil
					}
					if seen[op]++; seen[op] <= times {
						return answer
					}
					return nil
				}}, func(b *bench) {
					armed = true
					id := b.make()
					if len(b.cloud.Zones(name)) != 1 || len(b.delegation()) != 4 {
						b.Fatalf("zones %v, delegation %v", b.cloud.Zones(name), b.delegation())
					}
					b.fill(id, notes)
					clear(seen)
					if done, err := destroy(b.Context(), b.manager(), spec()); err != nil || !done.Zone || b.delegation() != nil {
						b.Errorf("%+v, %v", done, err)
					}
				})
			})
		}
	}
}
