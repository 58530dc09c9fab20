package ecs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// rollout is one Apply, or one Rollback.
type rollout struct {
	*Deployer
	plan    Plan
	changes map[string]Change
	result  Result
	ledger  *ledger
	stop    context.CancelCauseFunc
	families
}

var (
	// ErrNotPlanned is the error of a Plan that did not come from Deployer.Plan:
	// one that was read from JSON, or that is for another cluster.
	ErrNotPlanned = errors.New("plan was not made by this deployer's Plan")
	// ErrHadFailed is the error of an Apply that found in its journal a rollout
	// which had failed already, and has only finished rolling it back.
	ErrHadFailed = errors.New("the rollout had failed before: it was rolled back, not continued; plan and apply again")
)

// Apply makes the changes of plan. A service starts the moment all that it
// needs is healthy; an unchanged one must be healthy too, and costs no write.
//
// After the first failure nothing more is started; what is under way is seen
// through; and what was changed is rolled back, each service after those that
// need it, and only when these are back: updated services to their Baseline,
// created ones by deleting them again. Options.KeepFailed leaves all as it is.
// A service that somebody else has deployed meanwhile is left alone. A plan whose
// rollout would never find room is refused with [ErrNoCapacity].
//
// Result says how each service ended, also beside an error, which joins a
// [*ServiceError] for each failure. Where ctx ends first, ECS goes on with
// what was begun: those services are Running in the result, and with a Journal
// the next Apply of the same services goes on from there.
func (d *Deployer) Apply(ctx context.Context, plan Plan) (Result, error) {
	if len(plan.Changes) == 0 {
		return Result{}, nil
	}
	if plan.graph == nil || plan.Cluster != d.opts.Cluster {
		return Result{}, fmt.Errorf("apply plan for cluster %s: %w", plan.Cluster, ErrNotPlanned)
	}
	if v := plan.Capacity; v != nil && !v.OK() && !d.opts.IgnoreCapacity {
		return Result{}, fmt.Errorf("apply plan for cluster %s: %w: %v", plan.Cluster, ErrNoCapacity, v)
	}
	ledger, err := d.open(ctx, plan)
	if err != nil {
		return Result{}, fmt.Errorf("apply plan for cluster %s: %w", plan.Cluster, err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := d.rollout(plan, ledger, stop)
	if ledger.record.Back {
		return r.result, errors.Join(fmt.Errorf("apply plan for cluster %s: %w", plan.Cluster, ErrHadFailed), r.back(ctx))
	}
	err = r.forward(ctx)
	if len(r.result.Names(progress.Failed)) > 0 && ctx.Err() == nil && !d.opts.KeepFailed {
		err = errors.Join(err, r.back(ctx))
	} else if ctx.Err() == nil {
		r.mark(ctx, func(j *record) { j.Finished = true })
	}
	return r.result, err
}

// Rollback returns the services that the rollout in the journal has changed to
// what they ran before it, in reverse order, as Apply does after a failure. It
// takes the rollout over, whether that was finished or not.
//
// It fails with [ErrNothingToRollBack] where the journal holds none.
func (d *Deployer) Rollback(ctx context.Context) (Result, error) {
	if d.opts.Journal == nil {
		return Result{}, fmt.Errorf("roll back: %w: set Options.Journal", ErrNothingToRollBack)
	}
	old, err := load(ctx, d.opts.Journal)
	if err != nil {
		return Result{}, fmt.Errorf("roll back: %w", err)
	}
	if old == nil || old.Cluster != d.opts.Cluster {
		return Result{}, fmt.Errorf("roll back %s: %w", d.opts.Cluster, ErrNothingToRollBack)
	}
	plan, err := old.plan()
	if err != nil {
		return Result{}, fmt.Errorf("roll back %s: %w", d.opts.Cluster, err)
	}
	old.Run, old.Finished = newRun(), false
	ledger := newLedger(d.opts.Journal, *old)
	if err := ledger.replace(ctx); err != nil {
		return Result{}, fmt.Errorf("roll back %s: %w", d.opts.Cluster, err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := d.rollout(plan, ledger, stop)
	err = r.back(ctx)
	return r.result, err
}

// rollout returns the state of a run. What the ledger knows of a service that
// an earlier run has begun to change stands above what the plan sees now.
func (d *Deployer) rollout(plan Plan, l *ledger, stop context.CancelCauseFunc) *rollout {
	plan.Changes = slices.Clone(plan.Changes)
	r := &rollout{Deployer: d, plan: plan, changes: make(map[string]Change, len(plan.Changes)), ledger: l, stop: stop}
	for i, c := range plan.Changes {
		switch e := l.entry(c.Service); {
		case e.Stage == untouched:
		case e.overtakenBy(c):
			l.restart(c)
		default:
			c.Action, c.Baseline = e.Action, e.Baseline
			r.plan.Changes[i] = c
		}
		r.changes[c.Service] = c
		d.opts.Progress.Emit(progress.Event{Op: op, Subject: c.Service, State: progress.Waiting, Needs: c.Needs})
	}
	r.result = newResult(r.plan.Changes)
	return r
}

// note changes what the ledger holds of a service. Where another run has taken
// the journal over, this one stops.
func (r *rollout) note(ctx context.Context, service string, change func(*entry)) error {
	err := r.ledger.note(context.WithoutCancel(ctx), service, change)
	if errors.Is(err, ErrTakenOver) {
		r.stop(err)
	}
	return err
}

// noted is note where it is too late to stop: a failure is a warning.
func (r *rollout) noted(ctx context.Context, service string, change func(*entry)) {
	r.warn(r.note(ctx, service, change))
}

func (r *rollout) mark(ctx context.Context, change func(*record)) {
	err := r.ledger.mark(context.WithoutCancel(ctx), change)
	if errors.Is(err, ErrTakenOver) {
		r.stop(err)
	}
	r.warn(err)
}

func (r *rollout) warn(err error) {
	if err != nil {
		r.result.Warnings = append(r.result.Warnings, err.Error())
	}
}

// forward starts the services in the order of their dependencies.
func (r *rollout) forward(ctx context.Context) error {
	var steps []step
	for _, c := range r.plan.Changes {
		steps = append(steps, step{name: c.Service, needs: c.Needs, begin: func(ctx context.Context) (*watch, error) {
			return r.start(ctx, c)
		}})
	}
	w := newWalk(r, steps, func(name string, state progress.State, message string, err error) {
		r.forwardTo(ctx, name, state, message, err)
	})
	w.limit, w.stopAtFailure = r.opts.MaxInFlight, true
	w.began = func(begun *watch) {
		o := r.result.outcome(begun.service)
		o.Deployment, o.TaskDefinition = begun.deployment, begun.definition
		if o.Action != Unchanged {
			r.noted(ctx, begun.service, func(e *entry) {
				e.Stage, e.Deployment, e.Definition = deployed, begun.deployment, begun.definition
			})
		}
	}
	w.run(ctx)
	r.skip(ctx)
	return errors.Join(r.failures(), r.interrupted(ctx))
}

// forwardTo notes that a service has entered a state on the way forward.
func (r *rollout) forwardTo(ctx context.Context, name string, state progress.State, message string, err error) {
	o := r.result.outcome(name)
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	if state == progress.Done && o.Action == Unchanged {
		state = progress.Unchanged
	}
	if state.Ended() {
		o.Ended = time.Now()
	}
	switch {
	case state == progress.Done:
		r.noted(ctx, name, func(e *entry) { e.Stage = reached })
	case errors.Is(err, ErrSuperseded) && r.reverts(name):
		r.noted(ctx, name, func(e *entry) { e.Stage = superseded })
	}
	o.State, o.Message, o.Err = state, message, err
	r.emit(name, state, message, err)
}

// skip marks what was never started, each with the reason.
func (r *rollout) skip(ctx context.Context) {
	cause := make(map[string]string) // a failed service that one needs, directly or not
	for i := range r.result.Services {
		o := &r.result.Services[i]
		for _, need := range r.changes[o.Service].Needs {
			if r.result.outcome(need).State == progress.Failed {
				cause[o.Service] = need
			} else if cause[o.Service] == "" {
				cause[o.Service] = cause[need]
			}
		}
		switch {
		case o.State != progress.Waiting:
			continue
		case cause[o.Service] != "":
			o.Message = "needs " + cause[o.Service] + ", which failed"
		case ctx.Err() != nil:
			o.Message = "the rollout was cancelled before"
		default:
			o.Message = "the rollout stopped before"
		}
		o.State = progress.Skipped
		r.emit(o.Service, o.State, o.Message, nil)
	}
}

func (r *rollout) failures() error {
	var errs []error
	for _, o := range r.result.Services {
		errs = append(errs, o.Err)
	}
	return errors.Join(errs...)
}

func (r *rollout) interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	left := append(r.result.Names(progress.Running), r.result.Names(progress.RollingBack)...)
	if len(left) > 0 {
		return fmt.Errorf("roll out to %s: %w; ECS goes on with %s", r.plan.Cluster, context.Cause(ctx), strings.Join(left, ", "))
	}
	return fmt.Errorf("roll out to %s: %w", r.plan.Cluster, context.Cause(ctx))
}
