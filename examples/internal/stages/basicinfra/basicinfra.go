// Package basicinfra is what an environment needs before anything is built for it: the
// repositories of its images, the roles of its tasks, and room to run them. The network
// that it is in is a stage of its own, which people start by hand, and which makes the
// bucket of large templates as well.
//
//	stages := basicinfra.Stages(cloud.AWS(), basicinfra.Options{}) // repositories, roles, capacity
//	stage := basicinfra.Network(cloud.AWS(), basicinfra.Options{})
//
// Each stage plans, prints the plan, and applies it; where all is as it should be, it
// writes nothing. Nothing is deleted: repositories are shared by all branches, and the
// job destroy takes the rest away.
package basicinfra

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
	"github.com/mettel-automation/delivery/ecr/repository"
	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/report"
)

// The names of the stages.
const (
	NetworkName      = "network"
	RepositoriesName = "repositories"
	RolesName        = "roles"
	CapacityName     = "capacity"
)

// Options tune the stages.
type Options struct {
	// PlanOnly stops each stage after its plan.
	PlanOnly bool
	// Limits completes what is known of the account by what needs clients that are
	// heavy to link; see package ecs/capacity/limits. Nil leaves that unchecked, which
	// is said.
	Limits func(ctx context.Context, c *cloud.Cloud, supply *capacity.Supply, demands []capacity.Demand) error
}

// newest is how many images a repository keeps where the file says nothing.
const newest = 500

// Stages returns those that are done for every environment: repositories, roles and
// capacity.
func Stages(connect cloud.Connect, o Options) []job.Stage {
	return []job.Stage{
		{Name: RepositoriesName, Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
			c, err := connect(ctx, j)
			if err != nil {
				return err
			}
			return o.repositories(ctx, c, j, r)
		}},
		{Name: RolesName, Do: o.stack(connect, func(s site.Site) site.Template { return s.Roles() })},
		{Name: CapacityName, Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
			c, err := connect(ctx, j)
			if err != nil {
				return err
			}
			return o.capacity(ctx, c, j, r)
		}},
	}
}

// Network returns the stage that makes the network: that of production, or the one that
// all ephemeral environments share. Before it, it makes the bucket of templates, which
// the stacks after it may need.
func Network(connect cloud.Connect, o Options) job.Stage {
	return job.Stage{Name: NetworkName, Do: o.stack(connect, func(s site.Site) site.Template { return s.Network() }, o.bucket)}
}

// step is a part of a stage that is connected.
type step func(context.Context, *cloud.Cloud, *job.Job, *job.Record) error

// stack applies one stack, once all are found to be sound and what comes before it is
// done.
func (o Options) stack(connect cloud.Connect, template func(site.Site) site.Template, before ...step) func(context.Context, *job.Job, *job.Record) error {
	return func(ctx context.Context, j *job.Job, r *job.Record) error {
		c, err := connect(ctx, j)
		if err != nil {
			return err
		}
		s := site.Of(j)
		manager := site.Manager(c, j, r.Emit)
		if err := s.Check(manager); err != nil {
			return err
		}
		for _, do := range before {
			if err := do(ctx, c, j, r); err != nil {
				return err
			}
		}
		want, err := s.Stack(template(s))
		if err != nil {
			return err
		}
		_, err = site.Apply(ctx, manager, r, want, o.PlanOnly)
		return err
	}
}

func (o Options) repositories(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) error {
	desired, err := repositories(j)
	if err != nil {
		return err
	}
	if len(desired) == 0 {
		r.Skip("no module has an image")
		return nil
	}
	runs, err := site.Of(j).Running(ctx, c)
	if err != nil {
		return err
	}
	for i := range desired {
		desired[i].Running = runs
	}
	manager := repository.New(awsecr.NewFromConfig(c.AWS), repository.Options{Progress: r.Emit})
	plan, err := manager.Plan(ctx, desired)
	if err != nil {
		return cloud.Blame(ctx, err, repository.ErrExpiresRunning)
	}
	tell(r, plan)
	if o.PlanOnly {
		return nil
	}
	if _, err := manager.Apply(ctx, plan); err != nil {
		if refused, ok := errors.AsType[*repository.WriteError](err); ok {
			r.Failures = append(r.Failures, report.Failure{Subject: refused.Repository, Cause: err.Error()})
		}
		return cli.Failed(err)
	}
	r.Summary = summary(plan, "created", "updated")
	return nil
}

// tell puts a plan into the record, and prints it.
func tell(r *job.Record, plan repository.Plan) {
	if plan.Empty() {
		r.Say("repositories: %d, all as they should be", len(plan.Changes))
	} else {
		r.Say("%s", plan)
	}
	for _, c := range plan.Changes {
		action := string(c.Action)
		if c.Action == repository.Keep {
			action = "none"
		}
		r.Changes = append(r.Changes, report.Change{Action: action, Name: c.Repository, Type: "repository", Detail: strings.Join(c.Detail, "; ")})
		for _, w := range c.Warnings {
			r.Notes = append(r.Notes, fmt.Sprintf("repository %s: %s", c.Repository, w))
		}
	}
	r.Summary = summary(plan, "to create", "to update")
}

// summary counts the actions of a plan.
func summary(plan repository.Plan, create, update string) string {
	counts := map[repository.Action]int{}
	for _, c := range plan.Changes {
		counts[c.Action]++
	}
	var parts []string
	for _, kind := range []struct {
		action repository.Action
		text   string
	}{{repository.Create, create}, {repository.Update, update}, {repository.Keep, "unchanged"}} {
		if n := counts[kind.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.text))
		}
	}
	return strings.Join(parts, ", ")
}

// repositories are those of the modules with images. The tag of an image's inputs never
// moves, and what has a tag latest-... never expires.
func repositories(j *job.Job) ([]repository.Repository, error) {
	keep := newest
	if n := j.Config.Images.Newest; n != 0 {
		keep = n
	}
	policy, err := lifecycle.Default([]string{"latest-*"}, keep)
	if err != nil {
		return nil, fmt.Errorf("images: newest: %w", err)
	}
	var access *string
	if name := j.Config.Images.Policy; name != "" {
		text, err := os.ReadFile(j.Config.Path(name))
		if err != nil {
			return nil, fmt.Errorf("images: policy: %w", err)
		}
		access = new(string(text))
	}
	var all []repository.Repository
	for _, i := range j.Config.Images.Modules {
		all = append(all, repository.Repository{
			Name: j.Config.Repository(i.Module), Mutability: repository.ImmutableWithExclusion, Exclusions: []string{"latest*", "cache*"},
			Scanning: repository.ScanOnPush, Lifecycle: &policy, Policy: access,
			Tags: map[string]string{envname.TagProject: j.Config.Project},
		})
	}
	return all, nil
}
