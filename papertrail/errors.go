package papertrail

import (
	"errors"
	"fmt"
	"strings"
)

// Errors to match with [errors.Is].
var (
	// ErrStale is the error of Apply where the account has changed since the plan.
	ErrStale = errors.New("the account has changed since the plan; plan again")
	// ErrProduction is the error of a deletion that would hit production.
	ErrProduction = errors.New("it is of production: give its Environment again in AllowProduction to delete it")
	// ErrAlerts is the error of a deletion that would take alerts along.
	ErrAlerts = errors.New("alerts would go with it")
)

// DuplicateError says that a name which has to be unique is not. Which of them is
// meant is for a person to say: rename or delete the others.
type DuplicateError struct {
	Kind  string // "group", "search" or "system"
	Name  string // the one that is wanted
	Group string // of a search; else empty
	// Near is set where the names differ in case or outer spaces only: then the one
	// that is wanted may be there already, spelt otherwise.
	Near  bool
	IDs   []int64
	Names []string // as they are spelt there, in the order of IDs
}

func (e *DuplicateError) Error() string {
	what := fmt.Sprintf("%s %q", e.Kind, e.Name)
	if e.Group != "" {
		what += fmt.Sprintf(" of group %q", e.Group)
	}
	var ids []string
	for i, id := range e.IDs {
		ids = append(ids, fmt.Sprintf("%d (%q)", id, e.Names[i]))
	}
	if e.Near {
		return fmt.Sprintf("%s: there is one whose name differs only in case or spaces: %s; rename one of them", what, strings.Join(ids, ", "))
	}
	return fmt.Sprintf("%s: there are %d of that name: %s; rename or delete the others", what, len(e.IDs), strings.Join(ids, ", "))
}

// MissingImageError says which services have no image, so that no search for their
// logs can be made.
type MissingImageError struct {
	Environment string
	Services    []string // sorted
}

func (e *MissingImageError) Error() string {
	return fmt.Sprintf("environment %s: no image is given for %s, so the build number of their logs is not known",
		e.Environment, strings.Join(e.Services, ", "))
}
