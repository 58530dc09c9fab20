// Basic-infra makes what an environment needs before anything is built for it: the
// repositories of its images, the roles of its tasks, and the certainty that there is
// room to run them. With -network it makes the network and the bucket of templates,
// which people start by hand.
//
//	basic-infra -network  # once, and when the network changes
//	basic-infra           # in every pipeline
//	basic-infra -plan     # say what it would do, and do nothing
//
// One network is for all ephemeral environments, that of stack PROJECT-ephemeral-network;
// production has its own. Repositories are one for each module with an image, for all
// environments: the tag of an image's inputs never moves, and what runs never expires.
// Roles are a stack of each environment. At last it compares what a rollout of all
// services takes with what the account gives: the tasks and vCPU of Fargate that are
// left, and the free addresses of the subnets. What cannot be read is a note.
//
// Each step prints its plan before it does it; one with nothing to do writes nothing.
// Nothing is ever deleted here.
//
// It talks to AWS, with credentials from the environment, as the AWS CLI does
// (AWS_ENDPOINT_URL too), and refuses another account than that of delivery.yaml.
//
// In the run directory it leaves the records repositories.json, roles.json and
// capacity.json, or network.json. With -json, stdout is an object {"stages": [...]} of
// them.
//
// Exit codes: 0 done; 1 there is no room, no network, or AWS did not do it; 2 wrong use,
// or a file that cannot be used.
package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/capacity/limits"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/basicinfra"
)

func main() { cli.Main("basic-infra", newMain(cloud.AWS()).Run) }

const about = `
basic-infra makes what an environment needs before anything is built for it:
repositories, roles, and the certainty that there is room. With -network it makes the
network, which all ephemeral environments share, and the bucket of large templates.

  basic-infra -network
  basic-infra

Exit codes: 0 done; 1 no room, no network, or AWS did not do it; 2 wrong use.`

func newMain(connect cloud.Connect) job.Main {
	options := basicinfra.Options{Limits: accountLimits}
	var network bool
	return job.Main{
		Name: "basic-infra", About: about,
		Flags: func(flags *cli.Flags) {
			flags.BoolVar(&network, "network", false, "make the network and the bucket of templates, and nothing else")
			flags.BoolVar(&options.PlanOnly, "plan", false, "say what would be done, and do nothing")
		},
		Stages: func(*job.Job) []job.Stage {
			if network {
				return []job.Stage{basicinfra.Network(connect, options)}
			}
			return basicinfra.Stages(connect, options)
		},
	}
}

// accountLimits reads the quotas of Fargate and the free addresses of subnets.
func accountLimits(ctx context.Context, c *cloud.Cloud, supply *capacity.Supply, demands []capacity.Demand) error {
	reader := limits.New(limits.Options{EC2: ec2.NewFromConfig(c.AWS), Quotas: servicequotas.NewFromConfig(c.AWS)})
	return reader.Complete(ctx, supply, demands)
}
