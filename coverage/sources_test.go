package coverage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// named is a report of one line in each of paths, every second of them covered.
func named(t testing.TB, paths ...string) Report {
	t.Helper()
	var b strings.Builder
	for i, p := range paths {
		fmt.Fprintf(&b, "SF:%s\nDA:%d,%d\nend_of_record\n", p, i+1, i%2)
	}
	report, err := Parse(strings.NewReader("TN:\n" + b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func pathsOf(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}

func TestSourcesMap(t *testing.T) {
	shop := []string{"README.md", "setup.py", "billing/tax.py", "billing/app.py", "web/app.py", "web/src/index.js", "lib/src/index.js", "cart/go.mod", "cart/cart.go", "cart/price/price.go"}
	tests := map[string]struct {
		sources Sources
		root    string
		roots   []string // of the report
		path    string
		want    string // "" where it stays as it is
	}{
		"without sources a path stays":        {path: "./x/../app.py"},
		"a path of the repository is itself":  {sources: Sources{Files: shop}, path: "web/app.py", want: "web/app.py"},
		"also with a dot before it":           {sources: Sources{Files: shop}, path: "./web/./app.py", want: "web/app.py"},
		"one relative to the root":            {sources: Sources{Files: shop}, root: "web", path: "app.py", want: "web/app.py"},
		"one that leads out of it":            {sources: Sources{Files: shop}, root: "web", path: "../billing/tax.py", want: "billing/tax.py"},
		"the root goes before the repository": {sources: Sources{Files: []string{"app.py", "web/app.py"}}, root: "web", path: "app.py", want: "web/app.py"},
		"a root alone needs no list of files": {root: "web", path: "app.py", want: "web/app.py"},
		"one relative to a root of the report": {
			sources: Sources{Files: shop}, roots: []string{"web", "docs"}, path: "app.py", want: "web/app.py",
		},
		"one relative to a root below the root": {
			sources: Sources{Files: shop}, root: "web", roots: []string{"src"}, path: "index.js", want: "web/src/index.js",
		},
		"a root of the report that is absolute, with its prefix": {
			sources: Sources{Files: shop, Prefixes: map[string]string{"/builds/acme": "."}}, roots: []string{"/builds/acme/web/src"}, path: "index.js", want: "web/src/index.js",
		},
		"and without, by its tail": {
			sources: Sources{Files: shop}, roots: []string{"/builds/acme/web/src"}, path: "index.js", want: "web/src/index.js",
		},
		"a prefix of a container": {
			sources: Sources{Files: shop, Prefixes: map[string]string{"/app": "billing"}}, path: "/app/app.py", want: "billing/app.py",
		},
		"the longest prefix": {
			sources: Sources{Files: shop, Prefixes: map[string]string{"/app": "billing", "/app/web/": "web"}}, path: "/app/web/app.py", want: "web/app.py",
		},
		"an absolute path of Windows in slashes is absolute": {
			sources: Sources{Files: shop}, root: "web", path: "C:/builds/acme/web/app.py", want: "web/app.py",
		},
		"and not relative to a root": {root: "web", path: "C:/builds/app.py"},
		"a prefix of Windows": {
			sources: Sources{Files: shop, Prefixes: map[string]string{`C:\builds\acme`: "."}}, path: "C:/builds/acme/web/app.py", want: "web/app.py",
		},
		"a prefix of several directories, of which one has the file": {
			sources: Sources{Files: shop, Shared: map[string][]string{"m": {"cart", "web"}}}, path: "m/price/price.go", want: "cart/price/price.go",
		},
		"of which the root is one": {
			sources: Sources{Files: []string{"a/x.go", "a/old/x.go", "b/x.go"}, Shared: map[string][]string{"m": {"a", "a/old", "b"}}}, root: "a", path: "m/x.go", want: "a/x.go",
		},
		"of which one is below the root": {
			sources: Sources{Files: []string{"a/go/x.go", "b/go/x.go"}, Shared: map[string][]string{"m": {"a/go", "b/go"}}}, root: "b", path: "m/x.go", want: "b/go/x.go",
		},
		"a prefix of one goes before": {
			sources: Sources{Files: []string{"a/x.go", "b/x.go"}, Prefixes: map[string]string{"m": "b"}, Shared: map[string][]string{"m": {"a", "b"}}}, path: "m/x.go", want: "b/x.go",
		},
		"a longer prefix of several goes before": {
			sources: Sources{Files: []string{"a/x.go", "b/x.go"}, Prefixes: map[string]string{"m": "b"}, Shared: map[string][]string{"m/n": {"a", "c"}}}, path: "m/n/x.go", want: "a/x.go",
		},
		"a prefix ends at a name": {
			sources: Sources{Prefixes: map[string]string{"/app": "billing"}}, path: "/apples/app.py",
		},
		"a prefix alone needs no list of files": {
			sources: Sources{Prefixes: map[string]string{"/app": "."}}, path: "/app/new.py", want: "new.py",
		},
		"an import path": {
			sources: Sources{Files: shop, Prefixes: map[string]string{"example.com/shop/cart": "cart"}}, path: "example.com/shop/cart/price/price.go", want: "cart/price/price.go",
		},
		"a checkout elsewhere, by the longest tail": {
			sources: Sources{Files: append([]string{"app.py"}, shop...)}, path: "/builds/acme/shop/web/app.py", want: "web/app.py",
		},
		"a module's own container, by the tail below the root": {
			sources: Sources{Files: shop}, root: "billing", path: "/usr/src/tax.py", want: "billing/tax.py",
		},
		"of several tails those below the root": {
			sources: Sources{Files: shop}, root: "lib", path: "index.js", want: "lib/src/index.js",
		},
		"a package below a source root that the report does not name": {
			sources: Sources{Files: []string{"billing/src/main/java/com/acme/Tax.java", "web/Tax.java"}}, path: "com/acme/Tax.java", want: "billing/src/main/java/com/acme/Tax.java",
		},
		"a path of Windows": {
			sources: Sources{Files: shop}, path: `C:\builds\shop\web\src\index.js`, want: "web/src/index.js",
		},
		"a relative one of Windows": {
			sources: Sources{Files: shop}, path: `web\src\index.js`, want: "web/src/index.js",
		},
		"a tail is of whole names": {
			sources: Sources{Files: shop}, path: "/x/myapp.py",
		},
		"part of a tail is no file: it may be a library of that name": {
			sources: Sources{Files: shop}, path: "/usr/lib/python3/vendor/tax.py",
		},
		"what leads out of the repository is none of it": {
			root: "web", path: "../../etc/passwd",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			report := named(t, tt.path)
			report.Roots = tt.roots
			got, err := tt.sources.Map(report, tt.root)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want == "" {
				want = tt.path
			}
			if d := cmp.Diff([]string{want}, pathsOf(got.Files)); d != "" {
				t.Errorf("path (-want +got):\n%s", d)
			}
			if got.Count() != report.Count() || got.Metric != report.Metric || got.Format != report.Format {
				t.Errorf("mapping changed the numbers: %+v", got)
			}
			asItIs := tt.want == "" && len(tt.sources.Files)+len(tt.sources.Prefixes)+len(tt.sources.Shared)+len(tt.root) > 0
			if asItIs != (len(got.Warnings) == 1) {
				t.Errorf("warnings are %q", got.Warnings)
			}
		})
	}
}

func TestSourcesMapRefuses(t *testing.T) {
	files := []string{"a/app.py", "b/app.py", "c/app.py", "d/app.py", "e/app.py", "f/app.py", "g/app.py", "src/x.py", "lib/x.py", "only.py"}
	tests := map[string]struct {
		roots []string
		paths []string
		want  string
	}{
		"a tail of several files": {
			paths: []string{"app.py"},
			want:  "map app.py: it may be any of a/app.py, b/app.py, c/app.py, d/app.py, e/app.py and 2 more: name the root of the report, or a prefix",
		},
		"several roots of the report": {
			roots: []string{"src", "lib"}, paths: []string{"x.py"},
			want: "map x.py: it may be any of lib/x.py, src/x.py: name the root of the report, or a prefix",
		},
		"two paths that end like one file": {
			paths: []string{"/app/only.py", "/usr/lib/only.py"},
			want:  "map /app/only.py and /usr/lib/only.py: both may be only.py: name the root of the report, or a prefix",
		},
		"one that is a file, and one that ends like it": {
			paths: []string{"/usr/lib/a/app.py", "a/app.py"},
			want:  "map /usr/lib/a/app.py and a/app.py: both may be a/app.py: name the root of the report, or a prefix",
		},
		"each of them is told": {
			paths: []string{"app.py", "x.py"},
			want: "map app.py: it may be any of a/app.py, b/app.py, c/app.py, d/app.py, e/app.py and 2 more: name the root of the report, or a prefix\n" +
				"map x.py: it may be any of lib/x.py, src/x.py: name the root of the report, or a prefix",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			report := named(t, tt.paths...)
			report.Roots = tt.roots
			got, err := Sources{Files: files}.Map(report, "")
			if err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if e, ok := errors.AsType[*AmbiguousError](err); !ok || len(e.Files) == 0 || len(e.Paths) == 0 {
				t.Errorf("error is %#v, want an AmbiguousError", err)
			}
			if len(got.Files) > 0 {
				t.Errorf("files beside the error: %v", got.Files)
			}
		})
	}
}

func TestSourcesMapDoesNotListAThousandErrors(t *testing.T) {
	var files, paths []string
	for i := range 1000 {
		paths = append(paths, fmt.Sprintf("%d.py", i))
		files = append(files, fmt.Sprintf("a/%d.py", i), fmt.Sprintf("b/%d.py", i))
	}
	_, err := Sources{Files: files}.Map(named(t, paths...), "")
	if err == nil || strings.Count(err.Error(), "\n") != 3 || !strings.HasSuffix(err.Error(), "\nand 997 more paths like these") {
		t.Errorf("error is %v", err)
	}
}

func TestSourcesMapMergesFilesThatAreOne(t *testing.T) {
	report, err := Parse(strings.NewReader("SF:src/a.js\nDA:1,1\nDA:2,0\nend_of_record\nSF:/app/src/a.js\nDA:2,1\nDA:3,0\nend_of_record\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Sources{Files: []string{"web/src/a.js"}, Prefixes: map[string]string{"/app": "web"}}.Map(report, "web")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]File{{Path: "web/src/a.js", Count: Count{2, 3}}}, got.Files, numbers); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if before := report.Count(); before != (Count{2, 4}) {
		t.Errorf("mapping changed the report that it was given: %+v", before)
	}
}

func TestSourcesMapRefusesBlocksThatDiffer(t *testing.T) {
	report, err := Parse(strings.NewReader("mode: set\nm/a.go:1.1,2.2 1 1\n/app/a.go:1.1,2.2 2 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Sources{Prefixes: map[string]string{"m": ".", "/app": "."}}.Map(report, "")
	if err == nil || !strings.HasPrefix(err.Error(), "merge a.go: block 1.1,2.2 has ") {
		t.Errorf("error is %v", err)
	}
}

func TestSourcesMapKeepsFilesThatAreMadeByHand(t *testing.T) {
	report := Report{Metric: Lines, Files: []File{{Path: "a.py", Count: Count{3, 7}, Branches: Count{1, 2}}}}
	got, err := Sources{}.Map(report, "web")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]File{{Path: "web/a.py", Count: Count{3, 7}, Branches: Count{1, 2}}}, got.Files, numbers); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
}

func TestSourcesMapSaysWhatIsStrange(t *testing.T) {
	report := named(t, "a.py", "/usr/lib/six.py", "/usr/lib/ten.py")
	report.Warnings = []string{"odd"}
	got, err := Sources{Files: []string{"a.py"}}.Map(report, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"odd", "2 of 3 files are none of the repository, first /usr/lib/six.py; they count by the path that the report gives"}
	if d := cmp.Diff(want, got.Warnings); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"/usr/lib/six.py", "/usr/lib/ten.py", "a.py"}, pathsOf(got.Files)); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
}

// TestSourcesMapFindsTheFileOrSaysThatItCannot draws repositories whose names
// repeat, and reports that were made elsewhere: a path is mapped to the file that it
// was made of, or refused, and never to another one.
func TestSourcesMapFindsTheFileOrSaysThatItCannot(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 8))
	name := func() string { return string(rune('a' + rnd.IntN(3))) }
	found := 0
	for range 2000 {
		var s Sources
		for range 1 + rnd.IntN(12) {
			parts := make([]string, 1+rnd.IntN(4))
			for i := range parts {
				parts[i] = name()
			}
			s.Files = append(s.Files, "m/"+strings.Join(parts, "/"))
		}
		truth := s.Files[rnd.IntN(len(s.Files))]
		path := []string{truth, "/elsewhere/" + truth, strings.TrimPrefix(truth, "m/"), "/x/" + strings.TrimPrefix(truth, "m/")}[rnd.IntN(4)]
		root := []string{"", "m"}[rnd.IntN(2)]
		got, err := s.Map(named(t, path), root)
		if err != nil {
			continue
		}
		switch file := got.Files[0].Path; {
		case file == truth:
			found++
		case file == path: // no rule gave a file
		case !strings.HasSuffix("/"+path, "/"+strings.TrimPrefix(file, "m/")) && !strings.HasSuffix(file, "/"+path):
			t.Fatalf("%s of %q below %q is taken for %s, which does not end like it", path, s.Files, root, file)
		}
	}
	if found < 1000 {
		t.Errorf("only %d of 2000 files were found", found)
	}
}
