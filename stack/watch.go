package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
)

// operation is one thing that CloudFormation does to one stack.
type operation struct {
	verb  string // Op of the progress events: "stack.apply"
	name  string // of the stack
	id    string // ARN of the stack
	token string // its ClientRequestToken; "" for somebody else's operation
	after string // id of the newest event before it; "" for none
	// secrets are taken out of what AWS says of the operation.
	secrets secrets
	// joined: an operation without a token that is reported like an own one. Any
	// other is only waited for, and its resources are not reported.
	joined bool
}

// outcome is how an operation has ended.
type outcome struct {
	Status types.StackStatus
	Reason string
	Events []types.StackEvent // of this operation, oldest first a stack, those of nested stacks included
}

// UnfinishedError says that an operation was left while CloudFormation was at
// it: the context was cancelled, Options.Timeout passed (it matches
// [ErrTimeout]), or its state could not be read any more. CloudFormation goes on.
type UnfinishedError struct {
	Op     string // "apply", "delete" or "recover"
	Stack  string
	Status string   // of the stack, as last seen; "" where nothing was seen
	Under  []string // the resources that were under way, "LogicalID" or "Nested/LogicalID", sorted
	// Cancelled: the update is cancelled in AWS too, as Options.CancelUpdate asks, and
	// rolls back there.
	Cancelled bool
	Err       error
}

func (e *UnfinishedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s stack %s: %v; ", e.Op, e.Stack, e.Err)
	if e.Status == "" {
		b.WriteString("nothing of it was seen yet")
	} else {
		b.WriteString("the stack is " + e.Status)
	}
	if len(e.Under) > 0 {
		b.WriteString(", with " + list(e.Under) + " under way")
	}
	switch {
	case e.Cancelled:
		b.WriteString("; the update is cancelled in AWS too, and rolls back there by itself")
	case e.Status == "":
		b.WriteString("; if CloudFormation has begun, it goes on by itself, run again to wait for it")
	default:
		b.WriteString("; CloudFormation goes on by itself, run again to wait for it")
	}
	return b.String()
}

// Unwrap returns why it was left.
func (e *UnfinishedError) Unwrap() error { return e.Err }

// list names the first few of names.
func list(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// errNotBegun: AWS took the request, and did nothing of what it asked for.
var errNotBegun = errors.New("CloudFormation took the request, and did not begin")

const (
	beginFor   = 2 * time.Minute // how long the first event of an operation may take to appear
	staleReads = 3               // how many more reads a nested stack gets whose end does not show yet
)

// watch waits until op has ended, its rollback included, and reports every
// resource on the way. It reports Running and RollingBack of the stack itself;
// how the stack has ended (Done, Failed, RolledBack) its caller reports.
//
// It trusts only events of the operation: those since the first one with its
// token, and newer than op.after. So neither a list of events that lags nor a
// status from before ends it early. Events with another token that come later
// still belong to it: cancelling an update has a token of its own
// (glassechidna/stackit#26).
func (m *Manager) watch(ctx context.Context, op operation) (outcome, error) {
	ctx, cancel := m.within(ctx)
	defer cancel()
	w := m.watcher(op)
	for pause := m.opts.PollInterval; ; {
		began := time.Now()
		news, err := w.poll(ctx)
		if err != nil {
			return w.out, w.unfinished(err)
		}
		if w.ended {
			return w.out, nil
		}
		if news && !m.pace.slowedSince(began) {
			pause = m.opts.PollInterval
		} else {
			pause = min(pause*3/2, m.opts.MaxPollInterval)
		}
		if err := wait.For(ctx, jitter(pause)); err != nil {
			return w.out, w.unfinished(err)
		}
	}
}

// within bounds ctx by Options.Timeout, with [ErrTimeout] as its cause. What
// waits more than once does so within one such context.
func (m *Manager) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, m.opts.Timeout, fmt.Errorf("%w (%s)", ErrTimeout, m.opts.Timeout))
}

// lastEvent is the id of the newest event of the stack; "" where it has none.
func (m *Manager) lastEvent(ctx context.Context, id string) (string, error) {
	events, _, err := m.eventPage(ctx, id, nil)
	switch {
	case missing(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read the events of stack %s: %w", id, err)
	case len(events) == 0:
		return "", nil
	}
	return ptr.Value(events[0].EventId), nil
}

func (m *Manager) eventPage(ctx context.Context, id string, token *string) (events []types.StackEvent, next *string, err error) {
	out, err := call(ctx, m, m.api.DescribeStackEvents, &cloudformation.DescribeStackEventsInput{StackName: &id, NextToken: token})
	if err != nil {
		return nil, nil, err
	}
	return out.StackEvents, out.NextToken, nil
}

// watcher is the state of one watch.
type watcher struct {
	m      *Manager
	op     operation
	out    outcome
	report *reporter
	began  time.Time // when watching began
	lost   time.Time // since when there is no such stack; zero while there is
	root   *tail
	nested []*tail
	begun  bool // an event of the operation was seen
	stale  int  // polls since the end for the sake of nested stacks
	ended  bool
}

func (m *Manager) watcher(op operation) *watcher {
	return &watcher{
		m: m, op: op, began: time.Now(), report: newReporter(m.opts.Progress, op),
		root: &tail{id: op.id, path: op.name, after: op.after, token: op.token, due: true},
	}
}

// poll reads what is new, and reports whether there was anything.
func (w *watcher) poll(ctx context.Context) (news bool, err error) {
	if !w.begun && w.op.token == "" && w.op.after == "" {
		if err := w.look(ctx); w.ended || err != nil {
			return w.ended, err
		}
	}
	fresh, err := w.m.news(ctx, w.root)
	switch {
	case missing(err):
		return false, w.vanished(ctx, err)
	case err != nil:
		return false, fmt.Errorf("read its events: %w", err)
	}
	w.lost = time.Time{}
	fresh = w.own(fresh)
	for _, e := range fresh {
		w.take(w.root, e)
	}
	more, err := w.pollNested(ctx)
	if err != nil {
		return false, err
	}
	return more || len(fresh) > 0, w.conclude(ctx)
}

// look ends the watch of somebody else's operation where the stack says so.
func (w *watcher) look(ctx context.Context) error {
	found, err := w.m.find(ctx, w.op.id)
	switch last := w.root.last; {
	case err != nil:
		return err
	case found != nil && !inProgress(found.StackStatus):
		w.end(found.StackStatus, ptr.Value(found.StackStatusReason))
	case found == nil && last != nil:
		w.end(types.StackStatus(last.ResourceStatus), ptr.Value(last.ResourceStatusReason))
	}
	return nil
}

// conclude ends the watch where the stack's own newest event is an end. That of
// somebody else's operation may be the end of the one before, while the list of
// events lags: there the stack itself must agree.
func (w *watcher) conclude(ctx context.Context) error {
	switch last := w.root.last; {
	case w.begun && last != nil && !inProgress(types.StackStatus(last.ResourceStatus)) && w.settled():
		if w.op.token == "" {
			return w.look(ctx)
		}
		w.end(types.StackStatus(last.ResourceStatus), ptr.Value(last.ResourceStatusReason))
	case !w.begun && w.op.token != "" && time.Since(w.began) >= beginFor:
		return w.notBegun(ctx)
	}
	return nil
}

// own drops what came before the operation.
func (w *watcher) own(fresh []types.StackEvent) []types.StackEvent {
	if w.begun {
		return fresh
	}
	first := 0
	if w.op.token != "" {
		first = slices.IndexFunc(fresh, func(e types.StackEvent) bool { return ptr.Value(e.ClientRequestToken) == w.op.token })
	}
	if first < 0 || len(fresh) == 0 {
		return nil
	}
	w.begun = true
	w.root.since = ptr.Value(fresh[first].Timestamp)
	return fresh[first:]
}

// take keeps and reports one event, and follows the nested stack that it is about.
// Where an operation of somebody else begins after another, only the later counts.
func (w *watcher) take(t *tail, e types.StackEvent) {
	if t == w.root && w.op.token == "" && t.last != nil && ofStack(e) && !t.moving() && inProgress(types.StackStatus(e.ResourceStatus)) {
		w.out.Events, w.nested, w.stale = nil, nil, 0
		t.since = ptr.Value(e.Timestamp)
	}
	e = w.op.secrets.redactEvent(e)
	w.out.Events = append(w.out.Events, e)
	w.report.event(t.path, e)
	if ofStack(e) {
		t.last = &e
		return
	}
	id := ptr.Value(e.PhysicalResourceId)
	if ptr.Value(e.ResourceType) != stackType || !strings.HasPrefix(id, "arn:") {
		return
	}
	i := slices.IndexFunc(w.nested, func(n *tail) bool { return n.id == id })
	if i < 0 {
		i = len(w.nested)
		w.nested = append(w.nested, &tail{id: id, path: t.path + "/" + ptr.Value(e.LogicalResourceId), since: w.root.since})
	}
	w.nested[i].due = true
	w.nested[i].over = !strings.HasSuffix(string(e.ResourceStatus), "_IN_PROGRESS")
}

// pollNested reads the nested stacks that may have news, those in them too.
func (w *watcher) pollNested(ctx context.Context) (news bool, err error) {
	for i := 0; i < len(w.nested); i++ {
		t := w.nested[i]
		if !t.due {
			continue
		}
		fresh, err := w.m.news(ctx, t)
		if err != nil {
			if ctx.Err() != nil {
				return news, err
			}
			if !missing(err) { // what happens in it is not seen then, and the operation goes on
				w.report.unreadable(t.path, err)
				t.due, t.over = false, true
			}
			continue
		}
		for _, e := range fresh {
			w.take(t, e)
		}
		news = news || len(fresh) > 0
		t.due = !t.over || t.moving()
	}
	return news, nil
}

// settled reports whether nested stacks show their end too, or do not for long.
func (w *watcher) settled() bool {
	if !slices.ContainsFunc(w.nested, func(t *tail) bool { return t.due }) {
		return true
	}
	w.stale++
	return w.stale > staleReads
}

func (w *watcher) end(status types.StackStatus, reason string) {
	w.ended, w.out.Status, w.out.Reason = true, status, w.op.secrets.redact(reason)
}

// vanished is for a stack of which there are no events. One that was being
// deleted is gone; a new one may not show yet.
func (w *watcher) vanished(ctx context.Context, cause error) error {
	last := w.root.last
	deleted := last != nil && last.ResourceStatus == types.ResourceStatusDeleteInProgress
	if !deleted && w.op.verb == opDelete {
		found, err := w.m.find(ctx, w.op.id)
		if err != nil {
			return err
		}
		deleted = found == nil || found.StackStatus == types.StackStatusDeleteComplete
	}
	if deleted {
		w.end(types.StackStatusDeleteComplete, "")
		return nil
	}
	if w.lost.IsZero() {
		w.lost = time.Now()
	}
	if time.Since(w.lost) >= beginFor {
		return fmt.Errorf("read its events: %w", cause)
	}
	return nil
}

// notBegun looks why there is no event of an own operation. Somebody else's may
// still be under way; a stack that is gone was deleted, whoever did it.
func (w *watcher) notBegun(ctx context.Context) error {
	found, err := w.m.find(ctx, w.op.id)
	switch {
	case err != nil:
		return err
	case found == nil || inProgress(found.StackStatus):
		w.began = time.Now()
		return nil
	case found.StackStatus == types.StackStatusDeleteComplete:
		w.end(found.StackStatus, ptr.Value(found.StackStatusReason))
		return nil
	}
	w.report.status = string(found.StackStatus)
	return errNotBegun
}

func (w *watcher) unfinished(err error) error {
	if errors.Is(err, errNotBegun) {
		return fmt.Errorf("%w; the stack is %s", err, w.report.status)
	}
	return &UnfinishedError{
		Op: strings.TrimPrefix(w.op.verb, "stack."), Stack: w.op.name,
		Status: w.report.status, Under: w.report.under(), Err: err,
	}
}
