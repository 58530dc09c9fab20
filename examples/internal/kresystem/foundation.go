package kresystem

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/stack"
)

// Foundation is what runtimes stand on, as it is planned and as it was made: the steps
// in their order. What was not come to is nil.
type Foundation struct {
	Stack     *stack.Plan              `json:"stack,omitempty"`
	Applied   *stack.Result            `json:"applied,omitempty"`
	Outputs   *infra.KREClusterOutputs `json:"outputs,omitempty"`
	Keys      *keys.Plan               `json:"keys,omitempty"`
	Delivered *keys.Result             `json:"delivered,omitempty"`
	Access    *access.Plan             `json:"access,omitempty"`
	Granted   *access.Result           `json:"granted,omitempty"`
	Charts    *kre.Plan                `json:"charts,omitempty"`
	Installed *kre.Result              `json:"installed,omitempty"`
	// NotBegun are the steps that were not come to.
	NotBegun []string `json:"notBegun,omitempty"`
}

// The steps of a foundation after its stack.
var later = []string{"keys", "access", "charts"}

// Foundation plans the cluster's stack, the keys, the access and the charts, and with
// apply makes them, each before the next is planned.
func (s *System) Foundation(ctx context.Context, apply bool) (*Foundation, error) {
	f := &Foundation{NotBegun: later}
	ready, err := s.foundStack(ctx, f, apply)
	if err != nil || !ready {
		s.leave(f.NotBegun, err)
		return f, err
	}
	cluster, err := s.Connect(ctx)
	if err != nil {
		s.leave(f.NotBegun, err)
		return f, err
	}
	for _, next := range []func(context.Context, *Foundation, *Cluster, bool) error{s.deliver, s.grant, s.install} {
		if err := next(ctx, f, cluster, apply); err != nil {
			s.leave(f.NotBegun, err)
			return f, err
		}
	}
	return f, nil
}

// leave says which steps were not come to because of err.
func (s *System) leave(steps []string, err error) {
	if err != nil && len(steps) > 0 {
		s.Console.Say("not begun: "+strings.Join(steps, ", "), "")
	}
}

// foundStack plans and applies the stack; ready is whether what comes after it can be
// planned.
func (s *System) foundStack(ctx context.Context, f *Foundation, apply bool) (ready bool, err error) {
	want, err := s.Environment.Stack()
	if err != nil {
		return false, err
	}
	manager := s.stacks()
	st := step[stack.Plan, stack.Result]{
		name:  "stack",
		plan:  func(ctx context.Context) (stack.Plan, error) { return manager.Plan(ctx, want) },
		begun: func(p stack.Plan) { f.Stack = &p },
		apply: manager.Apply,
		says: func(_ stack.Plan, r stack.Result) string {
			if r.Status == "" {
				return ""
			}
			return fmt.Sprintf("%s %s: %s\n", r.Action, r.Stack, r.Status)
		},
	}
	f.Applied, err = st.run(ctx, s.Console, apply)
	if f.Stack == nil {
		return false, err
	}
	plan := *f.Stack
	if !apply || errors.Is(err, stack.ErrConsent) { // nobody executes its change set
		err = errors.Join(err, manager.Discard(context.WithoutCancel(ctx), plan))
	}
	if err == nil && len(plan.Refused) > 0 {
		err = &stack.PolicyError{Stack: plan.Stack, Refused: plan.Refused}
	}
	if err != nil {
		return false, err
	}
	out, err := s.Outputs(ctx)
	if !apply && (plan.Action == stack.Create || plan.Action == stack.Recreate || err != nil) {
		s.Console.Say("keys, access and charts are planned after the stack, of which they need the outputs", "")
		return false, nil
	}
	f.Outputs = &out
	return true, err
}

// deliver brings the keys into the bucket.
func (s *System) deliver(ctx context.Context, f *Foundation, _ *Cluster, apply bool) error {
	deliverer, spec := s.keys(*f.Outputs)
	result, err := step[keys.Plan, keys.Result]{
		name:  "keys",
		plan:  func(ctx context.Context) (keys.Plan, error) { return deliverer.Plan(ctx, spec) },
		begun: func(p keys.Plan) { f.Keys, f.NotBegun = &p, later[1:] },
		apply: deliverer.Apply,
		says: func(_ keys.Plan, r keys.Result) string {
			return keys.Plan{Changes: r.Done}.String()
		},
	}.run(ctx, s.Console, apply)
	f.Delivered = result
	return err
}

// grant says who may do what.
func (s *System) grant(ctx context.Context, f *Foundation, c *Cluster, apply bool) error {
	manager := s.access(c, access.Options{})
	result, err := step[access.Plan, access.Result]{
		name: "access",
		plan: func(ctx context.Context) (access.Plan, error) {
			return manager.Plan(ctx, s.Environment.groups(*f.Outputs))
		},
		begun: func(p access.Plan) { f.Access, f.NotBegun = &p, later[2:] },
		apply: manager.Apply,
		says:  func(_ access.Plan, r access.Result) string { return r.String() },
	}.run(ctx, s.Console, apply)
	f.Granted = result
	return err
}

// install applies the charts.
func (s *System) install(ctx context.Context, f *Foundation, c *Cluster, apply bool) error {
	releases, err := s.releases(*f.Outputs)
	if err != nil {
		return err
	}
	result, err := step[kre.Plan, kre.Result]{
		name:  "charts",
		plan:  func(ctx context.Context) (kre.Plan, error) { return c.engine.Plan(ctx, releases) },
		begun: func(p kre.Plan) { f.Charts, f.NotBegun = &p, nil },
		apply: c.engine.Apply,
		says:  func(_ kre.Plan, r kre.Result) string { return r.String() },
	}.run(ctx, s.Console, apply)
	f.Installed = result
	return err
}

// releases are the charts with the time that they have.
func (s *System) releases(out infra.KREClusterOutputs) ([]kre.Release, error) {
	releases, err := s.Environment.Releases(out)
	for i, r := range releases {
		releases[i].Timeout = s.patient(r.Timeout)
	}
	return releases, err
}
