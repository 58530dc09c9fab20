//go:build integration

package changes

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	seedFlag  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random repositories")
	reposFlag = flag.Int("repos", 12, "how many random repositories")
	pairsFlag = flag.Int("pairs", 40, "how many pairs of commits of each")

	repositoryFlag = flag.String("repository", ".", "a repository to draw pairs of commits of")
)

// runGit runs the real git, without the configuration of the machine.
func runGit(t *testing.T, dir, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "HOME="+t.TempDir(), "LC_ALL=C",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if _, ran := errors.AsType[*exec.ExitError](err); !ran {
			t.Fatalf("git is needed: %v", err)
		}
		err = fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), err
}

func mustGit(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	out, err := runGit(t, dir, stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out, "\n")
}

// randomRepository makes a bare repository by git fast-import: merges,
// several roots, dates that lie, all kinds of entries, and odd names.
func randomRepository(t *testing.T, rng *rand.Rand) (dir string, commits []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "random.git")
	mustGit(t, "", "", "init", "-q", "--bare", "-b", "main", dir)
	names := []string{"a", "a-b", "a.b", "a0", "b", "c", "tab\t", "q\"", "nl\n", "é", "\xff\xfe", "sp ace", "back\\slash", "[id]", "Z"}
	path := func() string {
		var parts []string
		for range 1 + rng.IntN(3) {
			parts = append(parts, names[rng.IntN(len(names))])
		}
		return strings.Join(parts, "/")
	}
	var s strings.Builder
	n := 20 + rng.IntN(60)
	for i := range n {
		fmt.Fprintf(&s, "commit refs/heads/c%d\nmark :%d\ncommitter c <c@example.com> %d +0000\ndata 1\nx\n", i, i+1, int64(i*100)+rng.Int64N(400))
		var parents []int
		if i > 0 && rng.IntN(15) > 0 {
			for range 1 + rng.IntN(3)*rng.IntN(2) {
				if p := max(0, i-1-rng.IntN(8)); !slices.Contains(parents, p) {
					parents = append(parents, p)
				}
			}
		}
		for j, p := range parents {
			fmt.Fprintf(&s, "%s :%d\n", []string{"from", "merge"}[min(j, 1)], p+1)
		}
		for range 1 + rng.IntN(6) {
			quoted := quotePath(path())
			switch rng.IntN(9) {
			case 0, 1:
				fmt.Fprintf(&s, "D %s\n", quoted)
			case 2:
				fmt.Fprintf(&s, "M 160000 %040x %s\n", 1+rng.IntN(5), quoted)
			default:
				mode := []string{"100644", "100644", "100755", "120000"}[rng.IntN(4)]
				fmt.Fprintf(&s, "M %s inline %s\ndata 1\n%d\n", mode, quoted, rng.IntN(4))
			}
		}
		s.WriteString("\n")
	}
	mustGit(t, dir, s.String(), "fast-import", "--quiet", "--force")
	mustGit(t, dir, "", "symbolic-ref", "HEAD", fmt.Sprintf("refs/heads/c%d", n-1))
	return dir, strings.Fields(mustGit(t, dir, "", "for-each-ref", "--format=%(objectname)", "refs/heads"))
}

// quotePath quotes a path as git fast-import reads it.
func quotePath(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(path) {
		if c == '"' || c == '\\' || c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// gitFiles is what git says of two trees.
func gitFiles(t *testing.T, dir string, args ...string) []File {
	t.Helper()
	out := mustGit(t, dir, "", append([]string{"diff", "--name-status", "--no-renames", "--ignore-submodules=none", "-z"}, args...)...)
	statuses := map[string]Status{"A": Added, "M": Modified, "D": Deleted, "T": TypeChanged}
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	files := []File{}
	for i := 0; i+1 < len(fields); i += 2 {
		status, ok := statuses[fields[i]]
		if !ok {
			t.Fatalf("git says %q", fields[i])
		}
		files = append(files, File{Path: fields[i+1], Status: status})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// tally counts what a run compared.
type tally struct{ pairs, files, none, several int }

// agree compares Diff with git for one pair, in both modes.
func agree(t *testing.T, dir string, r *Repository, a, b string, n *tally) {
	t.Helper()
	n.pairs++
	direct, err := r.Diff(t.Context(), Range{Base: a, Head: b, Mode: Direct})
	if err != nil {
		t.Fatalf("diff %s..%s: %v", a, b, err)
	}
	if d := cmp.Diff(gitFiles(t, dir, a+".."+b), direct.Files); d != "" {
		t.Errorf("diff %s..%s (-git +got):\n%s", a, b, d)
	}
	n.files += len(direct.Files)
	out, _ := runGit(t, dir, "", "merge-base", "--all", a, b) // exits 1 where there is none
	bases := strings.Fields(out)
	got, err := r.Diff(t.Context(), Range{Base: a, Head: b})
	switch {
	case len(bases) == 0:
		n.none++
		if !isNoBase(err) || direct.MergeBase != "" {
			t.Errorf("diff %s...%s: %v, merge base %q; git has none", a, b, err, direct.MergeBase)
		}
		return
	case err != nil:
		t.Fatalf("diff %s...%s: %v; git has merge base %v", a, b, err, bases)
	case !slices.Equal(slices.Sorted(slices.Values(bases)), slices.Sorted(slices.Values(got.MergeBases))) || got.MergeBase != got.MergeBases[0]:
		t.Errorf("merge bases of %s and %s = %v; git has %v", a, b, got.MergeBases, bases)
	}
	args := []string{a + "..." + b}
	if len(bases) > 1 {
		n.several++
		args = []string{got.MergeBase, b}
	}
	if d := cmp.Diff(gitFiles(t, dir, args...), got.Files); d != "" {
		t.Errorf("diff %v (-git +got):\n%s", args, d)
	}
}

func TestGitAgrees(t *testing.T) {
	t.Logf("seed %d", *seedFlag)
	rng := rand.New(rand.NewPCG(*seedFlag, 5))
	var n tally
	for round := range *reposFlag {
		dir, commits := randomRepository(t, rng)
		prepare := [][][]string{
			nil,
			{{"gc", "-q", "--prune=now"}},
			{{"repack", "-q", "-a", "-d"}, {"pack-refs", "--all"}, {"commit-graph", "write", "--reachable"}},
			{{"unpack"}},
		}[round%4]
		for _, args := range prepare {
			if args[0] == "unpack" {
				unpack(t, dir)
				continue
			}
			mustGit(t, dir, "", args...)
		}
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for range *pairsFlag {
			agree(t, dir, r, commits[rng.IntN(len(commits))], commits[rng.IntN(len(commits))], &n)
		}
		if t.Failed() {
			t.Fatalf("seed %d, repository %d (%v)", *seedFlag, round, prepare)
		}
	}
	t.Logf("%d pairs, %d changed files, %d pairs without a merge base, %d with several", n.pairs, n.files, n.none, n.several)
	if n.none == 0 || n.several == 0 {
		t.Error("the draw exercised too little")
	}
}

// unpack turns all packs into loose objects.
func unpack(t *testing.T, dir string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		content, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{p, strings.TrimSuffix(p, ".pack") + ".idx"} {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		mustGit(t, dir, string(content), "unpack-objects", "-q")
	}
}

func TestGitAgreesOnRevisions(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 6))
	dir, commits := randomRepository(t, rng)
	mustGit(t, dir, "", "tag", "-a", "-m", "x", "annotated", "c5")
	mustGit(t, dir, "", "tag", "-a", "-m", "x", "twice", "annotated")
	mustGit(t, dir, "", "tag", "light", "c6")
	mustGit(t, dir, "", "update-ref", "refs/remotes/origin/x", "c7")
	mustGit(t, dir, "", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/x")
	mustGit(t, dir, "", "pack-refs", "--all")
	mustGit(t, dir, "", "branch", "light", "c8") // loose; the tag is packed
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{
		"HEAD", "@", "c3", "heads/c3", "refs/heads/c3", "annotated", "twice", "light", "heads/light", "origin/x", "origin", "nope", "c", "refs", "-q",
		commits[3], commits[3][:12], commits[4][:7], strings.ToUpper(commits[5]),
	}
	steps := []string{"", "~", "^", "~1", "~2", "~3^2", "^2", "^3", "^0", "^{}", "^{commit}", "~40"}
	for _, name := range names {
		for _, step := range steps {
			want, gitErr := runGit(t, dir, "", "rev-parse", "--verify", "--quiet", "--end-of-options", name+step+"^{commit}")
			got, err := r.commitOf(t.Context(), name+step)
			if (gitErr == nil) != (err == nil) || (err == nil && got != strings.TrimSpace(want)) {
				t.Errorf("seed %d: %s = %s, %v; git says %q, %v", *seedFlag, name+step, got, err, want, gitErr)
			}
		}
	}
}

func TestGitLayouts(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 7))
	origin, commits := randomRepository(t, rng)
	for { // until there are revisions to compare
		if _, err := runGit(t, origin, "", "rev-parse", "--verify", "-q", "HEAD~2"); err == nil {
			break
		}
		origin, commits = randomRepository(t, rng)
	}
	head, base := mustGit(t, origin, "", "rev-parse", "HEAD"), commits[0]
	mustGit(t, origin, "", "config", "uploadpack.allowFilter", "true")
	mustGit(t, origin, "", "config", "uploadpack.allowAnySHA1InWant", "true")
	clone := func(t *testing.T, args ...string) string {
		dir := filepath.Join(t.TempDir(), "clone")
		mustGit(t, "", "", append(append([]string{"clone", "-q", "--no-checkout"}, args...), dir)...)
		return dir
	}
	layouts := map[string]func(t *testing.T) string{
		"a clone":              func(t *testing.T) string { return clone(t, "file://"+origin) },
		"a bare one":           func(t *testing.T) string { return clone(t, "--bare", "file://"+origin) },
		"one without blobs":    func(t *testing.T) string { return clone(t, "--filter=blob:none", "file://"+origin) },
		"one with alternates":  func(t *testing.T) string { return clone(t, "--shared", origin) },
		"one with a reference": func(t *testing.T) string { return clone(t, "--reference", origin, "file://"+origin) },
		"one with several packs and an index over them": func(t *testing.T) string {
			dir := clone(t, "--single-branch", "-b", "c5", "file://"+origin)
			mustGit(t, dir, "", "-c", "fetch.unpackLimit=1", "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
			mustGit(t, dir, "", "update-ref", "--no-deref", "HEAD", head)
			mustGit(t, dir, "", "multi-pack-index", "write")
			if packs, _ := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack")); len(packs) < 2 {
				t.Fatalf("packs: %v, want several", packs)
			}
			return dir
		},
		"one with a relative alternate": func(t *testing.T) string {
			dir := clone(t, "--shared", origin)
			file := filepath.Join(dir, ".git/objects/info/alternates")
			rel, err := filepath.Rel(filepath.Join(dir, ".git/objects"), filepath.Join(origin, "objects"))
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, file, rel+"\n")
			return dir
		},
		"a linked worktree": func(t *testing.T) string {
			linked := filepath.Join(t.TempDir(), "linked")
			mustGit(t, clone(t, "file://"+origin), "", "worktree", "add", "-q", "--no-checkout", "--detach", linked, head)
			return linked
		},
		"one with worktreeConfig": func(t *testing.T) string {
			dir := clone(t, "file://"+origin)
			mustGit(t, dir, "", "config", "extensions.worktreeConfig", "true")
			return dir
		},
		"a sparse checkout": func(t *testing.T) string {
			dir := clone(t, "file://"+origin)
			mustGit(t, dir, "", "sparse-checkout", "set", "a")
			return dir
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			dir := layout(t)
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			var n tally
			agree(t, dir, r, base, "HEAD", &n)
			agree(t, dir, r, "HEAD~2", "HEAD", &n)
			agree(t, dir, r, base[:12], commits[1], &n)
		})
	}
	t.Run("one without trees", func(t *testing.T) {
		dir := clone(t, "--bare", "--filter=tree:0", "file://"+origin)
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Diff(t.Context(), Range{Base: base, Head: head, Mode: Direct})
		if !errors.Is(err, ErrMissingObject) || !strings.Contains(err.Error(), "the clone is partial") {
			t.Errorf("error = %v, want ErrMissingObject of a partial clone", err)
		}
	})
	t.Run("SHA-256", func(t *testing.T) {
		dir := t.TempDir()
		mustGit(t, dir, "", "init", "-q", "--object-format=sha256")
		if _, err := Open(dir); !errors.Is(err, ErrUnsupported) {
			t.Errorf("error = %v, want ErrUnsupported", err)
		}
	})
}

func TestGitShallow(t *testing.T) {
	rng := rand.New(rand.NewPCG(*seedFlag, 8))
	cut, found := 0, 0
	for range 4 {
		origin, commits := randomRepository(t, rng)
		for _, depth := range []string{"1", "2", "5"} {
			dir := filepath.Join(t.TempDir(), "shallow")
			mustGit(t, "", "", "clone", "-q", "--bare", "--no-single-branch", "--depth", depth, "file://"+origin, dir)
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			for range 25 {
				a, b := commits[rng.IntN(len(commits))], commits[rng.IntN(len(commits))]
				var n tally
				agree(t, dir, r, a, b, &n)
				_, err := r.Diff(t.Context(), Range{Base: a, Head: b})
				switch {
				case err == nil:
					found++
				case errors.Is(err, ErrShallow):
					cut++
				}
			}
			if _, err := r.Diff(t.Context(), Range{Base: "HEAD~60", Head: "HEAD", Mode: Direct}); !errors.Is(err, ErrShallow) && !errors.Is(err, ErrUnknownRevision) {
				t.Errorf("beyond the cut: %v", err)
			}
		}
	}
	t.Logf("seed %d: %d pairs with a merge base, %d cut off", *seedFlag, found, cut)
	if found == 0 || cut == 0 {
		t.Error("the draw exercised too little")
	}
}
