package stacktest

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

func (c *Cloud) deleteStack(in *cloudformation.DeleteStackInput, now time.Time) (*cloudformation.DeleteStackOutput, *Error) {
	out := &cloudformation.DeleteStackOutput{}
	s := c.find(ptr.Value(in.StackName))
	if s == nil || s.status == types.StackStatusDeleteComplete {
		return out, nil // there is nothing to delete, and that is no error
	}
	what := fingerprint("DeleteStack", in)
	if repeated, fault := s.repeated(in.ClientRequestToken, what); repeated || fault != nil {
		return out, fault
	}
	if fault := s.deletable(in); fault != nil || s.status == types.StackStatusDeleteInProgress {
		return out, fault
	}
	s.remember(in.ClientRequestToken, what)
	c.beginDelete(s, in, removal{retain: in.RetainResources}, now)
	return out, nil
}

// deletable refuses a deletion as CloudFormation does.
func (s *stack) deletable(in *cloudformation.DeleteStackInput) *Error {
	if s.root().protected {
		return invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", s.name)
	}
	if s.inProgress() && s.status != types.StackStatusCreateInProgress && s.status != types.StackStatusDeleteInProgress {
		return invalid("Stack [%s] cannot be deleted while in status %s", s.id, s.status)
	}
	if s.status != types.StackStatusDeleteFailed {
		if len(in.RetainResources) > 0 {
			return invalid("Invalid operation on stack [%s]. You can specify RetainResources in a delete stack operation only when the stack is in the DELETE_FAILED state.", s.id)
		}
		if in.DeletionMode == types.DeletionModeForceDeleteStack {
			return invalid("Invalid operation on stack [%s]. You can activate DeletionMode FORCE_DELETE_STACK in a delete stack operation only when the stack is in the DELETE_FAILED state.", s.id)
		}
	}
	for _, id := range in.RetainResources {
		r := s.resources[id]
		if r == nil {
			return invalid("Resources to retain [%s] do not exist in stack %s", id, s.name)
		}
		if r.status == types.ResourceStatusDeleteComplete {
			return invalid("The specified resources to retain must be in a valid state. Do not specify resources that are in the DELETE_COMPLETE state.")
		}
	}
	return nil
}

// beginDelete begins to delete s, whatever it is at.
func (c *Cloud) beginDelete(s *stack, in *cloudformation.DeleteStackInput, how removal, now time.Time) *run {
	before := s.run // a creation under way, or a rollback that is stuck
	status, reason := s.status, s.reason
	rest := s.standing()
	if before != nil {
		before.phase.stop(now)
		before.ended = nil
	}
	u := c.newRun(s, types.OperationTypeDeleteStack, ptr.Value(in.ClientRequestToken))
	u.force, u.express = in.DeletionMode == types.DeletionModeForceDeleteStack, express(in.DeploymentConfig)
	c.enter(s, types.StackStatusDeleteInProgress, userInitiated, now)
	if refusal := c.importedFrom(s); refusal != "" {
		// The stack goes back to what it was: see boto/botocore#2590.
		u.phase = &phase{over: true}
		c.agenda.Plan(now.Add(c.quickened(2*time.Second)), func(now time.Time) {
			c.end(u, status, refusal, now)
			s.reason, s.leftovers = reason, u.inherited
			if status == types.StackStatusUpdateRollbackFailed {
				s.run = before
			}
		})
		return u
	}
	if before != nil && before.set != nil {
		before.set.executed(types.StackStatusCreateFailed)
	}
	c.deleteAll(u, rest, s.deployed, how, func(now time.Time) { c.deletedStack(u, now) }, now)
	return u
}

// standing is all that stands in AWS for s: its resources, and what operations
// that failed have left over.
func (s *stack) standing() []*resource {
	all := append(s.sorted(), s.leftovers...)
	if u := s.run; u != nil {
		all = append(append(all, u.inherited...), u.leftovers...)
		for _, id := range u.touched { // replaced, and not taken back before a rollback got stuck
			if old := u.before[id]; old != nil {
				all = append(all, old)
			}
		}
	}
	var out []*resource
	for _, r := range all {
		known := slices.ContainsFunc(out, func(other *resource) bool { return r == other || r.serial > 0 && r.serial == other.serial })
		gone := r.status == types.ResourceStatusDeleteComplete || r.status == types.ResourceStatusDeleteSkipped
		if !known && !gone {
			out = append(out, r)
		}
	}
	return out
}

// importedFrom says why the exports of s cannot go; nothing if they can.
func (c *Cloud) importedFrom(s *stack) string {
	for _, o := range s.exports() {
		if user := c.importer(*o.ExportName); user != nil {
			return fmt.Sprintf("Export %s cannot be deleted as it is in use by %s", *o.ExportName, user.name)
		}
	}
	return ""
}

// deletedStack is the end of deleting a stack.
func (c *Cloud) deletedStack(u *run, now time.Time) {
	s := u.stack
	if reason := failures(u.phase); reason != "" {
		for _, st := range u.phase.steps {
			if st.state != done && s.resources[st.id] != st.r {
				s.leftovers = append(s.leftovers, st.r) // for the next time
			}
		}
		c.end(u, types.StackStatusDeleteFailed, reason, now)
		return
	}
	s.deleted, s.outputs, s.imports = now, nil, nil
	for _, cs := range s.changeSets {
		cs.gone = true
		c.discard(cs, now)
	}
	c.end(u, types.StackStatusDeleteComplete, "", now)
}

// removal says what is deleted, and what is not.
type removal struct {
	creation bool     // of what the same operation created
	fresh    bool     // whatever its policy
	retain   []string // logical ids
}

// deleteAll deletes resources, each after those that need it, and then goes on
// with end. What fails holds up only what it needs.
func (c *Cloud) deleteAll(u *run, rest []*resource, d deployment, how removal, end func(now time.Time), now time.Time) {
	p := &phase{end: end}
	u.phase = p
	for _, r := range slices.Backward(rest) {
		st := p.add(r.id)
		st.r = r
		st.begin = func(now time.Time) { c.deleteResource(u, st, how, now) }
	}
	for _, other := range p.steps {
		needs := d.needs(other.id)
		for _, st := range p.steps {
			if other.id != st.id && slices.Contains(needs, st.id) {
				st.needs = append(st.needs, other)
			}
		}
	}
	p.advance(now)
}

func (c *Cloud) deleteResource(u *run, st *step, how removal, now time.Time) {
	r := st.r
	st.cancel = func(now time.Time) {
		c.say(r, types.ResourceStatusDeleteFailed, "Resource deletion cancelled", now)
	}
	replaced := r.stack.resources[r.id] != r
	switch {
	case r.physical == "":
		c.release(r, true)
		c.say(r, types.ResourceStatusDeleteComplete, "", now)
		st.done(now)
		return
	case slices.Contains(how.retain, r.id), r.retained(replaced, how):
		c.release(r, false)
		c.say(r, types.ResourceStatusDeleteSkipped, "", now)
		st.done(now)
		return
	}
	c.say(r, types.ResourceStatusDeleteInProgress, "", now)
	fault := c.strike(r, Delete)
	if r.child != nil && fault == nil {
		c.deleteChild(u, st, how, now)
		return
	}
	whole := c.timing(u, r.kind.Name).Delete
	if fault != nil && fault.After > 0 {
		whole = fault.After
	}
	c.after(st, now, whole, func(now time.Time) {
		if fault != nil && fault.Reason != "" {
			c.deletedResource(u, st, fault.Reason, now)
			return
		}
		c.deletedResource(u, st, c.vanish(r), now)
	})
}

// deletedResource is the end of deleting r; a reason is a failure.
func (c *Cloud) deletedResource(u *run, st *step, reason string, now time.Time) {
	r := st.r
	switch {
	case reason == "":
		c.release(r, true)
		c.say(r, types.ResourceStatusDeleteComplete, "", now)
	case u.force:
		c.release(r, false)
		c.say(r, types.ResourceStatusDeleteSkipped, reason, now)
	default:
		c.refuse(st, types.ResourceStatusDeleteFailed, reason, now)
		return
	}
	st.done(now)
}

// retained reports whether the policies of r leave it behind. Source:
// CloudFormation template reference, "DeletionPolicy" and "UpdateReplacePolicy".
func (r *resource) retained(replaced bool, how removal) bool {
	policy := r.definition.DeletionPolicy
	if replaced && !how.creation {
		policy = r.definition.UpdateReplacePolicy
	}
	if how.creation {
		return policy == "Retain" && !how.fresh
	}
	return policy == "Retain" || policy == "RetainExceptOnCreate"
}

// deleteChild deletes a nested stack.
func (c *Cloud) deleteChild(u *run, st *step, how removal, now time.Time) {
	child := st.r.child
	if child.status == types.StackStatusDeleteComplete {
		c.deletedResource(u, st, "", now)
		return
	}
	in := &cloudformation.DeleteStackInput{ClientRequestToken: some(u.token)}
	if u.force && child.status == types.StackStatusDeleteFailed {
		in.DeletionMode = types.DeletionModeForceDeleteStack
	}
	inside := c.beginDelete(child, in, removal{creation: how.creation, fresh: how.fresh}, now)
	inside.express = u.express
	done := func(now time.Time) {
		if st.state != running {
			return
		}
		if child.status == types.StackStatusDeleteComplete {
			c.deletedResource(u, st, "", now)
			return
		}
		c.deletedResource(u, st, fmt.Sprintf("Embedded stack %s was not successfully deleted: %s", child.id, child.reason), now)
	}
	if child.run != inside { // it was over at once
		done(now)
		return
	}
	inside.ended = append(inside.ended, done)
}
