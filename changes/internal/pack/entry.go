package pack

import (
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Kinds of entries that are no kinds of objects. Source: gitformat-pack(5).
const (
	ofsDelta git.Kind = 6
	refDelta git.Kind = 7
)

// entry is what the header of an entry of a pack says.
type entry struct {
	kind git.Kind // of an object, or ofsDelta or refDelta
	size uint64   // of what the stream holds
	data int64    // where the stream begins
	base int64    // of a delta, where its base is
}

func (e entry) isDelta() bool { return e.kind == ofsDelta || e.kind == refDelta }

// entry reads the header of the entry at an offset.
func (p *Pack) entry(at int64) (entry, error) {
	if at < packHeader || at >= p.end {
		return entry{}, damage("an object lies outside of the pack")
	}
	data := p.data[at:p.end]
	c := data[0]
	e := entry{kind: git.Kind(c >> 4 & 7), size: uint64(c & 0xf)}
	i := 1
	for shift := 4; c&0x80 != 0; shift += 7 {
		if i == len(data) || shift > 60 {
			return entry{}, errHeader
		}
		c = data[i]
		i++
		e.size |= uint64(c&0x7f) << shift
	}
	switch e.kind {
	case git.Commit, git.Tree, git.Blob, git.Tag:
	case ofsDelta:
		back, n := distance(data[i:])
		if n == 0 {
			return entry{}, errHeader
		}
		if i += n; back <= 0 || back > at-packHeader {
			return entry{}, errBase
		}
		e.base = at - back
	case refDelta:
		if len(data)-i < git.HashSize {
			return entry{}, errHeader
		}
		h := git.Hash(data[i:])
		base, ok, err := p.find(&h)
		if err != nil {
			return entry{}, err
		}
		if !ok {
			return entry{}, damage("what a delta is a delta of, " + h.String() + ", is not in the pack")
		}
		i += git.HashSize
		e.base = base
	default:
		return entry{}, errHeader
	}
	e.data = at + int64(i)
	return e, nil
}

// distance reads how far before a delta its base is, and how many bytes say
// so: none if they are cut off or say too much.
func distance(data []byte) (back int64, n int) {
	for i, c := range data {
		if i > 0 {
			back++
		}
		if back >= 1<<55 {
			return 0, 0
		}
		back = back<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return back, i + 1
		}
	}
	return 0, 0
}
