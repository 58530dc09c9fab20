package pack

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/inflate"
)

const (
	// maxChain is how many deltas may follow one another. Of the programs that
	// write packs, git fast-import makes the longest chains, of up to 8191.
	maxChain = 1 << 14

	// longChain is how many deltas make it worth remembering their result, for
	// what may be a delta of it. Up to there, reading it again costs less than
	// memory that was not touched before.
	longChain = 8

	// maxRatio is the most that deflate expands a byte to.
	maxRatio = 1032

	// DefaultMaxSize is the MaxSize of a Reader that sets none, in bytes.
	DefaultMaxSize = 64 << 20

	// LargestMaxSize is the largest MaxSize, so that sizes fit an int everywhere.
	LargestMaxSize = 1 << 30
)

// Reader reads objects from packs. It remembers those that others are deltas
// of, up to 24 MiB for all packs together. The zero value is ready to use, by
// one goroutine at a time.
type Reader struct {
	// MaxSize is the largest object that is read, in bytes; default
	// [DefaultMaxSize], at most [LargestMaxSize]. It holds for what an object is a delta of as well.
	MaxSize int64

	inflate inflate.Decoder
	cache   cache
	links   []link    // the latest chain, from the object to its root
	delta   []byte    // the latest delta
	made    [2][]byte // what the latest deltas of a chain made
	packs   uint64    // that were met
}

// link is an entry of a chain of deltas.
type link struct {
	entry
	at int64
}

// root is what the deltas of a chain change.
type root struct {
	link           // if it has still to be read
	content []byte // otherwise, which must not be written to
	cached  bool
}

// Append appends the content of the object at an offset of p, which p.Find
// returned, to buf. It returns the kind of the object and the extended buffer,
// or buf if it fails.
//
// It fails with [git.ErrDamaged] or [ErrTooLarge], with [git.ErrUnsupported] for
// a pack of another version, and with [fs.ErrNotExist] if the pack is gone.
func (r *Reader) Append(buf []byte, p *Pack, offset int64) (kind git.Kind, out []byte, err error) {
	out = buf // also if the rest is rescued
	defer file.Rescue(debug.SetPanicOnFault(true), &err)
	if err := p.open(); err != nil {
		return 0, buf, err
	}
	root, err := r.follow(p, offset)
	if err != nil {
		return 0, buf, err
	}
	var whole []byte
	if len(r.links) == 0 {
		whole, err = r.appendRoot(buf, p, root)
	} else {
		whole, err = r.patchAll(buf, p, root)
	}
	if err != nil {
		return 0, buf, err
	}
	if len(r.links) == 0 && root.kind == git.Tree && !root.cached || len(r.links) > longChain {
		r.cache.add(r.key(p, offset), root.kind, whole[len(buf):])
	}
	return root.kind, whole, nil
}

// Kind returns the kind of the object at an offset of p without reading its
// content. It fails as Append does.
func (r *Reader) Kind(p *Pack, offset int64) (kind git.Kind, err error) {
	defer file.Rescue(debug.SetPanicOnFault(true), &err)
	if err := p.open(); err != nil {
		return 0, err
	}
	root, err := r.follow(p, offset)
	return root.kind, err
}

// follow finds the chain of deltas that begins at an offset, up to the first
// object that is none, or is remembered.
func (r *Reader) follow(p *Pack, offset int64) (root, error) {
	r.links = r.links[:0]
	for len(r.links) <= maxChain {
		if kind, content, ok := r.cache.get(r.key(p, offset)); ok {
			return root{link: link{entry: entry{kind: kind}}, content: content, cached: true}, nil
		}
		e, err := p.entry(offset)
		if err != nil {
			return root{}, at(offset, err)
		}
		if !e.isDelta() {
			return root{link: link{entry: e, at: offset}}, nil
		}
		r.links = append(r.links, link{entry: e, at: offset})
		offset = e.base
	}
	return root{}, at(offset, errChain)
}

// appendRoot appends an object that is no delta to buf.
func (r *Reader) appendRoot(buf []byte, p *Pack, root root) ([]byte, error) {
	if root.cached {
		return append(buf, root.content...), nil
	}
	buf, err := r.read(buf, p, root.entry)
	if err != nil {
		return nil, at(root.at, err)
	}
	return buf, nil
}

// patchAll appends to buf what the deltas of the latest chain make of its root.
// Two buffers hold in turn what is made in between.
func (r *Reader) patchAll(buf []byte, p *Pack, root root) (_ []byte, err error) {
	base := root.content
	if !root.cached {
		spare := &r.made[len(r.links)%2]
		if *spare, err = r.appendRoot((*spare)[:0], p, root); err != nil {
			return nil, err
		}
		base = *spare
		r.cache.add(r.key(p, root.at), root.kind, base)
	}
	for i, l := range slices.Backward(r.links) {
		to := buf
		if i > 0 {
			to = r.made[i%2][:0]
		}
		if base, err = r.patch(to, p, l.entry, base); err != nil {
			return nil, at(l.at, err)
		}
		if i > 0 {
			r.made[i%2] = base
		}
	}
	return base, nil
}

// patch appends to buf what a delta makes of its base.
func (r *Reader) patch(buf []byte, p *Pack, e entry, base []byte) (_ []byte, err error) {
	if r.delta, err = r.read(r.delta[:0], p, e); err != nil {
		return nil, err
	}
	size, instructions, err := deltaSize(r.delta, len(base))
	if err != nil {
		return nil, err
	}
	if err := r.limit(size); err != nil {
		return nil, err
	}
	start := len(buf)
	buf = slices.Grow(buf, int(size))[:start+int(size)]
	return buf, apply(buf[start:], base, instructions)
}

// read appends to buf what the stream of an entry holds.
func (r *Reader) read(buf []byte, p *Pack, e entry) ([]byte, error) {
	if e.size/maxRatio > uint64(p.end-e.data) {
		return buf, damage("an object says that it is larger than the pack")
	}
	if err := r.limit(e.size); err != nil {
		return buf, err
	}
	start := len(buf)
	buf = slices.Grow(buf, int(e.size))[:start+int(e.size)]
	if _, err := r.inflate.Inflate(buf[start:], p.data[e.data:p.end]); err != nil {
		return buf, damage(err.Error())
	}
	return buf, nil
}

func (r *Reader) limit(size uint64) error {
	most := r.MaxSize
	if most <= 0 {
		most = DefaultMaxSize
	}
	most = min(most, LargestMaxSize)
	if size > uint64(most) {
		return fmt.Errorf("%w: %d bytes, of %d at most", ErrTooLarge, size, most)
	}
	return nil
}

// key names an object of a pack to the cache.
func (r *Reader) key(p *Pack, offset int64) uint64 {
	const offsetBits = 48 // more than a file system lets a file have
	if p.id == 0 {
		r.packs++
		p.id = r.packs
	}
	return p.id<<offsetBits | uint64(offset)
}

// at says where in a pack something went wrong.
func at(offset int64, err error) error { return fmt.Errorf("at offset %d: %w", offset, err) }
