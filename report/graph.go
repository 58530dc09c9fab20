package report

import (
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/progress/timeline"
)

// What a graph is drawn of. Of more, the table alone is readable.
const (
	mostNodes = 400
	mostEdges = 4000
	crowded   = 24 // edges, from which those are left out that follow from others
)

// graph is what needs what, in levels from left to right. An edge that crosses
// levels passes a bend in each of them; the edges of one node share their bends,
// and services that need the same others share a bend before them.
type graph struct {
	services []*node // in the order given
	levels   [][]*node
	alone    []*node // need nothing, and nothing needs them
	left     int     // edges that are not drawn
}

// node is a service, or a bend where service is nil.
type node struct {
	service    *service
	needs      []*node // of services: directly needed
	ins, outs  []*node // neighbours in the levels before and after
	level      int
	rank       int            // place within its level, from 0
	x, y, w, h int            // left, middle, width and height in pixels
	onPath     map[*node]bool // outs by an edge of the critical path
}

// newGraph lays services out; nil where they are none or too many. Of services
// that share a name the first counts, and of needs those that are known and
// close no circle.
func newGraph(services []service, steps []timeline.Step) *graph {
	if len(services) == 0 || len(services) > mostNodes {
		return nil
	}
	g := &graph{}
	named := map[string]*node{}
	for i := range services {
		if s := &services[i]; named[s.Name] == nil {
			n := &node{service: s, onPath: map[*node]bool{}}
			named[s.Name] = n
			g.services = append(g.services, n)
		}
	}
	edges := 0
	for _, n := range g.services {
		for _, name := range n.service.needs {
			if need := named[name]; need != nil && need != n && !slices.Contains(n.needs, need) {
				n.needs = append(n.needs, need)
				edges++
			}
		}
		if edges > mostEdges {
			return nil
		}
	}
	order := g.sort()
	critical := pathOf(named, steps)
	if edges > crowded {
		g.reduce(order, critical)
	}
	order = bundle(order, critical)
	g.level(order)
	g.connect(order, critical)
	g.arrange()
	return g
}

// edge is from what is needed to what needs it.
type edge struct{ from, to *node }

// pathOf returns the edges of the critical path. Where services are removed,
// those that need others go first.
func pathOf(named map[string]*node, steps []timeline.Step) map[edge]bool {
	critical := map[edge]bool{}
	for i := 1; i < len(steps); i++ {
		from, to := named[steps[i-1].Subject], named[steps[i].Subject]
		if from != nil && to != nil {
			critical[edge{from, to}] = true
			critical[edge{to, from}] = true
		}
	}
	return critical
}

// sort returns the nodes with each after those that it needs, and drops the
// needs that close a circle.
func (g *graph) sort() []*node {
	const (
		onPath = 1
		done   = 2
	)
	state := make(map[*node]int, len(g.services))
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
	for _, n := range g.services {
		if state[n] == 0 {
			visit(n)
		}
	}
	return order
}

// reduce leaves out each edge that follows from others: of a service that needs
// b and a, the edge to a where b needs a. Those of the critical path stay.
func (g *graph) reduce(order []*node, critical map[edge]bool) {
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
			return far[need] && !critical[edge{need, n}]
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
func bundle(order []*node, critical map[edge]bool) []*node {
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
				bends[k] = &node{needs: n.needs, onPath: map[*node]bool{}}
				all = append(all, bends[k])
			}
			for _, need := range n.needs {
				if critical[edge{need, n}] {
					critical[edge{need, bends[k]}], critical[edge{bends[k], n}] = true, true
				}
			}
			n.needs = []*node{bends[k]}
		}
		all = append(all, n)
	}
	return all
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
	for _, n := range order {
		if len(n.needs) == 0 && !needed[n] {
			g.alone = append(g.alone, n)
			continue
		}
		g.put(n)
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
func (g *graph) connect(order []*node, critical map[edge]bool) {
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
			onPath := critical[edge{need, n}]
			last := need
			for level := need.level + 1; level < n.level; level++ {
				bend := bends[place{need, level}]
				if bend == nil {
					bend = &node{level: level, onPath: map[*node]bool{}}
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
