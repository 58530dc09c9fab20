package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// twoSides makes a repository in which the second commit edits services/a and
// deletes services/b, in the file of modules too. Below it is an edit that is
// not committed.
func twoSides(t *testing.T) string {
	t.Helper()
	r := newCheckout(t)
	r.commit(map[string]string{
		"services/a/go.mod": "module example.com/a\n",
		"services/b/go.mod": "module example.com/b\n",
		"services/c/go.mod": "module example.com/c\nrequire example.com/b v1.0.0\n",
		"services/d/go.mod": "module example.com/d\n",
		"modules.yaml":      "modules:\n- {name: a, paths: [services/a]}\n- {name: b, paths: [services/b]}\n",
	})
	check(t, os.RemoveAll(filepath.Join(r.dir, "services/b")))
	r.commit(map[string]string{
		"services/a/main.go": "package main\n",
		"modules.yaml":       "modules:\n- {name: a, paths: [services/a]}\n",
	})
	r.put(map[string]string{"services/d/main.go": "package main\n"})
	return r.dir
}

func TestModulesOfBothSides(t *testing.T) {
	dir := twoSides(t)
	file := filepath.Join(dir, "modules.yaml")
	elsewhere := write(t, "modules.yaml", "modules:\n- {name: a, paths: [services/a]}\n")
	tests := map[string]struct {
		args []string
		want string // modules with their status
		note string // on stderr
	}{
		"of a file in the repository":           {[]string{"-base", "HEAD~1", "-modules", file}, "a changed, b deleted", ""},
		"of a file elsewhere, of the head only": {[]string{"-base", "HEAD~1", "-modules", elsewhere}, "a changed", "deleted modules are not seen, for " + elsewhere + " is outside of the repository (-before FILE names the modules of the base)"},
		"by their markers":                      {[]string{"-base", "HEAD~1", "-discover"}, "services/a changed, services/b deleted, services/c dependent", ""},
		"by the markers on disk":                {[]string{"-worktree", "-discover"}, "services/d changed", ""},
		"of the working tree since a commit":    {[]string{"-worktree", "-base", "HEAD~1", "-discover"}, "services/a changed, services/b deleted, services/c dependent, services/d changed", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := call(t.Context(), append([]string{"-repo", dir}, tt.args...)...)
			want := ""
			if tt.note != "" {
				want = "changes: " + tt.note + "\n"
			}
			if code != 0 || stderr != want {
				t.Fatalf("exit code %d, stderr %q, want %q", code, stderr, want)
			}
			if got := statuses(stdout); got != tt.want {
				t.Errorf("modules %q, want %q; stdout:\n%s", got, tt.want, stdout)
			}
		})
	}
}

// statuses picks "name status" out of the view for people, sorted.
func statuses(stdout string) string {
	var found []string
	for line := range strings.Lines(stdout) {
		if name, status, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); ok && !strings.Contains(name, " ") {
			found = append(found, name+" "+status)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

func TestAFaultyBaseIsSaidAndDoesNotFail(t *testing.T) {
	dir := twoSides(t)
	r := openCheckout(t, dir)
	file := filepath.Join(dir, "modules.yaml")
	for _, content := range []string{"modules: [\n", "modules:\n- {name: a, paths: [services]}\n"} {
		r.commit(map[string]string{"modules.yaml": content})
	}
	code, stdout, stderr := call(t.Context(), "-repo", dir, "-base", "HEAD~1", "-modules", file)
	if code != 0 || !strings.Contains(stderr, "deleted modules may be missing") || !strings.Contains(stderr, "modules.yaml") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d, stderr %q; want a line that names the file", code, stderr)
	}
	if !strings.Contains(stdout, "of no module") {
		t.Errorf("stdout:\n%s", stdout)
	}
}
