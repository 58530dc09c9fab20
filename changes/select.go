package changes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Dependents says how far a change spreads.
type Dependents int

// How far a change spreads to the modules that depend on what changed.
const (
	DependentsDeep   Dependents = iota // to those that depend on it through others as well
	DependentsDirect                   // to those that name it in DependsOn
	DependentsNone                     // to none
)

// SelectOptions tune a selection. The zero value is ready to use.
type SelectOptions struct {
	// Before are the modules as they were in the state that Diff.From names. A
	// module of Before that the present Config lacks, by its name, is deleted: it
	// is listed as such, and the modules that depended on it are its dependents.
	// A module that was renamed is a deleted and a new one. With Before, a file
	// that was not added counts for its owners before as well as for those now.
	//
	// With nil, deleted modules are not seen.
	Before *Config
	// Variables returns the value of the variable of an OnDemand module;
	// os.Getenv will do. With nil, no variable asks for a module.
	Variables  func(name string) string
	Dependents Dependents // default DependentsDeep
}

// ModuleStatus is why a module is selected, in a word. Where several apply, it
// is the first of them in the order of the constants.
type ModuleStatus string

// The statuses of modules.
const (
	ModuleDeleted   ModuleStatus = "deleted"   // it was a module, and is none any more
	ModuleChanged   ModuleStatus = "changed"   // a file of its own changed
	ModuleDependent ModuleStatus = "dependent" // a module that it depends on changed
	ModuleGlobal    ModuleStatus = "global"    // a file of Config.Global changed
	ModuleAskedFor  ModuleStatus = "asked for" // everything was asked for, or its variable asks
)

// Selected is a module that is selected, and why.
type Selected struct {
	Name   string            `json:"name"`
	Status ModuleStatus      `json:"status"` // that of the first reason
	Labels map[string]string `json:"labels,omitempty"`
	// Reasons are all that apply, at least one, sorted by kind and path. A
	// dependency is a reason only where no file of the module itself changed.
	Reasons []Reason `json:"reasons"`
}

// Selection is the answer of [Config.Select].
type Selection struct {
	Modules []Selected `json:"modules"` // those that exist, sorted by name; never nil
	// Deleted are the modules of SelectOptions.Before that are gone, whether or
	// not files of theirs changed, sorted by name; never nil.
	Deleted []Selected `json:"deleted"`
	// Unowned are the changed files that no module owns or owned and that are not
	// global, sorted; never nil.
	Unowned []string `json:"unowned"`
	All     string   `json:"all"` // Diff.All: why everything counts as changed
}

// Select maps the files of diff to the modules that own them (see [Module]), and
// adds the modules that depend on those, with a reason for each. Where Diff.All
// says so, it selects every module that is not OnDemand. It reads nothing and is
// deterministic. The order of files does not matter.
//
// The error is that of [Config.Validate], for c or for opts.Before.
func (c Config) Select(diff Diff, opts SelectOptions) (Selection, error) {
	s, err := newSelecting(c, opts.Before)
	if err != nil {
		return Selection{}, err
	}
	for _, f := range diff.Files {
		s.add(f)
	}
	s.spread(opts.Dependents)
	if diff.All != "" {
		s.common = append(s.common, Reason{Kind: ByAll, Detail: diff.All})
	}
	selection := Selection{Modules: []Selected{}, Deleted: s.deletions(), Unowned: s.unowned, All: diff.All}
	for i, m := range c.Modules {
		switch {
		case m.OnDemand == "":
			s.reasons[i] = append(s.reasons[i], s.common...)
		case opts.Variables != nil && asks(opts.Variables(m.OnDemand)):
			s.reasons[i] = append(s.reasons[i], Reason{Kind: ByVariable, Detail: m.OnDemand})
		}
		if len(s.reasons[i]) > 0 {
			selection.Modules = append(selection.Modules, selected(m, s.reasons[i]))
		}
	}
	slices.SortFunc(selection.Modules, byName)
	slices.Sort(selection.Unowned)
	selection.Unowned = slices.Compact(selection.Unowned)
	return selection, nil
}

func selected(m Module, reasons []Reason) Selected {
	slices.SortFunc(reasons, compareReasons)
	reasons = slices.CompactFunc(reasons, equalReasons)
	_, status := reasons[0].Kind.rank()
	return Selected{Name: m.Name, Status: status, Labels: m.Labels, Reasons: reasons}
}

func byName(a, b Selected) int { return cmp.Compare(a.Name, b.Name) }

// asks reports whether the value of a variable asks for a module.
func asks(value string) bool {
	value = strings.TrimSpace(value)
	return value == "1" || strings.EqualFold(value, "true")
}

// selecting is a selection in the making.
type selecting struct {
	now     Config
	index   *index
	reasons [][]Reason // by module of now
	common  []Reason   // of every module that is not on demand
	unowned []string

	before      Config // without modules where it is not known
	beforeIndex *index
	present     []int      // by module of before: that of now with its name, or -1
	gone        [][]Reason // by module of before

	found []int // the owners of one file
}

func newSelecting(now Config, before *Config) (*selecting, error) {
	s := &selecting{now: now, reasons: make([][]Reason, len(now.Modules)), unowned: []string{}}
	var err error
	if s.index, err = now.check(); err != nil {
		return nil, err
	}
	if before == nil {
		return s, nil
	}
	s.before = *before
	if s.beforeIndex, err = before.check(); err != nil {
		return nil, fmt.Errorf("modules as they were before: %w", err)
	}
	s.gone = make([][]Reason, len(before.Modules))
	s.present = make([]int, len(before.Modules))
	for b, m := range before.Modules {
		if i, ok := s.index.byName[m.Name]; ok {
			s.present[b] = i
		} else {
			s.present[b] = -1
		}
	}
	return s, nil
}

// add notes a changed file with whom it concerns.
func (s *selecting) add(f File) {
	reason := Reason{Kind: ByFile, Path: f.Path, Status: f.Status}
	known := matchesAny(s.index.global, f.Path)
	if known {
		s.common = append(s.common, Reason{Kind: ByGlobal, Path: f.Path, Status: f.Status})
	}
	s.found = s.index.of(s.found[:0], f.Path)
	for _, m := range s.found {
		known = true
		s.reasons[m] = append(s.reasons[m], reason)
	}
	if s.beforeIndex != nil && f.Status != Added {
		s.found = s.beforeIndex.of(s.found[:0], f.Path)
		for _, b := range s.found {
			known = true
			if m := s.present[b]; m >= 0 {
				s.reasons[m] = append(s.reasons[m], reason)
			} else {
				s.gone[b] = append(s.gone[b], reason)
			}
		}
	}
	if !known {
		s.unowned = append(s.unowned, f.Path)
	}
}

// deletions are the modules that are gone.
func (s *selecting) deletions() []Selected {
	deleted := []Selected{}
	for b, m := range s.before.Modules {
		if s.present[b] < 0 {
			deleted = append(deleted, selected(m, append(s.gone[b], Reason{Kind: ByRemoval})))
		}
	}
	slices.SortFunc(deleted, byName)
	return deleted
}
