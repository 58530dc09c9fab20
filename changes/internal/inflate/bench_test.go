package inflate

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"testing"
)

// BenchmarkInflate compares the decoder with that of the standard library, of
// which the reader is used again as well.
func BenchmarkInflate(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name    string
		content []byte
	}{
		{"commit", commit(rng)},
		{"tree-of-4", tree(rng, 4)},
		{"tree-of-30", tree(rng, 30)},
		{"tree-of-200", tree(rng, 200)},
		{"text-100K", mixture(rng, 100_000)},
	} {
		packed := deflate(b, c.content, zlib.DefaultCompression)
		dst := make([]byte, len(c.content))
		b.Run(c.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(dst)))
			var d Decoder
			for b.Loop() {
				if _, err := d.Inflate(dst, packed); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/std", func(b *testing.B) {
			b.SetBytes(int64(len(dst)))
			src := bytes.NewReader(packed)
			r, err := zlib.NewReader(src)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				src.Reset(packed)
				if err := r.(zlib.Resetter).Reset(src, nil); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(r, dst); err != nil {
					b.Fatal(err)
				}
				if n, err := r.Read(dst[:1]); n != 0 || err != io.EOF {
					b.Fatal(n, err)
				}
			}
		})
	}
}
