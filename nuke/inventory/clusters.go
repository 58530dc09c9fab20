package inventory

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// The most that one call describes. Source: ECS API reference, DescribeClusters,
// DescribeServices and DescribeTasks.
const (
	clusterBatch = 100
	serviceBatch = 10
	taskBatch    = 100
)

// readClusters reads clusters and what is in them.
func readClusters(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var arns []string
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "ecs:ListClusters", p.Clusters.ListClusters, &ecs.ListClustersInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.ClusterArns...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	var things gathered
	err = each(ctx, slices.Collect(slices.Chunk(arns, clusterBatch)), func(ctx context.Context, arns []string) error {
		in := &ecs.DescribeClustersInput{Clusters: arns, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldTags}}
		out, err := call(ctx, p, "ecs:DescribeClusters", p.Clusters.DescribeClusters, in)
		if err != nil {
			return err
		}
		return each(ctx, out.Clusters, func(ctx context.Context, c ecstypes.Cluster) error { return readCluster(ctx, p, c, &things) })
	})
	return things.list, err
}

func readCluster(ctx context.Context, p *place, c ecstypes.Cluster, things *gathered) error {
	arn := ptr.Value(c.ClusterArn)
	t := p.thing("ECSCluster", arn, ptr.Value(c.ClusterName), map[string]string{"ARN": arn})
	t.ARN, t.Keys, t.Tags, t.Moot = arn, []string{arn}, ecsTags(c.Tags), ptr.Value(c.Status) == "INACTIVE"
	things.add(t)
	if t.Moot {
		return nil
	}
	in := whose.Part{Kind: "cluster", Key: arn}
	services, err := readServices(ctx, p, in)
	things.add(services...)
	if err != nil {
		return gone(err)
	}
	tasks, err := readTasks(ctx, p, in, services)
	things.add(tasks...)
	if err != nil {
		return gone(err)
	}
	return gone(pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "ecs:ListContainerInstances", p.Clusters.ListContainerInstances, &ecs.ListContainerInstancesInput{Cluster: &arn, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, instance := range out.ContainerInstanceArns {
			t := p.thing("ECSClusterInstance", instance+" -> "+arn, "", nil)
			t.ARN, t.Within = instance, []whose.Part{in}
			things.add(t)
		}
		return out.NextToken, nil
	}))
}

func readServices(ctx context.Context, p *place, in whose.Part) ([]*whose.Thing, error) {
	var arns []string
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "ecs:ListServices", p.Services.ListServices, &ecs.ListServicesInput{Cluster: &in.Key, NextToken: token, MaxResults: new(int32(100))})
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.ServiceArns...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	var things gathered
	err = each(ctx, slices.Collect(slices.Chunk(arns, serviceBatch)), func(ctx context.Context, arns []string) error {
		out, err := call(ctx, p, "ecs:DescribeServices", p.Services.DescribeServices, &ecs.DescribeServicesInput{
			Cluster: &in.Key, Services: arns, Include: []ecstypes.ServiceField{ecstypes.ServiceFieldTags},
		})
		if err != nil {
			return err
		}
		for _, service := range out.Services {
			arn := ptr.Value(service.ServiceArn)
			t := p.thing("ECSService", arn+" -> "+in.Key, ptr.Value(service.ServiceName), map[string]string{"ServiceARN": arn, "ClusterARN": in.Key})
			t.ARN, t.Keys, t.Tags, t.Within = arn, []string{serviceKey(in, ptr.Value(service.ServiceName))}, ecsTags(service.Tags), []whose.Part{in}
			t.Moot = ptr.Value(service.Status) == "INACTIVE"
			things.add(t)
		}
		return nil
	})
	return things.list, err
}

// serviceKey is how tasks mean their service: by its name.
func serviceKey(cluster whose.Part, name string) string { return cluster.Key + " service " + name }

// readTasks reads the tasks that are to run. A task is part of its service, which is
// part of the cluster; one that was started by hand is part of the cluster.
func readTasks(ctx context.Context, p *place, in whose.Part, services []*whose.Thing) ([]*whose.Thing, error) {
	var arns []string
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "ecs:ListTasks", p.Services.ListTasks, &ecs.ListTasksInput{Cluster: &in.Key, DesiredStatus: ecstypes.DesiredStatusRunning, NextToken: token})
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.TaskArns...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	var things gathered
	err = each(ctx, slices.Collect(slices.Chunk(arns, taskBatch)), func(ctx context.Context, arns []string) error {
		out, err := call(ctx, p, "ecs:DescribeTasks", p.Services.DescribeTasks, &ecs.DescribeTasksInput{
			Cluster: &in.Key, Tasks: arns, Include: []ecstypes.TaskField{ecstypes.TaskFieldTags},
		})
		if err != nil {
			return err
		}
		for _, task := range out.Tasks {
			arn := ptr.Value(task.TaskArn)
			t := p.thing("ECSTask", arn, "", map[string]string{"TaskARN": arn, "ClusterARN": in.Key})
			t.ARN, t.Tags, t.Within = arn, ecsTags(task.Tags), []whose.Part{in}
			name, _ := strings.CutPrefix(ptr.Value(task.Group), "service:")
			service := serviceKey(in, name)
			if slices.ContainsFunc(services, func(t *whose.Thing) bool { return slices.Contains(t.Keys, service) }) {
				t.Within = []whose.Part{{Kind: "service", Key: service}}
			}
			things.add(t)
		}
		return nil
	})
	return things.list, err
}

// readTaskDefinitions reads the revisions of all families. Their names are in their
// ARNs: describing each would take hours, at the rate that ECS allows.
func readTaskDefinitions(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	for _, status := range []ecstypes.TaskDefinitionStatus{ecstypes.TaskDefinitionStatusActive, ecstypes.TaskDefinitionStatusInactive, ecstypes.TaskDefinitionStatusDeleteInProgress} {
		err := pages(func(token *string) (*string, error) {
			in := &ecs.ListTaskDefinitionsInput{Status: status, NextToken: token, MaxResults: new(int32(100))}
			out, err := call(ctx, p, "ecs:ListTaskDefinitions", p.Services.ListTaskDefinitions, in)
			if err != nil {
				return nil, err
			}
			for _, arn := range out.TaskDefinitionArns {
				family := familyOf(arn)
				t := p.thing("ECSTaskDefinition", arn, family, map[string]string{"Name": family, "Status": string(status)})
				t.ARN = arn
				t.Moot = status == ecstypes.TaskDefinitionStatusDeleteInProgress || status == ecstypes.TaskDefinitionStatusInactive && p.opts.Major == 2
				things = append(things, t)
			}
			return out.NextToken, nil
		})
		if err != nil {
			return things, err
		}
	}
	return things, nil
}

// familyOf is the family in the ARN of a task definition.
func familyOf(arn string) string {
	_, family, _ := strings.Cut(arn, ":task-definition/")
	if end := strings.LastIndexByte(family, ':'); end >= 0 {
		family = family[:end]
	}
	return family
}

func ecsTags(list []ecstypes.Tag) map[string]string {
	return tags(list, func(t ecstypes.Tag) (*string, *string) { return t.Key, t.Value })
}

// gone is err, unless that says that what was asked for has just been deleted.
func gone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}

// gathered are things that several calls find at once.
type gathered struct {
	mu   sync.Mutex
	list []*whose.Thing
}

func (g *gathered) add(things ...*whose.Thing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list = append(g.list, things...)
}
