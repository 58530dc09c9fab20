package graph

import (
	"fmt"
	"slices"
)

// edge is from what is needed to what needs it.
type edge struct{ from, to *node }

// pathOf returns the edges between neighbours of names, whichever of the two
// needs the other: where things are taken away, those that need others go first.
func pathOf(named map[string]*node, names []string) map[edge]bool {
	path := map[edge]bool{}
	for i := 1; i < len(names); i++ {
		from, to := named[names[i-1]], named[names[i]]
		if from != nil && to != nil {
			path[edge{from, to}], path[edge{to, from}] = true, true
		}
	}
	return path
}

// reduce leaves out each edge that follows from others: of a service that needs
// b and a, the edge to a where b needs a. Those of the path stay.
func (g *graph) reduce(order []*node, path map[edge]bool) {
	reaches := make(map[*node]map[*node]bool, len(order)) // all that a node needs, however far
	for _, n := range order {
		far := map[*node]bool{}
		for _, need := range n.needs {
			for further := range reaches[need] {
				far[further] = true
			}
		}
		before := len(n.needs)
		kept := slices.DeleteFunc(slices.Clone(n.needs), func(need *node) bool {
			return far[need] && !path[edge{need, n}]
		})
		g.left += before - len(kept)
		for _, need := range n.needs {
			far[need] = true
		}
		reaches[n], n.needs = far, kept
	}
}

// bundle gives services that need the same others a bend of their own between
// them, where that makes fewer edges: eight services that each of sixteen needs
// are 24 edges instead of 128. It returns the new order.
func bundle(order []*node, path map[edge]bool) []*node {
	index := make(map[*node]int, len(order))
	for i, n := range order {
		index[n] = i
	}
	key := func(n *node) string {
		var places []int
		for _, need := range n.needs {
			places = append(places, index[need])
		}
		slices.Sort(places)
		return fmt.Sprint(places)
	}
	members := map[string]int{}
	for _, n := range order {
		members[key(n)]++
	}
	bends := map[string]*node{}
	var all []*node
	for _, n := range order {
		k := key(n)
		if m := members[k]; len(n.needs)*m > len(n.needs)+m {
			if bends[k] == nil {
				bends[k] = newBend(0)
				bends[k].needs = n.needs
				all = append(all, bends[k])
			}
			for _, need := range n.needs {
				if path[edge{need, n}] {
					path[edge{need, bends[k]}], path[edge{bends[k], n}] = true, true
				}
			}
			n.needs = []*node{bends[k]}
		}
		all = append(all, n)
	}
	return all
}
