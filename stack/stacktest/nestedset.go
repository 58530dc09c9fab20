package stacktest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// planNested gives the nested stacks among the changes of cs change sets of their
// own; that of a new one has a stack in review. Source: CloudFormation User Guide,
// "Change sets for nested stacks".
func (c *Cloud) planNested(cs *changeSet, changes []types.Change, now time.Time) error {
	cs.children = make(map[string]*changeSet)
	f := &forecast{verdict: make(map[string]verdict)}
	for _, change := range changes {
		f.verdict[*change.ResourceChange.LogicalResourceId] = verdict{changes: true, replacement: change.ResourceChange.Replacement}
	}
	for _, change := range changes {
		r := change.ResourceChange
		if *r.ResourceType != catalog.Nested || r.Action == types.ChangeActionRemove {
			continue
		}
		child, err := c.planChild(cs, *r.LogicalResourceId, f, now)
		if err != nil {
			return err
		}
		if child != nil {
			r.ChangeSetId = &child.id
		}
		if child != nil && child.status == types.ChangeSetStatusFailed {
			return fmt.Errorf("Nested change set %s was not successfully created: Currently in FAILED.", child.id) //nolint:staticcheck,revive // as AWS writes it
		}
	}
	return nil
}

// planChild makes the change set of one nested stack; none where its parameters
// will only be known once others are made.
func (c *Cloud) planChild(cs *changeSet, id string, f *forecast, now time.Time) (*changeSet, error) {
	definition, _ := cs.to.template.Resource(id)
	next, err := c.ahead(cs.stack, cs.to, f).desired(definition)
	if err != nil {
		return nil, err
	}
	to, fault := nestedDeployment(cs.to, next)
	if fault != nil && hasUnknown(next.properties) {
		return nil, nil
	}
	child := &changeSet{
		name: fmt.Sprintf("%.100s-%s", cs.name, id), to: to, parent: cs, nested: cs.nested, config: cs.config, created: cs.created, unchecked: cs.unchecked, operation: c.uuid(),
		status: types.ChangeSetStatusCreateComplete, execution: types.ExecutionStatusAvailable, stack: c.childStack(cs, definition.Name),
	}
	child.id = arn("changeSet", child.name, c.uuid())
	cs.children[id] = child
	child.stack.changeSets = append(child.stack.changeSets, child)
	if fault != nil {
		err = fault
	} else {
		child.changes, err = c.planned(child, now)
	}
	if err != nil {
		child.status, child.execution, child.reason = types.ChangeSetStatusFailed, types.ExecutionStatusUnavailable, cause(err)
	}
	return child, nil
}

// childStack is the nested stack that there is, or one in review.
func (c *Cloud) childStack(cs *changeSet, id string) *stack {
	if r := cs.stack.resources[id]; r != nil && r.child != nil {
		return r.child
	}
	definition, _ := cs.to.template.Resource(id)
	r := newResource(cs.stack, definition)
	r.serial = c.next()
	s := c.newStack(r.kind.GeneratedName(r.instance()), cs.created)
	s.parent = r
	c.enter(s, types.StackStatusReviewInProgress, userInitiated, cs.created)
	return s
}

func hasUnknown(v any) bool {
	switch v := v.(type) {
	case string:
		return v == unknown
	case []any:
		return slices.ContainsFunc(v, hasUnknown)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasUnknown)
	}
	return false
}

// inner is the change set of a nested stack of u; nil if there is none.
func (u *run) inner(id string) *changeSet {
	if u.set == nil {
		return nil
	}
	return u.set.children[id]
}

// execute makes u the execution of cs, if there is one.
func (u *run) execute(cs *changeSet) {
	if cs != nil {
		u.set, u.stack.changeSet, cs.execution = cs, cs.id, types.ExecutionStatusExecuteInProgress
	}
}

// discard takes away the change sets within cs that are not executed, and the
// stacks in review that were made for them.
func (c *Cloud) discard(cs *changeSet, now time.Time) {
	for _, id := range slices.Sorted(maps.Keys(cs.children)) {
		child := cs.children[id]
		if child.execution == types.ExecutionStatusAvailable || child.execution == types.ExecutionStatusUnavailable {
			child.gone = true
		}
		if child.stack.status == types.StackStatusReviewInProgress {
			child.stack.deleted = now
			c.enter(child.stack, types.StackStatusDeleteComplete, "", now)
		}
		c.discard(child, now)
	}
}

func (cs *changeSet) parentID() *string {
	if cs.parent == nil {
		return nil
	}
	return &cs.parent.id
}

func (cs *changeSet) rootID() *string {
	if cs.parent == nil {
		return nil
	}
	root := cs.parent
	for root.parent != nil {
		root = root.parent
	}
	return &root.id
}

// ofNested refuses what only a root change set can do.
func (cs *changeSet) ofNested() *Error {
	return invalid("ChangeSet [%s] belongs to a nested stack: it can only be executed or deleted with its root change set [%s]", cs.id, *cs.rootID())
}
