package ecs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
)

// drawn is a plan with each kind of edge: a chain, one that follows from
// others, and two services that wait for the same two.
func drawn() ecs.Plan {
	return ecs.Plan{
		Changes: []ecs.Change{
			{Service: "nats", Action: ecs.Unchanged},
			{Service: "bruin", Action: ecs.Update, Needs: []string{"nats"}},
			{Service: "notifier", Action: ecs.Create, Needs: []string{"nats"}},
			{Service: "cache", Action: ecs.Recreate, Needs: []string{"bruin", "nats", "notifier"}},
			{Service: "monitor", Action: ecs.Update, Needs: []string{"bruin", "notifier"}},
			{Service: "portal", Action: ecs.Create, Needs: []string{"bruin", "cache"}},
		},
		LongestChain: []string{"nats", "bruin", "cache", "portal"},
	}
}

func TestMermaid(t *testing.T) {
	want := `flowchart LR
  n0["nats"]:::unchanged
  n1["bruin"]:::update
  n2["notifier"]:::create
  n3["cache"]:::recreate
  n4["monitor"]:::update
  n5["portal"]:::create
  j0(( )):::joint
  n0 ==> n1
  n0 --> n2
  n1 ==> j0
  n2 --> j0
  j0 ==> n3
  j0 --> n4
  n3 ==> n5
  classDef create fill:#b2f2bb,stroke:#495057,color:#212529
  classDef recreate fill:#ffd8a8,stroke:#495057,color:#212529
  classDef update fill:#fff3bf,stroke:#495057,color:#212529
  classDef unchanged fill:#f1f3f5,stroke:#495057,color:#212529
  classDef joint fill:#495057,stroke:#495057
  classDef longest stroke-width:3px
  class n0,n1,n3,n5 longest
`
	if d := cmp.Diff(want, drawn().Mermaid()); d != "" {
		t.Errorf("Mermaid (-want +got):\n%s", d)
	}
}

func TestDOT(t *testing.T) {
	want := `digraph rollout {
  rankdir=LR;
  ranksep=0.7;
  nodesep=0.15;
  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, height=0.3, color="#495057", fontcolor="#212529"];
  edge [color="#868e96", arrowsize=0.7];
  n0 [label="nats", tooltip="unchanged", fillcolor="#f1f3f5", penwidth=3];
  n1 [label="bruin", tooltip="update", fillcolor="#fff3bf", penwidth=3];
  n2 [label="notifier", tooltip="create", fillcolor="#b2f2bb"];
  n3 [label="cache", tooltip="recreate", fillcolor="#ffd8a8", penwidth=3];
  n4 [label="monitor", tooltip="update", fillcolor="#fff3bf"];
  n5 [label="portal", tooltip="create", fillcolor="#b2f2bb", penwidth=3];
  j0 [shape=point, width=0.08, label="", tooltip=""];
  n0 -> n1 [penwidth=3, color="#212529"];
  n0 -> n2;
  n1 -> j0 [penwidth=3, color="#212529", arrowhead=none];
  n2 -> j0 [arrowhead=none];
  j0 -> n3 [penwidth=3, color="#212529"];
  j0 -> n4;
  n3 -> n5 [penwidth=3, color="#212529"];
}
`
	if d := cmp.Diff(want, drawn().DOT()); d != "" {
		t.Errorf("DOT (-want +got):\n%s", d)
	}
}

func TestGraphsQuoteNames(t *testing.T) {
	p := ecs.Plan{Changes: []ecs.Change{{Service: "a\"]\n#\\<b>&`", Action: ecs.Create}}}
	if got, want := p.Mermaid(), "  n0[\"a#quot;] #35;\\#lt;b#gt;#amp;#96;\"]:::create\n"; !strings.Contains(got, want) {
		t.Errorf("Mermaid\n%swant a line %q", got, want)
	}
	if got, want := p.DOT(), `label="a\"] #\\<b>&`+"`"+`"`; !strings.Contains(got, want) {
		t.Errorf("DOT\n%swant %q", got, want)
	}
}

func TestGraphsOfAnEmptyPlan(t *testing.T) {
	if got := (ecs.Plan{}).DOT(); !strings.HasPrefix(got, "digraph rollout {\n") || !strings.HasSuffix(got, "}\n") {
		t.Errorf("DOT\n%s", got)
	}
	if got := (ecs.Plan{}).Mermaid(); !strings.HasPrefix(got, "flowchart LR\n") || strings.Contains(got, "class ,") {
		t.Errorf("Mermaid\n%s", got)
	}
}

// TestGraphsKeepWhatWaitsForWhat draws random plans and compares what is
// reachable in the picture with what is reachable in the plan.
func TestGraphsKeepWhatWaitsForWhat(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 100 {
		var p ecs.Plan
		plain := make(map[string][]string)
		for i := range 1 + rnd.IntN(20) {
			c := ecs.Change{Service: fmt.Sprintf("s%d", i), Action: ecs.Update}
			for j := range i {
				if rnd.IntN(3) == 0 {
					c.Needs = append(c.Needs, fmt.Sprintf("s%d", j))
				}
			}
			p.Changes = append(p.Changes, c)
			plain["n"+c.Service[1:]] = nil
			for _, need := range c.Needs {
				plain["n"+need[1:]] = append(plain["n"+need[1:]], "n"+c.Service[1:])
			}
		}
		picture, arrows := make(map[string][]string), 0
		for line := range strings.Lines(p.DOT()) {
			var from, to string
			if n, _ := fmt.Sscanf(line, "  %s -> %s", &from, &to); n == 2 {
				picture[from] = append(picture[from], strings.TrimSuffix(to, ";"))
				arrows++
			}
		}
		edges := 0
		for id, next := range plain {
			edges += len(next)
			if d := cmp.Diff(reachable(plain, id), reachable(picture, id)); d != "" {
				t.Fatalf("seed %d: from %s (-plan +picture):\n%s", seed, id, d)
			}
		}
		if arrows > edges {
			t.Errorf("seed %d: %d arrows for %d dependencies", seed, arrows, edges)
		}
	}
}

func reachable(next map[string][]string, from string) []string {
	seen := make(map[string]bool)
	var visit func(string)
	visit = func(id string) {
		for _, to := range next[id] {
			if !seen[to] {
				seen[to] = true
				visit(to)
			}
		}
	}
	visit(from)
	var services []string
	for id := range seen {
		if id[0] == 'n' {
			services = append(services, id)
		}
	}
	slices.Sort(services)
	return services
}

func ExamplePlan_Mermaid() {
	plan := ecs.Plan{
		Changes: []ecs.Change{
			{Service: "nats", Action: ecs.Unchanged},
			{Service: "notifier", Action: ecs.Update, Needs: []string{"nats"}},
		},
		LongestChain: []string{"nats", "notifier"},
	}
	for line := range strings.Lines(plan.Mermaid()) {
		if !strings.Contains(line, "class") {
			fmt.Print(line)
		}
	}
	// Output:
	// flowchart LR
	//   n0["nats"]:::unchanged
	//   n1["notifier"]:::update
	//   n0 ==> n1
}
