package destroy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/report"
)

// images takes the tags of the environment off the images of all modules. An image that
// has no other goes with them; one that others run stays, and one whose inputs the next
// build may have again stays for a while.
func (o Options) images(ctx context.Context, j *job.Job, r *job.Record) error {
	if j.Env.Kind == envname.Production {
		r.Skip("images of production stay")
		return nil
	}
	c, err := o.Connect(ctx, j)
	if err != nil {
		return err
	}
	running, err := site.Of(j).Running(ctx, c, j.Env.Name) // what it runs itself is to go, or gone
	if err != nil {
		return err
	}
	cleaner := cleanup.New(awsecr.NewFromConfig(c.AWS), cleanup.Options{
		EnvironmentOf: func(tag string) (string, bool) { // tags of others are nobody's here, and stay
			id, ok := cleanup.EnvironmentOf(tag)
			return id, ok && id == j.Env.ID
		},
		MinAge: -1, Progress: r.Emit, // the environment is known to be gone
	})
	var plan cleanup.Plan
	for _, image := range j.Config.Images.Modules {
		one, err := cleaner.Plan(ctx, cleanup.Request{
			Repositories: []string{j.Config.Repository(image.Module)}, NoneLive: true, Gone: []string{j.Env.ID}, Running: running,
		})
		if errors.Is(err, cleanup.ErrNoRepository) {
			continue
		}
		if err != nil {
			return cli.Failed(err)
		}
		plan.Repositories = append(plan.Repositories, one.Repositories...)
	}
	tags := 0
	for _, repository := range plan.Repositories {
		for _, i := range repository.Images {
			tags += len(i.Remove)
			r.Changes = append(r.Changes, report.Change{Action: "delete", Name: repository.Name, Type: "image tag", Detail: strings.Join(i.Remove, ", ")})
		}
	}
	if plan.Empty() {
		r.Summary = nothing
		return nil
	}
	r.Summary = fmt.Sprintf("%s %s", english.Count(tags, "tag"), o.verb())
	r.SayAll("%s", plan)
	if !o.Yes {
		return nil
	}
	_, err = cleaner.Apply(ctx, plan)
	return cli.Failed(err)
}
