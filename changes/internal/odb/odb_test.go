package odb_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/odb"
	"github.com/mettel-automation/delivery/changes/internal/pack"
	"github.com/mettel-automation/delivery/changes/internal/pack/packtest"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

var _ git.Objects = (*odb.Store)(nil)

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed) // also shown when it panics
	return rand.New(rand.NewPCG(seed, 1))
}

// objects is an object directory.
type objects struct {
	tb  testing.TB
	dir string
}

func newObjects(tb testing.TB) objects {
	tb.Helper()
	o := objects{tb, filepath.Join(tb.TempDir(), "objects")}
	o.mkdir("pack")
	return o
}

func (o objects) mkdir(name string) {
	o.tb.Helper()
	if err := os.MkdirAll(filepath.Join(o.dir, name), 0o755); err != nil {
		o.tb.Fatal(err)
	}
}

func (o objects) write(name, content string) {
	o.tb.Helper()
	o.mkdir(filepath.Dir(name))
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(content), 0o644); err != nil {
		o.tb.Fatal(err)
	}
}

func loosePath(h git.Hash) string {
	digits := h.String()
	return filepath.Join(digits[:2], digits[2:])
}

// loose writes a loose object.
func (o objects) loose(kind git.Kind, content string) git.Hash {
	o.tb.Helper()
	h := packtest.Hash(kind, []byte(content))
	o.write(loosePath(h), string(packtest.Deflate(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content))))
	return h
}

// packed writes a pack of blobs.
func (o objects) packed(contents ...string) (hashes []git.Hash, idx string) {
	o.tb.Helper()
	var w packtest.Writer
	for _, c := range contents {
		hashes = append(hashes, w.Add(git.Blob, []byte(c)))
	}
	return hashes, w.Write(o.tb, filepath.Join(o.dir, "pack"))
}

func (o objects) open(opts odb.Options) *odb.Store {
	o.tb.Helper()
	s, err := odb.Open(o.dir, opts)
	if err != nil {
		o.tb.Fatal(err)
	}
	o.tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			o.tb.Error(err)
		}
	})
	return s
}

// want reads an object into a buffer that holds something already.
func want(t *testing.T, s *odb.Store, h git.Hash, kind git.Kind, content string) {
	t.Helper()
	k, got, err := s.Append([]byte("before"), h)
	if err != nil || k != kind || string(got) != "before"+content {
		t.Errorf("Append(%s) = %v, %.60q, %v; want %v %.60q", h, k, got, err, kind, "before"+content)
	}
	if k, err := s.Kind(h); k != kind || err != nil {
		t.Errorf("Kind(%s) = %v, %v; want %v", h, k, err, kind)
	}
}

// wantError reads an object that cannot be read.
func wantError(t *testing.T, s *odb.Store, h git.Hash, is error, says ...string) {
	t.Helper()
	k, got, err := s.Append([]byte("before"), h)
	if !errors.Is(err, is) || k != 0 || string(got) != "before" {
		t.Errorf("Append = %v, %.60q, %v; want the buffer and %v", k, got, err, is)
		return
	}
	for _, text := range append(says, "read object "+h.String()) {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error = %v, want one that says %q", err, text)
		}
	}
}

func TestStoreReadsWhatGoGitWrote(t *testing.T) {
	rng := seeded(t)
	dir := t.TempDir()
	writer := filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())
	kinds := map[plumbing.ObjectType]git.Kind{
		plumbing.CommitObject: git.Commit, plumbing.TreeObject: git.Tree,
		plumbing.BlobObject: git.Blob, plumbing.TagObject: git.Tag,
	}
	type object struct {
		kind    git.Kind
		content string
	}
	wants := map[git.Hash]object{}
	for kind, k := range kinds {
		for size := range 60 {
			content := make([]byte, size*size*rng.IntN(8))
			for i := range content {
				content[i] = byte(rng.Uint32())
			}
			o := writer.NewEncodedObject()
			o.SetType(kind)
			w, err := o.Writer()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
			h, err := writer.SetEncodedObject(o)
			if err != nil {
				t.Fatal(err)
			}
			wants[git.Hash(h)] = object{k, string(content)}
		}
	}
	s := objects{t, filepath.Join(dir, "objects")}.open(odb.Options{})
	for h, o := range wants {
		want(t, s, h, o.kind, o.content)
	}
}

func TestStoreReadsFromWhereverItIs(t *testing.T) {
	o := newObjects(t)
	first, _ := o.packed("a", "b")
	second, _ := o.packed("c", "d")
	loose := o.loose(git.Commit, "loose")
	empty := o.loose(git.Tree, "")
	long := o.loose(git.Blob, strings.Repeat("long and ", 10_000))
	s := o.open(odb.Options{})
	for range 2 {
		want(t, s, second[1], git.Blob, "d")
		want(t, s, first[0], git.Blob, "a")
		want(t, s, loose, git.Commit, "loose")
		want(t, s, empty, git.Tree, "")
		want(t, s, first[1], git.Blob, "b")
		want(t, s, second[0], git.Blob, "c")
		want(t, s, long, git.Blob, strings.Repeat("long and ", 10_000))
		if err := s.Close(); err != nil { // it opens again
			t.Fatal(err)
		}
	}
}

func TestMissingObjects(t *testing.T) {
	h := git.Hash{0xab}
	t.Run("in an empty directory", func(t *testing.T) {
		wantError(t, newObjects(t).open(odb.Options{}), h, git.ErrMissingObject, "git fsck")
	})
	t.Run("in no directory", func(t *testing.T) {
		o := objects{t, filepath.Join(t.TempDir(), "gone")}
		wantError(t, o.open(odb.Options{}), h, git.ErrMissingObject)
	})
	t.Run("in a partial clone", func(t *testing.T) {
		o := newObjects(t)
		o.packed("a")
		wantError(t, o.open(odb.Options{Partial: true}), h, git.ErrMissingObject, "the clone is partial", "--filter=blob:none")
	})
	t.Run("of which only the kind is asked for", func(t *testing.T) {
		if _, err := newObjects(t).open(odb.Options{}).Kind(h); !errors.Is(err, git.ErrMissingObject) {
			t.Errorf("error = %v", err)
		}
	})
}

func TestPacksThatComeAndGo(t *testing.T) {
	o := newObjects(t)
	old, oldIdx := o.packed("a")
	s := o.open(odb.Options{})
	want(t, s, old[0], git.Blob, "a")

	// git gc writes a new pack and removes the old one.
	fresh, freshIdx := o.packed("a", "b")
	if err := errors.Join(os.Remove(oldIdx), os.Remove(strings.TrimSuffix(oldIdx, ".idx")+".pack")); err != nil {
		t.Fatal(err)
	}
	want(t, s, old[0], git.Blob, "a")
	want(t, s, fresh[1], git.Blob, "b")

	t.Run("a pack that was listed and is gone when it is opened", func(t *testing.T) {
		s := o.open(odb.Options{})
		wantError(t, s, git.Hash{1}, git.ErrMissingObject) // lists the packs, and opens their indexes
		if err := os.Remove(strings.TrimSuffix(freshIdx, ".idx") + ".pack"); err != nil {
			t.Fatal(err)
		}
		wantError(t, s, fresh[0], git.ErrMissingObject)
		newest, _ := o.packed("c", "b")
		want(t, s, newest[0], git.Blob, "c")
		want(t, s, fresh[1], git.Blob, "b")
	})
	t.Run("an object that became loose", func(t *testing.T) {
		h := o.loose(git.Tag, "tag")
		want(t, s, h, git.Tag, "tag")
	})
}

func TestAlternates(t *testing.T) {
	own, absolute, relative, quoted, nested := newObjects(t), newObjects(t), newObjects(t), newObjects(t), newObjects(t)
	odd := objects{t, filepath.Join(t.TempDir(), "a \"b\"\tc")} // and not called objects
	odd.mkdir("pack")
	rel, err := filepath.Rel(own.dir, relative.dir)
	if err != nil {
		t.Fatal(err)
	}
	own.write("info/alternates", strings.Join([]string{
		"# a comment", "", absolute.dir, rel, `"` + quoted.dir + `"`,
		`"` + strings.NewReplacer(`"`, `\"`, "\t", `\t`, "a ", `\141\040`).Replace(odd.dir) + `"`,
		filepath.Join(t.TempDir(), "gone"), own.dir, absolute.dir,
	}, "\n"))
	absolute.write("info/alternates", nested.dir+"\n")
	nested.write("info/alternates", own.dir+"\n") // a circle

	s := own.open(odb.Options{})
	for name, o := range map[string]objects{"own": own, "absolute": absolute, "relative": relative, "quoted": quoted, "odd": odd, "nested": nested} {
		packed, _ := o.packed("packed in " + name)
		want(t, s, packed[0], git.Blob, "packed in "+name)
		want(t, s, o.loose(git.Tree, "loose in "+name), git.Tree, "loose in "+name)
	}
}

func TestAlternatesFollowOneAnotherOnlySoFar(t *testing.T) {
	chain := []objects{newObjects(t)}
	for range 7 {
		next := newObjects(t)
		chain[len(chain)-1].write("info/alternates", next.dir+"\n")
		chain = append(chain, next)
	}
	s := chain[0].open(odb.Options{})
	want(t, s, chain[5].loose(git.Blob, "five"), git.Blob, "five")
	wantError(t, s, chain[6].loose(git.Blob, "six"), git.ErrMissingObject)
}

func TestAnotherCopyHelps(t *testing.T) {
	o := newObjects(t)
	hashes, idx := o.packed("a", "b")
	data, err := os.ReadFile(strings.TrimSuffix(idx, ".idx") + ".pack")
	if err != nil {
		t.Fatal(err)
	}
	for i := 12; i < len(data)-20; i++ {
		data[i] ^= 0x55
	}
	o.write(filepath.Join("pack", strings.TrimSuffix(filepath.Base(idx), ".idx")+".pack"), string(data))
	s := o.open(odb.Options{})
	wantError(t, s, hashes[0], git.ErrDamaged, ".pack: at offset 12: ")
	o.loose(git.Blob, "a")
	want(t, s, hashes[0], git.Blob, "a")
	wantError(t, s, hashes[1], git.ErrDamaged, ".pack: at offset ")
	o.packed("b")
	want(t, s, hashes[1], git.Blob, "b")
}

func TestIndexesThatCannotBeRead(t *testing.T) {
	o := newObjects(t)
	o.write("pack/pack-1.idx", string(append(make([]byte, 1024), make([]byte, 40)...))) // version 1, of no objects
	s := o.open(odb.Options{})
	h := packtest.Hash(git.Blob, []byte("a"))
	for range 2 {
		wantError(t, s, h, git.ErrUnsupported, "pack-1.idx: ", "pack index version 1 ", "git repack")
		if _, err := s.Prefix("abcd"); !errors.Is(err, git.ErrUnsupported) {
			t.Errorf("Prefix error = %v, want ErrUnsupported", err)
		}
	}
	o.packed("a") // found all the same
	want(t, s, h, git.Blob, "a")
}

func TestMaxSize(t *testing.T) {
	o := newObjects(t)
	small := o.loose(git.Blob, strings.Repeat("x", 100))
	large := o.loose(git.Blob, strings.Repeat("x", 101))
	packed, _ := o.packed(strings.Repeat("y", 100), strings.Repeat("y", 101))
	s := o.open(odb.Options{MaxSize: 100})
	want(t, s, small, git.Blob, strings.Repeat("x", 100))
	want(t, s, packed[0], git.Blob, strings.Repeat("y", 100))
	wantError(t, s, large, pack.ErrTooLarge, "101 bytes, of 100 at most")
	wantError(t, s, packed[1], pack.ErrTooLarge, "101 bytes, of 100 at most")
	if kind, err := s.Kind(large); kind != git.Blob || err != nil {
		t.Errorf("Kind = %v, %v; want blob", kind, err)
	}
}
