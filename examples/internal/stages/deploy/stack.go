package deploy

import (
	"context"

	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
)

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
	if _, err := s.RolesOutputs(ctx, manager); err != nil { // before anything is made that only they could use
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
