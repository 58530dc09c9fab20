package changes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// fixture writes a bare repository, object by object, so that a test can hold
// what no porcelain would write.
type fixture struct {
	tb    testing.TB
	dir   string
	store *filesystem.Storage
}

func newFixture(tb testing.TB) *fixture {
	tb.Helper()
	return newFixtureAt(tb, filepath.Join(tb.TempDir(), "repo.git"))
}

func newFixtureAt(tb testing.TB, dir string) *fixture {
	tb.Helper()
	f := &fixture{tb: tb, dir: dir}
	f.store = filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())
	for _, d := range []string{"objects/pack", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	f.write("HEAD", "ref: refs/heads/main\n")
	f.write("config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
	return f
}

// write writes a file of the repository; name is relative to it.
func (f *fixture) write(name, content string) {
	f.tb.Helper()
	writeFile(f.tb, filepath.Join(f.dir, name), content)
}

func writeFile(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
}

func (f *fixture) object(kind plumbing.ObjectType, content string) hash {
	f.tb.Helper()
	o := f.store.NewEncodedObject()
	o.SetType(kind)
	w, err := o.Writer()
	if err != nil {
		f.tb.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		f.tb.Fatal(err)
	}
	h, err := f.store.SetEncodedObject(o)
	if err != nil {
		f.tb.Fatal(err)
	}
	return hash(h)
}

// node is a file of a tree: its mode, in octal, and its content. For a
// submodule the content is 40 digits.
type node struct{ mode, content string }

func file(content string) node   { return node{"100644", content} }
func script(content string) node { return node{"100755", content} }
func link(target string) node    { return node{"120000", target} }
func submodule(digit string) node {
	return node{"160000", strings.Repeat(digit, 40)}
}

type hash = git.Hash

// entry is one name of a tree that is written.
type entry struct {
	name string
	dir  bool
	hash hash
}

// sortKey is what git sorts by: a directory as if its name ended in "/".
func (e entry) sortKey() string {
	if e.dir {
		return e.name + "/"
	}
	return e.name
}

// files is a tree by path.
type files map[string]node

func (f *fixture) tree(fs files) hash {
	f.tb.Helper()
	below := map[string]files{}
	var entries []entry
	modes := map[string]string{}
	for path, n := range fs {
		if dir, rest, ok := strings.Cut(path, "/"); ok {
			if below[dir] == nil {
				below[dir] = files{}
			}
			below[dir][rest] = n
			continue
		}
		e := entry{name: path}
		if n.mode == "160000" {
			e.hash, _ = git.ParseHash(n.content)
		} else {
			e.hash = f.object(plumbing.BlobObject, n.content)
		}
		modes[path] = n.mode
		entries = append(entries, e)
	}
	for dir, fs := range below {
		entries = append(entries, entry{name: dir, dir: true, hash: f.tree(fs)})
		modes[dir] = "40000"
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.sortKey(), b.sortKey()) })
	var content bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&content, "%s %s\x00%s", modes[e.name], e.name, e.hash[:])
	}
	return f.object(plumbing.TreeObject, content.String())
}

// commitTree writes a commit of a tree at a time.
func (f *fixture) commitTree(tree hash, seconds int64, parents ...hash) hash {
	f.tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", tree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author A <a@example.com> 1 +0000\ncommitter C <c@example.com> %d +0100\n\nsubject\n", seconds)
	return f.object(plumbing.CommitObject, b.String())
}

func (f *fixture) commit(fs files, seconds int64, parents ...hash) hash {
	f.tb.Helper()
	return f.commitTree(f.tree(fs), seconds, parents...)
}

// ref writes a loose ref by its full name.
func (f *fixture) ref(name string, h hash) { f.write(name, h.String()+"\n") }

// history writes a graph of commits, "b: a" a line, oldest first: a name, its
// parents, and after "@" the time, which otherwise is the number of the line.
// Each commit is a branch and adds a file of its name to those of its parents.
func (f *fixture) history(graph string) map[string]hash {
	f.tb.Helper()
	commits := map[string]hash{}
	trees := map[string]files{}
	for i, line := range strings.Split(strings.TrimSpace(graph), "\n") {
		head, at, _ := strings.Cut(line, "@")
		name, rest, _ := strings.Cut(head, ":")
		name = strings.TrimSpace(name)
		seconds := int64(i + 1)
		if at != "" {
			if _, err := fmt.Sscan(at, &seconds); err != nil {
				f.tb.Fatal(err)
			}
		}
		var parents []hash
		tree := files{name: file(name)}
		for p := range strings.FieldsSeq(rest) {
			parents = append(parents, commits[p])
			maps.Copy(tree, trees[p])
		}
		trees[name] = tree
		commits[name] = f.commit(tree, seconds, parents...)
		f.ref("refs/heads/"+name, commits[name])
	}
	return commits
}

// pack moves all objects into one pack, with deltas.
func (f *fixture) pack() {
	f.tb.Helper()
	var hashes []plumbing.Hash
	err := f.store.ForEachObjectHash(func(h plumbing.Hash) error {
		hashes = append(hashes, h)
		return nil
	})
	if err != nil {
		f.tb.Fatal(err)
	}
	w, err := f.store.PackfileWriter()
	if err != nil {
		f.tb.Fatal(err)
	}
	if _, err := packfile.NewEncoder(w, f.store, true).Encode(hashes, 10); err != nil {
		f.tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.tb.Fatal(err)
	}
	for _, h := range hashes {
		f.remove(hash(h))
	}
}

// remove removes a loose object.
func (f *fixture) remove(h hash) {
	f.tb.Helper()
	digits := hex.EncodeToString(h[:])
	if err := os.Remove(filepath.Join(f.dir, "objects", digits[:2], digits[2:])); err != nil {
		f.tb.Fatal(err)
	}
}

func (f *fixture) open() *Repository {
	f.tb.Helper()
	r, err := Open(f.dir)
	if err != nil {
		f.tb.Fatal(err)
	}
	return r
}

// diff opens the repository and compares two revisions.
func (f *fixture) diff(base, head string, mode Mode) (Diff, error) {
	f.tb.Helper()
	return f.open().Diff(context.Background(), Range{Base: base, Head: head, Mode: mode})
}
