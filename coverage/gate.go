package coverage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
)

// Gate is the coverage that modules must reach. The zero value asks 80 % of each
// and nothing else; each further gate is off until its fields are set.
type Gate struct {
	Minimum     Percentage            // of every module that ByModule does not name; default 80
	ByModule    map[string]Percentage // by module; may name modules that are not checked
	AllowNoData []string              // modules that pass where their report is well-formed and lists nothing; one that is missing or has 0 bytes fails still

	// Expected are the source files that must be in the reports of a module, by
	// module, relative to the repository. Where one is not, the module is
	// [Incomplete]: what no test loads, many tools leave out of their numbers. Go
	// files without statements are in no profile, so they must not be expected.
	Expected map[string][]string

	Total *Percentage // of all modules together; nil is no such gate

	Baseline  *Baseline   // below which no module may fall; nil is no such gate
	Tolerance *Percentage // by how many percentage points it may; nil is none at all

	Changed        LineRanges // lines that must be covered better; nil is no such gate, an empty one passes
	ChangedMinimum Percentage // of them, in each module and in all; default 80

	// AllowUnreported are patterns of changed files that need not be in a report, such
	// as generated ones and tests. A changed file that no report has fails where some
	// report has files of its extension: no test loads it, or its path was not mapped.
	// Always allowed are *_test.go and *.d.ts. A Go file that has declarations alone is in
	// no profile either, and must be named here.
	//
	// A pattern without a slash is of the last name of a path: "*.pb.go". Any other is of
	// the whole path in the repository, where ** stands for any number of directories:
	// "web/**/*.test.js". Names are matched as by [path.Match].
	AllowUnreported []string

	Sources Sources // what paths in reports mean; the zero value leaves them as they are
}

// Input is a report that a module is expected to have written. The modules
// come from the caller, so that one whose tests wrote nothing is noticed.
type Input struct {
	Module string
	Path   string // of its report; relative to the working directory, or absolute
	Root   string // directory of the repository that paths in the report are relative to; "" where they are not, or by Gate.Sources
}

// Check reads the reports of inputs and judges each module, in the order in which
// inputs name them first, and then all of them ([Gate.Conclude]). Several reports of
// one module are merged as [ParseFiles] does; each of them must be there.
//
// What is wrong with a report is a verdict, not an error. The errors are wrong
// use, before anything is read ([ErrNoInput], an input without a module or path, a
// name in Expected or AllowNoData that no input has, a bad pattern in AllowUnreported),
// and that of ctx, beside the verdicts that were reached.
//
// A module none of whose files is below the Root of its inputs has [NoData]: its
// report is that of another one.
func (g Gate) Check(ctx context.Context, inputs []Input) (Result, error) {
	modules, byModule, err := group(inputs)
	if err == nil {
		err = errors.Join(g.checkNames(byModule), checkPatterns(g.AllowUnreported))
	}
	if err != nil {
		return Result{}, fmt.Errorf("check coverage: %w", err)
	}
	sources := newMapper(g.Sources)
	var verdicts []Verdict
	for _, module := range modules {
		report, err := read(ctx, sources, byModule[module])
		if ctx.Err() != nil {
			return Result{Verdicts: verdicts}, fmt.Errorf("check coverage of %s: %w", module, ctx.Err())
		}
		v := g.Judge(module, report)
		if err != nil {
			v = g.fail(module, err)
		} else if dir, foreign := outside(byModule[module], report.Files); foreign {
			v.foreign(dir)
		}
		for _, in := range byModule[module] {
			v.Reports = append(v.Reports, in.Path)
		}
		verdicts = append(verdicts, v)
	}
	return g.Conclude(verdicts), nil
}

// Conclude adds to verdicts of [Gate.Judge] what the gates over all modules say:
// Total, Baseline and Changed, as far as g has them. It reads nothing.
func (g Gate) Conclude(verdicts []Verdict) Result {
	return Result{
		Verdicts: verdicts,
		Total:    g.total(verdicts),
		Baseline: g.compare(verdicts),
		Changed:  g.changed(verdicts),
		mapped:   !g.Sources.isZero(),
	}
}

func group(inputs []Input) (modules []string, byModule map[string][]Input, err error) {
	if len(inputs) == 0 {
		return nil, nil, ErrNoInput
	}
	byModule = make(map[string][]Input, len(inputs))
	for i, in := range inputs {
		if in.Module == "" || in.Path == "" {
			return nil, nil, fmt.Errorf("input %d: module %q, report %q: both must be given", i+1, in.Module, in.Path)
		}
		if _, known := byModule[in.Module]; !known {
			modules = append(modules, in.Module)
		}
		byModule[in.Module] = append(byModule[in.Module], in)
	}
	return modules, byModule, nil
}

// checkNames keeps a misspelt module from switching off what it is the name of.
func (g Gate) checkNames(byModule map[string][]Input) error {
	var errs []error
	check := func(field, module string) {
		if _, known := byModule[module]; !known {
			errs = append(errs, fmt.Errorf("%s names module %q, which no input has", field, module))
		}
	}
	for _, module := range slices.Sorted(maps.Keys(g.Expected)) {
		check("Expected", module)
	}
	for _, module := range g.AllowNoData {
		check("AllowNoData", module)
	}
	return errors.Join(errs...)
}

// outside returns the first root of inputs where all of them have one, and none of
// files is below any.
func outside(inputs []Input, files []File) (string, bool) {
	for _, in := range inputs {
		root := path.Clean(slashed(in.Root))
		if in.Root == "" || root == "." || len(files) == 0 {
			return "", false
		}
		if slices.ContainsFunc(files, func(f File) bool { return within(f.Path, root) != "" }) {
			return "", false
		}
	}
	return inputs[0].Root, true
}

// read reads the reports of one module, maps the paths of each and merges them.
func read(ctx context.Context, sources *mapper, inputs []Input) (Report, error) {
	var first Report
	var all *adder
	for i, in := range inputs {
		parsed, err := ParseFiles(ctx, in.Path)
		if err != nil {
			return Report{}, err
		}
		fail := func(err error) (Report, error) {
			return Report{}, &ParseError{File: in.Path, Format: parsed.Format, Err: err}
		}
		report, err := sources.report(parsed, in.Root)
		if err != nil {
			return fail(err)
		}
		switch {
		case i == 0 && len(inputs) == 1:
			return report, nil
		case i == 0:
			first, all = report, newAdder(report)
		case report.Format != first.Format:
			return fail(fmt.Errorf("its format is %s, that of %s is %s: the reports of one module must be of one format", report.Format, inputs[0].Path, first.Format))
		case report.Metric != first.Metric:
			return fail(fmt.Errorf("it counts %s, and %s counts %s: the reports of one module must count the same", report.Metric, inputs[0].Path, first.Metric))
		}
		if err := all.addReport(report); err != nil {
			return fail(err)
		}
	}
	return all.sum(), nil
}
