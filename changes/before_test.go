package changes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// texts is name, status and reasons of each, a line a module.
func texts(modules []Selected) []string {
	var lines []string
	for _, m := range modules {
		lines = append(lines, strings.TrimSpace(Selection{Modules: []Selected{m}}.String()))
	}
	return lines
}

func TestSelectWithModulesAsTheyWereBefore(t *testing.T) {
	module := func(name string, needs ...string) Module {
		return Module{Name: name, Paths: []string{name}, DependsOn: needs}
	}
	// Before, app needed old; old and lib needed base; web needed app.
	before := Config{Modules: []Module{module("app", "old"), module("old", "base"), module("base"), module("web", "app"), module("lib", "base")}}
	tests := map[string]struct {
		now     []Module
		before  *Config
		files   []File
		opts    SelectOptions
		modules []string
		deleted []string
		unowned []string
	}{
		"a deleted module is listed apart, with its files, and its dependents are selected": {
			now:     []Module{module("app"), module("base"), module("web", "app"), module("lib", "base")},
			files:   []File{{"old/x", Deleted}, {"old/y", Deleted}},
			modules: []string{"app  dependent  depended on old, which was deleted", "web  dependent  depends on app, which depended on old, which was deleted"},
			deleted: []string{"old  deleted  no module any more, old/x deleted, old/y deleted"},
		},
		"also where no file of it changed": {
			now:     []Module{module("app"), module("base"), module("lib", "base")},
			modules: []string{"app  dependent  depended on old, which was deleted"},
			deleted: []string{"old  deleted  no module any more", "web  deleted  no module any more"},
		},
		"without modules before, its files are of no module": {
			now: []Module{module("app")}, before: new(Config),
			files: []File{{"old/x", Deleted}}, unowned: []string{"old/x"},
		},
		"what is deleted spreads as far as other changes do": {
			now: []Module{module("app"), module("base"), module("web", "app"), module("lib", "base")}, opts: SelectOptions{Dependents: DependentsDirect},
			modules: []string{"app  dependent  depended on old, which was deleted"},
			deleted: []string{"old  deleted  no module any more"},
		},
		"or not": {
			now: []Module{module("app"), module("base"), module("web", "app"), module("lib", "base")}, opts: SelectOptions{Dependents: DependentsNone},
			deleted: []string{"old  deleted  no module any more"},
		},
		"a module that was renamed is a deleted and a new one": {
			now:     []Module{module("app", "new"), module("new", "base"), module("base"), module("web", "app"), module("lib", "base")},
			files:   []File{{"new/x", Added}, {"old/x", Deleted}},
			modules: []string{"app  dependent  depends on new, which changed", "new  changed  new/x added", "web  dependent  depends on app, which depends on new, which changed"},
			deleted: []string{"old  deleted  no module any more, old/x deleted"},
		},
		"a file of a deleted module that is another's now counts for both": {
			now:     []Module{module("app"), module("base"), {Name: "web", Paths: []string{"web", "old"}}, module("lib", "base")},
			files:   []File{{"old/x", Modified}},
			modules: []string{"app  dependent  depended on old, which was deleted", "web  changed  old/x modified"},
			deleted: []string{"old  deleted  no module any more, old/x modified"},
		},
		"a module that moved has lost the files where it was": {
			now:     []Module{module("app", "old"), module("old", "base"), {Name: "base", Paths: []string{"core/base"}}, module("web", "app"), module("lib", "base")},
			files:   []File{{"base/x", Deleted}},
			modules: []string{"app  dependent  depends on old, which depends on base, which changed", "base  changed  base/x deleted", "lib  dependent  depends on base, which changed", "old  dependent  depends on base, which changed", "web  dependent  depends on app, which depends on old, which depends on base, which changed"},
		},
		"a file that is new counts for its owners now alone": {
			now:    []Module{module("base"), {Name: "all", Paths: []string{"."}}, module("part")},
			before: &Config{Modules: []Module{module("base"), {Name: "all", Paths: []string{"."}}}},
			files:  []File{{"part/x", Added}}, modules: []string{"part  changed  part/x added"},
		},
		"a module on demand is no dependent of what was deleted, but passes it on": {
			now:     []Module{{Name: "app", Paths: []string{"app"}, OnDemand: "APP"}, module("base"), module("web", "app"), module("lib", "base")},
			modules: []string{"web  dependent  depends on app, which depended on old, which was deleted"},
			deleted: []string{"old  deleted  no module any more"},
		},
		"a module that is deleted with what it needed has no dependent": {
			now:     []Module{module("lib")},
			files:   []File{{"app/x", Deleted}},
			modules: []string{"lib  dependent  depended on base, which was deleted"},
			deleted: []string{"app  deleted  no module any more, app/x deleted", "base  deleted  no module any more", "old  deleted  no module any more", "web  deleted  no module any more"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.opts.Before = &before
			if tt.before != nil {
				tt.opts.Before = tt.before
			}
			for _, files := range [][]File{tt.files, reversed(tt.files)} {
				got, err := Config{Modules: tt.now}.Select(Diff{Files: files}, tt.opts)
				if err != nil {
					t.Fatal(err)
				}
				for what, lists := range map[string][2][]string{
					"modules": {tt.modules, texts(got.Modules)}, "deleted": {tt.deleted, texts(got.Deleted)},
					"unowned": {append([]string{}, tt.unowned...), got.Unowned},
				} {
					if d := cmp.Diff(lists[0], lists[1]); d != "" {
						t.Errorf("%s (-want +got):\n%s", what, d)
					}
				}
			}
		})
	}
}

func TestSelectRefusesFaultyModulesOfBefore(t *testing.T) {
	bad := Config{Modules: []Module{{Name: "a"}}}
	_, err := Config{}.Select(Diff{}, SelectOptions{Before: &bad})
	if err == nil || err.Error() != "modules as they were before: module a has no paths" {
		t.Errorf("error = %v", err)
	}
}

func TestStatusIsTheFirstReason(t *testing.T) {
	c := Config{Global: []string{"ci"}, Modules: []Module{
		{Name: "a", Paths: []string{"a"}},
		{Name: "b", Paths: []string{"b"}, DependsOn: []string{"a"}},
		{Name: "c", Paths: []string{"c"}},
		{Name: "d", Paths: []string{"d"}, OnDemand: "D"},
	}}
	ask := func(string) string { return "true" }
	got, err := c.Select(Diff{Files: []File{{"a/x", Added}, {"ci", Modified}}, All: "nightly"}, SelectOptions{Variables: ask})
	if err != nil {
		t.Fatal(err)
	}
	want := "a  changed    a/x added, ci is global, all modules were asked for: nightly\n" +
		"b  dependent  depends on a, which changed, ci is global, all modules were asked for: nightly\n" +
		"c  global     ci is global, all modules were asked for: nightly\n" +
		"d  asked for  D asks for it\n"
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	got, err = c.Select(Diff{All: "nightly"}, SelectOptions{})
	if err != nil || len(got.Modules) != 3 || got.Modules[0].Status != ModuleAskedFor || got.All != "nightly" {
		t.Errorf("= %v, %v", got, err)
	}
}

func TestSelectionString(t *testing.T) {
	tests := map[string]struct {
		selection Selection
		want      string
	}{
		"nothing": {Selection{}, "no module is selected\n"},
		"files of no module, the first of them": {
			Selection{Unowned: []string{"a\nb", "c", "d", "e", "f"}},
			"no module is selected\nof no module: \"a\\nb\", c, d, and 2 more\n",
		},
		"names are aligned by characters, and cannot forge lines": {
			Selection{
				Modules: []Selected{
					{Name: "größe", Status: ModuleChanged, Reasons: []Reason{{Kind: ByFile, Path: "x\x1b[2J", Status: Added}}},
					{Name: "b\n", Status: ModuleAskedFor, Reasons: []Reason{{Kind: ByAll, Detail: "all\nof it"}}},
				},
				Deleted: []Selected{{Name: "a", Status: ModuleDeleted, Reasons: []Reason{{Kind: ByRemoval}}}},
			},
			"größe  changed    \"x\\x1b[2J\" added\n" + `"b\n"  asked for  all modules were asked for: "all\nof it"` + "\na      deleted    no module any more\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.selection.String()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestSelectWithBeforeAgreesWithTheDefinition draws two random graphs and
// compares who is selected with who reaches a changed or deleted module, over
// the edges of now and those of before that lead to deleted modules.
func TestSelectWithBeforeAgreesWithTheDefinition(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 6))
	draw := func(n int) (c Config) {
		var names []string
		for i := range n {
			if rng.IntN(3) > 0 {
				names = append(names, fmt.Sprint("m", i))
			}
		}
		for _, name := range names {
			m := Module{Name: name, Paths: []string{name}}
			for range rng.IntN(3) {
				m.DependsOn = append(m.DependsOn, names[rng.IntN(len(names))])
			}
			c.Modules = append(c.Modules, m)
		}
		return c
	}
	for range 400 {
		n := 1 + rng.IntN(12)
		before, now := draw(n), draw(n)
		changed := fmt.Sprint("m", rng.IntN(n))
		got, err := now.Select(Diff{Files: []File{{changed + "/x", Modified}}}, SelectOptions{Before: &before})
		if err != nil {
			t.Fatal(err)
		}
		has := func(c Config, name string) bool {
			return slices.ContainsFunc(c.Modules, func(m Module) bool { return m.Name == name })
		}
		reached := map[string]bool{changed: true}
		var deleted []string
		for _, m := range before.Modules {
			if !has(now, m.Name) {
				deleted = append(deleted, m.Name)
				reached[m.Name] = true
			}
		}
		for range n {
			for _, m := range now.Modules {
				for need := range reached {
					if edge(now, m.Name, need) || !has(now, need) && edge(before, m.Name, need) {
						reached[m.Name] = true
					}
				}
			}
		}
		var want []string
		for _, m := range now.Modules {
			if reached[m.Name] {
				want = append(want, m.Name)
			}
		}
		slices.Sort(want)
		slices.Sort(deleted)
		if d := cmp.Diff([2][]string{want, deleted}, [2][]string{names(got.Modules), names(got.Deleted)}); d != "" {
			t.Fatalf("seed %d: before %+v, now %+v, %s changed (-want +got):\n%s", seed, before, now, changed, d)
		}
	}
}

func edge(c Config, name, need string) bool {
	return slices.ContainsFunc(c.Modules, func(m Module) bool { return m.Name == name && slices.Contains(m.DependsOn, need) })
}

func names(modules []Selected) (names []string) {
	for _, m := range modules {
		names = append(names, m.Name)
	}
	return names
}
