// Deploy brings the environment of a branch up to date: its stack, then its services in
// the order of their dependencies, then the searches of its logs.
//
//	deploy
//	deploy -branch dev/feature/login -consent CacheGroup
//
// It reads delivery.yaml, and finds the images of modules in the registry, where build
// has put them: each service runs the digest that the present inputs of its module have.
// It needs the network and the roles that basic-infra makes.
//
// Each stage says what it is going to do, does it, and leaves its outcome in the run
// directory: stack.json, rollout.json, logs.json, and timeline.svg with the picture of
// the rollout. A service that does not become healthy is returned to what it ran before,
// and so are all that were deployed before it. A job that was killed is simply run again
// and goes on where it was, by the journal in the run directory where there is one.
//
// Data is not lost by accident: a cache, a bucket or a log group that would be replaced
// or deleted needs -consent with its logical id, which the refusal names. Production gets
// termination protection, and a load balancer that refuses to be deleted; -unprotected
// takes that off it again, so that destroy can work.
//
// AWS is found as the AWS CLI does, with AWS_ENDPOINT_URL for another one; Papertrail by
// PAPERTRAIL_API_TOKEN, without which log searches are skipped, and PAPERTRAIL_URL.
//
// Progress goes to stderr and the outcome to stdout; in CI logs each stage is a section.
// With -json it is one object, {"stages": [...]}, whose elements are those of package
// report.
//
// Exit codes: 0 deployed; 1 the branch has no environment, or something failed; 2 wrong
// use, or a file that cannot be read.
package main

import (
	"errors"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/build"
	"github.com/mettel-automation/delivery/examples/internal/stages/deploy"
)

func main() { cli.Main("deploy", newMain(cloud.AWS()).Run) }

const about = `
deploy brings the environment of a branch up to date: its stack, its services in the
order of their dependencies, the searches of its logs.

  deploy
  deploy -branch dev/feature/login -consent CacheGroup
`

func newMain(connect cloud.Connect) job.Main {
	o := deploy.Options{Connect: connect, Images: build.Deployed}
	return job.Main{
		Name: "deploy", About: about,
		Flags: func(f *cli.Flags) {
			f.Func("consent", "`LOGICALID` of a resource with data that may be replaced or deleted; may be repeated", func(id string) error {
				if id == "" {
					return errors.New("want a logical id")
				}
				o.Consent = append(o.Consent, id)
				return nil
			})
			f.BoolVar(&o.Unprotected, "unprotected", false, "let the load balancer of production be deleted from now on")
		},
		Stages: func(*job.Job) []job.Stage { return deploy.Stages(o) },
	}
}
