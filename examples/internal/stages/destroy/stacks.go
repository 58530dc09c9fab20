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
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/report"
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
	plans = slices.DeleteFunc(plans, stack.Deletion.Empty)
	for _, p := range plans {
		r.SayAll("%s", p)
		r.Stacks = append(r.Stacks, stackreport.Doomed(p))
	}
	network, err := site.Of(j).Network().StackName()
	if err != nil {
		return err
	}
	r.Notes = append(r.Notes, fmt.Sprintf("the network %s stays", network))
	if r.Summary = fmt.Sprintf("%s %s", english.Count(len(plans), "stack"), o.verb()); len(plans) == 0 {
		r.Summary = nothing
	}
	if !o.Yes {
		return nil
	}
	manager := site.Manager(c, j, r.Emit)
	for i, p := range plans {
		result, err := o.remove(ctx, manager, j, r, p, &r.Stacks[i])
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
func (o Options) doom(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) ([]stack.Deletion, error) {
	s, manager := site.Of(j), site.Manager(c, j, r.Emit)
	var plans []stack.Deletion
	for _, of := range []interface{ StackName() (string, error) }{s.Environment(infra.NetworkOutputs{}), s.Roles()} {
		name, err := of.StackName()
		if err != nil {
			return nil, err
		}
		plan, err := o.planDelete(ctx, manager, stack.DeleteRequest{Name: name, Tags: j.Env.Tags(), Role: j.Config.Infrastructure.Role})
		if err != nil {
			return nil, cli.Failed(err)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// replans is how often a stack is planned anew that has changed since its plan: a deploy
// that was killed leaves AWS at work, which is waited for.
const replans = 3

// remove deletes one stack. One that has changed since its plan is planned again, and
// named again, before it goes.
func (o Options) remove(ctx context.Context, m *stack.Manager, j *job.Job, r *job.Record, p stack.Deletion, shown *report.Stack) (stack.Deleted, error) {
	for again := 0; ; again++ {
		result, err := m.ApplyDelete(ctx, p)
		if !errors.Is(err, stack.ErrStale) || again == replans {
			return result, err
		}
		if p, err = o.planDelete(ctx, m, stack.DeleteRequest{Name: p.Stack, Tags: j.Env.Tags(), Role: p.Role}); err != nil {
			return result, err
		}
		r.SayAll("it has changed since; now it is\n%s", p)
		*shown = stackreport.Doomed(p)
	}
}

// planDelete plans to delete one stack, with the buckets emptied that go with it. It
// fails where the stack must not go.
func (o Options) planDelete(ctx context.Context, m *stack.Manager, d stack.DeleteRequest) (stack.Deletion, error) {
	if o.AllowProduction != "" {
		d.AllowProduction, d.LiftProtection = d.Name, true
	}
	plan, err := ownPlan(ctx, m, d)
	if err == nil {
		err = guarded(ctx, m, plan)
	}
	if err != nil {
		return plan, err
	}
	for _, r := range plan.Resources {
		if r.Type == "AWS::S3::Bucket" && r.Fate == stack.FateDeleted {
			d.EmptyBuckets = append(d.EmptyBuckets, r.LogicalID)
		}
	}
	if len(d.EmptyBuckets) == 0 {
		return plan, nil
	}
	return m.PlanDelete(ctx, d)
}

// ownPlan plans to delete a stack of the environment. A deploy that was killed may have
// left one that was never begun: it has its whole name, and neither resources nor tags.
func ownPlan(ctx context.Context, m *stack.Manager, d stack.DeleteRequest) (stack.Deletion, error) {
	plan, err := m.PlanDelete(ctx, d)
	if !errors.Is(err, stack.ErrNotOwned) {
		return plan, err
	}
	d.Tags = nil
	if bare, bareErr := m.PlanDelete(ctx, d); bareErr == nil && bare.Status == "REVIEW_IN_PROGRESS" && len(bare.Resources) == 0 {
		return bare, nil
	}
	return plan, err
}

// guarded refuses to delete a load balancer that refuses to be deleted: at it,
// CloudFormation would stop, with half of the environment gone. Where that has happened,
// it is for people to lift the protection.
func guarded(ctx context.Context, m *stack.Manager, plan stack.Deletion) error {
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
