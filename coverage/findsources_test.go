package coverage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindSources(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/shop\n", "main.go": "", "cart/go.mod": "// odd\nmodule \"example.com/cart\" // it\n", "cart/a/a.go": "",
		".git/HEAD": "", "web/node_modules/x/index.js": "", "web/index.js": "", "web/.cache/index.js": "", "empty/go.mod": "",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("main.go", filepath.Join(dir, "link.go")); err != nil {
		t.Fatal(err)
	}
	got, err := FindSources(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got.Files)
	want := Sources{
		Files:    []string{"cart/a/a.go", "cart/go.mod", "empty/go.mod", "go.mod", "main.go", "web/index.js"},
		Prefixes: map[string]string{filepath.ToSlash(dir): ".", "example.com/shop": ".", "example.com/cart": "cart"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sources (-want +got):\n%s", d)
	}
	report, err := got.Map(named(t, "example.com/cart/a/a.go", "example.com/shop/main.go", filepath.Join(dir, "web/index.js")), "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"cart/a/a.go", "main.go", "web/index.js"}, pathsOf(report.Files)); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
}

// TestTwoGoModulesOfOnePath: a copy of a module, such as a fixture, must not take
// the place of the module without a word.
func TestTwoGoModulesOfOnePath(t *testing.T) {
	dir := t.TempDir()
	for _, module := range []string{"cart", "tests/copy"} {
		if err := os.MkdirAll(filepath.Join(dir, module), 0o777); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"go.mod": "module example.com/cart\n", "cart.go": "package cart\n"} {
			if err := os.WriteFile(filepath.Join(dir, module, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	sources, err := FindSources(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string][]string{"example.com/cart": {"cart", "tests/copy"}}, sources.Shared); d != "" {
		t.Errorf("shared prefixes (-want +got):\n%s", d)
	}
	report := named(t, "example.com/cart/cart.go")
	for _, root := range []string{"cart", "tests/copy", "tests"} {
		got, err := sources.Map(report, root)
		if err != nil || !strings.HasPrefix(got.Files[0].Path, root+"/") {
			t.Errorf("below %s it is %v, %v", root, got.Files, err)
		}
	}
	_, err = sources.Map(report, "")
	want := &AmbiguousError{Paths: []string{"example.com/cart/cart.go"}, Files: []string{"cart/cart.go", "tests/copy/cart.go"}}
	if got, _ := errors.AsType[*AmbiguousError](err); cmp.Diff(want, got) != "" {
		t.Errorf("error is %v, want %v", err, want)
	}
}

func TestFindSourcesFails(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := FindSources(t.Context(), missing); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "find sources in "+missing+": ") {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FindSources(ctx, "testdata"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestModulePath(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"plain":                     {"module a.b/c\n\ngo 1.26\n", "a.b/c"},
		"without an end":            {"module a.b/c", "a.b/c"},
		"in quotes":                 {"module \"a.b/c\"\n", "a.b/c"},
		"in raw quotes":             {"module `a.b/c`\n", "a.b/c"},
		"below comments":            {"// module x\n\nmodule a.b/c // deprecated\n", "a.b/c"},
		"in a block":                {"module (\n\t// here\n\ta.b/c\n)\n", "a.b/c"},
		"in a block of nothing":     {"module (\n)\ngo 1.26\n", ""},
		"with ends of Windows":      {"module a.b/c\r\n", "a.b/c"},
		"a word that begins alike":  {"modules a\nmodule b\n", "b"},
		"nothing":                   {"", ""},
		"a module without its name": {"module\n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := modulePath(tt.text); got != tt.want {
				t.Errorf("module is %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzModulePath(f *testing.F) {
	for _, s := range []string{"module a\n", "module (\n\"b\"\n)", "// c\nmodule `d", "module (\n)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := modulePath(text); strings.ContainsAny(got, "\n") && !strings.ContainsAny(text, "\"`") {
			t.Fatalf("module is %q", got)
		}
	})
}
