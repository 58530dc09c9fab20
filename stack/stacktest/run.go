package stacktest

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// run is one operation on one stack.
type run struct {
	stack     *stack
	kind      types.OperationType
	token     string     // ClientRequestToken
	operation string     // its id
	previous  deployment // what it found
	from, to  deployment // what a rollback goes back to, and what is wanted
	express   bool
	preserve  bool       // a failure is left as it is, instead of rolled back
	strict    bool       // nothing is replaced, since it may be left as it is
	fresh     bool       // RetainExceptOnCreate: a rollback deletes what it made, whatever its policy
	set       *changeSet // that is executed; nil if none

	phase     *phase
	before    map[string]*resource // what an update found, by logical id; nil where it found nothing
	touched   []string             // the keys of before, in their order
	leftovers []*resource          // what stands in AWS and is no longer wanted
	inherited []*resource          // the same, of updates that failed before and were left as they were
	imports   []string             // exports that were used
	force     bool                 // a deletion leaves behind what it cannot delete

	// Of a nested stack: told tells the resource of the parent how the operation
	// went, before cleaning up or rolling back; ended when it is over altogether.
	told  func(reason string, now time.Time)
	ended []func(now time.Time)
	held  bool // done but for the cleanup, which waits for the parent
}

// newRun begins an operation. One on a stack whose last operation failed and was
// left as it is goes back, where it is rolled back, to what was before that.
func (c *Cloud) newRun(s *stack, kind types.OperationType, token string) *run {
	u := &run{
		stack: s, kind: kind, token: token, operation: c.uuid(), before: make(map[string]*resource), from: s.deployed, previous: s.deployed,
	}
	if s.failed != nil {
		u.from, u.before, u.touched = s.failed.from, s.failed.before, s.failed.touched
	}
	s.run = u
	u.inherited, s.leftovers = s.leftovers, nil
	return u
}

// userInitiated is the reason of what a call began.
const userInitiated = "User Initiated"

// end is the last of u.
func (c *Cloud) end(u *run, status types.StackStatus, reason string, now time.Time) {
	c.enter(u.stack, status, reason, now)
	if u.stack.run == u && status != types.StackStatusUpdateRollbackFailed {
		u.stack.run = nil
	}
	u.stack.failed = nil
	if status == types.StackStatusUpdateFailed || status == types.StackStatusCreateFailed {
		u.stack.failed = u
	}
	if status == types.StackStatusUpdateFailed {
		u.stack.leftovers = append(u.inherited, u.leftovers...)
	}
	if u.set != nil {
		u.set.executed(status)
		c.discard(u.set, now)
	}
	waiting := u.ended
	u.ended = nil
	for _, f := range waiting {
		f(now)
	}
}

// timing is how long the resources of a type take in u.
func (c *Cloud) timing(u *run, kind string) Timing {
	t := c.opts.Timing(kind)
	if u.express {
		t = Timing{Create: min(t.Create, expressTime), Update: min(t.Update, expressTime), Delete: min(t.Delete, expressTime)}
	}
	return t.Scale(1 / c.opts.Speed)
}

// quickened is how long something takes that is no resource.
func (c *Cloud) quickened(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.opts.Speed)
}

// refuse ends a step without success, for a reason.
func (c *Cloud) refuse(s *step, status types.ResourceStatus, reason string, now time.Time) {
	c.say(s.r, status, reason, now)
	s.fail(now)
}

// failures says what failed as the reason of a stack's status does.
func failures(p *phase) string {
	var b strings.Builder
	for _, verb := range []struct {
		status types.ResourceStatus
		word   string
	}{
		{types.ResourceStatusCreateFailed, "create"},
		{types.ResourceStatusUpdateFailed, "update"},
		{types.ResourceStatusDeleteFailed, "delete"},
	} {
		var ids []string
		for _, s := range p.steps {
			if (s.state == failed || s.state == cancelled) && s.r != nil && s.r.status == verb.status {
				ids = append(ids, s.id)
			}
		}
		slices.Sort(ids)
		if len(ids) > 0 {
			b.WriteString("The following resource(s) failed to " + verb.word + ": [" + strings.Join(ids, ", ") + "]. ")
		}
	}
	return b.String()
}

// handler words a failure as the resource handlers of AWS do.
func (c *Cloud) handler(message, code string) string {
	return `Resource handler returned message: "` + message + `" (RequestToken: ` + c.uuid() + ", HandlerErrorCode: " + code + ")"
}

// link makes each step need those of the resources that its own needs.
func link(steps map[string]*step, needs map[string][]string) {
	for id, s := range steps {
		for _, need := range needs[id] {
			if other := steps[need]; other != nil {
				s.needs = append(s.needs, other)
			}
		}
	}
}
