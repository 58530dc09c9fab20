// Destroy takes the environment of a branch away: its ECS services, its stacks, its
// images, and the searches of its logs.
//
//	destroy -branch dev/feature/login
//	destroy -branch dev/feature/login -yes
//
// Without -yes it names all that it would destroy, and changes nothing. It needs
// delivery.yaml, and neither the branch nor its files: the branch may be deleted already.
//
// What is gone is no error, so that a run that was killed is simply run again. Production
// is refused unless -allow-production repeats the name of the environment; its load
// balancer has to be unprotected before, by deploy -unprotected. The network stays, since
// environments share it; so do images that others run, and for 30 days those that a next
// build may need.
//
// Where a service stays, stacks and images stay too. The log searches go in any case.
//
// AWS is found as the AWS CLI does, with AWS_ENDPOINT_URL for another one; Papertrail by
// PAPERTRAIL_API_TOKEN, without which log searches are skipped, and PAPERTRAIL_URL.
//
// The outcome is that of deploy, from the stages services, stacks, images and
// log-searches.
//
// Exit codes: 0 destroyed, or named, or nothing was there; 1 the branch has no
// environment, it is production, or something failed; 2 wrong use, or a file that cannot
// be read.
package main

import (
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/destroy"
)

func main() { cli.Main("destroy", newMain(cloud.AWS()).Run) }

const about = `
destroy takes the environment of a branch away: its ECS services, its stacks, its
images, the searches of its logs. Without -yes it only says what would go.

  destroy -branch dev/feature/login
  destroy -branch dev/feature/login -yes
`

func newMain(connect cloud.Connect) job.Main {
	o := destroy.Options{Connect: connect}
	return job.Main{
		Name: "destroy", About: about,
		Flags: func(f *cli.Flags) {
			f.BoolVar(&o.Yes, "yes", false, "destroy what is named, and do not just name it")
			f.StringVar(&o.AllowProduction, "allow-production", "", "`NAME` of the environment again, where it is production")
		},
		Stages: func(j *job.Job) []job.Stage { return destroy.Stages(j, o) },
	}
}
