package term

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/board"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// Sizes of the layout, in cells and lines.
const (
	widestBar  = 30
	timeCells  = len("59m59s")
	roomy      = 10                    // below this, gaps and columns are given up
	besideName = 4 + 1 + timeCells + 2 // the sign, and the time, with their gaps
)

// view lays out one frame.
type view struct {
	rows  []board.Row
	width int
	paint text.Paint
	took  time.Duration // since the renderer began
	now   time.Time

	nameCells map[string]int // of the names of each operation
	reached   map[subject]bool
}

type subject struct{ op, name string }

func newView(rows []board.Row, cells int, paint text.Paint, took time.Duration, now time.Time) view {
	v := view{rows: rows, width: cells, paint: paint, took: took, now: now, nameCells: map[string]int{}, reached: map[subject]bool{}}
	// Names come before news, but two fifths of the line are for those. A longer
	// name is elided in the live view, and has a line of its own in the final one.
	widest := max(8, v.width-v.width*2/5-besideName)
	for _, r := range rows {
		if r.Subject != "" {
			v.nameCells[r.Op] = max(v.nameCells[r.Op], min(widest, width(text.Line(r.Subject))))
		}
		v.reached[subject{r.Op, r.Subject}] = r.State == progress.Done || r.State == progress.Unchanged
	}
	return v
}

// live returns the lines of a frame of at most height lines. Where not all
// subjects have room, those that matter most at the moment are shown, and the
// others are counted.
func (v view) live(height int) []line {
	foot := []line{join(v.width, v.summary()...)}
	if height >= roomy {
		foot = append([]line{{}}, foot...)
	}
	shown, hidden := fold(v.rows, height-len(foot))
	lines := v.table(shown,
		func(op string) []line { return []line{join(v.width, v.header(op)...)} },
		func(r board.Row) []line { return []line{join(v.width, append(v.columns(r), v.shortNews(r))...)} })
	if len(hidden) > 0 {
		lines = append(lines, join(v.width, part{"  … " + counted(hidden), v.paint.Dim}))
	}
	lines = append(lines, foot...)
	return lines[max(0, len(lines)-height):]
}

// final returns everything there is to say, in as many lines as it takes. Of an
// operation with many subjects, those that are well are counted. Why subjects failed
// comes last, where a person looks first.
func (v view) final(brief bool) []line {
	listed := most
	if brief {
		listed = 0
	}
	shown, hidden := quiet(board.Subjects(v.rows), listed)
	switch {
	case brief && len(shown) == 0 && len(hidden) == 1:
		return nil // whoever is brief about many tells of one himself
	case brief && len(shown) == 0:
		return spread(v.width, v.summary())
	}
	lines := v.table(shown, v.wholeHeader, v.wholeRow)
	if len(hidden) > 0 {
		lines = append(lines, join(v.width, part{"  … " + counted(hidden), v.paint.Dim}))
	}
	lines = append(lines, line{})
	for _, r := range v.rows {
		if r.Failure != nil {
			lines = append(append(lines, v.failure(r)...), line{})
		}
	}
	return append(lines, spread(v.width, v.summary())...)
}

// table returns the lines of each operation among rows, and below it those of
// its subjects.
func (v view) table(rows []board.Row, header func(op string) []line, row func(board.Row) []line) []line {
	var lines []line
	drawn := map[string]bool{}
	for _, first := range rows {
		if drawn[first.Op] {
			continue
		}
		drawn[first.Op] = true
		lines = append(lines, header(first.Op)...)
		for _, r := range rows {
			if r.Op == first.Op && r.Subject != "" {
				lines = append(lines, row(r)...)
			}
		}
	}
	return lines
}

// header is the name of an operation, and the news about it as a whole.
func (v view) header(op string) []part {
	name := part{text.Line(op), v.paint.Bold}
	for _, r := range v.rows {
		if r.Op == op && r.Subject == "" {
			return []part{v.glyph(r), {" ", nil}, name, {"  ", nil}, v.news(r)}
		}
	}
	return []part{name}
}

// columns is all of a subject's line but the news.
func (v view) columns(r board.Row) []part {
	name := part{pad(v.name(r), v.nameCells[r.Op]), nil}
	took := ""
	if r.Begun() {
		took = text.Elapsed(r.Elapsed(v.now))
	} else {
		name.paint = v.paint.Dim
	}
	return []part{
		{"  ", nil},
		v.glyph(r),
		{" ", nil},
		name,
		{fmt.Sprintf(" %*s", timeCells, took), v.paint.Dim},
		{"  ", nil},
	}
}

// name is the name of a subject as it fits into its column.
func (v view) name(r board.Row) string {
	whole := text.Line(r.Subject)
	if width(whole) <= v.nameCells[r.Op] {
		return whole
	}
	var others []string
	for _, o := range v.rows {
		if o.Op == r.Op {
			others = append(others, text.Line(o.Subject))
		}
	}
	return elide(whole, v.nameCells[r.Op], others)
}

func (v view) wholeHeader(op string) []line {
	parts := v.header(op)
	if last := len(parts) - 1; last > 0 {
		return v.flow(parts[:last], parts[last])
	}
	return v.flow(nil, parts[0])
}

// wholeRow returns the lines of a subject with its whole name and news. A
// failure is told below the table, so here its beginning will do.
func (v view) wholeRow(r board.Row) []line {
	columns := v.columns(r)
	const name = 3
	var lines []line
	if whole := text.Line(r.Subject); width(whole) > v.nameCells[r.Op] {
		lines = v.flow(columns[:name], part{whole, columns[name].paint})
		columns = append(blank(columns[:name+1]), columns[name+1:]...)
	}
	if r.Failure != nil && r.State == progress.Failed {
		return append(lines, join(v.width, append(columns, v.news(r))...))
	}
	return append(lines, v.flow(columns, v.news(r))...)
}

// failure returns the whole text of why a subject failed.
func (v view) failure(r board.Row) []line {
	red := v.tone(progress.Failed)
	head := text.Line(r.Op)
	if r.Subject != "" {
		head = fmt.Sprintf("%s (%s)", text.Line(r.Subject), head)
	}
	lines := v.flow([]part{{"✗ ", red}}, part{head, red})
	for _, said := range text.Lines(r.Failure.Error()) {
		lines = append(lines, v.flow([]part{{"    ", nil}}, part{said, nil})...)
	}
	return lines
}

// flow returns columns and what follows them, folded into as many lines as it
// takes beside the columns, or below them where there is little room.
func (v view) flow(columns []part, what part) []line {
	var lines []line
	indent := cellsOf(columns)
	if v.width-indent < roomy && indent > 4 {
		lines = append(lines, join(v.width, columns...))
		columns, indent = []part{{"    ", nil}}, 4
	}
	for _, s := range wrap(what.text, v.width-indent) {
		lines = append(lines, join(v.width, append(slices.Clip(columns), part{s, what.paint})...))
		columns = blank(columns)
	}
	return lines
}

func blank(parts []part) []part {
	return []part{{strings.Repeat(" ", cellsOf(parts)), nil}}
}
