// Package dag orders things that depend on one another.
//
// [New] checks a graph as a whole and returns every fault it has, joined: a
// name that is empty or given twice, a dependency that does not exist, and
// each cycle as the path that closes it.
package dag

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Node is one thing and the names of those that it needs.
type Node struct {
	Name  string
	Needs []string
}

// Graph is a checked graph without cycles. The zero value is an empty one.
type Graph struct {
	order      []string // needs before those that need them; otherwise as given
	needs      map[string][]string
	dependents map[string][]string
	level      map[string]int
}

// CycleError is a cycle in the dependencies. Path begins and ends with the
// same name; each element needs the next.
type CycleError struct {
	Path []string
}

func (e *CycleError) Error() string {
	return "dependency cycle: " + strings.Join(e.Path, " -> ")
}

// Cycles are those among the faults that an error of New joins, in its order.
func Cycles(err error) []*CycleError {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var cycles []*CycleError
	for _, e := range joined.Unwrap() {
		if cycle, ok := errors.AsType[*CycleError](e); ok {
			cycles = append(cycles, cycle)
		}
	}
	return cycles
}

// UnknownError is a dependency on a name that is not in the graph.
type UnknownError struct {
	Name, Needs string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s: depends on unknown %q", e.Name, e.Needs)
}

// DuplicateError is a name that is given more than once.
type DuplicateError struct {
	Name string
}

func (e *DuplicateError) Error() string { return fmt.Sprintf("%s: defined twice", e.Name) }

// ErrEmptyName is the error of a node without a name.
var ErrEmptyName = errors.New("empty name")

// New returns the graph of nodes. A need that is listed twice counts once.
func New(nodes []Node) (*Graph, error) {
	g := &Graph{
		needs:      make(map[string][]string, len(nodes)),
		dependents: make(map[string][]string, len(nodes)),
		level:      make(map[string]int, len(nodes)),
	}
	errs := g.add(nodes)
	errs = append(errs, g.sort(nodes)...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return g, nil
}

func (g *Graph) add(nodes []Node) (errs []error) {
	for i, n := range nodes {
		_, twice := g.needs[n.Name]
		switch {
		case n.Name == "":
			errs = append(errs, fmt.Errorf("node %d: %w", i+1, ErrEmptyName))
		case twice:
			errs = append(errs, &DuplicateError{Name: n.Name})
		default:
			g.needs[n.Name] = unique(n.Needs)
		}
	}
	for _, n := range nodes {
		for _, need := range unique(n.Needs) {
			if _, ok := g.needs[need]; !ok {
				errs = append(errs, &UnknownError{Name: n.Name, Needs: need})
			}
		}
	}
	return errs
}

// sort fills order, level and dependents by a depth-first walk, and returns
// the cycles that it meets.
func (g *Graph) sort(nodes []Node) (errs []error) {
	const (
		onPath = 1
		done   = 2
	)
	state := make(map[string]int, len(nodes))
	var path []string
	var visit func(name string)
	visit = func(name string) {
		if state[name] == done {
			return
		}
		if state[name] == onPath {
			start := slices.Index(path, name)
			errs = append(errs, &CycleError{Path: append(slices.Clone(path[start:]), name)})
			return
		}
		state[name] = onPath
		path = append(path, name)
		level := 0
		for _, need := range g.needs[name] {
			if _, known := g.needs[need]; !known {
				continue
			}
			visit(need)
			g.dependents[need] = append(g.dependents[need], name)
			level = max(level, g.level[need]+1)
		}
		path = path[:len(path)-1]
		state[name] = done
		g.level[name] = level
		g.order = append(g.order, name)
	}
	for _, n := range nodes {
		if n.Name != "" {
			visit(n.Name)
		}
	}
	return errs
}

// Order returns all names, each after those that it needs; otherwise in the
// order in which they were given.
func (g *Graph) Order() []string { return slices.Clone(g.order) }

// Dependents returns what needs name directly.
func (g *Graph) Dependents(name string) []string { return slices.Clone(g.dependents[name]) }

// Levels groups the names: those that need nothing first, then those that need
// only the groups before. Within a group they keep the order of Order.
func (g *Graph) Levels() [][]string {
	var levels [][]string
	for _, name := range g.order {
		for len(levels) <= g.level[name] {
			levels = append(levels, nil)
		}
		levels[g.level[name]] = append(levels[g.level[name]], name)
	}
	return levels
}

// LongestChain returns a longest sequence of names each of which needs the one
// before it; the first in order where there are several.
func (g *Graph) LongestChain() []string {
	var last string
	for _, name := range g.order {
		if last == "" || g.level[name] > g.level[last] {
			last = name
		}
	}
	var chain []string
	for last != "" {
		chain = append(chain, last)
		next := ""
		for _, need := range g.needs[last] {
			if g.level[need] == g.level[last]-1 {
				next = need
				break
			}
		}
		last = next
	}
	slices.Reverse(chain)
	return chain
}

func unique(names []string) []string {
	seen := make(map[string]bool, len(names))
	var out []string
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
