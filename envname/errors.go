package envname

import (
	"errors"
	"fmt"
	"strings"
)

// What the errors of this package match.
var (
	// ErrNoEnvironment is a branch that is neither production nor ephemeral.
	ErrNoEnvironment = errors.New("no environment")
	// ErrRules is a fault in Rules: no branch can be resolved by them.
	ErrRules = errors.New("bad rules")
	// ErrNoBranch is a CI job that is not about a branch, or no CI job at all.
	ErrNoBranch = errors.New("no branch")
	// ErrRequestIsProduction is a merge or pull request whose source branch is
	// called like a production branch.
	ErrRequestIsProduction = errors.New("a request never becomes production, only what has been merged does")
	// ErrForkRequest is a merge or pull request that comes from a fork, or may.
	ErrForkRequest = errors.New("code of a fork must not run with the rights of an environment")
	// ErrCollision is an environment that another branch with the same id owns.
	ErrCollision = errors.New("owned by another branch")
	// ErrNotOwned is a resource whose tags do not say that it belongs to the
	// environment.
	ErrNotOwned = errors.New("not tagged as this environment's")
	// ErrName is a name that cannot be made.
	ErrName = errors.New("no valid name")
)

// NoEnvironmentError is a branch that has no environment under Rules.
type NoEnvironmentError struct {
	Branch string
	Rules  Rules  // with the defaults filled in
	Hint   string // how the branch is probably misspelt, or ""
}

func (e *NoEnvironmentError) Error() string {
	text := fmt.Sprintf("resolve branch %q: %v: production is %s; ephemeral is what begins with %s", e.Branch, ErrNoEnvironment,
		list(e.Rules.ProductionBranches), list(e.Rules.EphemeralPrefixes))
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns ErrNoEnvironment.
func (e *NoEnvironmentError) Unwrap() error { return ErrNoEnvironment }

// TagError is a CI job that builds a tag. A tag has no environment, not even
// one that is called like a production branch.
type TagError struct {
	CI  string // the CI, as "GitLab CI"
	Tag string
}

func (e *TagError) Error() string {
	return fmt.Sprintf("find the branch: %v: %s runs for tag %q, and tags have no environment", ErrNoBranch, e.CI, e.Tag)
}

// Unwrap returns ErrNoBranch and ErrNoEnvironment.
func (e *TagError) Unwrap() []error { return []error{ErrNoBranch, ErrNoEnvironment} }

// RequestError is a merge or pull request that gets no environment.
type RequestError struct {
	CI     string // the CI, as "GitLab CI"
	Branch string // the source branch
	Detail string // what the CI says of it
	Err    error  // ErrRequestIsProduction or ErrForkRequest
}

func (e *RequestError) Error() string {
	return fmt.Sprintf("resolve the request from branch %q: %s: %v", e.Branch, e.Detail, e.Err)
}

// Unwrap returns Err and ErrNoEnvironment.
func (e *RequestError) Unwrap() []error { return []error{e.Err, ErrNoEnvironment} }

// CollisionError is an environment that two branches would share, since the
// SHA-256 of both begins with the same 8 digits. Renaming one ends it.
type CollisionError struct {
	Environment string // name of the environment
	Branch      string // the branch that asks
	Owner       string // the branch that has it, as far as the tags tell
}

func (e *CollisionError) Error() string {
	return fmt.Sprintf("check the owner of %s: %v: branch %q has it, so rename branch %q", e.Environment, ErrCollision, e.Owner, e.Branch)
}

// Unwrap returns ErrCollision.
func (e *CollisionError) Unwrap() error { return ErrCollision }

// OwnerError is a tag that is missing or speaks of something else.
type OwnerError struct {
	Environment string // name of the environment
	Tag         string // key of the tag
	Value       string // what it holds, "" where it is missing
	Want        string // what it should hold
}

func (e *OwnerError) Error() string {
	text := fmt.Sprintf("check the owner of %s: %v: tag %s is ", e.Environment, ErrNotOwned, e.Tag)
	if e.Value == "" {
		return text + "missing"
	}
	return text + fmt.Sprintf("%q, not %q", e.Value, e.Want)
}

// Unwrap returns ErrNotOwned.
func (e *OwnerError) Unwrap() error { return ErrNotOwned }

// list reads as "a, b or c", and as "no branch" where there is none.
func list(names []string) string {
	switch n := len(names); n {
	case 0:
		return "no branch"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
}
