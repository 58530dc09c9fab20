package ecs

import (
	"context"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"golang.org/x/time/rate"

	"github.com/mettel-automation/delivery/internal/wait"
)

// The calls that ECS takes of an account and region: so many a second
// sustained, and so many at once. Whoever makes more is throttled, and
// everybody else in the account with them.
// Source: Amazon ECS API reference, "Request throttling for the Amazon ECS API".
const (
	readsPerSecond, readBurst             = 20, 100
	servicesPerSecond, serviceBurst       = 5, 50
	definitionsPerSecond, definitionBurst = 1, 20
)

// limited is an API that keeps within the documented rates.
type limited struct {
	API
	reads, services, definitions *rate.Limiter
}

// limit returns api at factor times the documented rates.
func limit(api API, factor float64) limited {
	bucket := func(perSecond, burst float64) *rate.Limiter {
		return rate.NewLimiter(rate.Limit(perSecond*factor), max(1, int(burst*factor)))
	}
	return limited{
		API:         api,
		reads:       bucket(readsPerSecond, readBurst),
		services:    bucket(servicesPerSecond, serviceBurst),
		definitions: bucket(definitionsPerSecond, definitionBurst),
	}
}

// call waits for a place in bucket and makes the call.
func call[In, Out any](ctx context.Context, bucket *rate.Limiter, do func(context.Context, *In, ...func(*awsecs.Options)) (*Out, error), in *In, opts []func(*awsecs.Options)) (*Out, error) {
	place := bucket.Reserve()
	if pause := place.Delay(); pause > 0 {
		if err := wait.For(ctx, pause); err != nil {
			place.Cancel()
			return nil, err
		}
	}
	return do(ctx, in, opts...)
}

func (l limited) DescribeServices(ctx context.Context, in *awsecs.DescribeServicesInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error) {
	return call(ctx, l.reads, l.API.DescribeServices, in, opts)
}

func (l limited) DescribeTaskDefinition(ctx context.Context, in *awsecs.DescribeTaskDefinitionInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeTaskDefinitionOutput, error) {
	return call(ctx, l.reads, l.API.DescribeTaskDefinition, in, opts)
}

func (l limited) ListTasks(ctx context.Context, in *awsecs.ListTasksInput, opts ...func(*awsecs.Options)) (*awsecs.ListTasksOutput, error) {
	return call(ctx, l.reads, l.API.ListTasks, in, opts)
}

func (l limited) DescribeTasks(ctx context.Context, in *awsecs.DescribeTasksInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeTasksOutput, error) {
	return call(ctx, l.reads, l.API.DescribeTasks, in, opts)
}

func (l limited) ListServiceDeployments(ctx context.Context, in *awsecs.ListServiceDeploymentsInput, opts ...func(*awsecs.Options)) (*awsecs.ListServiceDeploymentsOutput, error) {
	return call(ctx, l.reads, l.API.ListServiceDeployments, in, opts)
}

func (l limited) DescribeServiceDeployments(ctx context.Context, in *awsecs.DescribeServiceDeploymentsInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeServiceDeploymentsOutput, error) {
	return call(ctx, l.reads, l.API.DescribeServiceDeployments, in, opts)
}

func (l limited) RegisterTaskDefinition(ctx context.Context, in *awsecs.RegisterTaskDefinitionInput, opts ...func(*awsecs.Options)) (*awsecs.RegisterTaskDefinitionOutput, error) {
	return call(ctx, l.definitions, l.API.RegisterTaskDefinition, in, opts)
}

func (l limited) CreateService(ctx context.Context, in *awsecs.CreateServiceInput, opts ...func(*awsecs.Options)) (*awsecs.CreateServiceOutput, error) {
	return call(ctx, l.services, l.API.CreateService, in, opts)
}

func (l limited) UpdateService(ctx context.Context, in *awsecs.UpdateServiceInput, opts ...func(*awsecs.Options)) (*awsecs.UpdateServiceOutput, error) {
	return call(ctx, l.services, l.API.UpdateService, in, opts)
}

func (l limited) DeleteService(ctx context.Context, in *awsecs.DeleteServiceInput, opts ...func(*awsecs.Options)) (*awsecs.DeleteServiceOutput, error) {
	return call(ctx, l.services, l.API.DeleteService, in, opts)
}
