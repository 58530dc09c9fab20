//go:build integration

package changes

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGitAgreesOnARepository compares pairs of commits of a real repository.
func TestGitAgreesOnARepository(t *testing.T) {
	t.Logf("seed %d", *seedFlag)
	rng := rand.New(rand.NewPCG(*seedFlag, 9))
	commits := strings.Fields(mustGit(t, *repositoryFlag, "", "rev-list", "--all"))
	if len(commits) == 0 {
		t.Fatalf("%s has no commits", *repositoryFlag)
	}
	r, err := Open(*repositoryFlag)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var n tally
	for range *pairsFlag {
		agree(t, *repositoryFlag, r, commits[rng.IntN(len(commits))], commits[rng.IntN(len(commits))], &n)
	}
	t.Logf("%d pairs of %d commits, %d changed files, %d pairs without a merge base, %d with several", n.pairs, len(commits), n.files, n.none, n.several)
}

// TestTheBinaryGivesTheSameAnswers holds OpenGit against Open: diffs, working
// trees, files, and errors by what they match.
func TestTheBinaryGivesTheSameAnswers(t *testing.T) {
	t.Logf("seed %d", *seedFlag)
	rng := rand.New(rand.NewPCG(*seedFlag, 10))
	for range 3 {
		bare, commits := randomRepository(t, rng)
		dir := filepath.Join(t.TempDir(), "clone")
		mustGit(t, "", "", "clone", "-q", "--no-checkout", "file://"+bare, dir)
		depth := 1 + rng.IntN(20)
		shallow := filepath.Join(t.TempDir(), "shallow")
		mustGit(t, "", "", "clone", "-q", "--bare", "--no-single-branch", "--depth", []string{"1", "2", "5"}[depth%3], "file://"+bare, shallow)
		for _, path := range []string{dir, shallow} {
			revs := append([]string{"HEAD", "HEAD~3", "nope", "", strings.Repeat("0", 40), "-x", "HEAD@{1}", "HEAD^2"}, commits...)
			ours, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := OpenGit(t.Context(), path, "")
			if err != nil {
				t.Fatal(err)
			}
			for range *pairsFlag {
				between := Range{
					Base: revs[rng.IntN(len(revs))], Head: revs[rng.IntN(len(revs))],
					Mode: []Mode{MergeBase, Direct}[rng.IntN(2)], Ancestor: rng.IntN(4) == 0,
				}
				sameDiff(t, ours, theirs, between)
			}
		}
	}
}

func sameDiff(t *testing.T, ours, theirs *Repository, between Range) {
	t.Helper()
	got, err := ours.Diff(t.Context(), between)
	want, wantErr := theirs.Diff(t.Context(), between)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("seed %d: %+v: (-binary +in process):\n%s", *seedFlag, between, d)
	}
	for _, target := range []error{ErrUnknownRevision, ErrNoRevision, ErrShallow, ErrNoMergeBase, ErrMissingObject, ErrRewritten} {
		if errors.Is(err, target) != errors.Is(wantErr, target) {
			t.Errorf("seed %d: %+v: error in process %v, of the binary %v", *seedFlag, between, err, wantErr)
		}
	}
	if (err == nil) != (wantErr == nil) {
		t.Errorf("seed %d: %+v: error in process %v, of the binary %v", *seedFlag, between, err, wantErr)
	}
}

func TestGitAgreesOnTheWorkingTree(t *testing.T) {
	dir := t.TempDir()
	mustGit(t, dir, "", "init", "-q", "-b", "main")
	for name, content := range map[string]string{"kept": "1", "edited": "1", "gone": "1", "dir/moved": "1", ".gitignore": "*.log\n"} {
		writeFile(t, filepath.Join(dir, name), content)
	}
	mustGit(t, dir, "", "add", "--all")
	mustGit(t, dir, "", "commit", "-q", "-m", "x")
	writeFile(t, filepath.Join(dir, "edited"), "2")
	writeFile(t, filepath.Join(dir, "new/untracked"), "1")
	writeFile(t, filepath.Join(dir, "build.log"), "ignored")
	writeFile(t, filepath.Join(dir, "staged"), "1")
	mustGit(t, dir, "", "add", "staged")
	for _, name := range []string{"gone", "dir/moved"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "dir/moved/x"), "1")
	want := []File{
		{"dir/moved", Deleted},
		{"dir/moved/x", Added},
		{"edited", Modified},
		{"gone", Deleted},
		{"new/untracked", Added},
		{"staged", Added},
	}
	ours, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := OpenGit(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Repository{"in process": ours, "binary": theirs} {
		got, err := r.Diff(t.Context(), Range{Base: "HEAD", Head: WorkTree})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got.Files); d != "" || !got.WorkTree {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
