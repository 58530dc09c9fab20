// Package destroy is the stages that take an environment away: its ECS services, its
// stacks, its images, and the searches of its logs.
//
//	stages := destroy.Stages(j, destroy.Options{Connect: cloud.AWS(), Yes: true})
//	err := j.Do(ctx, console, stages...)
//
// Each plans first and names what it is going to destroy; without Yes that is all. What
// is gone already is no error: a run that was killed is simply run again.
//
// Nothing is found by the beginning of its name alone: a cluster and its services by the
// tag of the cluster, stacks by their whole names and tags, images by the tags that end
// in the environment's id. The network stays, since environments share it, and so do
// images that others run. It needs neither the branch nor its files, but delivery.yaml.
package destroy

import (
	"context"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/internal/production"
)

// The names of the stages.
const (
	Services    = "services"
	Stacks      = "stacks"
	Images      = "images"
	LogSearches = "log-searches"
)

// Names are those of all stages.
func Names() []string { return []string{Services, Stacks, Images, LogSearches} }

// ErrProduction is the refusal to destroy production.
var ErrProduction = errors.New("it is production, which is destroyed only where its name is repeated")

// Options say what is destroyed. Connect must be given.
type Options struct {
	Connect cloud.Connect
	// Yes destroys what is named; without it, it is named only.
	Yes bool
	// AllowProduction is the name of the environment again, where it is production.
	AllowProduction string
}

// Stages are those of the job, in their order. A service that stays keeps stacks and
// images from going. The log searches go in any case: whatever runs needs none of them.
func Stages(j *job.Job, o Options) []job.Stage {
	if err := o.guard(j.Env); err != nil {
		return []job.Stage{{Name: Services, Do: func(context.Context, *job.Job, *job.Record) error { return err }}}
	}
	return []job.Stage{
		{Name: Services, Do: o.services},
		{Name: Stacks, Do: o.stacks},
		{Name: Images, Needs: []string{Services}, Do: o.images},
		{Name: LogSearches, Needs: []string{}, Do: o.logSearches},
	}
}

// guard refuses production that is not named once more.
func (o Options) guard(env envname.Environment) error {
	switch {
	case o.AllowProduction != "" && o.AllowProduction != env.Name:
		return fmt.Errorf("-allow-production %s: the environment is %s", o.AllowProduction, env.Name)
	case o.AllowProduction == "" && (env.Kind != envname.Ephemeral || production.Find(env.Name, nil) != ""):
		return cli.Failed(fmt.Errorf("destroy %s: %w: -allow-production %s", env.Name, ErrProduction, env.Name))
	}
	return nil
}

// nothing is the summary of a stage that finds all gone.
const nothing = "nothing to destroy"

// verb is what a summary says of what was planned.
func (o Options) verb() string {
	if o.Yes {
		return "destroyed"
	}
	return "to destroy"
}
