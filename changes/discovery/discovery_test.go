package discovery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

// files is a tree by the paths of its files.
type files map[string]string

func (f files) tree() fstest.MapFS {
	tree := fstest.MapFS{}
	for name, content := range f {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return tree
}

// lines shows a Config as "name [kind=file ...] -> dependency ...". It fails t
// where changes would not take the Config.
func lines(t testing.TB, config changes.Config) []string {
	t.Helper()
	if err := config.Validate(); err != nil {
		t.Errorf("the config is not valid: %v", err)
	}
	var lines []string
	for _, m := range config.Modules {
		var labels []string
		for _, kind := range slices.Sorted(maps.Keys(m.Labels)) {
			labels = append(labels, kind+"="+m.Labels[kind])
		}
		line := fmt.Sprintf("%s %v", m.Name, labels)
		if len(m.DependsOn) > 0 {
			line += " -> " + strings.Join(m.DependsOn, " ")
		}
		lines = append(lines, line)
	}
	return lines
}

// check compares what Find makes of a tree with want.
func check(t *testing.T, tree fs.FS, opts Options, want ...string) {
	t.Helper()
	config, err := Find(t.Context(), tree, opts)
	if err != nil {
		t.Fatalf("Find: %v", err)
	}
	if d := cmp.Diff(want, lines(t, config)); d != "" {
		t.Errorf("modules (-want +got):\n%s", d)
	}
}

func TestFind(t *testing.T) {
	tests := map[string]struct {
		files files
		opts  Options
		want  []string
	}{
		"an empty tree has no modules": {},
		"each default marker marks its directory": {
			files: files{
				"a/go.mod": "module example.org/a", "b/package.json": `{"name": "b"}`,
				"c/pyproject.toml": "[project]", "d/setup.py": "", "e/Dockerfile": "", "f/Dockerfile.dev": "",
				"g/api.Dockerfile": "", "h/Containerfile": "", "i/main.tf": "", "j/main.tf.json": "{}",
				"k/main.tofu": "", "l/main.tofu.json": "{}", "m/main.py": "",
			},
			want: []string{
				"a [go=go.mod]", "b [node=package.json]", "c [python=pyproject.toml]", "d [python=setup.py]",
				"e [docker=Dockerfile]", "f [docker=Dockerfile.dev]", "g [docker=api.Dockerfile]", "h [docker=Containerfile]",
				"i [terraform=main.tf]", "j [terraform=main.tf.json]", "k [terraform=main.tofu]", "l [terraform=main.tofu.json]",
			},
		},
		"several markers make one module, with the first file of each kind": {
			files: files{"a/go.mod": "module a.org/a", "a/Dockerfile": "", "a/Dockerfile.dev": "", "a/z.tf": "", "a/b.tf": ""},
			want:  []string{"a [docker=Dockerfile go=go.mod terraform=b.tf]"},
		},
		"modules may nest, and the root is called by a dot": {
			files: files{"Dockerfile": "", "a/Dockerfile": "", "a/b/c/Dockerfile": ""},
			want:  []string{". [docker=Dockerfile]", "a [docker=Dockerfile]", "a/b/c [docker=Dockerfile]"},
		},
		"dependencies, hidden directories and test data are passed over at any depth": {
			files: files{
				"node_modules/x/package.json": `{"name": "x"}`, "a/vendor/y/go.mod": "module y.org/y",
				"a/b/.terraform/modules/z/main.tf": "", ".devcontainer/Dockerfile": "", "a/testdata/Dockerfile": "",
				"a/vendors/Dockerfile": "",
			},
			want: []string{"a/vendors [docker=Dockerfile]"},
		},
		"ignored directories are the caller's choice": {
			files: files{"vendor/a/Dockerfile": "", ".ci/Dockerfile": "", "docs/x/Dockerfile": "", "a/docs/Dockerfile": ""},
			opts:  Options{Ignore: []string{"docs/**"}},
			want:  []string{".ci [docker=Dockerfile]", "a/docs [docker=Dockerfile]", "vendor/a [docker=Dockerfile]"},
		},
		"an empty list ignores nothing but Git's own directories": {
			files: files{".git/Dockerfile": "", "testdata/Dockerfile": ""},
			opts:  Options{Ignore: []string{}},
			want:  []string{"testdata [docker=Dockerfile]"},
		},
		"another repository within the tree is passed over": {
			files: files{"sub/.git": "gitdir: ../.git/modules/sub", "sub/Dockerfile": "", "nested/.git/HEAD": "", "nested/a/Dockerfile": "", "a/Dockerfile": ""},
			want:  []string{"a [docker=Dockerfile]"},
		},
		"the repository's own Git directory is no reason to pass over the root": {
			files: files{".git/HEAD": "", "Dockerfile": ""},
			want:  []string{". [docker=Dockerfile]"},
		},
		"a directory that is called like a marker is none": {
			files: files{"a/Dockerfile/README": "", "b/main.tf/README": ""},
		},
		"markers are the caller's choice": {
			files: files{"a/Chart.yaml": "", "a/Dockerfile": "", "b/go.mod": "neither read nor a marker"},
			opts:  Options{Markers: []Marker{{Kind: "helm", Files: []string{"Chart.y?ml"}}}},
			want:  []string{"a [helm=Chart.yaml]"},
		},
		"markers can be added, and one file can mark two kinds": {
			files: files{"a/Dockerfile": "", "b/go.mod": "module b.org/b"},
			opts:  Options{Markers: append(DefaultMarkers(), Marker{Kind: "image", Files: []string{"Dockerfile"}})},
			want:  []string{"a [docker=Dockerfile image=Dockerfile]", "b [go=go.mod]"},
		},
		"names are the caller's choice, and sort the modules": {
			files: files{"z/a/Dockerfile": "", "a/z/main.tf": `module "a" { source = "../../z/a" }`},
			opts:  Options{Name: path.Base},
			want:  []string{"a [docker=Dockerfile]", "z [terraform=main.tf] -> a"},
		},
		"kinds may depend on one another": {
			files: files{
				"app/package.json": `{"name": "app", "dependencies": {"schema": "file:../schema"}}`,
				"app/main.tf":      `module "db" { source = "../db" }`,
				"db/main.tf":       "", "schema/go.mod": "module example.org/schema",
			},
			want: []string{"app [node=package.json terraform=main.tf] -> db schema", "db [terraform=main.tf]", "schema [go=go.mod]"},
		},
		"a path stands for the nearest module that owns it": {
			files: files{
				"a/main.tf":          `module "x" { source = "../lib/deep/x" }`,
				"lib/Dockerfile":     "",
				"lib/deep/x/file":    "",
				"b/main.tf":          `module "x" { source = "../nobody" }`,
				"nobody/README":      "",
				"c/main.tf":          `module "x" { source = "../../../outside" }`,
				"d/main.tf":          `module "x" { source = "./below" }`,
				"e/main.tf":          `module "x" { source = "./modules/x" }`,
				"e/modules/x/x.tf":   `module "y" { source = "../.." }`,
				"e/modules/README":   "",
				"outside/Dockerfile": "",
			},
			want: []string{
				"a [terraform=main.tf] -> lib", "b [terraform=main.tf]", "c [terraform=main.tf]", "d [terraform=main.tf]",
				"e [terraform=main.tf] -> e/modules/x", "e/modules/x [terraform=x.tf] -> e",
				"lib [docker=Dockerfile]", "outside [docker=Dockerfile]",
			},
		},
		"a module at the root owns what no other does": {
			files: files{"Dockerfile": "", "a/main.tf": `module "x" { source = "../scripts" }`},
			want:  []string{". [docker=Dockerfile]", "a [terraform=main.tf] -> ."},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { check(t, tt.files.tree(), tt.opts, tt.want...) })
	}
}

func TestSymbolicLinksMarkAndAreNotFollowed(t *testing.T) {
	tree := files{
		"shared/Dockerfile": "", "shared/go.mod": "module example.org/m", "shared/package.json": `{"name": "p"}`,
		"shared/x.tf": `module "up" { source = "../up" }`, "up/main.tf": "",
	}.tree()
	for _, link := range []string{"a/Dockerfile", "b/go.mod", "c/package.json", "d/x.tf"} {
		tree[link] = &fstest.MapFile{Data: []byte("../shared/" + path.Base(link)), Mode: fs.ModeSymlink | 0o777}
	}
	tree["e"] = &fstest.MapFile{Data: []byte("shared"), Mode: fs.ModeSymlink | 0o777}
	check(t, tree, Options{},
		"a [docker=Dockerfile]", "b [go=go.mod]", "c [node=package.json]", "d [terraform=x.tf]",
		"shared [docker=Dockerfile go=go.mod node=package.json terraform=x.tf] -> up", "up [terraform=main.tf]")
}

func TestADeletedModuleIsOnTheSideBefore(t *testing.T) {
	before := files{"a/Dockerfile": "", "b/Dockerfile": ""}
	check(t, before.tree(), Options{}, "a [docker=Dockerfile]", "b [docker=Dockerfile]")
	delete(before, "b/Dockerfile")
	check(t, before.tree(), Options{}, "a [docker=Dockerfile]")
}

func TestOptionsAreChecked(t *testing.T) {
	tests := map[string]struct {
		opts Options
		want string
		is   error
	}{
		"a marker needs a kind": {
			opts: Options{Markers: []Marker{{Files: []string{"x"}}}},
			want: `check options: marker 1 has no kind`,
		},
		"its files are valid patterns": {
			opts: Options{Markers: []Marker{{Kind: "k", Files: []string{"[a"}}}},
			want: `check options: marker k: file "[a": it is no valid pattern: syntax error in pattern`,
			is:   path.ErrBadPattern,
		},
		"its files have no directory": {
			opts: Options{Markers: []Marker{{Kind: "k", Files: []string{"a/b", ""}}}},
			want: `check options: marker k: file "a/b": it must be a name without a directory` + "\n" +
				`check options: marker k: file "": it must be a name without a directory`,
		},
		"what is ignored are valid globs": {
			opts: Options{Ignore: []string{"{a"}},
			want: `check options: ignore "{a": it is no valid glob: a bracket or brace is not closed, or a range is empty`,
		},
		"what is ignored are globs that do not take for ever": {
			opts: Options{Ignore: []string{strings.Repeat("{**/a,a}/", 25)}},
			want: `check options: ignore "` + strings.Repeat("{**/a,a}/", 25) + `": its braces stand for more than 291 globs; split it into several`,
		},
		"a name belongs to one module": {
			opts: Options{Name: func(string) string { return "same" }},
			want: `name modules: a, b would all be called "same"; let Options.Name tell them apart`,
		},
		"no name is empty": {
			opts: Options{Name: func(dir string) string { return strings.Trim(dir, "a") }},
			want: `name modules: Options.Name has no name for a`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := Find(t.Context(), files{"b/Dockerfile": "", "a/Dockerfile": ""}.tree(), tt.opts)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error:\n%v\nwant:\n%s", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("the error is no %v", tt.is)
			}
			if len(config.Modules) > 0 || errors.Is(err, ErrIncomplete) {
				t.Errorf("config %v beside the error, want none", config)
			}
		})
	}
}

func TestNameErrorListsTheDirectories(t *testing.T) {
	_, err := Find(t.Context(), files{"x/a/Dockerfile": "", "y/a/Dockerfile": "", "b/Dockerfile": ""}.tree(), Options{Name: path.Base})
	got, ok := errors.AsType[*NameError](err)
	if d := cmp.Diff(&NameError{Name: "a", Dirs: []string{"x/a", "y/a"}}, got); !ok || d != "" {
		t.Errorf("error %v (-want +got):\n%s", err, d)
	}
}

func TestFaultyFiles(t *testing.T) {
	tests := map[string]struct {
		files files
		want  []string // modules
		errs  string
	}{
		"the module of a faulty file remains, without its dependencies": {
			files: files{
				"a/main.tf": "module \"b\" {\n  source = \"../b\"\n", "b/main.tf": "", "a/more.tf": `module "c" { source = "../c" }`, "c/main.tf": "",
			},
			want: []string{"a [terraform=main.tf] -> c", "b [terraform=main.tf]", "c [terraform=main.tf]"},
			errs: `a/main.tf:1: malformed HCL: "{" is never closed`,
		},
		"all faults are told, in the order of the files": {
			files: files{
				"z/go.mod": "module a.org/a\nrequire\nreplace x\n", "b/package.json": "{\n\"name\": 1,\n\"dependencies\": []}",
				"a/x.tf.json": "{\n", "c/package.json": "[]",
			},
			want: []string{"a [terraform=x.tf.json]", "b [node=package.json]", "c [node=package.json]", "z [go=go.mod]"},
			errs: "a/x.tf.json:2: malformed JSON: unexpected end of JSON input\n" +
				"b/package.json:2: name must be text; here it has a value of type number\n" +
				"b/package.json:3: dependencies must be an object of names and texts; here it has a value of type array\n" +
				"c/package.json:1: the file must be an object; here it has a value of type array\n" +
				"z/go.mod:2: malformed go.mod: usage: require module/path v1.2.3\n" +
				"z/go.mod:3: malformed go.mod: usage: replace module/path [v1.2.3] => other/module v1.4\n" +
				"\t or replace module/path [v1.2.3] => ../local/directory",
		},
		"a file that is too large is not read": {
			files: files{"a/package.json": strings.Repeat(" ", maxMarker) + "{}", "b/x.tf": strings.Repeat("\n", maxHCL+1), "c/x.tf": strings.Repeat("\n", maxHCL)},
			want:  []string{"a [node=package.json]", "b [terraform=x.tf]", "c [terraform=x.tf]"},
			errs: "a/package.json: it is larger than 4 MiB; no more is read of a marker\n" +
				"b/x.tf: it is larger than 1 MiB; no more is read of a marker",
		},
		"a file that marks nothing may say what it likes": {
			files: files{"a/Dockerfile": "{{{", "a/setup.py": "(((", "a/notes.json": "{"},
			want:  []string{"a [docker=Dockerfile python=setup.py]"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := Find(t.Context(), tt.files.tree(), Options{})
			if d := cmp.Diff(tt.want, lines(t, config)); d != "" {
				t.Errorf("modules (-want +got):\n%s", d)
			}
			got := ""
			if err != nil {
				got = err.Error()
			}
			if d := cmp.Diff(tt.errs, got); d != "" || errors.Is(err, ErrIncomplete) != (err != nil) {
				t.Errorf("error (-want +got):\n%s", d)
			}
		})
	}
}

func TestFileErrorHasItsParts(t *testing.T) {
	_, err := Find(t.Context(), files{"a/go.mod": "module a.org/a\n\nrequire x"}.tree(), Options{})
	got, ok := errors.AsType[*FileError](err)
	if !ok || got.File != "a/go.mod" || got.Line != 3 || got.Unwrap() == nil {
		t.Errorf("error %#v, want line 3 of a/go.mod and a cause", got)
	}
}

// brokenFS is a tree of which some files and directories cannot be read.
type brokenFS struct {
	fs.FS
	broken map[string]error
	opened []string
	before func(name string) // opening; nil does nothing
}

func (b *brokenFS) Open(name string) (fs.File, error) {
	b.opened = append(b.opened, name)
	if b.before != nil {
		b.before(name)
	}
	if err := b.broken[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return b.FS.Open(name)
}

func TestFailuresToRead(t *testing.T) {
	tree := files{"a/go.mod": "module example.org/a", "b/Dockerfile": "", "b/c/package.json": "{}"}.tree()

	t.Run("a file leaves its module incomplete", func(t *testing.T) {
		broken := &brokenFS{FS: tree, broken: map[string]error{"a/go.mod": fs.ErrPermission, "b/c/package.json": changes.ErrMissingObject}}
		config, err := Find(t.Context(), broken, Options{})
		want := "a/go.mod: open: permission denied\nb/c/package.json: open: object is missing"
		if err == nil || err.Error() != want {
			t.Errorf("error:\n%v\nwant:\n%s", err, want)
		}
		for _, target := range []error{ErrIncomplete, fs.ErrPermission, changes.ErrMissingObject} {
			if !errors.Is(err, target) {
				t.Errorf("the error is no %v", target)
			}
		}
		if d := cmp.Diff([]string{"a [go=go.mod]", "b [docker=Dockerfile]", "b/c [node=package.json]"}, lines(t, config)); d != "" {
			t.Errorf("modules (-want +got):\n%s", d)
		}
	})
	t.Run("a directory is the end", func(t *testing.T) {
		config, err := Find(t.Context(), &brokenFS{FS: tree, broken: map[string]error{"b/c": fs.ErrPermission}}, Options{})
		if want := "find modules: read directory b/c: open: permission denied"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if len(config.Modules) > 0 || errors.Is(err, ErrIncomplete) {
			t.Errorf("config %v beside the error, want none", config)
		}
	})
	t.Run("so is the end of the context", func(t *testing.T) {
		for _, at := range []string{".", "a", "a/go.mod", "b/c/package.json"} {
			ctx, cancel := context.WithCancel(t.Context())
			ending := &brokenFS{FS: tree, before: func(name string) {
				if name == at {
					cancel()
				}
			}}
			config, err := Find(ctx, ending, Options{})
			if want := "find modules: context canceled"; !errors.Is(err, context.Canceled) || err.Error() != want {
				t.Errorf("at %s: error %v, want %s", at, err, want)
			}
			if len(config.Modules) > 0 {
				t.Errorf("at %s: config %v beside the error, want none", at, config)
			}
		}
	})
}

func TestEachDirectoryAndMarkerIsReadOnce(t *testing.T) {
	tree := &brokenFS{FS: files{
		"README": "", "a/go.mod": "module example.org/a", "a/main.go": "", "a/Dockerfile": "", "a/setup.py": "",
		"b/package.json": "{}", "b/yarn.lock": "", "b/pnpm-workspace.yaml": "", "node_modules/x/package.json": "",
		"c/pyproject.toml": "", "c/main.tf": "", "c/notes/text": "",
	}.tree()}
	if _, err := Find(t.Context(), tree, Options{}); err != nil {
		t.Fatal(err)
	}
	want := []string{".", "a", "a/go.mod", "b", "b/package.json", "b/pnpm-workspace.yaml", "c", "c/main.tf", "c/pyproject.toml", "c/notes"}
	if d := cmp.Diff(want, tree.opened); d != "" {
		t.Errorf("opened (-want +got):\n%s", d)
	}
}
