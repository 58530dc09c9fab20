//go:build integration

package history

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

var (
	seedFlag  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random histories")
	reposFlag = flag.Int("repos", 8, "how many random histories")
	pairsFlag = flag.Int("pairs", 40, "how many pairs of commits of each")
)

// runGit runs the real git, without the configuration of the machine.
func runGit(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	out, err := cmd.Output()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		t.Fatalf("git is needed: %v", err)
	}
	return strings.TrimSpace(string(out)), err
}

func mustGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := runGit(t, dir, args...)
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return out
}

// repository writes a history for git, each commit a branch.
func repository(t *testing.T, d drawn) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "r.git")
	mustGit(t, "", "init", "-q", "--bare", dir)
	if err := d.objects.WriteLoose(filepath.Join(dir, "objects")); err != nil {
		t.Fatal(err)
	}
	var packed strings.Builder
	for _, c := range d.order {
		packed.WriteString(c.String() + " refs/heads/" + c.String()[:12] + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "packed-refs"), []byte(packed.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeGraph lets git write a graph in one of several ways. The commits of the
// later files of a chain are given to it bit by bit.
func writeGraph(t *testing.T, dir string, way int, order []git.Hash) {
	t.Helper()
	write := func(commits []git.Hash, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append(args, "--stdin-commits")...)
		var in strings.Builder
		for _, c := range commits {
			in.WriteString(c.String() + "\n")
		}
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(in.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	switch way {
	case 1:
		write(order, "commit-graph", "write")
	case 2: // topological levels only
		write(order[:len(order)/2], "-c", "commitGraph.generationVersion=1", "commit-graph", "write")
	case 3: // a chain
		for _, n := range []int{len(order) / 3, len(order) * 2 / 3, len(order) - 1} {
			write(order[:n], "commit-graph", "write", "--split=no-merge")
		}
	case 4: // a chain of which one file has levels only
		write(order[:len(order)/2], "-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--split=no-merge")
		write(order, "commit-graph", "write", "--split=no-merge")
	}
}

func TestGitAgreesOnMergeBases(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 1))
	none, several, inGraph := 0, 0, 0
	for round := range *reposFlag {
		d := draw(rng, 20+rng.IntN(60))
		dir := repository(t, d)
		writeGraph(t, dir, round%5, d.order)
		h := New(d.objects, Options{ObjectDirs: []string{filepath.Join(dir, "objects")}})
		if (h.graph != nil) != (round%5 > 0) {
			t.Fatalf("round %d: graph %v", round, h.graph)
		}
		inGraph += h.graph.Len()
		for range *pairsFlag {
			a, b := d.order[rng.IntN(len(d.order))], d.order[rng.IntN(len(d.order))]
			out, err := runGit(t, dir, "merge-base", "--all", a.String(), b.String())
			want := strings.Fields(out)
			if err != nil && len(want) > 0 {
				t.Fatal(err)
			}
			bases, err := h.MergeBases(t.Context(), a, b)
			var got []string
			for _, base := range bases {
				got = append(got, base.String())
			}
			slices.Sort(got)
			slices.Sort(want)
			switch len(want) {
			case 0:
				none++
				if !errors.Is(err, git.ErrNoMergeBase) {
					t.Errorf("error = %v, want ErrNoMergeBase", err)
				}
			case 1:
			default:
				several++
			}
			if !slices.Equal(got, want) {
				t.Errorf("seed %d, round %d: merge bases of %s and %s = %v, %v; git has %v", *seedFlag, round, a, b, got, err, want)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d: %d pairs without a merge base, %d with several, %d commits in graphs", *seedFlag, none, several, inGraph)
	if none == 0 || several == 0 || inGraph == 0 {
		t.Error("the draw exercised too little")
	}
}

func TestGitAgreesOnSteps(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 2))
	d := draw(rng, 60)
	dir := repository(t, d)
	writeGraph(t, dir, 2, d.order)
	h := New(d.objects, Options{ObjectDirs: []string{filepath.Join(dir, "objects")}})
	steps := []string{"~", "^", "~1", "~2", "~3^2", "^2", "^3", "^0", "^{}", "^{commit}", "~40", "~~^2~", "^1^1"}
	found := 0
	for range *pairsFlag {
		c := d.order[rng.IntN(len(d.order))].String()
		rev := c[:[]int{40, 12, 7}[rng.IntN(3)]] + steps[rng.IntN(len(steps))]
		want, gitErr := runGit(t, dir, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
		got, err := h.Resolve(t.Context(), rev)
		if (gitErr == nil) != (err == nil) || err == nil && got.String() != want {
			t.Errorf("seed %d: %s = %s, %v; git says %q, %v", *seedFlag, rev, got, err, want, gitErr)
		}
		if err == nil {
			found++
		}
	}
	if found == 0 {
		t.Error("the draw exercised too little")
	}
}
