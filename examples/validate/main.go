// Validate runs linters and Terraform checks over modules.
//
//	validate -module billing=services/billing -module web=services/web -check terraform,pep8,eslint
//
// Each -module names a module and its directory, relative to -root. With
// -changes, which takes what examples/changes prints with -json, only the
// modules that it selects are validated, and of those that were selected for
// changed files alone, only these files.
//
// -check lists what to run; terraform,pep8,npm if it is not given:
//
//	terraform            Terraform, in process
//	terraform-fmt        terraform fmt -check
//	terraform-validate   terraform validate, in modules that are initialised
//	pep8                 pycodestyle, flake8 or ruff, whichever is there
//	pep8=TOOL            that one
//	eslint               the eslint of the module
//	npm, npm=SCRIPT      npm run lint, or another script
//
// -command "NAME:FORMAT=PROGRAM [ARGUMENT ...]" adds a program; no shell sees it. The
// formats are lines (path:line:column: text), checkstyle, sarif, eslint and exit-code.
//
// With -diff, a unified diff, only findings on changed lines count, and without
// -changes only files that it changes are validated where a module has some. Its
// paths must be relative to -root. With -baseline, findings that it has do not
// count; -write-baseline writes it, which fails where an exit code alone says that
// there is something: that would hide what is to come.
//
// It prints findings and a table, or with -json an object:
//
//	{
//	  "pass": false,               // whether every verdict passes
//	  "verdicts": [{               // in the order of the flags
//	    "module": "billing", "check": "pep8", "dir": "services/billing",
//	    "outcome": "findings",     // clean, findings, nothing, missing tool, crashed, timed out, canceled
//	    "reason": "",              // why it is nothing, missing, crashed or timed out
//	    "findings": [{"check", "module", "path", "line", "column", "rule", "severity", "message", "fingerprint"}],
//	    "known": [], "elsewhere": [], "notes": [], "output": []
//	  }],
//	  "stale": [],                 // what the baseline has and is not found any more
//	  "notes": []                  // what else there is to know
//	}
//
// Exit codes: 0 clean, or nothing to validate, also where -changes selects no
// module ("no module selected"); 1 there are findings, or a linter
// is missing, crashed or took too long; 2 wrong use, or a file that cannot be read
// or written.
package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/validate"
)

const about = `Usage: validate -module NAME=DIR ... [-check NAMES] [-changes FILE] [-diff FILE]

Runs linters and Terraform checks over modules.

Exit codes: 0 clean, 1 findings or a linter that is missing or crashed, 2 wrong use.`

func main() { cli.Main("validate", run) }

// job is what the flags ask for.
type job struct {
	runner        validate.Runner
	modules       []validate.Module
	writeBaseline string
	reports       reports
	asJSON        bool
}

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	j, err := parse(args, stdout)
	if err != nil {
		return err
	}
	result, err := j.runner.Run(ctx, j.modules)
	if err != nil && len(result.Verdicts) == 0 {
		return err
	}
	if showErr := j.show(stdout, result); showErr != nil {
		return showErr
	}
	if err != nil {
		return cli.Failed(err)
	}
	if err := j.reports.write(result); err != nil {
		return err
	}
	switch {
	case j.writeBaseline != "":
		return writeBaseline(j.writeBaseline, result)
	case len(j.modules) == 0:
		return nil // a change may be none of any module's
	}
	return failure(result)
}

func (j job) show(w io.Writer, result validate.Result) error {
	text := result.String()
	if len(j.modules) == 0 {
		result.Notes = append(result.Notes, noModule)
		text = noModule + "\n"
	}
	if !j.asJSON {
		_, err := io.WriteString(w, text)
		return err
	}
	out := answer{Pass: result.Pass() || len(j.modules) == 0, Verdicts: result.Verdicts, Stale: result.Stale, Notes: result.Notes}
	if out.Notes == nil {
		out.Notes = []string{}
	}
	if out.Verdicts == nil {
		out.Verdicts = []validate.Verdict{}
	}
	if out.Stale == nil {
		out.Stale = []validate.BaselineEntry{}
	}
	return cli.PrintJSON(w, out)
}

type answer struct {
	Pass     bool                     `json:"pass"`
	Verdicts []validate.Verdict       `json:"verdicts"`
	Stale    []validate.BaselineEntry `json:"stale"`
	Notes    []string                 `json:"notes"`
}

const noModule = "no module selected: the changes are in none of those given"

// failure says in one line which verdicts fail.
func failure(result validate.Result) error {
	failed := result.Failed()
	if len(failed) == 0 {
		return nil
	}
	names := make([]string, len(failed))
	for i, v := range failed {
		names[i] = fmt.Sprintf("%s of %s (%s)", v.Check, v.Module, v.Outcome)
	}
	return cli.Failed(fmt.Errorf("%d of %d checks failed: %s", len(failed), len(result.Verdicts), strings.Join(names, ", ")))
}

// timeout is a flag of a duration above 0.
func timeout(into *time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if err == nil && d <= 0 {
			err = fmt.Errorf("must be above 0")
		}
		*into = d
		return err
	}
}
