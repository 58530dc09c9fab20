// Validate runs the linters and Terraform checks that delivery.yaml has for the modules
// of a pipeline.
//
//	validate                      # all modules that are selected
//	validate -module notifier     # in a job for one module
//	validate -base origin/master  # outside of CI
//
// What is selected is what job detect has found in this run, if it was run, and what it
// would find otherwise. Of a module that was selected for files of its own alone, only
// these are checked. A module whose label "kind" has no checks passes.
//
// In the run directory it leaves the record validation.json and, for CI,
// validation.codequality.json, validation.sarif and validation.junit.xml; in a job for
// one module, validation-MODULE.json and so on. With -json, stdout is an object
// {"stages": [...]} of the record.
//
// Exit codes: 0 clean, or nothing to validate; 1 there are findings, or a linter is
// missing, crashed or took too long; 2 wrong use, or a file that cannot be read.
package main

import (
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/validation"
)

func main() { cli.Main("validate", newMain().Run) }

const about = `
validate runs the linters and Terraform checks that delivery.yaml has for the modules
of a pipeline.

  validate -module notifier
  validate -base origin/master

Exit codes: 0 clean; 1 findings, or a linter that is missing or crashed; 2 wrong use.`

func newMain() job.Main {
	var options validation.Options
	return job.Main{
		Name: "validate", About: about, AnyBranch: true,
		Flags: func(flags *cli.Flags) {
			flags.StringVar(&options.Module, "module", "", "`NAME` of the one module to validate; default all that are selected")
			options.Detect.Flags(flags)
		},
		Stages: func(*job.Job) []job.Stage { return []job.Stage{validation.Stage(options)} },
	}
}
