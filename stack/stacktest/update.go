package stacktest

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// update begins to make the stack what u.to says.
func (c *Cloud) update(u *run, now time.Time) {
	s := u.stack
	s.deployed, s.express, s.preserve, s.fresh, s.updated = u.to, u.express, u.preserve, u.fresh, now
	c.enter(s, types.StackStatusUpdateInProgress, userInitiated, now)
	all, needs, err := u.to.active(s, c)
	u.phase = &phase{halt: !u.preserve, end: func(now time.Time) { c.updatedAll(u, now) }}
	if err != nil {
		u.phase.over = true
		c.updateFailed(u, cause(err)+" ", now)
		return
	}
	steps := make(map[string]*step)
	for _, definition := range all {
		st := u.phase.add(definition.Name)
		st.begin = func(now time.Time) { c.updateResource(u, st, definition, now) }
		steps[definition.Name] = st
	}
	link(steps, needs)
	u.phase.advance(now)
}

// updateResource creates, replaces, changes or keeps one resource.
func (c *Cloud) updateResource(u *run, st *step, definition template.Resource, now time.Time) {
	r := u.stack.resources[definition.Name]
	if r == nil || r.status == types.ResourceStatusCreateFailed {
		if r != nil && r.physical != "" {
			c.release(r, true) // it is about to be deleted
			u.inherited = append(u.inherited, r)
		}
		c.createResource(u, st, definition, now)
		return
	}
	st.r, st.old = r, r.copy()
	u.touch(r.id, st.old)
	d, err := c.desire(u.stack, u.to, definition)
	switch {
	case err != nil:
		c.say(r, types.ResourceStatusUpdateInProgress, "", now)
		c.refuse(st, types.ResourceStatusUpdateFailed, cause(err), now)
	case r.same(d) && r.status != types.ResourceStatusUpdateFailed:
		r.definition = definition
		st.done(now)
	case r.recreation(d) == catalog.Always && u.strict: // see aws/aws-cdk-cli#1931
		c.refuse(st, types.ResourceStatusUpdateFailed, "Replacement type updates not supported on stack with disable-rollback.", now)
	case r.recreation(d) == catalog.Always:
		c.replace(u, st, d, definition, now)
	default:
		c.change(u, st, d, definition, now)
	}
}

func (c *Cloud) cancelUpdateOf(r *resource) func(now time.Time) {
	return func(now time.Time) {
		c.say(r, types.ResourceStatusUpdateFailed, "Resource update cancelled", now)
		c.cancelChild(r, now)
	}
}

// change changes a resource in place.
func (c *Cloud) change(u *run, st *step, d desired, definition template.Resource, now time.Time) {
	r := st.r
	st.cancel = c.cancelUpdateOf(r)
	r.become(d, definition)
	c.say(r, types.ResourceStatusUpdateInProgress, "", now)
	fault := c.strike(r, Update)
	if r.child != nil && fault == nil {
		c.updateChild(u, st, now)
		return
	}
	c.settle(st, making{good: types.ResourceStatusUpdateComplete, bad: types.ResourceStatusUpdateFailed}, fault, c.timing(u, r.kind.Name).Update, now)
	r.version++
}

// replace makes a new thing for a resource; the old one is cleaned up at the end.
func (c *Cloud) replace(u *run, st *step, d desired, definition template.Resource, now time.Time) {
	r, old := st.r, st.r.copy()
	st.cancel = c.cancelUpdateOf(r)
	name, given := r.kind.GivenName(d.properties)
	before, _ := r.kind.GivenName(r.properties)
	r.become(d, definition)
	r.child, r.claimed = nil, nil
	c.say(r, types.ResourceStatusUpdateInProgress, "Requested update requires the creation of a new physical resource; hence creating one.", now)
	if given && name == before {
		r.claimed, r.child = old.claimed, old.child
		c.refuse(st, types.ResourceStatusUpdateFailed, fmt.Sprintf(
			"CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename %s and update the stack again.", name), now)
		return
	}
	c.make(u, st, making{
		on: Update, old: old, progress: types.ResourceStatusUpdateInProgress, good: types.ResourceStatusUpdateComplete, bad: types.ResourceStatusUpdateFailed,
	}, now)
}

// updatedAll is the end of updating, before the cleanup.
func (c *Cloud) updatedAll(u *run, now time.Time) {
	if reason := failures(u.phase); reason != "" {
		c.updateFailed(u, reason, now)
		return
	}
	if err := c.finish(u.stack, u.to); err != nil {
		c.updateFailed(u, cause(err)+" ", now)
		return
	}
	c.enter(u.stack, types.StackStatusUpdateCompleteCleanupInProgress, "", now)
	if u.told != nil {
		u.held = true
		u.tell("", now)
		return
	}
	c.cleanUp(u, now)
}

// cleanUp deletes what an update removed or replaced, within nested stacks first.
func (c *Cloud) cleanUp(u *run, now time.Time) {
	u.held = false
	c.cleanUpNested(u, func(now time.Time) { c.cleanUpOwn(u, now) }, now)
}

// cleanUpNested ends the updates of nested stacks that wait for that, and then
// goes on.
func (c *Cloud) cleanUpNested(u *run, then func(now time.Time), now time.Time) {
	inside := 1 // how many cleanups are waited for, and this call
	next := func(now time.Time) {
		if inside--; inside == 0 {
			then(now)
		}
	}
	for _, r := range u.stack.sorted() {
		if r.child != nil && r.child.run != nil && r.child.run.held {
			inside++
			r.child.run.ended = append(r.child.run.ended, next)
			c.cleanUp(r.child.run, now)
		}
	}
	next(now)
}

func (c *Cloud) cleanUpOwn(u *run, now time.Time) {
	s := u.stack
	wanted := make(map[string]bool)
	if all, _, err := u.to.active(s, c); err == nil {
		for _, r := range all {
			wanted[r.Name] = true
		}
	}
	rest := append(slices.Clip(u.inherited), u.leftovers...)
	for _, r := range s.sorted() {
		if !wanted[r.id] {
			rest = append(rest, r)
		}
	}
	c.deleteAll(u, rest, u.previous, removal{}, func(now time.Time) {
		reason := ""
		if len(u.phase.in(failed)) > 0 {
			reason = "Update successful. One or more resources could not be deleted."
		}
		for _, r := range rest {
			if s.resources[r.id] == r {
				delete(s.resources, r.id)
			}
		}
		c.end(u, types.StackStatusUpdateComplete, reason, now)
	}, now)
}

// updateFailed leaves the stack as it is, or rolls it back.
func (c *Cloud) updateFailed(u *run, reason string, now time.Time) {
	if u.preserve && u.told == nil {
		for _, st := range u.phase.in(failed) {
			if st.old != nil { // so that the next update tries it again
				st.r.become(st.old.desired(), st.old.definition)
			}
		}
		c.cleanUpNested(u, func(now time.Time) { c.end(u, types.StackStatusUpdateFailed, reason, now) }, now)
		return
	}
	c.rollBack(u, reason, now)
	u.tell(reason, now)
}
