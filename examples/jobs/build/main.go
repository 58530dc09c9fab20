// Build brings the images of delivery.yaml to ECR, and builds only those whose inputs no
// image of the registry has.
//
//	build                   # all images
//	build -module notifier  # in a job for one module
//	build -plan             # say what it would do, and do nothing
//
// Each image gets the tags latest-ENVIRONMENT and, in CI, ENVIRONMENT-PIPELINE, where
// ENVIRONMENT is the id of the environment: latest-c721e158, c721e158-4711. An image
// that is there already, maybe from another branch, gets them without being built. What
// is deployed is its digest.
//
// It talks to AWS, with credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too), and refuses another account than that of delivery.yaml. It
// builds in the Docker Engine of DOCKER_HOST, which is asked for only where there is
// something to build. The repositories are made by the job basic-infra.
//
// In the run directory it leaves the record build.json; in a job for one module,
// build-MODULE.json. With -json, stdout is an object {"stages": [...]} of it.
//
// Exit codes: 0 all images are there; 1 one could not be built or pushed, or AWS or the
// engine could not be asked; 2 wrong use, or a file that cannot be used.
package main

import (
	"fmt"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/docker"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/build"
)

func main() { cli.Main("build", newMain(cloud.AWS()).Run) }

const about = `
build brings the images of delivery.yaml to ECR, and builds only those whose inputs no
image of the registry has.

  build
  build -module notifier

Exit codes: 0 all images are there; 1 one could not be published; 2 wrong use.`

func newMain(connect cloud.Connect) job.Main {
	options := build.Options{Engine: docker.Connect}
	return job.Main{
		Name: "build", About: about,
		Flags: func(flags *cli.Flags) {
			flags.StringVar(&options.Module, "module", "", "`NAME` of the one module whose image is built; default all")
			flags.IntVar(&options.Parallel, "parallel", 0, "how many images are built at once; default 4")
			flags.BoolVar(&options.Pull, "pull", false, "look for newer base images before each build")
			flags.BoolVar(&options.PlanOnly, "plan", false, "say what would be done, and do nothing")
		},
		Check: func() error {
			if options.Parallel < 0 {
				return fmt.Errorf("-parallel %d: want at least 1 (-h lists the flags)", options.Parallel)
			}
			return nil
		},
		Stages: func(*job.Job) []job.Stage { return []job.Stage{build.Stage(connect, options)} },
	}
}
