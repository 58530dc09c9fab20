package awsnuke

import (
	"fmt"
	"slices"
	"strings"
)

// maxNamed bounds how many types one warning names.
const maxNamed = 6

// traps warns of what reads well and does something else.
func (p *Plan) traps(a account, entries []entry) {
	p.typeTraps(a)
	for _, e := range entries {
		p.keyTraps(e)
		for _, f := range e.filters {
			p.filterTraps(e.name.value, f)
		}
	}
	p.listTraps()
	p.openTypes(a)
}

func (p *Plan) typeTraps(a account) {
	c := p.config
	if len(c.types.includes)+len(a.types.includes)+len(p.run.Include) == 0 {
		p.warn(0, "includes is empty, which means all types: %d are scanned", len(p.Types))
	}
	alternatives := slices.Concat(c.types.alternatives, a.types.alternatives)
	for _, name := range alternatives {
		for _, k := range c.catalog {
			if k.CloudControl == name.value {
				p.warn(name.line, "%s takes the place of %s, whose filters do not count for it", name.value, k.Name)
			}
		}
	}
	for _, name := range slices.Concat(c.types.includes, a.types.includes) {
		p.includeTraps(name, slices.Contains(values(alternatives), name.value))
	}
	for _, name := range slices.Concat(c.types.excludes, a.types.excludes) {
		if !c.Knows(name.value) && !p.isPattern(name) && !slices.Contains(values(alternatives), name.value) {
			p.warn(name.line, "aws-nuke v%d has no type %s: nothing is excluded%s", c.major, name.value, hint(name.value, c.catalog.Names()))
		}
	}
}

func (p *Plan) isPattern(name text) bool {
	return p.config.major == 3 && strings.ContainsAny(name.value, "*?[")
}

func (p *Plan) includeTraps(name text, alternative bool) {
	c := p.config
	switch current := c.catalog.Current(name.value); {
	case p.isPattern(name):
		p.warn(name.line, "the pattern %s also includes types that later versions of aws-nuke add", name.value)
	case current != "" && current != name.value:
		p.warn(name.line, "%s is deprecated, and includes are not renamed: nothing is included; write %s", name.value, current)
	case current == "" && !alternative:
		p.warn(name.line, "aws-nuke v%d has no type %s: nothing is included%s", c.major, name.value, hint(name.value, c.catalog.Names()))
	case current != "" && !slices.Contains(p.Types, name.value):
		p.warn(name.line, "%s is included, and also excluded or not in another list of includes: it is not scanned", name.value)
	}
}

// keyTraps warns of filters that no type reads.
func (p *Plan) keyTraps(e entry) {
	c, name := p.config, e.name.value
	current := c.catalog.Current(name)
	switch {
	case name == globalFilters && c.major == 2:
		p.warn(e.name.line, "aws-nuke v2 has no %s: these filters do nothing", globalFilters)
	case name == globalFilters, slices.Contains(p.Types, name):
	case current != "" && current != name:
		p.warn(e.name.line, "%s is deprecated, and not renamed here: these filters do nothing; write %s", name, current)
	case current == "":
		p.warn(e.name.line, "aws-nuke v%d has no type %s: these filters do nothing%s", c.major, name, hint(name, c.catalog.Names()))
	default:
		p.warn(e.name.line, "%s is not included: its filters do nothing", name)
	}
}

// deletes reports whether f, by its inversion, lets go what it names.
func (f filter) deletes() bool { return f.invert != (f.kind == typeNotIn) }

func (p *Plan) filterTraps(name string, f filter) {
	if f.group != defaultGroup && p.config.major == 3 {
		p.warn(f.line, "the group %q counts only with --feature-flag filter-groups, and then items must match in every group to be kept", f.group)
	}
	if name == globalFilters {
		p.globalTraps(f)
	} else if kind, ok := p.config.catalog[name]; ok {
		p.propertyTraps(kind, f)
	}
	if env := p.subject.Environment; env != "" && !f.deletes() && mentions(f, env) {
		p.warn(f.line, "this keeps what is named here, and lets all other %s go: filters say what stays; invert it", name)
	}
	if f.deletes() {
		p.invertedTraps(f)
	}
}

func mentions(f filter, env string) bool {
	return strings.Contains(f.value, env) || slices.ContainsFunc(f.values, func(v string) bool { return strings.Contains(v, env) })
}

func (p *Plan) globalTraps(f filter) {
	var blind []string
	for _, name := range p.Types {
		if k := p.config.catalog[name]; f.property != "" && !k.HasProps || f.property == "" && !k.HasID {
			blind = append(blind, name)
		}
	}
	if len(blind) > 0 && p.config.major == 3 {
		p.warn(f.line, "this filter of %s does not count for %s, which cannot be asked for %s", globalFilters, named(blind), asked(f))
	}
}

func asked(f filter) string {
	if f.property == "" {
		return "an id"
	}
	return "properties"
}

func (p *Plan) propertyTraps(kind Kind, f filter) {
	switch {
	case f.property == "" && !kind.HasID:
		p.warn(f.line, "%s has no id in aws-nuke v%d: it only warns, skips this filter, and deletes", kind.Name, p.config.major)
	case f.property != "" && !kind.HasProps:
		p.warn(f.line, "%s has no properties in aws-nuke v%d: it only warns, skips this filter, and deletes", kind.Name, p.config.major)
	case f.property != "" && kind.Properties != nil && !kind.Reads(f.property) && kind.missing(f.property) == absent:
		p.warn(f.line, "%s has no property %s: it reads as an empty string%s", kind.Name, f.property, hint(f.property, kind.Properties))
	}
}

// invertedTraps warns of inverted filters that delete more than they seem to.
func (p *Plan) invertedTraps(f filter) {
	what := "the id"
	if f.property != "" {
		what = f.property
	}
	switch {
	case (f.kind == "" || f.kind == typeExact) && f.value == "" && f.property != "":
		p.warn(f.line, "inverted with an empty value, this lets go what has no %s", what)
	case f.kind == "contains", f.kind == "prefix", f.kind == "suffix", f.kind == "glob":
		p.warn(f.line, "inverted, this lets go whatever mentions %q in %s, such as another environment whose name begins the same way", f.value, what)
	case f.kind == "regex" && (!strings.HasPrefix(f.value, "^") || !strings.HasSuffix(f.value, "$")):
		p.warn(f.line, "inverted and without ^ and $, this regex lets go whatever mentions what it describes in %s", what)
	}
}

// listTraps warns of inverted filters that can never let go together.
func (p *Plan) listTraps() {
	for _, name := range p.Types {
		first := make(map[string]condition)
		for _, c := range p.conditionsOf(name) {
			if !c.invert || c.kind != "" && c.kind != typeExact {
				continue
			}
			if f, ok := first[c.property]; ok && f.value != c.value {
				p.warn(c.line, "with the filter of line %d this asks for two values at once: nothing of %s is deleted", f.line, name)
			} else if !ok {
				first[c.property] = c
			}
		}
	}
}

// conditionsOf returns the filters that aws-nuke does read for a type.
func (p *Plan) conditionsOf(name string) []condition {
	var all []condition
	if p.config.major == 3 {
		all = slices.Clone(p.filters[globalFilters])
	}
	kind, known := p.config.catalog[name]
	all = append(all, p.filters[name]...)
	return slices.DeleteFunc(all, func(c condition) bool {
		return known && (c.property == "" && !kind.HasID || c.property != "" && !kind.HasProps)
	})
}

// openTypes warns of included types for which no filter is read.
func (p *Plan) openTypes(a account) {
	lines := make(map[string]int)
	for _, t := range slices.Concat(p.config.types.includes, a.types.includes) {
		lines[t.value] = t.line
	}
	var open []string
	line := 0
	for _, name := range p.Types {
		if len(p.conditionsOf(name)) == 0 {
			open = append(open, name)
			line = max(line, lines[name])
		}
	}
	if len(open) > 0 {
		p.warn(line, "no filter is read for %s: all of it goes", named(open))
	}
}

// named is a list of types as people read it.
func named(types []string) string {
	if len(types) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(types[:maxNamed], ", "), len(types)-maxNamed)
	}
	return strings.Join(types, ", ")
}
