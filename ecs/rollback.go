package ecs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

// ErrNotRolledBack is the error of a rollback that did not return every service
// to its baseline, beside those of the services.
var ErrNotRolledBack = errors.New("not all is rolled back")

// errUnseen is that ECS does not show a service that may have been created: a
// read may be older than the creation. It counts as gone when it stays so.
var errUnseen = errors.New("not to be seen")

// errNotReached is the error of a service whose turn to roll back never came.
var errNotReached = errors.New("not done, since what needs it was not rolled back")

// back returns what was changed to its baseline, in reverse order.
func (r *rollout) back(ctx context.Context) error {
	r.mark(ctx, func(j *record) { j.Back = true })
	steps := r.stepsBack()
	var errs []error
	w := newWalk(r, steps, func(name string, state progress.State, message string, err error) {
		errs = append(errs, err)
		r.backTo(ctx, name, state, message, err)
	})
	w.run(ctx)
	cause := errNotReached
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	whole := true
	for _, s := range steps {
		o := r.result.outcome(s.name)
		switch o.State {
		case progress.RolledBack, progress.Failed, progress.RollingBack:
		default:
			err := &ServiceError{Service: s.name, Verb: "roll back", Err: cause, Remedy: r.remedy(r.changes[s.name])}
			errs = append(errs, err)
			r.backTo(ctx, s.name, progress.Failed, "not rolled back", err)
		}
		whole = whole && !r.reverts(s.name)
	}
	if whole {
		r.mark(ctx, func(j *record) { j.Back, j.Finished = false, true })
	}
	err := errors.Join(append(errs, r.interrupted(ctx))...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotRolledBack, err)
	}
	return nil
}

// stepsBack is a step for each service to revert, which needs those of them
// that depend on it. What an earlier run has reverted already is noted.
func (r *rollout) stepsBack() []step {
	var steps []step
	for _, c := range slices.Backward(r.plan.Changes) {
		if r.ledger.entry(c.Service).Stage == reverted {
			r.result.outcome(c.Service).State = progress.RolledBack
		}
		if !r.reverts(c.Service) {
			continue
		}
		steps = append(steps, step{name: c.Service, needs: r.revertedFirst(c.Service), begin: func(ctx context.Context) (*watch, error) {
			return r.revert(ctx, c)
		}})
	}
	for i := range r.result.Services {
		if o := &r.result.Services[i]; o.State == progress.Waiting && !r.reverts(o.Service) {
			o.State, o.Message = progress.Skipped, "nothing to roll back"
			r.emit(o.Service, o.State, o.Message, nil)
		}
	}
	return steps
}

// revertedFirst returns the services to revert that need name, directly or by
// way of others that are not reverted.
func (r *rollout) revertedFirst(name string) []string {
	var first []string
	seen := map[string]bool{}
	for queue := r.plan.graph.Dependents(name); len(queue) > 0; queue = queue[1:] {
		switch dependent := queue[0]; {
		case seen[dependent]:
		case r.reverts(dependent):
			first = append(first, dependent)
		default:
			queue = append(queue, r.plan.graph.Dependents(dependent)...)
		}
		seen[queue[0]] = true
	}
	return first
}

// reverts reports whether rolling back concerns the named service: this rollout
// has begun to change it, and nobody else has since.
func (r *rollout) reverts(name string) bool {
	switch r.ledger.entry(name).Stage {
	case untouched, reverted, superseded:
		return false
	}
	return true
}

// backTo notes that a service has entered a state on the way back.
func (r *rollout) backTo(ctx context.Context, name string, state progress.State, message string, err error) {
	o := r.result.outcome(name)
	switch state {
	case progress.Running:
		state = progress.RollingBack
	case progress.Done:
		state = progress.RolledBack
		r.noted(ctx, name, func(e *entry) { e.Stage = reverted })
	}
	if errors.Is(err, ErrSuperseded) {
		r.noted(ctx, name, func(e *entry) { e.Stage = superseded })
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

// revert makes the writes that return one service to its baseline.
func (r *rollout) revert(ctx context.Context, c Change) (*watch, error) {
	w := &watch{service: c.Service, verb: "roll back", remedy: r.remedy(c), mayRest: true, gone: c.Baseline == nil}
	fail := func(err error) (*watch, error) {
		return nil, &ServiceError{Service: c.Service, Verb: w.verb, Err: err, Remedy: w.remedy}
	}
	var found map[string]types.Service
	err := r.insist(ctx, func() (err error) {
		found, err = r.describe(ctx, []string{c.Service})
		return err
	})
	if err != nil {
		return fail(err)
	}
	service, exists := found[c.Service]
	active := exists && ptr.Value(service.Status) == statusActive
	switch {
	case active && r.foreign(c, service):
		return nil, &ServiceError{Service: c.Service, Verb: w.verb, Err: ErrSuperseded} // and not ours to mend
	case w.gone && !active:
		return w, errUnseen
	case w.gone:
		if err := r.deleteService(ctx, c.Service); err != nil {
			return fail(err)
		}
		return w, nil
	}
	// Where ECS is on its way back already, or nothing was deployed, this begins
	// no new deployment: the task definition is the same.
	updated, err := r.updateService(ctx, c.Service, c.Baseline.TaskDefinition, false)
	if err != nil && says(err, "inactive") {
		updated, err = r.revive(ctx, c)
	}
	if err != nil {
		return fail(err)
	}
	w.begunBy(updated)
	return w, nil
}

// revive returns a service to a baseline that was deregistered meanwhile: to a
// new revision of the same content.
func (r *rollout) revive(ctx context.Context, c Change) (*types.Service, error) {
	var old *awsecs.DescribeTaskDefinitionOutput
	err := r.insist(ctx, func() (err error) {
		old, err = r.api.DescribeTaskDefinition(ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: &c.Baseline.TaskDefinition})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("describe task definition %s: %w", short.Name(c.Baseline.TaskDefinition), err)
	}
	content, err := json.Marshal(old.TaskDefinition)
	if err != nil {
		return nil, fmt.Errorf("copy task definition %s: %w", short.Name(c.Baseline.TaskDefinition), err)
	}
	var again awsecs.RegisterTaskDefinitionInput // whose fields have the same names
	if err := json.Unmarshal(content, &again); err != nil {
		return nil, fmt.Errorf("copy task definition %s: %w", short.Name(c.Baseline.TaskDefinition), err)
	}
	arn, err := r.register(ctx, r.Deployer, &again)
	if err == nil { // so that a later run knows it for its own
		err = r.note(ctx, c.Service, func(e *entry) { e.Definition = arn })
	}
	if err != nil {
		return nil, err
	}
	return r.updateService(ctx, c.Service, arn, false)
}

// foreign reports whether a service runs neither what this rollout has deployed
// nor what ran before.
func (r *rollout) foreign(c Change, s types.Service) bool {
	p, e := primary(s), r.ledger.entry(c.Service)
	switch {
	case p == nil:
		return true // deployed by something other than ECS itself
	case ptr.Value(p.Id) == e.Deployment,
		ptr.Value(p.TaskDefinition) == e.Definition,
		c.Baseline != nil && ptr.Value(p.TaskDefinition) == c.Baseline.TaskDefinition:
		return false
	}
	return true
}

// remedy is the command that returns a service to its baseline by hand.
func (r *rollout) remedy(c Change) string {
	if c.Baseline == nil {
		return fmt.Sprintf("aws ecs delete-service --force --cluster %s --service %s", r.plan.Cluster, c.Service)
	}
	return fmt.Sprintf("aws ecs update-service --cluster %s --service %s --task-definition %s", r.plan.Cluster, c.Service, c.Baseline.TaskDefinition)
}
