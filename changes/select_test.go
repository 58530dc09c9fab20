package changes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func reasonTexts(s Selection) map[string][]string {
	texts := map[string][]string{}
	for _, m := range s.Modules {
		for _, r := range m.Reasons {
			texts[m.Name] = append(texts[m.Name], r.String())
		}
	}
	return texts
}

func TestSelect(t *testing.T) {
	// d depends on c on b on a; e on nothing; portal on b, and only on demand; p on portal.
	config := Config{
		Global: []string{".gitlab-ci.yml", "ci/**"},
		Modules: []Module{
			{Name: "d", Paths: []string{"d"}, DependsOn: []string{"c"}},
			{Name: "c", Paths: []string{"c"}, DependsOn: []string{"b"}},
			{Name: "b", Paths: []string{"b"}, DependsOn: []string{"a"}},
			{Name: "a", Paths: []string{"a"}},
			{Name: "e", Paths: []string{"e", "ci/e"}},
			{Name: "portal", Paths: []string{"portal"}, DependsOn: []string{"b"}, OnDemand: "TEST_PORTAL"},
			{Name: "p", Paths: []string{"p"}, DependsOn: []string{"portal"}},
		},
	}
	set := func(value string) func(string) string {
		return func(name string) string {
			if name == "TEST_PORTAL" {
				return value
			}
			return "true"
		}
	}
	tests := map[string]struct {
		files   []File
		all     string
		opts    SelectOptions
		want    map[string][]string
		unowned []string
	}{
		"no files select nothing": {},
		"a module is selected for its files, all of them, in order": {
			files: []File{{"e/z", Deleted}, {"e/a", Modified}, {"e/m", Added}, {"e/l", TypeChanged}},
			want:  map[string][]string{"e": {"e/a modified", "e/l type-changed", "e/m added", "e/z deleted"}},
		},
		"files of no module are listed, once": {
			files:   []File{{"z", Added}, {"e/x", Added}, {"README", Deleted}, {"z", Added}},
			want:    map[string][]string{"e": {"e/x added"}},
			unowned: []string{"README", "z"},
		},
		"a change spreads through all that depend on it, by the shortest chain": {
			files: []File{{"b/x", Modified}},
			want: map[string][]string{
				"b": {"b/x modified"}, "c": {"depends on b, which changed"}, "d": {"depends on c, which depends on b, which changed"},
				"p": {"depends on portal, which depends on b, which changed"},
			},
		},
		"directly, it spreads one step": {
			files: []File{{"a/x", Modified}}, opts: SelectOptions{Dependents: DependentsDirect},
			want: map[string][]string{"a": {"a/x modified"}, "b": {"depends on a, which changed"}},
		},
		"or not at all": {
			files: []File{{"a/x", Modified}}, opts: SelectOptions{Dependents: DependentsNone},
			want: map[string][]string{"a": {"a/x modified"}},
		},
		"a module that changed itself needs no other reason, and starts a chain": {
			files: []File{{"a/x", Modified}, {"c/x", Modified}},
			want: map[string][]string{
				"a": {"a/x modified"}, "b": {"depends on a, which changed"}, "c": {"c/x modified"}, "d": {"depends on c, which changed"},
				"p": {"depends on portal, which depends on b, which depends on a, which changed"},
			},
		},
		"a global file selects all but those on demand, and is not unowned": {
			files: []File{{".gitlab-ci.yml", Modified}},
			want: map[string][]string{
				"a": {".gitlab-ci.yml is global"}, "b": {".gitlab-ci.yml is global"}, "c": {".gitlab-ci.yml is global"},
				"d": {".gitlab-ci.yml is global"}, "e": {".gitlab-ci.yml is global"}, "p": {".gitlab-ci.yml is global"},
			},
		},
		"a global file may have an owner too; the owner's other reasons stay": {
			files: []File{{"ci/e/x", Added}, {"d/x", Added}},
			want: map[string][]string{
				"a": {"ci/e/x is global"}, "b": {"ci/e/x is global"}, "c": {"ci/e/x is global"},
				"d": {"d/x added", "ci/e/x is global"}, "e": {"ci/e/x added", "ci/e/x is global"}, "p": {"ci/e/x is global"},
			},
		},
		"all means all but those on demand": {
			files: []File{{"c/x", Added}}, all: "nightly", opts: SelectOptions{Variables: set("false")},
			want: map[string][]string{
				"a": {"all modules were asked for: nightly"}, "b": {"all modules were asked for: nightly"},
				"c": {"c/x added", "all modules were asked for: nightly"}, "d": {"depends on c, which changed", "all modules were asked for: nightly"},
				"e": {"all modules were asked for: nightly"}, "p": {"all modules were asked for: nightly"},
			},
		},
		"a module on demand joins for a file of its own, and its change spreads": {
			files: []File{{"portal/x", Added}},
			want:  map[string][]string{"portal": {"portal/x added"}, "p": {"depends on portal, which changed"}},
		},
		"or when its variable asks, which is no change": {
			opts: SelectOptions{Variables: set("true")},
			want: map[string][]string{"portal": {"TEST_PORTAL asks for it"}},
		},
		"or both": {
			files: []File{{"portal/x", Added}}, opts: SelectOptions{Variables: set(" TRUE\n"), Dependents: DependentsNone},
			want: map[string][]string{"portal": {"portal/x added", "TEST_PORTAL asks for it"}},
		},
		"1 asks": {
			opts: SelectOptions{Variables: set("1")},
			want: map[string][]string{"portal": {"TEST_PORTAL asks for it"}},
		},
		"other values do not": {opts: SelectOptions{Variables: set("yes")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, files := range [][]File{tt.files, reversed(tt.files)} {
				got, err := config.Select(Diff{Files: files, All: tt.all}, tt.opts)
				if err != nil {
					t.Fatal(err)
				}
				want := tt.want
				if want == nil {
					want = map[string][]string{}
				}
				if d := cmp.Diff(want, reasonTexts(got)); d != "" {
					t.Errorf("reasons (-want +got):\n%s", d)
				}
				if d := cmp.Diff(append([]string{}, tt.unowned...), got.Unowned); d != "" {
					t.Errorf("unowned (-want +got):\n%s", d)
				}
				if !slices.IsSortedFunc(got.Modules, func(a, b Selected) int { return strings.Compare(a.Name, b.Name) }) {
					t.Errorf("modules are not sorted: %v", got.Modules)
				}
			}
		})
	}
}

func reversed(files []File) []File {
	files = slices.Clone(files)
	slices.Reverse(files)
	return files
}

func TestSelectCarriesLabelsAndData(t *testing.T) {
	c := Config{Modules: []Module{
		{Name: "b", Paths: []string{"b"}, DependsOn: []string{"a"}, Labels: map[string]string{"port": "80"}},
		{Name: "a", Paths: []string{"a"}},
	}}
	got, err := c.Select(Diff{Files: []File{{"a/x", Modified}}}, SelectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := Selection{
		Modules: []Selected{
			{Name: "a", Status: ModuleChanged, Reasons: []Reason{{Kind: ByFile, Path: "a/x", Status: Modified}}},
			{Name: "b", Status: ModuleDependent, Labels: map[string]string{"port": "80"}, Reasons: []Reason{{Kind: ByDependency, Via: []string{"a"}}}},
		},
		Deleted: []Selected{},
		Unowned: []string{},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestSelectOfEquallyShortChainsTakesTheFirstByName(t *testing.T) {
	// top needs l and r; both need base twice removed. Cycles lead nowhere.
	names := []string{"top", "r", "l", "r2", "base", "also"}
	needs := map[string][]string{"top": {"r", "l", "top"}, "r": {"also", "top"}, "l": {"r2", "base"}, "r2": {"base"}, "base": {"l"}}
	var want string
	for range 20 {
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var c Config
		for _, n := range names {
			c.Modules = append(c.Modules, Module{Name: n, Paths: []string{n}, DependsOn: needs[n]})
		}
		got, err := c.Select(Diff{Files: []File{{"base/x", Added}, {"also/x", Added}}}, SelectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(reasonTexts(got))
		if want == "" {
			want = text
		}
		if text != want || strings.Join(reasonTexts(got)["top"], "|") != "depends on l, which depends on base, which changed" {
			t.Fatalf("modules in the order %v:\n got %s\nwant %s", names, text, want)
		}
	}
}

// TestSpreadAgreesWithReachability draws random graphs and compares who is
// selected with who can reach a changed module, and each chain with the graph.
func TestSpreadAgreesWithReachability(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 4))
	for range 300 {
		n := 1 + rng.IntN(12)
		var c Config
		needs := map[string][]string{}
		for i := range n {
			m := Module{Name: fmt.Sprint("m", i), Paths: []string{fmt.Sprint("m", i)}}
			for range rng.IntN(3) {
				m.DependsOn = append(m.DependsOn, fmt.Sprint("m", rng.IntN(n)))
			}
			needs[m.Name] = m.DependsOn
			c.Modules = append(c.Modules, m)
		}
		changed := fmt.Sprint("m", rng.IntN(n))
		got, err := c.Select(Diff{Files: []File{{changed + "/x", Added}}}, SelectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		distance := map[string]int{changed: 0} // by rounds over all edges
		for range n {
			for name, ns := range needs {
				for _, need := range ns {
					if d, ok := distance[need]; ok {
						if own, known := distance[name]; !known || own > d+1 {
							distance[name] = d + 1
						}
					}
				}
			}
		}
		if len(got.Modules) != len(distance) {
			t.Fatalf("seed %d: %+v with %s changed: selected %v, want %v", seed, needs, changed, reasonTexts(got), distance)
		}
		for _, m := range got.Modules {
			at := m.Name
			via := m.Reasons[0].Via
			for _, next := range via {
				if !slices.Contains(needs[at], next) {
					t.Fatalf("seed %d: %s: no edge from %s to %s in %v", seed, m.Name, at, next, via)
				}
				at = next
			}
			if at != changed || len(via) != distance[m.Name] {
				t.Fatalf("seed %d: %s: via %v, want %d steps to %s", seed, m.Name, via, distance[m.Name], changed)
			}
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	for _, size := range []struct{ files, modules int }{{1461, 50}, {1461, 2000}} {
		b.Run(fmt.Sprintf("files=%d/modules=%d", size.files, size.modules), func(b *testing.B) {
			var c Config
			for i := range size.modules {
				m := Module{Name: fmt.Sprint("m", i), Paths: []string{fmt.Sprintf("services/group-%d/m%d", i%20, i)}}
				if i > 0 {
					m.DependsOn = []string{fmt.Sprint("m", i/2)}
				}
				c.Modules = append(c.Modules, m)
			}
			var files []File
			for i := range size.files {
				m := i % size.modules
				files = append(files, File{fmt.Sprintf("services/group-%d/m%d/src/pkg/file%d.py", m%20, m, i), Modified})
			}
			diff := Diff{Files: files}
			for name, opts := range map[string]SelectOptions{"now": {}, "before": {Before: &c}} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						s, err := c.Select(diff, opts)
						if err != nil || len(s.Modules) == 0 {
							b.Fatal(s, err)
						}
					}
				})
			}
		})
	}
}
