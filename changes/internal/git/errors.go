package git

import "errors"

// What goes wrong with a repository; package changes documents these.
var (
	ErrNotRepository   = errors.New("not a Git repository")
	ErrUnsupported     = errors.New("unsupported repository")
	ErrUnknownRevision = errors.New("unknown revision")
	ErrNoRevision      = errors.New("no revision")
	ErrShallow         = errors.New("history is cut off by a shallow clone")
	ErrNoMergeBase     = errors.New("no merge base")
	ErrMissingObject   = errors.New("object is missing")
	ErrDamaged         = errors.New("repository is damaged")
)

// Deepen is the remedy of a history that is cut off.
const Deepen = "fetch the full history (GIT_DEPTH: 0 in GitLab CI, fetch-depth: 0 in GitHub Actions, or git fetch --unshallow)"
