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

// spin is how long one picture of the spinner stands.
const spin = 100 * time.Millisecond

// glyph is the state of a row in one cell.
func (v view) glyph(r board.Row) part {
	g := "•"
	switch r.State {
	case progress.Waiting:
		g = "·"
	case progress.Running, progress.RollingBack:
		pictures := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		g = string(pictures[int(max(0, v.took)/spin)%len(pictures)])
	case progress.Done, progress.Unchanged:
		g = "✓"
	case progress.Failed:
		g = "✗"
	case progress.Skipped:
		g = "-"
	case progress.RolledBack:
		g = "↺"
	}
	return part{g, func(s string) string { return v.paint.State(r.State, s) }}
}

// news is what there is to say about a row.
func (v view) news(r board.Row) part {
	said := text.Line(r.Message)
	switch r.State {
	case progress.Failed:
		if r.Failure != nil {
			said = joined(said, text.Line(r.Failure.Error()))
		}
	case progress.Waiting:
		if left := v.outstanding(r); said == "" && len(left) > 0 {
			said = "after " + strings.Join(left, ", ")
		}
	case progress.RollingBack, progress.RolledBack, progress.Skipped:
		said = joined(string(r.State), said)
	}
	if said == "" {
		said = text.Line(string(r.State))
	}
	return part{said, v.tone(r.State)}
}

// shortNews is the news in the cells that its column has: of what a subject
// waits for, it names what there is room for and counts the others.
func (v view) shortNews(r board.Row) part {
	left := v.outstanding(r)
	if r.State != progress.Waiting || r.Message != "" || len(left) == 0 {
		return v.news(r)
	}
	room := v.width - besideName - v.nameCells[r.Op]
	most := len(left)
	for most > 1 && width("after "+text.List(left, most)) > room {
		most--
	}
	return part{"after " + text.List(left, most), v.tone(r.State)}
}

// outstanding names the needs of r that it still waits for.
func (v view) outstanding(r board.Row) []string {
	var names []string
	for _, need := range r.Needs {
		if !v.reached[subject{r.Op, need}] {
			names = append(names, text.Line(need))
		}
	}
	return names
}

// tone is the colour of the news about a subject in state s: only what needs
// attention has one.
func (v view) tone(s progress.State) func(string) string {
	switch s {
	case progress.Running:
		return nil
	case progress.Failed, progress.RollingBack, progress.RolledBack:
		return func(text string) string { return v.paint.State(s, text) }
	}
	return v.paint.Dim
}

// summary is the bar, the counts and the time of the whole run. What waits is
// what is missing in the counts. The bar gives way where there is little room.
func (v view) summary() []part {
	c := board.Count(v.rows)
	said := []part{{fmt.Sprintf("%d/%d done", c.In[progress.Done], c.Total), nil}}
	for _, p := range c.Parts() {
		if p.State != progress.Waiting {
			said = append(said, part{separator, v.paint.Dim},
				part{p.Text, func(s string) string { return v.paint.State(p.State, s) }})
		}
	}
	said = append(said, part{separator, v.paint.Dim}, part{text.Elapsed(v.took), v.paint.Dim})
	if bar := min(widestBar, v.width/4); c.Total > 1 && bar+2+cellsOf(said) <= v.width {
		said = slices.Concat(v.bar(c, bar), []part{{"  ", nil}}, said)
	}
	return said
}

// bar shows the shares of what is done and of what failed in n cells.
func (v view) bar(c board.Counts, n int) []part {
	failed := "━"
	if !v.paint.On {
		failed = "x"
	}
	back := c.In[progress.RollingBack] + c.In[progress.RolledBack]
	var parts []part
	count, filled := 0, 0
	for _, share := range []struct {
		of    int
		state progress.State
		cell  string
	}{
		{c.In[progress.Done], progress.Done, "━"},
		{back, progress.RolledBack, failed},
		{c.In[progress.Failed], progress.Failed, failed},
		{c.Total - c.In[progress.Done] - back - c.In[progress.Failed], progress.Waiting, "─"},
	} {
		count += share.of
		until := n * count / c.Total
		parts = append(parts, part{
			strings.Repeat(share.cell, until-filled),
			func(s string) string { return v.paint.State(share.state, s) },
		})
		filled = until
	}
	return parts
}

// counted says how many rows are in which state.
func counted(rows []board.Row) string {
	c := board.Count(rows)
	var said []string
	for _, p := range c.Parts() {
		said = append(said, p.Text)
	}
	if n := c.In[progress.Done]; n > 0 {
		said = append(said, fmt.Sprintf("%d done", n))
	}
	return strings.Join(said, ", ")
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}
