package destroy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/examples/internal/stages/stackreport"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
)

// stacks destroys the stack of the environment, and then its roles, which that needs.
func (o Options) stacks(ctx context.Context, j *job.Job, r *job.Record) error {
	c, err := o.Connect(ctx, j)
	if err != nil {
		return err
	}
	plans, err := o.doom(ctx, c, j, r)
	if err != nil {
		return err
	}
	plans = slices.DeleteFunc(plans, stack.DeletePlan.Empty)
	for _, p := range plans {
		r.SayAll("%s", p)
		r.Stacks = append(r.Stacks, stackreport.Doomed(p))
	}
	network, err := site.Of(j).Network().StackName()
	if err != nil {
		return err
	}
	r.Notes = append(r.Notes, fmt.Sprintf("the network %s stays", network))
	if r.Summary = fmt.Sprintf("%s %s", count(len(plans), "stack"), o.verb()); len(plans) == 0 {
		r.Summary = nothing
	}
	if !o.Yes {
		return nil
	}
	manager := site.Manager(c, j, r.Emit)
	for i, p := range plans {
		result, err := manager.Delete(ctx, p)
		r.Stacks[i] = stackreport.Deleted(r.Stacks[i], result, err)
		if err != nil {
			r.Failures = stackreport.Failures(p.Stack, err)
			return cli.Failed(err)
		}
		for _, left := range result.Retained {
			r.Notes = append(r.Notes, fmt.Sprintf("%s %s (%s) stays: %s", left.LogicalID, left.PhysicalID, left.Type, left.Reason))
		}
	}
	return nil
}

// doom plans to delete the stacks. It only reads, and fails where one must not go.
func (o Options) doom(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) ([]stack.DeletePlan, error) {
	s, manager := site.Of(j), site.Manager(c, j, r.Emit)
	var plans []stack.DeletePlan
	for _, of := range []interface{ StackName() (string, error) }{s.Environment(infra.NetworkOutputs{}), s.Roles()} {
		name, err := of.StackName()
		if err != nil {
			return nil, err
		}
		plan, err := o.planDelete(ctx, manager, stack.Deletion{Name: name, Tags: j.Env.Tags()})
		if err == nil {
			err = guarded(ctx, manager, plan)
		}
		if err != nil {
			return nil, cli.Failed(err)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// planDelete plans to delete one stack, with the buckets emptied that go with it.
func (o Options) planDelete(ctx context.Context, m *stack.Manager, d stack.Deletion) (stack.DeletePlan, error) {
	if o.AllowProduction != "" {
		d.AllowProduction, d.LiftProtection = d.Name, true
	}
	plan, err := m.PlanDelete(ctx, d)
	if err != nil {
		return plan, err
	}
	for _, r := range plan.Resources {
		if r.Type == "AWS::S3::Bucket" && r.Fate == stack.Deleted {
			d.EmptyBuckets = append(d.EmptyBuckets, r.LogicalID)
		}
	}
	if len(d.EmptyBuckets) == 0 {
		return plan, nil
	}
	return m.PlanDelete(ctx, d)
}

// guarded refuses to delete a load balancer that refuses to be deleted: at it,
// CloudFormation would stop, with half of the environment gone. Where that has happened,
// it is for people to lift the protection.
func guarded(ctx context.Context, m *stack.Manager, plan stack.DeletePlan) error {
	if plan.Empty() || plan.Status == "DELETE_FAILED" {
		return nil
	}
	outputs, err := m.Outputs(ctx, plan.Stack)
	if err != nil && !errors.Is(err, stack.ErrNotFound) {
		return err
	}
	if outputs["DeletionProtection"] != "true" {
		return nil
	}
	return fmt.Errorf("destroy %s: its load balancer is protected from deletion, so that nothing was destroyed; run deploy -unprotected first", plan.Stack)
}
