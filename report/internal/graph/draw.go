package graph

import (
	"fmt"
	"maps"
	"slices"
)

// edges returns the lines between nodes and bends, those of the path last, so
// that they lie above the others.
func (g *graph) edges() []Edge {
	leads := map[*node][]int{}
	for _, level := range slices.Backward(g.levels) {
		for _, n := range level {
			leads[n] = n.leads(leads)
		}
	}
	var edges []Edge
	for _, level := range g.levels {
		for _, n := range level {
			x := n.x + n.w
			if n.index == bend && n.w > 0 { // passed in a straight line
				edges = append(edges, Edge{fmt.Sprintf("M%d %dH%d", n.x, n.y, x), len(n.onPath) > 0, leads[n]})
			}
			for _, to := range n.outs {
				middle := (x + to.x) / 2
				d := fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, n.y, middle, n.y, middle, to.y, to.x, to.y)
				if to.index != bend {
					d += "m-5 -3l5 3l-5 3" // the head of an arrow
				}
				edges = append(edges, Edge{d, n.onPath[to], leads[to]})
			}
		}
	}
	slices.SortStableFunc(edges, func(a, b Edge) int {
		switch {
		case a.OnPath == b.OnPath:
			return 0
		case a.OnPath:
			return 1
		}
		return -1
	})
	return edges
}

// leads returns the nodes to which a line that ends at n leads; further has
// those of the levels behind it.
func (n *node) leads(further map[*node][]int) []int {
	if n.index != bend {
		return []int{n.index}
	}
	all := map[int]bool{}
	for _, to := range n.outs {
		for _, i := range further[to] {
			all[i] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
