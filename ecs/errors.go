package ecs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/internal/awserr"
)

// What went wrong with one service. A [*ServiceError] wraps one of these, or
// the error of the call that failed.
var (
	// ErrTasksFail: tasks of the new deployment stop by themselves.
	ErrTasksFail = errors.New("tasks fail")
	// ErrNoCapacity: ECS finds no room for a task.
	ErrNoCapacity = errors.New("no capacity")
	// ErrTimeout: not healthy within Options.Timeout.
	ErrTimeout = errors.New("not healthy in time")
	// ErrDeploymentFailed: ECS itself has given the deployment up.
	ErrDeploymentFailed = errors.New("deployment failed")
	// ErrRolledBack: ECS has returned the service to what it ran before.
	ErrRolledBack = errors.New("rolled back by ECS")
	// ErrSuperseded: somebody else has deployed the service meanwhile. It is not rolled back.
	ErrSuperseded = errors.New("superseded by another deployment")
	// ErrGone: the service is missing, or being deleted.
	ErrGone = errors.New("service is gone")
	// ErrController: something other than ECS itself deploys the service, such as
	// CodeDeploy.
	ErrController = errors.New("not deployed by ECS")
	// ErrScaledToZero: the service runs no task, and others depend on it.
	ErrScaledToZero = errors.New("scaled to zero")
)

// ServiceError is the failure of one service.
type ServiceError struct {
	Service string
	// Verb is what was being done: "roll out" or "roll back".
	Verb string
	// Err is the kind of failure, or what a call has returned.
	Err error
	// Reasons are the causes that ECS gives, most frequent first: why tasks
	// stopped, why none was placed, why the deployment failed.
	Reasons []string
	// Logs are the last lines of a container that failed, where Options.Logs
	// could read them. They are not part of the text of the error.
	Logs []ContainerLog
	// Remedy is a command that returns the service to its baseline by hand. It is
	// set where rolling back failed.
	Remedy string
}

// ContainerLog is the end of what one container has written.
type ContainerLog struct {
	Container string   `json:"container"`
	Task      string   `json:"task"` // id
	Lines     []string `json:"lines"`
}

func (e *ServiceError) Error() string {
	text := fmt.Sprintf("%s %s: %v", e.Verb, e.Service, e.Err)
	if len(e.Reasons) > 0 {
		text += ": " + strings.Join(e.Reasons, "; ")
	}
	if e.Remedy != "" {
		text += "; by hand: " + e.Remedy
	}
	return text
}

// Unwrap returns the kind of failure.
func (e *ServiceError) Unwrap() error { return e.Err }

// transient reports whether the same call may succeed a little later: the rate
// was exceeded, the service was unavailable, the connection broke.
func transient(err error) bool {
	retryables := retry.IsErrorRetryables(retry.DefaultRetryables)
	return retryables.IsErrorRetryable(err).Bool() || throttled(err)
}

// throttled reports whether a call was refused because of the rate alone.
func throttled(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool()
}

// refused reports whether ECS has answered that it did not do what was asked:
// the caller's fault, and no lost answer.
func refused(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && !transient(err) && !errors.Is(err, errDraining) && api.ErrorFault() != smithy.FaultServer
}

// settling reports whether a write was refused because of something that ends
// by itself. ECS has no codes of their own for these, so the text decides.
func settling(err error) bool {
	return says(err, "Too many concurrent attempts to create a new revision") || says(err, "Unable to assume the service linked role")
}

// errDraining is that a service of the same name is still being deleted, which
// can take as long as its tasks take to stop.
var errDraining = errors.New("an old service of this name is still draining")

func says(err error, text string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && strings.Contains(api.ErrorMessage(), text)
}

// denied reports whether the caller may not make the call at all.
func denied(err error) bool {
	return strings.HasPrefix(awserr.Code(err), "AccessDenied")
}
