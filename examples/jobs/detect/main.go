// Detect says which modules of the repository a pipeline is about, and why.
//
//	detect                        # in a CI job: what the job's variables say
//	detect -base origin/master    # anywhere else
//	detect -all
//
// The modules are those of delivery.yaml. In CI, a push of a branch is compared with
// the default branch, a push of the default branch with what it was before; a pipeline
// that was run by hand takes every module. A module on demand joins when files of its
// own changed, or when its variable is set: TEST_DISPATCH_PORTAL_FRONTEND=true.
//
// For GitLab it writes a child pipeline of the jobs of the selected modules, by a
// template that package changes/gitlab documents, and a dotenv report:
//
//	detect -job-template jobs.yml -child-pipeline .delivery/modules.yml
//
// The report, detect.env of the run directory unless -dotenv says otherwise, has
// CHANGED_MODULES, DELETED_MODULES, DELIVERY_ENVIRONMENT and DELIVERY_KIND: the name and
// the kind of the branch's environment, empty where it has none.
//
// For GitHub, -matrix appends to a file, which is $GITHUB_OUTPUT, the outputs matrix (of
// a job a module), environment and kind.
//
// The record is detect.json in the run directory; later jobs of the same commit take the
// selection from there. With -json, stdout is an object {"stages": [...]} of it.
//
// Exit codes: 0 detected, also where no module is; 2 wrong use, or a repository,
// delivery.yaml or template that cannot be read.
package main

import (
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
)

func main() { cli.Main("detect", newMain().Run) }

const about = `
detect says which modules of the repository a pipeline is about, and why.

  detect -base origin/master
  detect -job-template jobs.yml -child-pipeline .delivery/modules.yml
  detect -matrix "$GITHUB_OUTPUT"

Exit codes: 0 detected; 2 wrong use, or a repository or file that cannot be read.`

func newMain() job.Main {
	var options detect.Options
	var files outputs
	return job.Main{
		Name: "detect", About: about, AnyBranch: true,
		Flags: func(flags *cli.Flags) {
			options.Flags(flags)
			files.flags(flags)
		},
		Check: files.check,
		Stages: func(*job.Job) []job.Stage {
			options.Write = files.write
			return []job.Stage{detect.Stage(options)}
		},
	}
}
