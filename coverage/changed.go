package coverage

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/mettel-automation/delivery/internal/linediff"
)

// LineRange is a run of lines: First to Last, from 1, both inclusive.
type LineRange = linediff.Range

// LineRanges are lines by file, relative to the repository; the ranges of a file
// ascend and do not overlap. [ParseDiff] makes them of a diff.
type LineRanges = linediff.Lines

// ParseDiff reads which lines a unified diff adds or changes, such as what
// git diff -U0 main...HEAD prints, with any number of context lines. It fails on what
// is no diff, on one that is cut short, and on the combined diff of a merge.
func ParseDiff(r io.Reader) (LineRanges, error) { return linediff.Parse(r) }

// Uncovered are changed lines of a file that were not executed.
type Uncovered struct {
	Path  string      `json:"path"`
	Lines []LineRange `json:"lines"`
}

// Changes is how far the changed lines are covered. Of the lines that changed those
// count that a report lists ([File.Lines]), whatever the metric of the report: a
// comment or a blank line is none of them.
type Changes struct {
	Modules []Verdict // on each module that has a report, in the order of the run
	Total   Verdict   // on all of them; a line that two modules report counts once, covered where it is in one

	// Unreported are the changed files whose lines no report has, so of which
	// nothing is known. Those that a report ought to have come first: they are the
	// Absent of Total too, which is [Incomplete] by them. See Gate.AllowUnreported.
	Unreported []string

	Empty bool // Gate.Changed names no file at all, as the diff of nothing does; this passes
}

func (g Gate) changed(verdicts []Verdict) *Changes {
	if g.Changed == nil {
		return nil
	}
	out := &Changes{Empty: len(g.Changed) == 0}
	all := tally{}
	reported := map[string]bool{}
	own := map[string]tally{}
	for _, v := range verdicts {
		t := tally{}
		for _, f := range v.Files {
			if len(g.Changed[f.Path]) > 0 && t.add(f, g.Changed[f.Path]) {
				reported[f.Path] = true
			}
		}
		all.merge(t)
		own[v.Module] = t
	}
	gaps := g.gaps(reported, verdicts)
	out.Unreported = gaps.all
	known := g.Sources.known()
	for _, v := range verdicts {
		if len(v.Files) > 0 {
			c := g.judgeChanged(v.Module, own[v.Module], gaps.of[v.Module])
			if !out.Empty {
				c.strange(v.Files, gaps.absent, known)
			}
			out.Modules = append(out.Modules, c)
		}
	}
	out.Total = g.judgeChanged("", all, gaps.absent)
	return out
}

// tally is what reports say of changed lines: by file and line, whether it was executed.
type tally map[string]map[int]bool

// add takes those lines of f that are in changed, and reports whether f can have any.
func (t tally) add(f File, changed []LineRange) bool {
	lines := LineRanges{f.Path: changed}
	last := changed[len(changed)-1].Last
	for n, hit := range f.Lines() {
		if n > last {
			break
		}
		if lines.Has(f.Path, n) {
			t.line(f.Path, n, hit)
		}
	}
	return f.hasLines()
}

func (t tally) line(path string, n int, hit bool) {
	if t[path] == nil {
		t[path] = map[int]bool{}
	}
	t[path][n] = t[path][n] || hit
}

func (t tally) merge(other tally) {
	for path, lines := range other {
		for n, hit := range lines {
			t.line(path, n, hit)
		}
	}
}

func (t tally) count() (c Count, uncovered []Uncovered) {
	for _, path := range slices.Sorted(maps.Keys(t)) {
		var ranges []LineRange
		for _, n := range slices.Sorted(maps.Keys(t[path])) {
			c.Total++
			if t[path][n] {
				c.Covered++
			} else {
				ranges = linediff.Append(ranges, n)
			}
		}
		if len(ranges) > 0 {
			uncovered = append(uncovered, Uncovered{path, ranges})
		}
	}
	return c, uncovered
}

// judgeChanged is the verdict on what t has, where absent are the changed files
// that no report has and some ought to.
func (g Gate) judgeChanged(module string, t tally, absent []string) Verdict {
	v := Verdict{Gate: ChangedGate, Module: module, Outcome: Pass, Metric: Lines, Minimum: g.ChangedMinimum, Absent: absent}
	v.Count, v.Uncovered = t.count()
	missing := max(0, v.Minimum.of(v.Total)-v.Covered)
	switch {
	case len(absent) > 0:
		v.Outcome = Incomplete
		v.Message = fmt.Sprintf("incomplete: no report has %s, which changed", listed(absent))
		if v.Total > 0 {
			v.Message += fmt.Sprintf("; of the other changed lines %s%% (%s), minimum %s%%", v.Percent(), v.fraction(), v.Minimum)
		}
	case len(g.Changed) == 0:
		v.Message = "the diff is empty"
	case v.Total == 0:
		v.Message = "no line that a report lists was changed"
	case missing > 0:
		v.Outcome, v.Missing = Below, missing
		v.Message = fmt.Sprintf("%s%% of the changed lines (%s), minimum %s%%: %d more %s needed",
			v.Percent(), v.fraction(), v.Minimum, v.Missing, v.Metric.unit(v.Missing))
	default:
		v.Message = fmt.Sprintf("%s%% of the changed lines, minimum %s%%", v.Percent(), v.Minimum)
	}
	return v
}
