package coverage

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path"
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
// comment or a blank line is none of them, nor is a file that no report has.
type Changes struct {
	Modules []Verdict // on each module that has a report, in the order of the run
	Total   Verdict   // on all of them; a line that two modules report counts once, covered where it is in one

	// Unreported are the changed files whose lines no report has, so of which
	// nothing is known. They are neither covered nor not. Those that end like a file
	// of some report come first: a source that no test loads is often left out.
	Unreported []string
}

func (g Gate) changed(verdicts []Verdict) *Changes {
	if g.Changed == nil {
		return nil
	}
	out := &Changes{}
	all := tally{}
	reported := map[string]bool{}
	for _, v := range verdicts {
		own := tally{}
		for _, f := range v.Files {
			if len(g.Changed[f.Path]) > 0 && own.add(f, g.Changed) {
				reported[f.Path] = true
			}
		}
		all.merge(own)
		if len(v.Files) > 0 {
			out.Modules = append(out.Modules, g.judgeChanged(v.Module, own))
		}
	}
	out.Total = g.judgeChanged("", all)
	out.Unreported = unreported(g.Changed, reported, verdicts)
	g.strangers(out, verdicts)
	return out
}

// tally is what reports say of changed lines: by file and line, whether it was executed.
type tally map[string]map[int]bool

// add takes the changed lines of f, and reports whether f can have any.
func (t tally) add(f File, changed LineRanges) bool {
	for n, hit := range f.Lines() {
		if changed.Has(f.Path, n) {
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

func (g Gate) judgeChanged(module string, t tally) Verdict {
	v := Verdict{Gate: ChangedGate, Module: module, Outcome: Pass, Metric: Lines, Minimum: g.ChangedMinimum}
	v.Count, v.Uncovered = t.count()
	v.Missing = v.Minimum.of(v.Total) - v.Covered
	switch {
	case v.Total == 0:
		v.Missing, v.Message = 0, "no line that a report lists was changed"
	case v.Missing > 0:
		v.Outcome = Below
		v.Message = fmt.Sprintf("%s%% of the changed lines (%s), minimum %s%%: %d more %s needed",
			v.Percent(), v.fraction(), v.Minimum, v.Missing, v.Metric.unit(v.Missing))
	default:
		v.Missing, v.Message = 0, fmt.Sprintf("%s%% of the changed lines, minimum %s%%", v.Percent(), v.Minimum)
	}
	return v
}

func unreported(changed LineRanges, reported map[string]bool, verdicts []Verdict) []string {
	like := map[string]bool{}
	for _, v := range verdicts {
		for _, f := range v.Files {
			like[path.Ext(f.Path)] = true
		}
	}
	var out []string
	for _, p := range changed.Paths() {
		if len(changed[p]) > 0 && !reported[p] {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		return cmp.Compare(rank(like[path.Ext(a)]), rank(like[path.Ext(b)]))
	})
	return out
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// strangers turns a verdict on nothing into [NoData] where the module seems to
// report a changed file by another path. Else paths that were never mapped
// would pass every change.
func (g Gate) strangers(c *Changes, verdicts []Verdict) {
	known := make(map[string]bool, len(g.Sources.Files))
	for _, f := range g.Sources.Files {
		known[f] = true
	}
	files := map[string][]File{}
	for _, v := range verdicts {
		files[v.Module] = v.Files
	}
	for i := range c.Modules {
		v := &c.Modules[i]
		if v.Total > 0 {
			continue
		}
		changed, reported := alike(c.Unreported, files[v.Module], known)
		if changed == "" {
			continue
		}
		v.Outcome = NoData
		v.Message = fmt.Sprintf("no data: %s was changed, and the report calls a file %s: give the root of the report or the files of the repository, so that the two can be told for one", changed, reported)
		if changed == reported {
			v.Message = fmt.Sprintf("no data: %s was changed, and the report has its numbers and not its lines", changed)
		}
	}
}

// alike returns a changed file and a reported one that may be the same.
func alike(changed []string, files []File, known map[string]bool) (string, string) {
	byName := map[string][]string{}
	for _, f := range files {
		if p := slashed(f.Path); !known[f.Path] || !f.hasLines() {
			byName[path.Base(p)] = append(byName[path.Base(p)], p)
		}
	}
	for _, c := range changed {
		for _, p := range byName[path.Base(c)] {
			if overlap(c, p) > 0 && (c == p || !known[p]) {
				return c, p
			}
		}
	}
	return "", ""
}
