package capacity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// API is what a Reader always needs; an [*awsecs.Client] has it.
type API interface {
	ListContainerInstances(context.Context, *awsecs.ListContainerInstancesInput, ...func(*awsecs.Options)) (*awsecs.ListContainerInstancesOutput, error)
	DescribeContainerInstances(context.Context, *awsecs.DescribeContainerInstancesInput, ...func(*awsecs.Options)) (*awsecs.DescribeContainerInstancesOutput, error)
	ListClusters(context.Context, *awsecs.ListClustersInput, ...func(*awsecs.Options)) (*awsecs.ListClustersOutput, error)
	DescribeClusters(context.Context, *awsecs.DescribeClustersInput, ...func(*awsecs.Options)) (*awsecs.DescribeClustersOutput, error)
}

// TaskAPI tells where tasks run; an [*awsecs.Client] has it.
type TaskAPI interface {
	ListTasks(context.Context, *awsecs.ListTasksInput, ...func(*awsecs.Options)) (*awsecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *awsecs.DescribeTasksInput, ...func(*awsecs.Options)) (*awsecs.DescribeTasksOutput, error)
}

// ProviderAPI tells of capacity providers; an [*awsecs.Client] has it.
type ProviderAPI interface {
	DescribeCapacityProviders(context.Context, *awsecs.DescribeCapacityProvidersInput, ...func(*awsecs.Options)) (*awsecs.DescribeCapacityProvidersOutput, error)
}

// Options tune a Reader. The zero value reads the instances of the cluster alone.
type Options struct {
	// Tasks reads on which instances the cluster's tasks run, and how many network
	// interfaces they have there. Nil does without: room that an update frees is
	// then only known to be enough for a task that is no larger.
	Tasks TaskAPI
	// Providers reads which capacity providers start instances by themselves. Nil
	// counts on the instances that there are.
	Providers ProviderAPI
	// FargateUsage has Tasks also add up the vCPU of Fargate tasks in all clusters
	// of the region, since these share one quota: at least a call a cluster, and
	// one for every 100 tasks. Only [capacity/limits] reads the quota itself. Pods
	// that EKS runs on Fargate share it too; they are not seen.
	//
	// [capacity/limits]: https://pkg.go.dev/github.com/mettel-automation/delivery/ecs/capacity/limits
	FargateUsage bool
	// TaskLimit is how many tasks, running and pending, all clusters of the
	// project may have together; 0 is no limit.
	TaskLimit int
	// Project is what the names of the project's clusters begin with; empty
	// counts all clusters of the region.
	Project string
}

// Reader reads what a cluster can supply.
type Reader struct {
	api  API
	opts Options
}

// NewReader returns a Reader that asks ECS through api.
func NewReader(api API, opts Options) *Reader { return &Reader{api: api, opts: opts} }

// The most that one call takes or gives.
// Source: ECS API reference, DescribeContainerInstances, DescribeClusters, DescribeTasks.
const describeBatch = 100

// Supply reads what cluster, a name or an ARN, can supply. It only reads.
//
// What may not be read for lack of a permission is a warning of the Supply; any
// other failure is an error.
func (r *Reader) Supply(ctx context.Context, cluster string) (Supply, error) {
	s := Supply{Cluster: cluster, Tasks: TaskCount{Limit: r.opts.TaskLimit}}
	var clusters []string // of the region, where they are asked for
	steps := []struct {
		what string
		want bool
		read func() error
	}{
		{"the container instances of " + cluster, true, func() (err error) {
			s.Instances, err = r.instances(ctx, cluster)
			return err
		}},
		{"the capacity providers of " + cluster, true, func() error { return r.providers(ctx, cluster, &s) }},
		{"where the tasks of " + cluster + " run", r.opts.Tasks != nil, func() error { return r.placed(ctx, cluster, &s) }},
		{"the clusters of the region", r.opts.TaskLimit > 0 || r.usage(), func() (err error) {
			clusters, err = r.clusters(ctx)
			return err
		}},
		{"how many tasks the clusters run", r.opts.TaskLimit > 0, func() (err error) {
			if clusters != nil {
				s.Tasks.Used, err = r.taskCount(ctx, clusters)
			}
			return err
		}},
		{"what is used of the Fargate quota", r.usage(), func() error {
			if clusters == nil {
				return nil
			}
			return r.fargateUsage(ctx, clusters, &s)
		}},
	}
	for _, step := range steps {
		if !step.want {
			continue
		}
		err := step.read()
		switch {
		case denied(err):
			s.Warnings = append(s.Warnings, fmt.Sprintf("may not read %s: %v", step.what, err))
		case err != nil:
			return Supply{}, fmt.Errorf("read %s: %w", step.what, err)
		}
	}
	return s, nil
}

func (r *Reader) usage() bool { return r.opts.FargateUsage && r.opts.Tasks != nil }

// denied reports whether err is a missing permission.
func denied(err error) bool { return strings.HasPrefix(code(err), "AccessDenied") }

// gone reports whether err is of a cluster that was deleted since it was listed.
func gone(err error) bool { return code(err) == "ClusterNotFoundException" }

func code(err error) string {
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return ""
}

func (r *Reader) instances(ctx context.Context, cluster string) ([]Instance, error) {
	out := []Instance{}
	pages := awsecs.NewListContainerInstancesPaginator(r.api, &awsecs.ListContainerInstancesInput{Cluster: &cluster})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for batch := range slices.Chunk(page.ContainerInstanceArns, describeBatch) {
			got, err := r.api.DescribeContainerInstances(ctx, &awsecs.DescribeContainerInstancesInput{Cluster: &cluster, ContainerInstances: batch})
			if err != nil {
				return nil, err
			}
			for _, i := range got.ContainerInstances {
				out = append(out, instanceOf(i))
			}
		}
	}
	slices.SortFunc(out, func(a, b Instance) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// providers reads which capacity providers are the default, and which grow.
func (r *Reader) providers(ctx context.Context, cluster string, s *Supply) error {
	out, err := r.api.DescribeClusters(ctx, &awsecs.DescribeClustersInput{Clusters: []string{cluster}})
	if err != nil || len(out.Clusters) == 0 {
		return err
	}
	for _, item := range out.Clusters[0].DefaultCapacityProviderStrategy {
		s.DefaultProviders = append(s.DefaultProviders, ptr.Value(item.CapacityProvider))
	}
	own := slices.DeleteFunc(slices.Clone(out.Clusters[0].CapacityProviders), func(name string) bool {
		return name == onFargate || name == fargateSpot
	})
	if r.opts.Providers == nil || len(own) == 0 {
		return nil
	}
	input := &awsecs.DescribeCapacityProvidersInput{CapacityProviders: own}
	for {
		got, err := r.opts.Providers.DescribeCapacityProviders(ctx, input)
		if err != nil {
			return err
		}
		for _, p := range got.CapacityProviders {
			if grows(p) {
				s.Growing = append(s.Growing, ptr.Value(p.Name))
			}
		}
		if input.NextToken = got.NextToken; ptr.Value(input.NextToken) == "" {
			slices.Sort(s.Growing)
			return nil
		}
	}
}

func grows(p types.CapacityProvider) bool {
	if p.ManagedInstancesProvider != nil {
		return true
	}
	asg := p.AutoScalingGroupProvider
	return asg != nil && asg.ManagedScaling != nil && asg.ManagedScaling.Status == types.ManagedScalingStatusEnabled
}

// clusters lists the ARNs of the region's clusters; it is never nil.
func (r *Reader) clusters(ctx context.Context) ([]string, error) {
	out := []string{}
	pages := awsecs.NewListClustersPaginator(r.api, &awsecs.ListClustersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, page.ClusterArns...)
	}
	return out, nil
}

// taskCount counts the tasks of those clusters that belong to the project.
func (r *Reader) taskCount(ctx context.Context, clusters []string) (*int, error) {
	own := slices.DeleteFunc(slices.Clone(clusters), func(arn string) bool {
		return !strings.HasPrefix(short.Name(arn), r.opts.Project)
	})
	count := 0
	for batch := range slices.Chunk(own, describeBatch) {
		out, err := r.api.DescribeClusters(ctx, &awsecs.DescribeClustersInput{Clusters: batch})
		if err != nil {
			return nil, err
		}
		for _, c := range out.Clusters {
			count += int(c.RunningTasksCount + c.PendingTasksCount)
		}
	}
	return &count, nil
}
