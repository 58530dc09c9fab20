package dag_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/internal/dag"
)

func diamond() []dag.Node {
	return []dag.Node{{"d", []string{"b", "c"}}, {"b", []string{"a", "a"}}, {"c", []string{"a"}}, {"a", nil}, {"e", nil}}
}

func TestGraph(t *testing.T) {
	g, err := dag.New(diamond())
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"order":         {g.Order(), []string{"a", "b", "c", "d", "e"}},
		"levels":        {g.Levels(), [][]string{{"a", "e"}, {"b", "c"}, {"d"}}},
		"dependents":    {g.Dependents("a"), []string{"b", "c"}},
		"longest chain": {g.LongestChain(), []string{"a", "b", "d"}},
	} {
		if d := cmp.Diff(pair[1], pair[0]); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	g.Dependents("a")[0] = "changed"
	if g.Dependents("a")[0] != "b" {
		t.Error("what Dependents returns changes the graph")
	}
	if empty, err := dag.New(nil); err != nil || empty.Order() != nil || empty.LongestChain() != nil {
		t.Errorf("empty graph: %v, %v", empty, err)
	}
}

func TestCycles(t *testing.T) {
	_, err := dag.New([]dag.Node{{"a", []string{"b", "x"}}, {"b", []string{"a"}}, {"c", []string{"c"}}})
	var got [][]string
	for _, cycle := range dag.Cycles(err) {
		got = append(got, cycle.Path)
	}
	if d := cmp.Diff([][]string{{"a", "b", "a"}, {"c", "c"}}, got); d != "" {
		t.Errorf("cycles (-want +got):\n%s", d)
	}
	if c := dag.Cycles(nil); c != nil {
		t.Errorf("no error has cycles: %v", c)
	}
	if c := dag.Cycles(errors.New("other")); c != nil {
		t.Errorf("another error has cycles: %v", c)
	}
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		nodes []dag.Node
		want  string
	}{
		"an empty name":            {[]dag.Node{{"a", nil}, {"", nil}}, "node 2: empty name"},
		"a name given twice":       {[]dag.Node{{"a", nil}, {"a", nil}}, "a: defined twice"},
		"an unknown need":          {[]dag.Node{{"a", []string{"x"}}}, `a: depends on unknown "x"`},
		"a node that needs itself": {[]dag.Node{{"a", []string{"a"}}}, "dependency cycle: a -> a"},
		"a cycle, from where it closes": {
			[]dag.Node{{"in", []string{"a"}}, {"a", []string{"b"}}, {"b", []string{"c"}}, {"c", []string{"a"}}},
			"dependency cycle: a -> b -> c -> a",
		},
		"all at once": {
			[]dag.Node{{"a", []string{"b", "x"}}, {"b", []string{"a"}}},
			"a: depends on unknown \"x\"\ndependency cycle: a -> b -> a",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := dag.New(tt.nodes)
			if g != nil || err == nil || err.Error() != tt.want {
				t.Errorf("graph %v, error %v; want %s", g, err, tt.want)
			}
		})
	}
	_, err := dag.New([]dag.Node{{"a", []string{"a"}}})
	if cycle, ok := errors.AsType[*dag.CycleError](err); !ok || !slices.Equal(cycle.Path, []string{"a", "a"}) {
		t.Errorf("error %#v is no CycleError", err)
	}
}

// TestRandomGraphs holds order, levels and the longest chain to their meaning.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var nodes []dag.Node
		for i := range 1 + rnd.IntN(60) {
			n := dag.Node{Name: fmt.Sprint(i)}
			for j := range i {
				if rnd.IntN(8) == 0 {
					n.Needs = append(n.Needs, fmt.Sprint(j))
				}
			}
			nodes = append(nodes, n)
		}
		rnd.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		g, err := dag.New(nodes)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		order := g.Order()
		if len(order) != len(nodes) || len(g.LongestChain()) != len(g.Levels()) {
			t.Errorf("seed %d: %d of %d nodes, chain of %d in %d levels", seed, len(order), len(nodes), len(g.LongestChain()), len(g.Levels()))
		}
		for _, n := range nodes {
			for _, need := range n.Needs {
				if slices.Index(order, need) > slices.Index(order, n.Name) {
					t.Errorf("seed %d: %s stands after %s, which needs it", seed, need, n.Name)
				}
				if !slices.Contains(g.Dependents(need), n.Name) {
					t.Errorf("seed %d: %s is no dependant of %s", seed, n.Name, need)
				}
			}
		}
	}
	// Whoever adds one edge against the order of a chain gets that cycle.
	chain := []dag.Node{{"0", []string{"9"}}}
	for i := 1; i < 10; i++ {
		chain = append(chain, dag.Node{fmt.Sprint(i), []string{fmt.Sprint(i - 1)}})
	}
	_, err := dag.New(chain)
	if cycle, ok := errors.AsType[*dag.CycleError](err); !ok || len(cycle.Path) != 11 {
		t.Errorf("error %v, want a cycle of ten", err)
	}
}
