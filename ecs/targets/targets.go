// Package targets holds an ECS service back until its load balancers find its
// tasks healthy.
//
// A [Gate] is one of the gates of a rollout:
//
//	gate := targets.New(elasticloadbalancingv2.NewFromConfig(cfg), targets.Options{})
//	deployer := ecs.New(client, ecs.Options{Cluster: "automation-master", Gates: []ecs.Gate{gate}})
//
// A service passes when, for every target group that it names, each running task
// of the deployment is a healthy target: its own address and the container's
// port where the task has a network interface, the instance and the host's port
// otherwise. Targets of older deployments do not count. A service without target
// groups passes without a call.
//
// The gate makes one call for each target group and poll. It does not register
// targets, which ECS does itself, and it does not know Classic Load Balancers.
package targets

import (
	"context"
	"fmt"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/internal/candidate"
	"github.com/mettel-automation/delivery/ecs/internal/grant"
	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// API is what the gate needs of an [elb.Client]. It takes the permission
// elasticloadbalancing:DescribeTargetHealth.
type API interface {
	DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error)
}

// InstanceReader tells on which EC2 instance a task runs; an [*awsecs.Client]
// is one. It takes the permission ecs:DescribeContainerInstances.
type InstanceReader interface {
	DescribeContainerInstances(context.Context, *awsecs.DescribeContainerInstancesInput, ...func(*awsecs.Options)) (*awsecs.DescribeContainerInstancesOutput, error)
}

// Options tune a Gate. The zero value serves tasks in network mode awsvpc,
// which are all tasks on Fargate.
type Options struct {
	// Instances is needed for tasks in network mode bridge or host, whose targets
	// are EC2 instances.
	Instances InstanceReader
}

// Gate is an [ecs.Gate]. It keeps nothing between calls, and is safe for use by
// several rollouts at once.
type Gate struct {
	api  API
	opts Options
}

// New returns a Gate that asks api.
func New(api API, opts Options) *Gate { return &Gate{api: api, opts: opts} }

// Ready reports whether all targets of the candidate are healthy. If not, news
// count them for each target group that lacks some, and say why in the load
// balancer's words. An error names the service and the target group.
func (g *Gate) Ready(ctx context.Context, c ecs.Candidate) (ok bool, news string, err error) {
	bindings := bindingsOf(c.Service)
	if len(bindings) == 0 {
		return true, "", nil
	}
	tasks, news := candidate.Running(c)
	if news != "" || len(tasks) == 0 {
		return news == "", news, nil
	}
	fail := func(err error) (bool, string, error) {
		return false, "", fmt.Errorf("check targets of service %s: %w", ptr.Value(c.Service.ServiceName), err)
	}
	instances, err := g.instances(ctx, c.Cluster, tasks)
	if err != nil {
		return fail(err)
	}
	var lacking []string
	for _, b := range bindings {
		health, err := g.health(ctx, b)
		if err != nil {
			return fail(err)
		}
		if text := b.judge(tasks, instances, health); text != "" {
			lacking = append(lacking, text)
		}
	}
	return len(lacking) == 0, strings.Join(lacking, "; "), nil
}

// health reads the targets of a binding.
func (g *Gate) health(ctx context.Context, b binding) ([]types.TargetHealthDescription, error) {
	var all []types.TargetHealthDescription
	for _, group := range b.groups {
		out, err := g.api.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &group})
		if err != nil {
			return nil, fmt.Errorf("describe health of target group %s: %w", groupName(group), grant.Explain(err, "elasticloadbalancing:DescribeTargetHealth"))
		}
		all = append(all, out.TargetHealthDescriptions...)
	}
	return all, nil
}

// instanceBatch is the most instances that one call takes.
// Source: ECS API reference, DescribeContainerInstances.
const instanceBatch = 100

// instances returns the EC2 instances of the tasks that have no address of
// their own, by the ARN of the container instance.
func (g *Gate) instances(ctx context.Context, cluster string, tasks []ecstypes.Task) (map[string]string, error) {
	arns := hosts(tasks)
	if len(arns) == 0 {
		return nil, nil
	}
	if g.opts.Instances == nil {
		return nil, fmt.Errorf("tasks on %s have no network interface of their own: set Options.Instances to find the EC2 instance", short.Name(arns[0]))
	}
	found := make(map[string]string)
	for len(arns) > 0 {
		batch := arns[:min(instanceBatch, len(arns))]
		arns = arns[len(batch):]
		out, err := g.opts.Instances.DescribeContainerInstances(ctx, &awsecs.DescribeContainerInstancesInput{Cluster: &cluster, ContainerInstances: batch})
		if err != nil {
			return nil, fmt.Errorf("describe container instances: %w", grant.Explain(err, "ecs:DescribeContainerInstances"))
		}
		for _, i := range out.ContainerInstances {
			found[ptr.Value(i.ContainerInstanceArn)] = ptr.Value(i.Ec2InstanceId)
		}
	}
	return found, nil
}
