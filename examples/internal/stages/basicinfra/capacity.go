package basicinfra

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/report"
)

// capacity finds out whether the account has room for a rollout of all services, before
// anything is built for it.
func (o Options) capacity(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) error {
	if len(j.Config.Services) == 0 {
		r.Skip("there are no services")
		return nil
	}
	s := site.Of(j)
	network, err := s.NetworkOutputs(ctx, site.Manager(c, j, nil))
	if err != nil {
		return err
	}
	name, err := s.Owner().ResourceName("ECS cluster")
	if err != nil {
		return err
	}
	client := awsecs.NewFromConfig(c.AWS)
	runs, there, err := tasks(ctx, client, name)
	if err != nil {
		return cli.Failed(fmt.Errorf("read what runs in %s: %w", name, err))
	}
	demands := demands(j.Config, runs, network.PrivateSubnets)
	supply, err := o.supply(ctx, client, j.Config, name, there)
	if err != nil {
		return cli.Failed(err)
	}
	if o.Limits != nil {
		if err := o.Limits(ctx, c, &supply, demands); err != nil { // what cannot be read is no reason to stop
			r.Notes = append(r.Notes, fmt.Sprintf("not all limits of the account could be read: %v", err))
		}
	}
	verdict := capacity.Check(demands, supply)
	r.Say("%s", verdict)
	r.Summary = fmt.Sprintf("a rollout of %d services %s", len(demands), verdict.Outcome)
	r.Notes = append(r.Notes, verdict.Warnings...)
	if verdict.OK() {
		return nil
	}
	for _, shortage := range verdict.Shortages {
		r.Failures = append(r.Failures, report.Failure{Subject: shortage.Service, Cause: strings.TrimPrefix(shortage.String(), shortage.Service+": ")})
	}
	return cli.Failed(fmt.Errorf("a rollout of all services %s: %s", verdict.Outcome, verdict.Shortages[0]))
}

// tasks are how many tasks each service of the cluster has, pending ones included;
// there is whether there is such a cluster.
func tasks(ctx context.Context, client *awsecs.Client, cluster string) (runs map[string]int, there bool, err error) {
	found, err := client.DescribeClusters(ctx, &awsecs.DescribeClustersInput{Clusters: []string{cluster}})
	if err != nil {
		return nil, false, err
	}
	if len(found.Clusters) == 0 || aws.ToString(found.Clusters[0].Status) == "INACTIVE" {
		return nil, false, nil
	}
	runs = map[string]int{}
	err = site.Services(ctx, client, cluster, func(s types.Service) {
		runs[aws.ToString(s.ServiceName)] = int(s.RunningCount + s.PendingCount)
	})
	return runs, true, err
}

// demands are what the services of the file ask for, all on Fargate. One that is there
// keeps the number of its tasks at least.
func demands(file *config.File, runs map[string]int, subnets []string) []capacity.Demand {
	var all []capacity.Demand
	for _, s := range file.Services {
		all = append(all, capacity.Demand{
			Service: s.Name, Needs: s.DependsOn, LaunchType: string(types.LaunchTypeFargate), Subnets: subnets,
			Task: capacity.Task{
				Resources: capacity.Resources{CPU: int(cmp.Or(s.CPU, 256)), Memory: int(cmp.Or(s.Memory, 512))}, ENI: true,
			},
			Desired: max(int(cmp.Or(s.Count, 1)), runs[s.Name]), Running: runs[s.Name],
		})
	}
	return all
}

func (o Options) supply(ctx context.Context, client *awsecs.Client, file *config.File, cluster string, there bool) (capacity.Supply, error) {
	api := &reader{Client: client}
	if !there {
		api.missing = cluster
	}
	return capacity.NewReader(api, capacity.Options{
		Tasks: api, FargateUsage: o.Limits != nil, TaskLimit: file.Infrastructure.TaskLimit, Project: file.Project + "-",
	}).Supply(ctx, cluster)
}

// reader is an ECS in which the cluster called missing is there, and empty: before the
// first deployment, an environment has no cluster, and its services need room all the
// same.
type reader struct {
	*awsecs.Client
	missing string
}

// ListContainerInstances is that of the client.
func (r *reader) ListContainerInstances(ctx context.Context, in *awsecs.ListContainerInstancesInput, opts ...func(*awsecs.Options)) (*awsecs.ListContainerInstancesOutput, error) {
	if r.missing != "" && aws.ToString(in.Cluster) == r.missing {
		return &awsecs.ListContainerInstancesOutput{}, nil
	}
	return r.Client.ListContainerInstances(ctx, in, opts...)
}

// ListTasks is that of the client.
func (r *reader) ListTasks(ctx context.Context, in *awsecs.ListTasksInput, opts ...func(*awsecs.Options)) (*awsecs.ListTasksOutput, error) {
	if r.missing != "" && aws.ToString(in.Cluster) == r.missing {
		return &awsecs.ListTasksOutput{}, nil
	}
	return r.Client.ListTasks(ctx, in, opts...)
}
