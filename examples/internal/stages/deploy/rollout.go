package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/ecs/logs"
	"github.com/mettel-automation/delivery/ecs/targets"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
)

// rollout brings the services to the cluster of the environment, each as soon as what
// it depends on is healthy.
func (o Options) rollout(ctx context.Context, j *job.Job, r *job.Record) error {
	if len(j.Config.Services) == 0 {
		r.Skip("%s has no services", config.Name)
		return nil
	}
	c, err := o.Connect(ctx, j)
	if err != nil {
		return err
	}
	p, err := o.place(ctx, c, j, r)
	if err != nil {
		return err
	}
	services, err := p.services(j.Config.Services)
	if err != nil {
		return err
	}
	opts, err := o.tuning(c, j, p.in.Cluster)
	if err != nil {
		return err
	}
	var events progress.Recorder
	opts.Progress = progress.Tee(r.Emit, events.Record)
	deployer := ecs.New(awsecs.NewFromConfig(c.AWS), opts)
	plan, result, err := deliver(ctx, deployer, services, r)
	tell(r, plan, result, services)
	if plan.Empty() {
		return err
	}
	return errors.Join(err, draw(j, r, events.Events()))
}

// outputs are what the services need of the stack of the environment.
func outputs(ctx context.Context, s site.Site, manager *stack.Manager) (infra.EnvironmentOutputs, error) {
	environment := s.Environment(infra.NetworkOutputs{})
	name, err := environment.StackName()
	if err != nil {
		return infra.EnvironmentOutputs{}, err
	}
	there, err := manager.Outputs(ctx, name)
	if err != nil {
		return infra.EnvironmentOutputs{}, cli.Failed(err)
	}
	out, err := environment.Read(there)
	return out, cli.Failed(err)
}

// place finds out where services run. The names by which they find one another are made
// on the way, since a service cannot be given one later.
func (o Options) place(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) (place, error) {
	p := place{env: j.Env, region: c.AWS.Region}
	s, manager := site.Of(j), site.Manager(c, j, r.Emit)
	var err error
	if p.roles, err = s.RolesOutputs(ctx, manager); err != nil {
		return p, err
	}
	if p.in, err = outputs(ctx, s, manager); err != nil {
		return p, err
	}
	if p.images, err = o.Images(ctx, c, j); err != nil {
		return p, err
	}
	named := discovery.New(servicediscovery.NewFromConfig(c.AWS), discovery.Options{
		Namespace: p.in.Namespace, Tags: j.Env.Tags(), Progress: r.Emit, PollInterval: c.Pace(2 * time.Second),
	})
	p.registries, err = named.Ensure(ctx, names(j.Config.Services))
	return p, cli.Failed(err)
}

// Journal is the path of the file by which a rollout goes on with one that was killed.
func Journal(j *job.Job) (string, error) {
	return j.Dir.Path("rollout-" + j.Env.Name + ".journal")
}

// tuning is how the services of a cluster are rolled out: the gates that they have to
// pass, and the journal by which a run goes on with one that was killed.
func (o Options) tuning(c *cloud.Cloud, j *job.Job, cluster string) (ecs.Options, error) {
	journal, err := Journal(j)
	if err != nil {
		return ecs.Options{}, err
	}
	client := awsecs.NewFromConfig(c.AWS)
	opts := ecs.Options{
		Cluster: cluster, Journal: ecs.FileJournal(journal), Rate: max(1, c.Speed),
		PollInterval: c.Pace(5 * time.Second), PlacementPatience: c.Pace(2 * time.Minute), Timeout: max(time.Minute, c.Pace(15*time.Minute)),
		Gates: []ecs.Gate{targets.New(elasticloadbalancingv2.NewFromConfig(c.AWS), targets.Options{Instances: client})},
		Logs:  logs.New(cloudwatchlogs.NewFromConfig(c.AWS), logs.Options{}),
	}
	if c.Speed <= 1 { // where time runs faster, nobody resolves names, and the gate would wait for what resolvers remember
		opts.Gates = append(opts.Gates, foundByOthers(j.Config.Services, discovery.NewGate(servicediscovery.NewFromConfig(c.AWS))))
	}
	return opts, nil
}

// foundByOthers asks gate for those services alone that others wait for: they may look
// the name up once, when they start.
func foundByOthers(services []config.Service, gate ecs.Gate) ecs.Gate {
	needed := map[string]bool{}
	for _, s := range services {
		for _, name := range s.DependsOn {
			needed[name] = true
		}
	}
	return ecs.GateFunc(func(ctx context.Context, c ecs.Candidate) (bool, string, error) {
		if c.Service.ServiceName == nil || !needed[*c.Service.ServiceName] {
			return true, "", nil
		}
		return gate.Ready(ctx, c)
	})
}

// deliver plans the rollout and does it. One that was left unfinished and is of other
// services than these is rolled back first: what it began with is known to nobody else.
func deliver(ctx context.Context, d *ecs.Deployer, services []ecs.Service, r *job.Record) (ecs.Plan, ecs.Result, error) {
	plan, err := d.Plan(ctx, services)
	if err != nil {
		return plan, ecs.Result{}, blame(err)
	}
	show(r, plan)
	result, err := d.Apply(ctx, plan)
	if !errors.Is(err, ecs.ErrUnfinished) {
		return plan, result, cli.Failed(err)
	}
	note := "an earlier rollout of other images was left unfinished; it is rolled back first"
	r.Notes = append(r.Notes, note)
	r.Say("%s", note)
	if _, err := d.Rollback(ctx); err != nil {
		return plan, result, cli.Failed(fmt.Errorf("roll back the unfinished rollout: %w", err))
	}
	if plan, err = d.Plan(ctx, services); err != nil {
		return plan, ecs.Result{}, blame(err)
	}
	show(r, plan)
	result, err = d.Apply(ctx, plan)
	return plan, result, cli.Failed(err)
}

// blame marks what AWS has refused or not answered as a failure of the delivery; any
// other error of a plan is one of the input, such as a cycle.
func blame(err error) error {
	if _, remote := errors.AsType[*smithy.OperationError](err); remote {
		return cli.Failed(err)
	}
	return err
}
