package capacity

import "github.com/mettel-automation/delivery/internal/dag"

// waves says when the services of a rollout may be under way.
type waves struct {
	level map[string]int // the earliest wave of a service
	last  map[string]int // the last wave in which it may still be under way
	count int
}

// wavesOf groups demands by their needs. A service that starts in wave i may
// still be under way in a later one as long as some service of that wave does
// not wait for it. So whichever services are under way together, there is a
// wave that holds them all.
func wavesOf(demands []Demand) waves {
	w := waves{level: make(map[string]int, len(demands)), last: make(map[string]int, len(demands)), count: 1}
	graph := graphOf(demands)
	if graph == nil {
		return w // all in one wave
	}
	levels := graph.Levels()
	w.count = max(len(levels), 1)
	for i, names := range levels {
		for _, name := range names {
			w.level[name] = i
		}
	}
	for _, d := range demands {
		waiting := waitingFor(graph, d.Service)
		w.last[d.Service] = w.level[d.Service]
		for name, level := range w.level {
			if !waiting[name] && name != d.Service {
				w.last[d.Service] = max(w.last[d.Service], level)
			}
		}
	}
	return w
}

// graphOf returns the graph of demands, or nil where their needs have none.
func graphOf(demands []Demand) *dag.Graph {
	known := make(map[string]bool, len(demands))
	for _, d := range demands {
		known[d.Service] = true
	}
	nodes := make([]dag.Node, len(demands))
	for i, d := range demands {
		nodes[i].Name = d.Service
		for _, need := range d.Needs {
			if known[need] {
				nodes[i].Needs = append(nodes[i].Needs, need)
			}
		}
	}
	graph, err := dag.New(nodes)
	if err != nil {
		return nil
	}
	return graph
}

// waitingFor returns all that needs name, through others too.
func waitingFor(graph *dag.Graph, name string) map[string]bool {
	found := make(map[string]bool)
	todo := graph.Dependents(name)
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !found[next] {
			found[next] = true
			todo = append(todo, graph.Dependents(next)...)
		}
	}
	return found
}
