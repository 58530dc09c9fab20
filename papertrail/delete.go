package papertrail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/internal/production"
)

// DeleteRequest names groups that are to be deleted, with their searches.
type DeleteRequest struct {
	// Groups are names. One that does not exist is no error.
	Groups []string
	// Environment is the id of the environment whose they are, which the names of
	// groups need not have. One of production is an [ErrProduction] too.
	Environment string
	// AllowAlerts deletes groups with searches that have alerts, or of which the API
	// does not tell; without it they are an [ErrAlerts].
	AllowAlerts bool
	// Production are the words that tell a name of production; by default production,
	// prod, master and main. Such a group is an [ErrProduction].
	Production []string
	// AllowProduction is Environment again, where that or one of Groups is of
	// production.
	AllowProduction string
}

// PlanDelete says what would be deleted: each group, and each search that goes with
// it. It only reads, and nothing but the groups that are named is touched.
func (k *Keeper) PlanDelete(ctx context.Context, d DeleteRequest) (Plan, error) {
	allowed := d.Environment != "" && d.AllowProduction == d.Environment
	for _, name := range d.Groups {
		if err := checkName("group", name); err != nil {
			return Plan{}, err
		}
		if word := production.Find(name, d.Production); word != "" && !allowed {
			return Plan{}, fmt.Errorf("delete group %q: the name has the word %q: %w", name, word, ErrProduction)
		}
	}
	if word := production.Find(d.Environment, d.Production); word != "" && !allowed {
		return Plan{}, fmt.Errorf("delete the groups of environment %q: the name has the word %q: %w", d.Environment, word, ErrProduction)
	}
	account, err := k.read(ctx, false)
	if err != nil {
		return Plan{}, err
	}
	return destruction(d, account)
}

func destruction(d DeleteRequest, a Account) (Plan, error) {
	p := Plan{destroy: &d}
	var faults []error
	for _, name := range slices.Compact(slices.Sorted(slices.Values(d.Groups))) {
		found, err := one("group", "", name, a.Groups, func(r GroupRecord) (int64, string) { return r.ID, r.Name })
		if dup, ok := errors.AsType[*DuplicateError](err); ok && dup.Near {
			err = nil // another name: it is not the one that is to go
		}
		switch {
		case err != nil:
			faults = append(faults, err)
			continue
		case found == nil:
			continue
		}
		for _, s := range searchesOf(a, found.ID) {
			if s.Alerts != 0 && !d.AllowAlerts {
				faults = append(faults, alertsError(name, s))
			}
			p.Changes = append(p.Changes, Change{Action: Delete, Kind: "search", Group: name, Name: s.Name, ID: s.ID, From: s.Query})
		}
		p.Changes = append(p.Changes, Change{Action: Delete, Kind: "group", Name: name, ID: found.ID, From: found.Wildcard})
	}
	if err := errors.Join(faults...); err != nil {
		return Plan{}, err
	}
	return p, nil
}

func alertsError(group string, s SearchRecord) error {
	if s.Alerts < 0 {
		return fmt.Errorf("delete group %q: the API does not tell whether its search %q has alerts: %w; allow it explicitly", group, s.Name, ErrAlerts)
	}
	return fmt.Errorf("delete group %q: its search %q has %d of them: %w; allow it explicitly", group, s.Name, s.Alerts, ErrAlerts)
}
