package pack_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/pack"
	"github.com/mettel-automation/delivery/changes/internal/pack/packtest"
)

// TestDamagedEntries reads the entry of a hash from packs of which the index
// and all checksums are sound.
func TestDamagedEntries(t *testing.T) {
	content := []byte("the content of a base, long enough to be worth it")
	stream := packtest.Deflate(content)
	var victim git.Hash // all zeros
	entry := func(kind git.Kind, size int64, rest ...[]byte) []byte {
		return append(packtest.Header(kind, size), slices.Concat(rest...)...)
	}
	delta := func(from, to int64, instructions string) []byte {
		return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(from)), uint64(to)), instructions...)
	}
	ofBase := func(d []byte) func(*packtest.Writer, git.Hash) []byte {
		return func(w *packtest.Writer, base git.Hash) []byte {
			return entry(packtest.OfsDelta, int64(len(d)), packtest.Back(w.Next()-w.Offset(base)), packtest.Deflate(d))
		}
	}
	plain := func(b []byte) func(*packtest.Writer, git.Hash) []byte {
		return func(*packtest.Writer, git.Hash) []byte { return b }
	}
	n := int64(len(content))
	tests := map[string]struct {
		entry func(w *packtest.Writer, base git.Hash) []byte
		want  string
	}{
		"a type that there is not":       {plain(entry(5, n, stream)), "no valid header"},
		"another":                        {plain(entry(0, n, stream)), "no valid header"},
		"a size of too many digits":      {plain(append(bytes.Repeat([]byte{0xff}, 12), stream...)), "no valid header"},
		"a size that ends with the pack": {plain([]byte{0x90}), "no valid header"},
		"a size that is too small":       {plain(entry(git.Commit, n-1, stream)), "longer than its header says"},
		"a size that is too large":       {plain(entry(git.Commit, n+1, stream)), "shorter than its header says"},
		"a size of petabytes":            {plain(entry(git.Commit, 1<<52, stream)), "larger than the pack"},
		"a stream that is cut off":       {plain(entry(git.Commit, n, stream[:len(stream)-6])), "compressed data"},
		"a stream of noise":              {plain(entry(git.Commit, n, []byte("no zlib stream"))), "not a zlib stream"},
		"a wrong checksum":               {plain(entry(git.Commit, n, stream[:len(stream)-1], []byte{1})), "checksum"},
		"a base before the pack":         {plain(entry(packtest.OfsDelta, 3, packtest.Back(1<<40), stream)), "lies outside"},
		"a base in the header of the pack": {func(w *packtest.Writer, _ git.Hash) []byte {
			return entry(packtest.OfsDelta, 3, packtest.Back(w.Next()-3), stream)
		}, "lies outside"},
		"a delta of itself":                       {plain(entry(packtest.OfsDelta, 3, packtest.Back(0), stream)), "lies outside"},
		"a base too far away for a number":        {plain(entry(packtest.OfsDelta, 3, bytes.Repeat([]byte{0xff}, 20), stream)), "no valid header"},
		"a delta of itself by hash":               {plain(entry(packtest.RefDelta, 3, victim[:], stream)), "circle"},
		"a delta of what is not there":            {plain(entry(packtest.RefDelta, 3, bytes.Repeat([]byte{1}, 20), stream)), strings.Repeat("01", 20) + ", is not in the pack"},
		"a delta without sizes":                   {ofBase(nil), "does not fit"},
		"a delta with one size":                   {ofBase([]byte{byte(n)}), "does not fit"},
		"a delta of a base of another size":       {ofBase(delta(n+1, 1, "\x01x")), "does not fit"},
		"a delta that makes too little":           {ofBase(delta(n, 2, "\x01x")), "does not fit"},
		"a delta that makes too much":             {ofBase(delta(n, 1, "\x02xy")), "does not fit"},
		"a delta that ends within its bytes":      {ofBase(delta(n, 5, "\x05xy")), "does not fit"},
		"a delta that ends within an offset":      {ofBase(delta(n, 5, "\x9f\x01")), "does not fit"},
		"a delta that ends within a size":         {ofBase(delta(n, 5, "\xb1\x00")), "does not fit"},
		"a delta that copies from behind":         {ofBase(delta(n, 9, "\x91\x30\x09")), "does not fit"},
		"a delta that copies from far behind":     {ofBase(delta(n, 1, "\x9f\xff\xff\xff\xff\x01")), "does not fit"},
		"a delta that copies too much":            {ofBase(delta(n, 1, "\xf1\x00\xff\xff\xff")), "does not fit"},
		"a delta with the reserved instruction":   {ofBase(delta(n, 1, "\x00\x01x")), "does not fit"},
		"a delta that makes petabytes":            {ofBase(delta(n, 1<<52, "\x91\x00\x09")), "too large"},
		"a delta that makes what no number holds": {ofBase(append([]byte{byte(n)}, bytes.Repeat([]byte{0xff}, 12)...)), "does not fit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var w packtest.Writer
			base := w.Add(git.Blob, content)
			w.AddRaw(victim, tt.entry(&w, base))
			p := open(t, w.Write(t, t.TempDir()))
			var r pack.Reader
			for range 2 { // what failed is not remembered
				_, _, err := read(&r, p, victim)
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "at offset ") {
					t.Errorf("error = %v, want one that says %q, and where", err, tt.want)
				}
				if !errors.Is(err, git.ErrDamaged) && !errors.Is(err, pack.ErrTooLarge) {
					t.Errorf("error = %v, want ErrDamaged or ErrTooLarge", err)
				}
				if _, got, err := read(&r, p, base); err != nil || got != string(content) {
					t.Errorf("the base = %q, %v", got, err)
				}
			}
		})
	}
}

func TestCirclesOfDeltas(t *testing.T) {
	var w packtest.Writer
	a, b := git.Hash{1}, git.Hash{2}
	stream := packtest.Deflate([]byte{1, 1, 1, 'x'})
	w.AddRaw(a, slices.Concat(packtest.Header(packtest.RefDelta, 4), b[:], stream))
	w.AddRaw(b, slices.Concat(packtest.Header(packtest.RefDelta, 4), a[:], stream))
	p := open(t, w.Write(t, t.TempDir()))
	var r pack.Reader
	for _, h := range []git.Hash{a, b} {
		if _, _, err := read(&r, p, h); !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), "circle") {
			t.Errorf("error = %v, want one of a circle", err)
		}
		offset, _, _ := p.Find(h)
		if _, err := r.Kind(p, offset); !errors.Is(err, git.ErrDamaged) {
			t.Errorf("error = %v, want ErrDamaged", err)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	var w packtest.Writer
	h := w.Add(git.Blob, []byte("x"))
	w.Add(git.Blob, []byte("y"))
	data, idx := w.Bytes()
	set := func(b []byte, at int, v ...byte) []byte {
		b = slices.Clone(b)
		copy(b[at:], v)
		return b
	}
	const fanout, hashes, offsets = 8, 8 + 1024, 8 + 1024 + 2*24
	indexV1 := slices.Concat(idx[fanout:hashes], make([]byte, 2*24+40))
	tests := map[string]struct {
		pack, idx []byte
		is        error
		want      string
	}{
		"an empty index":                        {data, nil, git.ErrDamaged, "not a pack index"},
		"an index of noise":                     {data, []byte(strings.Repeat("noise", 500)), git.ErrDamaged, "not a pack index"},
		"an index of version 1":                 {data, indexV1, git.ErrUnsupported, "pack index version 1 "},
		"an index of version 3":                 {data, set(idx, 4, 0, 0, 0, 3), git.ErrUnsupported, "pack index version 3"},
		"an index that is cut off at once":      {data, idx[:8], git.ErrDamaged, "cut off"},
		"an index that is cut off in its table": {data, idx[:500], git.ErrDamaged, "cut off"},
		"an index that is cut off later":        {data, idx[:len(idx)-8], git.ErrDamaged, "size does not fit"},
		"an index that is too long":             {data, append(slices.Clip(idx), make([]byte, 24)...), git.ErrDamaged, "size does not fit"},
		"a fanout that falls":                   {data, set(idx, fanout+4*255, 0, 0, 0, 1), git.ErrDamaged, "not sorted"},
		"a fanout of billions":                  {data, set(idx, fanout+4*255, 0xff, 0xff, 0xff, 0xff), git.ErrDamaged, "size does not fit"},
		"an offset that is not there":           {data, set(idx, offsets, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), git.ErrDamaged, "no such offset"},
		"an offset behind the pack":             {data, set(idx, offsets, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff), git.ErrDamaged, "lies outside"},
		"an offset in the header":               {data, set(idx, offsets, 0, 0, 0, 11, 0, 0, 0, 11), git.ErrDamaged, "lies outside"},
		"an empty pack":                         {nil, idx, git.ErrDamaged, "too short"},
		"a pack that is cut off":                {data[:len(data)-1], idx, git.ErrDamaged, "checksum"},
		"a pack of noise":                       {set(data, 0, 'p'), idx, git.ErrDamaged, "not a pack"},
		"a pack of version 4":                   {set(data, 4, 0, 0, 0, 4), idx, git.ErrUnsupported, "pack version 4"},
		"a pack of another number of objects":   {set(data, 8, 0, 0, 0, 9), idx, git.ErrDamaged, "holds 9 objects, and its index 2"},
		"a pack of another index":               {set(data, len(data)-20, data[len(data)-20]+1), idx, git.ErrDamaged, "checksum"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := func() error {
				p, err := pack.Open(packtest.WriteFiles(t, t.TempDir(), tt.pack, tt.idx))
				if err != nil {
					if !strings.Contains(err.Error(), ".idx: ") {
						t.Errorf("error = %v, want one that names the file", err)
					}
					return err
				}
				defer func() { _ = p.Close() }()
				var r pack.Reader
				_, _, err = read(&r, p, h)
				return err
			}()
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %v: %s", err, tt.is, tt.want)
			}
		})
	}
}

// TestDamageIsNoticed damages sound packs in any place: no answer may be other
// than before, save where an index names the wrong object, which only hashing
// all that is read would show. Nor does git notice that.
func TestDamageIsNoticed(t *testing.T) {
	rng := seeded(t)
	var w packtest.Writer
	randomObjects(rng, &w, 40)
	data, idx := w.Bytes()
	var hashes []git.Hash
	for h := range w.Objects() {
		hashes = append(hashes, h)
	}
	failures := 0
	for range 300 {
		damaged := slices.Clone(data)
		at := 12 + rng.IntN(len(data)-32)
		damaged[at] ^= 1 << rng.IntN(8)
		if rng.IntN(2) == 0 {
			damaged[12+rng.IntN(len(data)-32)] = byte(rng.Uint32())
		}
		p, err := pack.Open(packtest.WriteFiles(t, t.TempDir(), damaged, idx))
		if err != nil {
			t.Fatal(err)
		}
		var r pack.Reader
		for _, h := range hashes {
			kind, content, err := read(&r, p, h)
			switch {
			case errors.Is(err, git.ErrDamaged):
				failures++
			case err != nil:
				t.Errorf("error = %v, want ErrDamaged", err)
			case content != string(w.Objects()[h]):
				t.Errorf("object %s is another %v after a change of byte %d", h, kind, at)
			}
		}
		_ = p.Close()
	}
	if failures == 0 {
		t.Error("no damage was noticed")
	}
	for range 300 {
		damaged := slices.Clone(idx)
		for range 1 + rng.IntN(3) {
			damaged[rng.IntN(len(idx))] = byte(rng.Uint32())
		}
		readAll(t, data, damaged[:len(damaged)-rng.IntN(2)*rng.IntN(len(damaged))], hashes)
	}
}

// readAll reads from files that may hold anything, for the sake of what must
// not happen.
func readAll(t *testing.T, data, idx []byte, hashes []git.Hash) {
	t.Helper()
	p, err := pack.Open(packtest.WriteFiles(t, t.TempDir(), data, idx))
	if err != nil {
		if !errors.Is(err, git.ErrDamaged) && !errors.Is(err, git.ErrUnsupported) {
			t.Errorf("error = %v, want ErrDamaged or ErrUnsupported", err)
		}
		return
	}
	defer func() { _ = p.Close() }()
	r := pack.Reader{MaxSize: 1 << 20}
	for _, h := range hashes {
		offset, ok, err := p.Find(h)
		if ok && err == nil {
			_, _, err = r.Append(nil, p, offset)
		}
		if err != nil && !errors.Is(err, git.ErrDamaged) && !errors.Is(err, git.ErrUnsupported) && !errors.Is(err, pack.ErrTooLarge) {
			t.Errorf("error = %v, want ErrDamaged, ErrUnsupported or ErrTooLarge", err)
		}
	}
	if _, err := p.Between(nil, git.Hash{}, git.Hash(bytes.Repeat([]byte{0xff}, git.HashSize))); err != nil {
		t.Error(err)
	}
}

func FuzzIndex(f *testing.F) {
	var w packtest.Writer
	rng := rand.New(rand.NewPCG(1, 1))
	randomObjects(rng, &w, 5)
	data, idx := w.Bytes()
	f.Add(idx)
	f.Add(idx[:100])
	w.Wide = true
	_, idx = w.Bytes()
	f.Add(idx)
	f.Fuzz(func(t *testing.T, idx []byte) {
		hashes := []git.Hash{{}, {0xff}}
		for h := range w.Objects() {
			hashes = append(hashes, h)
		}
		readAll(t, data, idx, hashes)
	})
}

// FuzzEntry reads an entry of any bytes behind a base.
func FuzzEntry(f *testing.F) {
	content := []byte("the content of a base, long enough to be worth it")
	stream := packtest.Deflate(content)
	delta := packtest.Delta(content, append([]byte("x"), content...))
	f.Add(append(packtest.Header(git.Tree, len(content)), stream...))
	f.Add(slices.Concat(packtest.Header(packtest.OfsDelta, len(delta)), packtest.Back(int64(len(stream)+2)), packtest.Deflate(delta)))
	f.Add(slices.Concat(packtest.Header(packtest.RefDelta, len(delta)), make([]byte, 20), packtest.Deflate(delta)))
	f.Fuzz(func(t *testing.T, entry []byte) {
		var w packtest.Writer
		base := w.Add(git.Blob, content)
		w.AddRaw(git.Hash{}, entry)
		data, idx := w.Bytes()
		readAll(t, data, idx, []git.Hash{{}, base})
	})
}

// FuzzDelta applies instructions of any bytes.
func FuzzDelta(f *testing.F) {
	content := []byte("the content of a base, long enough to be worth it")
	f.Add(packtest.Delta(content, content))
	f.Add(packtest.Delta(content, []byte("the content of another, long enough to be worth it")))
	f.Fuzz(func(t *testing.T, delta []byte) {
		var w packtest.Writer
		base := w.Add(git.Blob, content)
		w.AddRaw(git.Hash{}, slices.Concat(packtest.Header(packtest.OfsDelta, len(delta)),
			packtest.Back(w.Next()-w.Offset(base)), packtest.Deflate(delta)))
		data, idx := w.Bytes()
		readAll(t, data, idx, []git.Hash{{}, base})
	})
}
