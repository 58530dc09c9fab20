package changes

import (
	"errors"
	"fmt"
)

// Module is a part of the repository that is built, tested or delivered by
// itself.
//
// An entry of Paths or Exclude is relative to the repository's root and
// "/"-separated. Without wildcards it is that file, or that directory and all
// below it; "." is the whole repository. With wildcards it is a glob over
// whole paths: "*" and "?" stay within a name, "**" crosses directories,
// {a,b} and [a-z] are choices. A glob that ends in "/" takes all below the
// directories that it matches. Its length is at most 1,024 bytes, and that times
// the globs that its braces stand for at most 64 KiB. A backslash takes the meaning from the wildcard
// that follows: pages/\[id\].tsx. A leading "./" and, of a path without
// wildcards, a trailing "/" mean nothing.
//
// A module owns a changed file where an entry of its Paths matches and none of
// its Exclude does, with one exception: of the modules that match only by a
// directory without wildcards, just those with the longest one own the file.
// So "services" does not own services/a/main.go when another module has
// "services/a", and modules that list the same directory all own what is in
// it. Globs, and entries that name the file itself, take no part in this: they
// neither lose a file to others nor take one from them. A module that excludes
// a file counts as not listing it, so that the next shorter directory may own it.
type Module struct {
	Name    string
	Paths   []string // at least one
	Exclude []string
	// DependsOn are names of modules that this one is built from or tested
	// with; it is selected when one of them changes. Cycles are allowed.
	DependsOn []string
	// OnDemand is the name of a variable. A module that has one is selected
	// only when a file of its own changes, or when the variable asks for it
	// with "true" (in any case) or "1": neither global files, nor
	// Diff.All, nor its dependencies select it. A change still passes
	// through it to the modules that depend on it. The name is of letters,
	// digits and "_", and does not begin with a digit.
	OnDemand string
	Labels   map[string]string // the caller's own words; carried, not read
}

// Config is the modules of a repository.
type Config struct {
	Modules []Module
	// Global are paths and globs, as in Module.Paths. A changed file that one
	// of them matches selects every module that is not OnDemand.
	Global []string
}

// Validate checks c as a whole. The error joins a [*ConfigError] for each
// fault: a name that is empty or given twice, a module without paths, a path
// that is empty, absolute, leaves the repository or is no valid glob, a
// dependency on a module that does not exist, and an OnDemand that cannot be the
// name of a variable.
func (c Config) Validate() error {
	_, err := c.check()
	return err
}

// index finds modules of a Config.
type index struct {
	*owners
	byName map[string]int
}

// check is Validate, with the index that it builds on the way.
func (c Config) check() (*index, error) {
	index, faults := c.faults()
	if len(faults) == 0 {
		return index, nil
	}
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return nil, errors.Join(errs...)
}

// Place is where in a [Config] something stands.
type Place struct {
	Module int    // index into Modules; -1 for what stands outside of them
	Field  string // global, name, paths, exclude, depends_on or on_demand; "" for a module as a whole
	Item   int    // index into the list that the field is
}

// faults checks c, in the order of its modules.
func (c Config) faults() (*index, []*ConfigError) {
	var faults []*ConfigError
	add := func(at Place, format string, args ...any) {
		faults = append(faults, &ConfigError{Place: at, Err: fmt.Errorf(format, args...)})
	}
	x := &index{newOwners(c, add), make(map[string]int, len(c.Modules))}
	for i, m := range c.Modules {
		if _, twice := x.byName[m.Name]; !twice {
			x.byName[m.Name] = i
		}
	}
	for i, m := range c.Modules {
		switch {
		case m.Name == "":
			add(Place{i, "name", 0}, "module %d has no name", i+1)
		case x.byName[m.Name] != i:
			add(Place{i, "name", 0}, "module %s is defined twice", m.label(i))
		}
		if len(m.Paths) == 0 {
			add(Place{i, "", 0}, "module %s has no paths", m.label(i))
		}
		for j, need := range m.DependsOn {
			if _, ok := x.byName[need]; !ok || need == "" {
				add(Place{i, "depends_on", j}, "module %s depends on %q, which is no module", m.label(i), need)
			}
		}
		if m.OnDemand != "" && !isVariable(m.OnDemand) {
			add(Place{i, "on_demand", 0}, "module %s: on_demand %q is no name of a variable: it may have letters of ASCII, digits and _, and not begin with a digit", m.label(i), m.OnDemand)
		}
	}
	return x, faults
}

// label names a module in an error, even one without a name.
func (m Module) label(index int) string {
	if m.Name == "" {
		return fmt.Sprint(index + 1)
	}
	return Printable(m.Name)
}

// isVariable reports whether name can be that of an environment variable: a name
// as POSIX defines it, which every shell and CI system takes.
func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || '9' < r) {
			return false
		}
	}
	return name != ""
}
