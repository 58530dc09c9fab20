// Package unittests is the stage that holds the modules of a run against the coverage
// that delivery.yaml asks for, by the reports that their tests have left.
//
//	stage := unittests.Stage(unittests.Options{})
//
// It runs no tests: how they are run is up to each module. A module with the label
// "coverage: none" has none. Beside its record, the stage leaves in the run directory
// unit-coverage.junit.xml, unit-coverage.codequality.json, unit-coverage.md and, in
// unit-coverage.cobertura, the lines for merge requests.
package unittests

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/coverage"
	coveragereport "github.com/mettel-automation/delivery/coverage/report"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/report"
)

// Name is that of the stage, before the module of a job for one.
const Name = "unit-coverage"

// Options say what is looked at.
type Options struct {
	// Detect says how modules are selected where the run has not detected them.
	Detect detect.Options
	// Module is the one to look at; "" is all that are selected.
	Module string
}

// Stage returns the stage. It fails where the tests of a module cover too little of it,
// or have left no report.
func Stage(o Options) job.Stage {
	return job.Stage{Name: detect.StageName(Name, o.Module), Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
		selected, err := detect.Modules(ctx, j, o.Detect, o.Module)
		if err != nil {
			return err
		}
		inputs, err := inputs(j.Config, selected)
		if err != nil {
			return err
		}
		var result coverage.Result
		if len(inputs) > 0 {
			if result, err = check(ctx, j.Config, inputs); err != nil {
				return err
			}
			r.Say("%s\n%s", result, result.TotalLine())
		}
		tell(r, result)
		return errors.Join(failure(result), write(j.Dir, r.Name, result))
	}}
}

func check(ctx context.Context, file *config.File, inputs []coverage.Input) (coverage.Result, error) {
	var gate coverage.Gate
	if file.Coverage.Minimum != nil {
		gate.Minimum = *file.Coverage.Minimum
	}
	var err error
	if gate.Sources, err = coverage.FindSources(ctx, file.Dir); err != nil {
		return coverage.Result{}, err
	}
	return gate.Check(ctx, inputs)
}

// inputs are the reports of the modules that have tests.
func inputs(file *config.File, selected []changes.Selected) ([]coverage.Input, error) {
	dir := file.Path(cmp.Or(file.Coverage.Reports, ".delivery/coverage"))
	var all []coverage.Input
	for _, m := range selected {
		if m.Labels["coverage"] == "none" {
			continue
		}
		at := slices.IndexFunc(file.Modules.Modules, func(of changes.Module) bool { return of.Name == m.Name })
		root, err := config.Dir(file.Modules.Modules[at])
		if err != nil {
			return nil, err
		}
		paths, err := reports(dir, m.Name)
		if err != nil {
			return nil, fmt.Errorf("find the coverage of %s: %w", m.Name, err)
		}
		for _, path := range paths {
			all = append(all, coverage.Input{Module: m.Name, Path: path, Root: root})
		}
	}
	return all, nil
}

// reports finds those of a module: dir/MODULE.* and the files in dir/MODULE, but for
// hidden ones. Where there is none, it returns the path at which one was expected, so
// that the gate says so.
func reports(dir, module string) ([]string, error) {
	own := filepath.Join(dir, filepath.FromSlash(module))
	beside, err := files(filepath.Dir(own), func(name string) bool {
		return strings.TrimSuffix(name, filepath.Ext(name)) == filepath.Base(own)
	})
	if err != nil {
		return nil, err
	}
	inside, err := files(own, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	if found := append(beside, inside...); len(found) > 0 {
		return found, nil
	}
	return []string{filepath.Join(own, "*")}, nil
}

// files are the regular files of a directory, which may be missing.
func files(dir string, want func(name string) bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") && want(e.Name()) {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, nil
}

// tell puts the verdicts into the record.
func tell(r *job.Record, result coverage.Result) {
	passed := 0
	for _, v := range result.Verdicts {
		c := report.Coverage{
			Module: v.Module, Gate: string(v.Gate), Covered: v.Covered, Total: v.Total, Unit: string(v.Metric),
			Minimum: v.Minimum.String() + "%", Pass: v.Pass(), Message: v.Message,
		}
		if v.Total > 0 {
			c.Percent = v.Percent() + "%"
		}
		r.Coverage = append(r.Coverage, c)
		for _, warning := range v.Warnings {
			r.Notes = append(r.Notes, v.Module+": "+warning)
		}
		if v.Pass() {
			passed++
			continue
		}
		failed := report.Failure{Subject: v.Module, Cause: v.Message}
		for _, file := range v.Worst {
			failed.Logs = append(failed.Logs, fmt.Sprintf("%s  %d/%d  %s%%", file.Path, file.Covered, file.Total, file.Percent()))
		}
		r.Failures = append(r.Failures, failed)
	}
	if len(result.Verdicts) == 0 {
		r.Summary = "no module with tests"
		return
	}
	r.Summary = fmt.Sprintf("%d of %d modules pass", passed, len(result.Verdicts))
	if sum, unit, err := result.Sum(); err == nil {
		r.Summary += fmt.Sprintf(", %s%% of %s in all", sum.Percent(), unit)
	}
}

// failure says in one line which modules fail; nil where none does. A report that is
// there and cannot be read is wrong input.
func failure(result coverage.Result) error {
	if err := result.Err(); err != nil {
		return err
	}
	var parts []string
	for _, v := range result.Failed() {
		parts = append(parts, v.Module+": "+v.Message)
	}
	if len(parts) == 0 {
		return nil
	}
	return cli.Failed(fmt.Errorf("coverage gate failed: %s", strings.Join(parts, "; ")))
}

// write writes the reports for CI into the run directory.
func write(dir job.Directory, stage string, result coverage.Result) error {
	path := func(ending string) string { return filepath.Join(string(dir), stage+ending) }
	files := coveragereport.Files{
		JUnit: path(".junit.xml"), CodeQuality: path(".codequality.json"), Markdown: path(".md"), Cobertura: path(".cobertura"),
	}
	return files.Write(result)
}
