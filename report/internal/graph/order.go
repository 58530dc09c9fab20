package graph

import (
	"cmp"
	"slices"
)

// sweeps is how often the levels are ordered anew.
const sweeps = 12

// arrange orders the nodes of each level so that few edges cross, and keeps the
// best order that it meets: each sweep puts a node at the middle of its
// neighbours in the level before, and the next in the level after.
// Source: Sugiyama, Tagawa, Toda: Methods for Visual Understanding of
// Hierarchical System Structures (1981), section III.
func (g *graph) arrange() {
	best, fewest := g.ranks(), g.crossings()
	for sweep := 0; sweep < sweeps && fewest > 0; sweep++ {
		for i := range g.levels {
			level, beside := g.levels[i], func(n *node) []*node { return n.ins }
			if sweep%2 == 1 {
				level, beside = g.levels[len(g.levels)-1-i], func(n *node) []*node { return n.outs }
			}
			middle := make(map[*node]int, len(level))
			for _, n := range level {
				middle[n] = meanRank(beside(n), n.rank)
			}
			slices.SortStableFunc(level, func(a, b *node) int { return cmp.Compare(middle[a], middle[b]) })
			renumber(level)
		}
		if c := g.crossings(); c < fewest {
			best, fewest = g.ranks(), c
		}
	}
	for _, level := range g.levels {
		slices.SortFunc(level, func(a, b *node) int { return cmp.Compare(best[a], best[b]) })
		renumber(level)
	}
}

func renumber(level []*node) {
	for i, n := range level {
		n.rank = i
	}
}

// meanRank is in thousandths; it is that of own where there are no neighbours.
func meanRank(beside []*node, own int) int {
	if len(beside) == 0 {
		return own * 1000
	}
	sum := 0
	for _, n := range beside {
		sum += n.rank
	}
	return sum * 1000 / len(beside)
}

func (g *graph) ranks() map[*node]int {
	ranks := map[*node]int{}
	for _, level := range g.levels {
		for _, n := range level {
			ranks[n] = n.rank
		}
	}
	return ranks
}

// crossings counts the pairs of edges that cross.
func (g *graph) crossings() int {
	count := 0
	for _, level := range g.levels {
		var ends []int // ranks at the right of the edges seen so far, sorted
		for _, n := range level {
			var own []int
			for _, out := range n.outs {
				own = append(own, out.rank)
			}
			slices.Sort(own)
			for _, rank := range own {
				at, _ := slices.BinarySearch(ends, rank+1)
				count += len(ends) - at
			}
			ends = append(ends, own...)
			slices.Sort(ends)
		}
	}
	return count
}
