package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/progress"
)

// Result is what Apply did, step by step in the order of the plan.
type Result struct {
	Done    []Step `json:"done,omitempty"`
	Failed  []Step `json:"failed,omitempty"`
	Skipped []Step `json:"skipped,omitempty"` // not begun
}

// String is a line for each step.
func (r Result) String() string {
	var b strings.Builder
	for _, part := range []struct {
		what  string
		steps []Step
	}{{"done", r.Done}, {"failed", r.Failed}, {"not done", r.Skipped}} {
		for _, s := range part.steps {
			fmt.Fprintf(&b, "%s: %s\n", part.what, s)
		}
	}
	return b.String()
}

// Apply makes the changes of plan, and nothing else. It first reads again, and fails with
// [ErrStale] where the plan would now be another one. A plan that has a lockout is
// [ErrLockout] unless the options allow it. An empty plan costs no call.
//
// What only grants comes first. Where a step fails, others that grant are still done, but
// nothing more is taken away from anybody: those steps are skipped, and the next plan has
// them again. Only the access entry of a principal without all rights hinders no other entry:
// a role that IAM does not know keeps nobody in who has left. Each failure is a [StepError] in the joined error. Result holds what
// was done and what not, either way.
func (m *Manager) Apply(ctx context.Context, plan Plan) (Result, error) {
	if plan.Empty() {
		m.emit(m.cluster.Name, progress.Unchanged, "", nil)
		return Result{}, nil
	}
	fail := func(err error) (Result, error) {
		return Result{Skipped: plan.Steps}, fmt.Errorf("apply access to cluster %s: %w", m.cluster.Name, err)
	}
	if len(plan.Lockout) > 0 && !m.opts.AllowLockout {
		return fail(fmt.Errorf("%w (by %s)", ErrLockout, strings.Join(plan.Lockout, ", ")))
	}
	now, err := m.plan(ctx, plan.desired.groups)
	switch {
	case err != nil:
		return fail(err)
	case !plan.same(now):
		return fail(ErrStale)
	}
	result, err := m.run(ctx, now.Steps)
	if err != nil {
		return result, fmt.Errorf("apply access to cluster %s: %w", m.cluster.Name, err)
	}
	return result, nil
}

func (m *Manager) run(ctx context.Context, steps []Step) (Result, error) {
	var r Result
	var errs []error
	for _, s := range steps {
		subject := string(s.Kind) + " " + s.Name
		if why := r.hinders(ctx, s); why != "" {
			r.Skipped = append(r.Skipped, s)
			m.emit(subject, progress.Skipped, why, nil)
			continue
		}
		m.emit(subject, progress.Running, string(s.Action), nil)
		if err := s.write(ctx, m); err != nil {
			err = &StepError{Step: s, Err: err}
			errs = append(errs, err)
			r.Failed = append(r.Failed, s)
			m.emit(subject, progress.Failed, "", err)
			continue
		}
		r.Done = append(r.Done, s)
		m.emit(subject, progress.Done, "", nil)
	}
	if len(errs) == 0 {
		errs = append(errs, ctx.Err()) // where it was stopped between two steps
	}
	return r, errors.Join(errs...)
}

// hinders is why s is not to be begun after what has been done, "" for no reason.
func (r Result) hinders(ctx context.Context, s Step) string {
	switch {
	case ctx.Err() != nil:
		return "stopped"
	case s.takes && slices.ContainsFunc(r.Failed, s.waitsFor):
		return "nothing is taken away while something else fails"
	case s.Kind == KindBinding && slices.ContainsFunc(r.Failed, func(f Step) bool { return f.Kind == KindRole && f.Name == s.Name }):
		return "its ClusterRole failed"
	}
	return ""
}

// waitsFor reports whether s may take nothing away since failed failed.
func (s Step) waitsFor(failed Step) bool {
	same := awsauth.Canonical(s.Name) == awsauth.Canonical(failed.Name) // maybe under another path
	return s.Kind != KindEntry || failed.Kind != KindEntry || failed.admin || same
}
