package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
)

// Outputs are the outputs of a stack, by name; the stack is given by its name or ARN.
// It fails with [ErrNotFound] where there is no such stack, or only one in review, and
// with [ErrInvalid] where there is no name.
//
// Those of a stack that is being changed, or could not be, are what they were after
// its last success.
func (m *Manager) Outputs(ctx context.Context, stack string) (map[string]string, error) {
	if stack == "" { // of which CloudFormation describes every stack
		return nil, fmt.Errorf("read outputs of stack %s: %w: no name", named(stack), ErrInvalid)
	}
	ctx, cancel := m.within(ctx)
	defer cancel()
	found, err := m.find(ctx, stack)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read outputs of stack %s: %w", stack, err)
	case found == nil, found.StackStatus == types.StackStatusReviewInProgress, found.StackStatus == types.StackStatusDeleteComplete:
		return nil, fmt.Errorf("read outputs of stack %s: %w", stack, ErrNotFound)
	}
	return outputsOf(found), nil
}

// Status is the status of a stack as CloudFormation calls it, such as CREATE_COMPLETE;
// the stack is given by its name or ARN. It fails with [ErrNotFound] where there is no
// such stack, and with [ErrInvalid] where there is no name.
func (m *Manager) Status(ctx context.Context, stack string) (string, error) {
	if stack == "" { // of which CloudFormation describes every stack
		return "", fmt.Errorf("read status of stack %s: %w: no name", named(stack), ErrInvalid)
	}
	ctx, cancel := m.within(ctx)
	defer cancel()
	found, err := m.find(ctx, stack)
	switch {
	case err != nil:
		return "", fmt.Errorf("read status of stack %s: %w", stack, err)
	case found == nil:
		return "", fmt.Errorf("read status of stack %s: %w", stack, ErrNotFound)
	}
	return string(found.StackStatus), nil
}

func outputsOf(s *types.Stack) map[string]string {
	outputs := make(map[string]string, len(s.Outputs))
	for _, o := range s.Outputs {
		outputs[ptr.Value(o.OutputKey)] = ptr.Value(o.OutputValue)
	}
	return outputs
}

// readOutputs puts the outputs of the stack that was applied into r. A read that
// still shows the stack as it was before out gets time to catch up.
func (m *Manager) readOutputs(ctx context.Context, r *Result, out outcome) error {
	for began := time.Now(); ; {
		found, err := m.find(ctx, r.ID)
		switch {
		case err != nil:
			return fmt.Errorf("read outputs: %w", err)
		case found != nil && found.StackStatus == types.StackStatusDeleteComplete:
			r.Status = string(found.StackStatus)
			if out.Status == "" { // nothing was to be done
				return fmt.Errorf("%w: it has been deleted", ErrStale)
			}
			return fmt.Errorf("%w: it has been deleted", ErrOvertaken)
		case found != nil && shows(found, out):
			r.Outputs, r.Status = outputsOf(found), string(found.StackStatus)
			return nil
		case time.Since(began) >= lag:
			if found == nil {
				return fmt.Errorf("read outputs: %w", ErrNotFound)
			}
			r.Outputs, r.Status = outputsOf(found), string(found.StackStatus)
			return fmt.Errorf("%w: it is %s now", ErrOvertaken, found.StackStatus)
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return fmt.Errorf("read outputs: %w", err)
		}
	}
}

// shows reports whether a stack is as out has left it: in the same status, since
// the same operation. An empty out is no operation.
func shows(found *types.Stack, out outcome) bool {
	switch {
	case out.Status == "":
		return true
	case found.StackStatus != out.Status:
		return false
	case out.Status != types.StackStatusUpdateComplete || found.LastUpdatedTime == nil:
		return true
	}
	for _, e := range out.Events {
		if ptr.Value(e.StackId) == ptr.Value(found.StackId) {
			// The first event is the beginning of the update; clocks of AWS may differ a little.
			return !found.LastUpdatedTime.Before(ptr.Value(e.Timestamp).Add(-5 * time.Second))
		}
	}
	return true
}
