//go:build integration

package gitdir

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	seedFlag    = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random configs")
	configsFlag = flag.Int("configs", 300, "how many random configs")
)

// runGit runs the real git, without the configuration of the machine.
func runGit(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com")
	out, err := cmd.Output()
	if exit, ran := errors.AsType[*exec.ExitError](err); ran {
		err = fmt.Errorf("git %v: %w: %s", args, err, exit.Stderr)
	} else if err != nil {
		t.Fatalf("git is needed: %v", err)
	}
	return string(out), err
}

func mustGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := runGit(t, dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// TestGitAgreesOnConfigs draws configs, most of them with a fault, and compares
// with what git lists.
func TestGitAgreesOnConfigs(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 1))
	pieces := []string{
		"[a]", "[A.b]", "[a \"b\"]", "[a \"b\\\"c\\\\\"]", "[a\t\"B c\"]", "x", "y-1", " = ", "=", "1", "a b", "\"", "\"q \"", "\\\\", "\\n", "\\t", "\\", "\\x",
		"\n", "\n", "\n", "\r\n", " ", "\t", "# c", "; c", "[", "]", "\r", "_", "é", "k = v\n", "k\n", "true",
	}
	good := 0
	path := filepath.Join(t.TempDir(), "config")
	for range *configsFlag {
		var text strings.Builder
		text.WriteString("[a]\n")
		for range rng.IntN(12) {
			text.WriteString(pieces[rng.IntN(len(pieces))])
		}
		write(t, path, text.String())
		out, gitErr := runGit(t, "", "config", "--list", "-z", "--file", path)
		got, err := parseConfig([]byte(text.String()), nil)
		if (gitErr == nil) != (err == nil) {
			t.Errorf("seed %d: %q: %v; git says %v", *seedFlag, text.String(), err, gitErr)
			continue
		}
		if err != nil {
			continue
		}
		good++
		var want []string
		for item := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
			if item != "" {
				want = append(want, strings.Replace(item, "\n", "=", 1))
			}
		}
		// Until version 2.45, git made a space of each blank within a value.
		blanks := strings.NewReplacer("\t", " ", "\r", " ")
		alike := cmp.Comparer(func(a, b string) bool { return blanks.Replace(a) == blanks.Replace(b) })
		if d := cmp.Diff(want, say(got), alike); d != "" {
			t.Errorf("seed %d: %q (-git +got):\n%s", *seedFlag, text.String(), d)
		}
	}
	t.Logf("seed %d: %d of %d configs are sound", *seedFlag, good, *configsFlag)
	if good == 0 || good == *configsFlag {
		t.Error("the draw exercised too little")
	}
}

func TestGitAgreesOnLayouts(t *testing.T) {
	root := tempDir(t)
	origin := filepath.Join(root, "origin")
	mustGit(t, "", "init", "-q", "-b", "main", origin)
	write(t, filepath.Join(origin, "dir/file"), "1")
	mustGit(t, origin, "add", ".")
	mustGit(t, origin, "commit", "-q", "-m", "x")
	mustGit(t, origin, "tag", "-a", "-m", "x", "v1")
	clone := func(name string, args ...string) string {
		dir := filepath.Join(root, name)
		mustGit(t, "", append(append([]string{"clone", "-q"}, args...), "file://"+origin, dir)...)
		return dir
	}
	layouts := map[string]func() string{
		"a clone":                  func() string { return clone("clone") },
		"within a clone":           func() string { return filepath.Join(clone("within"), "dir") },
		"a bare clone":             func() string { return clone("bare.git", "--bare") },
		"within .git":              func() string { return filepath.Join(clone("inside"), ".git", "refs") },
		"a separate Git directory": func() string { return clone("separate", "--separate-git-dir", filepath.Join(root, "separate.git")) },
		"a shallow clone":          func() string { return clone("shallow", "--depth", "1") },
		"a partial clone":          func() string { return clone("partial", "--filter=blob:none", "--no-checkout") },
		"a linked worktree": func() string {
			linked := filepath.Join(root, "linked")
			mustGit(t, clone("main"), "worktree", "add", "-q", linked, "-b", "linked")
			mustGit(t, linked, "update-ref", "refs/worktree/mine", "HEAD")
			return linked
		},
		"a worktree of a bare repository": func() string {
			linked := filepath.Join(root, "of-bare")
			mustGit(t, clone("main.git", "--bare"), "worktree", "add", "-q", linked, "-b", "linked")
			return linked
		},
		"a submodule": func() string {
			super := clone("super")
			mustGit(t, super, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "file://"+origin, "sub")
			return filepath.Join(super, "sub")
		},
		"a sparse checkout": func() string {
			dir := clone("sparse")
			mustGit(t, dir, "sparse-checkout", "set", "dir")
			return dir
		},
		"core.worktree elsewhere": func() string {
			dir := clone("elsewhere")
			mustGit(t, dir, "config", "core.worktree", filepath.Join(root, "tree"))
			write(t, filepath.Join(root, "tree/file"), "1")
			return filepath.Join(dir, ".git")
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			dir := layout()
			got, err := Discover(dir)
			if err != nil {
				t.Fatal(err)
			}
			format := mustFormat(t, got)
			want := map[string]string{
				"git-dir":        mustGit(t, dir, "rev-parse", "--path-format=absolute", "--git-dir"),
				"git-common-dir": mustGit(t, dir, "rev-parse", "--path-format=absolute", "--git-common-dir"),
			}
			top, err := runGit(t, dir, "rev-parse", "--show-toplevel")
			if want["show-toplevel"] = strings.TrimSpace(top); err != nil {
				want["show-toplevel"] = ""
			}
			if d := cmp.Diff(want, map[string]string{"git-dir": got.GitDir, "git-common-dir": got.CommonDir, "show-toplevel": format.WorkTree}); d != "" {
				t.Errorf("(-git +got):\n%s", d)
			}
			checkRefs(t, dir, OpenRefs(got))
			mustGit(t, dir, "pack-refs", "--all")
			checkRefs(t, dir, OpenRefs(got))
			cuts := OpenShallow(got)
			_, err = cuts.Refresh()
			if shallow := cuts.Commits(); err != nil || (len(shallow) > 0) != (mustGit(t, dir, "rev-parse", "--is-shallow-repository") == "true") {
				t.Errorf("shallow at %v, %v", shallow, err)
			}
			if format.Partial != (name == "a partial clone") {
				t.Errorf("partial = %v", format.Partial)
			}
		})
	}
}

// checkRefs compares each ref that git lists, and HEAD.
func checkRefs(t *testing.T, dir string, refs *Refs) {
	t.Helper()
	lines := strings.Split(mustGit(t, dir, "for-each-ref", "--format=%(refname) %(objectname)"), "\n")
	lines = append(lines, "HEAD "+mustGit(t, dir, "rev-parse", "HEAD"))
	for _, line := range lines {
		name, want, _ := strings.Cut(line, " ")
		if got, ok, err := refs.Resolve(name); err != nil || !ok || got.String() != want {
			t.Errorf("%s = %s, %v, %v; git says %s", name, got, ok, err, want)
		}
	}
	if len(lines) < 3 {
		t.Errorf("only %q", lines)
	}
	if err := refs.Close(); err != nil {
		t.Error(err)
	}
}
