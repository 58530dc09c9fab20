package papertrail_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
	"github.com/mettel-automation/delivery/progress"
)

func TestSystems(t *testing.T) {
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
	known := b.AddSystem(papertrailtest.System{Name: "known"})
	member := b.AddSystem(papertrailtest.System{Name: "member"})
	b.AddGroup(papertrailtest.Group{Name: "first", Systems: []int64{member}})
	fresh := papertrail.System{Name: "fresh", Hostname: "fresh.internal", Port: 12345}
	groups := []papertrail.Group{
		{Name: "first", Systems: []papertrail.System{{Name: "known"}, {Name: "member"}, fresh}},
		{Name: "second", Systems: []papertrail.System{fresh}},
	}
	p := b.plan(groups...)
	b.want(`+ group second
+ system fresh: fresh.internal to port 12345
+ system known joins first
+ system fresh joins first
+ system fresh joins second
5 to create, 0 to update, 0 to delete, 1 unchanged
`, p)
	b.apply(p)
	var id int64
	for _, s := range b.Systems() {
		if s.Name == "fresh" {
			id = s.ID
		}
	}
	for _, g := range b.Groups() {
		want := map[string][]int64{"first": {member, known, id}, "second": {id}}[g.Name]
		if diff := cmp.Diff(want, g.Systems); diff != "" {
			t.Errorf("members of %s (-want +got):\n%s", g.Name, diff)
		}
	}
	b.want("0 to create, 0 to update, 0 to delete, 2 unchanged\n", b.plan(groups...))
	_, err := b.Plan(t.Context(), []papertrail.Group{{Name: "first", Systems: []papertrail.System{{Name: "nobody"}}}})
	if err == nil || !strings.Contains(err.Error(), `system "nobody" is not known to Papertrail`) {
		t.Errorf("an unknown system: %v", err)
	}
}

func TestEventsSayWhatIsDone(t *testing.T) {
	var events progress.Recorder
	b := newBench(t, papertrailtest.Options{Alerts: true}, papertrail.Options{Progress: events.Record, Prune: true})
	id := b.AddGroup(papertrailtest.Group{Name: "logs", Wildcard: "a"})
	b.AddSearch(papertrailtest.Search{Name: "old", Query: "x", Group: id})
	b.apply(b.plan(papertrail.Group{
		Name: "logs", Wildcard: "b", Systems: []papertrail.System{{Name: "web", Hostname: "web", Port: 1}},
		Searches: []papertrail.Search{{Name: "new", Query: "x"}},
	}))
	var got []string
	for _, e := range events.Events() {
		if e.State == progress.Done {
			got = append(got, e.Subject+" "+e.Message)
		}
	}
	want := []string{"group logs updated", "system web registered", "system web joined", "search new created", "search old deleted"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
