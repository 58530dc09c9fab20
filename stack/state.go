package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// course is what planning does about a stack in some status.
type course string

const (
	toCreate   course = "create"
	toUpdate   course = "update"
	toWait     course = "wait"     // an operation is under way
	toRecreate course = "recreate" // delete what there is, then create
	toRefuse   course = "refuse"
)

// verdict is a course, and where that is toRefuse why, and what helps.
type verdict struct {
	course         course
	reason, remedy string
}

// gone is the status of a stack that there is not.
const gone types.StackStatus = ""

// decide is the state table. Recreate says whether a stack whose creation or
// deletion failed may be deleted and created again.
//
// Source: CloudFormation User Guide, "Stack status codes" and "Choose how to handle
// failures when provisioning resources".
func decide(status types.StackStatus, recreate, production bool) verdict {
	switch status {
	case gone, types.StackStatusDeleteComplete, types.StackStatusReviewInProgress:
		return verdict{course: toCreate}
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete,
		types.StackStatusImportComplete, types.StackStatusImportRollbackComplete:
		return verdict{course: toUpdate}
	case types.StackStatusUpdateFailed: // CloudFormation continues it only by an update that does not roll back either
		return verdict{toRefuse, "an update failed and was not rolled back", "let Recover roll it back, then plan again"}
	case types.StackStatusUpdateRollbackFailed:
		return verdict{toRefuse, "an update failed, and so did its rollback", "let Recover end the rollback, then plan again"}
	case types.StackStatusImportRollbackFailed:
		return verdict{toRefuse, "an import failed, and so did its rollback", "CloudFormation only takes its deletion, or the import again"}
	case types.StackStatusRollbackComplete:
		return failed("its creation failed and was rolled back", recreate, production)
	case types.StackStatusRollbackFailed:
		return failed("its creation failed, and so did its rollback", recreate, production)
	case types.StackStatusCreateFailed:
		return failed("its creation failed and was not rolled back", recreate, production)
	case types.StackStatusDeleteFailed:
		return failed("its deletion failed, and some of its resources are left", recreate, production)
	}
	if inProgress(status) {
		return verdict{course: toWait}
	}
	return verdict{toRefuse, "this version of the library does not know that status", "look at the stack in the console"}
}

// failed is the verdict on a stack that is deleted rather than updated.
func failed(reason string, recreate, production bool) verdict {
	switch {
	case production:
		return verdict{toRefuse, reason, "a stack of production is not deleted on the way: delete it by Delete, then plan again"}
	case recreate:
		return verdict{course: toRecreate, reason: reason}
	}
	return verdict{toRefuse, reason, "set RecreateFailed to have it deleted and created again"}
}

// inProgress reports whether something happens to a stack in that status. In
// review, nothing does before somebody executes a change set.
func inProgress(status types.StackStatus) bool {
	return strings.HasSuffix(string(status), "_IN_PROGRESS") && status != types.StackStatusReviewInProgress
}

// find returns the stack of that name or ARN, nil if there is none. By its ARN, a
// deleted stack is still found.
func (m *Manager) find(ctx context.Context, stack string) (*types.Stack, error) {
	out, err := call(ctx, m, m.api.DescribeStacks, &cloudformation.DescribeStacksInput{StackName: &stack})
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("describe stack: %w", err)
	case len(out.Stacks) == 0:
		return nil, nil
	}
	return &out.Stacks[0], nil
}

// settle returns the stack called s.Name and what to do about it, after it has
// waited for whatever somebody else is doing to it.
func (m *Manager) settle(ctx context.Context, s Stack) (*types.Stack, verdict, error) {
	for {
		found, err := m.find(ctx, s.Name)
		if err != nil {
			return nil, verdict{}, err
		}
		status := gone
		if found != nil {
			status = found.StackStatus
		}
		v := decide(status, s.RecreateFailed, s.Production)
		if v.course != toWait {
			return found, v, nil
		}
		if _, err := m.watch(ctx, operation{verb: opPlan, name: s.Name, id: ptr.Value(found.StackId)}); err != nil {
			return nil, verdict{}, fmt.Errorf("wait for the operation of somebody else: %w", err)
		}
	}
}

// refuse is the error of a verdict that ends planning.
func (m *Manager) refuse(ctx context.Context, found *types.Stack, v verdict) error {
	name := ptr.Value(found.StackName)
	if found.StackStatus != types.StackStatusUpdateRollbackFailed {
		return &StateError{Stack: name, Status: string(found.StackStatus), Reason: v.reason, Remedy: v.remedy}
	}
	failed, err := m.stuck(ctx, ptr.Value(found.StackId), name)
	if err != nil {
		return fmt.Errorf("it is %s: %w", found.StackStatus, err)
	}
	return &StuckError{Stack: name, Failed: failed.causes}
}

// resources lists all resources of a stack.
func (m *Manager) resources(ctx context.Context, id string) ([]types.StackResourceSummary, error) {
	var all []types.StackResourceSummary
	for token := (*string)(nil); ; {
		out, err := call(ctx, m, m.api.ListStackResources, &cloudformation.ListStackResourcesInput{StackName: &id, NextToken: token})
		if err != nil {
			return nil, fmt.Errorf("list stack resources: %w", err)
		}
		all = append(all, out.StackResourceSummaries...)
		if token = out.NextToken; ptr.Value(token) == "" {
			return all, nil
		}
	}
}
