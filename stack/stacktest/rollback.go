package stacktest

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// rollBack begins to make the stack what it was before the update, and before
// those that failed and were left as they were.
func (c *Cloud) rollBack(u *run, reason string, now time.Time) {
	s := u.stack
	if u.from.template == nil { // there is nothing to go back to
		c.undo(u, reason, now)
		return
	}
	u.held, u.leftovers = false, nil
	s.deployed = u.from
	c.enter(s, types.StackStatusUpdateRollbackInProgress, reason, now)
	u.phase = &phase{end: func(now time.Time) { c.rolledBack(u, now) }}
	steps, needs := make(map[string]*step), make(map[string][]string)
	for _, id := range u.touched {
		old := u.before[id]
		if old == nil { // made by the update
			u.leftovers = append(u.leftovers, s.resources[id])
			continue
		}
		r := s.resources[id]
		if r.serial == old.serial && r.claimed == old.claimed && r.status == old.status && r.changed.Equal(old.changed) {
			r.definition = old.definition // the update had nothing to do here
			continue
		}
		st := u.phase.add(id)
		st.begin = func(now time.Time) { c.restore(u, st, now) }
		steps[id], needs[id] = st, u.from.template.Needs(id)
	}
	link(steps, needs)
	u.phase.advance(now)
}

// restore makes one resource what it was before the update.
func (c *Cloud) restore(u *run, st *step, now time.Time) {
	id := st.id
	old, present := u.before[id], u.stack.resources[id]
	st.cancel = func(time.Time) {}
	if present.serial != old.serial { // replaced: the new thing goes, the old one is still there
		u.leftovers = append(u.leftovers, present)
	}
	r := old.copy()
	if present.serial == old.serial {
		r.version, r.drifted, r.lost = present.version+1, present.drifted, present.lost
	}
	st.r, u.stack.resources[id] = r, r
	c.say(r, types.ResourceStatusUpdateInProgress, "", now)
	fault := c.strike(r, Rollback)
	if r.child != nil && fault == nil && (r.child.run != nil || u.ahead(r)) {
		c.restoreChild(st, now)
		return
	}
	c.settle(st, making{good: types.ResourceStatusUpdateComplete, bad: types.ResourceStatusUpdateFailed}, fault, c.timing(u, r.kind.Name).Update, now)
}

// rolledBack is the end of rolling back, before the cleanup.
func (c *Cloud) rolledBack(u *run, now time.Time) {
	if reason := failures(u.phase); reason != "" {
		c.end(u, types.StackStatusUpdateRollbackFailed, reason, now)
		return
	}
	if outputs, err := c.evaluateOutputs(u.stack, u.from); err == nil {
		u.stack.outputs = outputs
	}
	c.enter(u.stack, types.StackStatusUpdateRollbackCompleteCleanupInProgress, "", now)
	leftovers := append(slices.Clip(u.inherited), u.leftovers...)
	c.deleteAll(u, leftovers, u.to, removal{creation: true, fresh: u.fresh}, func(now time.Time) {
		reason := ""
		if len(u.phase.in(failed)) > 0 {
			reason = "One or more resources could not be deleted."
		}
		for _, r := range leftovers {
			if u.stack.resources[r.id] == r {
				delete(u.stack.resources, r.id)
			}
		}
		c.end(u, types.StackStatusUpdateRollbackComplete, reason, now)
	}, now)
}

func (c *Cloud) cancelUpdate(in *cloudformation.CancelUpdateStackInput, now time.Time) (*cloudformation.CancelUpdateStackOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	out := &cloudformation.CancelUpdateStackOutput{}
	what := fingerprint("CancelUpdateStack", in)
	if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
		return out, fault
	}
	if s.status != types.StackStatusUpdateInProgress || s.parent != nil || s.run.phase.over {
		return nil, invalid("CancelUpdateStack cannot be called from current stack status")
	}
	if in.ClientRequestToken != nil {
		s.run.token = *in.ClientRequestToken
	}
	s.remember(in.ClientRequestToken, what)
	s.run.phase.stop(now)
	c.rollBack(s.run, userInitiated, now)
	return out, nil
}

func (c *Cloud) continueRollback(in *cloudformation.ContinueUpdateRollbackInput, now time.Time) (*cloudformation.ContinueUpdateRollbackOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	out := &cloudformation.ContinueUpdateRollbackOutput{}
	what := fingerprint("ContinueUpdateRollback", in)
	if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
		return out, fault
	}
	if s.status != types.StackStatusUpdateRollbackFailed || s.run == nil {
		return nil, invalid("Stack:%s is in %s state and can not continue to roll back. Only stacks in UPDATE_ROLLBACK_FAILED state can.", s.id, s.status)
	}
	if s.parent != nil {
		return nil, invalid("RollbackUpdatedStack cannot be invoked on child stacks")
	}
	if fault := s.run.checkSkip(in.ResourcesToSkip); fault != nil {
		return nil, fault
	}
	s.remember(in.ClientRequestToken, what)
	s.run.kind, s.run.token, s.run.operation = types.OperationTypeContinueRollback, ptr.Value(in.ClientRequestToken), c.uuid()
	c.resume(s.run, in.ResourcesToSkip, userInitiated, now)
	return out, nil
}

// checkSkip refuses what cannot be skipped: only resources whose rollback failed can.
// Source: CloudFormation API reference, ContinueUpdateRollback, "ResourcesToSkip".
func (u *run) checkSkip(skip []string) *Error {
	for _, name := range skip {
		at, id := u, name
		if nested, inner, ok := strings.Cut(name, "."); ok {
			for _, st := range u.phase.in(failed) {
				if st.r.child != nil && (st.id == nested || st.r.child.name == nested) && st.r.child.run != nil {
					at, id = st.r.child.run, inner
				}
			}
		}
		if !slices.ContainsFunc(at.phase.in(failed), func(st *step) bool { return st.id == id }) {
			return invalid("Resource [%s] can not be skipped: it is not in UPDATE_FAILED state because of a failed rollback", name)
		}
	}
	return nil
}

// resume goes on with a rollback that failed: what failed is tried again or
// skipped, and what waited for it gets its turn.
func (c *Cloud) resume(u *run, skip []string, reason string, now time.Time) {
	c.enter(u.stack, types.StackStatusUpdateRollbackInProgress, reason, now)
	u.phase.over, u.phase.busy = false, true
	for _, st := range u.phase.in(failed) {
		st.state = waiting
		if slices.Contains(skip, st.id) {
			st.state = running
			c.say(st.r, types.ResourceStatusUpdateComplete, "", now)
			if child := st.r.child; child != nil && child.run != nil && child.run.held {
				c.cleanUp(child.run, now) // it stays as the update made it
			}
			st.done(now)
			continue
		}
		st.begin = func(now time.Time) { c.retry(u, st, inner(skip, st), now) }
	}
	u.phase.busy = false
	u.phase.advance(now)
}

// retry tries once more to restore a resource.
func (c *Cloud) retry(u *run, st *step, skip []string, now time.Time) {
	r := st.r
	c.say(r, types.ResourceStatusUpdateInProgress, "", now)
	fault := c.strike(r, Rollback)
	if r.child != nil && fault == nil && (r.child.run != nil || u.ahead(r)) {
		child := r.child.run
		if r.child.status != types.StackStatusUpdateRollbackFailed {
			c.restoreChild(st, now)
			return
		}
		c.awaitChild(st)
		child.token = u.token
		c.resume(child, skip, "", now)
		return
	}
	c.settle(st, making{good: types.ResourceStatusUpdateComplete, bad: types.ResourceStatusUpdateFailed}, fault, c.timing(u, r.kind.Name).Update, now)
}

// inner returns what to skip within the nested stack of a step.
func inner(skip []string, st *step) []string {
	var out []string
	for _, name := range skip {
		nested, id, ok := strings.Cut(name, ".")
		if ok && (nested == st.id || st.r.child != nil && nested == st.r.child.name) {
			out = append(out, id)
		}
	}
	return out
}
