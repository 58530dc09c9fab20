//go:build integration

package worktree

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gitcmd"
)

var (
	seedFlag   = flag.Uint64("seed", uint64(time.Now().UnixNano()), "seed of what is drawn")
	roundsFlag = flag.Int("rounds", 40, "how many random working trees")
	repoFlag   = flag.String("repo", "", "a repository on disk whose working tree is compared too; it is only read")
)

// run runs the real git, without the configuration of the machine.
func run(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// catFile reads objects by git cat-file --batch.
type catFile struct {
	in  io.Writer
	out *bufio.Reader
}

func objectsOf(t testing.TB, dir string) *catFile {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "cat-file", "--batch")
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("git is needed: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &catFile{in: in, out: bufio.NewReader(out)}
}

func (c *catFile) Append(buf []byte, h git.Hash) (git.Kind, []byte, error) {
	if _, err := fmt.Fprintln(c.in, h); err != nil {
		return 0, nil, err
	}
	header, err := c.out.ReadString('\n')
	if err != nil {
		return 0, nil, err
	}
	fields := strings.Fields(header)
	if len(fields) != 3 {
		return 0, nil, fmt.Errorf("%w: %s", git.ErrMissingObject, header)
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return 0, nil, err
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(c.out, content); err != nil {
		return 0, nil, err
	}
	kinds := map[string]git.Kind{"commit": git.Commit, "tree": git.Tree, "blob": git.Blob, "tag": git.Tag}
	return kinds[fields[1]], append(buf, content[:size]...), nil
}

func (c *catFile) Kind(h git.Hash) (git.Kind, error) {
	kind, _, err := c.Append(nil, h)
	return kind, err
}

// gitSays is the union that the package documents, by the words of git.
func gitSays(t testing.TB, dir, commit string) []git.Change {
	t.Helper()
	list := func(args ...string) []string {
		return strings.FieldsFunc(run(t, dir, "", args...), func(r rune) bool { return r == 0 })
	}
	changed := map[string]git.Status{}
	diff := list("diff", "--no-renames", "--name-status", "--ignore-submodules=dirty", "-z", commit)
	for i := 0; i+1 < len(diff); i += 2 {
		changed[diff[i+1]] = git.Status(diff[i][0])
	}
	tree := map[string]string{}
	for _, line := range list("ls-tree", "-r", "-z", "--full-tree", commit) {
		meta, path, _ := strings.Cut(line, "\t")
		tree[path] = meta
	}
	for _, path := range list("ls-files", "--others", "--exclude-standard", "-z") {
		path = strings.TrimSuffix(path, "/")
		meta, has := tree[path]
		if changed[path] == git.TypeChanged { // a repository in place of a file
			continue
		}
		if !has {
			changed[path] = git.Added
			continue
		}
		delete(changed, path)
		if status := statusOf(t, dir, path, strings.Fields(meta)); status != 0 {
			changed[path] = status
		}
	}
	result := []git.Change{}
	for path, status := range changed {
		result = append(result, git.Change{Path: path, Status: status})
	}
	slices.SortFunc(result, func(a, b git.Change) int { return strings.Compare(a.Path, b.Path) })
	return result
}

// statusOf compares an untracked file with an entry of git ls-tree.
func statusOf(t testing.TB, dir, path string, meta []string) git.Status {
	t.Helper()
	file := filepath.Join(dir, path)
	info, err := os.Lstat(file)
	if err != nil {
		t.Fatal(err)
	}
	var mode, hash string
	switch {
	case info.IsDir():
		mode, hash = "160000", run(t, file, "", "rev-parse", "HEAD")
	case info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(file)
		if err != nil {
			t.Fatal(err)
		}
		mode, hash = "120000", run(t, dir, target, "hash-object", "--stdin")
	default:
		mode, hash = "100644", run(t, dir, "", "hash-object", "--no-filters", "--", path)
		if info.Mode()&0o100 != 0 {
			mode = "100755"
		}
	}
	switch {
	case meta[0][:3] != mode[:3]:
		return git.TypeChanged
	case meta[0] != mode || meta[2] != hash:
		return git.Modified
	}
	return 0
}

func options(t testing.TB, dir string) Options {
	t.Helper()
	return Options{
		Root:      run(t, dir, "", "rev-parse", "--show-toplevel"),
		GitDir:    run(t, dir, "", "rev-parse", "--absolute-git-dir"),
		CommonDir: run(t, dir, "", "rev-parse", "--path-format=absolute", "--git-common-dir"),
		FileMode:  true, Symlinks: true,
	}
}

func treeOf(t testing.TB, dir, commit string) git.Hash {
	t.Helper()
	h, ok := git.ParseHash(run(t, dir, "", "rev-parse", commit+"^{tree}"))
	if !ok {
		t.Fatal("no hash")
	}
	return h
}

func agree(t testing.TB, dir string, opts Options, commit string) int {
	t.Helper()
	got, err := Diff(t.Context(), objectsOf(t, dir), opts, treeOf(t, dir, commit))
	if err != nil {
		t.Fatal(err)
	}
	repo, err := gitcmd.Open(t.Context(), gitcmd.Options{Dir: dir, Env: append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull)})
	if err != nil {
		t.Fatal(err)
	}
	binary, err := repo.WorkTree(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	want := gitSays(t, dir, commit)
	if d := cmp.Diff(want, binary); d != "" {
		t.Errorf("compared with %s by gitcmd (-git +got):\n%s", commit, d)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("compared with %s (-git +got):\n%s\n%s", commit, d, run(t, dir, "", "status", "--porcelain", "-uall", "--ignored"))
	}
	return len(got)
}

func TestRepositoryOnDiskAgrees(t *testing.T) {
	if *repoFlag == "" {
		return
	}
	opts := options(t, *repoFlag)
	for _, commit := range []string{"HEAD", "HEAD~1", "HEAD~10"} {
		start := time.Now()
		n := agree(t, *repoFlag, opts, commit)
		t.Logf("%s: %d paths, with git's own time %v", commit, n, time.Since(start))
	}
}

// mess draws a working tree, and what was done to it.
type mess struct {
	t   *testing.T
	rng *rand.Rand
	dir string
}

func (m *mess) path() string {
	names := []string{"a", "a-b", "a.b", "a0", "b", "c.o", "nl\n", "é", "\xff\xfe", "sp ace ", "back\\slash", "[x]", "x", "#h", "!n", "out", "doc"}
	var parts []string
	for range 1 + m.rng.IntN(3) {
		parts = append(parts, names[m.rng.IntN(len(names))])
	}
	return strings.Join(parts, "/")
}

// rules draws lines of a .gitignore.
func (m *mess) rules() string {
	words := []string{
		"*", "**", "?", "/", "a", "b", ".", "c.o", "*.o", "[ab]", "[!a]", "[^x]", "[a-c]", "[[:alpha:]]", "[]x]", "out", "doc", "out/", "!", "#", "\\",
		"\\#h", "\\!n", " ", "\\ ", "**/", "/**", "**/x", "a/**", "sp ace", "[", "x", "é", "\xff", "/**/", "\r", "[x\\]]", "[a-", "-b", "\t",
	}
	var b strings.Builder
	for range 1 + m.rng.IntN(4) {
		if m.rng.IntN(4) == 0 {
			b.WriteByte('!')
		}
		for range 1 + m.rng.IntN(4) {
			b.WriteString(words[m.rng.IntN(len(words))])
		}
		b.WriteString([]string{"\n", "\n", "/\n", "\r\n", " \n"}[m.rng.IntN(5)])
	}
	return b.String()
}

// step does something to the working tree. What cannot be done is not.
func (m *mess) step() {
	path := m.path()
	file := filepath.Join(m.dir, path)
	switch m.rng.IntN(16) {
	case 0, 1, 2:
		_ = os.MkdirAll(filepath.Dir(file), 0o755)
		_ = os.WriteFile(file, []byte{'0' + byte(m.rng.IntN(3))}, []os.FileMode{0o644, 0o755}[m.rng.IntN(2)])
	case 3:
		_ = os.MkdirAll(filepath.Dir(file), 0o755)
		_ = os.Symlink([]string{"0", "a", "1"}[m.rng.IntN(3)], file)
	case 4, 5:
		m.remove(file)
	case 6:
		m.remove(file)
		_ = os.MkdirAll(filepath.Dir(file), 0o755)
		_ = os.Symlink("b", file)
	case 7:
		if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() {
			_ = os.Chmod(file, info.Mode()^0o111)
		}
	case 8:
		m.git("add", "-A")
	case 9:
		m.git("rm", "-rq", "--cached", "--ignore-unmatch", "--", path)
	case 10:
		m.git("add", "--intent-to-add", "--", path)
	case 11:
		dir := filepath.Join(m.dir, filepath.Dir(path))
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			_ = os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(m.rules()), 0o644)
		}
	case 12:
		_ = os.WriteFile(filepath.Join(m.dir, ".git/info/exclude"), []byte(m.rules()), 0o644)
	case 13:
		now := time.Now().Add(time.Duration(m.rng.IntN(5)-2) * time.Second)
		_ = os.Chtimes(file, now, now)
	case 14:
		m.git("update-index", []string{"--assume-unchanged", "--skip-worktree", "--no-assume-unchanged", "--no-skip-worktree", "--refresh"}[m.rng.IntN(5)], "--", path)
	case 15:
		m.nested(file)
	}
}

func (m *mess) remove(file string) {
	if file != m.dir {
		_ = os.RemoveAll(file)
	}
}

// git does what git may refuse.
func (m *mess) git(args ...string) {
	cmd := exec.CommandContext(m.t.Context(), "git", args...)
	cmd.Dir = m.dir
	_ = cmd.Run()
}

// nested makes a repository within, or a commit in one that is there.
func (m *mess) nested(dir string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return
	}
	run(m.t, dir, "", "init", "-q", "-b", "main")
	_ = os.WriteFile(filepath.Join(dir, "inner"), []byte{'0' + byte(m.rng.IntN(10))}, 0o644)
	run(m.t, dir, "", "add", "inner")
	run(m.t, dir, "", "commit", "-q", "--allow-empty", "-m", "x")
	if m.rng.IntN(2) == 0 {
		run(m.t, dir, "", "pack-refs", "--all")
	}
	if m.rng.IntN(3) == 0 {
		run(m.t, dir, "", "checkout", "-q", "--detach")
	}
}

func TestGitAgrees(t *testing.T) {
	t.Logf("seed %d", *seedFlag)
	rng := rand.New(rand.NewPCG(*seedFlag, 1))
	total := 0
	for round := range *roundsFlag {
		dir := filepath.Join(t.TempDir(), "w")
		run(t, "", "", "init", "-q", "-b", "main", dir)
		run(t, dir, "", "config", "index.version", []string{"2", "3", "4"}[rng.IntN(3)])
		run(t, dir, "", "config", "core.untrackedCache", []string{"true", "false"}[rng.IntN(2)])
		m := &mess{t: t, rng: rng, dir: dir}
		var commits []string
		for range 3 {
			for range rng.IntN(30) {
				m.step()
			}
			m.git("add", "-A")
			run(t, dir, "", "commit", "-q", "--allow-empty", "-m", "x")
			commits = append(commits, run(t, dir, "", "rev-parse", "HEAD"))
		}
		for range 6 {
			for range rng.IntN(8) {
				m.step()
			}
			opts := options(t, dir)
			for _, c := range commits {
				total += agree(t, dir, opts, c)
			}
			if t.Failed() {
				t.Fatalf("seed %d, round %d", *seedFlag, round)
			}
		}
	}
	t.Logf("%d changes", total)
	if total < 10**roundsFlag {
		t.Error("the draw exercised too little")
	}
}
