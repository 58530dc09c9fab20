package changes

import "slices"

// chained is a module on a chain of dependencies: one of the present, or of those
// before that are gone.
type chained struct {
	module int // index into now.Modules, or, where it is gone, into before.Modules
	gone   bool
	chain  []string // from it, itself first, to one that changed or is gone
	ended  bool     // the last of chain is gone
}

// spread adds a reason to the modules that depend on those that have one, or on
// those that are gone. It walks breadth first, so that each is reached by a
// shortest chain.
func (s *selecting) spread(how Dependents) {
	if how == DependentsNone {
		return
	}
	reached := make([]bool, len(s.now.Modules))
	var level []chained
	for i, m := range s.now.Modules {
		if len(s.reasons[i]) > 0 {
			reached[i] = true
			level = append(level, chained{module: i, chain: []string{m.Name}})
		}
	}
	for b, m := range s.before.Modules {
		if s.present[b] < 0 {
			level = append(level, chained{module: b, gone: true, chain: []string{m.Name}, ended: true})
		}
	}
	if len(level) == 0 {
		return
	}
	dependents, orphans := s.graph()
	for len(level) > 0 {
		slices.SortFunc(level, func(a, b chained) int { return slices.Compare(a.chain, b.chain) })
		var next []chained
		for _, l := range level {
			above := dependents
			if l.gone {
				above = orphans
			}
			for _, d := range above[l.module] {
				if reached[d] {
					continue
				}
				reached[d] = true
				next = append(next, chained{module: d, chain: append([]string{s.now.Modules[d].Name}, l.chain...), ended: l.ended})
				if s.now.Modules[d].OnDemand == "" {
					s.reasons[d] = append(s.reasons[d], Reason{Kind: ByDependency, Via: l.chain, Removed: l.ended})
				}
			}
		}
		if how == DependentsDirect {
			return
		}
		level = next
	}
}

// graph returns the present modules that depend on each present one, and those
// that depended on each of before that is gone.
func (s *selecting) graph() (dependents, orphans [][]int) {
	dependents = make([][]int, len(s.now.Modules))
	for i, m := range s.now.Modules {
		for _, need := range m.DependsOn {
			on := s.index.byName[need]
			dependents[on] = append(dependents[on], i)
		}
	}
	orphans = make([][]int, len(s.before.Modules))
	for b, m := range s.before.Modules {
		for _, need := range m.DependsOn {
			if on := s.beforeIndex.byName[need]; s.present[b] >= 0 && s.present[on] < 0 {
				orphans[on] = append(orphans[on], s.present[b])
			}
		}
	}
	return dependents, orphans
}
