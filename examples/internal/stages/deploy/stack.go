package deploy

import (
	"context"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/ecs/taskdef"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/infra"
)

// check finds services that cannot be deployed, as far as that can be told before their
// environment is there. What takes a protection off deploys nothing new.
func (o Options) check(ctx context.Context, c *cloud.Cloud, j *job.Job, roles infra.RolesOutputs) error {
	if o.Unprotected || len(j.Config.Services) == 0 {
		return nil
	}
	images, err := o.Images(ctx, c, j)
	if err != nil {
		return err
	}
	p := place{env: j.Env, region: c.AWS.Region, roles: roles, images: images, in: infra.EnvironmentOutputs{LogGroup: j.Env.Name}}
	services, err := p.services(j.Config.Services)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range services {
		if err := taskdef.Check(s.TaskDefinition); err != nil {
			errs = append(errs, fmt.Errorf("service %s: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

// stack brings the stack of the environment up to date: everything that its services
// run in.
func (o Options) stack(ctx context.Context, j *job.Job, r *job.Record) error {
	c, err := o.Connect(ctx, j)
	if err != nil {
		return err
	}
	s, manager := site.Of(j), site.Manager(c, j, r.Emit)
	if err := s.Check(manager); err != nil {
		return err
	}
	network, err := s.NetworkOutputs(ctx, manager)
	if err != nil {
		return err
	}
	roles, err := s.RolesOutputs(ctx, manager)
	if err != nil {
		return err
	}
	if err := o.check(ctx, c, j, roles); err != nil { // before anything is made that only services could use
		return err
	}
	environment := s.Environment(network)
	environment.Unprotected = o.Unprotected
	want, err := s.Stack(environment)
	if err != nil {
		return err
	}
	want.Consent = o.Consent
	result, err := site.Apply(ctx, manager, r, want, false)
	if url := result.Outputs["Url"]; url != "" {
		r.Say("%s answers at %s", j.Env.Name, url)
	}
	return err
}
