package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/stack"
)

// recover ends the rollback of each stack in which one has failed. The others are
// left as they are, and why is told.
func (w *work) recover(ctx context.Context) error {
	names, err := w.names()
	if err != nil {
		return input{err}
	}
	var others []error
	var at []string                      // what rollbacks have failed at
	left := slices.Clone(w.options.skip) // that no rollback has failed at
	for _, kind := range w.concerned() { // all are planned before the first is recovered
		plan, err := w.planRecover(ctx, names[kind])
		switch {
		case errors.Is(err, stack.ErrState), errors.Is(err, stack.ErrNotFound):
			others = append(others, err)
		case err != nil:
			return err
		default:
			w.out.Recoveries = append(w.out.Recoveries, plan)
			at = append(at, failed(plan)...)
			left = slices.DeleteFunc(left, func(id string) bool { return slices.Contains(plan.Skip, id) })
		}
	}
	if len(w.out.Recoveries) == 0 {
		return errors.Join(others...)
	}
	for _, err := range others {
		w.out.Unrecovered = append(w.out.Unrecovered, err.Error())
	}
	if len(left) > 0 {
		return input{fmt.Errorf("-skip %s: no rollback has failed there; where it has: %s", strings.Join(left, ", "), cmp.Or(strings.Join(at, ", "), "nowhere"))}
	}
	var errs []error
	for _, plan := range w.out.Recoveries { // each whatever becomes of the others
		result, err := w.manager.ApplyRecover(ctx, plan)
		w.out.Recovered = append(w.out.Recovered, result)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// planRecover plans for one stack, and skips what it has failed at of -skip.
func (w *work) planRecover(ctx context.Context, name string) (stack.Recovery, error) {
	plan, err := w.manager.PlanRecover(ctx, stack.RecoverRequest{Name: name})
	if err != nil {
		return plan, err
	}
	skip := slices.DeleteFunc(failed(plan), func(id string) bool { return !slices.Contains(w.options.skip, id) })
	if len(skip) == 0 {
		return plan, nil
	}
	return w.manager.PlanRecover(ctx, stack.RecoverRequest{Name: name, Skip: skip})
}

// failed are the resources at which a rollback has failed, as -skip names them.
func failed(plan stack.Recovery) (ids []string) {
	for _, c := range plan.Failed {
		ids = append(ids, strings.TrimPrefix(c.Stack+"/"+c.LogicalID, plan.Stack+"/"))
	}
	return ids
}
