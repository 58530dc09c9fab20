package report

import (
	"cmp"
	"slices"
)

// The measures of a graph in pixels. Whole numbers, so that the same run gives
// the same bytes on every machine.
const (
	nodeHeight   = 40
	denseHeight  = 26 // from manyNodes on
	manyNodes    = 60
	bendHeight   = 8
	nodeGap      = 10 // between nodes of a level
	levelGap     = 40
	bendGap      = 30 // beside a level of bends alone
	graphMargin  = 8
	narrowest    = 96
	longestName  = 30 // columns
	columnWidth  = 73 // of a character of the name, in tenths of a pixel
	besideName   = 36 // pixels around the name
	newsWidth    = 6  // of a character of the news, on the wide side
	gridWidth    = 1100
	sweeps       = 12
	heightSweeps = 8
)

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

// place gives each node its place, and returns the size of the whole.
func (g *graph) place() (width, height int) {
	size := nodeHeight
	if len(g.services) >= manyNodes {
		size = denseHeight
	}
	x, before := graphMargin, 0
	for i, level := range g.levels {
		widest := 0
		for _, n := range level {
			n.h = bendHeight
			if n.service != nil {
				n.h = size
				widest = max(widest, nodeWidth(n.service.Name))
			}
		}
		switch {
		case i > 0 && (widest == 0 || before == 0):
			x += bendGap
		case i > 0:
			x += levelGap
		}
		for _, n := range level {
			n.x, n.w = x, widest
		}
		x, before = x+widest, widest
	}
	height = g.heights()
	width = x + graphMargin
	if len(g.levels) == 0 {
		width = 0
	}
	return g.grid(size, width, height)
}

// nodeWidth is how wide the box of a service is.
func nodeWidth(name string) int {
	return max(narrowest, min(columns(name), longestName)*columnWidth/10+besideName)
}

// columns estimates how wide s is, in characters of a font of one width.
// East Asian characters and emoji are twice as wide as others.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			n++
		}
	}
	return n
}

// heights moves each node towards its neighbours, as far as those of its level
// leave room, and returns the height of the whole.
func (g *graph) heights() int {
	for _, level := range g.levels {
		y := 0
		for _, n := range level {
			n.y = y + n.h/2
			y += n.h + nodeGap
		}
	}
	for sweep := range heightSweeps {
		for i := range g.levels {
			level, beside := g.levels[i], func(n *node) []*node { return n.ins }
			if sweep%2 == 0 { // the widest levels tend to be the last ones
				level, beside = g.levels[len(g.levels)-1-i], func(n *node) []*node { return n.outs }
			}
			settle(level, beside)
		}
	}
	top, bottom := 0, 0
	first := true
	for _, level := range g.levels {
		for _, n := range level {
			if first || n.y-n.h/2 < top {
				top = n.y - n.h/2
			}
			if first || n.y+n.h/2 > bottom {
				bottom = n.y + n.h/2
			}
			first = false
		}
	}
	for _, level := range g.levels {
		for _, n := range level {
			n.y += graphMargin - top
		}
	}
	return bottom - top + 2*graphMargin
}

// block is a run of nodes that touch: its first one and where it wants to be.
type block struct{ first, sum, count int }

func (b block) at() int { return b.sum / b.count }

// settle puts each node of a level as near as it can to the mean of its
// neighbours, without changing their order: least squares under an order, which
// pools those that collide.
// Source: Barlow, Bartholomew, Bremner, Brunk: Statistical Inference under Order
// Restrictions (1972), "pool adjacent violators".
func settle(level []*node, beside func(*node) []*node) {
	offsets := make([]int, len(level)) // of a node behind the first, where all touch
	var blocks []block
	for i, n := range level {
		if i > 0 {
			offsets[i] = offsets[i-1] + (level[i-1].h+n.h)/2 + nodeGap
		}
		want := n.y
		if near := beside(n); len(near) > 0 {
			want = 0
			for _, m := range near {
				want += m.y
			}
			want /= len(near)
		}
		b := block{first: i, sum: want - offsets[i], count: 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].at() >= b.at() {
			last := blocks[len(blocks)-1]
			b = block{first: last.first, sum: last.sum + b.sum, count: last.count + b.count}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	for i, b := range blocks {
		end := len(level)
		if i+1 < len(blocks) {
			end = blocks[i+1].first
		}
		for j := b.first; j < end; j++ {
			level[j].y = b.at() + offsets[j]
		}
	}
}

// grid puts the nodes without edges in rows below the others.
func (g *graph) grid(size, width, height int) (int, int) {
	if len(g.alone) == 0 {
		return width, height
	}
	cell := 0
	for _, n := range g.alone {
		cell = max(cell, nodeWidth(n.service.Name))
	}
	inRow := max(1, (max(width, gridWidth)-2*graphMargin+nodeGap)/(cell+nodeGap))
	top := graphMargin
	if len(g.levels) > 0 {
		top = height + nodeGap
	}
	for i, n := range g.alone {
		n.w, n.h = cell, size
		n.x = graphMargin + i%inRow*(cell+nodeGap)
		n.y = top + i/inRow*(size+nodeGap) + size/2
		width = max(width, n.x+n.w+graphMargin)
		height = n.y + size/2 + graphMargin
	}
	return width, height
}
