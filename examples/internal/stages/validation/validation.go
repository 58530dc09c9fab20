// Package validation is the stage that runs linters and Terraform checks over the
// modules of a run: those that delivery.yaml has for the label "kind" of a module.
//
//	stage := validation.Stage(validation.Options{})
//
// A module that was selected for files of its own alone is checked in these; any other
// is checked as a whole. Beside its record, the stage leaves in the run directory
// validation.codequality.json, validation.sarif and validation.junit.xml.
package validation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/checks"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/validate"
)

// Name is that of the stage, before the module of a job for one.
const Name = "validation"

// Options say what is validated.
type Options struct {
	// Detect says how modules are selected where the run has not detected them.
	Detect detect.Options
	// Module is the one to validate; "" is all that are selected.
	Module string
	// SkipMissing passes checks whose linter is missing, with a note that says so: for a
	// demonstration on a machine as it is.
	SkipMissing bool
	// Exec runs the linters; default [validate.Local].
	Exec validate.Exec
}

// Stage returns the stage. It fails where a check finds something that counts, or could
// not do its work, as for want of its linter.
func Stage(o Options) job.Stage {
	return job.Stage{Name: detect.StageName(Name, o.Module), Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
		selected, err := detect.Modules(ctx, j, o.Detect, o.Module)
		if err != nil {
			return err
		}
		runs, err := plan(j, r, selected)
		if err != nil {
			return err
		}
		runner, err := runner(j.Config, r.Emit)
		if err != nil {
			return err
		}
		runner.Exec = o.Exec
		result, err := runs.run(ctx, runner)
		if o.SkipMissing {
			skipMissing(r, result)
		}
		if len(selected) > 0 && (err == nil || len(result.Verdicts) > 0) {
			r.Say("%s", result)
		}
		tell(r, result, len(runs) > 0)
		return errors.Join(failure(result), cli.Failed(err), write(j.Dir, r.Name, result))
	}}
}

// runner is the Runner of a file, without checks.
func runner(file *config.File, emit progress.Func) (validate.Runner, error) {
	runner := validate.Runner{Root: file.Dir, FailOn: severity(file.Validation.FailOn), Progress: emit}
	if file.Validation.Baseline == "" {
		return runner, nil
	}
	known, err := os.Open(file.Path(file.Validation.Baseline))
	if err != nil {
		return runner, fmt.Errorf("read the baseline of validation: %w", err)
	}
	defer known.Close()
	if runner.Baseline, err = validate.ReadBaseline(known); err != nil {
		return runner, fmt.Errorf("%s: %w", known.Name(), err)
	}
	return runner, nil
}

// severity is that of a name that the file was checked for.
func severity(name string) validate.Severity {
	for _, s := range []validate.Severity{validate.Warning, validate.Error} {
		if s.String() == name {
			return s
		}
	}
	return validate.Note
}

// kinds are what is checked, by kind.
type kinds []kind

type kind struct {
	name    string
	checks  []validate.Check
	modules []validate.Module
}

// plan finds the checks of modules, and notes which have none.
func plan(j *job.Job, r *job.Record, selected []changes.Selected) (kinds, error) {
	var all kinds
	var errs []error
	var without []string
	for _, m := range selected {
		name := m.Labels["kind"]
		if len(j.Config.Validation.Checks[name]) == 0 {
			without = append(without, m.Name)
			continue
		}
		module, err := target(j.Config, m)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		at := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
		if at < 0 {
			named, err := checksOf(j.Config.Validation.Checks[name])
			errs = append(errs, err)
			all, at = append(all, kind{name: name, checks: named}), len(all)
		}
		all[at].modules = append(all[at].modules, module)
	}
	if len(without) > 0 {
		r.Notes = append(r.Notes, "nothing checks the kind of "+strings.Join(without, ", "))
	}
	slices.SortFunc(all, func(a, b kind) int { return cmp.Compare(a.name, b.name) })
	return all, errors.Join(errs...)
}

func checksOf(names []string) (all []validate.Check, err error) {
	var errs []error
	for _, name := range names {
		check, err := checks.Named(name)
		all, errs = append(all, check), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// target is what is validated of a module: files of its own that changed where they are
// why it was selected and below its directory, and all of it otherwise.
func target(file *config.File, selected changes.Selected) (validate.Module, error) {
	at := slices.IndexFunc(file.Modules.Modules, func(m changes.Module) bool { return m.Name == selected.Name })
	dir, err := config.Dir(file.Modules.Modules[at])
	module := validate.Module{Name: selected.Name, Dir: dir}
	for _, reason := range selected.Reasons {
		below, ok := strings.CutPrefix(reason.Path, dir+"/")
		if dir == "." {
			below, ok = reason.Path, true
		}
		if reason.Kind != changes.ByFile || !ok {
			module.Files = nil
			return module, err
		}
		module.Files = append(module.Files, below)
	}
	return module, err
}

// run runs each kind of checks over its modules.
func (all kinds) run(ctx context.Context, runner validate.Runner) (validate.Result, error) {
	var whole validate.Result
	var errs []error
	for _, k := range all {
		runner.Checks = k.checks
		result, err := runner.Run(ctx, k.modules)
		whole.Verdicts = append(whole.Verdicts, result.Verdicts...)
		whole.Stale = append(whole.Stale, result.Stale...)
		whole.Notes = append(whole.Notes, result.Notes...)
		if err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return whole, errors.Join(errs...)
}
