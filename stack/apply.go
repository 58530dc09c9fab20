package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/progress"
)

// Result is what Apply did. Beside an error, it holds what was done before.
type Result struct {
	Stack   string            `json:"stack"`
	ID      string            `json:"id"` // ARN
	Action  Action            `json:"action"`
	Status  string            `json:"status,omitempty"`  // of the stack, when it was last seen
	Outputs map[string]string `json:"outputs,omitempty"` // where the stack is as desired
	Started time.Time         `json:"started"`
	Ended   time.Time         `json:"ended"`
}

// Apply executes the change set of p, and waits until the stack is as desired, or
// until CloudFormation has returned it to what it was: then the error is an
// [*OperationError] with the causes. A plan without changes makes no write.
//
// A plan in which consent is missing is refused with a [*PolicyError] before any
// write, and one whose stack has changed since, or whose change set is gone, with
// [ErrStale]; a plan that is refused keeps its change set until it is discarded. Where
// the stack changes again right after, the outputs may be of that, and the error is
// [ErrOvertaken].
//
// Where ctx ends first, CloudFormation goes on, and the error says with what; with
// Options.CancelUpdate the update is cancelled there and rolls back. Applying the
// same plan again then waits for the same operation; so does planning again, after
// which there is nothing left to do.
func (m *Manager) Apply(ctx context.Context, p Plan) (Result, error) {
	r := Result{Stack: p.Stack, ID: p.ID, Action: p.Action, Status: p.Status, Started: time.Now()}
	if err := p.applicable(); err != nil {
		r.Ended = time.Now()
		return r, err
	}
	m.emit(opApply, p.Stack, progress.Running, string(p.Action), nil)
	err := m.apply(ctx, p, &r)
	r.Ended = time.Now()
	m.emitEnd(p, err)
	return r, err
}

// applicable refuses a plan before any call.
func (p Plan) applicable() error {
	known := p.Action == Create || p.Action == Update || p.Action == Keep || p.Action == Recreate
	refused, _ := judge(p.Changes, p.Consent)
	switch {
	case !known, !p.identified(), p.Action == Create && p.ChangeSet == "", p.Action == Keep && p.ChangeSet != "":
		return fmt.Errorf("apply stack %s: %w", named(p.Stack), ErrNotPlanned)
	case len(p.Refused) > 0:
		return &PolicyError{Stack: p.Stack, Refused: p.Refused}
	case len(refused) > 0:
		return &PolicyError{Stack: p.Stack, Refused: refused}
	}
	return nil
}

// identified reports whether p says of one stack what it is about.
func (p Plan) identified() bool { return p.Stack != "" && nameIn(p.ID) == p.Stack }

func (m *Manager) emitEnd(p Plan, err error) {
	failed, ended := errors.AsType[*OperationError](err)
	switch {
	case errors.Is(err, ErrOvertaken):
		m.emit(opApply, p.Stack, progress.Done, "and changed by somebody else since", nil)
	case ended && failed.RolledBack:
		m.emit(opApply, p.Stack, progress.RolledBack, "", err)
	case err != nil:
		m.emit(opApply, p.Stack, progress.Failed, "", err)
	case p.Action == Keep:
		m.emit(opApply, p.Stack, progress.Unchanged, "", nil)
	default:
		m.emit(opApply, p.Stack, progress.Done, "", nil)
	}
}

func (m *Manager) apply(ctx context.Context, p Plan, r *Result) error {
	caller := ctx
	ctx, cancel := m.within(ctx)
	defer cancel()
	out, err := m.operate(ctx, p, r)
	if err == nil {
		err = m.readOutputs(ctx, r, out)
	}
	if unfinished, ok := errors.AsType[*UnfinishedError](err); ok && caller.Err() != nil && m.opts.CancelUpdate && p.Action == Update {
		return m.cancelUpdate(caller, unfinished, p)
	}
	if err == nil || isA[*OperationError](err) || isA[*UnfinishedError](err) || isA[*ChangeSetError](err) || isA[*PolicyError](err) {
		return err
	}
	return fmt.Errorf("apply stack %s: %w", p.Stack, err)
}

// operate does what p says, and waits for its end.
func (m *Manager) operate(ctx context.Context, p Plan, r *Result) (outcome, error) {
	var err error
	if p.Action == Recreate {
		if p, err = m.recreate(ctx, p); err != nil {
			return outcome{}, err
		}
		r.ID, r.Status = p.ID, string(types.StackStatusReviewInProgress)
	}
	if p.ChangeSet == "" {
		return outcome{}, m.protect(ctx, p)
	}
	op, err := m.execute(ctx, p)
	if err != nil {
		return outcome{}, err
	}
	out, err := m.watch(ctx, op)
	if out.Status != "" {
		r.Status = string(out.Status)
	}
	if err == nil {
		err = failure(op, out)
	}
	if err == nil && op.joined {
		err = m.executed(ctx, p)
	}
	return out, err
}

// announce tells which resources wait for which, as far as the template is known.
func (m *Manager) announce(p Plan) {
	if m.opts.Progress == nil || p.template == nil {
		return
	}
	changes := make(map[string]bool, len(p.Changes))
	for _, c := range p.Changes {
		changes[c.LogicalID] = true
	}
	for _, c := range p.Changes {
		if c.Action == Delete {
			continue
		}
		e := progress.Event{Op: opApply, Subject: p.Stack + "/" + c.LogicalID, State: progress.Waiting}
		for _, need := range p.template.Needs(c.LogicalID) {
			if changes[need] {
				e.Needs = append(e.Needs, p.Stack+"/"+need)
			}
		}
		m.opts.Progress.Emit(e)
	}
}
