package kre

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/kre/internal/fetch"
)

// What errors of this package can be matched with.
var (
	// ErrInvalid is a release that cannot be, such as one without a name.
	ErrInvalid = errors.New("invalid")
	// ErrNoCluster is an Engine without a configuration that is asked for more than
	// rendering.
	ErrNoCluster = errors.New("no configuration of a cluster was given")
	// ErrChartNotFound is a chart that is not where it should be.
	ErrChartNotFound = fetch.ErrChart
	// ErrVersionNotFound is a version that the repository does not have.
	ErrVersionNotFound = fetch.ErrVersion
	// ErrChecksum is an archive that is not the one that the repository announces.
	ErrChecksum = fetch.ErrChecksum
	// ErrProvenance is an archive that no key of the keyring has signed.
	ErrProvenance = fetch.ErrProvenance
	// ErrUnknownKind is a manifest with an object of a kind that the cluster does not
	// serve and no release before it brings.
	ErrUnknownKind = errors.New("unknown kind")
	// ErrTooLarge is a release that does not fit into the Secret that keeps it.
	ErrTooLarge = errors.New("too large to be stored")
	// ErrStale is a plan that is no longer true: somebody else has changed the release.
	ErrStale = errors.New("the plan is no longer true: make another one")
	// ErrLocked is a release that another run works on for longer than this one waits.
	ErrLocked = errors.New("another run works on it")
	// ErrSkipped is a release that was not begun, since one that it needs has failed.
	ErrSkipped = errors.New("not begun")
	// ErrNotInstalled is a release that is not there, and was to be rolled back.
	ErrNotInstalled = errors.New("not installed")
	// ErrNoRevision is a rollback to a revision that is not there.
	ErrNoRevision = errors.New("no such revision")
	// ErrDeletesCRDs is a release that is not removed, since CustomResourceDefinitions
	// would go with it, and with those all objects of their kinds.
	ErrDeletesCRDs = errors.New("it would delete custom resource definitions, and all objects of their kinds with them")
	// ErrUnreachable is a cluster that does not answer.
	ErrUnreachable = errors.New("the cluster cannot be reached")
	// ErrCredentials is a cluster that does not accept the credentials (401).
	ErrCredentials = errors.New("the cluster does not accept the credentials: they may have expired")
	// ErrForbidden is something that the credentials do not allow (403).
	ErrForbidden = errors.New("not allowed")
	// ErrTerminating is a namespace that is being deleted.
	ErrTerminating = errors.New("the namespace is being deleted")
)

// ReleaseError is the failure of one release.
type ReleaseError struct {
	Release, Namespace string
	Verb               string // what was tried: "plan", "install", "upgrade", ...
	Err                error
}

func (e *ReleaseError) Error() string {
	return fmt.Sprintf("%s release %s/%s: %v", e.Verb, e.Namespace, e.Release, e.Err)
}

// Unwrap returns what has failed.
func (e *ReleaseError) Unwrap() error { return e.Err }

// ValueError is a value that the chart was not made for.
type ValueError struct {
	Key     string // with dots: "controller.service.type"
	Problem string
	Meant   string // the key that it is most like, or ""
	File    string // of the chart, where it has that key; or ""
	Line    int
}

func (e *ValueError) Error() string {
	text := fmt.Sprintf("value %s: %s", e.Key, e.Problem)
	if e.Meant != "" {
		text += ": did you mean " + e.Meant + "?"
	}
	if e.File != "" {
		text += fmt.Sprintf(" (%s:%d)", e.File, e.Line)
	}
	return text
}

// RenderError is a chart that does not render with the values that it was given.
type RenderError struct {
	Chart string
	File  string // such as "kre/templates/entrypoint.yaml"; "" where it is not known
	Line  int    // from 1; 0 where it is not known
	Err   error
}

func (e *RenderError) Error() string {
	at := ""
	switch {
	case e.File != "" && e.Line > 0:
		at = fmt.Sprintf("%s:%d: ", e.File, e.Line)
	case e.File != "":
		at = e.File + ": "
	}
	return fmt.Sprintf("render chart %s: %s%s", e.Chart, at, strings.TrimSpace(e.Err.Error()))
}

// Unwrap returns helm's error.
func (e *RenderError) Unwrap() error { return e.Err }

// ForbiddenError is something that the credentials do not allow.
type ForbiddenError struct {
	User           string
	Verb, Resource string // "list", "secrets"
	Group          string // of the resource; "" is the core
	Namespace      string // "" is the whole cluster
	Err            error
}

func (e *ForbiddenError) Error() string {
	resource, where := e.Resource, "in the whole cluster"
	if e.Group != "" {
		resource += "." + e.Group
	}
	if e.Namespace != "" {
		where = "in namespace " + e.Namespace
	}
	return fmt.Sprintf("user %s may not %s %s %s (403): grant it, or use other credentials", e.User, e.Verb, resource, where)
}

// Unwrap returns the server's error, and ErrForbidden.
func (e *ForbiddenError) Unwrap() []error { return []error{ErrForbidden, e.Err} }
