package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
)

// work does what a verb asks for, and keeps what comes of it.
type work struct {
	*site
	manager *stack.Manager
	silent  *stack.Manager // one that tells nobody
	out     *output
}

// networkOutputs reads what the environment needs of its network.
func (w *work) networkOutputs(ctx context.Context) (infra.NetworkOutputs, error) {
	names, err := w.names()
	if err != nil {
		return infra.NetworkOutputs{}, input{err}
	}
	outputs, err := w.manager.Outputs(ctx, names[network])
	if err != nil {
		return infra.NetworkOutputs{}, err
	}
	return w.site.network().Read(outputs)
}

// plan plans each stack, and takes the change sets away again.
func (w *work) plan(ctx context.Context) (err error) {
	for _, kind := range kinds() {
		if !w.concerns(kind) {
			continue
		}
		plan, planned, planErr := w.planOne(ctx, kind)
		if planErr != nil {
			return planErr
		}
		w.out.Plans = append(w.out.Plans, plan)
		if !planned {
			w.out.Forecast = append(w.out.Forecast, plan.Stack)
			continue
		}
		defer func() { err = errors.Join(err, w.silent.Discard(context.WithoutCancel(ctx), plan)) }()
	}
	return refused(w.out.Plans)
}

// refused is the error of plans that applying would refuse.
func refused(plans []stack.Plan) error {
	var errs []error
	for _, p := range plans {
		if len(p.Refused) > 0 {
			errs = append(errs, &stack.PolicyError{Stack: p.Stack, Refused: p.Refused})
		}
	}
	return errors.Join(errs...)
}

// planOne plans one stack; planned is false where only a forecast can be made.
func (w *work) planOne(ctx context.Context, kind string) (plan stack.Plan, planned bool, err error) {
	var in infra.NetworkOutputs
	if kind == environment {
		in, err = w.networkOutputs(ctx)
		switch {
		case errors.Is(err, stack.ErrNotFound) && w.options.network == "":
			plan, err = w.forecast(ctx, kind)
			return plan, false, err
		case err != nil:
			return plan, false, fmt.Errorf("plan the environment: %w", err)
		}
	}
	want, err := w.stack(kind, in)
	if err != nil {
		return plan, false, err
	}
	plan, err = w.manager.Plan(ctx, want)
	return plan, true, err
}

// apply applies the network and the roles at once, and then the environment.
func (w *work) apply(ctx context.Context) error {
	stages := [][]string{{network, roles}, {environment}}
	for _, stage := range stages {
		stage = slices.DeleteFunc(stage, func(kind string) bool { return !w.concerns(kind) })
		plans := make([]*stack.Plan, len(stage))
		results := make([]*stack.Result, len(stage))
		errs := make([]error, len(stage))
		var group errgroup.Group
		for i, kind := range stage {
			group.Go(func() error {
				plans[i], results[i], errs[i] = w.applyOne(ctx, kind)
				return nil
			})
		}
		_ = group.Wait() // each has its own error
		for i := range stage {
			if plans[i] != nil {
				w.out.Plans = append(w.out.Plans, *plans[i])
			}
			if results[i] != nil {
				w.out.Results = append(w.out.Results, *results[i])
				w.out.keep(results[i].Stack, results[i].Outputs)
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return w.check()
}

func (w *work) applyOne(ctx context.Context, kind string) (*stack.Plan, *stack.Result, error) {
	var in infra.NetworkOutputs
	var err error
	if kind == environment {
		if in, err = w.networkOutputs(ctx); err != nil {
			return nil, nil, fmt.Errorf("apply the environment: %w", err)
		}
	}
	want, err := w.stack(kind, in)
	if err != nil {
		return nil, nil, err
	}
	plan, err := w.manager.Plan(ctx, want)
	if err != nil {
		return nil, nil, err
	}
	result, err := w.manager.Apply(ctx, plan)
	return &plan, &result, err
}

// outputs reads the outputs of each stack.
func (w *work) outputs(ctx context.Context) error {
	names, err := w.names()
	if err != nil {
		return input{err}
	}
	for _, kind := range kinds() {
		if !w.concerns(kind) {
			continue
		}
		outputs, err := w.manager.Outputs(ctx, names[kind])
		if err != nil {
			return err
		}
		w.out.keep(names[kind], outputs)
	}
	return w.check()
}

// check looks into the outputs for all that others need.
func (w *work) check() error {
	names, err := w.names()
	errs := []error{err}
	if outputs, read := w.out.Outputs[names[network]]; read {
		_, err := w.site.network().Read(outputs)
		errs = append(errs, err)
	}
	if outputs, read := w.out.Outputs[names[roles]]; read {
		_, err := w.site.roles().Read(outputs)
		errs = append(errs, err)
	}
	if outputs, read := w.out.Outputs[names[environment]]; read {
		_, err := w.site.environment(nowhere()).Read(outputs)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// drift compares each stack with what there is.
func (w *work) drift(ctx context.Context) error {
	names, err := w.names()
	if err != nil {
		return input{err}
	}
	of := slices.DeleteFunc(kinds(), func(kind string) bool { return !w.concerns(kind) })
	found := make([]stack.Drift, len(of))
	var group errgroup.Group
	for i, kind := range of {
		group.Go(func() (err error) {
			found[i], err = w.manager.Drift(ctx, names[kind])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	w.out.Drift = found
	drifted := slices.DeleteFunc(slices.Clone(found), func(d stack.Drift) bool { return !d.Drifted() })
	if len(drifted) > 0 {
		return fmt.Errorf("%d of %d stacks differ from their templates", len(drifted), len(found))
	}
	return nil
}

// destroy deletes the stacks, those first that need others.
func (w *work) destroy(ctx context.Context, allow string) error {
	names, err := w.names()
	if err != nil {
		return input{err}
	}
	if allow != "" && allow != w.env.Name {
		return input{fmt.Errorf("-allow-production %s: the environment is %s", allow, w.env.Name)}
	}
	order := slices.DeleteFunc([]string{environment, roles, network}, func(kind string) bool { return !w.concerns(kind) })
	for _, kind := range order { // all are planned before the first is deleted
		plan, err := w.planDelete(ctx, names[kind], allow != "")
		if err != nil {
			return err
		}
		w.out.Deletions = append(w.out.Deletions, plan)
		if err := w.guarded(ctx, plan); err != nil {
			return err
		}
	}
	for _, plan := range w.out.Deletions {
		result, err := w.manager.Delete(ctx, plan)
		w.out.Deleted = append(w.out.Deleted, result)
		if err != nil {
			return err
		}
	}
	return nil
}

// guarded refuses to delete a load balancer that refuses to be deleted: at it,
// CloudFormation would stop, with half of the environment gone. Where that has
// happened, it is for people to lift the protection.
func (w *work) guarded(ctx context.Context, plan stack.DeletePlan) error {
	if plan.Empty() || plan.Status == "DELETE_FAILED" {
		return nil
	}
	outputs, err := w.manager.Outputs(ctx, plan.Stack)
	if err != nil && !errors.Is(err, stack.ErrNotFound) {
		return err
	}
	if outputs["DeletionProtection"] != "true" {
		return nil
	}
	return fmt.Errorf("destroy %s: its load balancer is protected from deletion, so that nothing has been deleted; apply it with -unprotected first", plan.Stack)
}

// planDelete plans to delete one stack, its buckets emptied but for those that it retains.
func (w *work) planDelete(ctx context.Context, name string, allowed bool) (stack.DeletePlan, error) {
	d := stack.Deletion{Name: name, Tags: w.env.Tags(), LiftProtection: allowed}
	if allowed {
		d.AllowProduction = name
	}
	plan, err := w.manager.PlanDelete(ctx, d)
	if err != nil {
		if errors.Is(err, stack.ErrProduction) {
			err = fmt.Errorf("%w; here that is -allow-production %s", err, w.env.Name)
		}
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
	return w.manager.PlanDelete(ctx, d)
}
