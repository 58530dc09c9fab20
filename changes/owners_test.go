package changes

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-cmp/cmp"
)

// own returns the modules of c that own file, by name.
func own(t testing.TB, c Config, file string) []string {
	t.Helper()
	o := newOwners(c, func(_ Place, format string, args ...any) { t.Fatalf(format, args...) })
	var names []string
	for _, m := range o.of(nil, file) {
		names = append(names, c.Modules[m].Name)
	}
	return names
}

func TestOwners(t *testing.T) {
	type paths map[string][]string // by module; "-" before an entry excludes
	tests := map[string]struct {
		modules paths
		want    map[string]string // owners by file
	}{
		"a directory owns all below it, and nothing beside it": {
			paths{"a": {"services/a"}},
			map[string]string{"services/a/x": "a", "services/a/b/c": "a", "services/ab/x": "", "services/a.go": "", "x/services/a/x": "", "services": ""},
		},
		"a path may name a file, a link or a submodule": {
			paths{"a": {"go.mod", "third/party"}},
			map[string]string{"go.mod": "a", "third/party": "a", "go.modx": "", "x/go.mod": ""},
		},
		"./ before and / after mean nothing": {
			paths{"a": {"./services//a/"}, "b": {"././b/./c/"}},
			map[string]string{"services/a/x": "a", "b/c/x": "b"},
		},
		"the longest directory wins": {
			paths{"root": {"."}, "services": {"services"}, "a": {"services/a"}, "deep": {"services/a/deep"}},
			map[string]string{"x": "root", "services/x": "services", "services/a/x": "a", "services/a/deep/x/y": "deep", "services/b/x": "services"},
		},
		"modules with the same directory all own it": {
			paths{"a": {"libs/shared", "a"}, "b": {"libs/shared", "b"}, "c": {"libs/shared/", "c"}},
			map[string]string{"libs/shared/x": "a b c", "a/x": "a", "b/x": "b"},
		},
		"a module's own longer directory wins as well": {
			paths{"a": {"services", "services/a"}, "b": {"services"}},
			map[string]string{"services/a/x": "a", "services/x": "a b"},
		},
		"a file that is named is not lost to its directory, nor the reverse": {
			paths{"a": {"services/a"}, "e2e": {"services/a/api.yaml"}},
			map[string]string{"services/a/api.yaml": "a e2e", "services/a/x": "a"},
		},
		"a glob owns what it matches, whoever else does": {
			paths{"a": {"services/a"}, "docs": {"**/*.md"}, "tf": {"services/*/infra/**"}},
			map[string]string{"services/a/README.md": "a docs", "README.md": "docs", "services/a/infra/x/y.tf": "a tf", "services/a/x": "a"},
		},
		"stars, questions, choices and classes": {
			paths{"star": {"a/*.go"}, "question": {"b/?.go"}, "choice": {"{c,d}/*"}, "class": {"e/[x-z]"}},
			map[string]string{"a/x.go": "star", "a/b/x.go": "", "b/x.go": "question", "b/xy.go": "", "d/x": "choice", "c/x/y": "", "e/y": "class", "e/a": "", "a/.go": "star"},
		},
		"a glob with / at its end takes all below what it matches": {
			paths{"a": {"apps/*-web/"}},
			map[string]string{"apps/x-web/a/b": "a", "apps/x-web/c": "a", "apps/x/c": ""},
		},
		"** is everything and gives way to none; . gives way": {
			paths{"all": {"**"}, "root": {"."}, "a": {"a"}},
			map[string]string{"a/x": "a all", "x": "all root"},
		},
		"** may stand for nothing": {
			paths{"a": {"a/**/x"}, "b": {"b/**"}},
			map[string]string{"a/x": "a", "a/1/2/x": "a", "b": "b"},
		},
		"escaped wildcards are plain": {
			paths{"a": {`pages/\[id\].tsx`}, "b": {`pages/\[slug\]`}, "c": {`pages/\[*\]/x`}},
			map[string]string{"pages/[id].tsx": "a", "pages/i.tsx": "", "pages/[slug]/y": "b", "pages/[any]/x": "c"},
		},
		"what is excluded goes to the next shorter directory": {
			paths{"a": {"services/a", "-services/a/docs", "-**/*.md"}, "services": {"services"}},
			map[string]string{"services/a/x": "a", "services/a/docs/x": "services", "services/a/x.md": "services", "services/a/docs": "services"},
		},
		"of modules that share a directory, one may exclude": {
			paths{"a": {"libs", "-libs/b"}, "b": {"libs"}},
			map[string]string{"libs/b/x": "b", "libs/x": "a b"},
		},
		"an exclusion holds for globs and for named files": {
			paths{"a": {"**/*.go", "x.txt", "-gen", "-x.txt"}},
			map[string]string{"gen/a.go": "", "a.go": "a", "x.txt": ""},
		},
		"names are bytes, and case matters": {
			paths{"a": {"dir"}, "b": {"**/*.txt"}},
			map[string]string{"dir/\xff\n": "a", "Dir/x": "", "\xe9.txt": "b", "dir/\xe9/\t.txt": "a b"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var c Config
			for _, name := range slices.Sorted(maps.Keys(tt.modules)) {
				m := Module{Name: name}
				for _, p := range tt.modules[name] {
					if exclude, ok := strings.CutPrefix(p, "-"); ok {
						m.Exclude = append(m.Exclude, exclude)
					} else {
						m.Paths = append(m.Paths, p)
					}
				}
				c.Modules = append(c.Modules, m)
			}
			got := map[string]string{}
			for file := range tt.want {
				got[file] = strings.Join(own(t, c, file), " ")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("owners (-want +got):\n%s", d)
			}
		})
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	tests := map[string]string{ // what the error says
		"":                                     "empty",
		"  ":                                   "empty",
		"/etc":                                 "absolute",
		"../x":                                 `".."`,
		"a/../b":                               `".."`,
		"a/**/..":                              `".."`,
		"a[":                                   "no valid glob",
		"{a,b":                                 "no valid glob",
		`services\a`:                           "backslash",
		`a\`:                                   "backslash",
		`*\`:                                   "backslash",
		"a/[z-a]/*/[":                          "no valid glob",
		strings.Repeat("{a,aa,aaa}", 40) + "b": "more than 163 globs",
		strings.Repeat("{**/a,a}/", 25) + "b":  "more than 289 globs",
		strings.Repeat("*", 1025):              "1025 bytes",
	}
	for entry, want := range tests {
		if p, err := parsePattern(entry); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePattern(%q) = %+v, %v; want an error with %q", entry, p, err, want)
		}
	}
}

// naiveOwners is the rule of Module, word by word.
func naiveOwners(c Config, file string) []string {
	matches := func(entry string) (glob bool, length int, ok bool) {
		p, err := parsePattern(entry)
		switch {
		case err != nil:
			return false, 0, false
		case p.glob:
			ok, err := doublestar.Match(p.text, file)
			return true, 0, ok && err == nil
		case p.text == file:
			return true, 0, true // names the file itself: outside of the contest
		}
		return false, len(p.text), p.text == "" || strings.HasPrefix(file, p.text+"/")
	}
	longest := -1
	own := map[string]int{} // the longest directory of each; a large number for what cannot lose
	for _, m := range c.Modules {
		if slices.ContainsFunc(m.Exclude, func(e string) bool { _, _, ok := matches(e); return ok }) {
			continue
		}
		for _, entry := range m.Paths {
			glob, length, ok := matches(entry)
			switch {
			case ok && glob:
				own[m.Name] = 1 << 30
			case ok:
				own[m.Name] = max(own[m.Name], length)
				longest = max(longest, length)
			}
		}
	}
	var names []string
	for name, length := range own {
		if length >= longest {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func FuzzOwners(f *testing.F) {
	f.Add("services/a", "services", "**/*.md", "services/a/x.md", "services/a/x.md")
	f.Add(".", "a", "{a,b}/**", "a/[x-z]", "a/y")
	f.Add(`p/\[id\]`, "p/*/", "**", "p/[id]/q", "p/[id]/x")
	f.Add("a", "a/b/", "./a/b", "a/b/c", "a/b/c")
	f.Add("\xff", "a\n", "*", "b", "\xff/x")
	f.Fuzz(func(t *testing.T, one, two, three, exclude, file string) {
		c := Config{Modules: []Module{
			{Name: "a", Paths: []string{one, three}},
			{Name: "b", Paths: []string{two}, Exclude: []string{exclude}},
			{Name: "c", Paths: []string{three}},
			{Name: "d", Paths: []string{one, two}},
		}}
		if c.Validate() != nil || strings.HasPrefix(file, "/") || strings.HasSuffix(file, "/") || strings.Contains(file, "//") {
			return
		}
		if d := cmp.Diff(naiveOwners(c, file), own(t, c, file)); d != "" {
			t.Errorf("owners of %q in %+v (-naive +got):\n%s", file, c, d)
		}
	})
}

func TestOwnersAgreesWithTheNaiveRule(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 3))
	segments := []string{"a", "b", "ab", "*", "**", "a*", "{a,b}", "[ab]", "?"}
	entry := func(words int) string {
		var parts []string
		for range 1 + rng.IntN(4) {
			parts = append(parts, segments[rng.IntN(words)])
		}
		return strings.Join(parts, "/") + []string{"", "/"}[rng.IntN(2)]
	}
	for range 3000 {
		var c Config
		for i := range 4 {
			m := Module{Name: fmt.Sprint(i)}
			for range 1 + rng.IntN(3) {
				m.Paths = append(m.Paths, entry([]int{3, len(segments)}[rng.IntN(2)]))
			}
			if rng.IntN(2) == 0 {
				m.Exclude = []string{entry(len(segments))}
			}
			c.Modules = append(c.Modules, m)
		}
		file := strings.TrimSuffix(entry(3), "/")
		if d := cmp.Diff(naiveOwners(c, file), own(t, c, file)); d != "" {
			t.Fatalf("seed %d: owners of %q in %+v (-naive +got):\n%s", seed, file, c, d)
		}
	}
}
