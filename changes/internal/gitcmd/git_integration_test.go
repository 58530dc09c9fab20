//go:build integration

package gitcmd

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

var seedFlag = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of what is drawn")

// env is that of the machine without its configuration of git.
func env(t testing.TB) []string {
	t.Helper()
	return append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "HOME="+t.TempDir(),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always")
}

func try(t testing.TB, dir, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, env(t), strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if _, ran := errors.AsType[*exec.ExitError](err); !ran {
			t.Fatalf("git is needed: %v", err)
		}
		err = fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

func run(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t testing.TB, dir string) *Repo {
	t.Helper()
	r, err := Open(t.Context(), Options{Dir: dir, Env: env(t)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// history makes a bare repository by git fast-import: "b: a" a line is a
// commit and its parents, oldest first; each adds a file of its name, and
// belongs to a branch of its name.
func history(t testing.TB, graph string, initArgs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "r.git")
	run(t, "", "", append(append([]string{"init", "-q", "--bare", "-b", "main"}, initArgs...), dir)...)
	marks := map[string]int{}
	var s strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(graph), "\n") {
		name, parents, _ := strings.Cut(line, ":")
		marks[name] = i + 1
		fmt.Fprintf(&s, "commit refs/heads/%s\nmark :%d\ncommitter c <c@example.com> %d +0000\ndata 1\nx\n", name, i+1, i+1)
		for j, p := range strings.Fields(parents) {
			fmt.Fprintf(&s, "%s :%d\n", []string{"from", "merge"}[min(j, 1)], marks[p])
		}
		fmt.Fprintf(&s, "M 100644 inline %s/file\ndata 1\nx\n\n", name)
	}
	run(t, dir, s.String(), "fast-import", "--quiet")
	run(t, dir, "", "symbolic-ref", "HEAD", "refs/heads/"+strings.SplitN(graph[strings.LastIndexByte(graph, '\n')+1:], ":", 2)[0])
	return dir
}

// crissCross has two merge bases of x and y, a root of its own, and an octopus.
const crissCross = "one:\nl: one\nr: one\nx: l r\ny: r l\nalone:\nocto: x y l\nlast: octo"

func TestResolveAgrees(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		dir := history(t, crissCross, "--object-format="+format)
		run(t, dir, "", "tag", "-a", "-m", "x", "annotated", "l")
		run(t, dir, "", "tag", "-a", "-m", "x", "twice", "annotated")
		run(t, dir, "", "tag", "blob", run(t, dir, "x", "hash-object", "-w", "--stdin"))
		run(t, dir, "", "update-ref", "refs/remotes/origin/x", "x")
		run(t, dir, "", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/x")
		run(t, dir, "", "branch", "v1-gabcdef", "l")
		full := run(t, dir, "", "rev-parse", "l")
		r := open(t, dir)
		names := []string{"HEAD", "@", "x", "heads/x", "refs/heads/x", "annotated", "twice", "blob", "origin", "origin/x", "v1-gabcdef", "nope", "refs", "a..b", full, full[:9], strings.ToUpper(full), strings.Repeat("12", len(full)/2), "l.lock", ".", "x@"}
		for _, name := range names {
			for _, steps := range []string{"", "~", "^", "^2", "^3", "^4", "~2", "~3", "~9", "^0", "~0", "^{}", "^{commit}", "~^2~", "^{tree}"} {
				want, gitErr := try(t, dir, "", "rev-parse", "--verify", "--quiet", "--end-of-options", name+steps+"^{commit}")
				got, err := r.Resolve(t.Context(), name+steps)
				if (gitErr == nil) != (err == nil) || got != want {
					t.Errorf("%s: %s = %s, %v; git says %q, %v", format, name+steps, got, err, want, gitErr)
				}
				if err != nil && !errors.Is(err, git.ErrUnknownRevision) {
					t.Errorf("%s: %v is not ErrUnknownRevision", name+steps, err)
				}
			}
		}
		// What git reads as the output of git describe is no name here.
		if got, err := r.Resolve(t.Context(), "nope-g"+full[:9]); !errors.Is(err, git.ErrUnknownRevision) {
			t.Errorf("nope-g%s = %s, %v; want ErrUnknownRevision", full[:9], got, err)
		}
	}
}

func TestMergeBases(t *testing.T) {
	dir := history(t, crissCross)
	r := open(t, dir)
	hash := func(name string) string { return run(t, dir, "", "rev-parse", name) }
	got, err := r.MergeBases(t.Context(), hash("x"), hash("y"))
	if d := cmp.Diff([]string{hash("r"), hash("l")}, got); d != "" || err != nil {
		t.Errorf("x and y: %v (-want +got):\n%s", err, d)
	}
	if _, err := r.MergeBases(t.Context(), hash("x"), hash("alone")); !errors.Is(err, git.ErrNoMergeBase) || errors.Is(err, git.ErrShallow) {
		t.Errorf("x and alone: %v, want ErrNoMergeBase", err)
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	run(t, "", "", "clone", "-q", "--bare", "--no-single-branch", "--depth", "1", "file://"+dir, shallow)
	s := open(t, shallow)
	if !s.Shallow(t.Context()) || r.Shallow(t.Context()) {
		t.Error("Shallow is wrong")
	}
	if _, err := s.MergeBases(t.Context(), hash("x"), hash("y")); !errors.Is(err, git.ErrShallow) {
		t.Errorf("x and y of a shallow clone: %v, want ErrShallow", err)
	}
	for rev, want := range map[string]error{"x~1": git.ErrShallow, "x^2": git.ErrShallow, "alone~1": git.ErrUnknownRevision, "nope": git.ErrUnknownRevision} {
		if _, err := s.Resolve(t.Context(), rev); !errors.Is(err, want) {
			t.Errorf("%s of a shallow clone: %v, want %v", rev, err, want)
		}
	}
	narrow := filepath.Join(t.TempDir(), "narrow")
	run(t, "", "", "clone", "-q", "--bare", "--depth", "1", "file://"+dir, narrow)
	if _, err := open(t, narrow).Resolve(t.Context(), hash("one")); !errors.Is(err, git.ErrShallow) {
		t.Errorf("a commit that a shallow clone does not hold: %v, want ErrShallow", err)
	}
	if n, err := s.Resolve(t.Context(), "alone"); err != nil || n != hash("alone") {
		t.Errorf("alone of a shallow clone: %v, %v", n, err)
	}
}

// layouts are repositories that only git reads.
func TestOnlyGitReadsThese(t *testing.T) {
	plain := history(t, crissCross)
	run(t, plain, "", "config", "uploadpack.allowFilter", "true")
	run(t, plain, "", "config", "uploadpack.allowAnySHA1InWant", "true")
	layouts := map[string]func(t *testing.T) string{
		"SHA-256": func(t *testing.T) string { return history(t, crissCross, "--object-format=sha256") },
		"a pack index of version 1": func(t *testing.T) string {
			dir := history(t, crissCross)
			run(t, dir, "", "-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f")
			return dir
		},
		"a clone without trees": func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "partial")
			run(t, "", "", "clone", "-q", "--bare", "--filter=tree:0", "file://"+plain, dir)
			return dir
		},
		"replaced commits, which are not looked at": func(t *testing.T) string {
			dir := history(t, crissCross)
			run(t, dir, "", "replace", "last", "one")
			run(t, dir, "", "replace", "l", "alone")
			return dir
		},
		"grafts, which are not looked at": func(t *testing.T) string {
			dir := history(t, crissCross)
			if err := os.WriteFile(filepath.Join(dir, "info/grafts"), []byte(run(t, dir, "", "rev-parse", "x")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			return dir
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			r := open(t, layout(t))
			from, err := r.Resolve(t.Context(), "x")
			if err != nil {
				t.Fatal(err)
			}
			to, err := r.Resolve(t.Context(), "last")
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Diff(t.Context(), from, to)
			want := []git.Change{{Path: "last/file", Status: git.Added}, {Path: "octo/file", Status: git.Added}}
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("diff: %v (-want +got):\n%s", err, d)
			}
			bases, err := r.MergeBases(t.Context(), from, "y")
			if err != nil || len(bases) != 2 {
				t.Errorf("merge bases: %v, %v; want two", bases, err)
			}
			files, err := r.FS(t.Context(), to)
			if err != nil {
				t.Fatal(err)
			}
			if content, err := fs.ReadFile(files, "last/file"); err != nil || string(content) != "x" {
				t.Errorf("last/file = %q, %v", content, err)
			}
		})
	}
	t.Run("a clone without trees whose origin is gone", func(t *testing.T) {
		dir := layouts["a clone without trees"](t)
		run(t, dir, "", "config", "remote.origin.url", "file:///nowhere")
		_, err := open(t, dir).Diff(t.Context(), "x", "last")
		if !errors.Is(err, git.ErrMissingObject) {
			t.Errorf("diff: %v, want ErrMissingObject", err)
		}
	})
}

func TestFSOfRandomTrees(t *testing.T) {
	t.Logf("seed %d", *seedFlag)
	rng := rand.New(rand.NewPCG(*seedFlag, 3))
	dir := filepath.Join(t.TempDir(), "r.git")
	run(t, "", "", "init", "-q", "--bare", dir)
	want := map[string]string{}
	var s strings.Builder
	s.WriteString("commit refs/heads/main\ncommitter c <c@example.com> 1 +0000\ndata 1\nx\n")
	for i := range 200 {
		name := fmt.Sprintf("d%d/é%d/f%d", rng.IntN(9), rng.IntN(9), i)
		want[name] = strings.Repeat("x\n", rng.IntN(99))
		fmt.Fprintf(&s, "M 100644 inline %s\ndata %d\n%s\n", name, len(want[name]), want[name])
	}
	s.WriteString("M 100644 inline \"latin-\\351/x\"\ndata 1\nx\nM 120000 inline link\ndata 2\nd1\nM 100755 inline run\ndata 1\nx\nM 160000 " + strings.Repeat("1", 40) + " sub\n")
	run(t, dir, s.String(), "fast-import", "--quiet")
	files, err := open(t, dir).FS(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(files, slices.Collect(func(yield func(string) bool) {
		for name := range want {
			if !yield(name) {
				return
			}
		}
	})...); err != nil {
		t.Error(err)
	}
	for name, content := range want {
		if got, err := fs.ReadFile(files, name); err != nil || string(got) != content {
			t.Errorf("%s = %q, %v; want %q", name, got, err, content)
		}
	}
	for name, mode := range map[string]fs.FileMode{"link": fs.ModeSymlink | 0o777, "run": 0o755, "sub": fs.ModeDir | 0o755} {
		if info, err := fs.Stat(files, name); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v; want %v", name, info, err, mode)
		}
	}
	if _, err := fs.Stat(files, "latin-\xe9/x"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a name that is not UTF-8: %v, want ErrInvalid", err)
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(t.Context(), Options{Dir: t.TempDir(), Env: env(t)}); !errors.Is(err, git.ErrNotRepository) {
		t.Errorf("a plain directory: %v, want ErrNotRepository", err)
	}
	dir := history(t, "a:")
	if r := open(t, dir); r.Dir() != dir {
		t.Errorf("Dir = %s, want %s", r.Dir(), dir)
	}
	if _, err := open(t, dir).WorkTree(t.Context(), "a"); !errors.Is(err, git.ErrUnsupported) {
		t.Errorf("a bare repository: %v, want ErrUnsupported", err)
	}
	run(t, dir, "", "config", "core.repositoryFormatVersion", "1")
	run(t, dir, "", "config", "extensions.refStorage", "future")
	if _, err := Open(t.Context(), Options{Dir: dir, Env: env(t)}); !errors.Is(err, git.ErrUnsupported) {
		t.Errorf("an extension that git does not know: %v, want ErrUnsupported", err)
	}
}
