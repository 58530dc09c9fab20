package cilog

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/board"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// table shows where the subjects of a section stand.
type table struct {
	rows  []board.Row
	paint text.Paint
	began time.Time // of the section
	now   time.Time
	trail *trail
}

// widest is how many characters of a name the column of names makes room for.
const widest = 60

// failing reports whether there is a failure to tell about r.
func failing(r board.Row) bool { return r.State == progress.Failed || r.Failure != nil }

// lines returns a line for each subject, by operation. Those that were unchanged
// and have nothing more to say share one.
func (t table) lines() []string {
	var lines []string
	for _, op := range operations(t.rows) {
		lines = append(lines, t.operation(op)...)
	}
	return lines
}

// failuresLast returns the subjects that did not fail, and then those that did,
// each with its way there and the reason. A reason that the error of the whole
// step holds is told there.
func (t table) failuresLast(whole error) []string {
	bad := t
	bad.rows = slices.DeleteFunc(slices.Clone(t.rows), func(r board.Row) bool { return !failing(r) })
	t.rows = slices.DeleteFunc(slices.Clone(t.rows), failing)
	lines := t.lines()
	for _, r := range bad.rows {
		head := text.Line(r.Name())
		if r.Subject != "" {
			head = fmt.Sprintf("%s (%s)", head, text.Line(r.Op))
		}
		head += "  " + string(r.State)
		if r.Begun() {
			head += " after " + t.took(r)
		}
		lines = append(lines, t.paint.State(r.State, sign(r.State)+" "+head))
		lines = append(lines, t.trail.of(r, t.began)...)
		if r.Failure != nil && (whole == nil || !strings.Contains(whole.Error(), r.Failure.Error())) {
			for _, line := range text.Lines(r.Failure.Error()) {
				lines = append(lines, "    "+t.paint.State(progress.Failed, line))
			}
		}
	}
	return lines
}

// operations returns the rows of each operation, in the order of its first.
func operations(rows []board.Row) [][]board.Row {
	var ops [][]board.Row
	at := map[string]int{}
	for _, r := range rows {
		i, known := at[r.Op]
		if !known {
			i = len(ops)
			at[r.Op], ops = i, append(ops, nil)
		}
		ops[i] = append(ops[i], r)
	}
	return ops
}

func (t table) operation(rows []board.Row) []string {
	head := t.paint.Bold(text.Line(rows[0].Op))
	var lines, same []string
	names, times := 0, 0
	for _, r := range rows {
		if !plainlyUnchanged(r) {
			names = max(names, min(widest, utf8.RuneCountInString(text.Line(r.Subject))))
			times = max(times, len(t.took(r)))
		}
	}
	for _, r := range rows {
		switch {
		case r.Subject == "":
			head = t.paint.State(r.State, sign(r.State)) + " " + strings.Join(append([]string{head}, t.news(r)...), "  ")
		case plainlyUnchanged(r):
			same = append(same, text.Line(r.Subject))
		default:
			line := []string{fmt.Sprintf("  %s %-*s", t.paint.State(r.State, sign(r.State)), names, text.Line(r.Subject))}
			if times > 0 {
				line = append(line, fmt.Sprintf("%*s", times, t.took(r)))
			}
			lines = append(lines, strings.Join(append(line, t.news(r)...), "  "))
		}
	}
	if len(same) > 0 {
		lines = append(lines, fmt.Sprintf("  %s %d unchanged: %s", t.paint.State(progress.Unchanged, sign(progress.Unchanged)), len(same), strings.Join(same, ", ")))
	}
	return append([]string{head}, lines...)
}

// plainlyUnchanged reports whether all that there is to say about r is that it
// was unchanged.
func plainlyUnchanged(r board.Row) bool {
	return r.Subject != "" && r.State == progress.Unchanged && r.Message == ""
}

func (t table) took(r board.Row) string {
	if !r.Begun() {
		return ""
	}
	return text.Elapsed(r.Elapsed(t.now))
}

// news is the message of r, after its state where the sign does not tell it.
func (t table) news(r board.Row) []string {
	said := text.Line(r.Message)
	if r.State != progress.Done || said == "" && r.Subject != "" {
		said = strings.TrimSuffix(text.Line(string(r.State))+": "+said, ": ")
	}
	if said == "" {
		return nil
	}
	return []string{said}
}

// sign is a state in one character.
func sign(s progress.State) string {
	switch s {
	case progress.Done, progress.Unchanged:
		return "✓"
	case progress.Failed:
		return "✗"
	case progress.Skipped:
		return "-"
	case progress.RollingBack, progress.RolledBack:
		return "↺"
	case progress.Waiting:
		return "·"
	}
	return "•"
}

// longestTrail is how many pieces of news about one subject are kept.
const longestTrail = 12

// trail keeps the latest news about each subject, for those that fail.
type trail struct {
	steps map[[2]string][]step
}

type step struct {
	at   time.Time
	said string
}

func (t *trail) add(r board.Row, e progress.Event) {
	if t.steps == nil {
		t.steps = map[[2]string][]step{}
	}
	key := [2]string{r.Op, r.Subject}
	said := strings.TrimSuffix(text.Line(string(e.State))+": "+text.Line(e.Message), ": ")
	steps := append(t.steps[key], step{at: e.Time, said: said})
	t.steps[key] = steps[max(0, len(steps)-longestTrail):]
}

// of returns the way of r, with the time since began before each step.
func (t *trail) of(r board.Row, began time.Time) []string {
	var lines []string
	steps := t.steps[[2]string{r.Op, r.Subject}]
	if last := len(steps) - 1; last >= 0 && steps[last].said == string(r.State) {
		steps = steps[:last] // which the line above says already
	}
	for _, s := range steps {
		lines = append(lines, fmt.Sprintf("    [%6s] %s", text.Elapsed(s.at.Sub(began)), s.said))
	}
	return lines
}
