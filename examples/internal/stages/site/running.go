package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
)

// describeServices is the most services that one DescribeServices call takes.
// Source: ECS API reference, DescribeServices, "services".
const describeServices = 10

// lookups limits the calls for task definitions at once, of which ECS takes some 20 a
// second. Source: ECS API reference, "API throttling".
const lookups = 8

// Running are the images that the services of all environments of the project run, or
// start with next, as their task definitions name them: sorted, and never nil. These
// must stay in the registry. Clusters that are excepted do not count.
func (s Site) Running(ctx context.Context, c *cloud.Cloud, except ...string) ([]string, error) {
	images, err := running(ctx, awsecs.NewFromConfig(c.AWS), s.Config.Project+"-", except)
	if err != nil {
		return nil, cli.Failed(fmt.Errorf("read which images run: %w", err))
	}
	return images, nil
}

func running(ctx context.Context, api *awsecs.Client, prefix string, except []string) ([]string, error) {
	definitions := map[string]bool{}
	clusters := awsecs.NewListClustersPaginator(api, &awsecs.ListClustersInput{})
	for clusters.HasMorePages() {
		page, err := clusters.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, arn := range page.ClusterArns {
			name := arn[strings.LastIndexByte(arn, '/')+1:]
			if !strings.HasPrefix(name, prefix) || slices.Contains(except, name) {
				continue
			}
			err := Services(ctx, api, arn, func(service types.Service) {
				definitions[aws.ToString(service.TaskDefinition)] = true
				for _, d := range service.Deployments {
					definitions[aws.ToString(d.TaskDefinition)] = true
				}
			})
			if err != nil {
				return nil, err
			}
		}
	}
	delete(definitions, "")
	names := slices.Sorted(maps.Keys(definitions))
	found := make([][]string, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, name := range names {
		group.Go(func() error {
			out, err := api.DescribeTaskDefinition(ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
			if err != nil {
				return err
			}
			for _, container := range out.TaskDefinition.ContainerDefinitions {
				found[i] = append(found[i], aws.ToString(container.Image))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	images := slices.Concat(found...)
	slices.Sort(images)
	return append([]string{}, slices.Compact(images)...), nil
}

// Services calls see with each service of a cluster that is not gone.
func Services(ctx context.Context, api *awsecs.Client, cluster string, see func(types.Service)) error {
	pages := awsecs.NewListServicesPaginator(api, &awsecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(page.ServiceArns, describeServices) {
			out, err := api.DescribeServices(ctx, &awsecs.DescribeServicesInput{Cluster: &cluster, Services: batch})
			if err != nil {
				return err
			}
			for _, service := range out.Services {
				if aws.ToString(service.Status) != "INACTIVE" {
					see(service)
				}
			}
		}
	}
	return nil
}
