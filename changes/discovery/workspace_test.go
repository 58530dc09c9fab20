package discovery

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindNode(t *testing.T) {
	tests := map[string]struct {
		files files
		want  []string
	}{
		"the members of a workspace are modules, and its root is none": {
			files: files{
				"package.json":            `{"name": "root", "workspaces": ["packages/*", "./app/"]}`,
				"packages/a/package.json": `{}`, "packages/b/package.json": `{"name": "b"}`, "app/package.json": `{"name": "app"}`,
				"packages/c/README": "",
			},
			want: []string{"app [node=package.json]", "packages/a [node=package.json]", "packages/b [node=package.json]"},
		},
		"the root is one where it lists itself": {
			files: files{"package.json": `{"workspaces": [".", "a"], "dependencies": {"a": "*"}}`, "a/package.json": `{"name": "a"}`},
			want:  []string{". [node=package.json] -> a", "a [node=package.json]"},
		},
		"or for another reason": {
			files: files{"web/package.json": `{"workspaces": ["a"], "dependencies": {"a": "*"}}`, "web/Dockerfile": "", "web/a/package.json": `{"name": "a"}`},
			want:  []string{"web [docker=Dockerfile]", "web/a [node=package.json]"},
		},
		"without a workspace each package is one": {
			files: files{"package.json": `{"name": "root", "workspaces": []}`, "a/package.json": `{"name": "a"}`, "a/b/package.json": `{"scripts": {}}`},
			want:  []string{". [node=package.json]", "a [node=package.json]", "a/b [node=package.json]"},
		},
		"what only tells how to load files is no package": {
			files: files{"a/package.json": `{"name": "a"}`, "a/dist/package.json": `{"type": "module"}`, "b/package.json": `{"type": "module"}`, "b/Dockerfile": ""},
			want:  []string{"a [node=package.json]", "b [docker=Dockerfile]"},
		},
		"below a workspace, a package that is not listed stands by itself where it has a lockfile": {
			files: files{
				"package.json":            `{"workspaces": ["packages/*"]}`,
				"packages/a/package.json": `{"name": "a"}`, "packages/a/test/fixture/package.json": `{"name": "fixture"}`,
				"e2e/package.json": `{"name": "e2e", "dependencies": {"a": "*", "x": "file:../packages/a"}}`, "e2e/yarn.lock": "",
				"docs/package.json": `{"type": "commonjs"}`, "docs/pnpm-lock.yaml": "",
			},
			want: []string{"docs [node=package.json]", "e2e [node=package.json] -> packages/a", "packages/a [node=package.json]"},
		},
		"exclusions hold, whatever their order": {
			files: files{
				"package.json":          `{"workspaces": ["!packages/old", "packages/**", "!**/test/**"]}`,
				"packages/package.json": `{}`, "packages/a/package.json": `{}`, "packages/old/package.json": `{}`,
				"packages/a/deep/package.json": `{}`, "packages/a/test/b/package.json": `{}`,
			},
			want: []string{"packages [node=package.json]", "packages/a [node=package.json]", "packages/a/deep [node=package.json]"},
		},
		"pnpm's list is before that of package.json": {
			files: files{
				"package.json": `{"workspaces": ["b"]}`, "pnpm-workspace.yaml": "# all of them\npackages:\n  - 'a'\n",
				"a/package.json": `{}`, "b/package.json": `{}`,
			},
			want: []string{"a [node=package.json]"},
		},
		"pnpm's file may have settings only": {
			files: files{"package.json": `{"name": "root"}`, "pnpm-workspace.yaml": "onlyBuiltDependencies: [x]\n", "a/package.json": `{"name": "a"}`},
			want:  []string{". [node=package.json]", "a [node=package.json]"},
		},
		"pnpm needs no package.json beside its list": {
			files: files{"pnpm-workspace.yaml": "packages: [a]", "a/package.json": `{}`, "b/package.json": `{"name": "b"}`},
			want:  []string{"a [node=package.json]"},
		},
		"packages of one workspace depend on one another by name": {
			files: files{
				"package.json":     `{"workspaces": ["p/*"]}`,
				"p/a/package.json": `{"name": "@x/a", "dependencies": {"@x/b": "workspace:*"}, "devDependencies": {"alias": "workspace:@x/c@*"}}`,
				"p/b/package.json": `{"name": "@x/b", "peerDependencies": {"@x/c": "^9.0.0"}, "optionalDependencies": {"react": "*"}}`,
				"p/c/package.json": `{"name": "@x/c", "dependencies": {"@x/a": "1", "b": "npm:@x/b@1"}}`,
			},
			want: []string{"p/a [node=package.json] -> p/b p/c", "p/b [node=package.json] -> p/c", "p/c [node=package.json] -> p/a"},
		},
		"those of several do not": {
			files: files{
				"x/package.json": `{"workspaces": ["*"]}`, "x/a/package.json": `{"name": "a", "dependencies": {"b": "*", "c": "*"}}`, "x/b/package.json": `{"name": "b"}`,
				"y/package.json": `{"workspaces": ["*"]}`, "y/b/package.json": `{"name": "b"}`, "y/c/package.json": `{"name": "c"}`,
				"z/package.json": `{"name": "z", "dependencies": {"b": "*"}}`,
			},
			want: []string{"x/a [node=package.json] -> x/b", "x/b [node=package.json]", "y/b [node=package.json]", "y/c [node=package.json]", "z [node=package.json]"},
		},
		"a member may be the root of a workspace": {
			files: files{
				"package.json": `{"workspaces": ["lib", "web"]}`, "lib/package.json": `{"name": "lib"}`,
				"web/package.json":   `{"name": "web", "workspaces": ["a"], "dependencies": {"a": "*", "lib": "*"}}`,
				"web/a/package.json": `{"name": "a", "dependencies": {"lib": "*", "web": "*"}}`,
			},
			want: []string{"lib [node=package.json]", "web [node=package.json] -> lib web/a", "web/a [node=package.json]"},
		},
		"one that is not listed is a workspace only with a lockfile": {
			files: files{
				"package.json": `{"workspaces": ["a"]}`, "a/package.json": `{}`,
				"a/fixture/package.json": `{"workspaces": [".", "b"]}`, "a/fixture/b/package.json": `{"name": "b"}`,
				"alone/package.json": `{"workspaces": ["c"]}`, "alone/package-lock.json": "", "alone/c/package.json": `{}`,
			},
			want: []string{"a [node=package.json]", "alone/c [node=package.json]"},
		},
		"names with wildcards are no globs": {
			files: files{"web[1]/package.json": `{"workspaces": ["*"]}`, "web[1]/[id]/package.json": `{}`, "web[1]/x/package.json": `{"name": "x"}`},
			want:  []string{"web[1]/[id] [node=package.json]", "web[1]/x [node=package.json]"},
		},
		"what leads out of the workspace lists nothing": {
			files: files{"web/package.json": `{"workspaces": ["../lib", "a"]}`, "web/a/package.json": `{}`, "lib/package.json": `{"type": "module"}`},
			want:  []string{"web/a [node=package.json]"},
		},
		"two packages of one name may each be meant": {
			files: files{"package.json": `{"workspaces": ["*"]}`, "a/package.json": `{"name": "x"}`, "b/package.json": `{"name": "x"}`, "c/package.json": `{"dependencies": {"x": "*", "": "*"}}`, "d/package.json": "{}"},
			want:  []string{"a [node=package.json]", "b [node=package.json]", "c [node=package.json] -> a b", "d [node=package.json]"},
		},
		"the other markers beside a package that is none remain, with their dependencies": {
			files: files{
				"package.json": `{"workspaces": ["a"], "dependencies": {"a": "file:a"}}`, "a/package.json": `{}`,
				"main.tf": `module "b" { source = "./b" }`, "b/main.tf": "",
			},
			want: []string{". [terraform=main.tf] -> b", "a [node=package.json]", "b [terraform=main.tf]"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { check(t, tt.files.tree(), Options{}, tt.want...) })
	}
}

func TestFaultsOfWorkspaces(t *testing.T) {
	tests := map[string]struct {
		files files
		want  string
	}{
		"a glob that is not valid": {
			files: files{"a/package.json": "{\n\"workspaces\": [\"x\", \"{y\"]}"},
			want:  `a/package.json:2: workspace "{y": it is no valid glob: a bracket or brace is not closed, or a range is empty`,
		},
		"one that takes for ever": {
			files: files{"package.json": `{"workspaces": ["` + strings.Repeat("{a,aa,aaa}", 40) + `b"]}`, strings.Repeat("a", 120) + "c/package.json": "{}"},
			want:  `package.json:1: workspace "` + strings.Repeat("{a,aa,aaa}", 8) + `"…: its braces stand for more than 163 globs; split it into several`,
		},
		"an empty one": {
			files: files{"pnpm-workspace.yaml": "packages:\n- '!'"},
			want:  `pnpm-workspace.yaml:2: workspace "!" is empty`,
		},
		"YAML that is none": {
			files: files{"pnpm-workspace.yaml": "a: b\npackages: [\n"},
			want:  `pnpm-workspace.yaml:3: malformed YAML: did not find expected node content while parsing a flow node`,
		},
		"packages that are no list": {
			files: files{"pnpm-workspace.yaml": "a: b\npackages: x\n"},
			want:  `pnpm-workspace.yaml:2: packages must be a list of globs`,
		},
		"an item that is no text": {
			files: files{"pnpm-workspace.yaml": "packages:\n- x\n- 5\n"},
			want:  `pnpm-workspace.yaml:3: an item of packages must be text`,
		},
		"below a workspace, those of packages that it does not list do not matter": {
			files: files{
				"package.json": `{"workspaces": ["a", "b"]}`, "a/package.json": "{}", "b/package.json": "{", "a/fixture/package.json": "{",
				"c/package.json": "{", "c/yarn.lock": "", "d/pnpm-workspace.yaml": "[", "e/package.json": `{"workspaces": ["{"]}`,
			},
			want: "b/package.json:1: malformed JSON: unexpected end of JSON input\nc/package.json:1: malformed JSON: unexpected end of JSON input",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Find(t.Context(), tt.files.tree(), Options{})
			if d := cmp.Diff(tt.want, fmt.Sprint(err)); d != "" || !errors.Is(err, ErrIncomplete) {
				t.Errorf("error (-want +got):\n%s", d)
			}
		})
	}

	t.Run("a list that cannot be read", func(t *testing.T) {
		tree := &brokenFS{FS: files{"a/pnpm-workspace.yaml": ""}.tree(), broken: map[string]error{"a/pnpm-workspace.yaml": fs.ErrPermission}}
		if _, err := Find(t.Context(), tree, Options{}); fmt.Sprint(err) != "a/pnpm-workspace.yaml: open: permission denied" {
			t.Errorf("error %v", err)
		}
	})
}

func TestParsePnpm(t *testing.T) {
	tests := map[string]struct {
		content string
		want    []string
		line    int
	}{
		"the list packages":             {"packages:\n  - a\n  - '!b/**'\n", []string{"a", "!b/**"}, 2},
		"in brackets":                   {"x: 1\npackages: [a]", []string{"a"}, 2},
		"by an alias":                   {"x: &x [&y a]\npackages: *x\n", []string{"a"}, 1},
		"an empty file":                 {"", nil, 0},
		"a comment":                     {"# packages: [a]\n", nil, 0},
		"settings only":                 {"catalog:\n  react: 18\n", nil, 0},
		"nothing behind the key":        {"packages:\n", nil, 0},
		"a text":                        {"packages", nil, 0},
		"a key further down":            {"x:\n  packages: [a]", nil, 0},
		"what follows as next document": {"packages: [a]\n---\npackages: [b]\n", []string{"a"}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, line, faults := parsePnpm([]byte(tt.content))
			if d := cmp.Diff(tt.want, got); d != "" || line != tt.line || len(faults) > 0 {
				t.Errorf("line %d, want %d, faults %v; globs (-want +got):\n%s", line, tt.line, faults, d)
			}
		})
	}
}

func FuzzParsePnpm(f *testing.F) {
	for _, seed := range []string{
		"", "packages:\n  - 'packages/*'\n  - '!**/test/**'\n", "packages: [a, 1]", "packages: &a [*a]", "packages: {a: b}",
		"? [a]\n: b\npackages:\n", "---\n...\n", "packages: !!str a", "\"packages\": [\"{a\", .]", "\"0\r\r0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		globs, _, faults := parsePnpm(content)
		// YAML has more ends of lines than "\n", and its end may be on the line after.
		ends := strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
		checkFaults(t, []byte(ends.Replace(string(content))+"\n"), faults)
		w, err := newWorkspace(globs)
		if err == nil && w != nil {
			w.lists("packages/a") // must not fail on what was taken for valid
		}
		if len(faults) > 0 && globs != nil {
			t.Errorf("globs %q beside faults %v", globs, faults)
		}
	})
}
