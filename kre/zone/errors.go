package zone

import (
	"errors"
	"fmt"
	"strings"
)

// What an error of this package may match.
var (
	// ErrNotPlanned: the plan does not come from Plan or PlanDelete.
	ErrNotPlanned = errors.New("not planned by this package: call Plan or PlanDelete first")
	// ErrNoEnvironment: Options.Environment is missing, without which nobody's zone is ours.
	ErrNoEnvironment = errors.New("no environment: set Options.Environment")
	// ErrNotOwned: a zone of the wanted name belongs to somebody else, or says nothing.
	ErrNotOwned = errors.New("not of this environment")
	// ErrNoParent: there is no public zone of the parent's name in this account.
	ErrNoParent = errors.New("no public hosted zone of that name in this account: create it, or leave the parent out")
	// ErrNoZone: the zone that an id names does not exist, or has another name.
	ErrNoZone = errors.New("no public hosted zone of that name has this id")
	// ErrProduction: the zone is one of production.
	ErrProduction = errors.New("the zone is one of production: name it in Options.AllowProduction to delete it")
	// ErrStale: somebody else has changed something since it was planned.
	ErrStale = errors.New("changed since it was planned: plan again")
	// ErrTimeout: not done within Options.Timeout.
	ErrTimeout = errors.New("not done in time")
)

// AmbiguousError is a name that several public zones have, of which none can be
// chosen but by its id.
type AmbiguousError struct {
	Name string
	IDs  []string // sorted
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d public hosted zones are called %s (%s): choose one by its id, or delete the others",
		len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// ForeignError is a zone that has records which are not those of our external-dns.
type ForeignError struct {
	Zone    string
	Records []Record // sorted by name
}

// shown is how many records an error names.
const shown = 10

func (e *ForeignError) Error() string {
	var names []string
	for _, r := range e.Records[:min(shown, len(e.Records))] {
		names = append(names, r.short()+" ("+r.whose()+")")
	}
	if more := len(e.Records) - shown; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%s not of our external-dns would be lost: %s; delete them where they are made, or set Options.DeleteForeign",
		numbered(len(e.Records)), strings.Join(names, ", "))
}

func numbered(records int) string {
	if records == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", records)
}
