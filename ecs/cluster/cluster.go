// Package cluster makes the ECS cluster of an environment, keeps it as
// desired, and deletes it with everything in it.
//
// [Manager.Plan] compares the desired cluster with the one that exists and only
// reads; [Manager.Apply] writes what the plan says:
//
//	manager := cluster.New(awsecs.NewFromConfig(cfg), cluster.Options{Environment: "automation-8527fec8"})
//	plan, err := manager.Plan(ctx, cluster.Spec{Name: "automation-8527fec8", Tags: tags})
//	if err != nil { ... }
//	fmt.Print(plan)
//	err = manager.Apply(ctx, plan)
//
// [Manager.PlanDelete] names everything that deleting would destroy, and refuses
// clusters of production and of other environments; [Manager.ApplyDelete] does
// it, and goes on where an earlier run was stopped.
//
// It neither rolls out services nor makes capacity providers, and it never
// terminates a container instance: whoever started those, such as the stack of
// their Auto Scaling group, stops them. Tags, settings and a default strategy that
// a Spec does not name stay as they are.
package cluster

import (
	"context"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/progress"
)

// Reader is what planning needs of an [awsecs.Client].
type Reader interface {
	DescribeClusters(context.Context, *awsecs.DescribeClustersInput, ...func(*awsecs.Options)) (*awsecs.DescribeClustersOutput, error)
	ListServices(context.Context, *awsecs.ListServicesInput, ...func(*awsecs.Options)) (*awsecs.ListServicesOutput, error)
	DescribeServices(context.Context, *awsecs.DescribeServicesInput, ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error)
	ListTasks(context.Context, *awsecs.ListTasksInput, ...func(*awsecs.Options)) (*awsecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *awsecs.DescribeTasksInput, ...func(*awsecs.Options)) (*awsecs.DescribeTasksOutput, error)
}

// InstanceReader is what naming container instances needs.
type InstanceReader interface {
	ListContainerInstances(context.Context, *awsecs.ListContainerInstancesInput, ...func(*awsecs.Options)) (*awsecs.ListContainerInstancesOutput, error)
	DescribeContainerInstances(context.Context, *awsecs.DescribeContainerInstancesInput, ...func(*awsecs.Options)) (*awsecs.DescribeContainerInstancesOutput, error)
}

// Writer is what applying a plan needs.
type Writer interface {
	CreateCluster(context.Context, *awsecs.CreateClusterInput, ...func(*awsecs.Options)) (*awsecs.CreateClusterOutput, error)
	UpdateCluster(context.Context, *awsecs.UpdateClusterInput, ...func(*awsecs.Options)) (*awsecs.UpdateClusterOutput, error)
	PutClusterCapacityProviders(context.Context, *awsecs.PutClusterCapacityProvidersInput, ...func(*awsecs.Options)) (*awsecs.PutClusterCapacityProvidersOutput, error)
	TagResource(context.Context, *awsecs.TagResourceInput, ...func(*awsecs.Options)) (*awsecs.TagResourceOutput, error)
}

// Destroyer is what applying a deletion needs.
type Destroyer interface {
	DeleteService(context.Context, *awsecs.DeleteServiceInput, ...func(*awsecs.Options)) (*awsecs.DeleteServiceOutput, error)
	StopTask(context.Context, *awsecs.StopTaskInput, ...func(*awsecs.Options)) (*awsecs.StopTaskOutput, error)
	DeleteCluster(context.Context, *awsecs.DeleteClusterInput, ...func(*awsecs.Options)) (*awsecs.DeleteClusterOutput, error)
}

// API is all that this package uses; an [*awsecs.Client] has it.
type API interface {
	Reader
	InstanceReader
	Writer
	Destroyer
}

// TagEnvironment is the key of the tag that says whose a cluster is.
const TagEnvironment = "Environment"

// Options tune a Manager. The zero value plans and applies; deleting needs
// Environment.
type Options struct {
	// Progress hears of each cluster, and of each service that is deleted:
	// operation "ecs.cluster". A nil one is silence.
	Progress progress.Func
	// Environment is what the tag TagEnvironment of a cluster must say, letter by
	// letter, before anything of it is deleted.
	Environment string
	// Production are the words that mark a cluster of production, where its name
	// or its tag has one as a word of its own: "a-prod", "prod2" and "aProd" have
	// "prod", "products" has not. Default, also for an empty list, "production",
	// "prod", "master" and "main".
	Production []string
	// AllowProduction is the name of the one cluster of production that may be
	// deleted. Default none.
	AllowProduction string
	// PollInterval is the time between two looks at what is under way; default 5 s.
	PollInterval time.Duration
	// Timeout is how long a cluster may take to become ready, and how long it may
	// take until it is empty; default 15 min.
	Timeout time.Duration
}

// Manager makes, keeps and deletes clusters of one account and region.
type Manager struct {
	api  API
	opts Options
}

// New returns a Manager that talks to ECS through api.
func New(api API, opts Options) *Manager {
	if opts.PollInterval <= 0 {
		opts.PollInterval = 5 * time.Second
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 15 * time.Minute
	}
	return &Manager{api: api, opts: opts}
}

const op = "ecs.cluster"

func (m *Manager) emit(subject string, state progress.State, message string, err error) {
	m.opts.Progress.Emit(progress.Event{Op: op, Subject: subject, State: state, Message: message, Err: err})
}
