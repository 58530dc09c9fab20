package stack

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// What the errors of waiting and of a failed operation match.
var (
	// ErrFailed: CloudFormation did not do what was asked. The error is an
	// [*OperationError].
	ErrFailed = errors.New("the operation has failed")
	// ErrRollbackFailed: nor could it go back to what was before. The error is an
	// [*OperationError], which matches ErrFailed too.
	ErrRollbackFailed = errors.New("the rollback has failed")
	// ErrTimeout: not done within Options.Timeout. The error is an
	// [*UnfinishedError]: the operation goes on in AWS.
	ErrTimeout = errors.New("not done in time")
)

// Cause is one resource that failed, and why.
type Cause struct {
	Stack      string    `json:"stack"` // "name", or "name/Nested" for a stack within it
	LogicalID  string    `json:"logicalID"`
	Type       string    `json:"type"`
	PhysicalID string    `json:"physicalID,omitempty"`
	Status     string    `json:"status"`         // such as CREATE_FAILED
	Reason     string    `json:"reason"`         // in the words of AWS
	Hint       string    `json:"hint,omitempty"` // what helps, where that is known
	Time       time.Time `json:"time"`
}

// String is the cause in one line: "Cache (AWS::ElastiCache::ReplicationGroup):
// reason; hint". The reason is without what AWS wraps it in.
func (c Cause) String() string {
	name := c.LogicalID
	if _, nested, ok := strings.Cut(c.Stack, "/"); ok {
		name = nested + "/" + name
	}
	reason := strings.TrimRight(plain(c.Reason), ". ")
	text := fmt.Sprintf("%s (%s): %s", name, c.Type, cmp.Or(reason, c.Status+" without a reason"))
	if c.Hint != "" {
		text += "; " + c.Hint
	}
	return clean.Text(text)
}

// OperationError is an operation that CloudFormation ended otherwise than was
// asked, after the rollback, where there is one. It matches [ErrFailed], and
// [ErrRollbackFailed] where the rollback failed too.
type OperationError struct {
	Op     string // "apply", "delete" or "recover"
	Stack  string
	Status string // of the stack, now
	Reason string // why the stack turned, in the words of AWS
	// Causes are the resources that failed by themselves, the first one first:
	// those that were cancelled for their sake are not among them, and a nested
	// stack is not where the resource in it is.
	Causes []Cause
	// Rollback are those that failed while the stack went back, the first one first.
	Rollback []Cause
	// RolledBack: all that there was before the operation is as it was.
	RolledBack bool
	// Retained is what the operation had made and the rollback has left behind, in no
	// stack, for the DeletionPolicy: its names are taken until it is deleted by hand.
	Retained []Removal
}

// Error says everything in one line, the first cause first.
func (e *OperationError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s stack %s: ", e.Op, e.Stack)
	first := e.Causes
	if len(first) == 0 {
		first = e.Rollback
	}
	if len(first) == 0 {
		b.WriteString(clean.Text(cmp.Or(plain(e.Reason), "CloudFormation gives no reason")))
	}
	for i, c := range first {
		if i > 0 {
			b.WriteString("; also ")
		}
		b.WriteString(c.String())
	}
	b.WriteString("; " + e.state())
	return b.String()
}

// state says how the stack is left, and what can be done about it.
func (e *OperationError) state() string {
	switch types.StackStatus(e.Status) {
	case types.StackStatusUpdateRollbackComplete, types.StackStatusImportRollbackComplete:
		if len(e.Causes) > 0 && len(e.Rollback) > 0 {
			return "everything is as it was before (" + e.Status + "), but for what is left behind" + e.retained() + e.rollback()
		}
		return "everything is as it was before (" + e.Status + ")" + e.retained()
	case types.StackStatusRollbackComplete:
		return "what had been made is deleted again (ROLLBACK_COMPLETE), and the stack must be deleted before it can be created" + e.retained() + e.rollback()
	case types.StackStatusCreateFailed:
		return "what had been made stays (CREATE_FAILED): let Recover roll it back, or set RecreateFailed, then plan again"
	case types.StackStatusUpdateFailed:
		return "what had been changed stays (UPDATE_FAILED): let Recover roll it back, then plan again"
	case types.StackStatusUpdateRollbackFailed:
		if e.Op == "recover" {
			return "the rollback is stuck again (UPDATE_ROLLBACK_FAILED): remove the cause, or skip the resource, and recover once more"
		}
		return "the rollback is stuck (UPDATE_ROLLBACK_FAILED): remove its cause and let Recover end it" + e.rollback()
	case types.StackStatusRollbackFailed:
		return "what had been made could not all be deleted again (ROLLBACK_FAILED): delete the stack" + e.retained() + e.rollback()
	case types.StackStatusDeleteFailed:
		return "the stack is DELETE_FAILED: remove the cause, or name in Retain what may be left behind, and delete it again"
	}
	return "the stack is " + e.Status
}

// retained is what the rollback has left behind.
func (e *OperationError) retained() string {
	if len(e.Retained) == 0 {
		return ""
	}
	names := make([]string, len(e.Retained))
	for i, r := range e.Retained {
		names[i] = clean.Text(fmt.Sprintf("%s (%s)", r.LogicalID, cut(r.PhysicalID)))
	}
	return "; what stays in the account, in no stack, is " + list(names) + ": delete it before the next attempt where that needs its name"
}

// rollback is what failed in the rollback, where that was not said already.
func (e *OperationError) rollback() string {
	if len(e.Causes) == 0 {
		return ""
	}
	var b strings.Builder
	for _, c := range e.Rollback {
		b.WriteString("; the rollback failed at " + c.String())
	}
	return b.String()
}

// Is makes the error match ErrFailed, and ErrRollbackFailed where it applies.
func (e *OperationError) Is(target error) bool {
	return target == ErrFailed || target == ErrRollbackFailed && strings.HasSuffix(e.Status, "ROLLBACK_FAILED")
}

// failure is nil where op ended as was asked, and an [*OperationError] otherwise.
func failure(op operation, out outcome) error {
	switch out.Status {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete:
		if op.verb != opDelete && op.verb != opRecover {
			return nil
		}
	case types.StackStatusDeleteComplete:
		if op.verb == opDelete {
			return nil
		}
	case types.StackStatusUpdateRollbackComplete:
		if op.verb == opRecover {
			return nil
		}
	}
	f := findFailures(op, out.Events)
	return &OperationError{
		Op: strings.TrimPrefix(op.verb, "stack."), Stack: op.name, Status: string(out.Status),
		Reason: cmp.Or(f.turned, out.Reason), Causes: f.forward, Rollback: f.backward, Retained: f.retained,
		RolledBack: strings.HasSuffix(string(out.Status), "ROLLBACK_COMPLETE"),
	}
}

// failures are what the events of an operation tell of what went wrong.
type failures struct {
	forward, backward []Cause
	retained          []Removal
	turned            string // the reason of the stack's own first event of a failure
}

// findFailures is pure. Events are in order for each stack; between stacks, time decides.
func findFailures(op operation, events []types.StackEvent) failures {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b types.StackEvent) int { return ptr.Value(a.Timestamp).Compare(ptr.Value(b.Timestamp)) })
	p := newPlaces(op, events)
	var f failures
	hooks := make(map[string]string) // by stack and logical id: what a hook had to say
	for _, e := range events {
		key := ptr.Value(e.StackId) + "/" + ptr.Value(e.LogicalResourceId)
		if strings.HasSuffix(string(e.HookStatus), "FAILED") {
			hooks[key] = fmt.Sprintf("hook %s: %s", ptr.Value(e.HookType), ptr.Value(e.HookStatusReason))
		}
		if ofStack(e) {
			p.enter(e)
			if f.turned == "" && ptr.Value(e.StackId) == p.root && turned(e) {
				f.turned = ptr.Value(e.ResourceStatusReason)
			}
			continue
		}
		if e.ResourceStatus == types.ResourceStatusDeleteSkipped && p.phases[ptr.Value(e.StackId)] == backward {
			f.retained = append(f.retained, p.skipped(e))
		}
		if !strings.HasSuffix(string(e.ResourceStatus), "_FAILED") || cancelled(e) {
			continue
		}
		c := p.cause(e)
		if hook := hooks[key]; hook != "" {
			c.Reason += "; " + hook
		}
		switch p.phases[ptr.Value(e.StackId)] {
		case backward:
			f.backward = append(f.backward, c)
		case cleaning: // what is left behind does not fail the update
		default:
			f.forward = append(f.forward, c)
		}
	}
	f.forward, f.backward = roots(f.forward), roots(f.backward)
	return f
}

// turned reports whether the stack's own event says that it has failed.
func turned(e types.StackEvent) bool {
	status := string(e.ResourceStatus)
	return strings.Contains(status, "ROLLBACK") || strings.HasSuffix(status, "_FAILED")
}

// cancelled reports whether a resource failed only because CloudFormation
// stopped it after another had failed.
func cancelled(e types.StackEvent) bool { return cancelledReason(ptr.Value(e.ResourceStatusReason)) }

func cancelledReason(reason string) bool {
	reason = strings.ToLower(reason)
	return strings.HasPrefix(reason, "resource ") && strings.Contains(reason, " cancelled")
}

// roots leaves of causes the first one of each resource, and of a nested stack
// only what failed in it, where that is known.
func roots(causes []Cause) []Cause {
	var first []Cause
	for _, c := range causes {
		path := c.Stack + "/" + c.LogicalID
		twice := slices.ContainsFunc(first, func(f Cause) bool { return f.Stack == c.Stack && f.LogicalID == c.LogicalID })
		inside := c.Type == stackType && slices.ContainsFunc(causes, func(f Cause) bool {
			return f.Stack == path || strings.HasPrefix(f.Stack, path+"/")
		})
		if !twice && !inside {
			first = append(first, c)
		}
	}
	return first
}

// places knows, of the stacks in the events of one operation, how they are
// nested and what they are at.
type places struct {
	root    string            // ARN of the operation's own stack
	paths   map[string]string // by ARN
	parents map[string]string // ARN by ARN
	phases  map[string]phase  // by ARN
}

func newPlaces(op operation, events []types.StackEvent) *places {
	p := &places{root: op.id, paths: map[string]string{op.id: op.name}, parents: make(map[string]string), phases: make(map[string]phase)}
	for _, e := range events {
		if id := ptr.Value(e.PhysicalResourceId); ptr.Value(e.ResourceType) == stackType && !ofStack(e) && p.paths[id] == "" && id != "" {
			p.parents[id] = ptr.Value(e.StackId)
			p.paths[id] = p.paths[ptr.Value(e.StackId)] + "/" + ptr.Value(e.LogicalResourceId)
		}
	}
	return p
}

// enter takes the stack's own event. A nested stack that is deleted while its
// parent goes back is part of that.
func (p *places) enter(e types.StackEvent) {
	id := ptr.Value(e.StackId)
	now := phaseOf(types.StackStatus(e.ResourceStatus))
	if parent, nested := p.parents[id]; nested && now == forward && strings.HasPrefix(string(e.ResourceStatus), "DELETE") {
		now = p.phases[parent]
	}
	p.phases[id] = now
}

// skipped is a resource that a rollback leaves behind.
func (p *places) skipped(e types.StackEvent) Removal {
	id := cmp.Or(p.paths[ptr.Value(e.StackId)], ptr.Value(e.StackName)) + "/" + ptr.Value(e.LogicalResourceId)
	return Removal{
		LogicalID: strings.TrimPrefix(id, p.paths[p.root]+"/"), Type: ptr.Value(e.ResourceType),
		PhysicalID: ptr.Value(e.PhysicalResourceId), Fate: FateRetained, Reason: "DeletionPolicy",
	}
}

func (p *places) cause(e types.StackEvent) Cause {
	c := Cause{
		Stack: cmp.Or(p.paths[ptr.Value(e.StackId)], ptr.Value(e.StackName)), LogicalID: ptr.Value(e.LogicalResourceId), Type: ptr.Value(e.ResourceType),
		PhysicalID: ptr.Value(e.PhysicalResourceId), Status: string(e.ResourceStatus), Reason: ptr.Value(e.ResourceStatusReason), Time: ptr.Value(e.Timestamp),
	}
	c.Hint = hint(c.Type, c.Reason)
	return c
}

// plain is a reason without what CloudFormation and the service wrap it in.
func plain(reason string) string {
	text := strings.TrimSpace(reason)
	if inner, ok := strings.CutPrefix(text, `Resource handler returned message: "`); ok {
		if end := strings.LastIndex(inner, `" (RequestToken: `); end >= 0 {
			text = inner[:end]
		}
	}
	for _, wrap := range []string{"(RequestToken: ", "(Service: "} {
		if at := strings.LastIndex(text, wrap); at > 0 && strings.HasSuffix(text, ")") && strings.Count(text[at:], ")") == 1 {
			text = strings.TrimSpace(text[:at])
		}
	}
	return text
}
