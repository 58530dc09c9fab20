package ecs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// start makes the writes of one change and returns what to wait for.
func (r *rollout) start(ctx context.Context, c Change) (*watch, error) {
	w := &watch{
		service: c.Service, verb: "roll out",
		containers: c.desired.TaskDefinition.ContainerDefinitions, checked: c.checked,
		mayRest: len(r.plan.graph.Dependents(c.Service)) == 0,
	}
	switch c.Action {
	case Unchanged:
		w.deployment, w.definition = c.Baseline.Deployment, c.Baseline.TaskDefinition
		return w, nil
	case Update:
		w.baseline = c.Baseline.TaskDefinition
	}
	arn, err := r.register(ctx, r.Deployer, c.desired.TaskDefinition)
	if err != nil {
		return nil, &ServiceError{Service: c.Service, Verb: w.verb, Err: err}
	}
	var service *types.Service
	if c.Action == Update {
		service, err = r.updateService(ctx, c.Service, arn)
	} else {
		service, err = r.createService(ctx, c, arn)
	}
	if err != nil {
		return nil, &ServiceError{Service: c.Service, Verb: w.verb, Err: err}
	}
	w.begunBy(service)
	return w, nil
}

// revert makes the writes that return one service to its baseline.
func (r *rollout) revert(ctx context.Context, c Change) (*watch, error) {
	w := &watch{service: c.Service, verb: "roll back", remedy: r.remedy(c), mayRest: true}
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
	now, exists := found[c.Service]
	if c.Baseline == nil {
		w.gone = true
		if !exists || value(now.Status) != statusActive {
			return w, nil
		}
		if err := r.deleteService(ctx, c.Service); err != nil {
			return fail(err)
		}
		return w, nil
	}
	if p := primary(now); p != nil && value(p.TaskDefinition) == c.Baseline.TaskDefinition {
		w.begunBy(&now) // ECS is on its way back already
		return w, nil
	}
	service, err := r.updateService(ctx, c.Service, c.Baseline.TaskDefinition)
	if err != nil {
		return fail(err)
	}
	w.begunBy(service)
	return w, nil
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
	if err != nil {
		return nil, fmt.Errorf("create service: %w", err)
	}
	return out.Service, nil
}

func (d *Deployer) updateService(ctx context.Context, name, arn string) (*types.Service, error) {
	var out *awsecs.UpdateServiceOutput
	err := d.insist(ctx, func() (err error) {
		out, err = d.api.UpdateService(ctx, &awsecs.UpdateServiceInput{Cluster: &d.opts.Cluster, Service: &name, TaskDefinition: &arn})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("update service to %s: %w", short(arn), err)
	}
	return out.Service, nil
}

func (d *Deployer) deleteService(ctx context.Context, name string) error {
	err := d.insist(ctx, func() error {
		_, err := d.api.DeleteService(ctx, &awsecs.DeleteServiceInput{Cluster: &d.opts.Cluster, Service: &name, Force: new(true)})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete service: %w", err)
	}
	return nil
}

// families registers task definitions, those of one family one after the
// other, since ECS refuses concurrent revisions, and each content once.
type families struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
	known map[string]string // ARN by family and content
}

func (f *families) lock(family string) *sync.Mutex {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locks == nil {
		f.locks, f.known = make(map[string]*sync.Mutex), make(map[string]string)
	}
	if f.locks[family] == nil {
		f.locks[family] = new(sync.Mutex)
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
	lock.Lock()
	defer lock.Unlock()
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
	arn = value(out.TaskDefinition.TaskDefinitionArn)
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
		if sleep(ctx, pause) != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// token makes a repeated CreateService the same request; at most 36 characters.
// Source: ECS API reference, CreateService, "clientToken".
func token(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// short is family:revision of an ARN.
func short(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// primary returns the deployment that ECS is working towards.
func primary(s types.Service) *types.Deployment {
	i := slices.IndexFunc(s.Deployments, func(d types.Deployment) bool { return value(d.Status) == "PRIMARY" })
	if i < 0 {
		return nil
	}
	return &s.Deployments[i]
}
