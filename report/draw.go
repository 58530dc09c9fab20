package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/progress/timeline"
	"github.com/mettel-automation/delivery/report/internal/graph"
)

// The measures of a graph in pixels.
const (
	boxHeight   = 40
	denseHeight = 26 // from manyBoxes on
	manyBoxes   = 60
	narrowest   = 96
	longestName = 30 // columns
	columnWidth = 73 // of a character of the name, in tenths of a pixel
	besideName  = 36 // around the name
	widestFit   = 1500
	newsWidth   = 6 // of a character of the news, on the wide side
)

// picture is a graph as the template draws it.
type picture struct {
	Width, Height int
	Fit           bool   // it may shrink a little to fit a page
	Label         string // for those who cannot see it
	Note          string // what it leaves out; empty is nothing
	Edges         []line
	Boxes         []box
}

type line struct {
	Class string
	D     string
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
	opts := graph.Options{Height: boxHeight}
	if len(services) >= manyBoxes {
		opts.Height = denseHeight
	}
	for _, s := range steps {
		opts.Path = append(opts.Path, s.Subject)
	}
	var nodes []graph.Node
	for _, s := range services {
		nodes = append(nodes, graph.Node{Name: s.Name, Needs: s.needs, Width: boxWidth(s.Name)})
	}
	l, ok := graph.Lay(nodes, opts)
	if !ok {
		return nil
	}
	p := &picture{Width: l.Width, Height: l.Height, Fit: l.Width <= widestFit}
	p.Label = plural(len(l.Boxes), "service", "services") + ", from what is needed to what needs it. The table below says the same."
	if l.Left > 0 {
		p.Note = plural(l.Left, "dependency that follows from others is", "dependencies that follow from others are") + " not drawn."
	}
	begun := func(i int) bool { return services[i].Mark.Slug != "skipped" }
	for _, e := range l.Edges {
		class := "edge"
		switch {
		case e.OnPath:
			class = "edge crit"
		case !slices.ContainsFunc(e.Leads, begun):
			class = "edge never"
		}
		p.Edges = append(p.Edges, line{class, e.D})
	}
	for _, b := range l.Boxes {
		p.Boxes = append(p.Boxes, services[b.Node].box(b))
	}
	return p
}

// box puts s in its place.
func (s service) box(at graph.Box) box {
	middle := at.Y + at.H/2
	b := box{
		Mark: s.Mark, Critical: s.Critical, Failed: s.Failed, X: at.X, Y: at.Y, W: at.W, H: at.H,
		MarkX: at.X + 8, MarkY: middle - 7, TextX: at.X + 28, NameY: middle + 4, Name: short(s.Name), Tip: s.tip(),
	}
	if at.H < boxHeight {
		return b
	}
	b.NameY, b.NewsY, b.News = middle-3, middle+12, s.Mark.Word
	if s.Took != "" {
		b.News += " · " + s.Took
	}
	if len(b.News)*newsWidth > at.W-besideName { // the mark says the state
		b.News = cmp.Or(s.Took, s.Mark.Word)
	}
	if s.Failed {
		b.News = "failed"
	}
	return b
}

// boxWidth is how wide the box of a service is.
func boxWidth(name string) int {
	return max(narrowest, min(columns(name), longestName)*columnWidth/10+besideName)
}

// columns estimates how wide s is, in characters of a font of one width.
// East Asian characters and emoji are twice as wide as others.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && r <= 0x115f || r >= 0x2e80 {
			n++
		}
	}
	return n
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
