package papertrail_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
	"github.com/mettel-automation/delivery/progress"
)

func TestAnEmptyAccountGetsWhatIsWanted(t *testing.T) {
	var events progress.Recorder
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{Progress: events.Record})
	p := b.plan(logs())
	b.want(`+ group [production] - master logs: *
+ search [all modules] - logs in [production] - master logs: production
+ search [notifier] - logs in [production] - master logs: notifier AND production AND 7
3 to create, 0 to update, 0 to delete, 0 unchanged
`, p)
	if w := b.writes(); w != nil {
		t.Errorf("the plan wrote: %q", w)
	}
	result := b.apply(p)
	for _, c := range result.Done {
		if c.ID == 0 {
			t.Errorf("%s has no id", c)
		}
	}
	want := []papertrailtest.Search{
		{ID: 2, Name: "[all modules] - logs", Query: "production", Group: 1},
		{ID: 3, Name: "[notifier] - logs", Query: "notifier AND production AND 7", Group: 1},
	}
	if diff := cmp.Diff(want, b.Searches()); diff != "" {
		t.Errorf("searches (-want +got):\n%s", diff)
	}
	if n := len(events.Events()); n != 6 {
		t.Errorf("%d events, want one when each change begins and one when it is done", n)
	}
	b.Forget()
	again := b.plan(logs())
	b.want("0 to create, 0 to update, 0 to delete, 3 unchanged\n", again)
	if requests := len(b.Requests()); requests != 2 {
		t.Errorf("the plan made %d requests, want one for each list that matters", requests)
	}
	b.Forget()
	b.apply(again)
	if r := b.Requests(); r != nil {
		t.Errorf("a plan without changes made requests: %v", r)
	}
}

func TestWhatExistsIsUpdatedInPlace(t *testing.T) {
	b := newBench(t, papertrailtest.Options{Alerts: true}, papertrail.Options{})
	group := b.AddGroup(papertrailtest.Group{Name: "[production] - master logs", Wildcard: "old-*"})
	id := b.AddSearch(papertrailtest.Search{Name: "[notifier] - logs", Query: "notifier AND production AND 6", Group: group, Alerts: []string{"email"}})
	// The same name in another group is another search.
	other := b.AddGroup(papertrailtest.Group{Name: "[production] - master alarms"})
	b.AddSearch(papertrailtest.Search{Name: "[notifier] - logs", Query: "alarm", Group: other})
	b.AddSearch(papertrailtest.Search{Name: "[notifier] - logs", Query: "in no group"})
	p := b.plan(logs())
	b.want(`+ search [all modules] - logs in [production] - master logs: production
~ group [production] - master logs: old-* -> *
~ search [notifier] - logs in [production] - master logs: notifier AND production AND 6 -> notifier AND production AND 7
1 to create, 2 to update, 0 to delete, 0 unchanged
`, sortedLines(p))
	b.apply(p)
	want := []papertrailtest.Search{
		{ID: id, Name: "[notifier] - logs", Query: "notifier AND production AND 7", Group: group, Alerts: []string{"email"}},
		{ID: 4, Name: "[notifier] - logs", Query: "alarm", Group: other},
		{ID: 5, Name: "[notifier] - logs", Query: "in no group"},
		{ID: 6, Name: "[all modules] - logs", Query: "production", Group: group},
	}
	if diff := cmp.Diff(want, b.Searches()); diff != "" {
		t.Errorf("searches (-want +got):\n%s", diff)
	}
}

// sortedLines puts the changes of a plan in the order of their lines.
func sortedLines(p papertrail.Plan) papertrail.Plan {
	p.Changes = append([]papertrail.Change(nil), p.Changes...)
	for i := range p.Changes {
		for j := i; j > 0 && p.Changes[j].String() < p.Changes[j-1].String(); j-- {
			p.Changes[j], p.Changes[j-1] = p.Changes[j-1], p.Changes[j]
		}
	}
	return p
}

func TestAWildcardThatIsNotWantedStays(t *testing.T) {
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
	b.AddGroup(papertrailtest.Group{Name: "logs", Wildcard: "automation-*"})
	b.want("0 to create, 0 to update, 0 to delete, 1 unchanged\n", b.plan(papertrail.Group{Name: "logs"}))
}

func TestPrune(t *testing.T) {
	type account struct {
		alerts bool
		opts   papertrail.Options
	}
	tests := map[string]struct {
		account
		want string
	}{
		"nothing is deleted unless it is asked for": {
			account{alerts: true},
			"0 to create, 0 to update, 0 to delete, 1 unchanged\n",
		},
		"what has alerts stays": {
			account{alerts: true, opts: papertrail.Options{Prune: true}},
			"- search idle in logs: x\n= search alarming in logs stays: it has 2 alerts\n0 to create, 0 to update, 1 to delete, 1 unchanged\n",
		},
		"what may have alerts stays": {
			account{opts: papertrail.Options{Prune: true}},
			"= search alarming in logs stays: the API does not tell whether it has alerts\n= search idle in logs stays: the API does not tell whether it has alerts\n0 to create, 0 to update, 0 to delete, 1 unchanged\n",
		},
		"what may have alerts goes where that is allowed": {
			account{opts: papertrail.Options{Prune: true, PruneUnknown: true}},
			"- search alarming in logs: x\n- search idle in logs: x\n0 to create, 0 to update, 2 to delete, 1 unchanged\n",
		},
		"what is known to have alerts stays even then": {
			account{alerts: true, opts: papertrail.Options{Prune: true, PruneUnknown: true}},
			"- search idle in logs: x\n= search alarming in logs stays: it has 2 alerts\n0 to create, 0 to update, 1 to delete, 1 unchanged\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, papertrailtest.Options{Alerts: tt.alerts}, tt.opts)
			group := b.AddGroup(papertrailtest.Group{Name: "logs"})
			b.AddSearch(papertrailtest.Search{Name: "idle", Query: "x", Group: group})
			b.AddSearch(papertrailtest.Search{Name: "alarming", Query: "x", Group: group, Alerts: []string{"email", "webhook"}})
			foreign := b.AddGroup(papertrailtest.Group{Name: "logs of others"})
			b.AddSearch(papertrailtest.Search{Name: "idle", Query: "x", Group: foreign})
			b.AddSearch(papertrailtest.Search{Name: "idle", Query: "x"})
			p := b.plan(papertrail.Group{Name: "logs"})
			b.want(tt.want, p)
			b.apply(p)
			for _, s := range b.Searches() {
				if s.Group != group {
					continue
				}
				if strings.Contains(tt.want, "- search "+s.Name+" in logs: ") {
					t.Errorf("search %q is still there", s.Name)
				}
			}
			var others int
			for _, s := range b.Searches() {
				if s.Group != group {
					others++
				}
			}
			if others != 2 {
				t.Errorf("%d searches of others are left, want 2", others)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	tests := map[string]struct {
		account func(b bench)
		wanted  papertrail.Group
		want    string // the error, or the line of the plan
	}{
		"two groups of the name": {
			func(b bench) {
				b.AddGroup(papertrailtest.Group{Name: "logs"})
				b.AddGroup(papertrailtest.Group{Name: "logs"})
			},
			papertrail.Group{Name: "logs"},
			`group "logs": there are 2 of that name: 1 ("logs"), 2 ("logs"); rename or delete the others`,
		},
		"two searches of the name": {
			func(b bench) {
				b.AddGroup(papertrailtest.Group{Name: "logs"})
				b.AddSearch(papertrailtest.Search{Name: "a", Query: "x", Group: 1})
				b.AddSearch(papertrailtest.Search{Name: "a", Query: "y", Group: 1})
			},
			papertrail.Group{Name: "logs", Searches: []papertrail.Search{{Name: "a", Query: "x"}}},
			`search "a" of group "logs": there are 2 of that name: 2 ("a"), 3 ("a"); rename or delete the others`,
		},
		"a group that differs in case": {
			func(b bench) { b.AddGroup(papertrailtest.Group{Name: "[Production] - master logs"}) },
			papertrail.Group{Name: "[production] - master logs"},
			`group "[production] - master logs": there is one whose name differs only in case or spaces: 1 ("[Production] - master logs"); rename one of them`,
		},
		"a search that differs in spaces": {
			func(b bench) {
				b.AddGroup(papertrailtest.Group{Name: "logs"})
				b.AddSearch(papertrailtest.Search{Name: " all  modules", Query: "x", Group: 1})
			},
			papertrail.Group{Name: "logs", Searches: []papertrail.Search{{Name: "all modules", Query: "x"}}},
			`search "all modules" of group "logs": there is one whose name differs only in case or spaces: 2 (" all  modules"); rename one of them`,
		},
		"one that differs in case beside the one that is meant": {
			func(b bench) {
				b.AddGroup(papertrailtest.Group{Name: "Logs"})
				b.AddGroup(papertrailtest.Group{Name: "logs"})
			},
			papertrail.Group{Name: "logs"},
			"0 to create, 0 to update, 0 to delete, 1 unchanged",
		},
		"duplicates that nobody asked about": {
			func(b bench) {
				b.AddGroup(papertrailtest.Group{Name: "logs"})
				b.AddSearch(papertrailtest.Search{Name: "a", Query: "x", Group: 1})
				b.AddSearch(papertrailtest.Search{Name: "a", Query: "y", Group: 1})
				b.AddGroup(papertrailtest.Group{Name: "other"})
				b.AddGroup(papertrailtest.Group{Name: "other"})
			},
			papertrail.Group{Name: "logs"},
			"! group \"other\" is there 2 times\n! search \"a\" is more than once in group \"logs\"\n0 to create",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
			tt.account(b)
			p, err := b.Plan(t.Context(), []papertrail.Group{tt.wanted})
			got := p.String()
			if err != nil {
				got = err.Error()
				if _, ok := errors.AsType[*papertrail.DuplicateError](err); !ok {
					t.Errorf("got a %T", err)
				}
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if w := b.writes(); w != nil {
				t.Errorf("wrote %q", w)
			}
		})
	}
}

func TestAListThatFailsStopsBeforeAnyWrite(t *testing.T) {
	for _, list := range []string{"groups.json", "searches.json", "systems.json"} {
		for name, fault := range map[string]papertrailtest.Fault{
			"no token":     {Path: list, Times: -1, Status: 401, Body: `{"message":"Invalid API token"}`},
			"an error":     {Path: list, Times: -1, Status: 500},
			"a web page":   papertrailtest.HTML("", list, 502),
			"not JSON":     {Path: list, Times: -1, Status: 200, Body: `[{"id": 1,`},
			"one object":   {Path: list, Times: -1, Status: 200, Body: `{"groups": []}`},
			"nothing":      {Path: list, Times: -1, Status: 200},
			"a lost reply": {Path: list, Times: -1},
		} {
			t.Run(list+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
					b.AddSystem(papertrailtest.System{Name: "web"})
					g := logs()
					g.Systems = []papertrail.System{{Name: "web"}}
					p := b.plan(g)
					fault.Times = -1
					b.Inject(fault)
					if _, err := b.Plan(t.Context(), []papertrail.Group{g}); err == nil {
						t.Error("the plan is made all the same")
					}
					if _, err := b.Apply(t.Context(), p); err == nil {
						t.Error("the plan is applied all the same")
					}
					if w := b.writes(); w != nil {
						t.Errorf("wrote %q", w)
					}
				})
			})
		}
	}
}

func TestBadInputIsRefusedBeforeTheFirstCall(t *testing.T) {
	search := func(name, query string) []papertrail.Group {
		return []papertrail.Group{{Name: "logs", Searches: []papertrail.Search{{Name: name, Query: query}}}}
	}
	system := func(s papertrail.System) []papertrail.Group {
		return []papertrail.Group{{Name: "logs", Systems: []papertrail.System{s}}}
	}
	tests := map[string]struct {
		groups []papertrail.Group
		want   string
	}{
		"no name":                {[]papertrail.Group{{}}, "a group has no name"},
		"a name of spaces":       {[]papertrail.Group{{Name: " "}}, `group " ": its name begins or ends with a space`},
		"a name with a line":     {[]papertrail.Group{{Name: "a\nb"}}, `group "a\nb": its name is not one line of text`},
		"a name that is no text": {[]papertrail.Group{{Name: "\xff"}}, `group "\xff": its name is not one line of text`},
		"a wildcard with a line": {[]papertrail.Group{{Name: "a", Wildcard: "a\n"}}, `group "a": its wildcard "a\n" is not one line of text`},
		"a group twice":          {[]papertrail.Group{{Name: "a"}, {Name: "A"}}, `group "A" is given twice`},
		"an empty query":         {search("a", " "), `group "logs": search "a" has no query, and would show all logs`},
		"a query with a line":    {search("a", "x\ny"), `group "logs": the query of search "a" is not one line of text`},
		"a search without name":  {search("", "x"), `group "logs": a search has no name`},
		"a system without place": {system(papertrail.System{Name: "web", Hostname: "web"}), `group "logs": system "web": to register it, give the port or the id of its log destination`},
		"a system without host":  {system(papertrail.System{Name: "web", Port: 1}), `group "logs": system "web": to register it, give a host name or an IP address`},
		"a system with two":      {system(papertrail.System{Name: "web", Hostname: "web", IPAddress: "10.0.0.1", Port: 1}), `group "logs": system "web": it has a host name and an IP address; give one of them`},
		"two destinations":       {system(papertrail.System{Name: "web", Hostname: "web", Port: 1, Destination: 1}), `group "logs": system "web": it has the port and the id of a log destination; give one of them`},
		"no port":                {system(papertrail.System{Name: "web", Hostname: "web", Port: 70000}), `group "logs": system "web": 70000 is no port`},
		"no address":             {system(papertrail.System{Name: "web", IPAddress: "10.0.0", Port: 1}), `group "logs": system "web": "10.0.0" is no IP address`},
		"a system in two ways": {
			append(system(papertrail.System{Name: "web", Hostname: "web", Port: 1}), papertrail.Group{Name: "other", Systems: []papertrail.System{{Name: "Web", Hostname: "web", Port: 2}}}),
			`group "other": system "Web" is given otherwise in another group, as "web", web to port 1`,
		},
		"no destination": {system(papertrail.System{Name: "web", Hostname: "web", Destination: -1}), `group "logs": system "web": -1 is no id of a log destination`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
			_, err := b.Plan(t.Context(), tt.groups)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if r := b.Requests(); r != nil {
				t.Errorf("made requests: %v", r)
			}
		})
	}
}

func TestPlanAsJSON(t *testing.T) {
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
	b.AddGroup(papertrailtest.Group{Name: "logs"})
	for name, tt := range map[string]struct {
		groups []papertrail.Group
		want   string
	}{
		"nothing to do": {[]papertrail.Group{{Name: "logs"}}, `{"changes":[],"unchanged":1}`},
		"a group":       {[]papertrail.Group{{Name: "new", Wildcard: "*"}}, `{"changes":[{"action":"create","kind":"group","name":"new","to":"*"}],"unchanged":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(b.plan(tt.groups...))
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s (%v)\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestAPlanOfAnotherProcessIsRefused(t *testing.T) {
	b := newBench(t, papertrailtest.Options{}, papertrail.Options{})
	data, err := json.Marshal(b.plan(logs()))
	if err != nil {
		t.Fatal(err)
	}
	var p papertrail.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Apply(t.Context(), p); err == nil || !strings.Contains(err.Error(), "plan first") {
		t.Errorf("got %v", err)
	}
	if w := b.writes(); w != nil {
		t.Errorf("wrote %q", w)
	}
}
