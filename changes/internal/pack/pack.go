// Package pack reads objects from pack files, through memory that is mapped.
//
//	p, err := pack.Open("objects/pack/pack-1234.idx")
//	...
//	defer p.Close()
//	var r pack.Reader
//	if offset, ok, err := p.Find(hash); err == nil && ok {
//		kind, content, err := r.Append(nil, p, offset)
//	}
//
// An index is searched where it lies, and a pack is opened when the first
// object is read, so that opening costs the same for a million objects as for
// one. All that a file says is checked before it is used: a damaged file makes
// an error, whatever it holds, and so does one that cannot be read or is cut
// off while it is mapped. Checksums are checked where git checks them: those
// of the streams and that by which an index names its pack. Like git, it does
// not hash what it reads.
//
// It neither writes packs nor reads those of SHA-256 repositories, and it reads
// indexes of version 2 only, which git writes since 2008.
package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Layout of a pack. Source: gitformat-pack(5).
const (
	packMagic   = "PACK"
	packHeader  = 12
	packTrailer = git.HashSize
)

// Pack is a pack with its index, for one goroutine at a time.
type Pack struct {
	path   string
	index  index
	closed bool
	data   []byte // the mapped pack, once it is open
	end    int64  // of its objects
	broken error  // why it cannot be opened
	id     uint64 // which it is to a Reader; 0 before that has met it
}

// Open opens the index at a path that ends in .idx. The pack beside it must be
// there when an object is read.
//
// It fails with [git.ErrUnsupported] for an index of another version, and with
// [git.ErrDamaged] for what is no index.
func Open(idxPath string) (*Pack, error) {
	f, err := file.Open(idxPath)
	if err != nil {
		return nil, fmt.Errorf("open pack index: %w", err)
	}
	p := &Pack{path: strings.TrimSuffix(idxPath, ".idx") + ".pack"}
	if err := p.openIndex(f); err != nil {
		_ = p.index.close()
		return nil, fmt.Errorf("open pack index %s: %w", idxPath, err)
	}
	return p, nil
}

func (p *Pack) openIndex(f *file.File) (err error) {
	defer file.Rescue(debug.SetPanicOnFault(true), &err)
	return p.index.open(f)
}

// Path returns the path of the pack, not of its index.
func (p *Pack) Path() string { return p.path }

// Close gives the files back. The pack cannot be used any more.
func (p *Pack) Close() error {
	if p.closed {
		return nil
	}
	err := errors.Join(p.index.close(), file.Unmap(p.data))
	*p = Pack{path: p.path, closed: true, broken: errClosed}
	if err != nil {
		return fmt.Errorf("close pack %s: %w", p.path, err)
	}
	return nil
}

// Find returns where in the pack an object begins; it is not ok if the object
// is not in this pack.
func (p *Pack) Find(h git.Hash) (offset int64, ok bool, err error) {
	defer file.Rescue(debug.SetPanicOnFault(true), &err)
	return p.find(&h)
}

func (p *Pack) find(h *git.Hash) (offset int64, ok bool, err error) {
	if p.closed {
		return 0, false, errClosed
	}
	position, ok, err := p.index.find(h)
	if err != nil || !ok {
		return 0, false, err
	}
	offset, err = p.index.offset(position)
	return offset, err == nil, err
}

// Between appends to found the hashes of this pack that are neither less than
// from nor greater than to, in order.
func (p *Pack) Between(found []git.Hash, from, to git.Hash) (_ []git.Hash, err error) {
	defer file.Rescue(debug.SetPanicOnFault(true), &err)
	if p.closed {
		return found, errClosed
	}
	i, _, err := p.index.find(&from)
	for ; err == nil && i < p.index.n; i++ {
		var h []byte
		if h, err = p.index.at(hashesAt+i*git.HashSize, git.HashSize); err != nil {
			break
		}
		if bytes.Compare(h, to[:]) > 0 {
			break
		}
		found = append(found, git.Hash(h))
	}
	return found, err
}

// open maps the pack itself, and checks that it is the one of the index as
// git does (packfile.c, open_packed_git_1).
func (p *Pack) open() error {
	if p.data != nil || p.broken != nil {
		return p.broken
	}
	f, err := file.Open(p.path)
	if err != nil {
		p.broken = err
		return err
	}
	defer f.Close()
	if p.broken = p.check(f); p.broken == nil {
		p.data, p.broken = f.Map()
		p.end = f.Size - packTrailer
	}
	return p.broken
}

func (p *Pack) check(f *file.File) error {
	var head [packHeader]byte
	var sum [packTrailer]byte
	if f.Size < packHeader+packTrailer {
		return damage("it is too short for a pack")
	}
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return err
	}
	if _, err := f.ReadAt(sum[:], f.Size-packTrailer); err != nil {
		return err
	}
	named, err := p.index.at(p.index.size-idxTrailer, packTrailer)
	if err != nil {
		return err
	}
	n, v := binary.BigEndian.Uint32(head[8:]), binary.BigEndian.Uint32(head[4:])
	switch {
	case string(head[:4]) != packMagic:
		return damage("it is not a pack")
	case v != 2 && v != 3:
		return fmt.Errorf("%w: pack version %d", git.ErrUnsupported, v)
	case int64(n) != p.index.n:
		return damage(fmt.Sprintf("it holds %d objects, and its index %d", n, p.index.n))
	case !bytes.Equal(sum[:], named):
		return damage("it has not the checksum by which its index names it")
	}
	return nil
}
