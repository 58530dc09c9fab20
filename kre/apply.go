package kre

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/mask"
	"github.com/mettel-automation/delivery/progress"
)

// Apply installs and upgrades the releases of plan, each after those that it needs,
// and waits until their objects are ready. A release that fails stops only those that need
// it; all failures come back joined, each a [*ReleaseError], and Result says of every
// release where it stands. A release to be kept costs no request.
//
// A release that somebody else has changed since the plan is left alone: [ErrStale].
// One that another run works on is waited for (Options.LockWait). When ctx ends, Apply
// returns as soon as that is recorded: nothing goes on behind it.
func (e *Engine) Apply(ctx context.Context, plan Plan) (Result, error) {
	for _, c := range plan.Changes {
		if c.Action != Keep && c.desired == nil {
			return Result{}, fmt.Errorf("apply release %s: %w: the plan is to %s it, or was not made by Plan", c.Release, ErrInvalid, c.Action)
		}
	}
	return e.work(ctx, plan.Changes, e.apply)
}

// work walks through changes and tells what goes on.
func (e *Engine) work(ctx context.Context, changes []Change, do func(context.Context, Change) Outcome) (Result, error) {
	if e.config == nil {
		return Result{}, ErrNoCluster
	}
	for _, c := range changes {
		e.opts.Progress.Emit(progress.Event{Op: Op, Subject: c.Release, State: progress.Waiting, Needs: c.Needs})
	}
	result := Result{Releases: walk(ctx, changes, e.opts.Parallel, func(ctx context.Context, c Change) Outcome {
		if c.Action == Keep {
			e.emit(c.Release, progress.Unchanged, "", nil)
			return c.outcome()
		}
		started := time.Now()
		e.emit(c.Release, progress.Running, string(c.Action), nil)
		o := do(ctx, c)
		o.Took = time.Since(started)
		e.told(o)
		return o
	})}
	for _, o := range result.Releases {
		if o.Skipped {
			e.emit(o.Release, progress.Skipped, o.Err.Error(), nil)
		}
	}
	return result, result.err()
}

func (e *Engine) emit(release string, state progress.State, message string, err error) {
	e.opts.Progress.Emit(progress.Event{Op: Op, Subject: release, State: state, Message: message, Err: err})
}

// told reports how a release has ended.
func (e *Engine) told(o Outcome) {
	switch {
	case o.Err != nil && o.RolledBack > 0:
		e.emit(o.Release, progress.RolledBack, fmt.Sprintf("to revision %d: %v", o.RolledBack, o.Err), nil)
	case o.Err != nil:
		e.emit(o.Release, progress.Failed, "", o.Err)
	case !o.Changed:
		e.emit(o.Release, progress.Unchanged, "another run has done it", nil)
	case o.After == "":
		e.emit(o.Release, progress.Done, "removed", nil)
	default:
		e.emit(o.Release, progress.Done, fmt.Sprintf("revision %d", o.Revision), nil)
	}
}

// tries is how often a release is begun that another run begins at the same moment.
const tries = 3

// apply installs or upgrades one release.
func (e *Engine) apply(ctx context.Context, c Change) Outcome {
	o := c.outcome()
	for try := 1; ; try++ {
		err := e.attempt(ctx, c, &o)
		if errors.Is(err, helm.ErrBusy) && try < tries {
			continue // whoever was first is waited for
		}
		if err != nil {
			reasons := o.Unready
			o.fail(c, err)
			o.Unready = reasons
		}
		return o
	}
}

func (e *Engine) attempt(ctx context.Context, c Change, o *Outcome) error {
	reader, err := e.open(ctx, c.Namespace, c.desired.mask, nil)
	if err != nil {
		return err
	}
	history, err := e.acquire(ctx, reader, c)
	if err != nil {
		return err
	}
	now := decide(history, c.desired.labels())
	if now.action == Keep {
		o.Action, o.After, o.Revision = Keep, now.last.Status, now.last.Revision
		return nil
	}
	if !c.stillTrue(now.last) {
		return fmt.Errorf("%w: it was planned for revision %d (%s), and there is revision %d (%s)",
			ErrStale, c.Revision, orNone(c.Status), now.last.Revision, orNone(now.last.Status))
	}
	return e.perform(ctx, c, now, o)
}

func orNone(status string) string {
	if status == "" {
		return "not installed"
	}
	return status
}

// perform makes the next revision, waits until it is ready, and makes sure that
// the record of it says what is so.
func (e *Engine) perform(ctx context.Context, c Change, now decision, o *Outcome) error {
	hidden := c.desired.hide(now.base)
	lock := e.lockLabels(c.timeout, time.Now())
	within, cancel := budget(ctx, c.timeout)
	defer cancel()
	s, err := e.open(within, c.Namespace, hidden, lock)
	if err != nil {
		return err
	}
	o.Changed = true
	err = e.prepare(within, s, c, now)
	if err == nil {
		err = s.release(c, now, e.opts.MaxHistory)
	}
	if errors.Is(err, helm.ErrBusy) {
		o.Changed = false
		return err
	}
	err = s.settle(within, c, lock[labelWork], err, o)
	o.Unready, o.Warnings = s.unready, s.all()
	if err != nil && e.opts.Rollback && ctx.Err() == nil && o.After == helm.Failed {
		err = e.recover(ctx, c, now, hidden, err, o)
	}
	return err
}

// prepare does what comes before the release itself.
func (e *Engine) prepare(ctx context.Context, s *session, c Change, now decision) error {
	state, err := s.namespace(ctx, c.Namespace)
	switch {
	case err != nil:
		return err
	case state == terminating:
		return fmt.Errorf("%w: wait until it is gone", ErrTerminating)
	case state == missing:
		if err := s.makeNamespace(ctx, c.Namespace); err != nil {
			return err
		}
	}
	if now.unmake {
		if err := s.client.Uninstall(c.Release, false); err != nil {
			return fmt.Errorf("finish its removal: %w", err)
		}
	}
	return s.applyCRDs(ctx, c.desired.chart.CRDs)
}

func (s *session) makeNamespace(ctx context.Context, name string) error {
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	}}
	_, err := s.objects.Resource(namespaces).Create(ctx, o, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make namespace %s: %w", name, err)
	}
	return nil
}

// release has helm do its part.
func (s *session) release(c Change, now decision, maxHistory int) error {
	d := helm.Desired{
		Name: c.Release, Namespace: c.Namespace, Chart: c.desired.chart, Values: c.desired.values,
		Labels: c.desired.labels(), Annotations: c.desired.notes(), MaxHistory: maxHistory, Replace: now.replace,
	}
	if now.action == Install {
		return s.client.Install(d)
	}
	return s.client.Upgrade(d)
}

// settle looks at what is recorded after the work, which has ended with err, and
// corrects it where it is not so: a cancelled operation may have been cut off before it
// could say what became of it. Work is the label of this operation.
func (s *session) settle(ctx context.Context, c Change, work string, err error, o *Outcome) error {
	if err != nil {
		err = s.explain(err)
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
	}
	history, readErr := s.client.History(c.Release)
	if readErr != nil {
		return errors.Join(err, fmt.Errorf("read what became of it: %w", s.explain(readErr)))
	}
	if len(history) == 0 {
		o.After, o.Revision = "", 0
		return err
	}
	last := history[len(history)-1]
	want, why := helm.Deployed, "recorded late"
	if err != nil {
		want, why = helm.Failed, "failed: "+err.Error()
	}
	if pending(last.Status) && last.Status != helm.Uninstalling && last.Labels[labelWork] == work {
		if setErr := s.client.SetStatus(c.Release, last.Revision, want, why); setErr != nil {
			err = errors.Join(err, fmt.Errorf("record that revision %d is %s: %w", last.Revision, want, s.explain(setErr)))
		} else {
			last.Status = want
		}
	}
	o.After, o.Revision = last.Status, last.Revision
	if last.Status == helm.Deployed && last.Labels[labelWork] == work {
		return nil // helm records that last of all: only the answer was lost
	}
	return err
}

// recover returns to the last good revision after the failure why.
func (e *Engine) recover(ctx context.Context, c Change, now decision, hidden mask.Mask, why error, o *Outcome) error {
	if now.base.Status != helm.Deployed || o.Revision == now.last.Revision {
		return why // there is none, or nothing was begun
	}
	e.emit(c.Release, progress.RollingBack, fmt.Sprintf("to revision %d: %v", now.base.Revision, why), nil)
	reasons := o.Unready
	err := e.rollBack(ctx, c, now.base.Revision, hidden, o)
	o.Unready = reasons // of the failure, not of what was returned to
	if err != nil {
		return errors.Join(why, fmt.Errorf("roll back to revision %d: %w", now.base.Revision, err))
	}
	o.RolledBack = now.base.Revision
	return why
}
