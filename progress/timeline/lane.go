package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

const (
	barHeight  = 120
	thinHeight = 50
	markRadius = 62
)

// drawLane draws one lane around the line at y.
func (p *picture) drawLane(b *svg, l Lane, y int) {
	b.add("<g><title>%s</title>\n", escape(tooltip(l)))
	b.add("<rect x=\"0\" y=\"%v\" width=\"%v\" height=\"%v\" fill-opacity=\"0\"/>\n", px(y-p.row/2), px(pictureWidth), px(p.row))
	critical := slices.ContainsFunc(p.path, func(s Lane) bool { return s.Op == l.Op && s.Subject == l.Subject })
	name := clip(p.name(l), nameSize, p.left-margin-gap)
	switch {
	case l.Subject == "":
		b.text(margin, y+45, "strong", name)
	case critical:
		b.textEnd(p.left-gap, y+45, "strong", name)
	default:
		b.textEnd(p.left-gap, y+45, "name", name)
	}
	if l.State() == progress.Skipped {
		b.line(p.x(l.Spans[0].Start), y, p.right, y, "skip")
	}
	for i, s := range l.Spans {
		p.drawSpan(b, l, i, s, y)
	}
	if critical {
		b.bar(p.x(l.Start), y, p.barWidth(l.Start, l.End), barHeight, "crit")
	}
	for _, s := range l.Spans {
		if s.State.Ended() && s.State != progress.Skipped {
			b.mark(p.x(s.Start), y, s.State)
		}
	}
	p.drawNote(b, l, y)
	b.textEnd(pictureWidth-margin, y+45, "soft", took(l))
	b.add("</g>\n")
}

// drawSpan draws the i-th span of l. Work that ended in a failure is red from
// its beginning, which is what one looks for.
func (p *picture) drawSpan(b *svg, l Lane, i int, s Span, y int) {
	x, width := p.x(s.Start), p.barWidth(s.Start, s.End)
	height := barHeight
	if l.Subject == "" {
		height = thinHeight
	}
	switch s.State {
	case progress.Waiting:
		if l.State() != progress.Skipped { // which waited for nothing
			b.waiting(x, y, p.x(s.End)-x)
		}
	case progress.Running:
		class := "run"
		if i+1 < len(l.Spans) && l.Spans[i+1].State == progress.Failed {
			class = "fail"
		}
		b.bar(x, y, width, height, class)
	case progress.RollingBack:
		b.bar(x, y, width, height, "back")
	case progress.Done, progress.Unchanged:
		if l.Subject != "" {
			b.bar(x, y, p.x(s.End)-x, 20, "tail")
		}
	}
}

func (p *picture) barWidth(from, to time.Time) int { return max(20, p.x(to)-p.x(from)) }

// waiting draws a thin hatched bar.
func (b *svg) waiting(x, y, width int) {
	b.bar(x, y, width, thinHeight, "wait")
	b.add("<rect x=\"%v\" y=\"%v\" width=\"%v\" height=\"%v\" fill=\"url(#%s-wait)\" opacity=\".5\"/>\n",
		px(x), px(y-thinHeight/2), px(width), px(thinHeight), b.id)
}

// mark draws the sign of an end at x, y. Its form says what its colour says.
func (b *svg) mark(x, y int, s progress.State) {
	class, form := "other", ""
	switch s {
	case progress.Done:
		class, form = "done", "m-2.6 .2l1.8 1.9l3.4 -4"
	case progress.Unchanged:
		class, form = "done", "m-2.5 -1.4h5m-5 2.8h5"
	case progress.Failed:
		class, form = "fail", "m-2.2 -2.2l4.4 4.4m0 -4.4l-4.4 4.4"
	case progress.RolledBack:
		class, form = "back", "m2.8 0h-5.4m2.2 -2.2l-2.2 2.2l2.2 2.2"
	}
	b.add("<circle cx=\"%v\" cy=\"%v\" r=\"%v\" class=\"%s\"/>", px(x), px(y), px(markRadius), class)
	if form != "" {
		b.add("<path class=\"mark\" d=\"M%v %v%s\"/>", px(x), px(y), form)
	}
	b.add("\n")
}

// drawNote writes why one never started where its bar would be, and why one
// failed beside its bars, on the side where there is more room.
func (p *picture) drawNote(b *svg, l Lane, y int) {
	const space = 110
	last := l.Spans[len(l.Spans)-1]
	switch {
	case last.State == progress.Skipped && !l.Begun():
		x := p.x(l.Spans[0].Start)
		b.text(x, y+40, "note", clip(joined("never started", text.Line(l.Message)), 11, p.right-x))
	case l.Err != nil:
		from, to := p.x(l.Start)-space, p.x(last.Start)+space
		if !last.State.Ended() {
			to = p.x(last.End) + space
		}
		said := text.Line(l.Err.Error())
		left, right := from-p.left, p.right-to
		switch {
		case max(left, right) < 5*space: // only in the tooltip
		case right >= left || right >= emWidth(said, 11):
			b.text(to, y+40, "note bad", clip(said, 11, right))
		default:
			b.textEnd(from, y+40, "note bad", clip(said, 11, left))
		}
	}
}

// took is the duration on the right of a lane.
func took(l Lane) string {
	switch {
	case !l.Begun():
		return "–"
	case l.State() == progress.Running:
		return text.Span(l.Work()) + "…"
	}
	return text.Span(l.Work())
}

// tooltip tells a lane with exact times.
func tooltip(l Lane) string {
	lines := []string{fmt.Sprintf("%s: %s", text.Line(cmp.Or(l.Subject, l.Op)), text.Line(string(l.State())))}
	if l.Message != "" {
		lines[0] += ", " + text.Line(l.Message)
	}
	if len(l.Needs) > 0 {
		lines = append(lines, "needs "+text.Line(strings.Join(l.Needs, ", ")))
	}
	for i, s := range l.Spans {
		at := s.Start.UTC().Format("15:04:05.000")
		if s.State.Ended() && i == len(l.Spans)-1 {
			lines = append(lines, fmt.Sprintf("%s  %s", at, text.Line(string(s.State))))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s  %s for %s", at, text.Line(string(s.State)), s.End.Sub(s.Start).Round(time.Millisecond)))
	}
	if l.Err != nil {
		lines = append(lines, text.Lines(l.Err.Error())...)
	}
	return strings.Join(lines, "\n")
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}
