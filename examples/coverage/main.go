// Command coverage fails where the tests of a module cover too little of it.
//
//	coverage -min 80 -report billing=billing/cover.out -report web=web/coverage/lcov.info
//
// Each -report names a module and the report that its tests wrote, in any format
// that package coverage reads, told apart by content. A module may be named more
// than once; its reports are then merged. -min is the percentage that each module must
// reach; 80 if it is not given, and it may have decimals, as in 80.5.
//
// Further gates are off until their flags are given. A merge request whose changed
// lines must be covered by 90 %, without any module falling below what master has:
//
//	git diff -U0 origin/master...HEAD > changed.diff
//	coverage -root . -report billing=billing/cover.out \
//	    -diff changed.diff -diff-min 90 -baseline coverage-baseline.json \
//	    -junit junit.xml -codequality gl-code-quality.json -cobertura-dir cobertura
//
// A changed file that no report has fails where some report has files of its
// extension, since no test loads it; -allow-unreported names those that need none,
// such as generated ones. A diff of the whole repository wants the reports of all of it.
//
// It prints tables, and below them the line that GitLab's coverage keyword reads:
//
//	TOTAL  3203/4004 statements  79.99%
//
// With -json it prints an object instead:
//
//	{
//	  "pass": false,                     // whether every gate passes
//	  "modules": [                       // in the order of the flags
//	    {
//	      "name": "billing",
//	      "format": "go",                // "" if not recognised
//	      "covered": 3203,               // statements (go) or lines (most others)
//	      "total": 4004,
//	      "percent": 79.99,              // rounded down to two decimals
//	      "pass": false,
//	      "message": "79.99% of statements (3203/4004), minimum 80%: 1 more statement needed"
//	    }
//	  ],
//	  "total": {...},                    // with -total-min; like a module
//	  "baseline": [{...}],               // with -baseline; like modules
//	  "changed": [{...}]                 // with -diff; like modules, all together last
//	}
//
// Exit codes: 0 every gate passes; 1 one does not, since a module is below the
// minimum or its report is missing, empty or lists nothing; 2 wrong use, or a
// report that is there and cannot be read. The verdicts are printed, and the files
// written, in each case but wrong use. What is odd about a report stands below the
// table, and on stderr where JSON is printed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/atomicfile"
	"github.com/mettel-automation/delivery/internal/clean"
)

func main() { cli.Main("coverage", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if err := o.read(ctx); err != nil {
		return err
	}
	result, err := o.gate.Check(ctx, o.inputs)
	if err != nil {
		return err
	}
	if err := show(stdout, result, o.asJSON); err != nil {
		return err
	}
	if o.asJSON { // the table has them
		warn(stderr, result)
	}
	err = o.files.Write(result)
	if o.writeBaseline != "" && result.Pass() {
		err = errors.Join(err, o.saveBaseline(result))
	}
	return errors.Join(failure(result), err)
}

func show(w io.Writer, result coverage.Result, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintf(w, "%s\n%s", result, result.TotalLine())
		return err
	}
	out := output{Pass: result.Pass(), Modules: modules(result.Verdicts...)}
	if result.Total != nil {
		out.Total = &modules(*result.Total)[0]
	}
	if result.Baseline != nil {
		out.Baseline = modules(result.Baseline.Modules...)
	}
	if result.Changed != nil {
		out.Changed = append(modules(result.Changed.Modules...), modules(result.Changed.Total)...)
	}
	return cli.PrintJSON(w, out)
}

type output struct {
	Pass     bool     `json:"pass"`
	Modules  []module `json:"modules"`
	Total    *module  `json:"total,omitempty"`
	Baseline []module `json:"baseline,omitzero"`
	Changed  []module `json:"changed,omitzero"`
}

type module struct {
	Name    string          `json:"name"`
	Format  coverage.Format `json:"format"`
	Covered int64           `json:"covered"`
	Total   int64           `json:"total"`
	Percent json.Number     `json:"percent"`
	Pass    bool            `json:"pass"`
	Message string          `json:"message"`
}

func modules(verdicts ...coverage.Verdict) []module {
	out := []module{}
	for _, v := range verdicts {
		out = append(out, module{
			Name: v.Subject(), Format: v.Format, Covered: v.Covered, Total: v.Total,
			Percent: json.Number(v.Percent()), Pass: v.Pass(), Message: v.Message,
		})
	}
	return out
}

func warn(w io.Writer, result coverage.Result) {
	for _, v := range result.Verdicts {
		for _, warning := range v.Warnings {
			fmt.Fprintf(w, "coverage: warning: %s: %s\n", clean.Text(v.Module), clean.Text(warning))
		}
	}
	if c := result.Changed; c != nil {
		for _, path := range c.Unreported {
			fmt.Fprintf(w, "coverage: warning: %s was changed and is in no report\n", clean.Text(path))
		}
	}
}

// failure turns a result into the error that says it in one line, and that
// decides the exit code.
func failure(result coverage.Result) error {
	if err := result.Err(); err != nil {
		return err
	}
	byGate := map[coverage.GateName][]string{}
	for _, v := range result.Failed() {
		byGate[v.Gate] = append(byGate[v.Gate], fmt.Sprintf("%s (%s)", v.Subject(), v.Outcome))
	}
	var parts []string
	if failed := byGate[coverage.ModuleGate]; len(failed) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d modules failed: %s", len(failed), len(result.Verdicts), strings.Join(failed, ", ")))
	}
	for _, gate := range []coverage.GateName{coverage.TotalGate, coverage.BaselineGate, coverage.ChangedGate} {
		if failed := byGate[gate]; len(failed) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", gate, strings.Join(failed, ", ")))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return cli.Failed(errors.New(strings.Join(parts, "; ")))
}

// saveBaseline keeps the marks of modules that are not in this run.
func (o options) saveBaseline(result coverage.Result) error {
	old := coverage.Baseline{}
	if o.gate.Baseline != nil {
		old = *o.gate.Baseline
	} else if known, err := readBaseline(o.writeBaseline); err == nil {
		old = known
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := atomicfile.Create(o.writeBaseline)
	if err != nil {
		return fmt.Errorf("-write-baseline: %w", err)
	}
	file.Fail(old.With(result).Write(file))
	return file.Close()
}
