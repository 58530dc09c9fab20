package awsnuke

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
)

// Config is a configuration that aws-nuke would read.
type Config struct {
	file     string
	major    int
	catalog  Catalog
	warnings []Finding

	blocklist []text
	terms     []text
	noProd    bool // the term "prod" is not added
	regions   []text
	accounts  []account
	types     selection
	presets   map[string][]entry
	roles     bool // service-linked roles go too
}

// account is one of accounts.
type account struct {
	id      text
	null    bool // nothing stands under it
	filters []entry
	unset   bool // it has no filters, or null ones
	types   selection
	presets []text
}

// selection is resource-types, of the file or of an account.
type selection struct {
	includes, excludes, alternatives []text
}

// entry is the filters of one type, as they were written.
type entry struct {
	name    text
	filters []filter
}

// Parse reads content as aws-nuke of the major version would. What that version
// would not read is an error, with its line; what it passes over in silence is a
// warning that [Config.Plan] returns.
func Parse(file string, content []byte, major int) (*Config, error) {
	catalog, ok := Types(major)
	if !ok {
		return nil, fmt.Errorf("read %s: aws-nuke has no major version %d that is known here: 2 and 3 are", file, major)
	}
	r := &reader{file: file, major: major}
	root, err := r.root(content)
	if err != nil {
		return nil, fmt.Errorf("read %w", err)
	}
	c := &Config{file: file, major: major, catalog: catalog, presets: make(map[string][]entry)}
	r.keys(root, "the configuration", c.readers(r))
	c.warnings = r.warnings
	if err := errors.Join(r.errs...); err != nil {
		return nil, fmt.Errorf("aws-nuke v%d does not read this: %w", major, err)
	}
	return c, nil
}

// readers is what may stand at the top of a file.
func (c *Config) readers(r *reader) map[string]func(*yaml.Node) {
	skip := func(*yaml.Node) {}
	known := map[string]func(*yaml.Node){
		"account-blocklist": func(n *yaml.Node) { c.blocked(r, n, "account-blocklist") },
		"account-blacklist": func(n *yaml.Node) { c.blocked(r, n, "account-blacklist") },
		"regions":           func(n *yaml.Node) { c.regions = r.list(n, "regions") },
		"accounts":          func(n *yaml.Node) { c.readAccounts(r, n) },
		"resource-types":    func(n *yaml.Node) { c.types = r.selection(n) },
		"presets":           func(n *yaml.Node) { c.readPresets(r, n) },
		"feature-flags":     skip,
		"endpoints":         skip,
	}
	if c.major == 2 {
		return known
	}
	known["blocklist"] = func(n *yaml.Node) { c.blocklist = append(c.blocklist, r.list(n, "blocklist")...) }
	known["settings"] = func(n *yaml.Node) { c.readSettings(r, n) }
	known["blocklist-terms"] = func(n *yaml.Node) { c.readTerms(r, n) }
	known["no-blocklist-terms-default"] = func(n *yaml.Node) {
		off, ok := truth(n)
		c.noProd = c.noProd || off || !ok
		if c.noProd {
			r.warn(n.Line, "the alias of the account may have \"prod\" in it: no-blocklist-terms-default takes that guard away")
		}
	}
	known["bypass-alias-check-accounts"] = func(n *yaml.Node) {
		r.warn(n.Line, "with --no-alias-check the accounts in bypass-alias-check-accounts need no alias, and may have \"prod\" in it")
	}
	return known
}

func (c *Config) blocked(r *reader, node *yaml.Node, key string) {
	if c.major == 3 {
		r.warn(node.Line, "the key %q is deprecated: aws-nuke v3 calls it blocklist", key)
	}
	c.blocklist = append(c.blocklist, r.list(node, key)...)
}

// readTerms follows a fault of v3: it reads the file twice, and drops the errors
// of the second time, in which the terms are read and "prod" is added to them.
func (c *Config) readTerms(r *reader, node *yaml.Node) {
	if node.Kind != yaml.SequenceNode && !isNull(node) {
		c.noProd = true
		r.warn(node.Line, "blocklist-terms must be a list: aws-nuke hides the error, and checks the alias for no term at all, \"prod\" included")
		return
	}
	c.terms = r.list(node, "blocklist-terms")
}

func (c *Config) readAccounts(r *reader, node *yaml.Node) {
	for _, p := range r.mapping(node, "accounts") {
		a := account{id: p.key, null: isNull(p.value), unset: true}
		r.keys(p.value, "account "+p.key.value, map[string]func(*yaml.Node){
			"filters":        func(n *yaml.Node) { a.filters, a.unset = r.filters(n, "filters"), isNull(n) },
			"resource-types": func(n *yaml.Node) { a.types = r.selection(n) },
			"presets":        func(n *yaml.Node) { a.presets = r.list(n, "presets") },
		})
		c.accounts = append(c.accounts, a)
	}
}

func (c *Config) readPresets(r *reader, node *yaml.Node) {
	for _, p := range r.mapping(node, "presets") {
		r.keys(p.value, "preset "+p.key.value, map[string]func(*yaml.Node){
			"filters": func(n *yaml.Node) { c.presets[p.key.value] = r.filters(n, "preset "+p.key.value) },
		})
		if _, ok := c.presets[p.key.value]; !ok {
			c.presets[p.key.value] = nil
		}
	}
}

// readSettings looks for the one setting that decides what goes.
func (c *Config) readSettings(r *reader, node *yaml.Node) {
	for _, p := range r.mapping(node, "settings") {
		for _, s := range r.mapping(p.value, "settings of "+p.key.value) {
			if p.key.value == "IAMRole" && s.key.value == "IncludeServiceLinkedRoles" && s.value.ShortTag() == "!!bool" {
				c.roles, _ = truth(s.value)
			}
		}
	}
}

// selection reads resource-types.
func (r *reader) selection(node *yaml.Node) selection {
	var s selection
	old := func(key, today string, to *[]text) func(*yaml.Node) {
		return func(n *yaml.Node) {
			if r.major == 3 {
				r.warn(n.Line, "the key %q is deprecated: aws-nuke v3 calls it %s", key, today)
			}
			*to = append(*to, r.list(n, key)...)
		}
	}
	known := map[string]func(*yaml.Node){
		"targets":       old("targets", "includes", &s.includes),
		"cloud-control": old("cloud-control", "alternatives", &s.alternatives),
		"excludes":      func(n *yaml.Node) { s.excludes = r.list(n, "excludes") },
	}
	if r.major == 3 {
		known["includes"] = func(n *yaml.Node) { s.includes = append(s.includes, r.list(n, "includes")...) }
		known["alternatives"] = func(n *yaml.Node) { s.alternatives = append(s.alternatives, r.list(n, "alternatives")...) }
	}
	r.keys(node, "resource-types", known)
	return s
}

// filters reads the filters of an account or a preset.
func (r *reader) filters(node *yaml.Node, what string) []entry {
	var all []entry
	for _, p := range r.mapping(node, what) {
		e := entry{name: p.key}
		switch {
		case isNull(p.value):
		case p.value.Kind != yaml.SequenceNode:
			r.fail(p.value.Line, "the filters of %s must be a list", p.key.value)
		default:
			for _, one := range p.value.Content {
				if isNull(follow(one)) {
					r.warn(one.Line, "aws-nuke drops the empty filter of %s", p.key.value)
					continue
				}
				e.filters = append(e.filters, r.filter(one))
			}
		}
		all = append(all, e)
	}
	return all
}

// Knows reports whether this aws-nuke has a type of the name.
func (c *Config) Knows(name string) bool {
	_, ok := c.catalog[name]
	return ok
}
