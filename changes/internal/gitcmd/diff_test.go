package gitcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

var rawOptions = []string{"-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "-O/dev/null"}

func diffTree(from, to string) []string {
	return slices.Concat([]string{"diff-tree", "-r"}, rawOptions, []string{"--ignore-submodules=none", "--end-of-options", from, to, "--"})
}

func raw(mode, hash, status, path string) string {
	return ":" + mode + " 000000 " + hash + " " + strings.Repeat("0", len(hash)) + " " + status + "\x00" + path + "\x00"
}

func TestDiff(t *testing.T) {
	tests := map[string]struct {
		call call
		want []git.Change
		err  string
		is   error
	}{
		"paths come as they are, sorted by their bytes": {
			call: call{Stdout: raw("100644", hashA, "M", "b\n\t\"") + raw("000000", hashA, "A", "B") + raw("120000", hashA, "T", "a/\xff") + raw("160000", hashA, "D", "a-")},
			want: []git.Change{{Path: "B", Status: git.Added}, {Path: "a-", Status: git.Deleted}, {Path: "a/\xff", Status: git.TypeChanged}, {Path: "b\n\t\"", Status: git.Modified}},
		},
		"nothing differs":               {call: call{}, want: []git.Change{}},
		"output that is cut off":        {call: call{Stdout: strings.TrimSuffix(raw("100644", hashA, "M", "b"), "\x00")}, err: `it says ":100644`},
		"output that is something else": {call: call{Stdout: "M\x00b\x00"}, err: `it says "M"`},
		"an unmerged path":              {call: call{Stdout: raw("100644", hashA, "U", "b")}, err: `"b" has status "U"`},
		"a tree that is not there": {
			call: call{Stderr: "fatal: unable to read tree (" + hashA + ")\n", Code: 128},
			err:  "object is missing: unable to read tree", is: git.ErrMissingObject,
		},
		"a tree that the remote of a partial clone does not give": {
			call: call{Stderr: "fatal: '/r' does not appear to be a git repository\nfatal: Could not read from remote repository.\n\nPlease make sure\nfatal: could not fetch " + hashA + " from promisor remote\n", Code: 128},
			err:  "could not fetch " + hashA + " from promisor remote ('/r' does not appear to be a git repository): the clone is partial", is: git.ErrMissingObject,
		},
		"a name of no commit": {
			call: call{Stderr: "fatal: Not a valid object name b\n", Code: 128},
			err:  "git diff-tree: unknown revision: Not a valid object name b", is: git.ErrUnknownRevision,
		},
		"a message with what does not print": {call: call{Stderr: "fatal: \x1b[31mred\x07\r\n", Code: 128}, err: "git diff-tree: ?[31mred?"},
		"an error without a word":            {call: call{Code: 3}, err: "git diff-tree: exit code 3"},
		"an endless message":                 {call: call{Stderr: "fatal: x\n" + strings.Repeat("y", 5*maxMessage), Code: 128}, err: "git diff-tree: x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.call.Args = diffTree("a", "b~1")
			f := newFake(t, tt.call)
			got, err := f.open().Diff(t.Context(), "a", "b~1")
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if (tt.err == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), tt.err) || len(err.Error()) > 500 || tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("error = %v, want %q", err, tt.err)
			}
			f.wantRuns(tt.call.Args)
		})
	}
}

func TestMergeBasesAreSorted(t *testing.T) {
	object := func(hash, seconds string) string {
		content := "tree t\nparent p\nauthor A <a> 9 +0000\ncommitter C <c> " + seconds + " +0000\n\ncommitter X <x> 99 +0000\n"
		return hash + " commit " + strconv.Itoa(len(content)) + "\n" + content + "\n"
	}
	f := newFake(t,
		call{Args: []string{"merge-base", "--all", "--end-of-options", "x", "y"}, Stdout: hashB + "\n" + hashC + "\n" + hashA + "\n"},
		call{Args: []string{"cat-file", "--batch"}, Stdin: hashB + "\n" + hashC + "\n" + hashA + "\n", Stdout: object(hashB, "7") + object(hashC, "8") + object(hashA, "7")},
	)
	got, err := f.open().MergeBases(t.Context(), "x", "y")
	if d := cmp.Diff([]string{hashC, hashA, hashB}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestNoMergeBase(t *testing.T) {
	root := func(headers string) string {
		return hashA + " commit " + strconv.Itoa(len(headers)) + "\n" + headers + "\n"
	}
	for name, tt := range map[string]struct {
		root string
		is   error
	}{
		"histories are unrelated":    {root("tree t\n\n"), git.ErrNoMergeBase},
		"the history is cut off":     {root("tree t\nparent p\n\n"), git.ErrShallow},
		"the object is not a commit": {hashA + " tree 0\n\n", git.ErrDamaged},
		"the object is not there":    {hashA + " missing\n", git.ErrMissingObject},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t,
				call{Args: []string{"merge-base", "--all", "--end-of-options", "x", "y"}, Code: 1},
				call{Args: []string{"rev-list", "--max-parents=0", "--end-of-options", "x", "y", "--"}, Stdout: hashA + "\n"},
				call{Args: []string{"cat-file", "--batch"}, Stdin: hashA + "\n", Stdout: tt.root},
			)
			if _, err := f.open().MergeBases(t.Context(), "x", "y"); !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %v", err, tt.is)
			}
		})
	}
}

func TestCut(t *testing.T) {
	list := call{Args: []string{"rev-list", "--max-parents=0", "--end-of-options", "head", "^base", "--"}}
	for name, tt := range map[string]struct {
		roots, commit string
		want          bool
		is            error
	}{
		"no first commit that base does not have": {},
		"a first commit":              {hashA + "\n", "tree t\n\n", false, nil},
		"the edge of the clone":       {hashA + "\n", "tree t\nparent p\n\n", true, nil},
		"an edge that cannot be read": {hashA + "\n", "", false, git.ErrMissingObject},
	} {
		t.Run(name, func(t *testing.T) {
			list.Stdout = tt.roots
			calls := []call{list}
			if tt.roots != "" {
				said := fmt.Sprintf("%s commit %d\n%s\n", hashA, len(tt.commit), tt.commit)
				if tt.commit == "" {
					said = hashA + " missing\n"
				}
				calls = append(calls, call{Args: []string{"cat-file", "--batch"}, Stdin: hashA + "\n", Stdout: said})
			}
			f := newFake(t, calls...)
			if got, err := f.open().Cut(t.Context(), "base", "head"); got != tt.want || !errors.Is(err, tt.is) {
				t.Errorf("= %v, %v; want %v, %v", got, err, tt.want, tt.is)
			}
		})
	}
	if _, err := newFake(t).open().Cut(t.Context(), "--all", "head"); !errors.Is(err, git.ErrUnknownRevision) {
		t.Errorf("of an option: %v", err)
	}
}

func TestWorkTree(t *testing.T) {
	diff := slices.Concat([]string{"diff"}, rawOptions, []string{"--ignore-submodules=dirty", "--end-of-options", "x", "--"})
	others := []string{"ls-files", "--others", "--exclude-standard", "-z"}
	f := newFake(t,
		call{Args: []string{"rev-parse", "--path-format=absolute", "--git-path", "index"}, Stdout: filepath.Join(t.TempDir(), "none") + "\n"},
		call{Args: diff, Stdout: raw("100644", hashA, "M", "changed")},
		call{Args: others, Stdout: "new\x00nested/\x00"},
	)
	got, err := f.open().WorkTree(t.Context(), "x")
	want := []git.Change{{Path: "changed", Status: git.Modified}, {Path: "nested", Status: git.Added}, {Path: "new", Status: git.Added}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, r := range f.runs()[1:] {
		i := slices.IndexFunc(r.Env, func(v string) bool { return strings.HasPrefix(v, "GIT_INDEX_FILE=") })
		if i < 0 {
			t.Fatalf("git %q has no index of its own", r.Args)
		}
		if _, err := os.Stat(strings.TrimPrefix(r.Env[i], "GIT_INDEX_FILE=")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the copy of the index is still there: %v", err)
		}
	}
}

func TestWorkTreeComparesUntrackedFilesWithTheCommit(t *testing.T) {
	diff := slices.Concat([]string{"diff"}, rawOptions, []string{"--ignore-submodules=dirty", "--end-of-options", "x", "--"})
	index := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(index, []byte("index"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFake(t,
		call{Args: []string{"rev-parse", "--path-format=absolute", "--git-path", "index"}, Stdout: index + "\n"},
		call{Args: diff, Stdout: raw("100644", hashA, "D", "removed") + raw("100755", hashB, "D", "kept")},
		call{Args: []string{"ls-files", "--others", "--exclude-standard", "-z"}, Stdout: "kept\x00"},
		call{Args: []string{"update-index", "--replace", "-z", "--index-info"}, Stdin: "100755 " + hashB + "\tkept\x00"},
	)
	// The fake gives the same answer twice: as if a directory were in its place.
	got, err := f.open().WorkTree(t.Context(), "x")
	want := []git.Change{{Path: "kept", Status: git.TypeChanged}, {Path: "removed", Status: git.Deleted}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if n := len(f.runs()); n != 5 {
		t.Errorf("git ran %d times, want 5", n)
	}
}

func TestCopyFileKeepsItsTime(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	if err := os.WriteFile(from, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	past := time.Unix(1700000000, 123456789)
	if err := os.Chtimes(from, past, past); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(from, to); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(to)
	if err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != 1 {
		t.Errorf("the copy is of %v, %v; want %v", after.ModTime(), err, before.ModTime())
	}
}

// filesOf is a file system in memory from the output of git ls-tree.
func filesOf(list string) (*treeFS, error) {
	t := &treeFS{nodes: map[string]*node{".": {name: ".", mode: fs.ModeDir | 0o755}}}
	t.read = func(hash string) ([]byte, error) { return []byte("content of " + hash), nil }
	return t, t.fill(list)
}

func TestTreeFS(t *testing.T) {
	files, err := filesOf("100644 blob 1\tZ\x00040000 tree 2\ta\x00100644 blob 3\ta/b.go\x00100755 blob 4\ta/run\x00120000 blob 5\ta.link\x00160000 commit 6\tsub\x00040000 tree 7\tlatin-\xe9\x00100644 blob 8\tlatin-\xe9/x\x00100644 blob 9\t..x\x00")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(files, "Z", "a", "a/b.go", "a/run", "a.link", "sub", "..x"); err != nil {
		t.Error(err)
	}
	names, err := fs.Glob(files, "*")
	if d := cmp.Diff([]string{"..x", "Z", "a", "a.link", "sub"}, names); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for op, err := range map[string]error{
		"readfile of a directory":  second(files.ReadFile("a")),
		"readdir of a file":        second(files.ReadDir("Z")),
		"open of an invalid name":  second(files.Open("/a")),
		"stat of an invalid name":  second(files.Stat("../a")),
		"readdir of a broken name": second(files.ReadDir("a/")),
	} {
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", op, err)
		}
	}
	if _, err := files.Stat("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want ErrNotExist", err)
	}
}

func TestFS(t *testing.T) {
	lsTree := []string{"ls-tree", "-r", "-t", "-z", "--full-tree", "--end-of-options", "x"}
	batch := []string{"cat-file", "--batch"}
	tests := map[string]struct {
		answer string
		want   string
		err    string
	}{
		"a file is read":            {answer: hashA + " blob 2\nok\n", want: "ok"},
		"a blob that is missing":    {answer: hashA + " missing\n", err: "object is missing"},
		"a blob that is a commit":   {answer: hashA + " commit 2\nok\n", err: "it is a commit"},
		"an answer that is cut off": {answer: hashA + " blob 20\nok\n", err: "EOF"},
		"an answer like no other":   {answer: "what?\n", err: `it says "what?\n"`},
		"no answer":                 {err: "EOF"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, call{Args: lsTree, Stdout: "100644 blob " + hashA + "\tfile\x00"}, call{Args: batch, Stdout: tt.answer})
			files, err := f.open().FS(t.Context(), "x")
			if err != nil {
				t.Fatal(err)
			}
			content, err := fs.ReadFile(files, "file")
			if string(content) != tt.want || (tt.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("= %q, %v; want %q, %q", content, err, tt.want, tt.err)
			}
		})
	}
	t.Run("names that are not understood", func(t *testing.T) {
		_, err := newFake(t, call{Args: lsTree, Stdout: "100644 blob\x00"}).open().FS(t.Context(), "x")
		if err == nil || !strings.Contains(err.Error(), `it says "100644 blob"`) {
			t.Errorf("error = %v", err)
		}
	})
}

func FuzzOutput(f *testing.F) {
	f.Add([]byte(raw("100644", hashA, "M", "b")))
	f.Add([]byte("100644 blob " + hashA + "\tfile\x00"))
	f.Add([]byte("0 0 0\t.\x00"))
	f.Add([]byte(hashA + " commit 3\nabc\n"))
	f.Add([]byte(hashA + " commit 99999999999999999999\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		differences, err := parseRaw(out)
		for path := range differences {
			if err == nil && path == "" {
				t.Error("an empty path")
			}
		}
		if content, rest, err := cutObject(out, "commit"); err == nil && len(content)+len(rest) >= len(out) {
			t.Error("more came out than went in")
		}
		if files, err := filesOf(string(out)); err == nil {
			if _, err := fs.ReadDir(files, "."); err != nil {
				t.Error(err)
			}
		}
	})
}
