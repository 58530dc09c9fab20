//go:build integration

package treediff

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

var (
	seedFlag  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random trees")
	pairsFlag = flag.Int("pairs", 300, "how many pairs of trees")
)

// TestGitAgrees draws trees, some of them as git would not write them, and
// compares with git diff-tree.
func TestGitAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 1))
	o := gittest.New()
	var pairs [][2]git.Hash
	for i := range *pairsFlag {
		from := randomFiles(rng)
		to := definitionInput(rng, from)
		pair := [2]git.Hash{o.Tree(from), o.Tree(to)}
		if i%3 == 0 {
			pair = [2]git.Hash{oddTree(rng, o, 2), oddTree(rng, o, 2)}
		}
		pairs = append(pairs, pair)
	}
	dir := repository(t, o)
	failures, changed := 0, 0
	for _, pair := range pairs {
		want, ok := gitSays(t, dir, pair)
		got, err := Diff(t.Context(), o, pair[0], pair[1])
		if ok != (err == nil) {
			t.Errorf("seed %d, %s and %s: error %v, but git says %v", *seedFlag, pair[0], pair[1], err, ok)
		}
		if !ok {
			failures++
			continue
		}
		lines := say(got)
		slices.Sort(lines)
		if d := gocmp.Diff(want, lines); d != "" {
			t.Errorf("seed %d, %s and %s (-git +got):\n%s", *seedFlag, pair[0], pair[1], d)
		}
		changed += len(got)
	}
	t.Logf("seed %d: %d pairs, %d refused, %d changes", *seedFlag, len(pairs), failures, changed)
	if changed == 0 || failures == 0 || failures == len(pairs) {
		t.Error("the draw exercised too little")
	}
}

func definitionInput(rng *rand.Rand, from files) files {
	to := files{}
	for path, n := range from {
		put(to, path, n)
	}
	for path, n := range randomFiles(rng) {
		if rng.IntN(3) == 0 {
			put(to, path, n)
		}
	}
	return to
}

// oddTree writes entries in any order, some twice, some with odd names and
// modes, and rarely one that cannot be read. Names with a "/" are not among
// them: with these, git joins changes that are of one path and not of one entry.
func oddTree(rng *rand.Rand, o *gittest.Objects, depth int) git.Hash {
	var content strings.Builder
	for range rng.IntN(6) {
		name := []string{"a", "a", "b", "a-b", "..", "a0"}[rng.IntN(6)]
		mode := []string{"100644", "100755", "120000", "160000", "100664", "0100644", "0"}[rng.IntN(7)]
		h := o.Put(git.Blob, string(rune('0'+rng.IntN(2))))
		if depth > 0 && rng.IntN(3) == 0 {
			mode, h = []string{"40000", "040000"}[rng.IntN(2)], oddTree(rng, o, depth-1)
		}
		entry := gittest.Entry(mode, name, h)
		switch rng.IntN(60) {
		case 0:
			entry = gittest.Entry("x", name, h)
		case 1:
			entry = gittest.Entry(mode, "", h)
		case 2:
			entry = entry[:len(entry)-1]
		}
		content.WriteString(entry)
	}
	return o.Put(git.Tree, content.String())
}

func repository(t *testing.T, o *gittest.Objects) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "r.git")
	if out, err := command(t, "", "init", "-q", "--bare", dir).CombinedOutput(); err != nil {
		t.Fatalf("git is needed: %v: %s", err, out)
	}
	if err := o.WriteLoose(filepath.Join(dir, "objects")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	return cmd
}

// gitSays returns the sorted lines of git diff-tree; it is not ok where git
// refuses a tree.
func gitSays(t *testing.T, dir string, pair [2]git.Hash) (lines []string, ok bool) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := command(t, dir, "diff-tree", "-r", "-z", "--no-renames", "--name-status", pair[0].String(), pair[1].String())
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if !strings.Contains(stderr.String(), "tree") && !strings.Contains(stderr.String(), "filename") {
			t.Fatalf("git diff-tree: %v: %s", err, &stderr)
		}
		return nil, false
	}
	fields := strings.Split(string(out), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		lines = append(lines, fields[i]+" "+fields[i+1])
	}
	slices.Sort(lines)
	return lines, true
}
