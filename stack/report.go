package stack

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

// errCancelled is why a resource failed that was stopped for another's sake.
var errCancelled = errors.New("cancelled, since another resource failed")

// phase is what a stack is at.
type phase int

const (
	forward  phase = iota // towards what was asked for
	cleaning              // deleting what was replaced or removed
	backward              // towards what was before
)

// reporter turns the events of CloudFormation into those of progress.
type reporter struct {
	emit   progress.Func
	op     operation
	quiet  bool             // only the stack itself is reported, as waited for
	status string           // of the stack, as last seen
	phases map[string]phase // by ARN of the stack
	last   map[string]mark  // by subject
}

// mark is what was last said of a subject.
type mark struct {
	state   progress.State
	message string
}

func newReporter(emit progress.Func, op operation) *reporter {
	return &reporter{
		emit: emit, op: op, quiet: op.token == "" && !op.joined,
		phases: make(map[string]phase), last: make(map[string]mark),
	}
}

// event reports e, which is of the stack that is called path.
func (r *reporter) event(path string, e types.StackEvent) {
	if ofStack(e) {
		r.stack(path, e)
		return
	}
	subject := path + "/" + ptr.Value(e.LogicalResourceId)
	state, message, err := r.resource(subject, e)
	r.say(subject, state, message, err, e)
}

// stack reports what the stack itself enters. Its end is its caller's to
// report, and a nested stack is reported as a resource of its parent.
func (r *reporter) stack(path string, e types.StackEvent) {
	status := types.StackStatus(e.ResourceStatus)
	r.phases[ptr.Value(e.StackId)] = phaseOf(status)
	if path != r.op.name {
		return
	}
	r.status = string(status)
	if !inProgress(status) {
		return
	}
	if r.quiet {
		r.emit.Emit(progress.Event{Time: ptr.Value(e.Timestamp), Op: r.op.verb, Subject: path, State: progress.Waiting, Message: "for another operation: " + r.status})
		return
	}
	state, message := progress.Running, doing(string(status))
	switch phaseOf(status) {
	case cleaning:
		message = "cleaning up"
	case backward:
		state, message = progress.RollingBack, clean.Text(ptr.Value(e.ResourceStatusReason))
	}
	r.say(path, state, message, nil, e)
}

func phaseOf(status types.StackStatus) phase {
	switch s := string(status); {
	case strings.Contains(s, "ROLLBACK"):
		return backward
	case status == types.StackStatusUpdateCompleteCleanupInProgress:
		return cleaning
	}
	return forward
}

// resource is what an event means for its resource.
func (r *reporter) resource(subject string, e types.StackEvent) (progress.State, string, error) {
	status, reason := string(e.ResourceStatus), clean.Text(ptr.Value(e.ResourceStatusReason))
	now := r.phases[ptr.Value(e.StackId)]
	if now == cleaning && strings.HasPrefix(status, "DELETE_") && r.last[subject].state == progress.Done {
		return progress.Done, predecessor(e.ResourceStatus, reason), nil
	}
	switch {
	case e.ResourceStatus == types.ResourceStatusDeleteSkipped:
		return progress.Skipped, "retained", nil
	case strings.HasSuffix(status, "_FAILED"):
		if cancelled(e) {
			return progress.Failed, "", errCancelled
		}
		return progress.Failed, "", errors.New(reason)
	case strings.HasSuffix(status, "_COMPLETE"):
		if now == backward {
			return progress.RolledBack, "", nil
		}
		return progress.Done, done(status), nil
	}
	message := doing(status)
	if e.DetailedStatus == types.DetailedStatusConfigurationComplete {
		message = "configured, not stable yet"
	}
	if now == backward {
		return progress.RollingBack, message, nil
	}
	return progress.Running, message, nil
}

// predecessor says what becomes of the resource that another has replaced.
func predecessor(status types.ResourceStatus, reason string) string {
	switch status {
	case types.ResourceStatusDeleteComplete:
		return "its predecessor is deleted"
	case types.ResourceStatusDeleteSkipped:
		return "its predecessor is retained"
	case types.ResourceStatusDeleteFailed:
		return "its predecessor is left behind: " + reason
	}
	return "deleting its predecessor"
}

func doing(status string) string {
	switch verb, _, _ := strings.Cut(status, "_"); verb {
	case "CREATE":
		return "creating"
	case "DELETE":
		return "deleting"
	case "IMPORT":
		return "importing"
	}
	return "updating"
}

func done(status string) string {
	return strings.TrimSuffix(doing(status), "ing") + "ed"
}

// say emits what differs from what was last said of the subject.
func (r *reporter) say(subject string, state progress.State, message string, err error, e types.StackEvent) {
	if said := (mark{state, message}); r.last[subject] == said {
		return
	}
	r.last[subject] = mark{state, message}
	if r.quiet {
		return
	}
	r.emit.Emit(progress.Event{Time: ptr.Value(e.Timestamp), Op: r.op.verb, Subject: subject, State: state, Message: message, Err: err})
}

// unreadable reports that what happens in a nested stack cannot be seen.
func (r *reporter) unreadable(path string, err error) {
	if r.quiet {
		return
	}
	r.emit.Emit(progress.Event{Op: r.op.verb, Subject: path, State: progress.Running, Message: "its events cannot be read: " + clean.Text(err.Error())})
}

// under are the resources that are under way, without the name of the stack, sorted.
func (r *reporter) under() []string {
	var subjects []string
	for subject := range maps.Keys(r.last) {
		resource, ok := strings.CutPrefix(subject, r.op.name+"/")
		if ok && !r.last[subject].state.Ended() {
			subjects = append(subjects, resource)
		}
	}
	slices.Sort(subjects)
	return subjects
}
