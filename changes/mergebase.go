package changes

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
)

// mergeBase returns the best common ancestor of two commits: of several, the
// newest, and of equally old ones the one with the smallest hash.
func (r *Repository) mergeBase(ctx context.Context, a, b hash) (hash, error) {
	if a == b {
		return a, nil
	}
	w := &historyWalk{repo: r, paint: map[hash]paint{}}
	common, err := w.common(ctx, a, b)
	if err != nil {
		return hash{}, err
	}
	if len(common) == 0 {
		if w.cut {
			return hash{}, fmt.Errorf("find merge base: %w before %s and %s meet: %s", ErrShallow, a, b, deepen)
		}
		return hash{}, fmt.Errorf("find merge base: %w: %s and %s have no common ancestor", ErrNoMergeBase, a, b)
	}
	best, err := r.independent(ctx, common)
	if err != nil {
		return hash{}, err
	}
	return slices.MinFunc(best, newestFirst).hash, nil
}

// independent leaves out the commits that are ancestors of another one. The
// walk leaves such only where commits are older than their parents.
func (r *Repository) independent(ctx context.Context, commits []*commit) ([]*commit, error) {
	var best []*commit
	for _, c := range commits {
		redundant := false
		for _, other := range commits {
			if c == other || redundant {
				continue
			}
			w := &historyWalk{repo: r, paint: map[hash]paint{}}
			if _, err := w.common(ctx, c.hash, other.hash); err != nil {
				return nil, err
			}
			redundant = w.paint[c.hash]&fromB != 0
		}
		if !redundant {
			best = append(best, c)
		}
	}
	return best, nil
}

// paint is how a commit was reached.
type paint uint8

const (
	fromA  paint = 1 << iota // it is a, or an ancestor of a
	fromB                    // it is b, or an ancestor of b
	stale                    // it is an ancestor of a common ancestor
	result                   // it is a common ancestor
	queued                   // it waits in the queue
)

// historyWalk walks from two commits towards their ancestors, newest first,
// and paints what it reaches, until only ancestors of common ones are left.
// This is git's paint_down_to_common (commit-reach.c).
type historyWalk struct {
	repo  *Repository
	paint map[hash]paint
	queue commitQueue
	fresh int  // how many in the queue are not stale
	cut   bool // it met the edge of a shallow clone
}

// common returns the common ancestors of a and b that are no ancestors of
// others, as far as the dates of the commits tell.
func (w *historyWalk) common(ctx context.Context, a, b hash) ([]*commit, error) {
	if err := w.reach(a, fromA); err != nil {
		return nil, err
	}
	if err := w.reach(b, fromB); err != nil {
		return nil, err
	}
	var found []*commit
	for w.fresh > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := heap.Pop(&w.queue).(*commit)
		p := w.paint[c.hash] &^ queued
		w.paint[c.hash] = p
		if p&stale == 0 {
			w.fresh--
		}
		w.cut = w.cut || c.cut
		spread := p & (fromA | fromB | stale)
		if spread == fromA|fromB {
			if p&result == 0 {
				w.paint[c.hash] |= result
				found = append(found, c)
			}
			spread |= stale
		}
		for _, parent := range c.parents {
			if err := w.reach(parent, spread); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(found, func(c *commit) bool { return w.paint[c.hash]&stale != 0 }), nil
}

// reach adds spread to the paint of a commit, and queues it if that is news.
func (w *historyWalk) reach(h hash, spread paint) error {
	before := w.paint[h]
	if before&spread == spread {
		return nil
	}
	after := before | spread
	if before&queued == 0 {
		c, err := w.repo.commit(h)
		if err != nil {
			return err
		}
		heap.Push(&w.queue, c)
		after |= queued
		if after&stale == 0 {
			w.fresh++
		}
	} else if before&stale == 0 && after&stale != 0 {
		w.fresh--
	}
	w.paint[h] = after
	return nil
}

func newestFirst(a, b *commit) int {
	return cmp.Or(cmp.Compare(b.time, a.time), a.hash.compare(b.hash))
}

// commitQueue is a heap with the newest commit on top.
type commitQueue []*commit

func (q commitQueue) Len() int           { return len(q) }
func (q commitQueue) Less(i, j int) bool { return newestFirst(q[i], q[j]) < 0 }
func (q commitQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *commitQueue) Push(c any)        { *q = append(*q, c.(*commit)) }
func (q *commitQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
