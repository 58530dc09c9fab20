package deploy

import (
	"cmp"
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/logsearch"
	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/report"
)

// logs keeps the groups and searches of the environment's logs. What nobody wants any
// more in them is deleted, where that is known to have no alerts.
func (o Options) logs(ctx context.Context, j *job.Job, r *job.Record) error {
	if j.Config.Papertrail.IsZero() {
		r.Skip("%s has no section papertrail", config.Name)
		return nil
	}
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
	groups, err := groups(j)
	if err != nil {
		return err
	}
	keeper := papertrail.New(api, papertrail.Options{Prune: true, Progress: r.Emit})
	plan, err := keeper.Plan(ctx, groups)
	if err != nil {
		return cli.Failed(err)
	}
	r.Say("%s", plan)
	for _, kept := range plan.Kept {
		r.Notes = append(r.Notes, fmt.Sprintf("search %s of group %s stays: %s", kept.Name, kept.Group, kept.Reason))
	}
	result, err := keeper.Apply(ctx, plan)
	for _, change := range result.Done {
		r.Changes = append(r.Changes, report.Change{Action: string(change.Action), Name: change.Name, Type: change.Kind, Detail: change.To})
	}
	r.Summary = fmt.Sprintf("%d changed, %d unchanged", len(result.Done), plan.Unchanged)
	return cli.Failed(err)
}

// groups are those of the environment. The search of a service finds its lines by the
// name of the environment and its own: an image is the same in many builds, so that
// there is no build to look for.
func groups(j *job.Job) ([]papertrail.Group, error) {
	groups, err := logsearch.Environment(j).Groups()
	if err != nil {
		return nil, err
	}
	for _, s := range j.Config.Services {
		groups[0].Searches = append(groups[0].Searches, papertrail.Search{
			Name: fmt.Sprintf("[%s] - logs", cmp.Or(s.Title, s.Name)), Query: papertrail.Query(j.Env.Name, s.Name),
		})
	}
	return groups, nil
}
