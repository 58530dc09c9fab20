package papertrail

import (
	"errors"
	"fmt"
	"slices"
)

// compare is the way from what is there to what is wanted. It is pure.
func compare(wanted []Group, a Account, opts Options) (Plan, error) {
	c := comparison{account: a, opts: opts, plan: Plan{wanted: wanted}}
	for _, g := range sorted(wanted) {
		c.group(g)
	}
	if err := errors.Join(c.faults...); err != nil {
		return Plan{}, fmt.Errorf("compare with Papertrail: %w", err)
	}
	slices.SortStableFunc(c.plan.Changes, func(x, y Change) int { return rank(x) - rank(y) })
	c.plan.Duplicates = duplicates(wanted, a)
	return c.plan, nil
}

func sorted(groups []Group) []Group {
	groups = slices.Clone(groups)
	slices.SortFunc(groups, func(a, b Group) int { return byName(a.Name, b.Name, 0, 0) })
	return groups
}

// rank orders changes: groups are there before their searches, and what is deleted
// goes last.
func rank(c Change) int {
	switch {
	case c.Action == Delete:
		return 5
	case c.Action == Register:
		return 1
	case c.Action == Join:
		return 2
	case c.Kind == "group":
		return 0
	}
	return 3
}

type comparison struct {
	account    Account
	opts       Options
	plan       Plan
	faults     []error
	registered map[string]bool // systems that the plan registers already
}

func (c *comparison) add(change Change) { c.plan.Changes = append(c.plan.Changes, change) }

func (c *comparison) group(g Group) {
	found, err := one("group", "", g.Name, c.account.Groups, func(r GroupRecord) (int64, string) { return r.ID, r.Name })
	if err != nil {
		c.faults = append(c.faults, err)
		return
	}
	switch {
	case found == nil:
		c.add(Change{Action: Create, Kind: "group", Name: g.Name, To: g.Wildcard})
	case g.Wildcard != "" && g.Wildcard != found.Wildcard:
		c.add(Change{Action: Update, Kind: "group", Name: g.Name, ID: found.ID, From: found.Wildcard, To: g.Wildcard})
	default:
		c.plan.Unchanged++
	}
	c.systems(g, found)
	c.searches(g, found)
}

func (c *comparison) systems(g Group, found *GroupRecord) {
	for _, s := range g.Systems {
		system, err := one("system", "", s.Name, c.account.Systems, func(r SystemRecord) (int64, string) { return r.ID, r.Name })
		var id int64
		switch {
		case err != nil:
			c.faults = append(c.faults, err)
			continue
		case system != nil:
			id = system.ID
		case s.Hostname == "" && s.IPAddress == "":
			c.faults = append(c.faults, fmt.Errorf("group %q: system %q is not known to Papertrail; give a host name or an IP address, and a log destination, to register it", g.Name, s.Name))
			continue
		case !c.registered[s.Name]:
			if c.registered == nil {
				c.registered = make(map[string]bool)
			}
			c.registered[s.Name] = true
			c.add(Change{Action: Register, Kind: "system", Name: s.Name, To: s.registration(), system: s})
		}
		if found == nil || id == 0 || !slices.Contains(found.Systems, id) {
			c.add(Change{Action: Join, Kind: "system", Name: s.Name, Group: g.Name, ID: id})
		}
	}
}

func (c *comparison) searches(g Group, found *GroupRecord) {
	var there []SearchRecord
	if found != nil {
		there = searchesOf(c.account, found.ID)
	}
	wanted := make(map[int64]bool)
	for _, s := range slices.SortedFunc(slices.Values(g.Searches), func(a, b Search) int { return byName(a.Name, b.Name, 0, 0) }) {
		match, err := one("search", g.Name, s.Name, there, func(r SearchRecord) (int64, string) { return r.ID, r.Name })
		switch {
		case err != nil:
			c.faults = append(c.faults, err)
			continue
		case match == nil:
			c.add(Change{Action: Create, Kind: "search", Group: g.Name, Name: s.Name, To: s.Query})
			continue
		case match.Query != s.Query:
			c.add(Change{Action: Update, Kind: "search", Group: g.Name, Name: s.Name, ID: match.ID, From: match.Query, To: s.Query})
		default:
			c.plan.Unchanged++
		}
		wanted[match.ID] = true
	}
	if !c.opts.Prune {
		return
	}
	for _, r := range there {
		if !wanted[r.ID] {
			c.prune(g, r)
		}
	}
}

func (c *comparison) prune(g Group, r SearchRecord) {
	reason := ""
	switch {
	case r.Alerts > 0:
		reason = fmt.Sprintf("it has %d alerts", r.Alerts)
	case r.Alerts < 0 && !c.opts.PruneUnknown:
		reason = "the API does not tell whether it has alerts"
	}
	if reason != "" {
		c.plan.Kept = append(c.plan.Kept, Kept{Group: g.Name, Name: r.Name, ID: r.ID, Reason: reason})
		return
	}
	c.add(Change{Action: Delete, Kind: "search", Group: g.Name, Name: r.Name, ID: r.ID, From: r.Query})
}

// searchesOf are those of a group, in order.
func searchesOf(a Account, group int64) []SearchRecord {
	return slices.SortedFunc(func(yield func(SearchRecord) bool) {
		for _, s := range a.Searches {
			if s.Group == group && !yield(s) {
				return
			}
		}
	}, func(x, y SearchRecord) int { return byName(x.Name, y.Name, x.ID, y.ID) })
}

// one is the record called name, nil for none. Several, or one that is nearly called
// so, are a [DuplicateError].
func one[R any](kind, group, name string, records []R, of func(R) (int64, string)) (*R, error) {
	same := &DuplicateError{Kind: kind, Group: group, Name: name}
	near := &DuplicateError{Kind: kind, Group: group, Name: name, Near: true}
	var found *R
	for i := range records {
		id, spelt := of(records[i])
		switch {
		case spelt == name:
			found = &records[i]
			same.IDs, same.Names = append(same.IDs, id), append(same.Names, spelt)
		case fold(spelt) == fold(name):
			near.IDs, near.Names = append(near.IDs, id), append(near.Names, spelt)
		}
	}
	switch {
	case len(same.IDs) > 1:
		return nil, same
	case found == nil && len(near.IDs) > 0:
		return nil, near
	}
	return found, nil
}

// duplicates names what is there twice within the wanted groups, or as a group, and
// was not asked about: what was is an error.
func duplicates(wanted []Group, a Account) (found []string) {
	groups := make(map[string]int)
	for _, g := range a.Groups {
		groups[g.Name]++
	}
	for _, g := range sorted(wanted) {
		for _, r := range a.Groups {
			if r.Name != g.Name {
				continue
			}
			count := make(map[string]int)
			for _, s := range searchesOf(a, r.ID) {
				if count[s.Name]++; count[s.Name] == 2 {
					found = append(found, fmt.Sprintf("search %q is more than once in group %q", s.Name, g.Name))
				}
			}
		}
		delete(groups, g.Name)
	}
	for name, n := range groups {
		if n > 1 {
			found = append(found, fmt.Sprintf("group %q is there %d times", name, n))
		}
	}
	slices.Sort(found)
	return found
}
