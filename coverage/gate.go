package coverage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// maxWorst is how many files a verdict names: what one looks at first.
const maxWorst = 5

// Gate is the coverage that modules must reach. The zero value asks 80 % of each.
type Gate struct {
	Minimum  Percentage            // of every module that ByModule does not name; default 80
	ByModule map[string]Percentage // by module; may name modules that are not checked
}

// Input is a report that a module is expected to have written. The modules
// come from the caller, so that one whose tests wrote nothing is noticed.
type Input struct {
	Module string
	Path   string // of its report; relative to the working directory, or absolute
}

// Check reads the reports of inputs and judges each module, in the order in which
// inputs name them first. Several reports of one module are merged as
// [ParseFiles] does; each of them must be there.
//
// What is wrong with a report is a verdict, not an error. The errors are wrong
// use, before anything is read ([ErrNoInput], an input without a module or path),
// and that of ctx, beside the verdicts that were reached.
func (g Gate) Check(ctx context.Context, inputs []Input) (Result, error) {
	modules, paths, err := group(inputs)
	if err != nil {
		return Result{}, fmt.Errorf("check coverage: %w", err)
	}
	var result Result
	for _, module := range modules {
		report, err := ParseFiles(ctx, paths[module]...)
		if ctx.Err() != nil {
			return result, fmt.Errorf("check coverage of %s: %w", module, ctx.Err())
		}
		v := g.Judge(module, report)
		if err != nil {
			v = g.fail(module, err)
		}
		v.Reports = paths[module]
		result.Verdicts = append(result.Verdicts, v)
	}
	return result, nil
}

func group(inputs []Input) (modules []string, paths map[string][]string, err error) {
	if len(inputs) == 0 {
		return nil, nil, ErrNoInput
	}
	paths = make(map[string][]string, len(inputs))
	for i, in := range inputs {
		if in.Module == "" || in.Path == "" {
			return nil, nil, fmt.Errorf("input %d: module %q, report %q: both must be given", i+1, in.Module, in.Path)
		}
		if _, known := paths[in.Module]; !known {
			modules = append(modules, in.Module)
		}
		paths[in.Module] = append(paths[in.Module], in.Path)
	}
	return modules, paths, nil
}

// Judge holds report against the minimum of module. It is the whole decision,
// and reads nothing: in whole numbers, without rounding. A report of 0 units is
// [NoData], whatever the minimum.
func (g Gate) Judge(module string, report Report) Verdict {
	v := Verdict{
		Module:   module,
		Outcome:  Pass,
		Format:   report.Format,
		Metric:   report.Metric,
		Count:    report.Count(),
		Minimum:  g.minimum(module),
		Warnings: report.Warnings,
	}
	v.Missing = max(0, v.Minimum.of(v.Total)-v.Covered)
	switch {
	case v.Total <= 0:
		v.Outcome, v.Missing = NoData, 0
		v.Message = fmt.Sprintf("no data: the report lists no %s", v.Metric.unit(0))
	case v.Missing > 0:
		v.Outcome, v.Worst = Below, worst(report.Files)
		v.Message = fmt.Sprintf("%s%% of %s (%s), minimum %s%%: %d more %s needed",
			v.Percent(), v.Metric.unit(0), v.fraction(), v.Minimum, v.Missing, v.Metric.unit(v.Missing))
	default:
		v.Message = fmt.Sprintf("%s%% of %s, minimum %s%%", v.Percent(), v.Metric.unit(0), v.Minimum)
	}
	return v
}

// fail is the verdict on a module whose report could not be read.
func (g Gate) fail(module string, err error) Verdict {
	v := Verdict{Module: module, Outcome: Unreadable, Minimum: g.minimum(module), Message: err.Error(), Err: err}
	e, ok := errors.AsType[*ParseError](err)
	if !ok {
		return v
	}
	v.Format = e.Format
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.Outcome = MissingReport
		v.Message = fmt.Sprintf("missing report %s: the tests did not write it, or the path is wrong", e.File)
	case errors.Is(err, ErrEmpty):
		v.Outcome = NoData
		v.Message = fmt.Sprintf("no data: %s: %v", e.File, e.Err)
	}
	return v
}

func (g Gate) minimum(module string) Percentage {
	if p, ok := g.ByModule[module]; ok {
		return p
	}
	return g.Minimum
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
	name := cmp.Or(string(m), "units")
	if n == 1 {
		return strings.TrimSuffix(name, "s")
	}
	return name
}
