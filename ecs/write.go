package ecs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
)

// start makes the writes of one change and returns what to wait for. What an
// earlier run of the same rollout has done is not done again.
func (r *rollout) start(ctx context.Context, c Change) (*watch, error) {
	w := &watch{
		service: c.Service, verb: "roll out",
		containers: c.desired.TaskDefinition.ContainerDefinitions, checked: c.checked,
		mayRest: len(r.plan.graph.Dependents(c.Service)) == 0,
	}
	if c.Action == Unchanged {
		w.deployment, w.definition, w.settled = c.Baseline.Deployment, c.Baseline.TaskDefinition, true
		return w, nil
	}
	if c.Baseline != nil {
		w.baseline = c.Baseline.TaskDefinition
	}
	if r.adopt(c, w) {
		return w, nil
	}
	service, err := r.stale(ctx, c)
	if err == nil && service == nil {
		service, err = r.write(ctx, c)
	}
	if err != nil {
		return nil, &ServiceError{Service: c.Service, Verb: w.verb, Err: err}
	}
	w.begunBy(service)
	return w, nil
}

// adopt takes up the deployment that an earlier run has begun, if there is one.
func (r *rollout) adopt(c Change, w *watch) bool {
	e := r.ledger.entry(c.Service)
	switch {
	case e.Stage == deployed || e.Stage == reached:
		w.deployment, w.definition = e.Deployment, e.Definition
		return true
	case e.Stage == intended && c.same && !c.untouched():
		w.deployment, w.definition = c.now.Deployment, c.now.TaskDefinition
		return true
	}
	return false
}

// untouched reports whether c is to be deployed anew, and has not been.
func (c Change) untouched() bool {
	return c.anew && c.Baseline != nil && c.now.Deployment == c.Baseline.Deployment
}

// stale looks once more before an update: what somebody else has deployed since
// the plan was made must not be overwritten. A deployment that turns out to be
// our own, begun by an earlier run, is returned.
func (r *rollout) stale(ctx context.Context, c Change) (*types.Service, error) {
	if c.now == nil {
		return nil, nil
	}
	var found map[string]types.Service
	err := r.insist(ctx, func() (err error) {
		found, err = r.describe(ctx, []string{c.Service})
		return err
	})
	if err != nil {
		return nil, err
	}
	service := found[c.Service]
	p, e := primary(service), r.ledger.entry(c.Service)
	switch {
	case p == nil || ptr.Value(service.Status) != statusActive:
		return nil, fmt.Errorf("%w since the plan was made: plan again", ErrGone)
	case ptr.Value(p.Id) == c.now.Deployment:
		return nil, nil
	case e.Stage == intended && ptr.Value(p.TaskDefinition) == e.Definition:
		return &service, nil
	}
	return nil, fmt.Errorf("%w since the plan was made: plan again", ErrSuperseded)
}

// write registers, creates or updates what c asks for. The journal knows of it
// before ECS does.
func (r *rollout) write(ctx context.Context, c Change) (*types.Service, error) {
	arn, err := r.definition(ctx, c)
	if err != nil {
		return nil, err
	}
	fresh := r.ledger.entry(c.Service).Stage == untouched
	err = r.note(ctx, c.Service, func(e *entry) {
		e.Stage, e.Action, e.Baseline, e.Definition = intended, c.Action, c.Baseline, arn
	})
	if err != nil {
		return nil, err
	}
	var service *types.Service
	if c.now != nil {
		service, err = r.updateService(ctx, c.Service, arn, c.anew)
	} else {
		service, err = r.createService(ctx, c, arn)
	}
	if fresh && refused(err) {
		r.forget(ctx, c.Service)
	}
	return service, err
}

// forget takes an intention back that ECS has refused: there is nothing to undo.
func (r *rollout) forget(ctx context.Context, service string) {
	// If that cannot be saved, the next run finds out by itself.
	_ = r.note(ctx, service, func(e *entry) { e.Stage, e.Definition = untouched, "" })
}

// definition returns the ARN of what c is to run, registered if need be. What
// an earlier run was about to deploy is taken again, so that its write, should
// it have taken effect unseen, is only repeated.
func (r *rollout) definition(ctx context.Context, c Change) (string, error) {
	if e := r.ledger.entry(c.Service); e.Stage == intended {
		return e.Definition, nil
	}
	if c.same {
		return c.now.TaskDefinition, nil
	}
	return r.register(ctx, r.Deployer, c.desired.TaskDefinition)
}

func (d *Deployer) createService(ctx context.Context, c Change, arn string) (*types.Service, error) {
	in := awsecs.CreateServiceInput{}
	if c.desired.Settings != nil {
		in = *c.desired.Settings
	}
	in.Cluster, in.ServiceName, in.TaskDefinition = &d.opts.Cluster, &c.Service, &arn
	in.ClientToken = new(token(d.opts.Cluster, c.Service, arn))
	if in.DesiredCount == nil && in.SchedulingStrategy != types.SchedulingStrategyDaemon {
		in.DesiredCount = new(int32(1))
	}
	var out *awsecs.CreateServiceOutput
	err := d.insist(ctx, func() (err error) {
		out, err = d.api.CreateService(ctx, &in)
		return err
	})
	switch {
	case err != nil && says(err, "still Draining"):
		return nil, fmt.Errorf("create service: %w: %w", errDraining, err)
	case err != nil:
		return nil, fmt.Errorf("create service: %w", err)
	}
	return out.Service, nil
}

func (d *Deployer) updateService(ctx context.Context, name, arn string, force bool) (*types.Service, error) {
	in := &awsecs.UpdateServiceInput{Cluster: &d.opts.Cluster, Service: &name, TaskDefinition: &arn, ForceNewDeployment: force}
	var out *awsecs.UpdateServiceOutput
	err := d.insist(ctx, func() (err error) {
		out, err = d.api.UpdateService(ctx, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("update service to %s: %w", short.Name(arn), err)
	}
	return out.Service, nil
}

// deleteService deletes a service with its tasks. One that is gone already,
// though a read may still have shown it, is fine.
func (d *Deployer) deleteService(ctx context.Context, name string) error {
	err := d.insist(ctx, func() error {
		_, err := d.api.DeleteService(ctx, &awsecs.DeleteServiceInput{Cluster: &d.opts.Cluster, Service: &name, Force: new(true)})
		return err
	})
	_, inactive := errors.AsType[*types.ServiceNotActiveException](err)
	_, missing := errors.AsType[*types.ServiceNotFoundException](err)
	if err == nil || inactive || missing {
		return nil
	}
	return fmt.Errorf("delete service: %w", err)
}

// families registers task definitions, those of one family one after the
// other, since ECS refuses concurrent revisions, and each content once.
type families struct {
	mu    sync.Mutex
	locks map[string]lock
	known map[string]string // ARN by family and content
}

// lock is held over calls. Unlike a sync.Mutex, waiting for it lets virtual time
// go on in a testing/synctest bubble.
type lock chan struct{}

func newLock() lock     { return make(lock, 1) }
func (l lock) acquire() { l <- struct{}{} }
func (l lock) release() { <-l }

func (f *families) lock(family string) lock {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locks == nil {
		f.locks, f.known = make(map[string]lock), make(map[string]string)
	}
	if f.locks[family] == nil {
		f.locks[family] = newLock()
	}
	return f.locks[family]
}

// register returns the ARN of a new revision of td.
func (f *families) register(ctx context.Context, d *Deployer, td *awsecs.RegisterTaskDefinitionInput) (string, error) {
	content, err := json.Marshal(td)
	if err != nil {
		return "", fmt.Errorf("encode task definition %s: %w", *td.Family, err)
	}
	lock := f.lock(*td.Family)
	lock.acquire()
	defer lock.release()
	f.mu.Lock()
	arn := f.known[string(content)]
	f.mu.Unlock()
	if arn != "" {
		return arn, nil
	}
	var out *awsecs.RegisterTaskDefinitionOutput
	err = d.insist(ctx, func() (err error) {
		out, err = d.api.RegisterTaskDefinition(ctx, td)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("register task definition %s: %w", *td.Family, err)
	}
	arn = ptr.Value(out.TaskDefinition.TaskDefinitionArn)
	f.mu.Lock()
	f.known[string(content)] = arn
	f.mu.Unlock()
	return arn, nil
}

// The pauses between attempts of a call that ECS does not take yet.
const (
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// insist repeats a call that ECS refuses for now, within Options.Timeout.
func (d *Deployer) insist(ctx context.Context, call func() error) error {
	deadline := time.Now().Add(d.opts.Timeout)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := call()
		soon := transient(err) || settling(err)
		if err == nil || ctx.Err() != nil || !soon || time.Now().Add(pause).After(deadline) {
			return err
		}
		if wait.For(ctx, pause) != nil {
			return err
		}
	}
}

// token makes a repeated CreateService the same request; at most 36 characters.
// Source: ECS API reference, CreateService, "clientToken".
func token(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// primary returns the deployment that ECS is working towards.
func primary(s types.Service) *types.Deployment {
	i := slices.IndexFunc(s.Deployments, func(d types.Deployment) bool { return ptr.Value(d.Status) == "PRIMARY" })
	if i < 0 {
		return nil
	}
	return &s.Deployments[i]
}
