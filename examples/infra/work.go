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

// sound is an error where a stack of the run cannot be applied whatever there is in
// AWS, so that nothing is made beside it.
func (w *work) sound() error {
	var errs []error
	for _, kind := range w.concerned() {
		want, err := w.stack(kind, nowhere())
		if err == nil {
			err = w.manager.Check(want)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// plan plans each stack, and takes the change sets away again.
func (w *work) plan(ctx context.Context) (err error) {
	if err := w.sound(); err != nil {
		return err
	}
	for _, kind := range w.concerned() {
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
	if err := w.settle(w.out.Plans); err != nil {
		return err
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
	if err := w.sound(); err != nil {
		return err
	}
	if len(w.strays()) > 0 { // whether a stack has those is to be seen before one is changed
		dry := &work{site: w.site, manager: w.silent, silent: w.silent, out: &output{}}
		if err := dry.plan(ctx); err != nil {
			return err
		}
	}
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
	if err := w.settle(w.out.Plans); err != nil {
		return err
	}
	return w.complete()
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
	if errors.Is(err, stack.ErrConsent) { // nobody is going to execute its change set
		err = errors.Join(err, w.silent.Discard(context.WithoutCancel(ctx), plan))
	}
	if !begun(err) {
		return &plan, nil, err
	}
	return &plan, &result, err
}

// begun reports whether an attempt that ended with err has changed a stack.
func begun(err error) bool {
	_, failed := errors.AsType[*stack.OperationError](err)
	_, unfinished := errors.AsType[*stack.UnfinishedError](err)
	return err == nil || failed || unfinished || errors.Is(err, stack.ErrOvertaken)
}

// drift compares each stack with what there is.
func (w *work) drift(ctx context.Context) error {
	names, err := w.names()
	if err != nil {
		return input{err}
	}
	of := w.concerned()
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
	order := w.concerned()
	slices.Reverse(order)
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
		result, err := w.manager.ApplyDelete(ctx, plan)
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
func (w *work) guarded(ctx context.Context, plan stack.Deletion) error {
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
func (w *work) planDelete(ctx context.Context, name string, allowed bool) (stack.Deletion, error) {
	d := stack.DeleteRequest{Name: name, Tags: w.env.Tags(), LiftProtection: allowed, Express: w.options.express}
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
		if r.Type == "AWS::S3::Bucket" && r.Fate == stack.FateDeleted {
			d.EmptyBuckets = append(d.EmptyBuckets, r.LogicalID)
		}
	}
	if len(d.EmptyBuckets) == 0 {
		return plan, nil
	}
	return w.manager.PlanDelete(ctx, d)
}
