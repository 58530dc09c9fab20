package discovery

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParsePackage(t *testing.T) {
	tests := map[string]struct {
		content string
		want    manifest
	}{
		"a name makes a package": {
			content: `{"name": "@a/b", "version": "1.0.0", "main": "x.js"}`,
			want:    manifest{name: "@a/b", substantial: true},
		},
		"so do scripts":               {content: `{"scripts": {"test": "jest"}}`, want: manifest{substantial: true}},
		"and dependencies":            {content: `{"private": true, "devDependencies": {}}`, want: manifest{substantial: true}},
		"how to load files does not":  {content: `{"type": "module", "sideEffects": false, "exports": {".": "./x.js"}}`},
		"nothing does not":            {content: `null`},
		"a byte order mark is fine":   {content: "\ufeff{\"name\": \"a\"}", want: manifest{name: "a", substantial: true}},
		"keys count in their case":    {content: `{"Name": "a", "Workspaces": ["b"]}`},
		"the last of a key counts":    {content: `{"name": "a", "name": "b"}`, want: manifest{name: "b", substantial: true}},
		"workspaces may be a list":    {content: `{"workspaces": ["a", "b/*"]}`, want: manifest{workspaces: []string{"a", "b/*"}, globLine: 1}},
		"or an object":                {content: "{\n\"workspaces\": {\"nohoist\": [\"x\"], \"packages\": [\"a\"]}}", want: manifest{workspaces: []string{"a"}, globLine: 2}},
		"an object without packages":  {content: `{"workspaces": {"nohoist": []}}`, want: manifest{globLine: 1}},
		"or null":                     {content: `{"workspaces": null}`, want: manifest{globLine: 1}},
		"keys deeper down do not say": {content: `{"config": {"name": "a", "dependencies": {"x": "./x"}}}`},
		"all four kinds of dependencies count, sorted": {
			content: `{"optionalDependencies": {"d": "1"}, "peerDependencies": {"c": "1"}, "devDependencies": {"b": "1"},
				"dependencies": {"z": "1", "a": "1"}, "bundledDependencies": ["e"], "overrides": {"f": "1"}}`,
			want: manifest{substantial: true, needs: []string{"a", "z", "b", "d", "c"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, faults := parsePackage([]byte(tt.content))
			if len(faults) > 0 {
				t.Fatalf("faults: %v", faults)
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(manifest{}), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("manifest (-want +got):\n%s", d)
			}
		})
	}
}

func TestNeed(t *testing.T) {
	tests := map[string]struct {
		spec         string
		needs, paths []string
	}{
		"a range is a package of the name":              {spec: "^1.2.0 || 2.x - 3", needs: []string{"dep"}},
		"so is a tag":                                   {spec: "latest", needs: []string{"dep"}},
		"and nothing":                                   {spec: "", needs: []string{"dep"}},
		"a catalog has versions, too":                   {spec: "catalog:react18", needs: []string{"dep"}},
		"npm: with a range is a package of the name":    {spec: "npm:^1.0.0", needs: []string{"dep"}},
		"npm: with a name is one of the registry":       {spec: "npm:other@^1.0.0"},
		"npm: with a scope is, too":                     {spec: "npm:@scope/other"},
		"workspace: is a package of the name":           {spec: "workspace:*", needs: []string{"dep"}},
		"workspace: with a version is as well":          {spec: "workspace:^1.0.0", needs: []string{"dep"}},
		"workspace: with another name is that":          {spec: "workspace:other@*", needs: []string{"other"}},
		"workspace: with a name in a scope is that":     {spec: "workspace:@scope/other@^", needs: []string{"@scope/other"}},
		"workspace: with a relative path is that":       {spec: "workspace:../other", paths: []string{"../other"}},
		"workspace: with a path from the root is found": {spec: "workspace:packages/dep", needs: []string{"dep"}},
		"file: is a path":                               {spec: "file:../other", paths: []string{"../other"}},
		"file: may be without dots":                     {spec: "file:vendor/other.tgz", paths: []string{"vendor/other.tgz"}},
		"link: is a path":                               {spec: "link:../other", paths: []string{"../other"}},
		"portal: is a path":                             {spec: "portal:./other", paths: []string{"./other"}},
		"a relative path is one without more":           {spec: " ../other ", paths: []string{"../other"}},
		"the home directory is elsewhere":               {spec: "file:~/other"},
		"GitHub is elsewhere":                           {spec: "user/project#semver:^1"},
		"so is Git":                                     {spec: "git+ssh://git@example.org/user/project.git"},
		"also in its short form":                        {spec: "git@example.org:user/project.git"},
		"and a URL":                                     {spec: "https://example.org/x.tgz"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got manifest
			got.need("dep", tt.spec)
			if d := cmp.Diff(manifest{needs: tt.needs, paths: tt.paths}, got, cmp.AllowUnexported(manifest{})); d != "" {
				t.Errorf("need %q (-want +got):\n%s", tt.spec, d)
			}
		})
	}
}

func TestFaultsOfPackages(t *testing.T) {
	tests := map[string]struct {
		content string
		want    []string
	}{
		"an empty file":                 {"", []string{"1: malformed JSON: unexpected end of JSON input"}},
		"a comment":                     {"{\n\n// x\n}", []string{"3: malformed JSON: invalid character '/' looking for beginning of object key string"}},
		"more after the end":            {"{}\n{}", []string{"2: malformed JSON: invalid character '{' after top-level value"}},
		"text instead of an object":     {`"x"`, []string{"1: the file must be an object; here it has a value of type string"}},
		"a name that is a number":       {"{\n\"version\": \"1\",\n\"name\"\n:\n1}", []string{"5: name must be text; here it has a value of type number"}},
		"dependencies that are a list":  {"{\"dependencies\": []}", []string{"1: dependencies must be an object of names and texts; here it has a value of type array"}},
		"a version that is a number":    {"{\"peerDependencies\": {\n\"a\": \"1\",\n\"b\": 1}}", []string{"3: peerDependencies must be an object of names and texts; here it has a value of type number"}},
		"workspaces that are text":      {"{\n\"workspaces\": \"x\"}", []string{"2: workspaces: it must be a list of globs, or an object with the key packages"}},
		"a workspace that is a number":  {"{\"workspaces\": [1]}", []string{"1: workspaces: it must be a list of globs, or an object with the key packages"}},
		"packages that are text":        {"{\"workspaces\": {\"packages\": \"x\"}}", []string{"1: workspaces: its packages must be a list of globs"}},
		"several faults are told apart": {"{\"name\": [],\n\"devDependencies\": 5}", []string{"1: name must be text; here it has a value of type array", "2: devDependencies must be an object of names and texts; here it has a value of type number"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, faults := parsePackage([]byte(tt.content))
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprintf("%d: %v", f.line, f.err))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

// checkFaults fails t where a fault has no text, or a line that content has not.
func checkFaults(t *testing.T, content []byte, faults []fault) {
	t.Helper()
	lines := 1 + bytes.Count(content, []byte("\n"))
	for _, f := range faults {
		if f.line < 0 || f.line > lines || f.err == nil || f.err.Error() == "" {
			t.Errorf("fault %v in a file of %d lines", f, lines)
		}
	}
}

func FuzzParsePackage(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[", `{"name": "a", "workspaces": ["packages/*", "!x"], "dependencies": {"b": "workspace:*"}}`,
		`{"workspaces": {"packages": ["a"]}, "devDependencies": {"c": "file:../c", "d": 1}}`, "{\"name\"\n:1}", "\ufeff{}",
		`{"dependencies": {"x": "npm:@a/b@1", "y": "../../../../etc"}}`, `{"name":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m, faults := parsePackage(content)
		checkFaults(t, content, faults)
		if len(m.needs)+len(m.paths) > 0 && !m.substantial {
			t.Errorf("%v needs others and is not substantial", m)
		}
		d := &directory{path: "a/b"}
		d.refer(m.paths)
		if i := slices.IndexFunc(d.refers, leavesTree); i >= 0 {
			t.Errorf("path %q leaves the tree", d.refers[i])
		}
	})
}
