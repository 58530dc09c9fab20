package changes

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/pack"
)

// What goes wrong, for errors.Is.
var (
	// ErrNotRepository is the error of a path that no repository holds.
	ErrNotRepository = git.ErrNotRepository
	// ErrUnsupported is the error of a repository that uses a feature of Git
	// which this package cannot read; the text names the feature. [OpenGit] has
	// git read it.
	ErrUnsupported = git.ErrUnsupported
	// ErrUnknownRevision is the error of a revision that names no commit.
	ErrUnknownRevision = git.ErrUnknownRevision
	// ErrNoRevision is the error of a revision that is empty or an all-zero
	// hash, which is how CI systems say that there is no previous commit.
	ErrNoRevision = git.ErrNoRevision
	// ErrShallow is the error of a commit that a shallow clone does not hold.
	ErrShallow = git.ErrShallow
	// ErrNoMergeBase is the error of two commits without a common ancestor.
	ErrNoMergeBase = git.ErrNoMergeBase
	// ErrRewritten is the error of a base that the head does not descend from,
	// where it should: a push replaced commits of the branch.
	ErrRewritten = errors.New("the branch was rewritten")
	// ErrNoCI is the error of [FromCI] outside of the CI systems that it knows.
	ErrNoCI = errors.New("no CI system that is known")
	// ErrMissingObject is the error of a commit or directory that should be in
	// the repository and is not: a partial clone, or damage.
	ErrMissingObject = git.ErrMissingObject
	// ErrDamaged is the error of an object, a pack or another file of the
	// repository that is not as Git writes it; the text names it.
	ErrDamaged = git.ErrDamaged
	// ErrTooLarge is the error of an object of more than 64 MiB, which [Open]'s
	// repositories do not read into memory.
	ErrTooLarge = pack.ErrTooLarge
	// ErrInvalidConfig is matched by every fault of a [Config].
	ErrInvalidConfig = errors.New("invalid configuration")
)

// RevisionError is a revision that could not be resolved.
type RevisionError struct {
	Rev        string // as it was given
	Repository string // directory of the repository
	Err        error  // wraps ErrUnknownRevision, ErrNoRevision, ErrShallow or ErrMissingObject
}

func (e *RevisionError) Error() string {
	return fmt.Sprintf("resolve revision %q in %s: %v", e.Rev, e.Repository, e.Err)
}

// Unwrap returns why.
func (e *RevisionError) Unwrap() error { return e.Err }

// NoBaseError is a base that the head cannot be compared with, for a reason that
// CI meets in daily life: there is none, the clone does not hold it, or the head
// does not descend from it. [Range.OnNoBase] says whether it fails a diff.
type NoBaseError struct {
	Base, Head string // as they were given; Head is never ""
	// Err wraps ErrNoRevision, ErrUnknownRevision, ErrShallow, ErrNoMergeBase or
	// ErrRewritten.
	Err error
}

func (e *NoBaseError) Error() string {
	why := e.Err
	if rev, ok := errors.AsType[*RevisionError](why); ok { // whose text says the base again
		why = fmt.Errorf("in %s: %w", rev.Repository, rev.Err)
	}
	return fmt.Sprintf("compare %s with %s: %v", e.Head, cmp.Or(e.Base, "nothing"), why)
}

// Unwrap returns why.
func (e *NoBaseError) Unwrap() error { return e.Err }

// ConfigError is one fault of a [Config]. It matches [ErrInvalidConfig].
type ConfigError struct {
	File   string // name of the file; "" where there is none
	Line   int    // counted from 1; 0 where it is not known
	Column int    // counted from 1, in characters; 0 where it is not known
	Place  Place  // of a fault that Config.Validate found
	Err    error
}

func (e *ConfigError) Error() string {
	switch {
	case e.File != "" && e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
	case e.File != "":
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	case e.Line > 0:
		return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
	}
	return e.Err.Error()
}

// Is reports whether target is ErrInvalidConfig.
func (e *ConfigError) Is(target error) bool { return target == ErrInvalidConfig }

// Unwrap returns what is wrong.
func (e *ConfigError) Unwrap() error { return e.Err }
