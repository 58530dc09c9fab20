package changes

import (
	"slices"
	"strings"
)

// owners finds the modules that own a file. Its work grows with the depth of
// the path and the globs of the directories on it, not with the modules.
type owners struct {
	plain   map[string][]int  // modules by a path without wildcards, "" for the root
	globs   map[string][]glob // by the directory above their first wildcard
	exclude [][]pattern       // by module
	global  []pattern
}

type glob struct {
	pattern
	module int
}

// newOwners indexes a Config. Faulty patterns fail.
func newOwners(c Config) (*owners, error) {
	o := &owners{plain: map[string][]int{}, globs: map[string][]glob{}, exclude: make([][]pattern, len(c.Modules))}
	var err error
	if o.global, err = parsePatterns(c.Global); err != nil {
		return nil, err
	}
	for i, m := range c.Modules {
		paths, err := parsePatterns(m.Paths)
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			if p.glob {
				o.globs[p.dir] = append(o.globs[p.dir], glob{p, i})
			} else {
				o.plain[p.text] = append(o.plain[p.text], i)
			}
		}
		if o.exclude[i], err = parsePatterns(m.Exclude); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func parsePatterns(entries []string) ([]pattern, error) {
	patterns := make([]pattern, 0, len(entries))
	for _, e := range entries {
		p, err := parsePattern(e)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// of returns the modules that own file, in ascending order.
func (o *owners) of(file string) []int {
	owners := o.listed(file, file)
	owners = o.globbed(owners, file, file)
	settled := false // a directory without wildcards has owners
	for dir := file; dir != ""; {
		dir = dir[:max(0, strings.LastIndexByte(dir, '/'))]
		if !settled {
			inside := o.listed(dir, file)
			owners, settled = append(owners, inside...), len(inside) > 0
		}
		owners = o.globbed(owners, dir, file)
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// listed returns the modules that list path and do not exclude file.
func (o *owners) listed(path, file string) []int {
	var modules []int
	for _, m := range o.plain[path] {
		if !matchesAny(o.exclude[m], file) {
			modules = append(modules, m)
		}
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
