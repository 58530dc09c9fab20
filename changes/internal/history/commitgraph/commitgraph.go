// Package commitgraph reads Git's commit-graph in place: the parents and dates
// of commits, without their objects.
//
//	graph := commitgraph.Open([]string{"/repo.git/objects"})
//	defer graph.Close()
//	if at, ok := graph.Find(hash); ok {
//		parents, err := graph.AppendParents(nil, at)
//	}
//
// It holds what git commit-graph write has put there, in one file or in a chain
// of them (gitformat-commit-graph(5), version 1 with SHA-1). A graph that does
// not fit is as good as none, as for git: everything in it is in the objects as
// well. Checksums are not verified; git does not when it reads either.
//
// Bloom filters of changed paths are not read. A graph does not know of a
// shallow clone's cuts, grafts and replacements: git does not use it beside
// these, and neither should a caller who applies them.
package commitgraph

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Position is where a commit is in a graph, from 0 to Len()-1.
type Position uint32

// Graph is the commit-graph of a repository. A nil one has no commits.
type Graph struct {
	layers []layer // each rests on those before it
	dated  bool
}

// Commit is what a graph says about one commit.
type Commit struct {
	Tree git.Hash
	// Time is the committer's, in seconds since 1970, of which the format keeps
	// 34 bits.
	Time int64
	// Generation is the corrected commit date: greater than that of any parent,
	// and no less than Time. It is 0 where the graph is not Dated.
	Generation uint64
}

// Len is the number of commits. All ancestors of a commit are in its graph.
func (g *Graph) Len() int {
	if g == nil || len(g.layers) == 0 {
		return 0
	}
	top := g.layers[len(g.layers)-1]
	return int(top.base + top.count)
}

// Dated reports whether the graph has corrected commit dates, in all its files.
func (g *Graph) Dated() bool { return g != nil && g.dated }

// Find returns the position of a commit.
func (g *Graph) Find(h git.Hash) (at Position, ok bool) {
	if g == nil {
		return 0, false
	}
	for i := len(g.layers) - 1; i >= 0; i-- {
		if n, ok := g.layers[i].find(h); ok {
			return Position(g.layers[i].base + n), true
		}
	}
	return 0, false
}

// Hash returns the hash of the commit at a position below Len.
func (g *Graph) Hash(at Position) git.Hash {
	l := g.layer(at)
	return l.hash(uint32(at) - l.base)
}

// Commit returns what the graph says of the commit at a position below Len.
func (g *Graph) Commit(at Position) (Commit, error) {
	l := g.layer(at)
	n := uint32(at) - l.base
	data := l.data(n)
	high, low := binary.BigEndian.Uint32(data[28:]), binary.BigEndian.Uint32(data[32:])
	c := Commit{Tree: git.Hash(data[:git.HashSize]), Time: int64(high&3)<<32 | int64(low)}
	if !g.dated {
		return c, nil
	}
	offset, ok := l.dateOffset(n)
	if !ok {
		return Commit{}, l.fault(n, "its generation is not there")
	}
	c.Generation = uint64(c.Time) + offset
	return c, nil
}

// The values of a parent's position. Source: gitformat-commit-graph(5), CDAT.
const (
	noParent = 0x70000000 // there is none
	more     = 0x80000000 // the second and further parents are in the list of edges
	lastEdge = 0x80000000 // marks the last one there
)

// AppendParents appends the positions of the parents of the commit at a
// position below Len. The error is [git.ErrDamaged] where the graph
// contradicts itself.
func (g *Graph) AppendParents(parents []Position, at Position) ([]Position, error) {
	l := g.layer(at)
	n := uint32(at) - l.base
	data := l.data(n)
	end := l.base + l.count // no commit is the child of one in a later file
	first, second := binary.BigEndian.Uint32(data[20:]), binary.BigEndian.Uint32(data[24:])
	if first == noParent {
		return parents, nil
	}
	if first >= end {
		return nil, l.fault(n, "its parent is not there")
	}
	parents = append(parents, Position(first))
	switch {
	case second == noParent:
		return parents, nil
	case second < end:
		return append(parents, Position(second)), nil
	case second&more == 0:
		return nil, l.fault(n, "its second parent is not there")
	}
	for edge := uint64(second &^ more); ; edge++ {
		if (edge+1)*4 > uint64(len(l.edges)) {
			return nil, l.fault(n, "its list of parents is cut off")
		}
		parent := binary.BigEndian.Uint32(l.edges[edge*4:])
		if parent&^lastEdge >= end {
			return nil, l.fault(n, "one of its parents is not there")
		}
		parents = append(parents, Position(parent&^lastEdge))
		if parent&lastEdge != 0 {
			return parents, nil
		}
	}
}

// Close lets go of the files. The graph has no commits afterwards.
func (g *Graph) Close() error {
	if g == nil {
		return nil
	}
	var errs []error
	for _, l := range g.layers {
		errs = append(errs, l.file.Close())
	}
	g.layers = nil
	return errors.Join(errs...)
}

func (g *Graph) layer(at Position) *layer {
	i := len(g.layers) - 1
	for i > 0 && uint32(at) < g.layers[i].base {
		i--
	}
	return &g.layers[i]
}

func (l *layer) fault(n uint32, what string) error {
	return fmt.Errorf("read commit %s in %s: %w: %s (git commit-graph verify tells more; without the file, git and this package read the commits themselves)",
		l.hash(n), l.path, git.ErrDamaged, what)
}
