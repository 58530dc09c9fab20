// Package history reads the commits of a repository: which commit a revision
// names, and where two of them meet.
//
//	h := history.New(objects, history.Options{Refs: refs, Shallow: shallow, ObjectDirs: dirs})
//	defer h.Close()
//	head, err := h.Resolve(ctx, "HEAD~2")
//	bases, err := h.MergeBases(ctx, main, head)
//	tree, err := h.Tree(head)
//
// A commit is read once. Where the repository has a commit-graph, most are not
// read at all. Refs/replace and grafts are not applied.
package history

import (
	"context"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/history/commitgraph"
)

// Objects is what is needed of a repository's objects.
type Objects interface {
	git.Objects
	// Prefix returns the objects whose hash begins with these hexadecimal
	// digits, sorted.
	Prefix(digits string) ([]git.Hash, error)
}

// Refs is what is needed of a repository's refs.
type Refs interface {
	// Resolve reads a ref by its full name and follows symbolic ones. It is not
	// ok where there is no such ref.
	Resolve(name string) (h git.Hash, ok bool, err error)
}

// Options tell of what surrounds the objects. The zero value is a repository
// without refs that is neither shallow nor has a commit-graph.
type Options struct {
	Refs Refs
	// Shallow are the commits at which the clone is cut off, sorted.
	Shallow []git.Hash
	// ObjectDirs are where to look for a commit-graph: the repository's own
	// object directory, and its alternates after it. A shallow clone's is not used,
	// since it does not know of the cuts.
	ObjectDirs []string
}

// History is the commits of one repository. It grows by some 60 bytes with
// each commit that it meets. It serves one goroutine at a time.
type History struct {
	objects Objects
	refs    Refs
	shallow []git.Hash
	graph   *commitgraph.Graph

	commits table
	parents []int32                // of commits: their indices, one list after the other
	links   []commitgraph.Position // scratch
	content []byte                 // scratch
}

// New returns the history of a repository.
func New(objects Objects, opts Options) *History {
	h := &History{objects: objects, refs: opts.Refs, shallow: opts.Shallow}
	if len(h.shallow) == 0 {
		h.graph = commitgraph.Open(opts.ObjectDirs)
	}
	return h
}

// Close lets go of the commit-graph and forgets the commits. The history must
// not be used afterwards.
func (h *History) Close() error {
	graph := h.graph
	*h = History{}
	return graph.Close()
}

// Tree returns the tree of a commit.
func (h *History) Tree(commit git.Hash) (git.Hash, error) {
	c, err := h.read(commit)
	return c.tree, err
}

// checkEvery is how many commits are walked between two looks at the context.
const checkEvery = 256

func canceled(ctx context.Context, n int) error {
	if n%checkEvery != 0 {
		return nil
	}
	return ctx.Err()
}

// read reads a commit from the objects.
func (h *History) read(hash git.Hash) (commit, error) {
	kind, content, err := h.objects.Append(h.content[:0], hash)
	if err != nil {
		return commit{}, err
	}
	h.content = content
	if kind != git.Commit {
		return commit{}, fmt.Errorf("read commit %s: %w: it is a %s", hash, git.ErrDamaged, kind)
	}
	c, err := parseCommit(content)
	if err != nil {
		return commit{}, fmt.Errorf("read commit %s: %w", hash, err)
	}
	return c, nil
}

// find returns the index of the commit with this hash, which need not exist.
func (h *History) find(hash git.Hash) int32 {
	if at, ok := h.graph.Find(hash); ok {
		return h.commits.atPosition(at)
	}
	return h.commits.atHash(hash)
}

// hash returns the hash of the commit with this index.
func (h *History) hash(i int32) git.Hash {
	n := h.commits.node(i)
	if n.position == 0 {
		return n.hash
	}
	return h.graph.Hash(commitgraph.Position(n.position - 1))
}

// load returns the commit with this index, with its parents.
func (h *History) load(i int32) (*node, error) {
	n := h.commits.node(i)
	switch {
	case n.loaded:
		return n, nil
	case n.position != 0:
		return n, h.loadFromGraph(n)
	}
	return n, h.loadObject(n)
}

func (h *History) loadFromGraph(n *node) error {
	at := commitgraph.Position(n.position - 1)
	c, err := h.graph.Commit(at)
	if err != nil {
		return err
	}
	if h.links, err = h.graph.AppendParents(h.links[:0], at); err != nil {
		return err
	}
	n.rank = c.Generation
	if !h.graph.Dated() {
		n.rank = rankOf(c.Time)
	}
	n.first, n.count = int32(len(h.parents)), int32(len(h.links))
	for _, p := range h.links {
		h.parents = append(h.parents, h.commits.atPosition(p))
	}
	n.loaded = true
	return nil
}

// beyond is added to the rank of commits that a graph with generations does
// not have: these are no ancestors of those that it has, and so come first.
const beyond = 1 << 63

func (h *History) loadObject(n *node) error {
	c, err := h.read(n.hash)
	if err != nil {
		return err
	}
	n.rank = rankOf(c.time)
	if h.graph.Dated() {
		n.rank |= beyond
	}
	n.first = int32(len(h.parents))
	if _, cut := slices.BinarySearchFunc(h.shallow, n.hash, git.Hash.Compare); cut {
		n.cut = c.count > 0
		c.count = 0
	}
	n.count = int32(c.count)
	for i := range c.count {
		h.parents = append(h.parents, h.find(c.parent(i)))
	}
	n.loaded = true
	return nil
}

func rankOf(time int64) uint64 { return uint64(max(time, 0)) }

func (h *History) parentsOf(n *node) []int32 { return h.parents[n.first:][:n.count] }
