package changes

import (
	"errors"
	"fmt"
)

// What goes wrong, for errors.Is.
var (
	// ErrNotRepository is the error of a path that no repository holds.
	ErrNotRepository = errors.New("not a Git repository")
	// ErrUnsupported is the error of a repository that uses a feature of Git
	// which this package cannot read; the text names the feature.
	ErrUnsupported = errors.New("unsupported repository")
	// ErrUnknownRevision is the error of a revision that names no commit.
	ErrUnknownRevision = errors.New("unknown revision")
	// ErrNoRevision is the error of a revision that is empty or an all-zero
	// hash, which is how CI systems say that there is no previous commit.
	ErrNoRevision = errors.New("no revision")
	// ErrShallow is the error of a commit that a shallow clone does not hold.
	ErrShallow = errors.New("history is cut off by a shallow clone")
	// ErrNoMergeBase is the error of two commits without a common ancestor.
	ErrNoMergeBase = errors.New("no merge base")
	// ErrMissingObject is the error of a commit or directory that should be in
	// the repository and is not: a partial clone, or damage.
	ErrMissingObject = errors.New("object is missing")
	// ErrInvalidConfig is matched by every fault of a [Config].
	ErrInvalidConfig = errors.New("invalid configuration")
)

// deepen is the remedy of a history that is cut off.
const deepen = "fetch the full history (GIT_DEPTH: 0 in GitLab CI, fetch-depth: 0 in GitHub Actions, or git fetch --unshallow)"

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

// ConfigError is one fault of a [Config]. It matches [ErrInvalidConfig].
type ConfigError struct {
	File   string // name of the file; "" where there is none
	Line   int    // counted from 1; 0 where it is not known
	Column int    // counted from 1, in characters; 0 where it is not known
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

func withoutMergeBase(err error) bool {
	return errors.Is(err, ErrNoMergeBase) || errors.Is(err, ErrShallow)
}
