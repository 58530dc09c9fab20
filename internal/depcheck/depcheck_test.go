package depcheck

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// graph is parsed as if go list had written it; "*" marks the package under test.
func graph(t *testing.T, lines ...string) []goPackage {
	t.Helper()
	var out strings.Builder
	for _, line := range lines {
		f := strings.Fields(line) // module path imports...
		module, path, imports := f[0], f[1], f[2:]
		named := strings.HasPrefix(path, "*")
		fmt.Fprintf(&out, `{"ImportPath": %q, "DepOnly": %t, "Standard": %t, "Imports": ["%s"]`,
			strings.TrimPrefix(path, "*"), !named, module == "std", strings.Join(imports, `", "`))
		if module != "std" {
			fmt.Fprintf(&out, `, "Module": {"Path": %q, "Main": %t}`, module, module == "our.org/m")
		}
		out.WriteString("}\n")
	}
	packages, err := parse([]byte(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func TestOutside(t *testing.T) {
	tests := map[string]struct {
		packages []string
		allowed  []string
		want     []string // chains
	}{
		"the standard library and our own packages are always allowed": {
			packages: []string{"our.org/m *our.org/m/a our.org/m/b fmt", "our.org/m our.org/m/b fmt", "std fmt"},
		},
		"what the standard library vendors is the standard library": {
			packages: []string{"our.org/m *our.org/m/a net", "std net vendor/golang.org/x/net/idna", "std vendor/golang.org/x/net/idna"},
		},
		"a direct import is found": {
			packages: []string{"our.org/m *our.org/m/a big.org/x/sub", "big.org/x big.org/x/sub"},
			want:     []string{"our.org/m/a big.org/x/sub"},
		},
		"so is one behind a package of ours": {
			packages: []string{"our.org/m *our.org/m/a our.org/m/b", "our.org/m our.org/m/b big.org/x", "big.org/x big.org/x"},
			want:     []string{"our.org/m/a our.org/m/b big.org/x"},
		},
		"an allowed module does not allow what it imports": {
			packages: []string{"our.org/m *our.org/m/a ok.org/y", "ok.org/y ok.org/y big.org/x", "big.org/x big.org/x"},
			allowed:  []string{"ok.org/y"},
			want:     []string{"our.org/m/a ok.org/y big.org/x"},
		},
		"a module with a longer path is another module": {
			packages: []string{"our.org/m *our.org/m/a big.org/x/v2", "big.org/x/v2 big.org/x/v2"},
			allowed:  []string{"big.org/x"},
			want:     []string{"our.org/m/a big.org/x/v2"},
		},
		"a module is named once, with its shortest chain": {
			packages: []string{
				"our.org/m *our.org/m/a our.org/m/b our.org/m/c", "our.org/m our.org/m/b our.org/m/c",
				"our.org/m our.org/m/c big.org/x/p", "big.org/x big.org/x/p big.org/x/q", "big.org/x big.org/x/q",
			},
			want: []string{"our.org/m/a our.org/m/c big.org/x/p"},
		},
		"modules come sorted": {
			packages: []string{"our.org/m *our.org/m/a z.org/z b.org/b", "z.org/z z.org/z", "b.org/b b.org/b"},
			want:     []string{"our.org/m/a b.org/b", "our.org/m/a z.org/z"},
		},
		"cgo's C is no package": {
			packages: []string{"our.org/m *our.org/m/a C unsafe", "std unsafe"},
		},
		"what the named package does not reach is not looked at": {
			packages: []string{"our.org/m *our.org/m/a", "big.org/x big.org/x"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range outside(graph(t, tt.packages...), tt.allowed) {
				got = append(got, strings.Join(s.chain, " "))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("chains (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseFailsOnCutOutput(t *testing.T) {
	if _, err := parse([]byte(`{"ImportPath": "a"}{"Import`)); err == nil {
		t.Error("parse of cut output: no error")
	}
}

// recorder is a testing.TB that keeps failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

type stopped struct{}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stopped{})
}

// only is Only on a recorder.
func only(t *testing.T, pkg string, allowed ...string) []string {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != (stopped{}) {
				panic(p)
			}
		}()
		Only(r, pkg, allowed...)
	}()
	return r.failures
}

// inModule makes a module example.org/app whose package a imports its package
// b, which imports the module example.org/heavy; it becomes the working directory.
func inModule(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for path, text := range map[string]string{
		"go.mod": "module example.org/app\n\ngo 1.26\n\nrequire example.org/heavy v1.0.0\n\n" +
			"replace example.org/heavy => ./heavy\n",
		"a/a.go":                     "package a\n\nimport _ \"example.org/app/b\"\n",
		"a/a_test.go":                "package a\n\nimport _ \"example.org/heavy/testonly\"\n",
		"b/b.go":                     "package b\n\nimport (\n\t_ \"fmt\"\n\n\t_ \"example.org/heavy\"\n)\n",
		"docs/README.md":             "No package here.\n",
		"heavy/go.mod":               "module example.org/heavy\n\ngo 1.26\n",
		"heavy/heavy.go":             "package heavy\n",
		"heavy/testonly/testonly.go": "package testonly\n",
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
}

func TestOnlyAsksTheGoCommand(t *testing.T) {
	inModule(t)

	t.Run("an import that is not allowed fails with its chain", func(t *testing.T) {
		want := []string{"depcheck: example.org/app/a imports from module example.org/heavy, which its allow-list does not have:\n" +
			"\texample.org/app/a\n\t-> example.org/app/b\n\t-> example.org/heavy"}
		if d := cmp.Diff(want, only(t, "./a")); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
	})
	t.Run("an allowed one does not", func(t *testing.T) {
		if got := only(t, "./a", "example.org/heavy"); len(got) > 0 {
			t.Errorf("failures: %q", got)
		}
	})
	t.Run("a package that is not there is named", func(t *testing.T) {
		got := only(t, "./gone")
		if len(got) != 1 || !strings.Contains(got[0], "list imports of ./gone") {
			t.Errorf("failures: %q, want one that names ./gone", got)
		}
	})
	t.Run("so is a pattern that matches nothing", func(t *testing.T) {
		got := only(t, "./docs/...")
		if len(got) != 1 || !strings.Contains(got[0], "names no package") {
			t.Errorf("failures: %q, want one that says that nothing matched", got)
		}
	})
}

func TestWithoutLooksAtWholePaths(t *testing.T) {
	inModule(t)
	tests := map[string]struct {
		paths []string
		fails bool
	}{
		"what is linked":                 {[]string{"example.org/heavy"}, true},
		"what is linked by what":         {[]string{"example.org/app/b"}, true},
		"only the beginning of the name": {[]string{"example.org/hea"}, false},
		"what is not linked":             {[]string{"example.org/light"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			Without(r, "./a", tt.paths...)
			if fails := len(r.failures) > 0; fails != tt.fails {
				t.Errorf("failures: %q", r.failures)
			}
		})
	}
}

func TestImports(t *testing.T) { Only(t, ".") }
