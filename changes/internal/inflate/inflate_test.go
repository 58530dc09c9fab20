package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) { depcheck.Only(t, ".") }

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed) // also shown when it panics
	return rand.New(rand.NewPCG(seed, 1))
}

// deflate compresses content at a level of compress/zlib.
func deflate(tb testing.TB, content []byte, level int) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

var levels = map[string]int{
	"stored": zlib.NoCompression, "fast": zlib.BestSpeed, "default": zlib.DefaultCompression,
	"best": zlib.BestCompression, "Huffman only": zlib.HuffmanOnly,
}

// tree is content like that of a tree object.
func tree(rng *rand.Rand, entries int) []byte {
	var b bytes.Buffer
	for i := range entries {
		fmt.Fprintf(&b, "%s %s-%d.go\x00", [...]string{"100644", "40000"}[rng.IntN(2)], strings.Repeat("name", rng.IntN(4)), i)
		for range 20 {
			b.WriteByte(byte(rng.Uint32()))
		}
	}
	return b.Bytes()
}

// commit is content like that of a commit object.
func commit(rng *rand.Rand) []byte {
	return fmt.Appendf(nil, "tree %040x\nparent %040x\nauthor A U Thor <author@example.com> %d +0200\n"+
		"committer C O Mitter <committer@example.com> %d -0700\n\nFix the %d. widget of the frobnicator\n",
		rng.Uint64(), rng.Uint64(), rng.Uint32(), rng.Uint32(), rng.IntN(100))
}

// mixture is content with runs, repetitions near and far, text and noise.
func mixture(rng *rand.Rand, size int) []byte {
	var b []byte
	for len(b) < size {
		n := 1 + rng.IntN(400)
		switch rng.IntN(5) {
		case 0:
			b = append(b, bytes.Repeat([]byte{byte(rng.Uint32())}, n)...)
		case 1:
			for range n {
				b = append(b, byte(rng.Uint32()))
			}
		case 2:
			for range n {
				b = append(b, "etaoin shrdlu"[min(rng.IntN(13), rng.IntN(13))])
			}
		default:
			if len(b) > 0 {
				from := rng.IntN(len(b))
				b = append(b, b[from:min(len(b), from+n)]...)
			}
		}
	}
	return b[:size]
}

func TestRoundTrip(t *testing.T) {
	rng := seeded(t)
	var d Decoder
	for range 150 {
		content := mixture(rng, rng.IntN(1<<rng.IntN(18)))
		for name, level := range levels {
			packed := deflate(t, content, level)
			got := make([]byte, len(content))
			n, err := d.Inflate(got, append(packed, 1, 2, 3)[:len(packed)+rng.IntN(4)])
			if err != nil || n != len(packed) || !bytes.Equal(got, content) {
				t.Fatalf("%s, %d bytes: %d, %v; want %d", name, len(content), n, err, len(packed))
			}
		}
	}
}

// TestAnyOtherSizeFails holds that a stream fills just the size that it has, and
// that no byte of it may be missing.
func TestAnyOtherSizeFails(t *testing.T) {
	rng := seeded(t)
	var d Decoder
	for range 30 {
		content := mixture(rng, 1+rng.IntN(1000))
		for name, level := range levels {
			packed := deflate(t, content, level)
			for size := range len(content) {
				if _, err := d.Inflate(make([]byte, size), packed); !errors.Is(err, ErrLong) {
					t.Fatalf("%s: %d of %d bytes: %v, want ErrLong", name, size, len(content), err)
				}
			}
			if _, err := d.Inflate(make([]byte, len(content)+1), packed); !errors.Is(err, ErrShort) {
				t.Fatalf("%s: one byte more than there is: %v, want ErrShort", name, err)
			}
			for n := range len(packed) {
				if _, err := d.Inflate(make([]byte, len(content)), packed[:n:n]); !errors.Is(err, ErrCut) {
					t.Fatalf("%s: %d of %d packed bytes: %v, want ErrCut", name, n, len(packed), err)
				}
			}
		}
	}
}

func TestHead(t *testing.T) {
	rng := seeded(t)
	var d Decoder
	for range 30 {
		content := mixture(rng, 1+rng.IntN(1000))
		for name, level := range levels {
			packed := deflate(t, content, level)
			for size := range len(content) + 10 {
				got := make([]byte, size)
				n, err := d.Head(got, packed)
				if want := content[:min(size, len(content))]; err != nil || !bytes.Equal(got[:n], want) {
					t.Fatalf("%s: %d of %d bytes: %d, %v", name, size, len(content), n, err)
				}
			}
			for cut := range len(packed) {
				got := make([]byte, len(content)/2)
				n, err := d.Head(got, packed[:cut])
				if err != nil && !errors.Is(err, ErrCut) || err == nil && !bytes.Equal(got[:n], content[:len(got)]) {
					t.Fatalf("%s: %d of %d packed bytes: %d, %v", name, cut, len(packed), n, err)
				}
			}
		}
	}
}

func TestDamage(t *testing.T) {
	// A dynamic block's header, from its lowest bits on.
	dynamic := func(fields ...uint64) []byte {
		var b []byte
		var bits, n uint64
		for i := 0; i < len(fields); i += 2 {
			bits |= fields[i] << n
			for n += fields[i+1]; n >= 8; n, bits = n-8, bits>>8 {
				b = append(b, byte(bits))
			}
		}
		return append(append([]byte{0x78, 0x9c}, b...), byte(bits), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	const final, ofDynamic = 1, 2 << 1
	tests := map[string]struct {
		src  []byte
		want error
	}{
		"nothing":                           {nil, ErrCut},
		"one byte":                          {[]byte{0x78}, ErrCut},
		"a header alone":                    {[]byte{0x78, 0x9c}, ErrCut},
		"another method":                    {[]byte{0x77, 0x85, 3, 0, 0, 0, 0, 1}, ErrHeader},
		"too large a window":                {[]byte{0x88, 0x1c, 3, 0, 0, 0, 0, 1}, ErrHeader},
		"a wrong check of the header":       {[]byte{0x78, 0x9d, 3, 0, 0, 0, 0, 1}, ErrHeader},
		"a preset dictionary":               {[]byte{0x78, 0xbb, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1}, ErrHeader},
		"a block type that there is not":    {[]byte{0x78, 0x9c, 7, 0, 0, 0, 0, 0}, ErrBlock},
		"a stored block of two lengths":     {[]byte{0x78, 0x9c, 1, 1, 0, 0xff, 0xff, 'x', 0, 0, 0, 0}, ErrStored},
		"a stored block without length":     {[]byte{0x78, 0x9c, 1, 1, 0}, ErrCut},
		"a stored block that is cut off":    {[]byte{0x78, 0x9c, 1, 9, 0, 0xf6, 0xff, 'x'}, ErrCut},
		"a stored block that is too long":   {[]byte{0x78, 0x9c, 1, 9, 0, 0xf6, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9}, ErrLong},
		"a length symbol that there is not": {[]byte{0x78, 0x9c, 0x1b, 0x03, 0, 0, 0, 0, 0, 0}, ErrSymbol},
		"a distance that there is not":      {[]byte{0x78, 0x9c, 0x4b, 0x04, 0x7e, 0, 0, 0, 0, 0, 0}, ErrSymbol},
		"a distance to before the begin":    {[]byte{0x78, 0x9c, 0x4b, 0x04, 0x22, 0, 0, 0, 0, 0, 0}, ErrDistance},
		"a wrong checksum":                  {[]byte{0x78, 0x9c, 3, 0, 0, 0, 0, 2}, ErrShort},
		"too many codes of lengths":         {dynamic(final|ofDynamic, 3, 30, 5, 0, 5, 0, 4), ErrCode},
		"too many codes of distances":       {dynamic(final|ofDynamic, 3, 0, 5, 30, 5, 0, 4), ErrCode},
		"no precode":                        {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4), ErrCode},
		"a precode of too many codewords":   {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4, 1, 3, 1, 3, 1, 3, 0, 3), ErrCode},
		"a precode of too few codewords":    {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4, 1, 3, 0, 3, 0, 3, 0, 3), ErrCode},
		"a repetition of nothing":           {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4, 1, 3, 0, 3, 0, 3, 1, 3, 1, 1), ErrCode},
		"zeros for more than there is":      {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4, 0, 3, 0, 3, 1, 3, 1, 3, 1, 1, 127, 7, 1, 1, 127, 7), ErrCode},
		"a block without end":               {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4, 0, 3, 0, 3, 1, 3, 1, 3, 1, 1, 127, 7, 1, 1, 109, 7), ErrCode},
		"a dynamic block that is cut off":   {dynamic(final|ofDynamic, 3, 0, 5, 0, 5, 0, 4)[:4], ErrCut},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var d Decoder
			if _, err := d.Inflate(make([]byte, 2), tt.src); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			if _, err := zlib.NewReader(bytes.NewReader(tt.src)); err == nil {
				r, _ := zlib.NewReader(bytes.NewReader(tt.src))
				if content, err := io.ReadAll(r); err == nil && len(content) == 2 {
					t.Errorf("compress/zlib takes it: %q", content)
				}
			}
		})
	}
}

// TestDecodersForget holds that a failed stream has no influence on the next.
func TestDecodersForget(t *testing.T) {
	rng := seeded(t)
	var d Decoder
	for range 2000 {
		content := mixture(rng, rng.IntN(300))
		packed := deflate(t, content, zlib.BestCompression)
		damaged := bytes.Clone(packed)
		damaged[rng.IntN(len(packed))] ^= 1 << rng.IntN(8)
		_, _ = d.Inflate(make([]byte, len(content)), damaged)
		got := make([]byte, len(content))
		if n, err := d.Inflate(got, packed); err != nil || n != len(packed) || !bytes.Equal(got, content) {
			t.Fatalf("= %d, %v", n, err)
		}
	}
}

func TestInflateDoesNotAllocate(t *testing.T) {
	content := mixture(seeded(t), 5000)
	packed := deflate(t, content, zlib.DefaultCompression)
	var d Decoder
	if n := testing.AllocsPerRun(100, func() { _, _ = d.Inflate(content, packed) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestChecksum(t *testing.T) {
	rng := seeded(t)
	for n := range 3000 {
		p := bytes.Repeat([]byte{0xff}, n) // the most that a sum can grow
		for i := range p {
			if n%2 == 0 {
				p[i] = byte(rng.Uint32())
			}
		}
		if got, want := checksum(p), adler32.Checksum(p); got != want {
			t.Fatalf("of %d bytes = %x, want %x", n, got, want)
		}
	}
}

// agree holds that Inflate and compress/zlib take the same streams for the same.
func agree(t *testing.T, d *Decoder, packed []byte) {
	t.Helper()
	const most = 1 << 20
	src := bytes.NewReader(packed)
	var want []byte
	r, stdErr := zlib.NewReader(src)
	if stdErr == nil {
		want, stdErr = io.ReadAll(io.LimitReader(r, most+1))
	}
	if len(want) > most {
		return
	}
	got := make([]byte, len(want))
	n, err := d.Inflate(got, packed)
	switch {
	case stdErr == nil && (err != nil || n != len(packed)-src.Len() || !bytes.Equal(got, want)):
		t.Errorf("= %d bytes of %d, %v; compress/zlib takes %d for %d", n, len(packed), err, len(packed)-src.Len(), len(want))
	case stdErr != nil && err == nil:
		t.Errorf("= %d bytes of %d; compress/zlib: %v", n, len(packed), stdErr)
	}
	if err != nil {
		if _, ok := errors.AsType[Error](err); !ok {
			t.Errorf("error = %#v, want an Error", err)
		}
	}
}

func TestAgreesWithTheStandardLibrary(t *testing.T) {
	rng := seeded(t)
	var d Decoder
	for range 300 {
		content := mixture(rng, rng.IntN(1000))
		for _, level := range levels {
			packed := deflate(t, content, level)
			agree(t, &d, packed)
			for range 10 {
				damaged := bytes.Clone(packed)
				for range 1 + rng.IntN(3) {
					damaged[rng.IntN(min(len(packed), 1<<rng.IntN(12)))] ^= 1 << rng.IntN(8)
				}
				agree(t, &d, damaged)
			}
		}
	}
}

func FuzzInflate(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, content := range [][]byte{nil, []byte("x"), commit(rng), tree(rng, 3), tree(rng, 40), mixture(rng, 3000)} {
		for _, level := range levels {
			f.Add(deflate(f, content, level), uint16(len(content)))
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) {
		var d Decoder
		agree(t, &d, packed)
		dst := make([]byte, size)
		if n, err := d.Inflate(dst, packed); err == nil && n > len(packed) {
			t.Errorf("= %d of %d bytes", n, len(packed))
		}
		if n, _ := d.Head(dst, packed); n > len(dst) {
			t.Errorf("Head = %d of %d bytes", n, len(dst))
		}
	})
}
