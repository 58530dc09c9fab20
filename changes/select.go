package changes

import (
	"cmp"
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
	All       bool   // select every module that is not OnDemand
	AllReason string // why, in a few words; part of the reason
	// Variables returns the value of the variable of an OnDemand module;
	// os.Getenv will do. With nil, no variable asks for a module.
	Variables  func(name string) string
	Dependents Dependents // default DependentsDeep
}

// Selected is a module that is selected, and why.
type Selected struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"` // those of the module
	// Reasons are all that apply, at least one, sorted by kind and path. A
	// dependency is a reason only where no file of the module itself changed.
	Reasons []Reason `json:"reasons"`
}

// Selection is the answer of [Config.Select].
type Selection struct {
	Modules []Selected `json:"modules"` // sorted by name; never nil
	// Unowned are the changed files that no module owns and that are not
	// global, sorted; never nil.
	Unowned []string `json:"unowned"`
}

// Select maps changed files to the modules that own them (see [Module]), and
// adds the modules that depend on those, with a reason for each. It reads
// nothing and is deterministic. The order of files does not matter.
//
// The error is that of [Config.Validate].
func (c Config) Select(files []File, opts SelectOptions) (Selection, error) {
	if err := c.Validate(); err != nil {
		return Selection{}, err
	}
	owners, err := newOwners(c)
	if err != nil {
		return Selection{}, err
	}
	selection := Selection{Modules: []Selected{}, Unowned: []string{}}
	reasons := make([][]Reason, len(c.Modules))
	var common []Reason // of every module that is not on demand
	for _, f := range files {
		global := matchesAny(owners.global, f.Path)
		if global {
			common = append(common, Reason{Kind: ByGlobal, Path: f.Path, Status: f.Status})
		}
		own := owners.of(f.Path)
		for _, m := range own {
			reasons[m] = append(reasons[m], Reason{Kind: ByFile, Path: f.Path, Status: f.Status})
		}
		if len(own) == 0 && !global {
			selection.Unowned = append(selection.Unowned, f.Path)
		}
	}
	c.spread(reasons, opts.Dependents)
	if opts.All {
		common = append(common, Reason{Kind: ByAll, Detail: opts.AllReason})
	}
	for i, m := range c.Modules {
		switch {
		case m.OnDemand == "":
			reasons[i] = append(reasons[i], common...)
		case opts.Variables != nil && asks(opts.Variables(m.OnDemand)):
			reasons[i] = append(reasons[i], Reason{Kind: ByVariable, Detail: m.OnDemand})
		}
		if len(reasons[i]) > 0 {
			slices.SortFunc(reasons[i], compareReasons)
			selection.Modules = append(selection.Modules, Selected{
				Name: m.Name, Labels: m.Labels, Reasons: slices.CompactFunc(reasons[i], equalReasons),
			})
		}
	}
	slices.SortFunc(selection.Modules, func(a, b Selected) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(selection.Unowned)
	selection.Unowned = slices.Compact(selection.Unowned)
	return selection, nil
}

// asks reports whether the value of a variable asks for a module.
func asks(value string) bool {
	value = strings.TrimSpace(value)
	return value == "1" || strings.EqualFold(value, "true")
}

// spread adds a reason to the modules that depend on those that have one. It
// walks breadth first, so that each is reached by a shortest chain.
func (c Config) spread(reasons [][]Reason, how Dependents) {
	if how == DependentsNone {
		return
	}
	dependents := map[string][]int{}
	for i, m := range c.Modules {
		for _, need := range m.DependsOn {
			dependents[need] = append(dependents[need], i)
		}
	}
	chains := make([][]string, len(c.Modules)) // from a module, itself first, to one that changed
	var level []int
	for i, m := range c.Modules {
		if len(reasons[i]) > 0 {
			chains[i] = []string{m.Name}
			level = append(level, i)
		}
	}
	for len(level) > 0 {
		slices.SortFunc(level, func(a, b int) int { return slices.Compare(chains[a], chains[b]) })
		var next []int
		for _, changed := range level {
			for _, d := range dependents[c.Modules[changed].Name] {
				if chains[d] != nil {
					continue
				}
				chains[d] = append([]string{c.Modules[d].Name}, chains[changed]...)
				next = append(next, d)
				if c.Modules[d].OnDemand == "" {
					reasons[d] = append(reasons[d], Reason{Kind: ByDependency, Via: chains[changed]})
				}
			}
		}
		if how == DependentsDirect {
			return
		}
		level = next
	}
}
