package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// planRecreation says what deleting and creating again does. CloudFormation takes no
// change set for such a stack, so this is read off its resources and the template.
func (m *Manager) planRecreation(ctx context.Context, r request) (Plan, error) {
	if err := checkPrevious(r.Stack, nil); err != nil {
		return Plan{}, err
	}
	left, err := m.resources(ctx, ptr.Value(r.found.StackId))
	if err != nil {
		return Plan{}, err
	}
	before, err := m.templateOf(ctx, ptr.Value(r.found.StackId))
	if err != nil {
		return Plan{}, err
	}
	r.before = before
	return recreation(r, left), nil
}

// recreation is the plan to delete a stack with what is left of it, and to create
// it. It is never one of production.
func recreation(r request, left []types.StackResourceSummary) Plan {
	p := r.plan()
	p.Action = Recreate
	var all []located
	for _, res := range left {
		switch res.ResourceStatus {
		case types.ResourceStatusDeleteComplete, types.ResourceStatusDeleteSkipped:
			continue
		}
		if ptr.Value(res.PhysicalResourceId) == "" {
			continue // nothing was made of it
		}
		all = append(all, located{ResourceChange: types.ResourceChange{
			Action: types.ChangeActionRemove, PolicyAction: r.policyOf(ptr.Value(res.LogicalResourceId)),
			LogicalResourceId: res.LogicalResourceId, PhysicalResourceId: res.PhysicalResourceId, ResourceType: res.ResourceType,
		}})
	}
	for _, res := range r.template.Resources {
		if r.exists(res) {
			all = append(all, located{ResourceChange: types.ResourceChange{
				Action: types.ChangeActionAdd, LogicalResourceId: &res.Name, ResourceType: &res.Type,
			}})
		}
	}
	p.Changes = resourceChanges(all, p.stateful(), secrets{})
	r.found = nil
	p.Parameters = r.parameterChanges(changeSet{Parameters: parametersOf(r.Stack)}, r.secrets())
	p.Tags = r.tagChanges()
	p.judge()
	return p
}

// policyOf is what becomes of a resource when the old stack is deleted.
func (r request) policyOf(logicalID string) types.PolicyAction {
	if r.before == nil {
		return types.PolicyActionDelete
	}
	res, _ := r.before.Resource(logicalID)
	switch deletionPolicy(res) {
	case "Retain", "RetainExceptOnCreate":
		return types.PolicyActionRetain
	case "Snapshot":
		return types.PolicyActionSnapshot
	}
	return types.PolicyActionDelete
}

// exists reports whether the condition of a resource holds. Where that cannot be
// told without AWS, it is taken to.
func (r request) exists(res template.Resource) bool {
	if res.Condition == "" {
		return true
	}
	values := make(map[string]string, len(r.template.Parameters))
	for _, p := range r.template.Parameters {
		values[p.Name] = ptr.Value(p.Default)
		if given, ok := r.Parameters[p.Name]; ok {
			values[p.Name] = given
		}
	}
	holds, err := r.template.Condition(res.Condition, template.Scope{Parameters: values, Pseudo: pseudo(ptr.Value(r.found.StackId), r.Name)})
	return err != nil || holds
}

// pseudo reads the pseudo parameters off the ARN of a stack:
// arn:aws:cloudformation:us-east-1:123456789012:stack/name/id.
func pseudo(arn, name string) map[string]string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return map[string]string{"AWS::StackName": name}
	}
	return map[string]string{
		"AWS::Partition": parts[1], "AWS::Region": parts[3], "AWS::AccountId": parts[4], "AWS::StackName": name,
	}
}

// recreate deletes the stack that p was made for, makes the change set of the new
// one, and returns the plan to execute it. An earlier run may have done a part.
func (m *Manager) recreate(ctx context.Context, p Plan) (Plan, error) {
	if p.template == nil {
		return p, fmt.Errorf("%w: to create a stack again takes its template, which a plan from elsewhere does not hold: plan and apply in one process", ErrNotPlanned)
	}
	current, err := m.find(ctx, p.Stack)
	if err != nil {
		return p, err
	}
	switch {
	case current == nil, current.StackStatus == types.StackStatusReviewInProgress:
	case ptr.Value(current.StackId) != p.ID:
		return p, fmt.Errorf("%w: another stack of that name has been created", ErrStale)
	default:
		if err := m.clear(ctx, p, current); err != nil {
			return p, err
		}
	}
	r := request{Stack: p.stack, template: p.template}
	set, err := m.propose(ctx, r)
	switch {
	case errors.Is(err, errMoved):
		return p, fmt.Errorf("%w: %w", ErrStale, err)
	case err != nil:
		return p, err
	case set.Status != types.ChangeSetStatusCreateComplete:
		return p, m.unusable(ctx, r, set, true)
	}
	p.ID, p.ChangeSet = set.StackID, set.ID
	return p, nil
}

// clear deletes a stack that still is in the state that was planned for.
func (m *Manager) clear(ctx context.Context, p Plan, current *types.Stack) error {
	status := current.StackStatus
	if status != types.StackStatusDeleteInProgress && decide(status, true, false).course != toRecreate {
		return fmt.Errorf("%w: it is %s now", ErrStale, status)
	}
	after, err := m.lastEvent(ctx, p.ID)
	if err != nil {
		return err
	}
	m.emit(opApply, p.Stack, progress.Running, "deleting the stack, which is "+string(status), nil)
	return m.deleteStack(ctx, p.ID, p.Stack, token("delete", p.ID, after))
}
