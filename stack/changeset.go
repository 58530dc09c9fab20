package stack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// request is a stack whose input has been checked, and what is there now.
type request struct {
	Stack
	template *template.Template
	stackID  string             // ARN; empty where there is none
	found    *types.Stack       // nil where there is none, or only one in review
	before   *template.Template // of found; nil as well where it cannot be read
}

// changeSet is a change set with all pages of its changes.
type changeSet struct {
	ID, StackID string
	Status      types.ChangeSetStatus
	Execution   types.ExecutionStatus
	Reason      string
	Parameters  []types.Parameter
	Changes     []located
	made        bool // by this very run
}

// noChanges reports whether a change set failed because it would do nothing.
func (c changeSet) noChanges() bool {
	return c.Status == types.ChangeSetStatusFailed &&
		(strings.Contains(c.Reason, "didn't contain changes") || strings.Contains(c.Reason, "No updates are to be performed"))
}

// errMoved is that the stack is no longer as it was found, so that what to do
// about it must be decided anew.
var errMoved = errors.New("the stack is being changed by somebody else")

// propose makes the change set of r, and waits until it is ready or has failed. One
// that an earlier run has made of the same input, for the same state of the stack,
// is taken up; one that cannot be used any more gives way.
func (m *Manager) propose(ctx context.Context, r request) (changeSet, error) {
	in, err := m.input(ctx, r)
	if err != nil {
		return changeSet{}, err
	}
	if r.volatile() && r.stackID != "" {
		m.sweep(ctx, r.stackID)
	}
	for {
		id, err := m.createChangeSet(ctx, in)
		taken := isA[*types.AlreadyExistsException](err)
		switch {
		case taken:
			id = ptr.Value(in.ChangeSetName)
		case err != nil:
			refusal := r.secrets().redactError(err)
			if moved(err) {
				return changeSet{}, fmt.Errorf("%w: create change set: %w", errMoved, refusal)
			}
			return changeSet{}, fmt.Errorf("create change set: %w", refusal)
		}
		set, err := m.ready(ctx, id, r.Name, "")
		switch {
		case isA[*types.ChangeSetNotFoundException](err): // deleted meanwhile
		case err != nil:
			return changeSet{}, err
		case !taken:
			set.made = true
			return set, nil
		case set.Execution == types.ExecutionStatusAvailable, set.noChanges():
			return set, nil // the name tells all that went in: volatile ones are not taken
		case strings.HasPrefix(string(set.Execution), "EXECUTE_"):
			return changeSet{}, errMoved
		default:
			if err := m.deleteChangeSet(ctx, set.ID); err != nil {
				return changeSet{}, err
			}
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return changeSet{}, err
		}
	}
}

// moved reports whether CreateChangeSet was refused because of the status of the
// stack: CloudFormation has no code of its own for that.
func moved(err error) bool {
	code, text := refused(err)
	return code == "ValidationError" && (missing(err) || strings.Contains(text, "state and can not be updated") || strings.Contains(text, "cannot be created again"))
}

// createChangeSet has a token for each attempt, which the attempts of the SDK
// and of the pacer share: a lost answer makes no second change set.
func (m *Manager) createChangeSet(ctx context.Context, in cloudformation.CreateChangeSetInput) (id string, err error) {
	in.ClientToken = new(rand.Text())
	out, err := call(ctx, m, m.api.CreateChangeSet, &in)
	if err != nil {
		return "", err
	}
	return ptr.Value(out.Id), nil
}

// input is what CreateChangeSet is asked; it uploads a large template.
func (m *Manager) input(ctx context.Context, r request) (cloudformation.CreateChangeSetInput, error) {
	in := cloudformation.CreateChangeSetInput{
		StackName:     &r.Name,
		ChangeSetName: new(r.changeSetName()),
		ChangeSetType: types.ChangeSetTypeUpdate,
		Description:   new(madeHere),
		Parameters:    parametersOf(r.Stack),
	}
	if r.found == nil {
		in.ChangeSetType = types.ChangeSetTypeCreate
	}
	if r.Tags != nil {
		in.Tags = make([]types.Tag, 0, len(r.Tags))
		for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
			in.Tags = append(in.Tags, types.Tag{Key: &key, Value: new(r.Tags[key])})
		}
	}
	for _, c := range r.template.Capabilities() {
		in.Capabilities = append(in.Capabilities, types.Capability(c))
	}
	if r.Role != "" {
		in.RoleARN = &r.Role
	}
	if r.nested() {
		in.IncludeNestedStacks = new(true)
	}
	if r.Express {
		// Without the false, express mode leaves a failed stack as it is.
		// Source: CloudFormation User Guide, "Express mode".
		in.DeploymentConfig = &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress, DisableRollback: new(false)}
	}
	if len(r.Body) <= maxBody {
		in.TemplateBody = new(string(r.Body))
		return in, nil
	}
	url, err := m.opts.Templates.Upload(ctx, r.Body)
	if err != nil {
		return in, fmt.Errorf("upload template: %w", err)
	}
	in.TemplateURL = &url
	return in, nil
}

func parametersOf(s Stack) []types.Parameter {
	var list []types.Parameter
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		list = append(list, types.Parameter{ParameterKey: &name, ParameterValue: new(s.Parameters[name])})
	}
	for _, name := range slices.Sorted(slices.Values(s.Previous)) {
		list = append(list, types.Parameter{ParameterKey: &name, UsePreviousValue: new(true)})
	}
	return list
}

func (r request) nested() bool {
	return slices.ContainsFunc(r.template.Resources, func(res template.Resource) bool { return res.Type == stackType })
}

// maxNesting bounds how deep nested stacks are looked into.
const maxNesting = 10

// ready waits until a change set has been made, and reads it with those of nested
// stacks. Set is its ARN, or its name beside that of the stack; within is empty, or
// the path of the nested stack with a slash behind.
func (m *Manager) ready(ctx context.Context, set, stack, within string) (changeSet, error) {
	for pause := m.opts.PollInterval; ; pause = min(2*pause, m.opts.MaxPollInterval) {
		page, err := m.describeChangeSet(ctx, set, stack, nil)
		if err != nil {
			return changeSet{}, err
		}
		switch page.Status {
		case types.ChangeSetStatusCreatePending, types.ChangeSetStatusCreateInProgress,
			types.ChangeSetStatusDeletePending, types.ChangeSetStatusDeleteInProgress:
		default:
			return m.read(ctx, page, within)
		}
		if err := wait.For(ctx, pause); err != nil {
			return changeSet{}, err
		}
	}
}

// read collects all pages of a change set, given the first.
func (m *Manager) read(ctx context.Context, page *cloudformation.DescribeChangeSetOutput, within string) (changeSet, error) {
	set := changeSet{
		ID: ptr.Value(page.ChangeSetId), StackID: ptr.Value(page.StackId),
		Status: page.Status, Execution: page.ExecutionStatus, Reason: ptr.Value(page.StatusReason),
		Parameters: page.Parameters,
	}
	for {
		for _, c := range page.Changes {
			if c.ResourceChange == nil {
				continue
			}
			set.Changes = append(set.Changes, located{within: within, ResourceChange: *c.ResourceChange})
			inner := ptr.Value(c.ResourceChange.ChangeSetId)
			if inner == "" || strings.Count(within, "/") >= maxNesting {
				continue
			}
			nested, err := m.ready(ctx, inner, "", within+ptr.Value(c.ResourceChange.LogicalResourceId)+"/")
			if err != nil {
				return changeSet{}, err
			}
			set.Changes = append(set.Changes, nested.Changes...)
		}
		if ptr.Value(page.NextToken) == "" {
			return set, nil
		}
		next, err := m.describeChangeSet(ctx, set.ID, "", page.NextToken)
		if err != nil {
			return changeSet{}, err
		}
		page = next
	}
}

func (m *Manager) describeChangeSet(ctx context.Context, set, stack string, page *string) (out *cloudformation.DescribeChangeSetOutput, err error) {
	in := &cloudformation.DescribeChangeSetInput{ChangeSetName: &set, IncludePropertyValues: new(true), NextToken: page}
	if !strings.HasPrefix(set, "arn:") {
		in.StackName = &stack
	}
	if out, err = call(ctx, m, m.api.DescribeChangeSet, in); err != nil {
		return nil, fmt.Errorf("describe change set: %w", err)
	}
	return out, nil
}

// token is a ClientRequestToken that is the same for the same parts.
func token(verb string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "delivery-" + verb + "-" + hex.EncodeToString(sum[:16])
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
