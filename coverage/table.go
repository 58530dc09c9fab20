package coverage

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/mettel-automation/delivery/internal/clean"
)

// String shows the verdicts as aligned tables for people: one of the modules, with
// a last line for all of them, and one for each further gate. Below them stand the
// worst files of each module that is below its minimum, the changed lines that are
// not covered as file:line, and the warnings.
func (r Result) String() string {
	var b strings.Builder
	table(&b, "MODULE\tCOVERED\tPERCENT\tMINIMUM\tVERDICT", r.moduleRows())
	if c := r.Baseline; c != nil {
		b.WriteByte('\n')
		table(&b, "BASELINE\tBEFORE\tNOW\tVERDICT", c.rows())
	}
	if c := r.Changed; c != nil {
		b.WriteByte('\n')
		table(&b, "CHANGED LINES\tCOVERED\tPERCENT\tMINIMUM\tVERDICT", c.rows())
	}
	for _, v := range r.Verdicts {
		v.details(&b)
	}
	if c := r.Changed; c != nil {
		c.details(&b)
	}
	return b.String()
}

func table(w io.Writer, head string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, head)
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush() // a strings.Builder takes everything
}

func (r Result) moduleRows() [][]string {
	var rows [][]string
	for _, v := range r.Verdicts {
		rows = append(rows, v.row())
	}
	if r.Total != nil {
		rows = append(rows, r.Total.row())
	}
	return rows
}

func (c *Comparison) rows() [][]string {
	var rows [][]string
	for _, v := range c.Modules {
		rows = append(rows, []string{clean.Text(v.Subject()), share(v.Before), share(v.Count), v.summary()})
	}
	for _, module := range c.Gone {
		rows = append(rows, []string{clean.Text(module), "-", "-", "not in this run"})
	}
	return rows
}

// share returns "75.00% (3/4)".
func share(c Count) string {
	if c.Total == 0 {
		return "-"
	}
	return c.Percent() + "% (" + c.fraction() + ")"
}

func (c *Changes) rows() [][]string {
	var rows [][]string
	for _, v := range c.Modules {
		rows = append(rows, v.row())
	}
	if len(c.Modules) != 1 {
		rows = append(rows, c.Total.row())
	}
	return rows
}

func (v Verdict) row() []string {
	covered, percent := "-", "-"
	if v.Total > 0 {
		covered, percent = v.fraction()+" "+string(v.Metric), v.Percent()+"%"
	}
	return []string{clean.Text(v.Subject()), covered, percent, v.Minimum.String() + "%", v.summary()}
}

// summary is the last column: the outcome, without what the other columns say.
func (v Verdict) summary() string {
	switch {
	case v.Outcome == Pass && v.Gate == BaselineGate && v.Before.Total == 0:
		return "pass: new"
	case v.Outcome == Pass && v.Gate == ChangedGate && v.Total == 0:
		return "pass: nothing to cover"
	case v.Outcome == Pass:
		return "pass"
	case v.Outcome == Below:
		return fmt.Sprintf("below: %d more %s needed", v.Missing, v.Metric.unit(v.Missing))
	case v.Allowed:
		return "pass: " + clean.Text(v.Message) + ", which is allowed"
	}
	return clean.Text(v.Message)
}

func (v Verdict) details(b *strings.Builder) {
	if len(v.Worst) > 0 {
		fmt.Fprintf(b, "\n%s has most left to cover in:\n", clean.Text(v.Module))
		t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
		for _, f := range v.Worst {
			fmt.Fprintf(t, "  %s\t%s\t%d %s not covered\n", clean.Text(f.Path), f.fraction(), f.uncovered(), v.Metric.unit(f.uncovered()))
		}
		_ = t.Flush()
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(b, "\nwarning: %s: %s\n", clean.Text(v.Module), clean.Text(w))
	}
}

// maxListed is how many files a table lists below it. The JSON has all of them.
const maxListed = 20

func (c *Changes) details(b *strings.Builder) {
	if c.Empty {
		fmt.Fprintf(b, "\nthe diff is empty: nothing was changed\n")
	}
	if files := c.Total.Uncovered; len(files) > 0 {
		fmt.Fprintf(b, "\nchanged and not covered:\n")
		for _, u := range files[:min(maxListed, len(files))] {
			fmt.Fprintf(b, "  %s:%s\n", clean.Text(u.Path), joinRanges(u.Lines))
		}
		and(b, len(files)-maxListed)
	}
	if files := c.Unreported; len(files) > 0 {
		fmt.Fprintf(b, "\nchanged and in no report, so not measured (map paths by the root of the report, or allow them as unreported):\n")
		for _, path := range files[:min(maxListed, len(files))] {
			fmt.Fprintf(b, "  %s\n", clean.Text(path))
		}
		and(b, len(files)-maxListed)
	}
}

func and(b *strings.Builder, more int) {
	if more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
}

// joinRanges returns "7-9, 12".
func joinRanges(ranges []LineRange) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = r.String()
	}
	return strings.Join(texts, ", ")
}
