// Package packtest writes packs and their indexes for tests, sound ones and
// those that no program should write.
//
//	var w packtest.Writer
//	base := w.Add(git.Tree, old)
//	tip := w.AddDelta(git.Tree, changed, base)
//	idx := w.Write(t, dir)
//
// It looks for no good deltas, and does not compress well.
package packtest

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Kinds of entries that are deltas. Source: gitformat-pack(5).
const (
	OfsDelta git.Kind = 6 // of an object that is named by where it is
	RefDelta git.Kind = 7 // of one that is named by its hash
)

// Writer is a pack that is being made. The zero value is empty.
type Writer struct {
	// Wide puts all offsets into the table of those of 64 bits.
	Wide bool

	entries []entry
	size    int64
	content map[git.Hash][]byte
	latest  map[git.Hash]int64 // offsets
	zlib    *zlib.Writer
}

type entry struct {
	hash   git.Hash
	offset int64
	data   []byte
}

// Hash is the hash of an object.
func Hash(kind git.Kind, content []byte) git.Hash {
	return sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", kind, len(content)), content...))
}

// Add adds an object as it is.
func (w *Writer) Add(kind git.Kind, content []byte) git.Hash {
	h := Hash(kind, content)
	w.remember(h, content)
	w.AddRaw(h, append(Header(kind, len(content)), w.deflate(content)...))
	return h
}

// AddDelta adds an object as a delta of one that was added before, of either kind.
func (w *Writer) AddDelta(kind git.Kind, content []byte, base git.Hash, as git.Kind) git.Hash {
	h := Hash(kind, content)
	delta := Delta(w.content[base], content)
	data := Header(as, len(delta))
	if as == OfsDelta {
		data = append(data, Back(w.Next()-w.Offset(base))...)
	} else {
		data = append(data, base[:]...)
	}
	w.remember(h, content)
	w.AddRaw(h, append(data, w.deflate(delta)...))
	return h
}

func (w *Writer) remember(h git.Hash, content []byte) {
	if w.content == nil {
		w.content = map[git.Hash][]byte{}
	}
	w.content[h] = content
}

// AddRaw adds an entry of any bytes under a hash.
func (w *Writer) AddRaw(h git.Hash, data []byte) {
	if w.latest == nil {
		w.latest = map[git.Hash]int64{}
	}
	w.latest[h] = w.Next()
	w.entries = append(w.entries, entry{h, w.Next(), data})
	w.size += int64(len(data))
}

// Next is the offset of the entry that will be added next.
func (w *Writer) Next() int64 { return 12 + w.size }

// Offset is where the latest entry of a hash is.
func (w *Writer) Offset(h git.Hash) int64 { return w.latest[h] }

// Objects returns the contents of the objects that were added, raw ones excepted.
func (w *Writer) Objects() map[git.Hash][]byte { return w.content }

// Bytes returns the pack and its index.
func (w *Writer) Bytes() (pack, idx []byte) {
	pack = binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(w.entries)))
	for _, e := range w.entries {
		pack = append(pack, e.data...)
	}
	sum := sha1.Sum(pack)
	pack = append(pack, sum[:]...)

	sorted := slices.Clone(w.entries)
	slices.SortStableFunc(sorted, func(a, b entry) int { return a.hash.Compare(b.hash) })
	idx = []byte("\377tOc\x00\x00\x00\x02")
	for first := range 256 {
		n, _ := slices.BinarySearchFunc(sorted, first+1, func(e entry, first int) int { return cmp.Compare(int(e.hash[0]), first) })
		idx = binary.BigEndian.AppendUint32(idx, uint32(n))
	}
	var crcs, offsets, wide []byte
	for i, e := range sorted {
		idx = append(idx, e.hash[:]...)
		crcs = binary.BigEndian.AppendUint32(crcs, crc32.ChecksumIEEE(e.data))
		if w.Wide {
			offsets = binary.BigEndian.AppendUint32(offsets, 1<<31|uint32(i))
			wide = binary.BigEndian.AppendUint64(wide, uint64(e.offset))
		} else {
			offsets = binary.BigEndian.AppendUint32(offsets, uint32(e.offset))
		}
	}
	idx = append(slices.Concat(idx, crcs, offsets, wide), sum[:]...)
	own := sha1.Sum(idx)
	return pack, append(idx, own[:]...)
}

// Write writes the pack and its index into a directory, under the names that
// git gives them, and returns the path of the index.
func (w *Writer) Write(tb testing.TB, dir string) string {
	tb.Helper()
	pack, idx := w.Bytes()
	return WriteFiles(tb, dir, pack, idx)
}

// WriteFiles writes a pack and its index, which may be anything.
func WriteFiles(tb testing.TB, dir string, pack, idx []byte) string {
	tb.Helper()
	name := filepath.Join(dir, fmt.Sprintf("pack-%x", pack[max(0, len(pack)-git.HashSize):]))
	for ext, content := range map[string][]byte{".pack": pack, ".idx": idx} {
		if err := os.WriteFile(name+ext, content, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return name + ".idx"
}

// Header is the header of an entry.
func Header[N int | int64](kind git.Kind, size N) []byte {
	b := []byte{byte(kind)<<4 | byte(size&0xf)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	return b
}

// Back is how a delta says how far before it its base is.
func Back(distance int64) []byte {
	b := []byte{byte(distance & 0x7f)}
	for distance >>= 7; distance > 0; distance >>= 7 {
		distance--
		b = append(b, byte(0x80|distance&0x7f))
	}
	slices.Reverse(b)
	return b
}

// Deflate is the zlib stream of content.
func Deflate(content []byte) []byte { return deflate(zlib.NewWriter(nil), content) }

func (w *Writer) deflate(content []byte) []byte {
	if w.zlib == nil {
		w.zlib = zlib.NewWriter(nil)
	}
	return deflate(w.zlib, content)
}

func deflate(w *zlib.Writer, content []byte) []byte {
	var b bytes.Buffer
	w.Reset(&b)
	_, err := w.Write(content)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// Delta makes content of base: what both begin and end with is copied.
func Delta(base, content []byte) []byte {
	same := 0
	for same < min(len(base), len(content)) && base[same] == content[same] {
		same++
	}
	tail := 0
	for tail < min(len(base), len(content))-same && base[len(base)-1-tail] == content[len(content)-1-tail] {
		tail++
	}
	delta := binary.AppendUvarint(nil, uint64(len(base)))
	delta = binary.AppendUvarint(delta, uint64(len(content)))
	delta = appendCopy(delta, 0, same)
	for own := range slices.Chunk(content[same:len(content)-tail], 0x7f) {
		delta = append(append(delta, byte(len(own))), own...)
	}
	return appendCopy(delta, len(base)-tail, tail)
}

// appendCopy appends instructions that copy n bytes of the base.
func appendCopy(delta []byte, from, n int) []byte {
	for n > 0 {
		part := min(n, 0xffffff)
		op := len(delta)
		delta = append(delta, 0x80)
		for i := range 4 {
			if c := byte(from >> (8 * i)); c != 0 {
				delta[op] |= 1 << i
				delta = append(delta, c)
			}
		}
		if part != 0x10000 { // which no size at all stands for
			for i := range 3 {
				if c := byte(part >> (8 * i)); c != 0 {
					delta[op] |= 0x10 << i
					delta = append(delta, c)
				}
			}
		}
		from, n = from+part, n-part
	}
	return delta
}
