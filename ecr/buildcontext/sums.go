package buildcontext

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mettel-automation/delivery/internal/clean"
)

// sums are the hashes of the contents of all files, once they are known.
type sums struct {
	turn chan struct{} // one at a time finds them out
	all  atomic.Pointer[[][sha256.Size]byte]
}

func newSums() *sums { return &sums{turn: make(chan struct{}, 1)} }

// known returns nil where they are not.
func (s *sums) known() [][sha256.Size]byte {
	if all := s.all.Load(); all != nil {
		return *all
	}
	return nil
}

// Sums returns the SHA-256 of what each of [Context.Files] holds, in their order,
// and zeros for what is no regular file. Files are read once: from then on they are
// held to these sums wherever they are read, even where size and time are the same.
func (c *Context) Sums(ctx context.Context) ([][sha256.Size]byte, error) {
	all, err := c.allSums(ctx)
	if err != nil {
		return nil, fmt.Errorf("hash build context %s: %w", clean.Text(c.dir), err)
	}
	return slices.Clone(all), nil
}

func (c *Context) allSums(ctx context.Context) ([][sha256.Size]byte, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case c.sums.turn <- struct{}{}:
	}
	defer func() { <-c.sums.turn }()
	if all := c.sums.known(); all != nil {
		return all, nil
	}
	all, err := c.hashFiles(ctx)
	if err != nil {
		return nil, err
	}
	c.sums.all.Store(&all)
	return all, nil
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
	r, err := c.openUnhashed(f)
	if err != nil {
		return sum, err
	}
	defer func() { _ = r.Close() }()
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
