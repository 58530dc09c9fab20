package kre

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/mask"
	"github.com/mettel-automation/delivery/progress"
)

// Rollback returns a release to an earlier revision, as a new one, and waits until its
// objects are ready. Revision 0 is the newest good one before the present. Of r its name,
// namespace, timeout and secrets count. Custom resource definitions stay as they are.
//
// It fails with [ErrNotInstalled] and [ErrNoRevision], before any write.
func (e *Engine) Rollback(ctx context.Context, r Release, revision int) (Outcome, error) {
	d := &desired{Release: r}
	c := Change{Release: r.Name, Namespace: r.Namespace, Action: Rollback, timeout: cmp.Or(r.Timeout, 5*time.Minute), desired: d}
	if err := d.merge(); err != nil {
		o := c.outcome()
		o.fail(c, err)
		return o, o.Err
	}
	result, err := e.work(ctx, []Change{c}, func(ctx context.Context, c Change) Outcome {
		o := c.outcome()
		if err := e.returnTo(ctx, c, revision, &o); err != nil {
			reasons := o.Unready
			o.fail(c, err)
			o.Unready = reasons
		}
		return o
	})
	if len(result.Releases) == 0 {
		return c.outcome(), err
	}
	return result.Releases[0], err
}

func (e *Engine) returnTo(ctx context.Context, c Change, revision int, o *Outcome) error {
	s, err := e.open(ctx, c.Namespace, c.desired.mask, nil)
	if err != nil {
		return err
	}
	history, err := e.acquire(ctx, s, c)
	if err != nil {
		return err
	}
	if len(history) == 0 {
		return ErrNotInstalled
	}
	last := history[len(history)-1]
	o.Before, o.After, o.Revision = last.Status, last.Status, last.Revision
	target, err := goal(history, revision)
	if err != nil {
		return err
	}
	if err := e.rollBack(ctx, c, target.Revision, c.desired.hide(target), o); err != nil {
		return err
	}
	o.RolledBack = target.Revision
	return nil
}

// goal is the revision to return to.
func goal(history []helm.Record, revision int) (helm.Record, error) {
	var kept []int
	for i, r := range slices.Backward(history) {
		if r.Revision == revision || revision == 0 && good(r) && i < len(history)-1 {
			return r, nil
		}
		kept = append(kept, r.Revision)
	}
	if revision == 0 {
		return helm.Record{}, fmt.Errorf("%w: none before revision %d was good", ErrNoRevision, kept[0])
	}
	return helm.Record{}, fmt.Errorf("%w: %d; there is %d to %d", ErrNoRevision, revision, kept[len(kept)-1], kept[0])
}

// good reports whether a revision was ready once. Helm also calls one superseded that
// failed and was taken for the base of the next; what it was is in its description.
func good(r helm.Record) bool {
	return r.Status == helm.Deployed || r.Status == helm.Superseded && !strings.Contains(strings.ToLower(r.Description), "failed")
}

// rollBack makes a new revision of an earlier one.
func (e *Engine) rollBack(ctx context.Context, c Change, revision int, hidden mask.Mask, o *Outcome) error {
	within, cancel := budget(ctx, c.timeout)
	defer cancel()
	lock := e.lockLabels(c.timeout, time.Now())
	s, err := e.open(within, c.Namespace, hidden, lock)
	if err != nil {
		return err
	}
	e.emit(c.Release, progress.RollingBack, fmt.Sprintf("to revision %d", revision), nil)
	o.Changed = true
	err = s.settle(within, c, lock[labelWork], s.client.Rollback(c.Release, revision, e.opts.MaxHistory), o)
	o.Unready, o.Warnings = s.unready, append(o.Warnings, s.all()...)
	return err
}
