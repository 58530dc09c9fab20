package runtime

import (
	"errors"
	"fmt"
	"strings"
)

// What an error of this package may match.
var (
	// ErrNotPlanned: the plan does not come from Plan or PlanDelete.
	ErrNotPlanned = errors.New("not planned by this package: call Plan or PlanDelete first")
	// ErrNoEnvironment: Options.Environment is missing or cannot be a label.
	ErrNoEnvironment = errors.New("Options.Environment must be a label value of Kubernetes: at most 63 letters, digits, \"-\", \"_\" and \".\"")
	// ErrNotOwned: the namespace belongs to another environment.
	ErrNotOwned = errors.New("of another environment")
	// ErrProduction: the runtime is one of production.
	ErrProduction = errors.New("it is of production: name it in Options.AllowProduction to destroy it")
	// ErrTerminating: the namespace is being deleted.
	ErrTerminating = errors.New("the namespace is being deleted: wait until it is gone, then run again")
	// ErrExposed: ingresses or load balancers are left that the release did not make.
	ErrExposed = errors.New("still has a name in the DNS")
	// ErrStale: something is not any more as it was planned.
	ErrStale = errors.New("changed since it was planned: plan again")
	// ErrTimeout: not done within Options.Timeout.
	ErrTimeout = errors.New("not done in time")
)

// Step is a part of what is done for a runtime.
type Step string

// The steps, in the order in which they are done and undone.
const (
	StepCheck     Step = "check"
	StepZone      Step = "zone"      // hosted zone and delegation
	StepNamespace Step = "namespace" // the last one when destroying
	StepRelease   Step = "release"
	StepExposed   Step = "exposed" // destroying: ingresses and load balancers are gone
)

// Error is the failure of one runtime. The steps before Step are done.
type Error struct {
	Runtime string
	Step    Step
	Err     error
}

func (e *Error) Error() string {
	if e.Step == StepCheck {
		return fmt.Sprintf("runtime %q: %s", e.Runtime, strings.ReplaceAll(e.Err.Error(), "\n", "; "))
	}
	return fmt.Sprintf("runtime %q: %v", e.Runtime, e.Err)
}

// Unwrap returns what has failed.
func (e *Error) Unwrap() error { return e.Err }

func (r Runtime) fail(step Step, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Runtime: r.Name, Step: step, Err: err}
}
