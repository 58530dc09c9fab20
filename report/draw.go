package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/progress/timeline"
)

// picture is a graph as the template draws it.
type picture struct {
	Width, Height int
	Label         string // for those who cannot see it
	Note          string // what it leaves out; empty is nothing
	Edges         []line // those of the critical path last, so that they lie above
	Boxes         []box
}

type line struct {
	Class string
	Path  string
}

// box is a service, with its places in pixels.
type box struct {
	Mark       mark
	Critical   bool
	Failed     bool
	X, Y, W, H int
	MarkX      int
	MarkY      int
	NameY      int
	TextX      int
	Name       string
	News       string // below the name; empty in a dense picture
	NewsY      int
	Tip        string
}

// drawGraph returns the picture of services; nil where they are none or too many.
func drawGraph(services []service, steps []timeline.Step) *picture {
	g := newGraph(services, steps)
	if g == nil {
		return nil
	}
	p := &picture{}
	p.Width, p.Height = g.place()
	p.Label = plural(len(g.services), "service", "services") + ", from what is needed to what needs it. The table below says the same."
	if g.left > 0 {
		p.Note = plural(g.left, "dependency that follows", "dependencies that follow") + " from others " + verb(g.left) + " not drawn."
	}
	for _, level := range g.levels {
		for _, n := range level {
			p.drawEdges(n)
		}
	}
	slices.SortStableFunc(p.Edges, func(a, b line) int { return rankOfEdge(a) - rankOfEdge(b) })
	for _, n := range g.services {
		p.Boxes = append(p.Boxes, n.box())
	}
	return p
}

func verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func rankOfEdge(l line) int {
	return slices.Index([]string{"edge never", "edge", "edge crit"}, l.Class)
}

// drawEdges draws what goes out of n.
func (p *picture) drawEdges(n *node) {
	x := n.x + n.w
	if n.service == nil && n.w > 0 { // passed in a straight line
		p.Edges = append(p.Edges, line{n.bendClass(), fmt.Sprintf("M%d %dH%d", n.x, n.y, x)})
	}
	for _, to := range n.outs {
		class := "edge"
		switch {
		case n.onPath[to]:
			class = "edge crit"
		case to.service != nil && to.service.Mark.Slug == "skipped":
			class = "edge never"
		}
		middle := (x + to.x) / 2
		path := fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, n.y, middle, n.y, middle, to.y, to.x, to.y)
		if to.service != nil {
			path += "m-5 -3l5 3l-5 3"
		}
		p.Edges = append(p.Edges, line{class, path})
	}
}

func (n *node) bendClass() string {
	if len(n.onPath) > 0 {
		return "edge crit"
	}
	for _, to := range n.outs {
		if to.service == nil || to.service.Mark.Slug != "skipped" {
			return "edge"
		}
	}
	return "edge never"
}

// box returns the box of a service.
func (n *node) box() box {
	s := n.service
	b := box{
		Mark: s.Mark, Critical: s.Critical, Failed: s.Failed, X: n.x, Y: n.y - n.h/2, W: n.w, H: n.h,
		MarkX: n.x + 8, MarkY: n.y - 7, TextX: n.x + 28, NameY: n.y + 4, Name: short(s.Name), Tip: s.tip(),
	}
	if n.h == nodeHeight {
		b.NameY, b.NewsY = n.y-3, n.y+12
		b.News = s.Mark.Word
		if s.Took != "" {
			b.News += " · " + s.Took
		}
		if len(b.News)*newsWidth > n.w-besideName { // the mark says the state
			b.News = cmp.Or(s.Took, s.Mark.Word)
		}
		if s.Failed {
			b.News = "failed"
		}
	}
	return b
}

// short cuts a name that is too long for its box.
func short(name string) string {
	if columns(name) <= longestName {
		return name
	}
	end := 0
	for i := range name { // of each character the beginning
		if columns(name[:i]) > longestName-1 {
			break
		}
		end = i
	}
	return name[:end] + "…"
}

// tip is what a pointer that rests on the service shows.
func (s service) tip() string {
	name, more := clip(s.Name, eventText)
	said := []string{name + more + ": " + s.Mark.Word}
	if s.Took != "" {
		said[0] += ", " + s.Took
	}
	if s.Needs != "" {
		said = append(said, "needs "+s.Needs)
	}
	if s.Message != "" {
		said = append(said, s.Message)
	}
	return strings.Join(said, "; ")
}
