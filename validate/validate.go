// Package validate runs the checks that need no test and no cloud over the
// modules that changed: PEP 8, the linters of a front end, Terraform, and any
// program whose findings have one of the usual formats.
//
//	runner := validate.Runner{
//		Root:   ".",
//		Checks: []validate.Check{terraform.Check{}, validate.PEP8{}, validate.ESLint{}},
//	}
//	result, err := runner.Run(ctx, []validate.Module{{Name: "billing", Dir: "services/billing"}})
//	if err != nil { ... }
//	fmt.Print(result)
//	if !result.Pass() { ... }
//
// A finding, a linter that is not installed, a linter that crashed or took too
// long, and a module that has nothing to validate are different [Outcome]s, and
// only "clean" and "nothing" pass. A [Baseline] has what was known before. Package
// validate/report writes findings as SARIF, GitLab Code Quality and JUnit.
//
// It neither installs linters nor mends what they find, and it brings no rules
// of its own but those of package validate/terraform. It uses no shell.
package validate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// Module is a directory to validate.
type Module struct {
	Name string // unique in a run, and not empty
	// Dir is its directory: slash-separated, relative to the root, "." for the
	// root itself.
	Dir string
	// Files are the files that changed, slash-separated and relative to Dir,
	// deleted ones too. None means that all of the module is to be validated.
	// Checks of single files look only at these; others look at the whole
	// module where one of these concerns them.
	Files []string
}

// Target is what a check runs on.
type Target struct {
	Root   string // absolute directory of the repository
	Module Module // its Dir is clean
	Exec   Exec   // runs programs; never nil
}

// Dir returns the module's directory in the file system.
func (t Target) Dir() string { return filepath.Join(t.Root, filepath.FromSlash(t.Module.Dir)) }

// Report is what a check found.
type Report struct {
	// Findings may be in any order. Paths are as described at [Finding.Path];
	// Check, Module and Fingerprint are left to the Runner.
	Findings []Finding
	// Nothing says why there was nothing to validate; empty where there was.
	Nothing string
	// Notes are what a reader of the findings should know.
	Notes []string
	// Output is the end of what a program printed, where no finding can be told
	// from it.
	Output []string
}

// Check is one kind of validation. Run must be safe for several goroutines at once.
//
// An error that matches [ErrMissingTool] makes the outcome MissingTool, one of
// a deadline TimedOut, any other Crashed. What the report holds beside an error
// is kept.
type Check interface {
	Name() string // short and unique in a run: "pep8"
	Run(ctx context.Context, t Target) (Report, error)
}

// Runner runs checks over modules. Its zero value runs nothing; Checks is the
// one field that must be set.
type Runner struct {
	// Root is the directory of the repository; default the working directory.
	Root string
	// Checks are run on each module, in this order; without any, nothing is.
	Checks []Check
	// Parallel is how many checks run at once; default 4. Linters are often
	// parallel themselves.
	Parallel int
	// Timeout is for one check of one module; default 5 minutes.
	Timeout time.Duration
	// FailOn is the mildest severity that fails a check; default Note, so that
	// every finding does. Milder findings are shown.
	FailOn Severity
	// Baseline holds the findings that are known and do not fail a check.
	Baseline *Baseline
	// Changed, if not nil, limits findings to these lines, by path relative to
	// the root. Run refuses it where none of its files is there.
	Changed LineRanges
	// Exec runs the programs; default [Local].
	Exec Exec
	// Progress hears of each check of each module; nil is silence.
	Progress progress.Func
}

const (
	defaultParallel = 4
	defaultTimeout  = 5 * time.Minute
)

// Run runs each check over each module. Its result has a verdict for each
// pair in the order of modules and checks, whatever finished first.
//
// It fails before any check where its input is wrong. When ctx ends it stops
// what runs, and returns the verdicts so far beside the error; those that were
// not reached are Canceled.
func (r Runner) Run(ctx context.Context, modules []Module) (Result, error) {
	root, err := filepath.Abs(r.Root)
	if err != nil {
		return Result{}, fmt.Errorf("run checks: find root: %w", err)
	}
	modules = slices.Clone(modules)
	for i, m := range modules {
		modules[i].Dir = path.Clean(filepath.ToSlash(m.Dir))
		modules[i].Files = slices.Clone(m.Files)
	}
	if err := r.check(root, modules); err != nil {
		return Result{}, err
	}
	r.Parallel = orDefault(r.Parallel, defaultParallel)
	r.Timeout = orDefault(r.Timeout, defaultTimeout)
	r.FailOn = orDefault(r.FailOn, Note)
	if r.Exec == nil {
		r.Exec = Local{}
	}
	result := r.judge(ctx, root, r.runAll(ctx, root, modules))
	if err := context.Cause(ctx); err != nil {
		return result, fmt.Errorf("run checks: %w", err)
	}
	return result, nil
}

// check finds what is wrong with the input, all of it at once.
func (r Runner) check(root string, modules []Module) error {
	var errs []error
	if len(r.Checks) == 0 {
		errs = append(errs, errors.New("run checks: none are given"))
	}
	names := map[string]bool{}
	for _, c := range r.Checks {
		switch name := c.Name(); {
		case name == "":
			errs = append(errs, errors.New("run checks: one has no name"))
		case names[name]:
			errs = append(errs, fmt.Errorf("run checks: two are named %q", name))
		}
		names[c.Name()] = true
	}
	seen := map[string]bool{}
	for _, m := range modules {
		switch {
		case m.Name == "":
			errs = append(errs, fmt.Errorf("run checks: module at %s has no name", m.Dir))
		case seen[m.Name]:
			errs = append(errs, fmt.Errorf("run checks: module %s is given twice", m.Name))
		}
		seen[m.Name] = true
		if err := checkDir(root, m); err != nil {
			errs = append(errs, fmt.Errorf("run checks of module %s: %w", m.Name, err))
		}
	}
	if err := r.checkChanged(root); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func checkDir(root string, m Module) error {
	if !filepath.IsLocal(filepath.FromSlash(m.Dir)) {
		return fmt.Errorf("directory %s is not below the root", m.Dir)
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f)) {
			return fmt.Errorf("file %q is not below the module; paths are relative to it", f)
		}
	}
	// A module of which files are known to have changed may be gone; one that is
	// to be validated as a whole must be there, or a misspelt name would pass.
	if len(m.Files) == 0 && !isDir(filepath.Join(root, filepath.FromSlash(m.Dir))) {
		return fmt.Errorf("directory %s does not exist", m.Dir)
	}
	return nil
}

func orDefault[T int | Severity | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}
