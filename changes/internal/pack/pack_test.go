package pack_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
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
	"github.com/go-git/go-git/v5/storage/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/pack"
	"github.com/mettel-automation/delivery/changes/internal/pack/packtest"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed) // also shown when it panics
	return rand.New(rand.NewPCG(seed, 1))
}

func open(tb testing.TB, idx string) *pack.Pack {
	tb.Helper()
	p, err := pack.Open(idx)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// read reads an object of a pack into a buffer that holds something already.
func read(r *pack.Reader, p *pack.Pack, h git.Hash) (git.Kind, string, error) {
	offset, ok, err := p.Find(h)
	if err != nil {
		return 0, "", err
	}
	if !ok {
		return 0, "", fs.ErrNotExist
	}
	const before = "before"
	kind, content, err := r.Append([]byte(before), p, offset)
	if !strings.HasPrefix(string(content), before) {
		return 0, "", fmt.Errorf("the buffer lost what it held: %q", content)
	}
	if err != nil && len(content) > len(before) {
		return 0, "", fmt.Errorf("the buffer grew in spite of: %w", err)
	}
	if err == nil {
		also, err := r.Kind(p, offset)
		if err != nil || also != kind {
			return 0, "", fmt.Errorf("read kind of a %v: %v, %w", kind, also, err)
		}
	}
	return kind, string(content[len(before):]), err
}

// randomObjects adds objects of all kinds, some of them long chains of deltas.
func randomObjects(rng *rand.Rand, w *packtest.Writer, n int) map[git.Hash]git.Kind {
	kinds := map[git.Hash]git.Kind{}
	var hashes []git.Hash
	for range n {
		var h git.Hash
		if len(hashes) == 0 || rng.IntN(4) == 0 {
			kind := git.Kind(1 + rng.IntN(4))
			content := make([]byte, rng.IntN(1<<rng.IntN(17)))
			for i := range content {
				content[i] = byte(rng.IntN(1 + rng.IntN(256)))
			}
			content = binary.AppendUvarint(content, rng.Uint64()) // so that no two are the same
			h = w.Add(kind, content)
			kinds[h] = kind
		} else {
			base := hashes[len(hashes)-1-rng.IntN(min(len(hashes), 3))]
			content := slices.Clone(w.Objects()[base])
			at := rng.IntN(len(content) + 1)
			content = slices.Replace(content, at, min(len(content), at+rng.IntN(100)), make([]byte, rng.IntN(300))...)
			content = binary.AppendUvarint(content, rng.Uint64())
			h = w.AddDelta(kinds[base], content, base, []git.Kind{packtest.OfsDelta, packtest.RefDelta}[rng.IntN(2)])
			kinds[h] = kinds[base]
		}
		hashes = append(hashes, h)
	}
	return kinds
}

func TestReaderReadsWhatWasWritten(t *testing.T) {
	rng := seeded(t)
	var r pack.Reader // of all packs together
	for _, wide := range []bool{false, true} {
		for range 8 {
			w := packtest.Writer{Wide: wide}
			kinds := randomObjects(rng, &w, 300)
			p := open(t, w.Write(t, t.TempDir()))
			for h, want := range w.Objects() {
				kind, content, err := read(&r, p, h)
				if err != nil || kind != kinds[h] || content != string(want) {
					t.Fatalf("object %s = %v of %d bytes, %v; want %v of %d", h, kind, len(content), err, kinds[h], len(want))
				}
				h[19]++
				if _, ok, err := p.Find(h); ok || err != nil {
					t.Fatalf("an object that is not there: %v, %v", ok, err)
				}
			}
		}
	}
}

// TestReaderReadsPacksOfGoGit reads what another program has written.
func TestReaderReadsPacksOfGoGit(t *testing.T) {
	rng := seeded(t)
	store := memory.NewStorage()
	want := map[git.Hash]string{}
	text := strings.Repeat("a line of many\n", 300)
	var hashes []plumbing.Hash
	for range 200 {
		at := rng.IntN(len(text))
		text = text[:at] + fmt.Sprint("changed ", rng.Uint64(), "\n") + text[at:]
		o := store.NewEncodedObject()
		o.SetType(plumbing.BlobObject)
		w, err := o.Writer()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		h, err := store.SetEncodedObject(o)
		if err != nil {
			t.Fatal(err)
		}
		want[git.Hash(h)] = text
		hashes = append(hashes, h)
	}
	dir := t.TempDir()
	disk := filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())
	out, err := disk.PackfileWriter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := packfile.NewEncoder(out, store, true).Encode(hashes, 10); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	idx, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.idx"))
	if err != nil || len(idx) != 1 {
		t.Fatal(idx, err)
	}
	p := open(t, idx[0])
	var r pack.Reader
	got := map[git.Hash]string{}
	for h := range want {
		_, content, err := read(&r, p, h)
		if err != nil {
			t.Fatal(err)
		}
		got[h] = content
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("contents (-want +got):\n%s", d)
	}
}

// TestGoGitReadsPacksOfPacktest holds the packs of these tests to what another
// program takes for a pack.
func TestGoGitReadsPacksOfPacktest(t *testing.T) {
	var w packtest.Writer
	randomObjects(seeded(t), &w, 200)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "objects/pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.Write(t, filepath.Join(dir, "objects/pack"))
	store := filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())
	defer func() { _ = store.Close() }()
	for h, want := range w.Objects() {
		o, err := store.EncodedObject(plumbing.AnyObject, plumbing.Hash(h))
		if err != nil {
			t.Fatal(err)
		}
		in, err := o.Reader()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("object %s differs (%v)", h, err)
		}
	}
}

func TestBetween(t *testing.T) {
	var w packtest.Writer
	randomObjects(seeded(t), &w, 2000)
	p := open(t, w.Write(t, t.TempDir()))
	all := slices.Collect(func(yield func(git.Hash) bool) {
		for h := range w.Objects() {
			if !yield(h) {
				return
			}
		}
	})
	slices.SortFunc(all, git.Hash.Compare)
	last := git.Hash(bytes.Repeat([]byte{0xff}, git.HashSize))
	between := func(from, to git.Hash) []git.Hash {
		t.Helper()
		got, err := p.Between(nil, from, to)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if d := cmp.Diff(all, between(git.Hash{}, last)); d != "" {
		t.Errorf("all (-want +got):\n%s", d)
	}
	for i, h := range all {
		j := min(i+3, len(all)-1)
		if d := cmp.Diff(all[i:j+1], between(h, all[j])); d != "" {
			t.Fatalf("from %d to %d (-want +got):\n%s", i, j, d)
		}
	}
}

func TestLongChains(t *testing.T) {
	var w packtest.Writer
	h := w.Add(git.Tree, []byte("0"))
	for i := range 9000 {
		h = w.AddDelta(git.Tree, fmt.Append(nil, i), h, packtest.OfsDelta)
	}
	p := open(t, w.Write(t, t.TempDir()))
	var r pack.Reader
	if kind, content, err := read(&r, p, h); err != nil || kind != git.Tree || content != "8999" {
		t.Errorf("= %v, %q, %v", kind, content, err)
	}
}

func TestAbsurdChainsAreErrors(t *testing.T) {
	var w packtest.Writer
	h := w.Add(git.Tree, []byte("0"))
	for i := range 17000 {
		h = w.AddDelta(git.Tree, fmt.Append(nil, i), h, packtest.OfsDelta)
	}
	p := open(t, w.Write(t, t.TempDir()))
	var r pack.Reader
	if _, _, err := read(&r, p, h); !errors.Is(err, git.ErrDamaged) {
		t.Errorf("error = %v, want ErrDamaged", err)
	}
}

// TestTheCacheForgets reads far more than it remembers, twice.
func TestTheCacheForgets(t *testing.T) {
	rng := seeded(t)
	var w packtest.Writer
	for range 50 {
		content := make([]byte, 1+rng.IntN(1<<20))
		for i := range min(1000, len(content)) {
			content[i] = byte(rng.Uint32())
		}
		base := w.Add(git.Tree, content)
		w.AddDelta(git.Tree, append(slices.Clip(content), "and more"...), base, packtest.OfsDelta)
	}
	content := make([]byte, 7<<20) // more than is worth remembering
	base := w.Add(git.Tree, content)
	w.AddDelta(git.Tree, append(content, "and more"...), base, packtest.RefDelta)
	p := open(t, w.Write(t, t.TempDir()))
	var r pack.Reader
	for range 2 {
		for h, want := range w.Objects() {
			if _, content, err := read(&r, p, h); err != nil || content != string(want) {
				t.Fatalf("object %s of %d bytes = %d bytes, %v", h, len(want), len(content), err)
			}
		}
	}
}

func TestMaxSize(t *testing.T) {
	var w packtest.Writer
	small := w.Add(git.Blob, make([]byte, 100))
	large := w.Add(git.Blob, make([]byte, 101))
	ofLarge := w.AddDelta(git.Blob, make([]byte, 99), large, packtest.OfsDelta)
	toLarge := w.AddDelta(git.Blob, make([]byte, 102), small, packtest.OfsDelta)
	p := open(t, w.Write(t, t.TempDir()))
	r := pack.Reader{MaxSize: 100}
	if _, content, err := read(&r, p, small); err != nil || len(content) != 100 {
		t.Errorf("small: %d bytes, %v", len(content), err)
	}
	for name, h := range map[string]git.Hash{"large": large, "delta of large": ofLarge, "delta that makes large": toLarge} {
		if _, _, err := read(&r, p, h); !errors.Is(err, pack.ErrTooLarge) {
			t.Errorf("%s: error = %v, want ErrTooLarge", name, err)
		}
	}
}

func TestClosedPacks(t *testing.T) {
	var w packtest.Writer
	h := w.Add(git.Blob, []byte("x"))
	p, err := pack.Open(w.Write(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	offset, _, err := p.Find(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	var r pack.Reader
	if _, _, err := r.Append(nil, p, offset); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Append error = %v, want one that says closed", err)
	}
	if _, _, err := p.Find(h); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Find error = %v, want one that says closed", err)
	}
}

func TestPacksThatAreGone(t *testing.T) {
	var w packtest.Writer
	h := w.Add(git.Blob, []byte("x"))
	idx := w.Write(t, t.TempDir())
	p := open(t, idx)
	if err := os.Remove(p.Path()); err != nil {
		t.Fatal(err)
	}
	var r pack.Reader
	offset, ok, err := p.Find(h)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, _, err := r.Append(nil, p, offset); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want fs.ErrNotExist", err)
	}
	if _, err := pack.Open(filepath.Join(t.TempDir(), "pack-1.idx")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want fs.ErrNotExist", err)
	}
}
