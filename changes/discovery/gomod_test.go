package discovery

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseGoMod(t *testing.T) {
	tests := map[string]struct {
		content string
		want    goMod
	}{
		"requirements count, direct or not, whatever the version": {
			content: "module a.org/a\n\ngo 1.26\n\nrequire b.org/b v1.0.0\n\nrequire (\n\tc.org/c/v2 v2.0.0-rc // indirect\n\td.org/d v1.2\n)\n",
			want:    goMod{path: "a.org/a", requires: []string{"b.org/b", "c.org/c/v2", "d.org/d"}},
		},
		"a replacement by a directory takes the place of the requirement": {
			content: "module a.org/a\nrequire b.org/b v1.0.0\nreplace b.org/b => ../b\n",
			want:    goMod{path: "a.org/a", replaces: []string{"../b"}},
		},
		"a replacement by another module leads there": {
			content: "module a.org/a\nrequire b.org/b v1.0.0\nreplace b.org/b => fork.org/b v1.2.0\n",
			want:    goMod{path: "a.org/a", requires: []string{"fork.org/b"}},
		},
		"a replacement of another version changes nothing": {
			content: "module a.org/a\nrequire b.org/b v1.0.0\nreplace b.org/b v1.1.0 => fork.org/b v1.2.0\n",
			want:    goMod{path: "a.org/a", requires: []string{"b.org/b"}},
		},
		"a replacement of one version is before that of all": {
			content: "module a.org/a\nrequire b.org/b v1.0.0\nreplace b.org/b => fork.org/b v1.2.0\nreplace b.org/b v1.0.0 => other.org/b v1.0.0\n",
			want:    goMod{path: "a.org/a", requires: []string{"other.org/b"}},
		},
		"other directives say nothing about modules": {
			content: "module a.org/a\n\ngo 1.26\ntoolchain go1.26.1\ngodebug default=go1.25\ntool b.org/b/cmd\nignore ./x\nexclude c.org/c v1.0.0\nretract v1.0.0\n",
			want:    goMod{path: "a.org/a"},
		},
		"carriage returns and a missing last newline are fine": {
			content: "module a.org/a\r\nrequire b.org/b v1.0.0",
			want:    goMod{path: "a.org/a", requires: []string{"b.org/b"}},
		},
		"a file without a module line declares nothing": {
			content: "go 1.26\nrequire b.org/b v1.0.0\n",
		},
		"nor does an empty one": {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, faults := parseGoMod([]byte(tt.content))
			if len(faults) > 0 {
				t.Fatalf("faults: %v", faults)
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(goMod{}), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("go.mod (-want +got):\n%s", d)
			}
		})
	}
}

func TestFindGo(t *testing.T) {
	tests := map[string]struct {
		files files
		want  []string
	}{
		"a requirement of a module of the tree is a dependency": {
			files: files{
				"a/go.mod": "module x.org/a\nrequire (\n\tx.org/b v1.9.0\n\tx.org/elsewhere v1.0.0\n)", "b/go.mod": "module x.org/b",
				"c/go.mod": "module x.org/b/v2\nrequire x.org/a v1.0.0",
			},
			want: []string{"a [go=go.mod] -> b", "b [go=go.mod]", "c [go=go.mod] -> a"},
		},
		"so is a directory that a replace leads to, or the module above it": {
			files: files{
				"s/a/go.mod": "module x.org/a\nreplace (\n\tx.org/b => ../../b\n\tx.org/d => ../../c/third_party/d/\n\tx.org/e => /e\n\tx.org/f => ../../../f\n)",
				"b/go.mod":   "module other.org/b", "c/Dockerfile": "", "e/go.mod": "module x.org/e", "f/go.mod": "module x.org/f",
			},
			want: []string{"b [go=go.mod]", "c [docker=Dockerfile]", "e [go=go.mod]", "f [go=go.mod]", "s/a [go=go.mod] -> b c"},
		},
		"a requirement that a replace leads out of the tree is none": {
			files: files{"a/go.mod": "module x.org/a\nrequire x.org/b v1.0.0\nreplace x.org/b => fork.org/b v1.0.0", "b/go.mod": "module x.org/b"},
			want:  []string{"a [go=go.mod]", "b [go=go.mod]"},
		},
		"of copies that declare the same path, each may be meant": {
			files: files{"a/go.mod": "module x.org/a\nrequire x.org/b v1.0.0", "b1/go.mod": "module x.org/b", "b2/go.mod": "module x.org/b"},
			want:  []string{"a [go=go.mod] -> b1 b2", "b1 [go=go.mod]", "b2 [go=go.mod]"},
		},
		"a module does not depend on itself": {
			files: files{"a/go.mod": "module x.org/a\nrequire x.org/a v1.0.0\nreplace x.org/c => ./c"},
			want:  []string{"a [go=go.mod]"},
		},
		"cycles are fine": {
			files: files{"a/go.mod": "module x.org/a\nrequire x.org/b v1.0.0", "b/go.mod": "module x.org/b\nrequire x.org/a v1.0.0"},
			want:  []string{"a [go=go.mod] -> b", "b [go=go.mod] -> a"},
		},
		"a go.mod that only keeps the go command out marks nothing": {
			files: files{"a/go.mod": "// Not Go.\n", "b/go.mod": "", "b/Dockerfile": ""},
			want:  []string{"b [docker=Dockerfile]"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { check(t, tt.files.tree(), Options{}, tt.want...) })
	}
}

func FuzzParseGoMod(f *testing.F) {
	for _, seed := range []string{
		"", "module a", "module a.org/a\nrequire b.org/b v1.0.0\nreplace b.org/b => ../b\n",
		"module a.org/a\nreplace (\n\tb v1 => c v2 // x\n", "require", "module \"a b\"\nrequire `x` v0.0.0-20200101000000-abcdefabcdef",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		mod, faults := parseGoMod(content)
		checkFaults(t, content, faults)
		if mod.path == "" && len(mod.requires)+len(mod.replaces) > 0 {
			t.Errorf("dependencies of no module: %v", mod)
		}
	})
}
