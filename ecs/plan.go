package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/taskdef"
	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Action says what applying does to one service.
type Action string

// The actions of a plan.
const (
	Create    Action = "create"    // there is no such service
	Recreate  Action = "recreate"  // there was one, and it is deleted or being deleted
	Update    Action = "update"    // it runs another task definition
	Unchanged Action = "unchanged" // it runs what is desired; it must still be healthy
)

// Change is what happens to one service.
type Change struct {
	Service string   `json:"service"`
	Action  Action   `json:"action"`
	Detail  []string `json:"detail,omitempty"` // readable differences; environment values are never shown
	Needs   []string `json:"needs,omitempty"`
	// Baseline is what a rollback returns to; nil where nothing runs.
	Baseline *Baseline `json:"baseline,omitempty"`

	desired Service
	checked []string  // essential containers with a health check
	now     *Baseline // what runs; Baseline is older where a run is resumed
	same    bool      // what runs is what is desired
	anew    bool      // and must be deployed all the same
}

// Baseline is the state of a service before the rollout.
type Baseline struct {
	TaskDefinition string `json:"taskDefinition"` // ARN
	Deployment     string `json:"deployment"`     // id of the primary deployment
	DesiredCount   int32  `json:"desiredCount"`
}

// Plan is what Apply would do.
type Plan struct {
	Cluster string `json:"cluster"`
	// Changes are sorted so that each service stands after those that it needs.
	Changes []Change `json:"changes"`
	// Levels groups the services by how many others must be healthy one after
	// another before they start.
	Levels [][]string `json:"levels"`
	// LongestChain is a longest sequence of services that wait for one another.
	LongestChain []string `json:"longestChain"`
	// Capacity is whether the rollout will find room; nil where Options.Supply is.
	Capacity *capacity.Verdict `json:"capacity,omitempty"`

	graph *dag.Graph
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action != Unchanged })
}

// Count returns how many services the plan has for action a.
func (p Plan) Count(a Action) int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == a {
			n++
		}
	}
	return n
}

// String shows the plan as people read it: a line of counts, then each level
// with a line a service that changes.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cluster %s: %d to create, %d to update, %d unchanged, in %d levels\n",
		p.Cluster, p.Count(Create)+p.Count(Recreate), p.Count(Update), p.Count(Unchanged), len(p.Levels))
	changes := make(map[string]Change, len(p.Changes))
	width := 0
	for _, c := range p.Changes {
		changes[c.Service] = c
		width = max(width, len(c.Service))
	}
	marks := map[Action]string{Create: "+", Recreate: "+", Update: "~", Unchanged: "="}
	for i, level := range p.Levels {
		fmt.Fprintf(&b, "level %d\n", i+1)
		for _, name := range level {
			c := changes[name]
			fmt.Fprintf(&b, "  %s %s\n", marks[c.Action], strings.TrimRight(fmt.Sprintf("%-*s  %s", width, name, strings.Join(c.Detail, ", ")), " "))
		}
	}
	if p.Capacity != nil {
		fmt.Fprintln(&b, strings.TrimRight(p.Capacity.String(), "\n"))
	}
	return b.String()
}

// Plan compares services with what runs in the cluster. It only reads.
//
// Faults of the services (cycles, unknown dependencies, names given twice,
// missing task definitions, …) are joined into one error before any call.
func (d *Deployer) Plan(ctx context.Context, services []Service) (Plan, error) {
	if d.opts.Cluster == "" {
		return Plan{}, fmt.Errorf("plan rollout: %w", ErrNoCluster)
	}
	graph, err := check(services)
	if err != nil {
		return Plan{}, fmt.Errorf("plan rollout to %s: %w", d.opts.Cluster, err)
	}
	var found map[string]types.Service
	err = d.insist(ctx, func() (err error) {
		found, err = d.describe(ctx, graph.Order())
		return err
	})
	if err != nil {
		return Plan{}, fmt.Errorf("plan rollout to %s: %w", d.opts.Cluster, err)
	}
	var foreign []error
	for _, name := range graph.Order() {
		foreign = append(foreign, foreignController(found[name]))
	}
	definitions, err := d.definitions(ctx, found)
	if err := errors.Join(append(foreign, err)...); err != nil {
		return Plan{}, fmt.Errorf("plan rollout to %s: %w", d.opts.Cluster, err)
	}
	plan := Plan{
		Cluster: d.opts.Cluster, Changes: []Change{}, graph: graph,
		Levels: append([][]string{}, graph.Levels()...), LongestChain: append([]string{}, graph.LongestChain()...),
	}
	byName := make(map[string]Service, len(services))
	for _, s := range services {
		byName[s.Name] = s
	}
	for _, name := range graph.Order() {
		running := found[name]
		plan.Changes = append(plan.Changes, diff(byName[name], running, definitions[ptr.Value(running.TaskDefinition)]))
	}
	if plan.Capacity, err = d.preflight(ctx, plan.Changes, found, definitions); err != nil {
		return Plan{}, fmt.Errorf("plan rollout to %s: %w", d.opts.Cluster, err)
	}
	return plan, nil
}

// diff is the whole decision for one service: what is desired against what
// runs. Running is the zero value where there is no such service.
func diff(desired Service, running types.Service, definition *types.TaskDefinition) Change {
	c := Change{
		Service: desired.Name, Needs: slices.Clone(desired.DependsOn), desired: desired,
		checked: checked(desired.TaskDefinition.ContainerDefinitions),
	}
	slices.Sort(c.Needs)
	c.Needs = slices.Compact(c.Needs)
	switch ptr.Value(running.Status) {
	case "":
		c.Action = Create
	case statusActive:
		c.update(running, definition)
		return c
	default: // DRAINING or INACTIVE
		c.Action = Recreate
		c.Detail = []string{"was " + strings.ToLower(ptr.Value(running.Status))}
	}
	for _, container := range desired.TaskDefinition.ContainerDefinitions {
		c.Detail = append(c.Detail, ptr.Value(container.Image))
	}
	if n := desiredCount(desired.Settings); n != 1 {
		c.Detail = append(c.Detail, fmt.Sprintf("%d tasks", n))
	}
	return c
}

// update compares with an active service.
func (c *Change) update(running types.Service, definition *types.TaskDefinition) {
	c.Action = Update
	c.Baseline = baseline(running)
	c.now = c.Baseline
	c.Detail = taskdef.Diff(c.desired.TaskDefinition, definition)
	if definition != nil && definition.Status != types.TaskDefinitionStatusActive {
		c.Detail = append(c.Detail, "its task definition is no longer active")
	}
	c.same = len(c.Detail) == 0
	if p := primary(running); c.same && p != nil && p.RolloutState == types.DeploymentRolloutStateFailed {
		c.Detail, c.anew = []string{"its last deployment failed"}, true
	}
	if c.same && c.desired.Force {
		c.Detail, c.anew = append(c.Detail, "forced"), true
	}
	switch p := primary(running); {
	case len(c.Detail) == 0:
		c.Action = Unchanged
	case p != nil && p.RolloutState == types.DeploymentRolloutStateInProgress:
		c.Detail = append(c.Detail, "another deployment is under way, and would be the baseline")
	}
}

// foreignController reports an existing service that ECS itself does not deploy.
func foreignController(s types.Service) error {
	c := s.DeploymentController
	if ptr.Value(s.Status) != statusActive || c == nil || c.Type == "" || c.Type == types.DeploymentControllerTypeEcs {
		return nil
	}
	return fmt.Errorf("%s: %w: its deployment controller is %s", ptr.Value(s.ServiceName), ErrController, c.Type)
}

func baseline(s types.Service) *Baseline {
	b := &Baseline{TaskDefinition: ptr.Value(s.TaskDefinition), DesiredCount: s.DesiredCount}
	if p := primary(s); p != nil {
		b.Deployment = ptr.Value(p.Id)
		b.TaskDefinition = cmp.Or(ptr.Value(p.TaskDefinition), b.TaskDefinition)
	}
	return b
}

// The statuses of a service.
// Source: ECS API reference, Service, "status".
const (
	statusActive   = "ACTIVE"
	statusDraining = "DRAINING"
	statusInactive = "INACTIVE"
)

// describeBatch is the most services that one DescribeServices call takes.
// Source: ECS API reference, DescribeServices.
const describeBatch = 10

// describe reads the named services, in batches; those that do not exist are
// left out.
func (d *Deployer) describe(ctx context.Context, names []string) (map[string]types.Service, error) {
	found := make(map[string]types.Service, len(names))
	for batch := range slices.Chunk(names, describeBatch) {
		out, err := d.api.DescribeServices(ctx, &awsecs.DescribeServicesInput{Cluster: &d.opts.Cluster, Services: batch})
		if err != nil {
			return nil, fmt.Errorf("describe services %s: %w", strings.Join(batch, ", "), err)
		}
		for _, s := range out.Services {
			found[ptr.Value(s.ServiceName)] = s
		}
		for _, f := range out.Failures {
			if reason := ptr.Value(f.Reason); reason != "MISSING" {
				return nil, fmt.Errorf("describe service %s: %s", ptr.Value(f.Arn), reason)
			}
		}
	}
	return found, nil
}

// definitions reads the task definitions that services run, by ARN.
func (d *Deployer) definitions(ctx context.Context, services map[string]types.Service) (map[string]*types.TaskDefinition, error) {
	out := make(map[string]*types.TaskDefinition)
	for _, name := range slices.Sorted(maps.Keys(services)) {
		s := services[name]
		arn := ptr.Value(s.TaskDefinition)
		if arn == "" || out[arn] != nil || ptr.Value(s.Status) != statusActive {
			continue
		}
		err := d.insist(ctx, func() error {
			got, err := d.api.DescribeTaskDefinition(ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
			if err == nil {
				out[arn] = got.TaskDefinition
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("describe task definition of %s: %w", name, err)
		}
	}
	return out, nil
}
