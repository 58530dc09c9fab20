package inventorytest

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// containers answers for ECS.
type containers struct{ *Region }

func (c containers) tags(arn *string) []ecstypes.Tag {
	return pairs(c.Tags[*arn], func(k, v *string) ecstypes.Tag { return ecstypes.Tag{Key: k, Value: v} })
}

// names are some property of those of items that are wanted.
func names[T any](items []T, name func(T) *string, wanted func(T) bool) []string {
	var all []string
	for _, item := range items {
		if wanted(item) {
			all = append(all, *name(item))
		}
	}
	return all
}

// ListClusters tells the ARNs of clusters.
func (c containers) ListClusters(_ context.Context, in *ecs.ListClustersInput, _ ...func(*ecs.Options)) (*ecs.ListClustersOutput, error) {
	if err := c.called("ecs:ListClusters"); err != nil {
		return nil, err
	}
	arns := names(c.Clusters, func(c ecstypes.Cluster) *string { return c.ClusterArn }, func(ecstypes.Cluster) bool { return true })
	part, next, err := page(c.account, arns, in.NextToken)
	return &ecs.ListClustersOutput{ClusterArns: part, NextToken: next}, err
}

// DescribeClusters tells clusters, with their tags where that is asked for.
func (c containers) DescribeClusters(_ context.Context, in *ecs.DescribeClustersInput, _ ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error) {
	if err := c.called("ecs:DescribeClusters"); err != nil {
		return nil, err
	}
	out := &ecs.DescribeClustersOutput{}
	for _, cluster := range c.Clusters {
		if slices.Contains(in.Clusters, *cluster.ClusterArn) {
			if slices.Contains(in.Include, ecstypes.ClusterFieldTags) {
				cluster.Tags = c.tags(cluster.ClusterArn)
			}
			out.Clusters = append(out.Clusters, cluster)
		}
	}
	return out, nil
}

// ListContainerInstances tells the instances of a cluster.
func (c containers) ListContainerInstances(_ context.Context, in *ecs.ListContainerInstancesInput, _ ...func(*ecs.Options)) (*ecs.ListContainerInstancesOutput, error) {
	if err := c.called("ecs:ListContainerInstances"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.Instances[*in.Cluster], in.NextToken)
	return &ecs.ListContainerInstancesOutput{ContainerInstanceArns: part, NextToken: next}, err
}

// ListServices tells the ARNs of the services of a cluster.
func (c containers) ListServices(_ context.Context, in *ecs.ListServicesInput, _ ...func(*ecs.Options)) (*ecs.ListServicesOutput, error) {
	if err := c.called("ecs:ListServices"); err != nil {
		return nil, err
	}
	arns := names(c.Services, func(s ecstypes.Service) *string { return s.ServiceArn }, func(s ecstypes.Service) bool { return *s.ClusterArn == *in.Cluster })
	part, next, err := page(c.account, arns, in.NextToken)
	return &ecs.ListServicesOutput{ServiceArns: part, NextToken: next}, err
}

// DescribeServices tells services, with their tags where that is asked for.
func (c containers) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	if err := c.called("ecs:DescribeServices"); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServicesOutput{}
	for _, service := range c.Services {
		if slices.Contains(in.Services, *service.ServiceArn) {
			if slices.Contains(in.Include, ecstypes.ServiceFieldTags) {
				service.Tags = c.tags(service.ServiceArn)
			}
			out.Services = append(out.Services, service)
		}
	}
	return out, nil
}

// ListTasks tells the ARNs of the tasks of a cluster.
func (c containers) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	if err := c.called("ecs:ListTasks"); err != nil {
		return nil, err
	}
	arns := names(c.Tasks, func(t ecstypes.Task) *string { return t.TaskArn }, func(t ecstypes.Task) bool { return *t.ClusterArn == *in.Cluster })
	part, next, err := page(c.account, arns, in.NextToken)
	return &ecs.ListTasksOutput{TaskArns: part, NextToken: next}, err
}

// DescribeTasks tells tasks, with their tags where that is asked for.
func (c containers) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	if err := c.called("ecs:DescribeTasks"); err != nil {
		return nil, err
	}
	out := &ecs.DescribeTasksOutput{}
	for _, task := range c.Tasks {
		if slices.Contains(in.Tasks, *task.TaskArn) {
			if slices.Contains(in.Include, ecstypes.TaskFieldTags) {
				task.Tags = c.tags(task.TaskArn)
			}
			out.Tasks = append(out.Tasks, task)
		}
	}
	return out, nil
}

// ListTaskDefinitions tells the ARNs of the revisions that have a status.
func (c containers) ListTaskDefinitions(_ context.Context, in *ecs.ListTaskDefinitionsInput, _ ...func(*ecs.Options)) (*ecs.ListTaskDefinitionsOutput, error) {
	if err := c.called("ecs:ListTaskDefinitions"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.TaskDefinitions[in.Status], in.NextToken)
	return &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: part, NextToken: next}, err
}

// balancers answers for Elastic Load Balancing.
type balancers struct{ *Region }

// DescribeLoadBalancers tells the load balancers.
func (b balancers) DescribeLoadBalancers(_ context.Context, in *elb.DescribeLoadBalancersInput, _ ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error) {
	if err := b.called("elasticloadbalancing:DescribeLoadBalancers"); err != nil {
		return nil, err
	}
	part, next, err := page(b.account, b.LoadBalancers, in.Marker)
	return &elb.DescribeLoadBalancersOutput{LoadBalancers: part, NextMarker: next}, err
}

// DescribeTargetGroups tells the target groups.
func (b balancers) DescribeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput, _ ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	if err := b.called("elasticloadbalancing:DescribeTargetGroups"); err != nil {
		return nil, err
	}
	part, next, err := page(b.account, b.TargetGroups, in.Marker)
	return &elb.DescribeTargetGroupsOutput{TargetGroups: part, NextMarker: next}, err
}

// DescribeListeners tells the listeners of a load balancer.
func (b balancers) DescribeListeners(_ context.Context, in *elb.DescribeListenersInput, _ ...func(*elb.Options)) (*elb.DescribeListenersOutput, error) {
	if err := b.called("elasticloadbalancing:DescribeListeners"); err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(slices.Clone(b.Listeners), func(l elbtypes.Listener) bool { return *l.LoadBalancerArn != *in.LoadBalancerArn })
	part, next, err := page(b.account, own, in.Marker)
	return &elb.DescribeListenersOutput{Listeners: part, NextMarker: next}, err
}

// DescribeRules tells the rules of a listener.
func (b balancers) DescribeRules(_ context.Context, in *elb.DescribeRulesInput, _ ...func(*elb.Options)) (*elb.DescribeRulesOutput, error) {
	if err := b.called("elasticloadbalancing:DescribeRules"); err != nil {
		return nil, err
	}
	part, next, err := page(b.account, b.Rules[*in.ListenerArn], in.Marker)
	return &elb.DescribeRulesOutput{Rules: part, NextMarker: next}, err
}

// DescribeTags tells the tags of up to 20 things.
func (b balancers) DescribeTags(_ context.Context, in *elb.DescribeTagsInput, _ ...func(*elb.Options)) (*elb.DescribeTagsOutput, error) {
	if err := b.called("elasticloadbalancing:DescribeTags"); err != nil {
		return nil, err
	}
	if len(in.ResourceArns) > 20 {
		return nil, missing("more than 20")
	}
	out := &elb.DescribeTagsOutput{}
	for _, arn := range in.ResourceArns {
		tags := pairs(b.Tags[arn], func(k, v *string) elbtypes.Tag { return elbtypes.Tag{Key: k, Value: v} })
		out.TagDescriptions = append(out.TagDescriptions, elbtypes.TagDescription{ResourceArn: &arn, Tags: tags})
	}
	return out, nil
}
