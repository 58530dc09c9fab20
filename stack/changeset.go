package stack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

// request is a stack whose input has been checked, and what is there now.
type request struct {
	Stack
	template *template.Template
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
	for {
		id, err := m.createChangeSet(ctx, in)
		taken := isA[*types.AlreadyExistsException](err)
		switch {
		case taken:
			id = value(in.ChangeSetName)
		case moved(err):
			return changeSet{}, errMoved
		case err != nil:
			return changeSet{}, fmt.Errorf("create change set: %w", r.secrets().redactError(err))
		}
		set, err := m.ready(ctx, id, r.Name, "")
		switch {
		case isA[*types.ChangeSetNotFoundException](err): // deleted meanwhile
		case err != nil:
			return changeSet{}, err
		case !taken:
			set.made = true
			return set, nil
		case set.Execution == types.ExecutionStatusAvailable && !r.volatile(), set.noChanges():
			return set, nil
		case strings.HasPrefix(string(set.Execution), "EXECUTE_"):
			return changeSet{}, errMoved
		default:
			if err := m.deleteChangeSet(ctx, set.ID); err != nil {
				return changeSet{}, err
			}
		}
		if err := sleep(ctx, m.opts.PollInterval); err != nil {
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
	err = m.pace.do(ctx, func(ctx context.Context) error {
		out, err := m.api.CreateChangeSet(ctx, &in)
		if err == nil {
			id = value(out.Id)
		}
		return err
	})
	return id, err
}

// input is what CreateChangeSet is asked; it uploads a large template.
func (m *Manager) input(ctx context.Context, r request) (cloudformation.CreateChangeSetInput, error) {
	in := cloudformation.CreateChangeSetInput{
		StackName:     &r.Name,
		ChangeSetName: new(r.changeSetName()),
		ChangeSetType: types.ChangeSetTypeUpdate,
		Description:   new("made by github.com/mettel-automation/delivery/stack"),
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
		in.DeploymentConfig = &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress}
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

// changeSetName is the same for the same input and the same state of the stack, so
// that planning again finds what an earlier plan has made. No secret goes into
// it: a short one could be found from it by trying.
func (r request) changeSetName() string {
	open := maps.Clone(r.Parameters)
	for _, p := range r.template.Parameters {
		if p.NoEcho {
			delete(open, p.Name)
		}
	}
	state := "create"
	if r.found != nil {
		state = fmt.Sprint(value(r.found.StackId), value(r.found.LastUpdatedTime).UTC())
	}
	text, err := json.Marshal([]any{r.Body, open, slices.Sorted(slices.Values(r.Previous)), r.Tags, r.Role, r.Express, state})
	if err != nil { // texts and truth values always can be written
		text = r.Body
	}
	sum := sha256.Sum256(text)
	return "delivery-" + hex.EncodeToString(sum[:16])
}

// volatile reports whether the same input may make another change set tomorrow:
// CloudFormation reads some of it elsewhere, or the name does not tell all of it.
func (r request) volatile() bool {
	return r.nested() || len(r.template.Transforms) > 0 || bytes.Contains(r.Body, []byte("{{resolve:")) ||
		slices.ContainsFunc(r.template.Parameters, func(p template.Parameter) bool {
			_, given := r.Parameters[p.Name]
			return strings.HasPrefix(p.Type, "AWS::SSM::") || p.NoEcho && given
		})
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
		if err := sleep(ctx, pause); err != nil {
			return changeSet{}, err
		}
	}
}

// read collects all pages of a change set, given the first.
func (m *Manager) read(ctx context.Context, page *cloudformation.DescribeChangeSetOutput, within string) (changeSet, error) {
	set := changeSet{
		ID: value(page.ChangeSetId), StackID: value(page.StackId),
		Status: page.Status, Execution: page.ExecutionStatus, Reason: value(page.StatusReason),
		Parameters: page.Parameters,
	}
	for {
		for _, c := range page.Changes {
			if c.ResourceChange == nil {
				continue
			}
			set.Changes = append(set.Changes, located{within: within, ResourceChange: *c.ResourceChange})
			inner := value(c.ResourceChange.ChangeSetId)
			if inner == "" || strings.Count(within, "/") >= maxNesting {
				continue
			}
			nested, err := m.ready(ctx, inner, "", within+value(c.ResourceChange.LogicalResourceId)+"/")
			if err != nil {
				return changeSet{}, err
			}
			set.Changes = append(set.Changes, nested.Changes...)
		}
		if value(page.NextToken) == "" {
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
	err = m.pace.do(ctx, func(ctx context.Context) (err error) {
		out, err = m.api.DescribeChangeSet(ctx, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("describe change set: %w", err)
	}
	return out, nil
}

// why is the reason for which a change set failed. That of a nested stack says only
// which of its change sets did.
func (m *Manager) why(ctx context.Context, set changeSet) (string, error) {
	inner := regexp.MustCompile(`arn:[^\s]+:changeSet/[^\s]+`)
	reason := set.Reason
	for range maxNesting {
		id := inner.FindString(reason)
		if !strings.HasPrefix(reason, "Nested change set") || id == "" {
			break
		}
		page, err := m.describeChangeSet(ctx, id, "", nil)
		if err != nil {
			return "", err
		}
		if value(page.StatusReason) == "" {
			break
		}
		reason = value(page.StatusReason)
	}
	return cmp.Or(reason, "CloudFormation gives no reason"), nil
}

// deleteChangeSet deletes a change set, which may be gone already.
func (m *Manager) deleteChangeSet(ctx context.Context, id string) error {
	err := m.pace.do(ctx, func(ctx context.Context) error {
		_, err := m.api.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: &id})
		return err
	})
	if err == nil || isA[*types.ChangeSetNotFoundException](err) || missing(err) {
		return nil
	}
	return fmt.Errorf("delete change set: %w", err)
}

// abandon deletes a change set and, where planning made that, the stack in review
// that was made for it. A stack that has other change sets stays.
func (m *Manager) abandon(ctx context.Context, name, stackID, set string) error {
	if err := m.deleteChangeSet(ctx, set); err != nil {
		return err
	}
	found, err := m.find(ctx, stackID)
	if err != nil || found == nil || found.StackStatus != types.StackStatusReviewInProgress {
		return err
	}
	var out *cloudformation.ListChangeSetsOutput
	err = m.pace.do(ctx, func(ctx context.Context) (err error) {
		out, err = m.api.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: &stackID})
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("list change sets: %w", err)
	case slices.ContainsFunc(out.Summaries, func(s types.ChangeSetSummary) bool { return value(s.ChangeSetId) != set }):
		return nil
	}
	return m.deleteStack(ctx, stackID, name, token("discard", stackID))
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
