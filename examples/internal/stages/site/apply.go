package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/stackreport"
	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/stack"
)

// Apply brings a stack to what it should be: it plans, prints the plan, and applies it
// unless only the plan was asked for. Plan, outcome and root causes go into the record.
// Its error is one of the delivery, but for an input that is at fault; where consent is
// missing, nothing is changed, and the error says by which flag to give it.
func Apply(ctx context.Context, m *stack.Manager, r *job.Record, want stack.Stack, planOnly bool) (stack.Result, error) {
	plan, err := m.Plan(ctx, want)
	if awserr.Is(err, "NoSuchBucket") {
		err = fmt.Errorf("%w: run the job \"basic-infra -network\" first, which makes it", err)
	}
	if err != nil {
		r.Failures = append(r.Failures, stackreport.Failures(want.Name, err)...)
		return stack.Result{}, blame(err)
	}
	r.Say("%s", plan)
	r.Summary = stackreport.Summary(plan)
	r.Stacks = append(r.Stacks, stackreport.Planned(plan))
	shown := &r.Stacks[len(r.Stacks)-1]
	var result stack.Result
	switch {
	case len(plan.Refused) > 0:
		err = refused(plan)
	case planOnly:
		r.Summary = "planned only"
	default:
		result, err = m.Apply(ctx, plan)
	}
	if planOnly || errors.Is(err, stack.ErrConsent) { // nobody is going to execute its change set
		err = errors.Join(err, m.Discard(context.WithoutCancel(ctx), plan))
	}
	*shown = stackreport.Applied(*shown, result, err)
	if err != nil {
		r.Summary = "" // what was planned did not come about
		r.Failures = append(r.Failures, stackreport.Failures(want.Name, err)...)
	}
	return result, blame(err)
}

// refused is the error of a plan that needs consent, and says how to give it.
func refused(plan stack.Plan) error {
	var flags []string
	for _, r := range plan.Refused {
		flags = append(flags, "-consent "+r.LogicalID)
	}
	return fmt.Errorf("%w; where its data may go, say so: %s", &stack.PolicyError{Stack: plan.Stack, Refused: plan.Refused}, strings.Join(flags, " "))
}

// blame tells faults of the input from what AWS did not do.
func blame(err error) error {
	if errors.Is(err, stack.ErrInvalid) {
		return err
	}
	return cli.Failed(err)
}
