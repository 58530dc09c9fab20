package awsnuke

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Plan is a configuration as it applies to one account.
type Plan struct {
	// Refused is why aws-nuke would end before it deletes anything.
	Refused []Finding
	// Warnings is what people should know of the configuration.
	Warnings []Finding
	// Types are those that are scanned, sorted.
	Types []string
	// Regions are those that are scanned, sorted; All stands for every one.
	Regions []string

	config  *Config
	subject Subject
	run     Run
	filters map[string][]condition
}

// All is the region that stands for all that are enabled, and "global". v3 only.
const All = "all"

// condition is a filter that is ready to compare.
type condition struct {
	filter
	match matcher
}

// Plan applies the configuration to an account.
func (c *Config) Plan(subject Subject, run Run) *Plan {
	p := &Plan{config: c, subject: subject, run: run, Warnings: slices.Clone(c.warnings), filters: make(map[string][]condition)}
	p.validate()
	a, ok := c.account(subject.Account)
	switch {
	case !ok, a.null && c.major == 3:
		p.refuse(0, "the account %s is not among accounts", subject.Account)
		return p
	case a.null:
		p.warn(a.id.line, "nothing stands under the account: everything in it goes")
	}
	p.resolveTypes(a)
	p.resolveRegions()
	entries := p.entries(a)
	p.conditions(entries)
	p.traps(a, entries)
	slices.SortStableFunc(p.Warnings, func(a, b Finding) int { return a.Line - b.Line })
	return p
}

func (c *Config) account(id string) (account, bool) {
	for _, a := range c.accounts {
		if a.id.value == id {
			return a, true
		}
	}
	return account{}, false
}

func (p *Plan) refuse(line int, format string, args ...any) {
	p.Refused = append(p.Refused, Finding{File: p.config.file, Line: line, Detail: fmt.Sprintf(format, args...)})
}

func (p *Plan) warn(line int, format string, args ...any) {
	p.Warnings = append(p.Warnings, Finding{File: p.config.file, Line: line, Detail: fmt.Sprintf(format, args...)})
}

// validate is aws-nuke's check of the account. With its flag --no-alias-check
// the alias would not count; nobody should use that.
func (p *Plan) validate() {
	c := p.config
	if len(c.blocklist) == 0 {
		p.refuse(0, "the blocklist is empty: it must name at least the production account")
	}
	for _, id := range c.blocklist {
		if id.value == p.subject.Account {
			p.refuse(id.line, "the account %s is in the blocklist", id.value)
		}
	}
	if p.subject.Alias == "" {
		p.refuse(0, "the account %s has no alias", p.subject.Account)
	}
	terms := values(c.terms)
	if !c.noProd {
		terms = append(terms, "prod")
	}
	for _, term := range terms {
		if strings.Contains(strings.ToLower(p.subject.Alias), term) {
			p.refuse(0, "the alias %s of the account has the blocked term %q in it", p.subject.Alias, term)
		}
	}
	for _, term := range c.terms {
		if term.value != strings.ToLower(term.value) {
			p.warn(term.line, "the term %q is never found: aws-nuke looks for it in the alias in lower case", term.value)
		}
	}
}

// resolveTypes follows aws-nuke: alternatives take the place of types, each list
// of includes that is not empty cuts down what there is, and excludes beat all.
// Only v3 takes patterns.
func (p *Plan) resolveTypes(a account) {
	c := p.config
	base := c.catalog.Names()
	for _, alternatives := range [][]text{c.types.alternatives, a.types.alternatives} {
		for _, name := range p.expand(base, values(alternatives)) {
			if !slices.Contains(base, name) {
				base = append(base, name)
			}
			base = slices.DeleteFunc(base, func(t string) bool { return c.catalog[t].CloudControl == name })
		}
	}
	for _, includes := range [][]string{p.run.Include, values(c.types.includes), values(a.types.includes)} {
		if names := p.expand(base, includes); len(includes) > 0 {
			base = slices.DeleteFunc(base, func(t string) bool { return !slices.Contains(names, t) })
		}
	}
	for _, excludes := range [][]string{p.run.Exclude, values(c.types.excludes), values(a.types.excludes)} {
		names := p.expand(base, excludes)
		base = slices.DeleteFunc(base, func(t string) bool { return slices.Contains(names, t) })
	}
	slices.Sort(base)
	p.Types = base
}

// expand replaces patterns by what they match; one that matches nothing stays.
func (p *Plan) expand(base, names []string) []string {
	var all []string
	for _, name := range names {
		var found []string
		if p.config.major == 3 {
			if match, err := glob(name); err == nil {
				found = slices.DeleteFunc(slices.Clone(base), func(t string) bool { ok, err := match(t); return !ok && !isUnjudged(err) })
			}
		}
		if len(found) == 0 {
			found = []string{name}
		}
		all = append(all, found...)
	}
	return all
}

// resolveRegions sorts the regions. v3 refuses to scan one twice.
func (p *Plan) resolveRegions() {
	seen := make(map[string]bool)
	for _, region := range p.config.regions {
		if seen[region.value] && p.config.major == 3 {
			p.refuse(region.line, "the region %s is given twice", region.value)
		}
		seen[region.value] = true
	}
	if seen[All] && p.config.major == 3 {
		p.warn(p.config.regions[0].line, "all reaches every region that is enabled, whatever else is listed")
		seen = map[string]bool{All: true}
	}
	p.Regions = slices.Sorted(maps.Keys(seen))
}

// entries returns the filters of an account with those of its presets. Only what
// stands under the account gets new names for deprecated ones.
func (p *Plan) entries(a account) []entry {
	all := p.renamed(a)
	for _, name := range a.presets {
		preset, ok := p.config.presets[name.value]
		if !ok {
			p.refuse(name.line, "there is no preset %q", name.value)
		}
		all = append(all, preset...)
	}
	return all
}

// renamed follows a fault of v3: the renaming of deprecated names ends at the
// first account without filters, and accounts come in random order.
func (p *Plan) renamed(a account) []entry {
	c := p.config
	hole := c.major == 3 && slices.ContainsFunc(c.accounts, func(o account) bool { return o.null || o.unset })
	for _, o := range c.accounts {
		p.doubled(o)
	}
	all := slices.Clone(a.filters)
	for i, e := range all {
		current := c.catalog.Current(e.name.value)
		if current == "" || current == e.name.value {
			continue
		}
		if hole {
			p.warn(e.name.line, "%s is deprecated, and an account without filters keeps aws-nuke from reading it as %s: the filters may not count", e.name.value, current)
			continue
		}
		p.warn(e.name.line, "%s is deprecated: aws-nuke reads it as %s", e.name.value, current)
		all[i].name.value = current
	}
	return all
}

// doubled refuses filters under a deprecated name and under the current one, in
// whatever account.
func (p *Plan) doubled(a account) {
	for _, e := range a.filters {
		current := p.config.catalog.Current(e.name.value)
		if current != e.name.value && slices.ContainsFunc(a.filters, func(o entry) bool { return o.name.value == current }) {
			p.refuse(e.name.line, "%s is the deprecated name of %s, and both have filters", e.name.value, current)
		}
	}
}

// conditions compiles the filters, by type. One that ends the run decides nothing.
func (p *Plan) conditions(entries []entry) {
	for _, e := range entries {
		for _, f := range e.filters {
			if p.config.major == 3 && f.property == "" && f.value == "" {
				p.refuse(f.line, "a filter of %s has neither a property nor a value", e.name.value)
			}
			match, err := f.compile(p.config.major, p.run.Now)
			if err != nil {
				p.refuse(f.line, "%s: %v", e.name.value, err)
				match = func(string) (bool, error) { return false, err }
			}
			p.filters[e.name.value] = append(p.filters[e.name.value], condition{f, match})
		}
	}
}
