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

// The measures of a picture, in tenths of a pixel: whole numbers, so that the
// same events give the same bytes on every machine.
const (
	pictureWidth = 12000
	margin       = 280
	gap          = 160
	timesWidth   = 640 // the durations on the right
	widestName   = 2600
	laneHeight   = 260
	denseHeight  = 200 // from manyLanes on
	manyLanes    = 60
	headHeight   = 1320
	lineHeight   = 200
	nameSize     = 14 // one more than the text has, for those that are bold
)

// picture is a laid out timeline.
type picture struct {
	lanes []Lane
	path  []Lane
	steps []Step

	id          string // where the ids begin
	title       string
	start       time.Time
	total       time.Duration
	left, right int // of the plot
	row         int // height of a lane
	rows        []row
	bottom      int // of the lanes
	caption     []string
}

// row is one line of the picture: a lane, or else the name of an operation.
type row struct {
	lane   *Lane
	op     string
	middle int
}

func newPicture(lanes []Lane, opts Options) *picture {
	p := &picture{lanes: lanes, path: criticalLanes(lanes), steps: CriticalPath(lanes), row: laneHeight}
	p.id = cmp.Or(strings.Map(idCharacter, opts.ID), "tl")
	p.title = cmp.Or(opts.Title, opts.Op, onlyOp(lanes), "Timeline")
	if len(lanes) >= manyLanes {
		p.row = denseHeight
	}
	names := 600
	for i, l := range lanes {
		if i == 0 || l.Spans[0].Start.Before(p.start) {
			p.start = l.Spans[0].Start
		}
		names = max(names, emWidth(p.name(l), nameSize), emWidth(text.Line(l.Op), nameSize))
	}
	for _, l := range lanes {
		p.total = max(p.total, l.Spans[len(l.Spans)-1].End.Sub(p.start))
	}
	p.left = margin + min(names, widestName) + gap
	p.right = pictureWidth - margin - timesWidth
	p.place()
	p.caption = p.captionLines()
	return p
}

// idCharacter drops what has a meaning of its own in an attribute or a reference.
func idCharacter(r rune) rune {
	if r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// place gives each row its height. Operations have a row of their own where
// there are several; where an operation has a lane as a whole, that is its row.
func (p *picture) place() {
	several := onlyOp(p.lanes) == ""
	y := headHeight
	for i := range p.lanes {
		l := &p.lanes[i]
		begins := i == 0 || p.lanes[i-1].Op != l.Op
		if begins && several {
			y += p.row / 3
			if l.Subject != "" {
				p.rows = append(p.rows, row{op: l.Op, middle: y + p.row/2})
				y += p.row
			}
		}
		p.rows = append(p.rows, row{lane: l, op: l.Op, middle: y + p.row/2})
		y += p.row
	}
	p.bottom = y + 60
}

// x returns where t is in the plot.
func (p *picture) x(t time.Time) int {
	unit := max(1, p.total/1e9) // keeps the product within 64 bits
	return p.left + int(int64(t.Sub(p.start)/unit)*int64(p.right-p.left)/int64(max(1, p.total/unit)))
}

func (p *picture) height() int {
	if len(p.lanes) == 0 {
		return 1600
	}
	return p.bottom + 300 + len(p.caption)*lineHeight + 240
}

// name is what stands on the left of a lane.
func (p *picture) name(l Lane) string { return text.Line(cmp.Or(l.Subject, l.Op)) }

// subtitle is the run in one line.
func (p *picture) subtitle() string {
	said := []string{text.Span(p.total), p.counts(), "began " + p.start.UTC().Format("2006-01-02 15:04:05 UTC")}
	return strings.Join(said, " · ")
}

// counts says how many subjects ended in which state.
func (p *picture) counts() string {
	in := map[progress.State]int{}
	for _, l := range p.subjects() {
		in[l.State()]++
	}
	var said []string
	for _, s := range states(in) {
		said = append(said, fmt.Sprintf("%d %s", in[s], text.Line(string(s))))
	}
	return strings.Join(said, ", ")
}

// subjects are the lanes without those of operations as a whole, unless there
// are no others.
func (p *picture) subjects() []Lane {
	subjects := slices.DeleteFunc(slices.Clone(p.lanes), func(l Lane) bool { return l.Subject == "" })
	if len(subjects) == 0 {
		return p.lanes
	}
	return subjects
}

// captionLines lists the critical path.
func (p *picture) captionLines() []string {
	var lines []string
	line := ""
	for i, s := range p.steps {
		said := text.Line(cmp.Or(s.Subject, s.Op)) + " " + text.Span(s.Work)
		if s.Wait > p.total/50 {
			said += " after a wait of " + text.Span(s.Wait)
		}
		if i < len(p.steps)-1 {
			said += " →"
		}
		if line != "" && emWidth(line+" "+said, 13) > pictureWidth-2*margin {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimLeft(line+" "+said, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// states returns the keys of in: those of the vocabulary in its order, then
// others by name.
func states(in map[progress.State]int) []progress.State {
	known := []progress.State{
		progress.Done, progress.Unchanged, progress.Failed, progress.Skipped,
		progress.RolledBack, progress.RollingBack, progress.Running, progress.Waiting,
	}
	var found []progress.State
	for s := range in {
		found = append(found, s)
	}
	rank := func(s progress.State) int {
		if i := slices.Index(known, s); i >= 0 {
			return i
		}
		return len(known)
	}
	slices.SortFunc(found, func(a, b progress.State) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	return found
}

// onlyOp returns the operation of lanes where there is one only.
func onlyOp(lanes []Lane) string {
	if len(lanes) == 0 || slices.ContainsFunc(lanes, func(l Lane) bool { return l.Op != lanes[0].Op }) {
		return ""
	}
	return text.Line(lanes[0].Op)
}

// emWidth estimates how wide s is in a sans-serif font of so many pixels. It
// errs on the wide side.
func emWidth(s string, pixels int) int {
	hundredths := 0
	for _, r := range s {
		switch {
		case r >= 0x1100: // East Asian characters and emoji are as wide as high
			hundredths += 100
		case strings.ContainsRune("iljftrI.,:;'|! -()", r):
			hundredths += 36
		case strings.ContainsRune("mwMW@<>=+&%#~", r):
			hundredths += 92
		case r >= 'A' && r <= 'Z':
			hundredths += 70
		default:
			hundredths += 62
		}
	}
	return hundredths * pixels / 10
}

// clip returns s with an ellipsis where it is wider than width.
func clip(s string, pixels, width int) string {
	if emWidth(s, pixels) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && emWidth(string(runes)+"…", pixels) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}
