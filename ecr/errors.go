package ecr

import (
	"errors"
	"fmt"
)

// What an error of this package may match. See also PushError and BuildError.
var (
	// ErrInvalid: an image cannot be published as it is described.
	ErrInvalid = errors.New("invalid image")
	// ErrUnpinned: a base image, or what an ADD fetches, is neither pinned nor covered
	// by an epoch, so that equal inputs would not mean equal images.
	ErrUnpinned = errors.New("a base image is not pinned")
	// ErrNoRepository: the repository does not exist.
	ErrNoRepository = errors.New("the repository does not exist: create it first, for example with package ecr/repository")
	// ErrImmutable: a tag would have to move that the repository does not let move.
	ErrImmutable = errors.New("the repository's tags are immutable")
	// ErrMoved: a tag is no longer where the plan saw it, since somebody else has
	// moved or removed it.
	ErrMoved = errors.New("the tag has moved since the plan was made: plan again")
	// ErrPlatform: the engine has built for another platform than that of the image.
	ErrPlatform = errors.New("the image is for another platform: the engine took base images of its own for it; " +
		"let it look for those of the platform (Options.Pull), or build with package ecr/buildkit")
	// ErrNotPlanned: the plan does not come from Plan of this process.
	ErrNotPlanned = errors.New("not planned by this package: call Plan first")
	// ErrNoEngine: there is something to build, and nothing to build it with.
	ErrNoEngine = errors.New("no engine: set Options.Engine to a client of the Docker Engine API")
)

// Phase is how far the publication of an image had come.
type Phase string

// The phases of publishing an image, in order.
const (
	PhaseBuild Phase = "build"
	PhasePush  Phase = "push"
	PhaseTag   Phase = "tag"
)

// ImageError is the failure to publish one image.
type ImageError struct {
	Module     string
	Repository string
	Phase      Phase // what failed
	Err        error
}

func (e *ImageError) Error() string { return fmt.Sprintf("publish image %s: %v", e.Module, e.Err) }

// Unwrap returns why.
func (e *ImageError) Unwrap() error { return e.Err }
