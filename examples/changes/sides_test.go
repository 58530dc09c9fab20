package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const ab = "modules:\n- {name: a, paths: [a]}\n- {name: b, paths: [b]}\n"

func TestTheFileOfAHeadThatIsNotCheckedOutIsThatOfItsCommit(t *testing.T) {
	r := newCheckout(t)
	v1 := r.commit(map[string]string{"README": "1"})
	v2 := r.commit(map[string]string{"ci/m.yaml": "modules:\n- {name: a, paths: [a]}\n", "a/x": "1"})
	v3 := r.commit(map[string]string{"ci/m.yaml": ab, "a/x": "2", "b/x": "1"})
	r.commit(map[string]string{"ci/m.yaml": "modules: []\n"})
	file := filepath.Join(r.dir, "ci/m.yaml")
	outside := write(t, "m.yaml", "modules:\n- {name: z, paths: [.]}\n")

	tests := map[string]struct {
		checkedOut string
		args       []string
		want       string
		code       int
	}{
		"where the checkout has none yet":      {v1, []string{"-base", v2, "-head", v3, "-modules", file}, "a changed, b changed", cli.OK},
		"where the checkout has an older one":  {v2, []string{"-base", v2, "-head", v3, "-modules", file}, "a changed, b changed", cli.OK},
		"where the checkout is the head":       {v3, []string{"-base", v2, "-head", v3, "-modules", file}, "a changed, b changed", cli.OK},
		"not where it lies elsewhere":          {v2, []string{"-base", v2, "-head", v3, "-modules", outside}, "z changed", cli.OK},
		"and there must be one":                {v3, []string{"-base", v1, "-head", v1, "-modules", file}, "", cli.ExitUsage},
		"the other side is that of its commit": {v3, []string{"-base", v3, "-head", v2, "-direct", "-modules", file}, "a changed, b deleted", cli.OK},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r.checkOut(tt.checkedOut)
			code, stdout, stderr := call(t.Context(), append([]string{"-repo", r.dir}, tt.args...)...)
			if got := statuses(stdout); code != tt.code || got != tt.want {
				t.Errorf("exit %d, modules %q, want exit %d, %q; stderr %s", code, got, tt.code, tt.want, stderr)
			}
			if tt.code != cli.OK && !strings.Contains(stderr, "in commit "+v1[:12]+": read modules: open ci/m.yaml: file does not exist (of a head that is not checked out,") {
				t.Errorf("stderr %s", stderr)
			}
		})
	}

	r.checkOut(v3)
	r.put(map[string]string{"ci/m.yaml": "modules:\n- {name: edited, paths: [b]}\n"})
	for _, args := range [][]string{{"-base", v2}, {"-base", v2, "-worktree"}} {
		if _, stdout, stderr := call(t.Context(), append([]string{"-repo", r.dir, "-modules", file}, args...)...); !strings.Contains(stdout, "edited: changed") {
			t.Errorf("%v: the file on disk was not read: %s%s", args, stdout, stderr)
		}
	}
}

func TestTheFileOfABareRepositoryIsOnDisk(t *testing.T) {
	r := newCheckout(t)
	r.commit(map[string]string{"a/x": "1"})
	r.commit(map[string]string{"a/x": "2"})
	bare := filepath.Join(r.dir, ".git")
	check(t, os.WriteFile(filepath.Join(bare, "config"), []byte("[core]\n\tbare = true\n"), 0o644))
	check(t, os.WriteFile(filepath.Join(bare, "m.yaml"), []byte(ab), 0o644))
	code, stdout, stderr := call(t.Context(), "-repo", bare, "-base", "HEAD", "-head", "HEAD~1", "-direct", "-modules", filepath.Join(bare, "m.yaml"))
	if code != cli.OK || statuses(stdout) != "a changed" || !strings.Contains(stderr, "is outside of the repository") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

// A partial clone without what a side needs must not select less.
func TestAPartialCloneFailsWithARemedy(t *testing.T) {
	const before = "; -before FILE names the modules of the base)"
	const git = "with -git, git fetches what a partial clone lacks"
	tests := map[string]struct {
		lost, head string
		args       []string
		want       string
	}{
		"the file of the base": {"m.yaml", "HEAD", []string{"-modules", "m.yaml"}, git + before},
		"a marker of the base": {"b/go.mod", "HEAD", []string{"-discover"}, git + before},
		"the file of the head": {"m.yaml", "HEAD~1", []string{"-modules", "m.yaml"}, git + ")"},
		"a marker of the head": {"b/go.mod", "HEAD~1", []string{"-discover"}, git + ")"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newCheckout(t)
			old := r.commit(map[string]string{"m.yaml": ab, "a/go.mod": "module a\nrequire b v1.0.0\n", "b/go.mod": "module b\n"})
			check(t, os.RemoveAll(filepath.Join(r.dir, "b")))
			r.commit(map[string]string{"m.yaml": "modules:\n- {name: a, paths: [a]}\n"})
			r.lose(old, tt.lost)
			t.Chdir(r.dir)
			base := "HEAD~1"
			if tt.head == base {
				base = "HEAD"
			}
			code, stdout, stderr := call(t.Context(), append(tt.args, "-base", base, "-head", tt.head, "-direct")...)
			if code != cli.ExitUsage || stdout != "" || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q", code, stdout, stderr, tt.want)
			}
			if code, _, stderr := call(t.Context(), append(tt.args, "-base", base, "-head", tt.head, "-direct", "-before", write(t, "b.yaml", ab))...); (code == cli.OK) != (base == "HEAD~1") {
				t.Errorf("with -before: exit %d, %s", code, stderr)
			}
		})
	}
}

func TestGlobalFilesOfTheCommandLine(t *testing.T) {
	dir := twoSides(t)
	const two = "services/a changed, services/b deleted, services/c dependent"
	tests := map[string]struct {
		globs []string
		want  string
	}{
		"that did not change":         {[]string{"*.lock"}, two},
		"of which the second changed": {[]string{"*.lock", "modules.yaml"}, two + ", services/d global"},
		"of which the first changed":  {[]string{"mod*.yaml", "x"}, two + ", services/d global"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			args := []string{"-repo", dir, "-base", "HEAD~1", "-discover"}
			for _, glob := range tt.globs {
				args = append(args, "-global", glob)
			}
			code, stdout, stderr := call(t.Context(), args...)
			if got := statuses(stdout); code != cli.OK || got != tt.want {
				t.Errorf("exit %d, %q, want %q; %s", code, got, tt.want, stderr)
			}
		})
	}
	if code, _, stderr := call(t.Context(), "-repo", dir, "-base", "HEAD~1", "-discover", "-global", "["); code != cli.ExitUsage || !strings.Contains(stderr, `global "[": it is no valid glob`) {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if code, _, stderr := call(t.Context(), "-repo", dir, "-base", "HEAD~1", "-global", "x"); code != cli.ExitUsage || !strings.Contains(stderr, "-global needs -modules or -discover") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestBeforeTheFirstCommit(t *testing.T) {
	r := newCheckout(t)
	r.put(map[string]string{"a/go.mod": "module a\n", "m.yaml": ab})
	modules := filepath.Join(r.dir, "m.yaml")
	code, _, stderr := call(t.Context(), "-repo", r.dir, "-worktree")
	if code != cli.ExitUsage || !strings.Contains(stderr, "HEAD has no commit yet to compare the working tree with: commit first, or with -on-no-base all ") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	for name, tt := range map[string]struct {
		args      []string
		all, want string
	}{
		"modules of a file":  {[]string{"-on-no-base", "all", "-modules", modules}, "HEAD has no commit yet", "a asked for, b asked for"},
		"modules by markers": {[]string{"-on-no-base", "all", "-discover"}, "HEAD has no commit yet", "a asked for"},
		"all were asked for": {[]string{"-all=release", "-discover"}, "release", "a asked for"},
	} {
		code, stdout, stderr := call(t.Context(), append([]string{"-repo", r.dir, "-worktree"}, tt.args...)...)
		if code != cli.OK || stderr != "" || statuses(stdout) != tt.want || !strings.HasPrefix(stdout, "the working tree, compared with nothing\neverything counts as changed: "+tt.all+"\n") {
			t.Errorf("%s: exit %d, %s%s", name, code, stdout, stderr)
		}
	}
}
