package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Layout of a pack index. Source: gitformat-pack(5).
const (
	idxMagic   = "\377tOc" // version 1 has none
	idxVersion = 2
	idxHeader  = 8
	fanoutSize = 256 * 4
	hashesAt   = idxHeader + fanoutSize
	crcSize    = 4
	offsetSize = 4
	bigSize    = 8
	idxTrailer = 2 * git.HashSize // the pack's checksum, then the index's own
	inBig      = 1 << 31          // marks an offset that is a position among those of 64 bits
)

// block is how many hashes are read at a time. Where a hash should be is off by
// the square root of a bucket: of a million objects, by some 30.
const block = 128

// index is a pack index of version 2, read in place.
//
// At first it is read in pieces, since mapping costs a page fault for each part
// of the file that is touched, and hashes are all over it; that is much for the
// handful of objects that a small change takes. After as many reads as would
// have paid for mapping all of it, it is mapped.
type index struct {
	file   *file.File // until it is mapped
	size   int64
	data   []byte // the whole file, once it is mapped
	reads  int64  // before that
	buf    []byte // what was read last
	fanout []byte // for each first byte, how many hashes begin with it or a lower one
	n      int64  // how many objects
	big    int64  // how many offsets of 64 bits
}

// open reads the header of an index and its fanout; what the other tables hold
// is checked when it is used.
func (x *index) open(f *file.File) error {
	x.file, x.size = f, f.Size
	head, err := x.at(0, min(hashesAt, x.size))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(head, []byte(idxMagic)) {
		return foreignIndex(head, x.size)
	}
	if len(head) < hashesAt {
		return damage("it is cut off")
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != idxVersion {
		return fmt.Errorf("%w: pack index version %d", git.ErrUnsupported, v)
	}
	x.fanout = head[idxHeader:]
	if x.data == nil {
		x.fanout = bytes.Clone(x.fanout)
	}
	for first := range 256 {
		n := x.upTo(first)
		if n < x.n {
			return damage("its fanout table is not sorted")
		}
		x.n = n
	}
	room := x.size - x.bigAt() - idxTrailer
	if x.big = room / bigSize; room < 0 || room%bigSize != 0 || x.big > x.n {
		return damage("its size does not fit its number of objects")
	}
	return nil
}

// foreignIndex is the error of what has no magic number.
func foreignIndex(head []byte, size int64) error {
	if len(head) >= fanoutSize {
		n := int64(binary.BigEndian.Uint32(head[fanoutSize-4:]))
		if size == fanoutSize+n*(offsetSize+git.HashSize)+idxTrailer {
			return fmt.Errorf("%w: pack index version 1 (git repack -a -d writes a new one)", git.ErrUnsupported)
		}
	}
	return damage("it is not a pack index")
}

func (x *index) offsetsAt() int64 { return hashesAt + x.n*(git.HashSize+crcSize) }
func (x *index) bigAt() int64     { return x.offsetsAt() + x.n*offsetSize }

// upTo is how many hashes begin with a byte or a lower one.
func (x *index) upTo(first int) int64 { return int64(binary.BigEndian.Uint32(x.fanout[4*first:])) }

// at returns n bytes of the file from an offset on, until it is called again.
func (x *index) at(offset, n int64) ([]byte, error) {
	const worthOfMapping = 1 << 17 // bytes of the file a read
	if x.data == nil && x.reads >= x.size/worthOfMapping {
		if data, err := x.file.Map(); err == nil { // otherwise reading has to do
			x.data = data
			x.buf = nil
			_ = x.file.Close() // it was only read
		}
		x.reads = math.MinInt64
	}
	if x.data != nil {
		return x.data[offset:][:n], nil
	}
	x.reads++
	x.buf = slices.Grow(x.buf[:0], int(n))[:n]
	_, err := x.file.ReadAt(x.buf, offset)
	if errors.Is(err, io.EOF) {
		err = file.ErrFault
	}
	return x.buf, err
}

// close gives the file back.
func (x *index) close() error {
	if x.data == nil {
		return x.file.Close()
	}
	return file.Unmap(x.data)
}

// find returns the position of the first hash that is not less than h among
// those with the same first byte, and whether it is h.
//
// Hashes are spread evenly, so it begins where h should be. From there it goes
// on in growing steps, or halves what is left where that is nearer.
func (x *index) find(h *git.Hash) (position int64, ok bool, err error) {
	from, to := int64(0), x.upTo(int(h[0]))
	if h[0] > 0 {
		from = x.upTo(int(h[0]) - 1)
	}
	at := from + (to-from)*int64(binary.BigEndian.Uint32(h[1:]))>>32
	for step := int64(block); from < to; step *= 2 {
		first := max(from, at-block/2)
		last := min(to, first+block)
		hashes, err := x.at(hashesAt+first*git.HashSize, (last-first)*git.HashSize)
		if err != nil {
			return 0, false, err
		}
		n, ok := search(hashes, h)
		switch position := first + n; {
		case ok || position > first && position < last:
			return position, ok, nil
		case position == first:
			to = first
			at = max(to-step, (from+to)/2)
		default:
			from = last
			at = min(from+step, (from+to)/2)
		}
	}
	return from, false, nil
}

// search returns how many of some sorted hashes are less than h, and whether h
// is behind them.
func search(hashes []byte, h *git.Hash) (n int64, ok bool) {
	from, to := int64(0), int64(len(hashes)/git.HashSize)
	for from < to {
		at := (from + to) / 2
		switch c := bytes.Compare(hashes[at*git.HashSize:][:git.HashSize], h[:]); {
		case c == 0:
			return at, true
		case c < 0:
			from = at + 1
		default:
			to = at
		}
	}
	return from, false
}

// offset returns where in the pack the object at a position is.
func (x *index) offset(position int64) (int64, error) {
	b, err := x.at(x.offsetsAt()+position*offsetSize, offsetSize)
	if err != nil {
		return 0, err
	}
	o := int64(binary.BigEndian.Uint32(b))
	if o < inBig {
		return o, nil
	}
	if o -= inBig; o >= x.big {
		return 0, damage("its index has no such offset")
	}
	if b, err = x.at(x.bigAt()+o*bigSize, bigSize); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b) & math.MaxInt64), nil
}
