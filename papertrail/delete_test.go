package papertrail_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

// neighbours is an account of several environments, whose names are alike.
func neighbours(t *testing.T, opts papertrailtest.Options) bench {
	b := newBench(t, opts, papertrail.Options{})
	for _, name := range []string{
		"[automation-1a2b3c4d] - dev/feature/x logs", "[automation-1a2b3c4de] - dev/feature/x logs", "[Automation-1a2b3c4d] - dev/feature/x logs",
		"[automation-1a2b3c4d] - dev/feature/x logs 2", "[production] - master logs",
	} {
		id := b.AddGroup(papertrailtest.Group{Name: name, Wildcard: "*"})
		b.AddSearch(papertrailtest.Search{Name: "[notifier] - logs", Query: "notifier", Group: id})
	}
	return b
}

func TestDestroy(t *testing.T) {
	b := neighbours(t, papertrailtest.Options{Alerts: true})
	names := papertrail.Environment{ID: "automation-1a2b3c4d", Branch: "dev/feature/x"}.GroupNames()
	p, err := b.PlanDelete(t.Context(), papertrail.DeleteRequest{Groups: names})
	if err != nil {
		t.Fatal(err)
	}
	b.want(`- search [notifier] - logs in [automation-1a2b3c4d] - dev/feature/x logs: notifier
- group [automation-1a2b3c4d] - dev/feature/x logs: *
0 to create, 0 to update, 2 to delete, 0 unchanged
`, p)
	if w := b.writes(); w != nil {
		t.Errorf("the plan wrote %q", w)
	}
	b.apply(p)
	if got := b.writes(); !slices.Equal(got, []string{"DELETE searches/2.json 200", "DELETE groups/1.json 200"}) {
		t.Errorf("wrote %q", got)
	}
	if n := len(b.Groups()); n != 4 {
		t.Errorf("%d groups are left, want the 4 of others", n)
	}
	p, err = b.PlanDelete(t.Context(), papertrail.DeleteRequest{Groups: names})
	if err != nil || !p.Empty() {
		t.Errorf("the second plan: %v, %v", p, err)
	}
}

func TestWhatIsNotDestroyed(t *testing.T) {
	tests := map[string]struct {
		destroy papertrail.DeleteRequest
		alerts  bool
		account func(b bench)
		is      error
		want    string
	}{
		"production": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[production] - master logs"}}, is: papertrail.ErrProduction,
			want: `delete group "[production] - master logs": the name has the word "production": it is of production: give its Environment again in AllowProduction to delete it`,
		},
		"production by a word of the caller's": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[live] - x logs"}, Production: []string{"live"}}, is: papertrail.ErrProduction,
			want: `delete group "[live] - x logs": the name has the word "live": it is of production: give its Environment again in AllowProduction to delete it`,
		},
		"production by its environment": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[live] - release logs"}, Environment: "automation-master"}, is: papertrail.ErrProduction,
			want: `delete the groups of environment "automation-master": the name has the word "master": it is of production: give its Environment again in AllowProduction to delete it`,
		},
		"production under another name": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[live] - release logs"}, Environment: "automation-master", AllowProduction: "automation"}, is: papertrail.ErrProduction,
			want: `delete the groups of environment "automation-master": the name has the word "master": it is of production: give its Environment again in AllowProduction to delete it`,
		},
		"what may have alerts": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[automation-1a2b3c4de] - dev/feature/x logs"}}, is: papertrail.ErrAlerts,
			want: `delete group "[automation-1a2b3c4de] - dev/feature/x logs": the API does not tell whether its search "[notifier] - logs" has alerts: alerts would go with it; allow it explicitly`,
		},
		"what has alerts": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[automation-1a2b3c4de] - dev/feature/x logs"}}, is: papertrail.ErrAlerts, alerts: true,
			account: func(b bench) {
				b.AddSearch(papertrailtest.Search{Name: "loud", Query: "x", Group: 3, Alerts: []string{"email"}})
			},
			want: `delete group "[automation-1a2b3c4de] - dev/feature/x logs": its search "loud" has 1 of them: alerts would go with it; allow it explicitly`,
		},
		"what is there twice": {
			destroy: papertrail.DeleteRequest{Groups: []string{"[automation-1a2b3c4d] - dev/feature/x logs"}, AllowAlerts: true},
			account: func(b bench) {
				b.AddGroup(papertrailtest.Group{Name: "[automation-1a2b3c4d] - dev/feature/x logs"})
			},
			want: `group "[automation-1a2b3c4d] - dev/feature/x logs": there are 2 of that name: 1 ("[automation-1a2b3c4d] - dev/feature/x logs"), 11 ("[automation-1a2b3c4d] - dev/feature/x logs"); rename or delete the others`,
		},
		"no name": {destroy: papertrail.DeleteRequest{Groups: []string{""}}, want: "a group has no name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := neighbours(t, papertrailtest.Options{Alerts: tt.alerts})
			if tt.account != nil {
				tt.account(b)
			}
			_, err := b.PlanDelete(t.Context(), tt.destroy)
			if err == nil || err.Error() != tt.want || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestProductionGoesWhereThatIsAllowed(t *testing.T) {
	b := neighbours(t, papertrailtest.Options{})
	p, err := b.PlanDelete(t.Context(), papertrail.DeleteRequest{Groups: []string{"[production] - master logs"}, Environment: "automation-master", AllowProduction: "automation-master", AllowAlerts: true})
	if err != nil {
		t.Fatal(err)
	}
	b.apply(p)
	if n := len(b.Groups()); n != 4 {
		t.Errorf("%d groups are left, want 4", n)
	}
}

func TestADestroyThatIsStale(t *testing.T) {
	b := neighbours(t, papertrailtest.Options{Alerts: true})
	p, err := b.PlanDelete(t.Context(), papertrail.DeleteRequest{Groups: []string{"[automation-1a2b3c4d] - dev/feature/x logs"}})
	if err != nil {
		t.Fatal(err)
	}
	b.AddSearch(papertrailtest.Search{Name: "new", Query: "x", Group: 1, Alerts: []string{"email"}})
	b.Forget()
	if _, err := b.Apply(t.Context(), p); !errors.Is(err, papertrail.ErrStale) || !errors.Is(err, papertrail.ErrAlerts) {
		t.Errorf("got %v", err)
	}
	if w := b.writes(); w != nil {
		t.Errorf("wrote %q", w)
	}
}
