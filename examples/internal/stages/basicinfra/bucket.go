package basicinfra

import (
	"context"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/report"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// bucket makes the bucket of templates where the file names one. All environments of the
// account share it, so that it is whose network was made first.
func (o Options) bucket(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) error {
	name := j.Config.Infrastructure.TemplateBucket
	if name == "" {
		return nil
	}
	home := bucket.Home{
		API: site.Objects(c), Bucket: name, Region: c.AWS.Region, Account: c.Account,
		Tags: site.Of(j).NetworkOwner().Tags, Progress: r.Emit,
	}
	plan, err := home.Plan(ctx)
	if err != nil {
		r.Failures = append(r.Failures, report.Failure{Subject: name, Cause: err.Error()})
		return cli.Failed(err)
	}
	r.Say("%s", plan)
	action := string(plan.Action)
	if plan.Empty() {
		action = "none"
	}
	r.Changes = append(r.Changes, report.Change{Action: action, Name: name, Type: "bucket", Detail: strings.Join(plan.Detail, "; ")})
	if o.PlanOnly {
		return nil
	}
	if err := home.Apply(ctx, plan); err != nil {
		r.Failures = append(r.Failures, report.Failure{Subject: name, Cause: err.Error()})
		return cli.Failed(err)
	}
	return nil
}
