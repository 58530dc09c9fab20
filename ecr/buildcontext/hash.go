package buildcontext

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mettel-automation/delivery/internal/clean"
)

// hashFormat is the first input of every hash. It changes with whatever changes
// the hash of an image that has not changed.
const hashFormat = "delivery build inputs 1"

// Inputs are what makes an image besides the files of its context. Each of them
// changes the hash; a nil map is an empty one.
type Inputs struct {
	Target   string            // stage to build
	Platform string            // such as "linux/amd64"
	Network  string            // network of RUN
	Args     map[string]string // build arguments
	Bases    map[string]string // digests of base images, by the name in the Dockerfile
	Epoch    string            // stands for base images without a digest: a new one makes all images anew
	Labels   map[string]string // labels that are not about the build itself, as a revision or a time are
	Secrets  []string          // ids of secrets, in any order; never their values
}

// Hash returns the hash of all that makes an image, 64 hexadecimal digits: in,
// the text of the Dockerfile, and of each file its path, its type, whether it may be
// executed, where it links to and its content. It depends neither on times and
// owners, nor on permissions that come from a umask, nor on what is left out.
//
// Two images have the same hash only if all of that is the same: every input is
// hashed with its length before it.
func (c *Context) Hash(ctx context.Context, in Inputs) (string, error) {
	contents, err := c.hashFiles(ctx)
	if err != nil {
		return "", fmt.Errorf("hash build context %s: %w", clean.Text(c.dir), err)
	}
	h := fieldHash{sha256.New()}
	h.text(hashFormat)
	h.text(string(c.dockerfile.Content))
	h.text(in.Target)
	h.text(in.Platform)
	h.text(in.Network)
	h.texts(in.Args)
	h.texts(in.Bases)
	h.text(in.Epoch)
	h.texts(in.Labels)
	secrets := slices.Sorted(slices.Values(in.Secrets))
	h.number(int64(len(secrets)))
	for _, id := range secrets {
		h.text(id)
	}
	h.number(int64(len(c.files)))
	for i, f := range c.files {
		if err := h.file(f, contents[i]); err != nil {
			return "", fmt.Errorf("hash build context %s: %w", clean.Text(c.dir), err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fieldHash hashes fields, each of which says where it ends.
type fieldHash struct{ hash.Hash }

func (h fieldHash) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func (h fieldHash) text(s string) {
	h.number(int64(len(s)))
	h.Write([]byte(s))
}

func (h fieldHash) texts(m map[string]string) {
	h.number(int64(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		h.text(k)
		h.text(m[k])
	}
}

// Of the mode, the hash has the type and what no umask makes.
const hashedMode = fs.ModeType | fs.ModeSetuid | fs.ModeSetgid

func (h fieldHash) file(f File, content [sha256.Size]byte) error {
	mode := f.Mode & fs.ModeType
	if f.Mode.IsRegular() {
		mode = f.Mode & (hashedMode | 0o100)
	}
	h.text(f.Path)
	h.number(int64(mode))
	switch {
	case f.Mode.IsRegular():
		h.Write(content[:])
	case f.Mode&fs.ModeSymlink != 0:
		h.text(f.Link)
	case f.Mode&fs.ModeDevice != 0:
		device, err := header(f)
		if err != nil {
			return err
		}
		h.number(device.Devmajor)
		h.number(device.Devminor)
	}
	return nil
}

// hashFiles returns the hashes of the contents of all files, by their place.
func (c *Context) hashFiles(ctx context.Context) ([][sha256.Size]byte, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		contents = make([][sha256.Size]byte, len(c.files))
		next     atomic.Int64
		workers  sync.WaitGroup
	)
	for range min(c.hashing, len(c.files)) {
		workers.Go(func() {
			w := contentHasher{hash: sha256.New(), buffer: make([]byte, 64<<10)}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(c.files) {
					return
				}
				if !c.files[i].Mode.IsRegular() {
					continue
				}
				var err error
				if contents[i], err = w.sum(ctx, c, c.files[i]); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	workers.Wait()
	return contents, context.Cause(ctx)
}

// contentHasher hashes one file after the other.
type contentHasher struct {
	hash   hash.Hash
	buffer []byte
}

func (w contentHasher) sum(ctx context.Context, c *Context, f File) (sum [sha256.Size]byte, err error) {
	if err := context.Cause(ctx); err != nil {
		return sum, err
	}
	r, err := c.open(f)
	if err != nil {
		return sum, err
	}
	defer r.Close()
	w.hash.Reset()
	for {
		n, err := r.Read(w.buffer)
		w.hash.Write(w.buffer[:n])
		if errors.Is(err, io.EOF) {
			w.hash.Sum(sum[:0])
			return sum, nil
		}
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return sum, err
		}
	}
}
