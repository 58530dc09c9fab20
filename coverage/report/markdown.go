package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/internal/clean"
)

// maxListed is how many files a list of the comment has. GitLab takes a million
// characters; people take less.
const maxListed = 50

// WriteMarkdown writes what a merge-request comment says: whether the gate passes, the
// total, the modules with the failed ones first, the changed lines that are not
// covered, and the changed files that were not measured. Names and messages stand
// in code spans, so that nothing in a report can form markup or mention somebody.
func WriteMarkdown(w io.Writer, r coverage.Result) error {
	var b strings.Builder
	failed := r.Failed()
	switch {
	case r.Pass():
		b.WriteString("### Coverage: passed\n\n")
	case len(failed) == 0:
		b.WriteString("### Coverage: nothing was checked\n\n")
	default:
		b.WriteString("### Coverage: failed\n\n")
	}
	b.WriteString(total(r))
	if len(r.Verdicts) > 0 {
		rows := r.Verdicts
		if r.Total != nil {
			rows = append(append([]coverage.Verdict{}, rows...), *r.Total)
		}
		verdicts(&b, "Module", rows)
	}
	if c := r.Baseline; c != nil && len(c.Modules)+len(c.Gone) > 0 {
		baseline(&b, c)
	}
	if c := r.Changed; c != nil {
		changes(&b, c)
	}
	worst(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

func total(r coverage.Result) string {
	count, metric, err := r.Sum()
	switch {
	case err != nil:
		return code(err.Error()) + "\n\n"
	case count.Total == 0:
		return ""
	}
	return fmt.Sprintf("**%s%%** of all %s are covered (%d of %d).\n\n", count.Percent(), metric, count.Covered, count.Total)
}

// verdicts is a table whose rows that fail come first.
func verdicts(b *strings.Builder, head string, rows []coverage.Verdict) {
	fmt.Fprintf(b, "| %s | Covered | Percent | Minimum | Verdict |\n|---|--:|--:|--:|---|\n", head)
	for _, failing := range []bool{true, false} {
		for _, v := range rows {
			if v.Pass() == failing {
				continue
			}
			covered, percent := "–", "–"
			if v.Total > 0 {
				covered, percent = fmt.Sprintf("%d/%d %s", v.Covered, v.Total, v.Metric), v.Percent()+"%"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s%% | %s |\n", name(v), covered, percent, v.Minimum, verdict(v))
		}
	}
	b.WriteByte('\n')
}

func name(v coverage.Verdict) string {
	if v.Module == "" {
		return "all modules"
	}
	return cell(v.Module)
}

func verdict(v coverage.Verdict) string {
	switch {
	case v.Outcome == coverage.Pass && v.Gate == coverage.BaselineGate && v.Before.Total == 0:
		return "pass: new"
	case v.Outcome == coverage.Pass && v.Total == 0:
		return "pass: nothing to cover"
	case v.Outcome == coverage.Pass:
		return "pass"
	case v.Outcome == coverage.Below:
		return fmt.Sprintf("**below**: %d more needed", v.Missing)
	case v.Pass():
		return "pass: no data, which is allowed"
	}
	return fmt.Sprintf("**%s**: %s", v.Outcome, cell(v.Message))
}

func baseline(b *strings.Builder, c *coverage.Comparison) {
	b.WriteString("| Baseline | Before | Now | Verdict |\n|---|--:|--:|---|\n")
	side := func(c coverage.Count) string {
		if c.Total == 0 {
			return "–"
		}
		return fmt.Sprintf("%d/%d = %s%%", c.Covered, c.Total, c.Percent())
	}
	for _, v := range c.Modules {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name(v), side(v.Before), side(v.Count), verdict(v))
	}
	for _, module := range c.Gone {
		fmt.Fprintf(b, "| %s | – | – | not in this run |\n", cell(module))
	}
	b.WriteByte('\n')
}

func changes(b *strings.Builder, c *coverage.Changes) {
	rows := c.Modules
	if len(rows) != 1 {
		rows = append(append([]coverage.Verdict{}, rows...), c.Total)
	}
	verdicts(b, "Changed lines", rows)
	var items []string
	for _, u := range c.Total.Uncovered {
		items = append(items, fmt.Sprintf("%s: %s", code(u.Path), joined(u.Lines)))
	}
	if c.Empty {
		b.WriteString("The diff is empty: nothing was changed.\n\n")
	}
	fold(b, "Changed and not covered", items)
	items = nil
	for _, path := range c.Unreported {
		items = append(items, code(path))
	}
	fold(b, "Changed and in no report, so not measured", items)
}

func worst(b *strings.Builder, r coverage.Result) {
	for _, v := range r.Verdicts {
		var items []string
		for _, f := range v.Worst {
			items = append(items, fmt.Sprintf("%s: %d of %d not covered", code(f.Path), uncovered(f), f.Total))
		}
		for _, path := range v.Absent {
			items = append(items, code(path)+": in no report")
		}
		fold(b, "Where "+html(v.Module)+" lacks most", items)
	}
}

// fold is a list that opens on a click.
func fold(b *strings.Builder, title string, items []string) {
	if len(items) == 0 {
		return
	}
	files := "files"
	if len(items) == 1 {
		files = "file"
	}
	fmt.Fprintf(b, "<details><summary>%s: %d %s</summary>\n\n", title, len(items), files)
	for _, item := range items[:min(maxListed, len(items))] {
		fmt.Fprintf(b, "- %s\n", item)
	}
	if more := len(items) - maxListed; more > 0 {
		fmt.Fprintf(b, "- and %d more\n", more)
	}
	b.WriteString("\n</details>\n\n")
}

// code returns s as a code span, in which Markdown has no other meaning. See
// https://spec.commonmark.org/0.31.2/#code-spans.
func code(s string) string {
	s = clean.Text(s)
	if s == "" {
		return ""
	}
	longest := 0
	for run := range strings.FieldsFuncSeq(s, func(r rune) bool { return r != '`' }) {
		longest = max(longest, len(run))
	}
	fence := strings.Repeat("`", longest+1)
	if s[0] == '`' || s[len(s)-1] == '`' || strings.TrimSpace(s) != s {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is code for a table, which splits its cells before anything else.
// See https://github.github.com/gfm/#example-200.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// html returns s as a code element, for where Markdown is not read.
func html(s string) string {
	return "<code>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(clean.Text(s)) + "</code>"
}
