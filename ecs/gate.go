package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Gate has a say in whether a service is healthy, beyond what ECS itself knows:
// its targets, its registration in a name service, a request of the caller's own.
// It is asked at each poll at which the service's own deployment is complete,
// and its tasks and their health checks are well. Gates must be safe for use by
// several rollouts at once, and not wait: the next poll asks again.
type Gate interface {
	// Ready reports whether the candidate may count as healthy; if not, news say
	// what is missing in a few words. An error that is transient is no news; any
	// other fails the service.
	Ready(ctx context.Context, c Candidate) (ok bool, news string, err error)
}

// GateFunc is a function as a Gate.
type GateFunc func(ctx context.Context, c Candidate) (ok bool, news string, err error)

// Ready calls f.
func (f GateFunc) Ready(ctx context.Context, c Candidate) (bool, string, error) { return f(ctx, c) }

// Candidate is a service that is about to count as healthy.
type Candidate struct {
	Cluster    string
	Service    types.Service // as it was last described
	Deployment string        // id of the deployment that is waited for
	// Tasks are those of that deployment that run, as they were last described.
	Tasks []types.Task
}

// LogReader reads what a container has written, to say why it failed.
type LogReader interface {
	// Tail returns the last lines, at most n, that a container wrote, oldest
	// first. Def is the container's definition, whose log configuration says
	// where to look; a container that logs elsewhere has no lines.
	Tail(ctx context.Context, def types.ContainerDefinition, taskID string, n int) ([]string, error)
}
