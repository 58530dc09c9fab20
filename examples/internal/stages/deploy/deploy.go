// Package deploy is the stages that bring an environment up to date: its stack, its
// services in the order of their dependencies, and the searches of its logs.
//
//	stages := deploy.Stages(deploy.Options{Connect: cloud.AWS(), Images: build.Deployed})
//	err := j.Do(ctx, console, stages...)
//
// Each plans first, says what it is going to do, and does it. One that finds all as it
// should be writes nothing, so that a job that was killed is simply run again: the
// stack goes on in AWS, and the rollout where its journal says.
//
// It builds no images. The network, the roles, and whether the account has room for all
// services are the job of basic-infra.
package deploy

import (
	"context"

	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
)

// The names of the stages.
const (
	Stack   = "stack"
	Rollout = "rollout"
	Logs    = "logs"
)

// Options say how an environment is deployed. Connect and Images must be given.
type Options struct {
	Connect cloud.Connect
	// Images are the images of modules in the registry, each with its digest, by module.
	Images func(ctx context.Context, c *cloud.Cloud, j *job.Job) (map[string]string, error)
	// Consent are the logical ids of resources with data that may be replaced or deleted.
	Consent []string
	// Unprotected takes the deletion protection off the load balancer of production, so
	// that the environment can be destroyed after.
	Unprotected bool
}

// Stages are those of the job, in their order.
func Stages(o Options) []job.Stage {
	return []job.Stage{
		{Name: Stack, Do: o.stack},
		{Name: Rollout, Do: o.rollout},
		{Name: Logs, Do: o.logs},
	}
}
