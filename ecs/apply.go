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

// rollout is one Apply.
type rollout struct {
	*Deployer
	plan    Plan
	changes map[string]Change
	result  Result
	written map[string]bool // services that this rollout has begun to change
	families
}

// ErrNotPlanned is the error of a Plan that did not come from Deployer.Plan: one
// that was read from JSON, or that is for another cluster.
var ErrNotPlanned = errors.New("plan was not made by this deployer's Plan")

// Apply makes the changes of plan. A service starts the moment all that it
// needs is healthy; an unchanged one must be healthy too, and costs no write.
//
// After the first failure nothing more is started; what is under way is seen
// through; and what was changed is rolled back, each service after those that
// need it, and only when these are back: updated services to their Baseline,
// created ones by deleting them again. Options.KeepFailed leaves all as it is.
// A service that somebody else has deployed meanwhile is left alone.
//
// Result says how each service ended, also beside an error, which joins a
// [*ServiceError] for each failure. Where ctx ends first, ECS goes on with
// what was begun: those services are Running in the result.
func (d *Deployer) Apply(ctx context.Context, plan Plan) (Result, error) {
	if len(plan.Changes) == 0 {
		return Result{}, nil
	}
	if plan.graph == nil || plan.Cluster != d.opts.Cluster {
		return Result{}, fmt.Errorf("apply plan for cluster %s: %w", plan.Cluster, ErrNotPlanned)
	}
	r := &rollout{Deployer: d, plan: plan, changes: make(map[string]Change), written: make(map[string]bool)}
	for _, c := range plan.Changes {
		r.changes[c.Service] = c
		r.result.Services = append(r.result.Services, Outcome{Service: c.Service, Action: c.Action, State: progress.Waiting})
		d.opts.Progress.Emit(progress.Event{Op: op, Subject: c.Service, State: progress.Waiting, Needs: c.Needs})
	}
	err := r.forward(ctx)
	if len(r.result.Names(progress.Failed)) > 0 && ctx.Err() == nil && !d.opts.KeepFailed {
		err = errors.Join(err, r.back(ctx))
	}
	return r.result, err
}

// forward starts the services in the order of their dependencies.
func (r *rollout) forward(ctx context.Context) error {
	var steps []step
	for _, c := range r.plan.Changes {
		steps = append(steps, step{name: c.Service, needs: c.Needs, begin: func(ctx context.Context) (*watch, error) {
			return r.start(ctx, c)
		}})
	}
	w := newWalk(r.Deployer, steps, r.forwardTo)
	w.limit, w.stopAtFailure = r.opts.MaxInFlight, true
	w.began = func(begun *watch) {
		o := r.result.outcome(begun.service)
		o.Deployment, o.TaskDefinition = begun.deployment, begun.definition
	}
	w.run(ctx)
	r.skip(ctx)
	return errors.Join(r.failures(), r.interrupted(ctx))
}

// forwardTo notes that a service has entered a state on the way forward.
func (r *rollout) forwardTo(name string, state progress.State, message string, err error) {
	o := r.result.outcome(name)
	now := time.Now()
	switch {
	case o.Started.IsZero():
		o.Started = now
		r.written[name] = r.changes[name].Action != Unchanged
	case state == progress.Done && o.Action == Unchanged:
		state = progress.Unchanged
	}
	if state.Ended() {
		o.Ended = now
	}
	o.State, o.Message, o.Err = state, message, err
	r.emit(name, state, message, err)
}

// skip marks what was never started, each with the reason.
func (r *rollout) skip(ctx context.Context) {
	for i := range r.result.Services {
		o := &r.result.Services[i]
		if o.State != progress.Waiting {
			continue
		}
		o.State, o.Message = progress.Skipped, "the rollout stopped before"
		if cause := r.failedNeed(o.Service); cause != "" {
			o.Message = "needs " + cause + ", which failed"
		} else if ctx.Err() != nil {
			o.Message = "the rollout was cancelled before"
		}
		r.emit(o.Service, o.State, o.Message, nil)
	}
}

// failedNeed returns a failed service that name needs, directly or not.
func (r *rollout) failedNeed(name string) string {
	for _, need := range r.changes[name].Needs {
		if r.result.outcome(need).State == progress.Failed {
			return need
		}
		if cause := r.failedNeed(need); cause != "" {
			return cause
		}
	}
	return ""
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
	if left := r.result.Names(progress.Running); len(left) > 0 {
		return fmt.Errorf("roll out to %s: %w; ECS goes on with %s", r.plan.Cluster, context.Cause(ctx), strings.Join(left, ", "))
	}
	return fmt.Errorf("roll out to %s: %w", r.plan.Cluster, context.Cause(ctx))
}

// back returns what was changed to its baseline, in reverse order.
func (r *rollout) back(ctx context.Context) error {
	var steps []step
	for _, c := range slices.Backward(r.plan.Changes) {
		if !r.reverts(c.Service) {
			continue
		}
		var needs []string
		for _, dependent := range r.plan.graph.Dependents(c.Service) {
			if r.reverts(dependent) {
				needs = append(needs, dependent)
			}
		}
		steps = append(steps, step{name: c.Service, needs: needs, begin: func(ctx context.Context) (*watch, error) {
			return r.revert(ctx, c)
		}})
	}
	var errs []error
	w := newWalk(r.Deployer, steps, func(name string, state progress.State, message string, err error) {
		errs = append(errs, err)
		r.backTo(name, state, message, err)
	})
	w.run(ctx)
	for _, s := range steps {
		if o := r.result.outcome(s.name); o.State != progress.RolledBack && o.State != progress.Failed {
			err := &ServiceError{Service: s.name, Verb: "roll back", Err: errNotReached, Remedy: r.remedy(r.changes[s.name])}
			errs = append(errs, err)
			r.backTo(s.name, progress.Failed, "not rolled back", err)
		}
	}
	return errors.Join(append(errs, r.interrupted(ctx))...)
}

// errNotReached is the error of a service whose turn to roll back never came.
var errNotReached = errors.New("not done, since what needs it was not rolled back")

// reverts reports whether rolling back concerns the named service.
func (r *rollout) reverts(name string) bool {
	return r.written[name] && !errors.Is(r.result.outcome(name).Err, ErrSuperseded)
}

// backTo notes that a service has entered a state on the way back.
func (r *rollout) backTo(name string, state progress.State, message string, err error) {
	o := r.result.outcome(name)
	switch state {
	case progress.Running:
		state = progress.RollingBack
	case progress.Done:
		state = progress.RolledBack
	}
	o.State, o.Message = state, message
	if state.Ended() {
		o.Ended = time.Now()
	}
	if err != nil {
		o.Err = errors.Join(o.Err, err)
	}
	r.emit(name, state, message, err)
}

// remedy is the command that returns a service to its baseline by hand.
func (r *rollout) remedy(c Change) string {
	if c.Baseline == nil {
		return fmt.Sprintf("aws ecs delete-service --force --cluster %s --service %s", r.plan.Cluster, c.Service)
	}
	return fmt.Sprintf("aws ecs update-service --cluster %s --service %s --task-definition %s", r.plan.Cluster, c.Service, c.Baseline.TaskDefinition)
}
