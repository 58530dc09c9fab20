package history

import (
	"encoding/binary"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/history/commitgraph"
)

// node is one commit of the table.
type node struct {
	hash     git.Hash // of a commit that is not in the graph
	position uint32   // in the graph, plus 1; 0 where the commit is not in it
	rank     uint64   // greater than that of its parents, unless dates lie
	first    int32    // of its parents, in History.parents
	count    int32    // of parents; none where the clone is cut off
	loaded   bool     // rank, first, count and cut are known
	cut      bool     // it has parents that a shallow clone does not hold
	paint    paint    // see walk
}

const blockSize = 256 // nodes that are allocated together

// table holds the commits that were met, by an index that counts from 0, and
// finds them by hash or by position in the graph. The zero value is empty.
//
// Nodes stay where they are, and neither they nor the index hold pointers.
type table struct {
	blocks []*[blockSize]node
	count  int32
	slots  []int32 // by hash value: index plus 1, or 0; at most half full
}

func (t *table) node(i int32) *node { return &t.blocks[i/blockSize][i%blockSize] }

// atHash returns the index of a commit that is not in the graph, and adds it
// where it is new.
func (t *table) atHash(h git.Hash) int32 { return t.at(h, 0) }

// atPosition does so for one that is in the graph.
func (t *table) atPosition(p commitgraph.Position) int32 { return t.at(git.Hash{}, uint32(p)+1) }

func (t *table) at(h git.Hash, position uint32) int32 {
	if int(t.count)*2 >= len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	slot := hashValue(&h, position) & mask
	for ; t.slots[slot] != 0; slot = (slot + 1) & mask {
		i := t.slots[slot] - 1
		if n := t.node(i); n.position == position && n.hash == h {
			return i
		}
	}
	i := t.count
	if i%blockSize == 0 {
		t.blocks = append(t.blocks, new([blockSize]node))
	}
	n := t.node(i)
	n.hash, n.position = h, position
	t.count++
	t.slots[slot] = t.count
	return i
}

func (t *table) grow() {
	t.slots = make([]int32, max(2*blockSize, 2*len(t.slots)))
	mask := uint64(len(t.slots) - 1)
	for i := range t.count {
		n := t.node(i)
		slot := hashValue(&n.hash, n.position) & mask
		for t.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		t.slots[slot] = i + 1
	}
}

// hashValue spreads positions; hashes are spread as they are.
func hashValue(h *git.Hash, position uint32) uint64 {
	if position != 0 {
		return uint64(position) * 0x9e3779b97f4a7c15 >> 32
	}
	return binary.LittleEndian.Uint64(h[:8])
}
