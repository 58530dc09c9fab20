package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// Action says what applying does to a stack.
type Action string

// The actions of a plan.
const (
	Create   Action = "create"   // there is no such stack
	Update   Action = "update"   // it differs
	Recreate Action = "recreate" // it is deleted, since its creation or deletion had failed, and created again
	Keep     Action = "keep"     // it is as desired
)

// Plan is what Apply would do. It can be kept as JSON, and applied by another
// process with the change set that waits in AWS; but for one that recreates, which
// has no change set yet, and is applied by the process that made it.
//
// Whoever can write the JSON decides which change set of the stack is executed,
// whether the stack gets its protection, and what is consented to: keep it as one keeps
// the template. Apply believes neither Changes nor Refused, but reads the change set
// again and judges that, and refuses one that is of another stack.
//
// It holds no secret: the value of a parameter with NoEcho is "****" wherever it
// would stand. What AWS says while a plan from JSON is applied is passed on as it is,
// since the secrets are not known then.
type Plan struct {
	Stack  string `json:"stack"`
	ID     string `json:"id,omitempty"`     // ARN of the stack, which planning a creation has put in review
	Status string `json:"status,omitempty"` // of the stack before; empty where there was none
	Action Action `json:"action"`
	// Changes are what happens to resources, sorted by logical id. One that recreates
	// lists what is left of the old stack as deleted, and the resources of the
	// template as added.
	Changes    []Change      `json:"changes,omitempty"`
	Parameters []ValueChange `json:"parameters,omitempty"` // sorted by name; of a creation, those that are given
	Tags       []ValueChange `json:"tags,omitempty"`       // of the stack, sorted by key
	Outputs    []ValueChange `json:"outputs,omitempty"`    // of an update, sorted by name: those whose text in the template differs
	// Protect is whether termination protection is turned on.
	Protect bool `json:"protect,omitempty"`
	// ChangeSet is the ARN of what applying executes; empty where only the
	// protection changes, or nothing, and before a recreation.
	ChangeSet    string   `json:"changeSet,omitempty"`
	Capabilities []string `json:"capabilities,omitempty"` // that the template needs, and that are acknowledged
	// Refused are the changes for which consent is missing. Apply refuses such a plan.
	Refused []Refusal `json:"refused,omitempty"`
	// Unneeded are the consents that no change needs: done with, or misspelt.
	Unneeded []string `json:"unneeded,omitempty"`
	// Consent and Stateful are those of the Stack, by which Apply judges again.
	Consent  []string `json:"consent,omitempty"`
	Stateful []string `json:"stateful,omitzero"` // nil is DefaultStateful

	stack    Stack              // what is asked, for a recreation
	secrets  secrets            // to be taken out of what AWS says
	template *template.Template // nil where the plan was read from JSON
}

// Empty reports whether applying would change nothing.
func (p Plan) Empty() bool { return p.Action == Keep }

// Plan makes a change set of s and says what it would do. It changes nothing that
// runs: where there is no stack yet, CloudFormation keeps an empty one in review for
// the change set. [Manager.Discard] takes both away again: a plan that is not
// applied, one that is refused included, is to be discarded. Planning the same again
// finds them, unless the input alone does not tell what would be done, as with NoEcho
// parameters, nested stacks, transforms and dynamic references: then each plan has a
// change set of its own, and old ones are swept away by later plans. A change set
// that would do nothing is deleted at once.
//
// Somebody else's operation on the stack is waited for. It fails with an
// [*InvalidError] before any call where s is at fault, with a [*StateError] or a
// [*StuckError] where the stack allows nothing, and with a [*ChangeSetError] where
// CloudFormation cannot make the change set.
func (m *Manager) Plan(ctx context.Context, s Stack) (Plan, error) {
	t, err := m.check(s)
	if err != nil {
		return Plan{}, err
	}
	ctx, cancel := m.within(ctx)
	defer cancel()
	m.emit(opPlan, s.Name, progress.Running, "", nil)
	p, err := m.plan(ctx, s, t)
	if err != nil {
		if !errors.Is(err, ErrState) && !errors.Is(err, ErrInvalid) && !isA[*ChangeSetError](err) {
			err = fmt.Errorf("plan stack %s: %w", s.Name, err)
		}
		m.emit(opPlan, s.Name, progress.Failed, "", err)
		return Plan{}, err
	}
	state := progress.Done
	if p.Empty() {
		state = progress.Unchanged
	}
	m.emit(opPlan, s.Name, state, p.summary(), nil)
	return p, nil
}

// Check tells what is wrong with s as far as one can without AWS, as an
// [*InvalidError]: it makes no call. [Manager.Plan] begins with it. Who plans several
// stacks, each after the one before is applied, checks them all first.
func (m *Manager) Check(s Stack) error {
	_, err := m.check(s)
	return err
}

func (m *Manager) plan(ctx context.Context, s Stack, t *template.Template) (Plan, error) {
	var seen string     // the stack as it was last found,
	var since time.Time // and since when it has shown that
	for {
		found, v, err := m.settle(ctx, s)
		if err != nil {
			return Plan{}, err
		}
		now := stateOf(found)
		if found != nil {
			now += string(found.StackStatus)
		}
		if since.IsZero() || now != seen {
			seen, since = now, time.Now()
		}
		var p Plan
		switch v.course {
		case toRefuse:
			return Plan{}, m.refuse(ctx, found, v)
		case toRecreate:
			p, err = m.planRecreation(ctx, request{Stack: s, template: t, found: found})
		default:
			p, err = m.planChanges(ctx, s, t, found)
		}
		if !errors.Is(err, errMoved) || time.Since(since) >= lag {
			return p, err
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return Plan{}, err
		}
	}
}

// planChanges plans a creation or an update. Found is nil, in review or can be updated.
func (m *Manager) planChanges(ctx context.Context, s Stack, t *template.Template, found *types.Stack) (Plan, error) {
	r, err := m.request(ctx, s, t, found)
	if err != nil {
		return Plan{}, err
	}
	set, err := m.propose(ctx, r)
	switch {
	case err != nil:
		return Plan{}, err
	case set.noChanges() && r.found != nil:
		if err := m.deleteChangeSet(ctx, set.ID); err != nil {
			return Plan{}, err
		}
		set.ID = ""
	case set.Status != types.ChangeSetStatusCreateComplete:
		return Plan{}, m.unusable(ctx, r, set, found == nil)
	}
	p := newPlan(r, set)
	p.Protect = s.Production && (found == nil || !ptr.Value(found.EnableTerminationProtection))
	if p.Action == Keep && p.Protect {
		p.Action = Update
	}
	return p, nil
}

// request is what to ask for, given what there is.
func (m *Manager) request(ctx context.Context, s Stack, t *template.Template, found *types.Stack) (r request, err error) {
	r = request{Stack: s, template: t}
	if found != nil {
		r.stackID = ptr.Value(found.StackId)
		if found.StackStatus != types.StackStatusReviewInProgress {
			r.found = found
			if r.before, err = m.templateOf(ctx, r.stackID); err != nil {
				return r, err
			}
		}
	}
	return r, checkPrevious(s, r.found)
}

// unusable tells why a change set failed, and takes it away: with the stack in
// review, where that is new. It stays where only somebody else can read why.
func (m *Manager) unusable(ctx context.Context, r request, set changeSet, fresh bool) error {
	id, reason, err := m.why(ctx, set)
	if err != nil {
		return err
	}
	failed := &ChangeSetError{Stack: r.Name, Reason: r.secrets().redact(reason)}
	failed.Causes, err = m.validation(ctx, r, set, id)
	switch {
	case (err != nil || len(failed.Causes) == 0) && strings.Contains(reason, "DescribeEvents"):
		failed.ChangeSet = id
		return failed
	case fresh:
		err = m.abandon(ctx, r.Name, set.StackID, set.ID)
	default:
		err = m.deleteChangeSet(ctx, set.ID)
	}
	if err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// newPlan says what a change set does; one without an ARN does nothing.
func newPlan(r request, set changeSet) Plan {
	p := r.plan()
	p.ID, p.ChangeSet = set.StackID, set.ID
	switch {
	case r.found == nil:
		p.Action = Create
	case set.ID == "":
		p.Action = Keep
		p.judge()
		return p
	default:
		p.Action = Update
		p.Outputs = outputChanges(r.before, r.template)
	}
	hide := r.secrets()
	p.Changes = resourceChanges(set.Changes, p.stateful(), hide)
	p.Parameters = r.parameterChanges(set, hide)
	p.Tags = r.tagChanges()
	p.judge()
	return p
}

// plan is what all plans of r have in common.
func (r request) plan() Plan {
	p := Plan{
		Stack: r.Name, Capabilities: r.template.Capabilities(), Consent: r.Consent, Stateful: r.Stateful,
		stack: r.Stack, secrets: r.secrets(), template: r.template,
	}
	if r.found != nil {
		p.ID, p.Status = ptr.Value(r.found.StackId), string(r.found.StackStatus)
	}
	return p
}

func (p *Plan) judge() { p.Refused, p.Unneeded = judge(p.Changes, p.Consent) }

func (p *Plan) stateful() []string {
	if p.Stateful == nil {
		return DefaultStateful()
	}
	return p.Stateful
}

func (r request) secrets() secrets {
	if r.before == nil {
		return secretsOf(r.Parameters, r.template)
	}
	return secretsOf(r.Parameters, r.template, r.before)
}

// templateOf reads the template of a stack; nil where it is none that this package
// can read.
func (m *Manager) templateOf(ctx context.Context, id string) (*template.Template, error) {
	out, err := call(ctx, m, m.api.GetTemplate, &cloudformation.GetTemplateInput{StackName: &id, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return nil, fmt.Errorf("get template: %w", err)
	}
	t, err := template.Parse([]byte(ptr.Value(out.TemplateBody)))
	if err != nil {
		return nil, nil //nolint:nilerr // an old template at fault is no fault of the new one
	}
	return t, nil
}

// Discard takes away the change set of a plan that is not to be applied, and the
// stack in review that planning has made for it, unless that has other change
// sets. What is gone already is no error. It fails with [ErrNotPlanned] where the
// change set is that of another stack.
func (m *Manager) Discard(ctx context.Context, p Plan) error {
	if p.ChangeSet == "" {
		return nil
	}
	ctx, cancel := m.within(ctx)
	defer cancel()
	if err := m.discard(ctx, p); err != nil {
		return fmt.Errorf("discard plan of stack %s: %w", named(p.Stack), err)
	}
	return nil
}

func (m *Manager) discard(ctx context.Context, p Plan) error {
	if !p.identified() {
		return ErrNotPlanned
	}
	set, err := m.describeChangeSet(ctx, p.ChangeSet, "", nil)
	if err == nil {
		err = p.owns(set)
	}
	switch {
	case err != nil && !isA[*types.ChangeSetNotFoundException](err) && !missing(err):
		return err
	case p.Action == Create:
		return m.abandon(ctx, p.Stack, p.ID, p.ChangeSet)
	}
	return m.deleteChangeSet(ctx, p.ChangeSet)
}
