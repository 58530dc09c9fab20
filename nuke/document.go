package nuke

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/nuke/internal/awsnuke"
)

// document is what a configuration says, before it is written.
type document struct {
	options  Options
	inv      Inventory
	regions  []string
	types    []section
	excludes []string
	beyond   []Resource
}

// section is the filters of one type. All are inverted: aws-nuke deletes what
// each of them matches.
type section struct {
	typ     string
	mine    int
	read    int // of the whole account
	filters []filter
}

// filter matches an item whose property, or id where that is "", is one of values.
type filter struct {
	property string
	values   []string // sorted
}

// document decides what the configuration says.
func (o Options) document(inv Inventory) (document, error) {
	doc := document{options: o, inv: inv, excludes: excludes(o.major()), beyond: sorted(inv.Beyond)}
	types := typesByName()
	catalog, _ := awsnuke.Types(o.major())
	count := make(map[string]int)
	for _, r := range slices.Concat(inv.Mine, inv.Others) {
		count[r.Type]++
	}
	var errs []error
	for mine := range byType(sorted(inv.Mine)) {
		t, known := types[mine[0].Type]
		kind, exists := catalog[t.Name]
		switch {
		case slices.Contains(Shared(), mine[0].Type):
			errs = append(errs, fmt.Errorf("%w: %s: environments share what is of this type", ErrInventory, mine[0]))
		case !known:
			errs = append(errs, fmt.Errorf("%w: %s: nothing of this type belongs to an environment", ErrInventory, mine[0]))
		case !exists: // it goes with what it belongs to
			doc.beyond = append(doc.beyond, mine...)
		default:
			s, err := t.section(kind, mine, inv.Environment)
			s.read = count[t.Name]
			errs = append(errs, err)
			doc.types = append(doc.types, s)
			doc.regions = append(doc.regions, regions(mine)...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return document{}, err
	}
	if len(doc.types) == 0 {
		return document{}, ErrNothing
	}
	slices.Sort(doc.regions)
	doc.regions = slices.Compact(doc.regions)
	return doc, nil
}

// byType yields the runs of one type in rs, which are sorted.
func byType(rs []Resource) func(yield func([]Resource) bool) {
	return func(yield func([]Resource) bool) {
		for len(rs) > 0 {
			end := slices.IndexFunc(rs, func(r Resource) bool { return r.Type != rs[0].Type })
			if end < 0 {
				end = len(rs)
			}
			if !yield(rs[:end]) {
				return
			}
			rs = rs[end:]
		}
	}
}

func regions(rs []Resource) []string {
	all := make([]string, len(rs))
	for i, r := range rs {
		all[i] = r.Region
	}
	return all
}

// section returns the filters that let all of mine go. The ids come first: they
// fail for no type. The tag and other properties only narrow what they let go,
// and are asked for where aws-nuke reads them and all of mine have them.
func (t Type) section(kind awsnuke.Kind, mine []Resource, env string) (section, error) {
	s := section{typ: t.Name, mine: len(mine)}
	ids := filter{}
	if !kind.HasID {
		ids.property = t.stand2
	}
	var errs []error
	for _, r := range mine {
		id, known := r.ID, true
		if ids.property != "" {
			id, known = r.Properties[ids.property]
		}
		switch {
		case !kind.HasID && (ids.property == "" || !known):
			errs = append(errs, fmt.Errorf("%w: %s: this aws-nuke prints no id for its type, and its property %s is not known", ErrInexpressible, r, ids.property))
		case !expressible(id):
			errs = append(errs, fmt.Errorf("%w: %s %s %q: its id has a line break or bytes that are no UTF-8", ErrInexpressible, r.Region, r.Type, id))
		}
		ids.values = append(ids.values, id)
	}
	s.filters = []filter{ids.sorted()}
	if t.Tag != "" && kind.Reads(t.Tag) && !slices.ContainsFunc(mine, func(r Resource) bool { return r.Properties[t.Tag] != env }) {
		s.filters = append(s.filters, filter{t.Tag, []string{env}})
	}
	for _, property := range t.Narrow {
		if f := (filter{property: property}); kind.Reads(property) && f.collect(mine) {
			s.filters = append(s.filters, f.sorted())
		}
	}
	return s, errors.Join(errs...)
}

// expressible reports whether id can stand in a filter.
func expressible(id string) bool {
	return utf8.ValidString(id) && !strings.ContainsAny(id, "\r\n")
}

// collect fills f with what mine have, and reports whether all of them do.
func (f *filter) collect(mine []Resource) bool {
	for _, r := range mine {
		value := r.Properties[f.property]
		if value == "" || !expressible(value) {
			return false
		}
		f.values = append(f.values, value)
	}
	return true
}

// sorted returns f with each value once, in order.
func (f filter) sorted() filter {
	slices.Sort(f.values)
	f.values = slices.Compact(f.values)
	return f
}
