package papertrail_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

func TestAnotherPlanIsStale(t *testing.T) {
	for name, change := range map[string]func(b bench){
		"somebody has created the group": func(b bench) { b.AddGroup(papertrailtest.Group{Name: logs().Name}) },
		"somebody has created it twice": func(b bench) {
			b.AddGroup(papertrailtest.Group{Name: logs().Name})
			b.AddGroup(papertrailtest.Group{Name: logs().Name})
		},
		"somebody has created another of case": func(b bench) { b.AddGroup(papertrailtest.Group{Name: strings.ToUpper(logs().Name)}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
			p := b.plan(logs())
			change(b)
			if _, err := b.Apply(t.Context(), p); !errors.Is(err, papertrail.ErrStale) {
				t.Errorf("got %v", err)
			}
			if w := b.writes(); w != nil {
				t.Errorf("wrote %q", w)
			}
		})
	}
}

func TestWhatIsGoneBetweenListAndWrite(t *testing.T) {
	b := newBench(t, papertrailtest.Options{Alerts: true}, papertrail.Options{Prune: true})
	group := b.AddGroup(papertrailtest.Group{Name: "logs"})
	b.AddSearch(papertrailtest.Search{Name: "old", Query: "x", Group: group})
	b.AddSearch(papertrailtest.Search{Name: "kept", Query: "x", Group: group})
	wanted := papertrail.Group{Name: "logs", Searches: []papertrail.Search{{Name: "kept", Query: "y"}}}
	p := b.plan(wanted)

	t.Run("a search to be deleted is deleted", func(t *testing.T) {
		b.Inject(papertrailtest.Fault{Method: "DELETE", Status: 404, Body: `{"message":"Not found"}`})
		if _, err := b.Apply(t.Context(), p); err != nil {
			t.Error(err)
		}
	})
	t.Run("a search to be updated is an error", func(t *testing.T) {
		wanted.Searches[0].Query = "z"
		p := b.plan(wanted)
		b.Inject(papertrailtest.Fault{Method: "PUT", Status: 404, Body: `{"message":"Not found"}`})
		_, err := b.Apply(t.Context(), p)
		if !errors.Is(err, papertrail.ErrNotFound) || !strings.Contains(err.Error(), `update search "kept"`) {
			t.Errorf("got %v", err)
		}
	})
}

// Two runs at once may both create a group: then neither is picked.
func TestTwoRunsAtOnce(t *testing.T) {
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
	p := b.plan(logs())
	b.Inject(papertrailtest.Fault{Method: "POST", Path: "groups.json", Before: func(s *papertrailtest.Server) {
		s.AddGroup(papertrailtest.Group{Name: logs().Name})
	}})
	result, err := b.Apply(t.Context(), p)
	dup, ok := errors.AsType[*papertrail.DuplicateError](err)
	if !ok || len(dup.IDs) != 2 {
		t.Fatalf("got %v", err)
	}
	if len(result.Done) != len(p.Changes) {
		t.Errorf("done: %v", result.Done)
	}
}

// The answer to a creation is lost: whether or not it took effect, there is one in
// the end.
func TestACreationWhoseAnswerIsLost(t *testing.T) {
	for _, path := range []string{"groups.json", "searches.json", "systems.json"} {
		for _, after := range []bool{false, true} {
			for _, status := range []int{0, 500, 502} {
				t.Run(fmt.Sprintf("%s, effect %t, status %d", path, after, status), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
						g := logs()
						g.Systems = []papertrail.System{{Name: "web", Hostname: "web", Port: 1}}
						p := b.plan(g)
						b.Inject(papertrailtest.Fault{Method: "POST", Path: path, Status: status, After: after})
						b.apply(p)
						if g, s, x := len(b.Groups()), len(b.Searches()), len(b.Systems()); g != 1 || s != 2 || x != 1 {
							t.Errorf("%d groups, %d searches, %d systems; want 1, 2, 1", g, s, x)
						}
						if p := b.plan(g); !p.Empty() {
							t.Errorf("still to do:\n%s", p)
						}
					})
				})
			}
		}
	}
}

func TestACreationThatIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
		p := b.plan(logs())
		b.Inject(papertrailtest.Fault{Method: "POST", Path: "groups.json", Times: -1})
		began := time.Now()
		_, err := b.Apply(t.Context(), p)
		if !errors.Is(err, papertrail.ErrUncertain) {
			t.Errorf("got %v", err)
		}
		if n := len(b.writes()); n != 5 {
			t.Errorf("%d attempts, want 5", n)
		}
		if took := time.Since(began); took != 31*time.Second {
			t.Errorf("took %v, want pauses of 1, 2, 4, 8 and 16 s", took)
		}
	})
}

// A service that cannot create for a while, and says for how long.
func TestACreationThatHasToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
		p := b.plan(logs())
		b.Inject(papertrailtest.Fault{Method: "POST", Status: 503, Times: 2, Header: http.Header{"Retry-After": {"20"}}})
		began := time.Now()
		b.apply(p)
		if took := time.Since(began); took < 40*time.Second || took > 45*time.Second {
			t.Errorf("took %v, want twice what the service has asked for", took)
		}
	})
}

// A search that is refused, or that somebody has deleted, keeps no other from being
// written; an account that is closed does.
func TestASearchThatFailsAlone(t *testing.T) {
	tests := map[string]struct {
		status int
		want   []string // what is written
	}{
		"refused":  {400, []string{"POST groups.json 200", "POST searches.json 400", "POST searches.json 200"}},
		"no token": {401, []string{"POST groups.json 200", "POST searches.json 401"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
			p := b.plan(logs())
			b.Inject(papertrailtest.Fault{Method: "POST", Path: "searches.json", Status: tt.status, Body: `{"message":"Query is bad"}`})
			result, err := b.Apply(t.Context(), p)
			if err == nil || !strings.Contains(err.Error(), "create search \"[all modules] - logs\": ") || !strings.Contains(err.Error(), "Query is bad") ||
				!strings.HasSuffix(err.Error(), fmt.Sprintf("(%d of 3 changes are made)", len(tt.want)-1)) {
				t.Errorf("got %v", err)
			}
			if got := b.writes(); !slices.Equal(got, tt.want) || len(result.Done) != len(tt.want)-1 {
				t.Errorf("wrote %q, done %v", got, result.Done)
			}
		})
	}
}

func TestACancelledRunSaysWhatIsDone(t *testing.T) {
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
	p := b.plan(logs())
	ctx, cancel := context.WithCancel(t.Context())
	b.Inject(papertrailtest.Fault{Method: "POST", Path: "searches.json", Before: func(*papertrailtest.Server) { cancel() }})
	result, err := b.Apply(ctx, p)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(result.Done) == 0 || result.Done[0].Name != "[production] - master logs" {
		t.Errorf("done: %v", result.Done)
	}
	b.apply(b.plan(logs())) // the next run finishes
	if n := len(b.Searches()); n != 2 {
		t.Errorf("%d searches, want 2", n)
	}
}

// Whatever goes wrong on the way, a later run comes to what is wanted, with each name
// once.
func TestRandomFaults(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, papertrailtest.Options{Alerts: true}, papertrail.Options{Prune: true})
			wanted := []papertrail.Group{logs(), {Name: "[production] - master alarms", Wildcard: "*"}}
			if random.IntN(2) == 0 {
				id := b.AddGroup(papertrailtest.Group{Name: logs().Name})
				b.AddSearch(papertrailtest.Search{Name: "stale", Query: "x", Group: id})
				b.AddSearch(papertrailtest.Search{Name: "[notifier] - logs", Query: "x", Group: id})
			}
			for range 1 + random.IntN(4) {
				f := papertrailtest.Fault{
					Method: []string{"", "GET", "POST", "PUT", "DELETE"}[random.IntN(5)],
					Status: []int{0, 429, 500, 503}[random.IntN(4)], After: random.IntN(2) == 0,
					Skip: random.IntN(3), Times: 1 + random.IntN(8),
				}
				f.After = f.After && f.Status != 429 // what is refused has no effect
				b.Inject(f)
			}
			for range 8 {
				p, err := b.Plan(t.Context(), wanted)
				if err != nil {
					continue
				}
				_, err = b.Apply(t.Context(), p)
				if p.Empty() && err == nil {
					break
				}
			}
			if p := b.plan(wanted...); !p.Empty() || len(p.Duplicates) > 0 {
				t.Errorf("seed %d: still to do:\n%s", seed, p)
			}
			if g, s := len(b.Groups()), len(b.Searches()); g != 2 || s != 2 {
				t.Errorf("seed %d: %d groups and %d searches, want 2 and 2: %v", seed, g, s, b.Searches())
			}
		})
	}
}
