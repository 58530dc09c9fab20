package kre

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// walk calls do for each change once all that it needs have gone well, as many as
// parallel at once, and returns the outcomes in the order of changes. What needs one that
// has failed is not begun; nor is anything once ctx has ended. It returns when all
// calls have.
func walk(ctx context.Context, changes []Change, parallel int, do func(context.Context, Change) Outcome) []Outcome {
	outcomes := make([]Outcome, len(changes))
	finished := make([]chan struct{}, len(changes))
	index := make(map[string]int, len(changes))
	for i, c := range changes {
		finished[i], index[c.Release] = make(chan struct{}), i
	}
	free := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, c := range changes {
		all.Go(func() {
			defer close(finished[i])
			if c.Action == Keep { // whatever becomes of others
				outcomes[i] = do(ctx, c)
				return
			}
			var failed []string
			for _, need := range c.Needs {
				n, planned := index[need]
				if !planned {
					continue
				}
				<-finished[n]
				if outcomes[n].Err != nil {
					failed = append(failed, need)
				}
			}
			if len(failed) > 0 {
				slices.Sort(failed)
				outcomes[i] = c.skipped(fmt.Errorf("%w: it needs %s", ErrSkipped, strings.Join(failed, ", ")))
				return
			}
			select {
			case free <- struct{}{}:
				defer func() { <-free }()
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				outcomes[i] = c.skipped(fmt.Errorf("%w: %w", ErrSkipped, context.Cause(ctx)))
				return
			}
			outcomes[i] = do(ctx, c)
		})
	}
	all.Wait()
	return outcomes
}

// skipped is the outcome of a change that was not begun.
func (c Change) skipped(err error) Outcome {
	o := c.outcome()
	o.Skipped = true
	o.fail(c, err)
	return o
}
