package ecs

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Mermaid draws the plan as a flowchart of Mermaid, which GitHub and GitLab
// show in Markdown: an arrow leads from a service to those that wait for it,
// the colour of a service says what happens to it, and thick lines mark the
// longest chain.
//
// Arrows that follow from others are left out. Where several services wait
// for the same others, the arrows meet in a dot instead of crossing. The same
// plan gives the same text.
func (p Plan) Mermaid() string {
	g := p.drawing()
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "  %s[\"%s\"]:::%s\n", g.id[c.Service], mermaidText(c.Service), c.Action)
	}
	for _, j := range g.joints {
		fmt.Fprintf(&b, "  %s(( )):::joint\n", j)
	}
	for _, e := range g.edges {
		arrow := "-->"
		if e.longest {
			arrow = "==>"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", e.from, arrow, e.to)
	}
	for _, a := range actions() {
		fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:#495057,color:#212529\n", a, colour(a))
	}
	b.WriteString("  classDef joint fill:#495057,stroke:#495057\n")
	if len(p.LongestChain) > 1 {
		ids := make([]string, 0, len(p.LongestChain))
		for _, name := range p.LongestChain {
			ids = append(ids, g.id[name])
		}
		fmt.Fprintf(&b, "  classDef longest stroke-width:3px\n  class %s longest\n", strings.Join(ids, ","))
	}
	return b.String()
}

// DOT draws the plan in the language of Graphviz, for example for
// `dot -Tsvg`. It shows the same as [Plan.Mermaid].
func (p Plan) DOT() string {
	g := p.drawing()
	var b strings.Builder
	b.WriteString("digraph rollout {\n" +
		"  rankdir=LR;\n  ranksep=0.7;\n  nodesep=0.15;\n" +
		"  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, height=0.3, color=\"#495057\", fontcolor=\"#212529\"];\n" +
		"  edge [color=\"#868e96\", arrowsize=0.7];\n")
	for _, c := range p.Changes {
		width := ""
		if len(p.LongestChain) > 1 && slices.Contains(p.LongestChain, c.Service) {
			width = ", penwidth=3"
		}
		fmt.Fprintf(&b, "  %s [label=\"%s\", tooltip=\"%s\", fillcolor=\"%s\"%s];\n", g.id[c.Service], dotText(c.Service), c.Action, colour(c.Action), width)
	}
	for _, j := range g.joints {
		fmt.Fprintf(&b, "  %s [shape=point, width=0.08, label=\"\", tooltip=\"\"];\n", j)
	}
	for _, e := range g.edges {
		var style []string
		if e.longest {
			style = append(style, `penwidth=3, color="#212529"`)
		}
		if slices.Contains(g.joints, e.to) {
			style = append(style, "arrowhead=none")
		}
		fmt.Fprintf(&b, "  %s -> %s", e.from, e.to)
		if len(style) > 0 {
			fmt.Fprintf(&b, " [%s]", strings.Join(style, ", "))
		}
		b.WriteString(";\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func actions() []Action { return []Action{Create, Recreate, Update, Unchanged} }

// colour is the one that fills the services of an action.
func colour(a Action) string {
	switch a {
	case Create:
		return "#b2f2bb" // green
	case Recreate:
		return "#ffd8a8" // orange
	case Update:
		return "#fff3bf" // yellow
	default:
		return "#f1f3f5" // grey
	}
}

// drawing is what both languages say of a plan. Services and joints go by ids
// that need no quoting.
type drawing struct {
	id     map[string]string // of each service
	joints []string
	edges  []arrow
}

type arrow struct {
	from, to string
	longest  bool // on the longest chain
}

func (p Plan) drawing() drawing {
	g := drawing{id: make(map[string]string, len(p.Changes))}
	for i, c := range p.Changes {
		g.id[c.Service] = "n" + strconv.Itoa(i)
	}
	needs := p.reduced()
	groups := make(map[string][]string) // services by what they wait for
	for _, c := range p.Changes {
		key := strings.Join(needs[c.Service], "\x00")
		groups[key] = append(groups[key], c.Service)
	}
	for _, c := range p.Changes {
		direct := needs[c.Service]
		group := groups[strings.Join(direct, "\x00")]
		switch {
		case len(direct) < 2 || len(group) < 2:
			for _, need := range direct {
				g.edges = append(g.edges, arrow{g.id[need], g.id[c.Service], p.chained(need, c.Service)})
			}
		case group[0] == c.Service: // the first draws for all of them
			g.join(p, direct, group)
		}
	}
	return g
}

// join draws the arrows from all of needs to all of group through a joint.
func (g *drawing) join(p Plan, needs, group []string) {
	joint := "j" + strconv.Itoa(len(g.joints))
	g.joints = append(g.joints, joint)
	for _, need := range needs {
		on := slices.ContainsFunc(group, func(s string) bool { return p.chained(need, s) })
		g.edges = append(g.edges, arrow{g.id[need], joint, on})
	}
	for _, s := range group {
		on := slices.ContainsFunc(needs, func(need string) bool { return p.chained(need, s) })
		g.edges = append(g.edges, arrow{joint, g.id[s], on})
	}
}

// chained reports whether b follows a on the longest chain.
func (p Plan) chained(a, b string) bool {
	i := slices.Index(p.LongestChain, a)
	return i >= 0 && i+1 < len(p.LongestChain) && p.LongestChain[i+1] == b
}

// reduced returns what each service waits for directly: its needs without
// those that another of its needs waits for anyway. It relies on the order of
// Changes, in which each service stands after those that it needs.
func (p Plan) reduced() map[string][]string {
	position := make(map[string]int, len(p.Changes))
	before := make(map[string]*big.Int, len(p.Changes)) // bits of all that must be healthy first
	out := make(map[string][]string, len(p.Changes))
	for i, c := range p.Changes {
		position[c.Service] = i
		all, behind := new(big.Int), new(big.Int)
		for _, need := range c.Needs {
			if at, known := position[need]; known {
				all.SetBit(all, at, 1)
				behind.Or(behind, before[need])
			}
		}
		for _, need := range c.Needs {
			if at, known := position[need]; known && behind.Bit(at) == 0 {
				out[c.Service] = append(out[c.Service], need)
			}
		}
		before[c.Service] = all.Or(all, behind)
	}
	return out
}

// mermaidText is text within quotes of Mermaid, which knows HTML's entities
// with a # for the &. Source: mermaid.js.org, "Flowcharts", "Entity codes".
func mermaidText(s string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\n", " ", "\r", " ").Replace(s)
}

// dotText is text within quotes of an escString.
// Source: graphviz.org, "The DOT Language" and "escString".
func dotText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ").Replace(s)
}
