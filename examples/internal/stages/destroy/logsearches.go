package destroy

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/logsearch"
	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/report"
)

// logSearches destroys the groups of the environment's logs in Papertrail, with their
// searches and the alerts on them: they are about an environment that is gone.
func (o Options) logSearches(ctx context.Context, j *job.Job, r *job.Record) error {
	c, err := o.Connect(ctx, j)
	if err != nil {
		return err
	}
	api, err := logsearch.FromEnv(c, j)
	if err != nil {
		return err
	}
	if api == nil {
		r.Skip("%s is not set", logsearch.TokenVariable)
		return nil
	}
	keeper := papertrail.New(api, papertrail.Options{Progress: r.Emit})
	plan, err := keeper.PlanDelete(ctx, papertrail.DeleteRequest{
		Groups: logsearch.Environment(j).GroupNames(), Environment: j.Env.Name, AllowAlerts: true, AllowProduction: o.AllowProduction,
	})
	if err != nil {
		return cli.Failed(err)
	}
	for _, change := range plan.Changes {
		r.Changes = append(r.Changes, report.Change{Action: string(change.Action), Name: change.Name, Type: change.Kind, Detail: change.Group})
	}
	if plan.Empty() {
		r.Summary = nothing
		return nil
	}
	r.Summary = fmt.Sprintf("%d groups and searches %s", len(plan.Changes), o.verb())
	r.SayAll("%s", plan)
	if !o.Yes {
		return nil
	}
	_, err = keeper.Apply(ctx, plan)
	return cli.Failed(err)
}
