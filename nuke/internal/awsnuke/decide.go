package awsnuke

import (
	"fmt"
	"slices"
)

// Decide says what becomes of item. It does not look at Refused.
func (p *Plan) Decide(item Item) Decision {
	_, included := slices.BinarySearch(p.Types, item.Type)
	switch {
	case !included:
		return Decision{Keep, "its type is not included"}
	case !p.scans(item.Region):
		return Decision{Keep, "its region is not listed"}
	}
	if why := p.protected(item); why != "" {
		return Decision{Keep, "aws-nuke never deletes it: " + why}
	}
	conditions := p.filters[item.Type]
	if p.config.major == 3 {
		conditions = slices.Concat(p.filters[globalFilters], conditions)
	}
	if len(conditions) == 0 {
		return Decision{Delete, "its type has no filter"}
	}
	if p.run.FilterGroups && p.config.major == 3 {
		return p.grouped(item, conditions)
	}
	return p.any(item, conditions)
}

func (p *Plan) scans(region string) bool {
	return slices.Contains(p.Regions, region) || slices.Contains(p.Regions, All) && p.config.major == 3
}

// any keeps an item that one filter matches. What ends the run ends the search.
func (p *Plan) any(item Item, conditions []condition) Decision {
	result := Decision{Delete, "no filter keeps it"}
	for _, c := range conditions {
		kept, err := p.keeps(item, c)
		switch {
		case err != nil:
			result = Decision{Unknown, fmt.Sprintf("line %d: %v", c.line, err)}
			if !isUnjudged(err) {
				return result
			}
		case kept:
			return Decision{Keep, fmt.Sprintf("the filter of line %d keeps it", c.line)}
		}
	}
	return result
}

// grouped keeps an item that a filter of every group matches. All filters are
// asked, so that any of them can end the run.
func (p *Plan) grouped(item Item, conditions []condition) Decision {
	groups := make(map[string][]condition)
	var order []string
	for _, c := range conditions {
		if _, err := p.keeps(item, c); err != nil && !isUnjudged(err) {
			return Decision{Unknown, fmt.Sprintf("line %d: %v", c.line, err)}
		}
		if _, ok := groups[c.group]; !ok {
			order = append(order, c.group)
		}
		groups[c.group] = append(groups[c.group], c)
	}
	result := Decision{Keep, "every group of filters keeps it"}
	for _, name := range order {
		switch d := p.any(item, groups[name]); d.Fate {
		case Delete:
			return Decision{Delete, fmt.Sprintf("no filter of the group %q keeps it", name)}
		case Unknown:
			result = d
		}
	}
	return result
}

// keeps says whether one filter matches item, after its inversion. A property
// that the type cannot have is no match, inverted or not: aws-nuke only warns.
func (p *Plan) keeps(item Item, c condition) (bool, error) {
	kind := p.config.catalog[item.Type]
	value := item.ID
	switch {
	case c.property == "" && !kind.HasID, c.property != "" && !kind.HasProps:
		return false, nil
	case c.property != "":
		var ok bool
		if value, ok = property(item, kind, c.property); !ok {
			return false, &unjudged{fmt.Sprintf("the inventory does not have the property %s", c.property)}
		}
	}
	match, err := c.match(value)
	return match != c.invert, err
}

// property is what aws-nuke reads, or false where that is not known. A type that
// does not have the property reads as "", whatever the inventory says.
func property(item Item, kind Kind, name string) (string, bool) {
	value, ok := item.Properties[name]
	switch {
	case kind.Properties != nil && !kind.Reads(name) && kind.missing(name) == absent:
		return "", true
	case ok:
		return value, true
	}
	return "", kind.missing(name) == absent
}
