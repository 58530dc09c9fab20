package changes

import (
	"slices"
	"strings"
)

// owners finds the modules that own a file. Its work grows with the depth of
// the path and the globs of the directories on it, not with the modules.
type owners struct {
	plain   map[string]int // the first of entries by a path without wildcards, "" for the root
	entries []listing
	globs   map[string][]moduleGlob // by the directory above their first wildcard
	exclude [][]pattern             // by module
	global  []pattern
}

// listing is a module that lists a path without wildcards.
type listing struct {
	module int
	next   int // index into entries of another with this path, or -1
}

type moduleGlob struct {
	pattern
	module int
}

// newOwners indexes a Config. Patterns that are at fault are told to add, and
// left out.
func newOwners(c Config, add func(Place, string, ...any)) *owners {
	o := &owners{
		plain:   make(map[string]int, len(c.Modules)),
		entries: make([]listing, 0, len(c.Modules)),
		globs:   map[string][]moduleGlob{},
		exclude: make([][]pattern, len(c.Modules)),
	}
	parse := func(module int, field, what string, entries []string, each func(pattern)) {
		for j, entry := range entries {
			p, err := parsePattern(entry)
			switch {
			case err == nil:
				each(p)
			case module < 0:
				add(Place{module, field, j}, "%s %q: %w", what, entry, err)
			default:
				add(Place{module, field, j}, "module %s: %s %q: %w", c.Modules[module].label(module), what, entry, err)
			}
		}
	}
	parse(-1, "global", "global", c.Global, func(p pattern) { o.global = append(o.global, p) })
	for i, m := range c.Modules {
		parse(i, "paths", "path", m.Paths, func(p pattern) {
			if p.glob {
				o.globs[p.dir] = append(o.globs[p.dir], moduleGlob{p, i})
			} else {
				next, ok := o.plain[p.text]
				if !ok {
					next = -1
				}
				o.plain[p.text] = len(o.entries)
				o.entries = append(o.entries, listing{i, next})
			}
		})
		parse(i, "exclude", "exclude", m.Exclude, func(p pattern) { o.exclude[i] = append(o.exclude[i], p) })
	}
	return o
}

// of appends to owners, which is empty, the modules that own file, in ascending order.
func (o *owners) of(owners []int, file string) []int {
	owners = o.listed(owners, file, file)
	owners = o.globbed(owners, file, file)
	settled := false // a directory without wildcards has owners
	for dir := file; dir != ""; {
		dir = dir[:max(0, strings.LastIndexByte(dir, '/'))]
		if !settled {
			before := len(owners)
			owners = o.listed(owners, dir, file)
			settled = len(owners) > before
		}
		owners = o.globbed(owners, dir, file)
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// listed appends the modules that list path and do not exclude file.
func (o *owners) listed(modules []int, path, file string) []int {
	at, ok := o.plain[path]
	for ok && at >= 0 {
		e := o.entries[at]
		if !matchesAny(o.exclude[e.module], file) {
			modules = append(modules, e.module)
		}
		at = e.next
	}
	return modules
}

func (o *owners) globbed(modules []int, dir, file string) []int {
	for _, g := range o.globs[dir] {
		if g.matches(file) && !matchesAny(o.exclude[g.module], file) {
			modules = append(modules, g.module)
		}
	}
	return modules
}
