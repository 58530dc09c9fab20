package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/history/commitgraph"
)

// MergeBases returns the best common ancestors of two commits: those that are
// not ancestors of another one. There are several after a criss-cross merge;
// the newest by its committer's date comes first, and of equals the smallest
// hash.
//
// The error is [git.ErrNoMergeBase] where the histories are unrelated, and
// [git.ErrShallow] where the clone is cut off before they meet.
func (h *History) MergeBases(ctx context.Context, a, b git.Hash) ([]git.Hash, error) {
	w := &walk{History: h}
	from, to := h.find(a), h.find(b)
	found, err := w.common(ctx, from, to)
	if err != nil {
		return nil, err
	}
	switch {
	case len(found) == 0 && len(w.cuts) > 0:
		return nil, fmt.Errorf("find merge base: %w before %s and %s meet: %s", git.ErrShallow, a, b, git.Deepen)
	case len(found) == 0:
		return nil, fmt.Errorf("find merge base: %w: %s and %s have no common ancestor", git.ErrNoMergeBase, a, b)
	case len(found) == 1:
		return []git.Hash{h.hash(found[0])}, nil
	}
	if found, err = w.independent(ctx, found); err != nil {
		return nil, err
	}
	return h.newestFirst(found)
}

// Cut reports whether a shallow clone is cut off at a commit that head descends
// from and base does not. Then head may descend from base all the same, on a way
// that the clone does not hold.
func (h *History) Cut(ctx context.Context, base, head git.Hash) (bool, error) {
	w := &walk{History: h}
	if _, err := w.common(ctx, h.find(base), h.find(head)); err != nil {
		return false, err
	}
	return slices.ContainsFunc(w.cuts, func(i int32) bool { return h.commits.node(i).paint&fromA == 0 }), nil
}

// newestFirst returns the hashes of commits in the order of MergeBases.
func (h *History) newestFirst(commits []int32) ([]git.Hash, error) {
	type dated struct {
		hash git.Hash
		time int64
	}
	sorted := make([]dated, len(commits))
	for i, c := range commits {
		time, err := h.time(c)
		if err != nil {
			return nil, err
		}
		sorted[i] = dated{h.hash(c), time}
	}
	slices.SortFunc(sorted, func(x, y dated) int {
		return cmp.Or(cmp.Compare(y.time, x.time), x.hash.Compare(y.hash))
	})
	hashes := make([]git.Hash, len(sorted))
	for i, d := range sorted {
		hashes[i] = d.hash
	}
	return hashes, nil
}

// time returns the committer's date. The graph keeps only a part of it, so the
// commit itself is asked, unless it is missing.
func (h *History) time(i int32) (int64, error) {
	c, err := h.read(h.hash(i))
	if n := h.commits.node(i); n.position != 0 && errors.Is(err, git.ErrMissingObject) {
		kept, err := h.graph.Commit(commitgraph.Position(n.position - 1))
		return kept.Time, err
	}
	return c.time, err
}

// paint is how a commit was reached.
type paint uint8

const (
	fromA   paint = 1 << iota // it is a, or an ancestor of a
	fromB                     // it is b, or an ancestor of b
	stale                     // it is an ancestor of a common ancestor
	result                    // it is a common ancestor
	waiting                   // it is in the queue
)

// walk walks from some commits towards their ancestors, the greatest rank
// first, and paints what it reaches, until only ancestors of common ones are
// left. This is git's paint_down_to_common (commit-reach.c).
type walk struct {
	*History
	queue queue
	fresh int     // how many in the queue are not stale
	cuts  []int32 // where it met the edge of a shallow clone
}

// reset takes off the paint of an earlier walk.
func (w *walk) reset() {
	for i := range w.commits.count {
		w.commits.node(i).paint = 0
	}
	w.queue, w.fresh, w.cuts = w.queue[:0], 0, w.cuts[:0]
}

// common returns the common ancestors of a and any of bs that are not
// ancestors of others, as far as the ranks of the commits tell.
func (w *walk) common(ctx context.Context, a int32, bs ...int32) ([]int32, error) {
	w.reset()
	if err := w.reach(a, fromA); err != nil {
		return nil, err
	}
	for _, b := range bs {
		if err := w.reach(b, fromB); err != nil {
			return nil, err
		}
	}
	var found []int32
	for popped := 1; w.fresh > 0; popped++ {
		if err := canceled(ctx, popped); err != nil {
			return nil, err
		}
		i := w.queue.pop().index
		n := w.commits.node(i)
		n.paint &^= waiting
		if n.paint&stale == 0 {
			w.fresh--
		}
		if n.cut {
			w.cuts = append(w.cuts, i)
		}
		spread := n.paint & (fromA | fromB | stale)
		if spread == fromA|fromB {
			if n.paint&result == 0 {
				n.paint |= result
				found = append(found, i)
			}
			spread |= stale
		}
		if spread&stale != 0 && w.fresh == 0 {
			break // nothing fresh can come of it: do not even read the parents
		}
		for _, parent := range w.parentsOf(n) {
			if err := w.reach(parent, spread); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(found, func(i int32) bool { return w.commits.node(i).paint&stale != 0 }), nil
}

// reach adds spread to the paint of a commit, and queues it if that is news.
func (w *walk) reach(i int32, spread paint) error {
	n := w.commits.node(i)
	before := n.paint
	if before&spread == spread {
		return nil
	}
	after := before | spread
	if before&waiting == 0 {
		if _, err := w.load(i); err != nil {
			return err
		}
		w.queue.push(queued{n.rank, i})
		after |= waiting
		if after&stale == 0 {
			w.fresh++
		}
	} else if before&stale == 0 && after&stale != 0 {
		w.fresh--
	}
	n.paint = after
	return nil
}

// independent leaves out the commits that are ancestors of another one. The
// walk leaves such only where commits are older than their parents. This is
// git's remove_redundant_no_gen (commit-reach.c).
func (w *walk) independent(ctx context.Context, commits []int32) ([]int32, error) {
	redundant := make([]bool, len(commits))
	var others, at []int32
	for i, c := range commits {
		if redundant[i] {
			continue
		}
		others, at = others[:0], at[:0]
		for j, other := range commits {
			if i != j && !redundant[j] {
				others, at = append(others, other), append(at, int32(j))
			}
		}
		if _, err := w.common(ctx, c, others...); err != nil {
			return nil, err
		}
		redundant[i] = w.commits.node(c).paint&fromB != 0
		for k, other := range others {
			if w.commits.node(other).paint&fromA != 0 {
				redundant[at[k]] = true
			}
		}
	}
	var best []int32
	for i, c := range commits {
		if !redundant[i] {
			best = append(best, c)
		}
	}
	return best, nil
}
