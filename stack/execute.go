package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
)

// lag is how long a read may still show what was before a write.
const lag = time.Minute

// execute begins the operation, or joins the one that an earlier run of the same
// plan has begun.
func (m *Manager) execute(ctx context.Context, p Plan) (operation, error) {
	op := operation{verb: opApply, name: p.Stack, id: p.ID, token: token("execute", p.ChangeSet), secrets: p.secrets}
	set, begun, err := m.begun(ctx, p)
	if err == nil && !begun {
		err = m.consented(ctx, p, set)
	}
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
	_, err = call(ctx, m, m.api.ExecuteChangeSet, p.execution(op.token, set))
	switch {
	case err == nil:
		return op, nil
	case isA[*unsentError](err):
		return op, err
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
	return op, fmt.Errorf("execute change set: %w", p.secrets.redactError(err))
}

// execution is the request to execute set, the change set of p. The API reference
// and what is seen differ in whether a failure rolls back by default, so it is said,
// unless the set has said so in its deployment configuration. What a failed creation has
// made goes with it, even where it would be retained later: its names would be in the
// way of the next one.
func (p Plan) execution(token string, set *cloudformation.DescribeChangeSetOutput) *cloudformation.ExecuteChangeSetInput {
	in := &cloudformation.ExecuteChangeSetInput{ChangeSetName: &p.ChangeSet, ClientRequestToken: &token}
	if set.DeploymentConfig == nil {
		in.DisableRollback = new(false)
	}
	if p.Action == Create || p.Action == Recreate {
		in.RetainExceptOnCreate = new(true)
	}
	return in
}

// owns refuses a change set of another stack than that of p.
func (p Plan) owns(set *cloudformation.DescribeChangeSetOutput) error {
	if ptr.Value(set.StackId) != p.ID || ptr.Value(set.StackName) != p.Stack {
		return fmt.Errorf("%w: its change set is one of stack %s", ErrNotPlanned, clean.Text(ptr.Value(set.StackName)))
	}
	return nil
}

// consented judges what the change set of p really does, given its first page.
func (m *Manager) consented(ctx context.Context, p Plan, page *cloudformation.DescribeChangeSetOutput) error {
	set, err := m.read(ctx, page, "")
	if err != nil {
		return err
	}
	refused, _ := judge(resourceChanges(set.Changes, p.stateful(), p.secrets), p.Consent)
	if len(refused) > 0 {
		return &PolicyError{Stack: p.Stack, Refused: refused}
	}
	return nil
}

// begun reports whether the change set of p has been executed, and fails with
// ErrStale where it cannot be any more. Set is its first page, where it is not executed.
func (m *Manager) begun(ctx context.Context, p Plan) (set *cloudformation.DescribeChangeSetOutput, begun bool, err error) {
	set, err = m.describeChangeSet(ctx, p.ChangeSet, "", nil)
	switch {
	case isA[*types.ChangeSetNotFoundException](err), missing(err):
		// One that has been executed may be gone. The stack still tells.
		found, err := m.find(ctx, p.ID)
		if err != nil {
			return nil, false, err
		}
		if found != nil && ptr.Value(found.ChangeSetId) == p.ChangeSet && found.StackStatus != types.StackStatusReviewInProgress {
			return nil, true, nil
		}
		return nil, false, errGone
	case err != nil:
		return nil, false, err
	}
	if err := p.owns(set); err != nil {
		return nil, false, err
	}
	switch set.ExecutionStatus {
	case types.ExecutionStatusAvailable:
		return set, false, nil
	case types.ExecutionStatusExecuteInProgress, types.ExecutionStatusExecuteComplete, types.ExecutionStatusExecuteFailed:
		return nil, true, nil
	}
	return nil, false, fmt.Errorf("%w: its change set is %s", ErrStale, set.ExecutionStatus)
}

// begunSoon is begun after an attempt that failed because of cause. Where that may
// mean that an earlier attempt did begin, reads get time to show it.
func (m *Manager) begunSoon(ctx context.Context, p Plan, cause error) (bool, error) {
	code, _ := refused(cause)
	patient := code == "" || isA[*types.InvalidChangeSetStatusException](cause) || isA[*types.TokenAlreadyExistsException](cause)
	for began := time.Now(); ; {
		_, begun, err := m.begun(ctx, p)
		if begun || err != nil || !patient || time.Since(began) >= lag {
			return begun, err
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
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
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return op, err
		}
	}
}

// newestOperation reports whether any of the events, newest first, has the token, and
// whether another operation has begun after that.
func newestOperation(events []types.StackEvent, token string) (mine, overtaken bool) {
	for _, e := range events {
		if ptr.Value(e.ClientRequestToken) == token {
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
	_, err := call(ctx, m, m.api.UpdateTerminationProtection, &cloudformation.UpdateTerminationProtectionInput{
		StackName: &p.ID, EnableTerminationProtection: new(true),
	})
	if err != nil {
		return fmt.Errorf("turn termination protection on: %w", err)
	}
	return nil
}

// cancelFor is how long cancelling may take after the context has ended.
const cancelFor = 10 * time.Second

// cancelUpdate cancels the update that the end of the caller's context has left
// behind, so that it rolls back. The stack must say that it is that of p: another one
// may have come before or since.
func (m *Manager) cancelUpdate(caller context.Context, left *UnfinishedError, p Plan) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(caller), cancelFor)
	defer cancel()
	found, err := m.find(ctx, p.ID)
	if err == nil {
		if found == nil || found.StackStatus != types.StackStatusUpdateInProgress || ptr.Value(found.ChangeSetId) != p.ChangeSet {
			return left
		}
		_, err = call(ctx, m, m.api.CancelUpdateStack, &cloudformation.CancelUpdateStackInput{
			StackName: &p.ID, ClientRequestToken: new(token("cancel", p.ChangeSet)),
		})
	}
	if err != nil {
		return errors.Join(left, fmt.Errorf("cancel update of stack %s: %w", p.Stack, err))
	}
	left.Cancelled = true
	return left
}
