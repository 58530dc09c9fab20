// Unit-coverage holds the modules of a pipeline against the coverage that delivery.yaml
// asks for.
//
//	unit-coverage                      # all modules that are selected
//	unit-coverage -module notifier     # in a job for one module, after its tests
//	unit-coverage -base origin/master  # outside of CI
//
// What is selected is what job detect has found in this run, if it was run, and what it
// would find otherwise. The reports of a module are MODULE.* and the files in MODULE of
// the directory that coverage.reports of delivery.yaml names, in any format that package
// coverage reads. A module with the label "coverage: none" needs none.
//
// It prints a table, and below it the line that GitLab's coverage keyword reads:
//
//	TOTAL  70/72 lines  97.22%
//
// In the run directory it leaves the record unit-coverage.json and, for CI,
// unit-coverage.junit.xml, unit-coverage.codequality.json, unit-coverage.md and the
// directory unit-coverage.cobertura; in a job for one module, unit-coverage-MODULE.json
// and so on. With -json, stdout is an object {"stages": [...]} of the record.
//
// Exit codes: 0 every module passes, or there is none; 1 one is below the minimum, or
// its report is missing; 2 wrong use, or a report or file that cannot be read.
package main

import (
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/unittests"
)

func main() { cli.Main("unit-coverage", newMain().Run) }

const about = `
unit-coverage holds the modules of a pipeline against the coverage that delivery.yaml
asks for, by the reports that their tests have left.

  unit-coverage -module notifier
  unit-coverage -base origin/master

Exit codes: 0 every module passes; 1 one does not; 2 wrong use, or an unreadable report.`

func newMain() job.Main {
	var options unittests.Options
	return job.Main{
		Name: "unit-coverage", About: about, AnyBranch: true,
		Flags: func(flags *cli.Flags) {
			flags.StringVar(&options.Module, "module", "", "`NAME` of the one module to look at; default all that are selected")
			options.Detect.Flags(flags)
		},
		Stages: func(*job.Job) []job.Stage { return []job.Stage{unittests.Stage(options)} },
	}
}
