package cluster

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/wait"
)

// What an error of this package may match.
var (
	// ErrNotPlanned: the plan does not come from Plan or PlanDelete.
	ErrNotPlanned = errors.New("not planned by this package: call Plan or PlanDelete first")
	// ErrFailed: ECS could not make the cluster, or its capacity providers.
	ErrFailed = errors.New("the cluster has failed")
	// ErrTimeout: not done within Options.Timeout.
	ErrTimeout = errors.New("not done in time")
	// ErrStale: somebody else has changed the cluster since it was planned.
	ErrStale = errors.New("changed since it was planned: plan again")
	// ErrNoEnvironment: Options.Environment is missing, without which nothing is deleted.
	ErrNoEnvironment = errors.New("no environment: set Options.Environment")
	// ErrNotOwned: the cluster belongs to another environment, or says nothing.
	ErrNotOwned = errors.New("the cluster is not of this environment")
	// ErrProduction: the cluster is one of production.
	ErrProduction = errors.New("the cluster is one of production: name it in Options.AllowProduction to delete it")
	// ErrInstances: container instances are registered in the cluster.
	ErrInstances = errors.New("container instances are registered: stop them where they were started, such as by deleting the stack of their Auto Scaling group, then run again")
	// ErrProviders: the cluster has capacity providers that are part of it.
	ErrProviders = errors.New("capacity providers belong to the cluster: delete them, then run again")
)

// The pauses between two attempts of a call that ECS does not take yet.
const (
	firstPause = time.Second
	longPause  = 10 * time.Second
)

// rolePatience is how long ECS may take until it can assume a service-linked
// role that it has just made. See aws/containers-roadmap#2614.
const rolePatience = time.Minute

// insist repeats a call that ECS refuses for now.
func (m *Manager) insist(ctx context.Context, call func() error) error {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := call()
		left := patience(err, m.opts.Timeout) - time.Since(began)
		if err == nil || ctx.Err() != nil || left <= 0 {
			return err
		}
		if wait.For(ctx, min(pause, left)) != nil {
			return err
		}
	}
}

// patience is how long a call that has failed with err is worth repeating.
func patience(err error, most time.Duration) time.Duration {
	retryables := retry.IsErrorRetryables(retry.DefaultRetryables)
	switch {
	case err == nil:
		return 0
	case awserr.Code(err) == "UpdateInProgressException",
		retryables.IsErrorRetryable(err).Bool(),
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool():
		return most
	case unassumable(err):
		return rolePatience
	}
	return 0
}

// unassumable reports whether ECS could not assume its service-linked role,
// which has no code of its own.
func unassumable(err error) bool {
	return err != nil && strings.Contains(err.Error(), "Unable to assume the service linked role")
}
