package coverage

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// maxWorst is how many files a verdict names: what one looks at first.
const maxWorst = 5

// Judge holds report against the minimum of module. It is the whole decision
// on one module, and reads nothing: in whole numbers, without rounding. A report of
// 0 units is [NoData], whatever the minimum.
func (g Gate) Judge(module string, report Report) Verdict {
	v := g.verdict(module)
	v.Outcome = Pass
	v.Format, v.Metric, v.Count = report.Format, report.Metric, report.Count()
	v.Files, v.Warnings = report.Files, report.Warnings
	v.Absent = absent(g.Expected[module], report.Files)
	v.Missing = max(0, v.Minimum.of(v.Total)-v.Covered)
	switch {
	case v.Total <= 0 && (len(v.Absent) == 0 || !v.Allowed):
		v.Outcome, v.Missing = NoData, 0
		v.Message = fmt.Sprintf("no data: the report lists no %s", v.Metric.unit(0))
	case len(v.Absent) > 0:
		v.Outcome, v.Missing = Incomplete, 0
		v.Message = fmt.Sprintf("incomplete: no report has %s of the %d expected files: %s",
			plural(len(v.Absent), "one", fmt.Sprint(len(v.Absent))), len(g.Expected[module]), listed(v.Absent))
	case v.Missing > 0:
		v.Outcome, v.Worst = Below, worst(report.Files)
		v.Message = fmt.Sprintf("%s%% of %s (%s), minimum %s%%: %d more %s needed",
			v.Percent(), v.Metric.unit(0), v.fraction(), v.Minimum, v.Missing, v.Metric.unit(v.Missing))
	default:
		v.Message = fmt.Sprintf("%s%% of %s, minimum %s%%", v.Percent(), v.Metric.unit(0), v.Minimum)
	}
	v.Allowed = v.Allowed && v.Outcome == NoData
	return v
}

// verdict is what is known of module before its reports are read.
func (g Gate) verdict(module string) Verdict {
	v := Verdict{Gate: ModuleGate, Module: module, Minimum: g.Minimum, Allowed: slices.Contains(g.AllowNoData, module)}
	if p, ok := g.ByModule[module]; ok {
		v.Minimum = p
	}
	return v
}

// fail is the verdict on a module whose report could not be read.
func (g Gate) fail(module string, err error) Verdict {
	v := g.verdict(module)
	v.Outcome, v.Message, v.Err = Unreadable, err.Error(), err
	e, ok := errors.AsType[*ParseError](err)
	if !ok {
		e = &ParseError{Err: err}
	}
	v.Format = e.Format
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.Outcome = MissingReport
		v.Message = fmt.Sprintf("missing report %s: the tests did not write it, or the path is wrong", e.File)
	case errors.Is(err, ErrEmpty):
		v.Outcome = NoData
		v.Message = fmt.Sprintf("no data: %s: %v", e.File, e.Err)
	case errors.Is(err, ErrTruncated):
		v.Outcome = Incomplete
	}
	v.Allowed = false // that is for reports which list nothing, and this one says nothing
	return v
}

// foreign turns v into [NoData], since none of its files is below dir.
func (v *Verdict) foreign(dir string) {
	v.Outcome, v.Allowed, v.Missing, v.Worst = NoData, false, 0, nil
	v.Message = fmt.Sprintf("no data: no file of its report is below %s, first %s: it is the report of another module, or its paths are not mapped", dir, v.Files[0].Path)
	v.Warnings = append(slices.Clip(v.Warnings), strings.TrimPrefix(v.Message, "no data: "))
	v.Count, v.Files = Count{}, nil
}

// absent returns those of expected that are none of files, sorted.
func absent(expected []string, files []File) []string {
	var out []string
	for _, want := range expected {
		_, found := slices.BinarySearchFunc(files, want, func(f File, path string) int { return cmp.Compare(f.Path, path) })
		if !found {
			out = append(out, want)
		}
	}
	slices.Sort(out)
	return out
}

// worst returns the files with most left to cover, at most maxWorst of them.
func worst(files []File) []File {
	var left []File
	for _, f := range files {
		if f.uncovered() > 0 {
			left = append(left, f)
		}
	}
	slices.SortStableFunc(left, func(a, b File) int { return cmp.Compare(b.uncovered(), a.uncovered()) })
	return slices.Clip(left[:min(len(left), maxWorst)])
}

// unit names n units of m: "line", "lines".
func (m Metric) unit(n int64) string {
	switch name := cmp.Or(string(m), "units"); {
	case m == LinesAndBranches && n == 1:
		return "line or branch"
	case m == LinesAndBranches:
		return "lines and branches"
	case n == 1:
		return strings.TrimSuffix(name, "s")
	default:
		return name
	}
}

func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// listed joins the first of names, and says how many more there are.
func listed(names []string) string {
	text := strings.Join(names[:min(maxWorst, len(names))], ", ")
	if more := len(names) - maxWorst; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
