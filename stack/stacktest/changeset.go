package stacktest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// changeSet is one change set, present or gone.
type changeSet struct {
	id, name    string
	stack       *stack
	to          deployment
	description *string
	nested      *bool
	config      *types.DeploymentConfig
	created     time.Time
	token, what string
	gone        bool
	unchecked   bool // DisableValidation
	operation   string
	events      []types.OperationEvent // of making it, oldest first
	parent      *changeSet             // of a nested stack's
	children    map[string]*changeSet  // those of nested stacks, by their logical id

	status    types.ChangeSetStatus
	execution types.ExecutionStatus
	reason    string
	changes   []types.Change
}

// How long a change set is in its first two statuses.
const (
	setPending = time.Second
	setPlanned = 3 * time.Second
)

// setName is what a change set may be called. Source: CloudFormation API reference, CreateChangeSet.
var setName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

func (c *Cloud) createChangeSet(in *cloudformation.CreateChangeSetInput, now time.Time) (*cloudformation.CreateChangeSetOutput, *Error) {
	asked := request{
		name: in.StackName, body: in.TemplateBody, url: in.TemplateURL, previous: in.UsePreviousTemplate, parameters: in.Parameters,
		tags: in.Tags, capabilities: in.Capabilities, role: in.RoleARN,
	}
	name := ptr.Value(in.ChangeSetName)
	s := c.find(ptr.Value(in.StackName))
	if fault := checkSet(in, asked, s); fault != nil {
		return nil, fault
	}
	what := fingerprint("CreateChangeSet", in)
	if old := s.changeSetNamed(name); old != nil {
		if in.ClientToken != nil && old.token == *in.ClientToken && old.what == what {
			return &cloudformation.CreateChangeSetOutput{Id: &old.id, StackId: &s.id}, nil
		}
		return nil, &Error{Code: "AlreadyExistsException", Message: fmt.Sprintf("ChangeSet %s cannot be created due to a mismatch with existing attribute", name)}
	}
	d, fault := c.deployment(asked, s)
	if fault != nil {
		return nil, fault
	}
	if s == nil {
		s = c.newStack(*in.StackName, now)
		c.enter(s, types.StackStatusReviewInProgress, userInitiated, now)
	}
	cs := &changeSet{
		id: arn("changeSet", name, c.uuid()), name: name, stack: s, to: d, description: in.Description, nested: in.IncludeNestedStacks,
		config: in.DeploymentConfig, created: now, token: ptr.Value(in.ClientToken), what: what, unchecked: ptr.Value(in.DisableValidation), operation: c.uuid(),
		status: types.ChangeSetStatusCreatePending, execution: types.ExecutionStatusUnavailable,
	}
	s.changeSets = append(s.changeSets, cs)
	c.reached(cs, types.BeaconStackOperationStatusInProgress, now)
	c.agenda.Plan(now.Add(c.quickened(setPending)), func(time.Time) { cs.status = types.ChangeSetStatusCreateInProgress })
	c.agenda.Plan(now.Add(c.quickened(setPlanned)), func(now time.Time) { c.plan(cs, now) })
	return &cloudformation.CreateChangeSetOutput{Id: &cs.id, StackId: &s.id}, nil
}

// checkSet refuses a change set as CloudFormation does; s is its stack, or nil.
func checkSet(in *cloudformation.CreateChangeSetInput, asked request, s *stack) *Error {
	if !strings.HasPrefix(ptr.Value(in.StackName), "arn:") {
		if fault := asked.checkName(); fault != nil {
			return fault
		}
	}
	if name := ptr.Value(in.ChangeSetName); !setName.MatchString(name) {
		return invalid("1 validation error detected: Value '%s' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", name)
	}
	gone := s == nil || s.status == types.StackStatusDeleteComplete
	switch in.ChangeSetType {
	case types.ChangeSetTypeCreate:
		if !gone && s.status != types.StackStatusReviewInProgress {
			return invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", s.name, *in.ChangeSetName)
		}
		return nil
	case types.ChangeSetTypeUpdate, "":
		if gone {
			return missing(*in.StackName)
		}
		return s.changeable()
	}
	return invalid("ChangeSetType %s is not modelled by stacktest", in.ChangeSetType)
}

// plan finds out what cs would do, and whether it can.
func (c *Cloud) plan(cs *changeSet, now time.Time) {
	if cs.gone || cs.status == types.ChangeSetStatusFailed {
		return
	}
	changes, err := c.planned(cs, now)
	if err != nil {
		cs.status, cs.reason = types.ChangeSetStatusFailed, cause(err)
		c.reached(cs, types.BeaconStackOperationStatusFailed, now)
		return
	}
	cs.status, cs.changes = types.ChangeSetStatusCreateComplete, changes
	if cs.execution == types.ExecutionStatusUnavailable {
		cs.execution = types.ExecutionStatusAvailable
	}
	c.reached(cs, types.BeaconStackOperationStatusSucceeded, now)
}

// planned are the changes of cs, those of nested stacks in change sets of their own.
func (c *Cloud) planned(cs *changeSet, now time.Time) ([]types.Change, error) {
	f, err := c.foresee(cs.stack, cs.to)
	if err != nil {
		return nil, err
	}
	if cs.parent == nil && f.idle(cs.stack) {
		return nil, fmt.Errorf("%s", c.opts.NoChanges)
	}
	if err := c.validate(cs, f, now); err != nil {
		return nil, err
	}
	if ptr.Value(cs.nested) {
		err = c.planNested(cs, f.changes, now)
	}
	return f.changes, err
}

// changeSetNamed returns the change set of s with that name; nil if there is none.
func (s *stack) changeSetNamed(name string) *changeSet {
	if s == nil || s.status == types.StackStatusDeleteComplete {
		return nil
	}
	for _, cs := range s.changeSets {
		if cs.name == name && !cs.gone && cs.execution != types.ExecutionStatusExecuteComplete {
			return cs
		}
	}
	return nil
}

func (c *Cloud) findChangeSet(stackName, nameOrID *string) (*changeSet, *Error) {
	name := ptr.Value(nameOrID)
	if strings.HasPrefix(name, "arn:") {
		for _, s := range c.stacks {
			for _, cs := range s.changeSets {
				if cs.id == name && !cs.gone {
					return cs, nil
				}
			}
		}
		return nil, &Error{Status: 404, Code: "ChangeSetNotFound", Message: fmt.Sprintf("ChangeSet [%s] does not exist", name)}
	}
	s, fault := c.mustFind(stackName)
	if fault != nil {
		return nil, fault
	}
	if cs := s.changeSetNamed(name); cs != nil {
		return cs, nil
	}
	return nil, &Error{Status: 404, Code: "ChangeSetNotFound", Message: fmt.Sprintf("ChangeSet [%s] does not exist", name)}
}

func (c *Cloud) describeChangeSet(in *cloudformation.DescribeChangeSetInput, _ time.Time) (*cloudformation.DescribeChangeSetOutput, *Error) {
	cs, fault := c.findChangeSet(in.StackName, in.ChangeSetName)
	if fault != nil {
		return nil, fault
	}
	part, next, fault := page(cs.changes, in.NextToken, c.opts.PageSize)
	if fault != nil {
		return nil, fault
	}
	if !ptr.Value(in.IncludePropertyValues) {
		part = withoutValues(part)
	}
	return &cloudformation.DescribeChangeSetOutput{
		ChangeSetId: &cs.id, ChangeSetName: &cs.name, StackId: &cs.stack.id, StackName: &cs.stack.name, Description: cs.description,
		CreationTime: &cs.created, Status: cs.status, StatusReason: some(cs.reason), ExecutionStatus: cs.execution,
		Capabilities: cs.to.capabilities, Tags: tagList(cs.to.tags), Parameters: cs.to.describeParameters(), Changes: part, NextToken: next,
		IncludeNestedStacks: new(ptr.Value(cs.nested)), DeploymentConfig: cs.config, ParentChangeSetId: cs.parentID(), RootChangeSetId: cs.rootID(),
	}, nil
}

// withoutValues is what DescribeChangeSet shows unless values are asked for.
func withoutValues(changes []types.Change) []types.Change {
	out := slices.Clone(changes)
	for i := range out {
		change := *out[i].ResourceChange
		change.BeforeContext, change.AfterContext = nil, nil
		change.Details = slices.Clone(change.Details)
		for j := range change.Details {
			target := *change.Details[j].Target
			target.BeforeValue, target.AfterValue, target.Path, target.AttributeChangeType = nil, nil, nil, ""
			change.Details[j].Target = &target
		}
		out[i].ResourceChange = &change
	}
	return out
}

func (c *Cloud) listChangeSets(in *cloudformation.ListChangeSetsInput, _ time.Time) (*cloudformation.ListChangeSetsOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	all := []types.ChangeSetSummary{}
	for _, cs := range s.changeSets {
		if cs.gone || cs.execution == types.ExecutionStatusExecuteComplete {
			continue
		}
		all = append(all, types.ChangeSetSummary{
			ChangeSetId: &cs.id, ChangeSetName: &cs.name, StackId: &s.id, StackName: &s.name, CreationTime: &cs.created, Description: cs.description,
			Status: cs.status, StatusReason: some(cs.reason), ExecutionStatus: cs.execution, IncludeNestedStacks: new(ptr.Value(cs.nested)),
			ParentChangeSetId: cs.parentID(), RootChangeSetId: cs.rootID(),
		})
	}
	part, next, fault := page(all, in.NextToken, c.opts.PageSize)
	return &cloudformation.ListChangeSetsOutput{Summaries: part, NextToken: next}, fault
}

func (c *Cloud) deleteChangeSet(in *cloudformation.DeleteChangeSetInput, now time.Time) (*cloudformation.DeleteChangeSetOutput, *Error) {
	out := &cloudformation.DeleteChangeSetOutput{}
	cs, fault := c.findChangeSet(in.StackName, in.ChangeSetName)
	switch {
	case fault != nil && fault.Code == "ChangeSetNotFound":
		return out, nil
	case fault != nil:
		return nil, fault
	case cs.execution == types.ExecutionStatusExecuteInProgress || cs.status == types.ChangeSetStatusCreateInProgress:
		return nil, &Error{Code: "InvalidChangeSetStatus", Message: fmt.Sprintf("ChangeSet [%s] cannot be deleted in its current status", cs.id)}
	}
	if cs.parent != nil {
		return nil, cs.ofNested()
	}
	cs.gone = true
	c.discard(cs, now)
	return out, nil
}

func (c *Cloud) executeChangeSet(in *cloudformation.ExecuteChangeSetInput, now time.Time) (*cloudformation.ExecuteChangeSetOutput, *Error) {
	out := &cloudformation.ExecuteChangeSetOutput{}
	what := fingerprint("ExecuteChangeSet", in)
	if s := c.find(ptr.Value(in.StackName)); s != nil {
		if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
			return out, fault
		}
	}
	cs, fault := c.findChangeSet(in.StackName, in.ChangeSetName)
	if fault != nil {
		return nil, fault
	}
	if cs.parent != nil {
		return nil, cs.ofNested()
	}
	if in.DisableRollback != nil && cs.config != nil && *in.DisableRollback != preserves(cs.config, nil) {
		return nil, oneRollback(cs.config, true)
	}
	s := cs.stack
	if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
		return out, fault
	}
	if fault := cs.executable(); fault != nil {
		return nil, fault
	}
	creation, kind := s.status == types.StackStatusReviewInProgress, types.OperationTypeCreateStack
	if !creation {
		kind = types.OperationTypeUpdateStack
		if fault := s.updatable(preserves(cs.config, in.DisableRollback), express(cs.config)); fault != nil {
			return nil, fault
		}
	}
	s.remember(in.ClientRequestToken, what)
	s.obsolete(cs)
	u := c.newRun(s, kind, ptr.Value(in.ClientRequestToken))
	u.to, u.set, u.fresh = cs.to, cs, ptr.Value(in.RetainExceptOnCreate)
	u.deploy(cs.config, in.DisableRollback)
	s.changeSet, cs.execution = cs.id, types.ExecutionStatusExecuteInProgress
	if creation {
		c.create(u, userInitiated, now)
	} else {
		c.update(u, now)
	}
	return out, nil
}

// executable refuses to execute a change set that is not ready for it.
func (cs *changeSet) executable() *Error {
	switch {
	case cs.status != types.ChangeSetStatusCreateComplete:
		return &Error{Code: "InvalidChangeSetStatus", Message: fmt.Sprintf("ChangeSet [%s] cannot be executed in its current status of [%s]", cs.id, cs.status)}
	case cs.execution != types.ExecutionStatusAvailable:
		return &Error{Code: "InvalidChangeSetStatus", Message: fmt.Sprintf("ChangeSet [%s] cannot be executed in its current execution status of [%s]", cs.id, cs.execution)}
	}
	return nil
}

// obsolete makes the change sets of s useless, but for one.
func (s *stack) obsolete(except *changeSet) {
	for _, cs := range s.changeSets {
		if cs != except && !cs.gone && cs.execution != types.ExecutionStatusExecuteComplete && cs.execution != types.ExecutionStatusExecuteFailed {
			cs.execution = types.ExecutionStatusObsolete
		}
	}
}

// executed ends the execution of cs; after a successful one, the other change
// sets of its stack are deleted. Source: CloudFormation API reference, ExecuteChangeSet.
func (cs *changeSet) executed(status types.StackStatus) {
	if status != types.StackStatusCreateComplete && status != types.StackStatusUpdateComplete {
		cs.execution = types.ExecutionStatusExecuteFailed
		return
	}
	cs.execution = types.ExecutionStatusExecuteComplete
	for _, other := range cs.stack.changeSets {
		if other != cs {
			other.gone = true
		}
	}
}
