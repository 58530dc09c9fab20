package graph

const (
	bendHeight   = 8
	nodeGap      = 10 // between nodes of a level
	levelGap     = 40
	bendGap      = 30 // beside a level of bends alone
	margin       = 8
	gridWidth    = 1100 // of nodes without edges, where nothing else is wider
	heightSweeps = 8
)

// place gives each node its place, and returns the size of the whole.
func (g *graph) place() (width, height int) {
	x, before := margin, 0
	for i, level := range g.levels {
		widest := 0
		for _, n := range level {
			n.h = bendHeight
			if n.index != bend {
				n.h = g.height
				widest = max(widest, n.width)
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
	width = x + margin
	if len(g.levels) == 0 {
		width = 0
	}
	return g.grid(width, height)
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
			n.y += margin - top
		}
	}
	return bottom - top + 2*margin
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
func (g *graph) grid(width, height int) (int, int) {
	if len(g.alone) == 0 {
		return width, height
	}
	cell := 0
	for _, n := range g.alone {
		cell = max(cell, n.width)
	}
	inRow := max(1, (max(width, gridWidth)-2*margin+nodeGap)/(cell+nodeGap))
	top := margin
	if len(g.levels) > 0 {
		top = height + nodeGap
	}
	for i, n := range g.alone {
		n.w, n.h = cell, g.height
		n.x = margin + i%inRow*(cell+nodeGap)
		n.y = top + i/inRow*(g.height+nodeGap) + g.height/2
		width = max(width, n.x+n.w+margin)
		height = n.y + g.height/2 + margin
	}
	return width, height
}
