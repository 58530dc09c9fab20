package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

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
// It holds no secret: the value of a parameter with NoEcho is "****" wherever it
// would stand.
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

	stack    Stack              // what is asked, for a recreation
	template *template.Template // nil where the plan was read from JSON
}

// Empty reports whether applying would change nothing.
func (p Plan) Empty() bool { return p.Action == Keep }

// Plan makes a change set of s and says what it would do. It changes nothing that
// runs: where there is no stack yet, CloudFormation keeps an empty one in review for
// the change set. [Manager.Discard] takes both away again; planning the same again
// finds them. A change set that would do nothing is deleted at once.
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

func (m *Manager) plan(ctx context.Context, s Stack, t *template.Template) (Plan, error) {
	for {
		found, v, err := m.settle(ctx, s)
		if err != nil {
			return Plan{}, err
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
		if !errors.Is(err, errMoved) {
			return p, err
		}
		if err := sleep(ctx, m.opts.PollInterval); err != nil {
			return Plan{}, err
		}
	}
}

// planChanges plans a creation or an update. Found is nil, in review or can be updated.
func (m *Manager) planChanges(ctx context.Context, s Stack, t *template.Template, found *types.Stack) (Plan, error) {
	r := request{Stack: s, template: t}
	if found != nil && found.StackStatus != types.StackStatusReviewInProgress {
		r.found = found
		before, err := m.templateOf(ctx, value(found.StackId))
		if err != nil {
			return Plan{}, err
		}
		r.before = before
	}
	if err := checkPrevious(s, r.found); err != nil {
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
	p.Protect = s.Production && (found == nil || !value(found.EnableTerminationProtection))
	if p.Action == Keep && p.Protect {
		p.Action = Update
	}
	return p, nil
}

// unusable tells why a change set failed, and takes it away: with the stack in
// review, where that is new.
func (m *Manager) unusable(ctx context.Context, r request, set changeSet, fresh bool) error {
	reason, err := m.why(ctx, set)
	if err != nil {
		return err
	}
	failed := &ChangeSetError{Stack: r.Name, Reason: r.secrets().redact(reason)}
	if fresh {
		err = m.abandon(ctx, r.Name, set.StackID, set.ID)
	} else {
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
		p.judge(r.Consent)
		return p
	default:
		p.Action = Update
		p.Outputs = outputChanges(r.before, r.template)
	}
	hide := r.secrets()
	p.Changes = resourceChanges(set.Changes, r.stateful(), hide)
	p.Parameters = r.parameterChanges(set, hide)
	p.Tags = r.tagChanges()
	p.judge(r.Consent)
	return p
}

// plan is what all plans of r have in common.
func (r request) plan() Plan {
	p := Plan{Stack: r.Name, stack: r.Stack, template: r.template, Capabilities: r.template.Capabilities()}
	if r.found != nil {
		p.ID, p.Status = value(r.found.StackId), string(r.found.StackStatus)
	}
	return p
}

func (p *Plan) judge(consent []string) { p.Refused, p.Unneeded = judge(p.Changes, consent) }

func (r request) stateful() []string {
	if r.Stateful == nil {
		return DefaultStateful()
	}
	return r.Stateful
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
	var out *cloudformation.GetTemplateOutput
	err := m.pace.do(ctx, func(ctx context.Context) (err error) {
		out, err = m.api.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &id, TemplateStage: types.TemplateStageOriginal})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("get template: %w", err)
	}
	t, err := template.Parse([]byte(value(out.TemplateBody)))
	if err != nil {
		return nil, nil //nolint:nilerr // an old template at fault is no fault of the new one
	}
	return t, nil
}

// Discard takes away the change set of a plan that is not to be applied, and the
// stack in review that planning has made for it, unless that has other change
// sets. What is gone already is no error.
func (m *Manager) Discard(ctx context.Context, p Plan) error {
	if p.ChangeSet == "" {
		return nil
	}
	ctx, cancel := m.within(ctx)
	defer cancel()
	var err error
	if p.Action == Create {
		err = m.abandon(ctx, p.Stack, p.ID, p.ChangeSet)
	} else {
		err = m.deleteChangeSet(ctx, p.ChangeSet)
	}
	if err != nil {
		return fmt.Errorf("discard plan of stack %s: %w", p.Stack, err)
	}
	return nil
}
