// Package ecs rolls out many Amazon ECS services that depend on one another.
//
// [Deployer.Plan] compares the desired services with those that run, and only
// reads; [Deployer.Apply] writes what the plan says. A service starts the moment
// all that it depends on is healthy, and a failure rolls back in reverse order:
//
//	deployer := ecs.New(awsecs.NewFromConfig(cfg), ecs.Options{Cluster: "automation-master"})
//	plan, err := deployer.Plan(ctx, services)
//	result, err := deployer.Apply(ctx, plan)
//
// Healthy means that the deployment which this rollout began is primary and
// complete, and runs all its tasks with their health checks passing, two polls
// in a row: what the circuit breaker has rolled back, or somebody else deploys
// meanwhile, is no success. With Options.Journal the next run goes on with one
// that was killed, or undoes it by [Deployer.Rollback].
//
// It makes neither clusters nor load balancers, and of an existing service it
// changes the task definition alone. Package ecs/ecstest is an ECS in memory for
// tests, ecs/ecsmock has mocks.
package ecs

import (
	"context"
	"errors"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/progress"
)

//go:generate go tool mockgen -source=ecs.go -destination=ecsmock/ecsmock.go -package=ecsmock -write_package_comment=false

// Reader is what planning and waiting need of an [awsecs.Client].
type Reader interface {
	DescribeServices(context.Context, *awsecs.DescribeServicesInput, ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error)
	DescribeTaskDefinition(context.Context, *awsecs.DescribeTaskDefinitionInput, ...func(*awsecs.Options)) (*awsecs.DescribeTaskDefinitionOutput, error)
	ListTasks(context.Context, *awsecs.ListTasksInput, ...func(*awsecs.Options)) (*awsecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *awsecs.DescribeTasksInput, ...func(*awsecs.Options)) (*awsecs.DescribeTasksOutput, error)
}

// Writer is what applying and rolling back need of an [awsecs.Client].
type Writer interface {
	RegisterTaskDefinition(context.Context, *awsecs.RegisterTaskDefinitionInput, ...func(*awsecs.Options)) (*awsecs.RegisterTaskDefinitionOutput, error)
	CreateService(context.Context, *awsecs.CreateServiceInput, ...func(*awsecs.Options)) (*awsecs.CreateServiceOutput, error)
	UpdateService(context.Context, *awsecs.UpdateServiceInput, ...func(*awsecs.Options)) (*awsecs.UpdateServiceOutput, error)
	DeleteService(context.Context, *awsecs.DeleteServiceInput, ...func(*awsecs.Options)) (*awsecs.DeleteServiceOutput, error)
}

// DeploymentReader is what waiting for a blue/green, linear or canary deployment
// needs of an [awsecs.Client] besides. It is not called for rolling updates.
type DeploymentReader interface {
	ListServiceDeployments(context.Context, *awsecs.ListServiceDeploymentsInput, ...func(*awsecs.Options)) (*awsecs.ListServiceDeploymentsOutput, error)
	DescribeServiceDeployments(context.Context, *awsecs.DescribeServiceDeploymentsInput, ...func(*awsecs.Options)) (*awsecs.DescribeServiceDeploymentsOutput, error)
}

// API is all that this package uses; an [*awsecs.Client] has it.
type API interface {
	Reader
	DeploymentReader
	Writer
}

// Options tune a Deployer. Cluster must be given; the zero value of every other
// field is its default.
type Options struct {
	// Cluster is the name or ARN of the cluster. It must exist.
	Cluster string
	// Progress hears of each service: operation "ecs.rollout". A nil one is silence.
	Progress progress.Func
	// PollInterval is the time between two looks at the services under way; default 5 s.
	PollInterval time.Duration
	// Confirmations is how many polls in a row must find a service healthy; default 2.
	Confirmations int
	// Timeout is how long one service may take from its start until it is
	// healthy, rolling back included anew; default 15 min. Polls that ECS
	// refuses because of their rate do not count.
	Timeout time.Duration
	// MaxInFlight limits the services that are started and not yet healthy;
	// default no limit.
	MaxInFlight int
	// Writes limits the services that are being written at once; default 4.
	Writes int
	// MaxStops is how many tasks of one deployment may fail by themselves before
	// the service counts as failed; default 3. A reason that no new attempt can
	// mend, such as an image that does not exist, fails it at the second.
	MaxStops int
	// PlacementPatience is how long ECS may find no room for a service's tasks
	// before the service counts as failed; default 2 min.
	PlacementPatience time.Duration
	// Supply reads what the cluster has room for; nil plans without a look at that.
	// The Supply method of a [capacity.Reader] is the beginning of one; package
	// ecs/capacity/limits completes it.
	Supply func(ctx context.Context, cluster string, demands []capacity.Demand) (capacity.Supply, error)
	// IgnoreCapacity applies a plan also where its verdict on capacity is that it
	// cannot come to its end.
	IgnoreCapacity bool
	// Gates must all let a service pass before it counts as healthy; default none.
	Gates []Gate
	// Logs reads what the containers of failed tasks have written last; nil does without.
	Logs LogReader
	// LogLines is how many lines of each failed container a ServiceError shows; default 50.
	LogLines int
	// Journal keeps how far a rollout is; nil keeps it in memory alone. An Apply
	// that finds an unfinished rollout of the same services there goes on with it.
	Journal Journal
	// Rate is how many times the documented request rates of ECS the deployer
	// may use, which all of an account and region share; default 1.
	Rate float64
	// KeepFailed leaves everything as it is after a failure, instead of rolling back.
	KeepFailed bool
}

// Deployer plans and applies rollouts to one cluster.
type Deployer struct {
	api  API
	opts Options
}

// New returns a Deployer that talks to ECS through api.
func New(api API, opts Options) *Deployer {
	setDefault(&opts.PollInterval, 5*time.Second)
	setDefault(&opts.Confirmations, 2)
	setDefault(&opts.Timeout, 15*time.Minute)
	setDefault(&opts.Writes, 4)
	setDefault(&opts.MaxStops, 3)
	setDefault(&opts.LogLines, 50)
	setDefault(&opts.PlacementPatience, 2*time.Minute)
	setDefault(&opts.Rate, 1)
	return &Deployer{api: limit(api, opts.Rate), opts: opts}
}

func setDefault[T int | float64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// ErrNoCluster is the error of a Deployer whose Options name no cluster.
var ErrNoCluster = errors.New("no cluster: set Options.Cluster")

const op = "ecs.rollout"

func (d *Deployer) emit(name string, state progress.State, message string, err error) {
	d.opts.Progress.Emit(progress.Event{Op: op, Subject: name, State: state, Message: message, Err: err})
}
