package cleanup

import (
	"errors"
	"fmt"
)

// What an error of this package may match.
var (
	// ErrNoLive: the request names no environment that exists.
	ErrNoLive = errors.New("no environment is said to exist, so that all would be cleaned up: list them in Request.Live, or set Request.NoneLive")
	// ErrNoRunning: the request does not say what runs.
	ErrNoRunning = errors.New("nothing is said about what runs: list the images of all task definitions in use in Request.Running; []string{} says that nothing runs")
	// ErrInvalid: the request cannot mean what it says.
	ErrInvalid = errors.New("invalid request")
	// ErrNoRepository: the repository does not exist.
	ErrNoRepository = errors.New("the repository does not exist")
)

// RemoveError is a tag that ECR would not remove.
type RemoveError struct {
	Repository string
	Tag        string
	Code       string // of ECR, such as "ImageReferencedByManifestList"
	Reason     string
}

func (e *RemoveError) Error() string {
	return fmt.Sprintf("remove tag %s of %s: %s: %s", e.Tag, e.Repository, e.Code, e.Reason)
}
