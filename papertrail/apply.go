package papertrail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// Result is what Apply has done: the changes of the plan that are made, in order.
// Those that created something have its ID.
type Result struct {
	Done []Change `json:"done"`
}

// Apply makes the changes of p, which [Keeper.Plan] or [Keeper.PlanDelete] of this
// Keeper has returned. It reads the account again first, and writes nothing where
// that gives another plan ([ErrStale]). A plan without changes makes no call at all.
//
// A search that is refused, or gone, does not keep the others from being written; any
// other failure ends it. What was done is in the result. After a run that created
// something, the account is read once more: what another run has created at the same
// time is a [DuplicateError].
func (k *Keeper) Apply(ctx context.Context, p Plan) (Result, error) {
	if p.Empty() {
		return Result{}, nil
	}
	account, err := k.read(ctx, usesSystems(p.wanted))
	if err != nil {
		return Result{}, err
	}
	if err := k.still(p, account); err != nil {
		return Result{}, err
	}
	w := writer{Keeper: k, account: account, groups: make(map[string]int64), systems: make(map[string]int64)}
	for _, g := range account.Groups {
		w.groups[g.Name] = g.ID
	}
	var result Result
	var faults []error
	for _, change := range p.Changes {
		change, err := w.change(ctx, change)
		if err == nil {
			result.Done = append(result.Done, change)
			continue
		}
		faults = append(faults, fmt.Errorf("%s %s %q: %w", change.Action, change.Kind, change.Name, err))
		if alone := errors.Is(err, ErrRefused) || errors.Is(err, ErrNotFound); !alone || change.Kind != "search" {
			return result, unfinished(faults, result, p)
		}
	}
	return result, errors.Join(unfinished(faults, result, p), k.verify(ctx, p, result))
}

func unfinished(faults []error, r Result, p Plan) error {
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%w (%d of %d changes are made)", errors.Join(faults...), len(r.Done), len(p.Changes))
}

// still says whether the plan would be the same today.
func (k *Keeper) still(p Plan, a Account) error {
	var again Plan
	var err error
	switch {
	case p.destroy != nil:
		again, err = destruction(*p.destroy, a)
	case p.wanted != nil:
		again, err = compare(p.wanted, a, k.opts)
	default:
		return errors.New("apply: the plan was not made by this process; plan first")
	}
	if err != nil {
		return errors.Join(ErrStale, err)
	}
	if !slices.Equal(again.Changes, p.Changes) {
		return ErrStale
	}
	return nil
}

// verify looks for what another run has created at the same time.
func (k *Keeper) verify(ctx context.Context, p Plan, r Result) error {
	if !slices.ContainsFunc(r.Done, func(c Change) bool { return c.Action == Create || c.Action == Register }) {
		return nil
	}
	account, err := k.read(ctx, usesSystems(p.wanted))
	if err != nil {
		return fmt.Errorf("all changes are made, but not looked at: %w", err)
	}
	_, err = compare(p.wanted, account, k.opts)
	return err
}

// writer makes changes, and remembers the ids of what was created.
type writer struct {
	*Keeper
	account Account
	groups  map[string]int64
	systems map[string]int64
}

// done says of an action that it is done.
func (a Action) done() string {
	switch a {
	case Register, Join:
		return string(a) + "ed"
	}
	return string(a) + "d"
}

func (w *writer) change(ctx context.Context, c Change) (Change, error) {
	subject := c.Kind + " " + c.Name
	w.opts.Progress.Emit(progress.Event{Op: "papertrail.apply", Subject: subject, State: progress.Running, Message: string(c.Action)})
	err := w.write(ctx, &c)
	if err != nil {
		w.opts.Progress.Emit(progress.Event{Op: "papertrail.apply", Subject: subject, State: progress.Failed, Err: err})
		return c, err
	}
	w.opts.Progress.Emit(progress.Event{Op: "papertrail.apply", Subject: subject, State: progress.Done, Message: c.Action.done()})
	return c, nil
}

func (w *writer) write(ctx context.Context, c *Change) (err error) {
	switch {
	case c.Action == Join:
		if c.ID == 0 {
			c.ID = w.systems[c.Name]
		}
		return w.api.JoinGroup(ctx, c.ID, w.groups[c.Group])
	case c.Action == Register:
		c.ID, err = w.register(ctx, c.system)
		w.systems[c.Name] = c.ID
		return err
	case c.Kind == "group":
		return w.writeGroup(ctx, c)
	default:
		return w.writeSearch(ctx, c)
	}
}

func (w *writer) writeGroup(ctx context.Context, c *Change) (err error) {
	switch c.Action {
	case Create:
		c.ID, err = w.createGroup(ctx, c.Name, c.To)
		w.groups[c.Name] = c.ID
		return err
	case Update:
		return w.api.UpdateGroup(ctx, c.ID, c.To)
	default:
		return w.gone(w.api.DeleteGroup(ctx, c.ID))
	}
}

func (w *writer) writeSearch(ctx context.Context, c *Change) (err error) {
	switch c.Action {
	case Create:
		c.ID, err = w.createSearch(ctx, w.groups[c.Group], Search{Name: c.Name, Query: c.To})
		return err
	case Update:
		return w.api.UpdateSearch(ctx, c.ID, c.To)
	default:
		return w.gone(w.api.DeleteSearch(ctx, c.ID))
	}
}

// gone takes what somebody else has deleted for deleted.
func (w *writer) gone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// The three creations are tried again where the answer was lost and the thing is not
// there: a second try without looking would make a second one.

func (w *writer) createGroup(ctx context.Context, name, wildcard string) (int64, error) {
	return create(ctx,
		func(ctx context.Context) (int64, error) {
			r, err := w.api.CreateGroup(ctx, name, wildcard)
			return r.ID, err
		},
		func(ctx context.Context) (ids []int64, err error) {
			records, err := w.api.Groups(ctx)
			for _, r := range records {
				if r.Name == name {
					ids = append(ids, r.ID)
				}
			}
			return ids, err
		})
}

func (w *writer) createSearch(ctx context.Context, group int64, s Search) (int64, error) {
	return create(ctx,
		func(ctx context.Context) (int64, error) {
			r, err := w.api.CreateSearch(ctx, group, s)
			return r.ID, err
		},
		func(ctx context.Context) (ids []int64, err error) {
			records, err := w.api.Searches(ctx)
			for _, r := range records {
				if r.Name == s.Name && r.Group == group {
					ids = append(ids, r.ID)
				}
			}
			return ids, err
		})
}

func (w *writer) register(ctx context.Context, s System) (int64, error) {
	return create(ctx,
		func(ctx context.Context) (int64, error) {
			r, err := w.api.RegisterSystem(ctx, s)
			return r.ID, err
		},
		func(ctx context.Context) (ids []int64, err error) {
			records, err := w.api.Systems(ctx)
			for _, r := range records {
				if r.Name == s.Name {
					ids = append(ids, r.ID)
				}
			}
			return ids, err
		})
}

// create makes what the plan has found to be missing. Find lists the ids that have
// its name.
func create(ctx context.Context, try func(context.Context) (int64, error), find func(context.Context) ([]int64, error)) (int64, error) {
	const tries = 5
	var err error
	for n := range tries {
		var id int64
		if id, err = try(ctx); !errors.Is(err, ErrUncertain) {
			return id, err
		}
		// What is late may still come, and a service that fails needs time.
		if waitErr := wait.For(ctx, time.Second<<n); waitErr != nil {
			return 0, errors.Join(err, waitErr)
		}
		ids, lookErr := find(ctx)
		switch {
		case lookErr != nil:
			return 0, errors.Join(err, lookErr)
		case len(ids) == 1:
			return ids[0], nil
		case len(ids) > 1:
			return 0, fmt.Errorf("there are %d of that name since: %v; delete all but one", len(ids), ids)
		}
	}
	return 0, err
}
