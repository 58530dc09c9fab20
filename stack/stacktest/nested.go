package stacktest

import (
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// nestedDeployment is what the resource of a nested stack asks for, in a
// deployment of its parent.
func nestedDeployment(to deployment, d desired) (deployment, *Error) {
	values := make(map[string]string)
	given, _ := d.properties["Parameters"].(map[string]any)
	for key, v := range given {
		values[key] = text(v)
	}
	return newDeployment(d.body, values, to.tags, to.capabilities, to.role)
}

// createChild makes the nested stack that a step is about.
func (c *Cloud) createChild(u *run, st *step, m making, now time.Time) {
	r := st.r
	d, fault := nestedDeployment(u.to, r.desired())
	if fault != nil {
		c.refuse(st, m.bad, fault.Message, now)
		return
	}
	inner := u.inner(r.id)
	var child *stack
	if inner != nil && inner.stack.status == types.StackStatusReviewInProgress {
		child = inner.stack
	} else {
		child = c.newStack(r.kind.GeneratedName(r.instance()), now)
	}
	child.parent = r
	r.child, r.physical = child, child.id
	c.say(r, m.progress, "Resource creation Initiated", now)
	inside := c.newRun(child, types.OperationTypeCreateStack, u.token)
	inside.to, inside.express, inside.fresh = d, u.express, u.fresh
	inside.execute(inner)
	inside.told = func(reason string, now time.Time) {
		if reason != "" {
			c.refuse(st, m.bad, fmt.Sprintf("Embedded stack %s was not successfully created: %s", child.id, reason), now)
			return
		}
		c.say(r, m.good, "", now)
		st.done(now)
	}
	c.create(inside, "", now)
}

// updateChild changes the nested stack that a step is about.
func (c *Cloud) updateChild(u *run, st *step, now time.Time) {
	r, child := st.r, st.r.child
	d, fault := nestedDeployment(u.to, r.desired())
	if fault != nil {
		c.refuse(st, types.ResourceStatusUpdateFailed, fault.Message, now)
		return
	}
	inside := c.newRun(child, types.OperationTypeUpdateStack, u.token)
	inside.to, inside.express, inside.strict, inside.fresh = d, u.express, u.strict, u.fresh
	inside.execute(u.inner(r.id))
	inside.told = func(reason string, now time.Time) {
		if reason != "" {
			c.refuse(st, types.ResourceStatusUpdateFailed, notUpdated(child), now)
			return
		}
		c.say(r, types.ResourceStatusUpdateComplete, "", now)
		st.done(now)
	}
	c.update(inside, now)
}

func notUpdated(child *stack) string {
	return fmt.Sprintf("Embedded stack %s was not successfully updated. Currently in %s with reason: %s", child.id, child.status, child.reason)
}

// cancelChild stops what is going on in the nested stack of r, if r is one.
func (c *Cloud) cancelChild(r *resource, now time.Time) {
	if r.child == nil || r.child.run == nil || r.child.run.phase.over {
		return
	}
	u := r.child.run
	u.told = nil
	u.phase.stop(now)
	if r.child.status == types.StackStatusUpdateInProgress {
		c.rollBack(u, "Resource update cancelled", now)
		return
	}
	c.end(u, types.StackStatusCreateFailed, "Resource creation cancelled", now)
}

// restoreChild takes a nested stack back, as far as that has not begun.
func (c *Cloud) restoreChild(st *step, now time.Time) {
	u := st.r.child.run
	if u == nil || st.r.child.status == types.StackStatusUpdateRollbackFailed {
		c.restoredChild(st, now)
		return
	}
	c.awaitChild(st)
	if u.held {
		c.rollBack(u, "", now)
	}
}

// awaitChild ends a step when the rollback of its nested stack has ended.
func (c *Cloud) awaitChild(st *step) {
	u := st.r.child.run
	u.ended = append(u.ended, func(now time.Time) { c.restoredChild(st, now) })
}

func (c *Cloud) restoredChild(st *step, now time.Time) {
	if st.state != running {
		return
	}
	if child := st.r.child; child.status == types.StackStatusUpdateRollbackFailed {
		c.refuse(st, types.ResourceStatusUpdateFailed, notUpdated(child), now)
		return
	}
	if u := st.r.stack.run; u.ahead(st.r) {
		c.revertChild(u, st, now)
		return
	}
	c.say(st.r, types.ResourceStatusUpdateComplete, "", now)
	st.done(now)
}

// ahead reports whether the nested stack of r is made from something else than a
// rollback wants: its update succeeded, and was over before the rollback began.
func (u *run) ahead(r *resource) bool {
	d, fault := nestedDeployment(u.from, r.desired())
	return fault == nil && (d.body != r.child.deployed.body || !maps.Equal(d.parameters, r.child.deployed.parameters))
}

// revertChild takes a nested stack back by another update.
func (c *Cloud) revertChild(u *run, st *step, now time.Time) {
	child := st.r.child
	d, fault := nestedDeployment(u.from, st.r.desired())
	if fault != nil {
		c.refuse(st, types.ResourceStatusUpdateFailed, fault.Message, now)
		return
	}
	inside := c.newRun(child, types.OperationTypeRollback, u.token)
	inside.to, inside.express = d, u.express
	inside.told = func(reason string, now time.Time) {
		if reason != "" {
			c.refuse(st, types.ResourceStatusUpdateFailed, notUpdated(child), now)
			return
		}
		c.awaitChild(st)
		c.cleanUp(inside, now)
	}
	c.update(inside, now)
}
