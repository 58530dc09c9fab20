package stacktest

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// stack is one stack, present or deleted.
type stack struct {
	id, name  string
	parent    *resource // the resource that a nested stack is
	deployed  deployment
	resources map[string]*resource // by logical id
	leftovers []*resource          // of updates that failed and were left as they were
	outputs   []types.Output
	imports   []string // names of exports that it uses
	events    []types.StackEvent

	status    types.StackStatus
	reason    string
	created   time.Time
	updated   time.Time // zero until the first operation after the creation
	deleted   time.Time
	protected bool
	express   bool   // it was created or updated last in express mode
	preserve  bool   // DisableRollback
	fresh     bool   // RetainExceptOnCreate
	changeSet string // ARN of the change set that was executed last

	changeSets []*changeSet
	tokens     map[string]string              // what was asked for under a ClientRequestToken
	run        *run                           // under way, or stuck in a rollback; nil otherwise
	failed     *run                           // the last one, if it failed and was left as it is
	kinds      map[string]types.OperationType // of operations, by their id
	drift      types.StackDriftStatus
	driftAt    time.Time

	shown  []types.Stack // by read, for Lag
	counts []int         // events at each read, for Lag
}

// deployment is what a stack is made from.
type deployment struct {
	body         string
	template     *template.Template
	parameters   map[string]string
	tags         map[string]string
	capabilities []types.Capability
	role         string
}

func (c *Cloud) newStack(name string, now time.Time) *stack {
	s := &stack{
		id: arn("stack", name, c.uuid()), name: name, created: now,
		resources: make(map[string]*resource), tokens: make(map[string]string), kinds: make(map[string]types.OperationType),
		drift: types.StackDriftStatusNotChecked,
	}
	c.stacks = append(c.stacks, s)
	return s
}

// live returns the stack of that name which is not deleted.
func (c *Cloud) live(name string) *stack {
	for _, s := range c.stacks {
		if s.name == name && s.status != types.StackStatusDeleteComplete {
			return s
		}
	}
	return nil
}

// find returns the stack that a name or an id means; deleted ones have only the id.
func (c *Cloud) find(nameOrID string) *stack {
	if !strings.HasPrefix(nameOrID, "arn:") {
		return c.live(nameOrID)
	}
	for _, s := range c.stacks {
		if s.id == nameOrID {
			return s
		}
	}
	return nil
}

// present returns a stack that is not deleted, or the error that CloudFormation gives.
func (c *Cloud) mustFind(nameOrID *string) (*stack, *Error) {
	s := c.find(ptr.Value(nameOrID))
	if s == nil || s.status == types.StackStatusDeleteComplete {
		return nil, missing(ptr.Value(nameOrID))
	}
	return s, nil
}

func missing(nameOrID string) *Error { return invalid("Stack [%s] does not exist", nameOrID) }

// inProgress reports whether CloudFormation is at work on the stack.
func (s *stack) inProgress() bool {
	return strings.HasSuffix(string(s.status), "_IN_PROGRESS") && s.status != types.StackStatusReviewInProgress
}

// changeable reports whether a change set for an update can be made, or else why not.
func (s *stack) changeable() *Error {
	switch s.status {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete,
		types.StackStatusImportComplete, types.StackStatusImportRollbackComplete,
		types.StackStatusCreateFailed, types.StackStatusUpdateFailed:
		return nil
	}
	return invalid("Stack:%s is in %s state and can not be updated.", s.id, s.status)
}

// incomplete reports whether the last operation failed and was left as it is.
func (s *stack) incomplete() bool {
	return s.status == types.StackStatusCreateFailed || s.status == types.StackStatusUpdateFailed
}

// updatable reports whether an update may begin, or else why not. Sources:
// CloudFormation User Guide, "Choose how to handle failures when provisioning
// resources"; the texts are seen in aws/aws-cli#6368 and in reports about express mode.
func (s *stack) updatable(preserve, express bool) *Error {
	switch fault := s.changeable(); {
	case fault != nil || !s.incomplete():
		return fault
	case s.express && !express:
		return invalid("Follow-up operations must use the same DeploymentConfig (mode=EXPRESS)")
	case !preserve:
		return invalid("This stack is currently in a non-terminal [%s] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the rollback-stack API", s.status)
	}
	return nil
}

// path is where a stack stands: its name, or within its root "root/Nested".
func (s *stack) path() string {
	if s.parent == nil {
		return s.name
	}
	return s.parent.path()
}

func (s *stack) root() *stack {
	for s.parent != nil {
		s = s.parent.stack
	}
	return s
}

// describe is the stack as DescribeStacks shows it.
func (s *stack) describe() types.Stack {
	out := types.Stack{
		StackId: &s.id, StackName: &s.name, StackStatus: s.status, StackStatusReason: some(s.reason),
		CreationTime: &s.created, LastUpdatedTime: some(s.updated), DeletionTime: some(s.deleted), ChangeSetId: some(s.changeSet),
		EnableTerminationProtection: new(s.protected), DisableRollback: new(s.preserve), RetainExceptOnCreate: new(s.fresh), RoleARN: some(s.deployed.role),
		Capabilities: slices.Clone(s.deployed.capabilities), Tags: tagList(s.deployed.tags), Outputs: slices.Clone(s.outputs),
		Parameters:       s.deployed.describeParameters(),
		DriftInformation: &types.StackDriftInformation{StackDriftStatus: s.drift, LastCheckTimestamp: some(s.driftAt)},
	}
	if s.deployed.template != nil {
		out.Description = some(s.deployed.template.Description)
	}
	if s.express {
		out.DeploymentConfig = &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress, DisableRollback: new(s.preserve)}
	}
	if s.parent != nil {
		out.ParentId, out.RootId = &s.parent.stack.id, &s.root().id
	}
	return out
}

// masked is what stands for the value of a NoEcho parameter.
const masked = "****"

func (d deployment) describeParameters() []types.Parameter {
	if d.template == nil {
		return nil
	}
	var out []types.Parameter
	for _, p := range d.template.Parameters {
		value := d.parameters[p.Name]
		if p.NoEcho {
			value = masked
		}
		out = append(out, types.Parameter{ParameterKey: &p.Name, ParameterValue: &value})
	}
	return out
}
