package timeline

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// svg is a picture under construction.
type svg struct {
	out []byte
	id  string // begins the ids
}

func (b *svg) add(format string, args ...any) { b.out = fmt.Appendf(b.out, format, args...) }

// px writes tenths of a pixel.
type px int

func (n px) String() string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	if n%10 == 0 {
		return fmt.Sprintf("%s%d", sign, n/10)
	}
	return fmt.Sprintf("%s%d.%d", sign, n/10, n%10)
}

// escape makes s safe between tags and within attributes. What XML cannot hold
// becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

func (b *svg) text(x, y int, class, s string)       { b.write(x, y, class, "start", s) }
func (b *svg) textEnd(x, y int, class, s string)    { b.write(x, y, class, "end", s) }
func (b *svg) textMiddle(x, y int, class, s string) { b.write(x, y, class, "middle", s) }

// write writes s so that x is at its anchor.
func (b *svg) write(x, y int, class, anchor, s string) {
	b.add("<text x=\"%v\" y=\"%v\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", px(x), px(y), class, anchor, escape(s))
}

// bar draws a bar around the line at y.
func (b *svg) bar(x, y, width, height int, class string) {
	b.add("<rect x=\"%v\" y=\"%v\" width=\"%v\" height=\"%v\" rx=\"%v\" class=\"%s\"/>\n",
		px(x), px(y-height/2), px(width), px(height), px(min(width, height, 60)/2), class)
}

func (b *svg) line(x1, y1, x2, y2 int, class string) {
	b.add("<path class=\"%s\" d=\"M%v %vL%v %v\"/>\n", class, px(x1), px(y1), px(x2), px(y2))
}

// draw returns the picture as a document.
func (p *picture) draw() []byte {
	b := &svg{id: p.id}
	width, height := px(pictureWidth), px(p.height())
	b.add("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tl\" role=\"img\" aria-labelledby=\"%[1]s-title %[1]s-desc\" "+
		"width=\"%[2]v\" height=\"%[3]v\" viewBox=\"0 0 %[2]v %[3]v\" style=\"max-width:100%%;height:auto\">\n", b.id, width, height)
	title := text.Line(p.title)
	b.add("<title id=\"%[1]s-title\">%[2]s</title>\n<desc id=\"%[1]s-desc\">%[3]s</desc>\n", b.id, escape(title), escape(p.description()))
	b.add("%s", style)
	b.add(hatching, b.id)
	b.add("<rect class=\"bg\" width=\"%v\" height=\"%v\" rx=\"8\"/>\n", width, height)
	b.text(margin, 480, "h1", clip(title, 20, pictureWidth-2*margin))
	if len(p.lanes) == 0 {
		b.text(margin, 800, "soft", "Nothing was reported.")
		b.add("</svg>\n")
		return b.out
	}
	b.text(margin, 720, "soft", p.subtitle())
	p.drawLegend(b)
	p.drawAxis(b)
	p.drawLinks(b)
	for _, r := range p.rows {
		if r.lane == nil {
			b.text(margin, r.middle+45, "strong", clip(text.Line(r.op), nameSize, p.left-margin-gap))
			continue
		}
		p.drawLane(b, *r.lane, r.middle)
	}
	p.drawCaption(b)
	b.add("</svg>\n")
	return b.out
}

// description is the picture in words, for those who cannot see it.
func (p *picture) description() string {
	if len(p.lanes) == 0 {
		return "Nothing was reported."
	}
	return p.subtitle() + ". Critical path: " + strings.Join(p.caption, " ")
}

// drawLegend explains the colours that occur.
func (p *picture) drawLegend(b *svg) {
	occurs := map[progress.State]bool{}
	for _, l := range p.lanes {
		for _, s := range l.Spans {
			occurs[s.State] = true
		}
	}
	x, y := margin, 990
	entry := func(name string, width int, draw func(x int)) {
		draw(x)
		b.text(x+width+70, y+42, "note", name)
		x += width + 70 + emWidth(name, 11) + 200
	}
	swatch := func(class string) func(int) {
		return func(x int) { b.bar(x, y, 260, barHeight, class) }
	}
	mark := func(s progress.State) func(int) {
		return func(x int) { b.mark(x+markRadius, y, s) }
	}
	for _, e := range []struct {
		state progress.State
		name  string
		width int
		draw  func(x int)
	}{
		{progress.Waiting, "waiting", 260, func(x int) { b.waiting(x, y, 260) }},
		{progress.Running, "running", 260, swatch("run")},
		{progress.Done, "done", 2 * markRadius, mark(progress.Done)},
		{progress.Unchanged, "unchanged", 2 * markRadius, mark(progress.Unchanged)},
		{progress.Failed, "failed", 2 * markRadius, mark(progress.Failed)},
		{progress.RollingBack, "rolling back", 260, swatch("back")},
		{progress.RolledBack, "rolled back", 2 * markRadius, mark(progress.RolledBack)},
		{progress.Skipped, "never started", 260, func(x int) { b.line(x, y, x+260, y, "skip") }},
	} {
		if occurs[e.state] {
			entry(e.name, e.width, e.draw)
		}
	}
	if len(p.path) > 0 {
		entry("critical path", 260, swatch("crit"))
	}
}

// drawAxis draws the labels of the time and a line below each; below many lanes
// the labels stand once more.
func (p *picture) drawAxis(b *svg) {
	for _, t := range ticks(p.total) {
		x := p.x(p.start.Add(t))
		b.line(x, headHeight-40, x, p.bottom, "grid")
		b.textMiddle(x, headHeight-90, "tick", label(t))
		if len(p.lanes) > manyLanes/2 {
			b.textMiddle(x, p.bottom+150, "tick", label(t))
		}
	}
}

// drawLinks connects the end of each step of the critical path with the start
// of the next.
func (p *picture) drawLinks(b *svg) {
	for i := 1; i < len(p.path); i++ {
		from, to := p.path[i-1], p.path[i]
		x1, y1 := p.x(from.End), p.middle(from)
		x2, y2 := p.x(to.Start), p.middle(to)
		b.add("<path class=\"link\" d=\"M%v %vV%vH%v\"/>\n", px(x1), px(y1), px(y2), px(x2))
	}
}

func (p *picture) middle(l Lane) int {
	for _, r := range p.rows {
		if r.lane != nil && r.lane.Op == l.Op && r.lane.Subject == l.Subject {
			return r.middle
		}
	}
	return 0
}

func (p *picture) drawCaption(b *svg) {
	if len(p.caption) == 0 {
		return
	}
	y := p.bottom + 380
	head := fmt.Sprintf("Critical path, %s", text.Span(p.path[len(p.path)-1].End.Sub(p.path[0].Start)))
	b.text(margin, y, "strong", head)
	for i, line := range p.caption {
		b.text(margin, y+(i+1)*lineHeight, "soft", line)
	}
}
