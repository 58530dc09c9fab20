// Package ecstest holds an Amazon ECS in memory, for tests of rollouts.
//
// A [Cloud] speaks the service's wire protocol (AWS JSON 1.1) to a real SDK
// client, without a socket. Its scheduler does what the real one does: tasks go
// through PROVISIONING, PENDING and RUNNING until they are healthy, a rolling
// update keeps within its minimum and maximum percent, the circuit breaker
// counts failed tasks and rolls back, deleted services drain:
//
//	cloud := ecstest.New(ecstest.Options{})
//	cloud.AddCluster("demo")
//	cloud.Inject("notifier", ecstest.Crash)
//	rollout := ecs.New(cloud.Client(), ecs.Options{Cluster: "demo"})
//
// Nothing runs in the background: see [Cloud]. [Cloud.AddInstance] gives a cluster limited
// room, and [Cloud.Config] is for clients of the services that ECS talks to.
//
// It does not model daemons, placement strategies and constraints, capacity
// providers that start instances, or deployment strategies other than rolling
// updates.
package ecstest

import (
	"sync"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/internal/agenda"
	"github.com/mettel-automation/delivery/internal/double"
)

// Region and Account are where the Cloud says that it is.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// Options tune a Cloud. The zero value is ready to use.
type Options struct {
	// Timing says how long the tasks of a service take; nil gives every service
	// the DefaultTiming. It is asked once a task.
	Timing func(service string) Timing
	// Lag is how many reads of a service after each write still show what was
	// before, as an eventually consistent read may; default 0.
	Lag int
	// Throttle refuses calls over the documented rates of ECS, as the real one
	// does: for tests of whole rollouts, on virtual time.
	Throttle bool
	// Elsewhere says what there is in other services; nil is all that anybody names.
	Elsewhere Elsewhere
	// Speed is how many times faster goes what is no task's, and so not Timing's:
	// operations of Cloud Map, capacity providers that are attached; default 1.
	Speed float64
	// Before may refuse the n-th call (from 1) of operation op before it takes
	// effect; nil lets every call through. Throttled is such a refusal.
	Before func(op string, n int) *Error
	// After may replace the answer to a call that has taken effect.
	After func(op string, n int) *Error
}

// Cloud is an ECS. It is safe for concurrent use.
//
// At each call it catches up with time.Now. Inside a testing/synctest bubble a rollout
// of ten minutes thus takes milliseconds. Faults are given to a service by
// [Cloud.Inject], to a call by [Options.Before] and [Options.After], and reads can lag
// behind writes.
//
// Clusters are made, changed and deleted as in ECS, which refuses to delete one with
// anything in it; RunTask starts tasks of no service.
type Cloud struct {
	opts Options

	mu        sync.Mutex
	agenda    agenda.Agenda // what the scheduler will do, and when
	clusters  map[string]*cluster
	gone      map[string]*cluster // deleted, and still described
	families  map[string][]*taskDefinition
	providers []string // capacity providers beside those of Fargate
	faults    map[string]injected
	paused    map[string]bool
	rates     *buckets
	registry  cloudMap
	scripts   map[string][]string   // what containers write, by service
	streams   map[stream][]logEvent // what they have written
	calls     double.Calls
	serial    int // numbers everything that is made, in order
}

type cluster struct {
	name      string
	services  map[string]*service
	tasks     []*task // in order of their start
	instances []*instance
	traits
}

// New returns an empty Cloud.
func New(opts Options) *Cloud {
	if opts.Timing == nil {
		opts.Timing = func(string) Timing { return DefaultTiming() }
	}
	if opts.Speed <= 0 {
		opts.Speed = 1
	}
	return &Cloud{
		opts:     opts,
		clusters: make(map[string]*cluster),
		families: make(map[string][]*taskDefinition),
		faults:   make(map[string]injected),
		paused:   make(map[string]bool),
		rates:    documented(),
		registry: cloudMap{services: make(map[string]*mapService), operations: make(map[string]object)},
		scripts:  make(map[string][]string),
		streams:  make(map[stream][]logEvent),
		calls:    double.Calls{Before: opts.Before, After: opts.After},
	}
}

// AddCluster makes an active cluster, as CreateCluster would.
func (c *Cloud) AddCluster(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clusters[name] == nil {
		c.clusters[name] = &cluster{name: name, services: make(map[string]*service)}
	}
}

// Client returns a real SDK client whose requests end in c, with the SDK's
// standard retryer. OptFns change its options, the retryer among them.
func (c *Cloud) Client(optFns ...func(*awsecs.Options)) *awsecs.Client {
	return awsecs.NewFromConfig(c.Config(), optFns...)
}

// Calls returns how often operation op, such as "DescribeServices", was
// called. Retries of the SDK count. Operations of other services than ECS have
// the prefix of their IAM action: "servicediscovery:CreateService",
// "logs:GetLogEvents", "elasticloadbalancing:DescribeTargetHealth".
func (c *Cloud) Calls(op string) int { return c.calls.Of(op) }

// Snapshot is what a service looks like inside the Cloud, without any lag.
type Snapshot struct {
	Status         string // ACTIVE, DRAINING or INACTIVE
	TaskDefinition string // ARN of what the primary deployment runs
	Desired        int
	Running        int
	Healthy        int
}

// Service returns the present state of a service, and whether there is one.
func (c *Cloud) Service(clusterName, name string) (Snapshot, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.agenda.CatchUp(time.Now())
	cl := c.clusters[clusterName]
	if cl == nil || cl.services[name] == nil {
		return Snapshot{}, false
	}
	s := cl.services[name]
	snap := Snapshot{Status: s.status, Desired: s.desired}
	if p := s.primary(); p != nil {
		snap.TaskDefinition = p.definition.arn()
	}
	for _, t := range s.alive() {
		if t.status == running {
			snap.Running++
		}
		if t.healthy {
			snap.Healthy++
		}
	}
	return snap, true
}
