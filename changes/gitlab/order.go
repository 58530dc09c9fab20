package gitlab

import (
	"slices"

	"github.com/mettel-automation/delivery/changes"
)

// graph is who waits for whom, by index.
type graph [][]int

// order says which jobs of one template wait for which, along the edges between
// their modules. Those on a cycle do not wait for one another.
func order(jobs []job, edges map[string][]string) group {
	waits := contract(jobs, edges)
	components := waits.components()
	for i := range jobs {
		waits[i] = slices.DeleteFunc(waits[i], func(k int) bool {
			return components[k] == components[i]
		})
		for k := range jobs {
			if k != i && components[k] == components[i] {
				jobs[i].cycle = append(jobs[i].cycle, jobs[k].module.Name)
			}
		}
	}
	return group{jobs, waits}
}

// edges are the modules that one depends on; in reverse, that depend on it.
func edges(config changes.Config, reverse bool) map[string][]string {
	edges := make(map[string][]string, len(config.Modules))
	for _, m := range config.Modules {
		for _, need := range m.DependsOn {
			if reverse {
				edges[need] = append(edges[need], m.Name)
			} else {
				edges[m.Name] = append(edges[m.Name], need)
			}
		}
	}
	return edges
}

// contract is the graph of the modules that have a job: one without is passed
// through to what it leads to.
func contract(jobs []job, edges map[string][]string) graph {
	at := make(map[string]int, len(jobs)) // jobs by module
	for i, j := range jobs {
		at[j.module.Name] = i
	}
	waits := make(graph, len(jobs))
	for i, j := range jobs {
		seen := map[string]bool{j.module.Name: true}
		queue := []string{j.module.Name}
		for len(queue) > 0 {
			next := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, need := range edges[next] {
				if seen[need] {
					continue
				}
				seen[need] = true
				if k, ok := at[need]; ok {
					waits[i] = append(waits[i], k)
				} else {
					queue = append(queue, need)
				}
			}
		}
		slices.Sort(waits[i]) // jobs are sorted by the names of their modules
	}
	return waits
}

// without returns what a node waits for, without what it reaches through others.
func (g graph) without(node int) []int {
	reached := make([]bool, len(g))
	var queue []int
	for _, k := range g[node] {
		queue = append(queue, g[k]...)
	}
	for len(queue) > 0 {
		k := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !reached[k] {
			reached[k] = true
			queue = append(queue, g[k]...)
		}
	}
	return slices.DeleteFunc(slices.Clone(g[node]), func(k int) bool { return reached[k] })
}

// components numbers the strongly connected components: nodes on a cycle have
// the number of the others on it. This is Tarjan's algorithm, with a stack of
// its own, since chains may be long.
func (g graph) components() []int {
	n := len(g)
	index, low, component := make([]int, n), make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	var stack []int
	type frame struct{ node, edge int }
	count := 0
	for root := range g {
		if index[root] != 0 {
			continue
		}
		frames := []frame{{root, 0}}
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			v := f.node
			if f.edge == 0 {
				count++
				index[v], low[v] = count, count
				stack, onStack[v] = append(stack, v), true
			}
			if f.edge < len(g[v]) {
				w := g[v][f.edge]
				f.edge++
				if index[w] == 0 {
					frames = append(frames, frame{w, 0})
				} else if onStack[w] {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			if low[v] == index[v] {
				for {
					w := stack[len(stack)-1]
					stack = stack[:len(stack)-1]
					onStack[w], component[w] = false, index[v]
					if w == v {
						break
					}
				}
			}
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				parent := frames[len(frames)-1].node
				low[parent] = min(low[parent], low[v])
			}
		}
	}
	return component
}
