package commitgraph

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// layer is one file of a graph.
type layer struct {
	path  string
	file  *file.Content
	base  uint32 // commits in the files that it rests on
	count uint32 // commits in this one

	bases   []byte // hashes of the files that it rests on
	fanout  []byte // OIDF: 256 counts
	hashes  []byte // OIDL: sorted
	commits []byte // CDAT
	edges   []byte // EDGE: parents of merges of more than two
	offsets []byte // GDA2: of corrected commit dates; nil where there are none
	large   []byte // GDO2: offsets that do not fit
}

const (
	headerSize   = 8
	chunkSize    = 12 // of an entry in the table of chunks
	fanoutSize   = 256 * 4
	commitSize   = git.HashSize + 16
	maxPosition  = noParent
	largeOffset  = 0x80000000
	largestValue = 1 << 62 // of a generation's offset: far beyond any date
)

// errMisfit is the error of a file that is not used.
var errMisfit = errors.New("not a commit-graph of version 1 with SHA-1")

// parseLayer finds the parts of a file, and checks that they are as large as
// they have to be, so that each commit below count can be read.
func parseLayer(content []byte) (layer, error) {
	var l layer
	if len(content) < headerSize+git.HashSize || string(content[:6]) != "CGPH\x01\x01" { // version 1, SHA-1
		return l, errMisfit
	}
	chunks, bases := int(content[6]), int(content[7])
	body := content[:len(content)-git.HashSize] // a checksum follows
	if len(body) < headerSize+(chunks+1)*chunkSize {
		return l, errMisfit
	}
	for i := range chunks {
		entry := body[headerSize+i*chunkSize:]
		from, to := binary.BigEndian.Uint64(entry[4:]), binary.BigEndian.Uint64(entry[4+chunkSize:])
		if from > to || to > uint64(len(body)) {
			return l, errMisfit
		}
		l.take(string(entry[:4]), body[from:to:to])
	}
	if len(l.fanout) != fanoutSize || len(l.bases) != bases*git.HashSize || !l.counted() {
		return l, errMisfit
	}
	n := uint64(l.count)
	if uint64(len(l.hashes)) != n*git.HashSize || uint64(len(l.commits)) != n*commitSize || l.offsets != nil && uint64(len(l.offsets)) != n*4 {
		return l, errMisfit
	}
	return l, nil
}

// counted takes the number of commits from the fanout, which must not go down.
func (l *layer) counted() bool {
	for i := 0; i < fanoutSize; i += 4 {
		n := binary.BigEndian.Uint32(l.fanout[i:])
		if n < l.count {
			return false
		}
		l.count = n
	}
	return l.count < maxPosition
}

func (l *layer) take(id string, chunk []byte) {
	switch id {
	case "OIDF":
		l.fanout = chunk
	case "OIDL":
		l.hashes = chunk
	case "CDAT":
		l.commits = chunk
	case "EDGE":
		l.edges = chunk
	case "GDA2":
		l.offsets = chunk
	case "GDO2":
		l.large = chunk
	case "BASE":
		l.bases = chunk
	}
}

// find looks for a hash, by halving what the fanout leaves.
func (l *layer) find(h git.Hash) (n uint32, ok bool) {
	low, high := uint32(0), binary.BigEndian.Uint32(l.fanout[4*int(h[0]):])
	if h[0] > 0 {
		low = binary.BigEndian.Uint32(l.fanout[4*int(h[0])-4:])
	}
	for low < high {
		middle := low + (high-low)/2
		at := uint64(middle) * git.HashSize
		switch order := bytes.Compare(l.hashes[at:at+git.HashSize], h[:]); {
		case order == 0:
			return middle, true
		case order < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false
}

func (l *layer) hash(n uint32) git.Hash {
	return git.Hash(l.hashes[uint64(n)*git.HashSize:][:git.HashSize])
}

func (l *layer) data(n uint32) []byte {
	return l.commits[uint64(n)*commitSize:][:commitSize]
}

// dateOffset is how much later than a commit its corrected date is.
func (l *layer) dateOffset(n uint32) (uint64, bool) {
	offset := binary.BigEndian.Uint32(l.offsets[uint64(n)*4:])
	if offset&largeOffset == 0 {
		return uint64(offset), true
	}
	at := uint64(offset&^largeOffset) * 8
	if at+8 > uint64(len(l.large)) {
		return 0, false
	}
	value := binary.BigEndian.Uint64(l.large[at:])
	return value, value <= largestValue
}

// restsOn reports whether the file says that it was made on top of these, and
// gives its commits positions after theirs.
func (l *layer) restsOn(below []layer, hashes []git.Hash) bool {
	if len(l.bases) != len(hashes)*git.HashSize {
		return false
	}
	for i, h := range hashes {
		if string(l.bases[i*git.HashSize:][:git.HashSize]) != string(h[:]) {
			return false
		}
	}
	if len(below) > 0 {
		top := below[len(below)-1]
		l.base = top.base + top.count
	}
	return uint64(l.base)+uint64(l.count) < min(maxPosition, math.MaxInt32)
}
