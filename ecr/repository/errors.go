package repository

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// What can be wrong.
var (
	// ErrInvalid is a repository that ECR would not take.
	ErrInvalid = errors.New("invalid repository")
	// ErrExpiresRunning is a lifecycle policy that could take away what runs; see
	// LifecycleError.
	ErrExpiresRunning = errors.New("lifecycle policy could take away an image that runs")
)

// LifecycleError is a lifecycle policy that is not safe. It matches ErrExpiresRunning.
type LifecycleError struct {
	Repository string
	Risks      []lifecycle.Risk
}

func (e *LifecycleError) Error() string {
	reasons := make([]string, len(e.Risks))
	for i, r := range e.Risks {
		reasons[i] = r.String()
	}
	return fmt.Sprintf("plan repository %s: %v: %s", e.Repository, ErrExpiresRunning, strings.Join(reasons, "; "))
}

// Is makes the error match ErrExpiresRunning.
func (e *LifecycleError) Is(target error) bool { return target == ErrExpiresRunning }

// WriteError is a failure to write one repository. Step is what was written:
// "create", "tag mutability", "scanning", "tags", "policy" or "lifecycle policy".
type WriteError struct {
	Repository string
	Step       string
	Err        error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("write %s of repository %s: %v", e.Step, e.Repository, e.Err)
}

// Unwrap returns the service's own error.
func (e *WriteError) Unwrap() error { return e.Err }
