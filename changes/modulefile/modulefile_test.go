package modulefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

func TestRead(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want changes.Config
	}{
		"all there is": {
			"global: [.gitlab-ci.yml, 'ci/**']\n" +
				"modules:\n" +
				"  - name: a\n    paths: [services/a, \"*.go\"]\n    exclude: ['**/*.md']\n    depends_on: [b]\n    on_demand: TEST_A\n    labels: {language: python, port: '80'}\n" +
				"  - name: b\n    paths:\n      - b\n",
			changes.Config{
				Global: []string{".gitlab-ci.yml", "ci/**"},
				Modules: []changes.Module{
					{Name: "a", Paths: []string{"services/a", "*.go"}, Exclude: []string{"**/*.md"}, DependsOn: []string{"b"}, OnDemand: "TEST_A", Labels: map[string]string{"language": "python", "port": "80"}},
					{Name: "b", Paths: []string{"b"}},
				},
			},
		},
		"no modules, said aloud": {"modules: []", changes.Config{}},
		"JSON, which is YAML":    {`{"modules": [{"name": "a", "paths": ["a"]}]}`, changes.Config{Modules: []changes.Module{{Name: "a", Paths: []string{"a"}}}}},
		"cycles are fine": {
			"modules: [{name: a, paths: [a], depends_on: [b]}, {name: b, paths: [b], depends_on: [a, b]}]",
			changes.Config{Modules: []changes.Module{{Name: "a", Paths: []string{"a"}, DependsOn: []string{"b"}}, {Name: "b", Paths: []string{"b"}, DependsOn: []string{"a", "b"}}}},
		},
		"anchors and aliases": {
			"modules:\n  - {name: a, paths: &p [x, &y y]}\n  - {name: b, paths: *p}\n  - {name: c, paths: [*y]}",
			changes.Config{Modules: []changes.Module{{Name: "a", Paths: []string{"x", "y"}}, {Name: "b", Paths: []string{"x", "y"}}, {Name: "c", Paths: []string{"y"}}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(tt.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want string // all of the error
	}{
		"nothing":                    {"", "the document is empty; it needs the key modules"},
		"comments alone":             {"# none\n", "the document is empty; it needs the key modules"},
		"null":                       {"null\n", "line 1, column 1: the document must be a mapping of keys to values, not nothing"},
		"text":                       {"modules\n", `line 1, column 1: the document must be a mapping of keys to values, not the text "modules"`},
		"a document without modules": {"global: []\n", "line 1, column 1: the key modules is missing"},
		"an unknown key": {
			"modules:\n  - name: a\n    path: [a]\n",
			"line 3, column 5: unknown key \"path\" in module 1 (known: name, paths, exclude, depends_on, on_demand, labels)",
		},
		"an unknown key at the top":      {"modules: []\nmodule: []\n", `line 2, column 1: unknown key "module" in the document (known: global, modules)`},
		"a key given twice":              {"modules: []\nmodules: []\n", `line 2, column 1: key "modules" is given twice in the document`},
		"a merge key":                    {"modules:\n  - &a {name: a, paths: [a]}\n  - {<<: *a, name: b, paths: [b]}\n", `line 3, column 6: unknown key "<<" in module 2 (known: name, paths, exclude, depends_on, on_demand, labels)`},
		"text in place of a list":        {"modules: [{name: a, paths: a}]", `line 1, column 28: paths must be a list, not the text "a"`},
		"a mapping in place of a list":   {"modules: {a: {}}", "line 1, column 10: modules must be a list, not a mapping"},
		"a number in place of text":      {"modules: [{name: 1, paths: [a]}]", "line 1, column 18: name must be text, not 1 (put it in quotes)"},
		"a boolean in place of text":     {"modules: [{name: a, paths: [a], on_demand: true}]", "line 1, column 44: on_demand must be text, not true (put it in quotes)"},
		"an item that is missing":        {"modules:\n  - name: a\n    paths:\n      -\n", "line 4, column 8: an item of paths must be text, not nothing"},
		"a label that is a list":         {"modules: [{name: a, paths: [a], labels: {x: [y]}}]", "line 1, column 45: label x must be text, not a list"},
		"a key that is a list":           {"? [a]\n: b\nmodules: []", "line 1, column 3: a key of the document must be text, not a list"},
		"a second document":              {"modules: []\n---\nmodules: []\n", "line 2, column 1: a second document begins; all modules belong into one"},
		"a bracket that is not closed":   {"modules: [", "line 2, column 1: malformed YAML: did not find expected node content while parsing a flow node"},
		"an alias of nothing":            {"modules: *x", "line 1, column 10: malformed YAML: unknown anchor 'x' referenced"},
		"an alias of itself":             {"modules: &m [*m]", "line 1, column 10: module 1 must be a mapping of keys to values, not a list"},
		"a tab":                          {"modules:\n\t- x\n", "line 2, column 1: malformed YAML: found character that cannot start any token while scanning for the next token"},
		"a variable's name that is none": {"modules: [{name: a, paths: [a], on_demand: \"X\\rinjected\"}]", `line 1, column 44: module a: on_demand "X\rinjected" is no name of a variable: it may have letters of ASCII, digits and _, and not begin with a digit`},
		"names that give orders to a terminal": {
			"modules: [{name: \"\\e[31m\", labels: {\"\\r\": []}}, {name: \"##[x]\"}, {name: !!int \"\\e\"}]",
			`line 1, column 43: label "\r" must be text, not a list
line 1, column 73: name must be text, not "\x1b" (put it in quotes)`,
		},
		"a name that gives orders to a runner": {"modules: [{name: \"##[x]\"}, {name: \"\\e\"}]", `line 1, column 11: module "#\x23[x]" has no paths
line 1, column 28: module "\x1b" has no paths`},
		"what is not UTF-8": {"modules: []\n# caf\xe9\n", "line 2, column 6: malformed YAML: it is not UTF-8"},
		"faults of content, in a row": {
			"global: ['[']\nmodules:\n  - name: a\n    paths: [../x]\n    depends_on: [b]\n  - name: a\n    paths: [a]\n  - paths: [/x]\n  - name: c\n",
			`line 1, column 10: global "[": it is no valid glob: a bracket or brace is not closed, or a range is empty
line 4, column 13: module a: path "../x": it contains ".."; paths are relative to the repository's root
line 5, column 18: module a depends on "b", which is no module
line 6, column 11: module a is defined twice
line 8, column 5: module 3 has no name
line 8, column 13: module 3: path "/x": it is absolute; paths are relative to the repository's root
line 9, column 5: module c has no paths`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Read(strings.NewReader(tt.yaml))
			if err == nil {
				t.Fatalf("= %+v, want an error", c)
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Errorf("error (-want +got):\n%s", d)
			}
			var fault *changes.ConfigError
			if !errors.Is(err, changes.ErrInvalidConfig) || !errors.As(err, &fault) {
				t.Errorf("error %T is no ConfigError", err)
			}
		})
	}
}

func TestAliasesDoNotMultiplyWithoutEnd(t *testing.T) {
	const many = 5_000
	tests := map[string]string{
		"of a module with many paths": "modules:\n- &m {name: a, paths: [" + strings.Repeat("x,", many) + "]}\n" + strings.Repeat("- *m\n", many),
		"of a list of paths":          "modules:\n- {name: a, paths: &p [" + strings.Repeat("x,", many) + "]}\n" + strings.Repeat("- {name: b, paths: *p}\n", many),
		"of labels":                   "modules:\n- {name: a, paths: [a], labels: &l {" + labels(many) + "}}\n" + strings.Repeat("- {name: b, paths: [b], labels: *l}\n", many),
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(content))
			if err == nil || !strings.HasSuffix(err.Error(), "the aliases of the document make too much of it") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error = %.200v, want a line that says that it is too much", err)
			}
		})
	}
}

func labels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "l%d: x,", i)
	}
	return b.String()
}

func TestALongFileWithoutAliasesIsRead(t *testing.T) {
	const many = maxAliased + 1
	c, err := Read(strings.NewReader("modules:\n- {name: a, paths: [" + strings.Repeat("x,", many) + "]}\n"))
	if err != nil || len(c.Modules) != 1 || len(c.Modules[0].Paths) != many {
		t.Errorf("%d modules, %v; want one with %d paths", len(c.Modules), err, many)
	}
}

func TestReadWhenReadingFails(t *testing.T) {
	broken := errors.New("broken pipe")
	if _, err := Read(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, changes.ErrInvalidConfig) {
		t.Errorf("error = %v, want %v", err, broken)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "modules.yaml")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("error = %v, want fs.ErrNotExist of %s", err, path)
	}
	for content, want := range map[string]string{
		"modules: x\n": path + `:1:10: modules must be a list, not the text "x"`,
		"":             path + ": the document is empty; it needs the key modules",
	} {
		write(t, path, content)
		if _, err := Load(path); err == nil || err.Error() != want {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
	write(t, path, "modules: [{name: a, paths: [a]}]\n")
	if c, err := Load(path); err != nil || len(c.Modules) != 1 {
		t.Errorf("= %+v, %v", c, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("global: [x]\nmodules:\n  - name: a\n    paths: [services/a]\n    depends_on: [a]\n    labels: {x: y}\n"))
	f.Add([]byte("modules: &m [*m]"))
	f.Add([]byte("modules: [{name: a, paths: &p [x]}, {name: b, paths: *p, exclude: ['**/*.md'], on_demand: X}]"))
	f.Add([]byte("modules: []\n---\nx"))
	f.Add([]byte("? {a: b}\n: [c]"))
	f.Add([]byte("\xff\xfem\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Read(strings.NewReader(string(content)))
		if err != nil {
			if !errors.Is(err, changes.ErrInvalidConfig) || !reflect.DeepEqual(c, changes.Config{}) {
				t.Errorf("= %+v, %v", c, err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("what was read is not valid: %v", err)
		}
		diff := changes.Diff{Files: []changes.File{{Path: "a", Status: changes.Added}, {Path: "services/a/x", Status: changes.Modified}}}
		if _, err := c.Select(diff, changes.SelectOptions{}); err != nil {
			t.Errorf("select: %v", err)
		}
	})
}

func TestLoadFS(t *testing.T) {
	tree := fstest.MapFS{"ci/modules.yaml": {Data: []byte("modules:\n  - {name: a, paths: [a]}\n")}, "bad.yaml": {Data: []byte("modules: x\n")}}
	got, err := LoadFS(tree, "ci/modules.yaml")
	if err != nil || len(got.Modules) != 1 || got.Modules[0].Name != "a" {
		t.Errorf("= %+v, %v", got, err)
	}
	for name, want := range map[string]string{"bad.yaml": "bad.yaml:1:10: modules must be a list", "none.yaml": "read modules: open none.yaml: file does not exist"} {
		if _, err := LoadFS(tree, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
