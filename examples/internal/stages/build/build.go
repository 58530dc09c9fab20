// Package build is the stage that brings the images of delivery.yaml to ECR, and builds
// only those whose inputs have changed.
//
//	stage := build.Stage(cloud.AWS(), build.Options{Engine: engine})
//	images, err := build.Deployed(ctx, c, j) // by module: what to deploy
//
// Every image gets the tags latest-ENVIRONMENT and, in CI, ENVIRONMENT-PIPELINE, where
// ENVIRONMENT is the environment's id. What is deployed is neither, but the digest that
// stands behind the tag of the present inputs; so jobs need to hand on nothing.
//
// It builds with the classic builder of a Docker Engine, which knows no secrets, and
// makes no repositories: the job basic-infra does.
package build

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
)

// Name is that of the stage.
const Name = "build"

// Options tune the stage.
type Options struct {
	// Engine returns what builds and pushes. It is asked for only where there is
	// something to build.
	Engine func(ctx context.Context) (ecr.Engine, error)
	// Module is the one whose image is looked at, in a job of its own; default all.
	Module string
	// Parallel is how many images are built at once; default 4.
	Parallel int
	// Pull looks for newer base images before each build.
	Pull bool
	// PlanOnly stops after the plan.
	PlanOnly bool
}

// Stage returns the stage. For one module, its name ends in it.
func Stage(connect cloud.Connect, o Options) job.Stage {
	return job.Stage{Name: detect.StageName(Name, o.Module), Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
		images, err := o.images(j)
		if err != nil {
			return err
		}
		if len(images) == 0 {
			r.Skip("%s has no image", cmp.Or(o.Module, "the system"))
			return nil
		}
		c, err := connect(ctx, j)
		if err != nil {
			return err
		}
		return o.publish(ctx, c, j, r, images)
	}}
}

func (o Options) publish(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record, images []ecr.Image) error {
	api := awsecr.NewFromConfig(c.AWS)
	opts := ecr.Options{
		Parallel: o.Parallel, Pull: o.Pull, Progress: r.Emit,
		Source: j.Getenv("CI_PROJECT_URL"), Revision: j.Run.Revision,
	}
	plan, err := ecr.New(api, opts).Plan(ctx, images)
	if err != nil {
		return blame(ctx, err)
	}
	r.Say("%s", plan)
	r.Images = planned(plan)
	if o.PlanOnly {
		r.Summary = "planned: " + counts(r.Images)
		return nil
	}
	if n := plan.Count(ecr.ActionBuild); n > 0 {
		if opts.Engine, err = o.engine(ctx); err != nil {
			return cli.Failed(fmt.Errorf("build %d images: %w", n, err))
		}
	}
	result, err := ecr.New(api, opts).Apply(ctx, plan)
	outcome(r, result, err)
	return cli.Failed(err)
}

func (o Options) engine(ctx context.Context) (ecr.Engine, error) {
	if o.Engine == nil {
		return nil, ecr.ErrNoEngine
	}
	return o.Engine(ctx)
}

// images are those that the stage is about, with the tags that they get.
func (o Options) images(j *job.Job) ([]ecr.Image, error) {
	images := all(j.Config)
	if o.Module != "" {
		images = slices.DeleteFunc(images, func(i ecr.Image) bool { return i.Module != o.Module })
		if len(images) == 0 && !slices.ContainsFunc(j.Config.Modules.Modules, func(m changes.Module) bool { return m.Name == o.Module }) {
			return nil, fmt.Errorf("%s has no module %q", config.Name, o.Module)
		}
	}
	for i := range images {
		images[i].Tags = Tags(j)
	}
	return images, nil
}

// Tags are the tags by which people find the images of an environment.
func Tags(j *job.Job) []string {
	tags := []string{"latest-" + j.Env.ID}
	if pipeline := cmp.Or(j.Getenv("CI_PIPELINE_ID"), j.Getenv("GITHUB_RUN_ID")); pipeline != "" {
		tags = append(tags, j.Env.ID+"-"+pipeline)
	}
	return tags
}

// all are the images of the file, without tags.
func all(file *config.File) []ecr.Image {
	var images []ecr.Image
	for _, i := range file.Images.Modules {
		images = append(images, ecr.Image{
			Module: i.Module, Repository: file.Repository(i.Module), Context: file.Path(cmp.Or(i.Context, i.Module)),
			Dockerfile: i.Dockerfile, Target: i.Target, Platform: i.Platform, Network: i.Network, Args: i.Args,
			Bases: file.Images.Bases, Epoch: cmp.Or(i.Epoch, file.Images.Epoch),
		})
	}
	return images
}

// Deployed are the images that services run, by module: what the registry has for the
// inputs as they are now, as host/repository@digest. It only reads. Where images are
// missing, the error names them, and the job that builds them.
func Deployed(ctx context.Context, c *cloud.Cloud, j *job.Job) (map[string]string, error) {
	images := slices.DeleteFunc(all(j.Config), func(i ecr.Image) bool {
		return !slices.ContainsFunc(j.Config.Services, func(s config.Service) bool { return s.Image == "" && s.ImageOf() == i.Module })
	})
	uris := make(map[string]string, len(images))
	if len(images) == 0 {
		return uris, nil
	}
	publisher := ecr.New(awsecr.NewFromConfig(c.AWS), ecr.Options{})
	plan, err := publisher.Plan(ctx, images)
	if err != nil {
		return nil, blame(ctx, err)
	}
	var missing []string
	for _, i := range plan.Images {
		if i.Action == ecr.ActionBuild {
			missing = append(missing, fmt.Sprintf("%s (%s:%s)", i.Module, i.Repository, i.Tag))
		}
	}
	if len(missing) > 0 {
		return nil, cli.Failed(fmt.Errorf("the registry has no image of the present inputs of %s: run the job build first", strings.Join(missing, ", ")))
	}
	result, err := publisher.Apply(ctx, plan) // which has nothing to write, and knows where the images are
	if err != nil {
		return nil, cli.Failed(err)
	}
	for _, i := range result.Images {
		uris[i.Module] = i.URI
	}
	return uris, nil
}
