//go:build integration

package worktree

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// repository makes a repository with some files of every kind.
func repository(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	run(t, "", "", "init", "-q", "-b", "main", dir)
	for _, name := range []string{"a", "b", "d/x", "d/y", "d/e/z", "f/g"} {
		write(t, filepath.Join(dir, name), name+"\n")
	}
	write(t, filepath.Join(dir, "f/.gitignore"), "*.o\n")
	link(t, "a", filepath.Join(dir, "link"))
	if err := os.Chmod(filepath.Join(dir, "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	commitAll(t, dir)
	return dir
}

func link(t *testing.T, target, file string) {
	t.Helper()
	if err := os.Symlink(target, file); err != nil {
		t.Fatal(err)
	}
}

func commitAll(t *testing.T, dir string) {
	t.Helper()
	run(t, dir, "", "add", "-A")
	run(t, dir, "", "commit", "-q", "--allow-empty", "-m", "x")
}

func TestGitAgreesOnLayouts(t *testing.T) {
	layouts := map[string]struct {
		make    func(t *testing.T, dir string) string // returns where to look, if not at dir
		options func(*Options)
	}{
		"nothing was done": {make: func(*testing.T, string) string { return "" }},
		"files were touched, not changed": {make: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "a"), "a\n")
			return ""
		}},
		"the index is gone": {make: func(t *testing.T, dir string) string {
			if err := os.Remove(filepath.Join(dir, ".git/index")); err != nil {
				t.Fatal(err)
			}
			return ""
		}},
		"a merge stopped at conflicts": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "checkout", "-q", "-b", "side")
			write(t, filepath.Join(dir, "a"), "side\n")
			write(t, filepath.Join(dir, "both"), "side\n")
			run(t, dir, "", "rm", "-q", "d/x")
			commitAll(t, dir)
			run(t, dir, "", "checkout", "-q", "main")
			write(t, filepath.Join(dir, "a"), "main\n")
			write(t, filepath.Join(dir, "both"), "main\n")
			write(t, filepath.Join(dir, "d/x"), "main\n")
			commitAll(t, dir)
			(&mess{t: t, dir: dir}).git("-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "-q", "side")
			if out := run(t, dir, "", "ls-files", "--unmerged"); !strings.Contains(out, "both") {
				t.Fatal("no conflict")
			}
			return ""
		}},
		"a sparse checkout": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "sparse-checkout", "set", "d/e")
			return ""
		}, options: func(o *Options) { o.Sparse = true }},
		"a sparse checkout with files where there should be none": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "sparse-checkout", "set", "d/e")
			write(t, filepath.Join(dir, "f/g"), "other\n")
			write(t, filepath.Join(dir, "f/n"), "new\n")
			write(t, filepath.Join(dir, "f/n.o"), "ignored by a file that is not there\n")
			return ""
		}, options: func(o *Options) { o.Sparse = true }},
		"a sparse checkout with a sparse index": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "sparse-checkout", "set", "--sparse-index", "d/e")
			write(t, filepath.Join(dir, "d/e/n"), "new\n")
			if idx, err := readIndex(filepath.Join(dir, ".git/index")); err != nil || idx.entries[len(idx.entries)-2].path != "f/" {
				t.Fatalf("the index is not sparse: %v %+v", err, idx)
			}
			return ""
		}, options: func(o *Options) { o.Sparse = true }},
		"a sparse index, and a file beyond it": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "sparse-checkout", "set", "--sparse-index", "d/e")
			write(t, filepath.Join(dir, "f/g"), "other\n")
			return ""
		}, options: func(o *Options) { o.Sparse = true }},
		"the executable bit does not count": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "config", "core.fileMode", "false")
			for name, mode := range map[string]os.FileMode{"a": 0o755, "b": 0o644} {
				if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
					t.Fatal(err)
				}
			}
			return ""
		}, options: func(o *Options) { o.FileMode = false }},
		"symbolic links are files": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "config", "core.symlinks", "false")
			if err := os.Remove(filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "link"), "a")
			return ""
		}, options: func(o *Options) { o.Symlinks = false }},
		"symbolic links are files, and one differs": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "config", "core.symlinks", "false")
			if err := os.Remove(filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "link"), "other")
			return ""
		}, options: func(o *Options) { o.Symlinks = false }},
		"an index with every optional extension": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "config", "index.threads", "2")
			run(t, dir, "", "config", "core.untrackedCache", "true")
			run(t, dir, "", "update-index", "--force-untracked-cache")
			run(t, dir, "", "status")
			write(t, filepath.Join(dir, "d/n"), "new\n")
			return ""
		}},
		"a linked worktree": {make: func(t *testing.T, dir string) string {
			linked := filepath.Join(t.TempDir(), "linked")
			run(t, dir, "", "worktree", "add", "-q", "--detach", linked)
			write(t, filepath.Join(dir, ".git/info/exclude"), "excluded\n")
			write(t, filepath.Join(linked, "excluded"), "x")
			write(t, filepath.Join(linked, "n"), "x")
			return linked
		}},
		"a directory with tracked files is ignored": {make: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, ".gitignore"), "d/\n!d/n\n")
			write(t, filepath.Join(dir, "d/n"), "new\n")
			write(t, filepath.Join(dir, "d/x"), "other\n")
			return ""
		}},
		"a tracked file is ignored once it is no longer tracked": {make: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, ".gitignore"), "a\n")
			run(t, dir, "", "rm", "-q", "--cached", "a")
			return ""
		}},
		"a .gitignore is a symbolic link": {make: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "rules"), "*\n")
			link(t, "rules", filepath.Join(dir, ".gitignore"))
			return ""
		}},
		"a directory became a symbolic link": {make: func(t *testing.T, dir string) string {
			if err := os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "h")); err != nil {
				t.Fatal(err)
			}
			link(t, "h", filepath.Join(dir, "d"))
			return ""
		}},
		"there is no commit yet, but files are staged": {make: func(t *testing.T, dir string) string {
			run(t, dir, "", "rm", "-rq", "--cached", ".")
			run(t, dir, "", "add", "d")
			return ""
		}},
	}
	for name, layout := range layouts {
		for _, version := range []string{"2", "4"} {
			t.Run(name+", index version "+version, func(t *testing.T) {
				dir := repository(t)
				run(t, dir, "", "config", "index.version", version)
				if at := layout.make(t, dir); at != "" {
					dir = at
				}
				opts := options(t, dir)
				if layout.options != nil {
					layout.options(&opts)
				}
				agree(t, dir, opts, "HEAD")
			})
		}
	}
}

func TestGitAgreesOnSubmodules(t *testing.T) {
	states := map[string]func(t *testing.T, sub string){
		"unchanged": func(*testing.T, string) {},
		"not checked out": func(t *testing.T, sub string) {
			run(t, filepath.Dir(sub), "", "submodule", "deinit", "-q", "-f", "sub")
		},
		"gone": func(t *testing.T, sub string) {
			if err := os.RemoveAll(sub); err != nil {
				t.Fatal(err)
			}
		},
		"a file": func(t *testing.T, sub string) {
			if err := os.RemoveAll(sub); err != nil {
				t.Fatal(err)
			}
			write(t, sub, "file")
		},
		"dirty": func(t *testing.T, sub string) { write(t, filepath.Join(sub, "a"), "dirty") },
		"with a new commit": func(t *testing.T, sub string) {
			write(t, filepath.Join(sub, "a"), "new")
			commitAll(t, sub)
		},
		"with a new commit and packed refs": func(t *testing.T, sub string) {
			run(t, sub, "", "checkout", "-q", "-b", "topic")
			write(t, filepath.Join(sub, "a"), "new")
			commitAll(t, sub)
			run(t, sub, "", "pack-refs", "--all")
		},
		"on a branch without a commit": func(t *testing.T, sub string) {
			run(t, sub, "", "symbolic-ref", "HEAD", "refs/heads/none")
		},
		"with another Git directory that is none": func(t *testing.T, sub string) {
			write(t, filepath.Join(sub, ".git"), "gitdir: ../nowhere\n")
		},
	}
	for name, change := range states {
		t.Run(name, func(t *testing.T) {
			origin, dir := repository(t), repository(t)
			run(t, dir, "", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", origin, "sub")
			commitAll(t, dir)
			change(t, filepath.Join(dir, "sub"))
			agree(t, dir, options(t, dir), "HEAD")
			agree(t, dir, options(t, dir), "HEAD~1")
		})
	}
}

func TestSplitIndexIsUnsupported(t *testing.T) {
	dir := repository(t)
	run(t, dir, "", "update-index", "--split-index")
	_, err := Diff(t.Context(), objectsOf(t, dir), options(t, dir), treeOf(t, dir, "HEAD"))
	if !errors.Is(err, git.ErrUnsupported) || !strings.Contains(err.Error(), "split index") {
		t.Errorf("error = %v, want ErrUnsupported of a split index", err)
	}
}

// TestFiltersAreNotRun holds the package to what it documents: never does a
// filter hide a change, and a clean file is known as such without one.
func TestFiltersAreNotRun(t *testing.T) {
	dir := repository(t)
	write(t, filepath.Join(dir, ".gitattributes"), "*.txt text eol=crlf\n")
	write(t, filepath.Join(dir, "n.txt"), "one\r\ntwo\r\n")
	commitAll(t, dir)
	past := filepath.Join(dir, "n.txt")
	backdate(t, past)
	run(t, dir, "", "update-index", "--refresh")
	diff := func() []git.Change {
		t.Helper()
		got, err := Diff(t.Context(), objectsOf(t, dir), options(t, dir), treeOf(t, dir, "HEAD"))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := diff(); len(got) != 0 {
		t.Errorf("as checked out: %v, want nothing", got)
	}
	write(t, past, "one\r\ntwo\r\n")
	if d := cmp.Diff([]git.Change{{Path: "n.txt", Status: git.Modified}}, diff()); d != "" {
		t.Errorf("touched (-want +got):\n%s", d)
	}
}
