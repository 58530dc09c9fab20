// Package graph lays out what needs what, in levels from left to right: as few
// crossings as it finds, straight where there is room, and few lines. Whole
// pixels and no clock, so that the same graph gives the same picture everywhere.
//
// It chooses no colours, measures no text and knows nothing of services.
package graph

import "slices"

// What a picture is made of at most. Of more, a table is easier to read.
const (
	MostNodes = 400
	MostEdges = 4000
)

// crowded is how many edges there are where those that follow from others are
// left out.
const crowded = 24

// Node is one thing, and the names of those that it needs.
type Node struct {
	Name  string
	Needs []string
	Width int // of its box, in pixels
}

// Options are what else a layout depends on.
type Options struct {
	Height int      // of a box, in pixels; default 40
	Path   []string // names, each of which needs the one before it or is needed by it: its edges are drawn as one way
}

// Layout is where everything is, in pixels from the upper left corner.
type Layout struct {
	Width, Height int
	Boxes         []Box // of the nodes that it holds, in the order given
	Edges         []Edge
	Left          int // how many edges are not drawn, since they follow from others
}

// Box is the place of a node.
type Box struct {
	Node       int // its index
	X, Y, W, H int // Y is its upper edge
}

// Edge is a line, or a part of one that several edges share.
type Edge struct {
	D      string // path data of SVG
	OnPath bool
	Leads  []int // indices of the nodes to which it leads, sorted
}

// Lay returns the layout of nodes; false where they are none or too many. Of
// nodes that share a name the first counts, and of needs those that are known
// and close no circle.
func Lay(nodes []Node, opts Options) (Layout, bool) {
	if opts.Height == 0 {
		opts.Height = 40
	}
	g := newGraph(nodes, opts)
	if g == nil {
		return Layout{}, false
	}
	g.arrange()
	l := Layout{Left: g.left}
	l.Width, l.Height = g.place()
	for _, n := range g.nodes {
		l.Boxes = append(l.Boxes, Box{Node: n.index, X: n.x, Y: n.y - n.h/2, W: n.w, H: n.h})
	}
	l.Edges = g.edges()
	return l, true
}

// bend is the index of what is no node.
const bend = -1

// graph is a layout under construction. An edge that crosses levels passes a
// bend in each of them; the edges of one node share their bends, and nodes that
// need the same others share a bend before them.
type graph struct {
	height int
	nodes  []*node // in the order given
	levels [][]*node
	alone  []*node // need nothing, and nothing needs them
	left   int     // edges that are not drawn
}

// node is one of those given, or a bend.
type node struct {
	index      int
	width      int
	needs      []*node // directly
	ins, outs  []*node // neighbours in the levels before and after
	level      int
	rank       int            // place within its level, from 0
	x, y, w, h int            // left, middle, width and height
	onPath     map[*node]bool // outs by an edge of the path
}

func newBend(level int) *node { return &node{index: bend, level: level, onPath: map[*node]bool{}} }

// newGraph reads nodes into levels; nil where they are none or too many.
func newGraph(nodes []Node, opts Options) *graph {
	if len(nodes) == 0 || len(nodes) > MostNodes {
		return nil
	}
	g := &graph{height: opts.Height}
	named := map[string]*node{}
	for i, n := range nodes {
		if named[n.Name] == nil {
			named[n.Name] = &node{index: i, width: n.Width, onPath: map[*node]bool{}}
			g.nodes = append(g.nodes, named[n.Name])
		}
	}
	edges := 0
	for _, n := range g.nodes {
		seen := map[*node]bool{n: true}
		for _, name := range nodes[n.index].Needs {
			if need := named[name]; need != nil && !seen[need] {
				seen[need] = true
				n.needs = append(n.needs, need)
				edges++
			}
		}
		if edges > MostEdges {
			return nil
		}
	}
	order := g.sort()
	path := pathOf(named, opts.Path)
	if edges > crowded {
		g.reduce(order, path)
	}
	order = bundle(order, path)
	g.level(order)
	g.connect(order, path)
	return g
}

// sort returns the nodes with each after those that it needs, and drops the
// needs that close a circle.
func (g *graph) sort() []*node {
	const (
		onPath = 1
		done   = 2
	)
	state := make(map[*node]int, len(g.nodes))
	var order []*node
	var visit func(n *node)
	visit = func(n *node) {
		state[n] = onPath
		var kept []*node
		for _, need := range n.needs {
			if state[need] == 0 {
				visit(need)
			}
			if state[need] == done {
				kept = append(kept, need)
			}
		}
		state[n], n.needs = done, kept
		order = append(order, n)
	}
	for _, n := range g.nodes {
		if state[n] == 0 {
			visit(n)
		}
	}
	return order
}

// level puts each node behind all that it needs, and those without edges aside.
func (g *graph) level(order []*node) {
	needed := map[*node]bool{}
	for _, n := range order {
		for _, need := range n.needs {
			n.level = max(n.level, need.level+1)
			needed[need] = true
		}
	}
	var rest []*node
	for _, n := range order {
		if len(n.needs) == 0 && !needed[n] {
			g.alone = append(g.alone, n)
		} else {
			rest = append(rest, n)
		}
	}
	spread(rest, needed)
	for _, n := range rest {
		g.put(n)
	}
}

// tallest is how many nodes a level has at most, as far as others need them not.
const tallest = 30

// spread moves nodes that no other needs out of levels that are too tall, into
// the next ones.
func spread(order []*node, needed map[*node]bool) {
	for level, last := 0, 0; level <= last; level++ {
		count := 0
		for _, n := range order {
			if n.level == level {
				count++
			}
			last = max(last, n.level)
		}
		for _, n := range slices.Backward(order) {
			if count > tallest && n.level == level && !needed[n] {
				n.level++
				count--
				last = max(last, n.level)
			}
		}
	}
}

func (g *graph) put(n *node) {
	for len(g.levels) <= n.level {
		g.levels = append(g.levels, nil)
	}
	n.rank = len(g.levels[n.level])
	g.levels[n.level] = append(g.levels[n.level], n)
}

// connect joins neighbouring levels, with bends where an edge goes further.
func (g *graph) connect(order []*node, path map[edge]bool) {
	type place struct {
		from  *node
		level int
	}
	bends := map[place]*node{}
	join := func(from, to *node, onPath bool) {
		if !slices.Contains(from.outs, to) {
			from.outs, to.ins = append(from.outs, to), append(to.ins, from)
		}
		if onPath {
			from.onPath[to] = true
		}
	}
	for _, n := range order {
		for _, need := range n.needs {
			onPath := path[edge{need, n}]
			last := need
			for level := need.level + 1; level < n.level; level++ {
				bend := bends[place{need, level}]
				if bend == nil {
					bend = newBend(level)
					bends[place{need, level}] = bend
					g.put(bend)
				}
				join(last, bend, onPath)
				last = bend
			}
			join(last, n, onPath)
		}
	}
}
