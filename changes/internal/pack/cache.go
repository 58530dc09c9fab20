package pack

import (
	"math/bits"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

const (
	chunkSize   = 1 << 20
	cacheBudget = 24 << 20        // bytes of chunks
	mostCached  = cacheBudget / 4 // bytes of one object
	firstSlots  = 1 << 8          // of a table that grows
	mostSlots   = 1 << 14         // to this, enough for objects of 1.5 KB
)

// cache holds objects that others may be deltas of.
//
// Objects are written one behind the other into chunks of memory, and when
// these are too many the oldest chunk goes with all that it holds. The table
// that finds them has no pointers, so that the garbage collector has nothing to
// follow, and it is not told what went: a slot of a chunk that is gone is stale.
type cache struct {
	chunks [][]byte // oldest first; only the last has room
	gone   int      // chunks before the oldest
	total  int      // bytes of chunks
	slots  []slot   // by a hash of the key; of those that meet, the latest stays
	used   int      // slots that were ever filled
}

type slot struct {
	key        uint64 // of the pack and the offset; 0 is none
	from, size uint32 // within the chunk
	chunk      uint32 // counted from the first that ever was
	kind       git.Kind
}

// get returns an object, which must not be written to.
func (c *cache) get(key uint64) (git.Kind, []byte, bool) {
	if len(c.slots) == 0 {
		return 0, nil, false
	}
	s := c.slot(key)
	if s.key != key || int(s.chunk) < c.gone {
		return 0, nil, false
	}
	chunk := c.chunks[int(s.chunk)-c.gone]
	return s.kind, chunk[s.from:][:s.size:s.size], true
}

// add copies an object into the cache.
func (c *cache) add(key uint64, kind git.Kind, content []byte) {
	if len(content) > mostCached {
		return
	}
	newest := len(c.chunks) - 1
	if newest < 0 || cap(c.chunks[newest])-len(c.chunks[newest]) < len(content) {
		c.grow(max(len(content), chunkSize))
		newest = len(c.chunks) - 1
	}
	from := len(c.chunks[newest])
	c.chunks[newest] = append(c.chunks[newest], content...)
	if c.used >= len(c.slots)/2 && len(c.slots) < mostSlots {
		c.widen()
	}
	s := c.slot(key)
	if s.key == 0 {
		c.used++
	}
	*s = slot{key: key, from: uint32(from), size: uint32(len(content)), chunk: uint32(c.gone + newest), kind: kind}
}

// grow adds a chunk. The memory of those that go is not used again, since what
// get returned may still be read.
func (c *cache) grow(size int) {
	for c.total+size > cacheBudget {
		c.total -= cap(c.chunks[0])
		c.chunks[0] = nil
		c.chunks = c.chunks[1:]
		c.gone++
	}
	c.chunks = append(c.chunks, make([]byte, 0, size))
	c.total += size
}

func (c *cache) widen() {
	old := c.slots
	c.slots, c.used = make([]slot, max(firstSlots, 2*len(old))), 0
	for _, s := range old {
		if to := c.slot(s.key); s.key != 0 && int(s.chunk) >= c.gone {
			*to = s
			c.used++
		}
	}
}

// slot is where the object of a key is, if it is anywhere.
func (c *cache) slot(key uint64) *slot {
	const golden = 0x9e3779b97f4a7c15 // spreads keys over the highest bits
	return &c.slots[key*golden>>(65-bits.Len(uint(len(c.slots))))]
}
