package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// lag is how long a read may still show what was before a write.
const lag = time.Minute

// execute begins the operation, or joins the one that an earlier run of the same
// plan has begun.
func (m *Manager) execute(ctx context.Context, p Plan) (operation, error) {
	op := operation{verb: opApply, name: p.Stack, id: p.ID, token: token("execute", p.ChangeSet)}
	begun, err := m.begun(ctx, p)
	if err != nil {
		return op, err
	}
	if err := m.protect(ctx, p); err != nil {
		return op, err
	}
	if begun {
		return m.join(ctx, op)
	}
	if op.after, err = m.lastEvent(ctx, p.ID); err != nil {
		return op, err
	}
	m.announce(p)
	err = m.pace.do(ctx, func(ctx context.Context) error {
		_, err := m.api.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{ChangeSetName: &p.ChangeSet, ClientRequestToken: &op.token})
		return err
	})
	switch {
	case err == nil:
		return op, nil
	case ctx.Err() != nil: // the attempt may yet have reached AWS
		return op, &UnfinishedError{Op: "apply", Stack: p.Stack, Err: context.Cause(ctx)}
	}
	// The answer to an attempt may be lost, and the next attempt refused for what that
	// one began.
	begun, reread := m.begunSoon(ctx, p, err)
	switch {
	case reread != nil:
		return op, reread
	case begun:
		return op, nil
	}
	return op, fmt.Errorf("execute change set: %w", err)
}

// begun reports whether the change set of p has been executed, and fails with
// ErrStale where it cannot be any more.
func (m *Manager) begun(ctx context.Context, p Plan) (bool, error) {
	set, err := m.describeChangeSet(ctx, p.ChangeSet, "", nil)
	switch {
	case isA[*types.ChangeSetNotFoundException](err), missing(err):
		// One that has been executed may be gone. The stack still tells.
		found, err := m.find(ctx, p.ID)
		if err != nil {
			return false, err
		}
		if found != nil && value(found.ChangeSetId) == p.ChangeSet && found.StackStatus != types.StackStatusReviewInProgress {
			return true, nil
		}
		return false, fmt.Errorf("%w: its change set is gone", ErrStale)
	case err != nil:
		return false, err
	}
	switch set.ExecutionStatus {
	case types.ExecutionStatusAvailable:
		return false, nil
	case types.ExecutionStatusExecuteInProgress, types.ExecutionStatusExecuteComplete, types.ExecutionStatusExecuteFailed:
		return true, nil
	}
	return false, fmt.Errorf("%w: its change set is %s", ErrStale, set.ExecutionStatus)
}

// begunSoon is begun after an attempt that failed because of cause. Where that may
// mean that an earlier attempt did begin, reads get time to show it.
func (m *Manager) begunSoon(ctx context.Context, p Plan, cause error) (bool, error) {
	code, _ := refused(cause)
	patient := code == "" || isA[*types.InvalidChangeSetStatusException](cause) || isA[*types.TokenAlreadyExistsException](cause)
	for began := time.Now(); ; {
		begun, err := m.begun(ctx, p)
		if begun || err != nil || !patient || time.Since(began) >= lag {
			return begun, err
		}
		if err := sleep(ctx, m.opts.PollInterval); err != nil {
			return false, err
		}
	}
}

// join is the operation that executes a change set already. It has our token, unless
// somebody executes the change set by other means, such as the console. Where another
// operation has begun since, the plan has had its time.
func (m *Manager) join(ctx context.Context, op operation) (operation, error) {
	for began := time.Now(); ; {
		events, _, err := m.eventPage(ctx, op.id, nil)
		if err != nil {
			return op, fmt.Errorf("read the events of the stack: %w", err)
		}
		mine, overtaken := newestOperation(events, op.token)
		switch {
		case mine && overtaken:
			return op, fmt.Errorf("%w: its change set was executed, and something else since", ErrStale)
		case mine:
			return op, nil
		case time.Since(began) >= lag:
			op.token, op.joined = "", true
			return op, nil
		}
		if err := sleep(ctx, m.opts.PollInterval); err != nil {
			return op, err
		}
	}
}

// newestOperation reports whether any of the events, newest first, has the token, and
// whether another operation has begun after that.
func newestOperation(events []types.StackEvent, token string) (mine, overtaken bool) {
	for _, e := range events {
		if value(e.ClientRequestToken) == token {
			return true, overtaken
		}
		switch e.ResourceStatus {
		case types.ResourceStatusCreateInProgress, types.ResourceStatusUpdateInProgress, types.ResourceStatusDeleteInProgress, types.ResourceStatusImportInProgress:
			overtaken = overtaken || ofStack(e)
		}
	}
	return false, false
}

// executed fails where the change set of p did, in an operation that was not told
// from others: what the stack shows may be the success of a later one.
func (m *Manager) executed(ctx context.Context, p Plan) error {
	set, err := m.describeChangeSet(ctx, p.ChangeSet, "", nil)
	switch {
	case isA[*types.ChangeSetNotFoundException](err), missing(err):
		return nil
	case err != nil:
		return err
	case set.ExecutionStatus == types.ExecutionStatusExecuteFailed:
		return fmt.Errorf("%w: its change set was executed, and failed", ErrStale)
	}
	return nil
}

// protect turns termination protection on where p says so. That comes before the
// stack has anything to protect, so that no end of this process leaves it open.
func (m *Manager) protect(ctx context.Context, p Plan) error {
	if !p.Protect {
		return nil
	}
	err := m.pace.do(ctx, func(ctx context.Context) error {
		_, err := m.api.UpdateTerminationProtection(ctx, &cloudformation.UpdateTerminationProtectionInput{
			StackName: &p.ID, EnableTerminationProtection: new(true),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("turn termination protection on: %w", err)
	}
	return nil
}

// cancelFor is how long cancelling may take after the context has ended.
const cancelFor = 10 * time.Second

// cancelUpdate cancels the update that the end of the caller's context has left
// behind, so that it rolls back.
func (m *Manager) cancelUpdate(caller context.Context, left *UnfinishedError, p Plan) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(caller), cancelFor)
	defer cancel()
	err := m.pace.do(ctx, func(ctx context.Context) error {
		_, err := m.api.CancelUpdateStack(ctx, &cloudformation.CancelUpdateStackInput{
			StackName: &p.ID, ClientRequestToken: new(token("cancel", p.ChangeSet)),
		})
		return err
	})
	if err != nil {
		return errors.Join(left, fmt.Errorf("cancel update of stack %s: %w", p.Stack, err))
	}
	left.Err = fmt.Errorf("%w; the update is cancelled in AWS too, and rolls back", left.Err)
	return left
}
