package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/progress/timeline"
)

// printer keeps the first error of its writer, and writes nothing after it.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) Write(b []byte) (n int, err error) {
	if p.err != nil {
		return 0, p.err
	}
	if n, err = p.w.Write(b); err != nil {
		p.err = fmt.Errorf("write the outcome: %w", err)
	}
	return n, p.err
}

func (d *delivery) title(text string) {
	fmt.Fprintf(d.out, "\n%s\n%s\n", text, strings.Repeat("-", len(text)))
}

func (d *delivery) say(format string, args ...any) {
	fmt.Fprintln(d.out, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}

func (d *delivery) printEnvironment() {
	d.title("environment")
	d.say("branch %s is the %s environment %s (KRE %s)", d.env.Branch, d.env.Kind, d.env.Name, d.env.KRE)
}

func (d *delivery) printChanges() {
	d.title("changes")
	d.say("%.10s..%.10s: %d files changed, %d of %d modules selected",
		d.diff.MergeBase, d.diff.Head, len(d.diff.Files), len(d.selected.Modules), len(d.config.Modules))
	width := 0
	selected := make(map[string]bool)
	for _, m := range d.selected.Modules {
		width = max(width, len(m.Name))
		selected[m.Name] = true
	}
	for _, m := range d.selected.Modules {
		d.say("  %-*s  %s", width, m.Name, because(m.Reasons))
	}
	var others []string
	for _, m := range d.config.Modules {
		if !selected[m.Name] {
			name := m.Name
			if m.OnDemand != "" {
				name += " (on demand: " + m.OnDemand + "=true)"
			}
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		d.say("not selected: %s", strings.Join(others, ", "))
	}
	if n := len(d.selected.Unowned); n > 0 {
		d.say("files of no module: %s", firstFew(d.selected.Unowned, n))
	}
}

func because(reasons []changes.Reason) string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = r.String()
	}
	return firstFew(texts, len(texts))
}

// firstFew shows the first three of n texts and the number of the others.
func firstFew[T ~string](texts []T, n int) string {
	const few = 3
	var shown []string
	for _, t := range texts[:min(few, n)] {
		shown = append(shown, string(t))
	}
	line := strings.Join(shown, ", ")
	if n > few {
		line += fmt.Sprintf(", and %d more", n-few)
	}
	return line
}

func (d *delivery) printResult(result ecs.Result, path []timeline.Step, took time.Duration) {
	d.say("%s", result)
	var steps []string
	for _, s := range path {
		steps = append(steps, fmt.Sprintf("%s %.1fs", s.Subject, s.Work.Seconds()))
	}
	d.say("critical path: %s; in all %.1fs", strings.Join(steps, " > "), took.Seconds())
}
