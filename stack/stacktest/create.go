package stacktest

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// create begins to make all that u.to has.
func (c *Cloud) create(u *run, reason string, now time.Time) {
	s := u.stack
	s.deployed, s.express, s.preserve, s.fresh = u.to, u.express, u.preserve, u.fresh
	c.enter(s, types.StackStatusCreateInProgress, reason, now)
	all, needs, err := u.to.active(s, c)
	u.phase = &phase{halt: !u.preserve, end: func(now time.Time) { c.created(u, now) }}
	if err != nil {
		u.phase.over = true
		c.createFailed(u, cause(err)+" ", now)
		return
	}
	steps := make(map[string]*step)
	for _, definition := range all {
		st := u.phase.add(definition.Name)
		st.begin = func(now time.Time) { c.createResource(u, st, definition, now) }
		steps[definition.Name] = st
	}
	link(steps, needs)
	u.phase.advance(now)
}

// created is the end of creating.
func (c *Cloud) created(u *run, now time.Time) {
	if reason := failures(u.phase); reason != "" {
		c.createFailed(u, reason, now)
		return
	}
	if err := c.finish(u.stack, u.to); err != nil {
		c.createFailed(u, cause(err)+" ", now)
		return
	}
	c.end(u, types.StackStatusCreateComplete, "", now)
	u.tell("", now)
}

// createFailed leaves the stack to its parent, or as it is, or takes it back.
func (c *Cloud) createFailed(u *run, reason string, now time.Time) {
	if u.told != nil || u.preserve {
		c.end(u, types.StackStatusCreateFailed, reason, now)
		u.tell(reason, now)
		return
	}
	c.undo(u, reason+"Rollback requested by user.", now)
}

// undo deletes all that there is of a stack whose creation never succeeded.
func (c *Cloud) undo(u *run, reason string, now time.Time) {
	c.enter(u.stack, types.StackStatusRollbackInProgress, reason, now)
	c.deleteAll(u, append(u.stack.sorted(), u.inherited...), u.to, removal{creation: true, fresh: u.fresh}, func(now time.Time) {
		if reason := failures(u.phase); reason != "" {
			c.end(u, types.StackStatusRollbackFailed, reason, now)
			return
		}
		c.end(u, types.StackStatusRollbackComplete, "", now)
	}, now)
}

// tell tells the parent of a nested stack how it went; no reason is success.
func (u *run) tell(reason string, now time.Time) {
	if told := u.told; told != nil {
		u.told = nil
		told(reason, now)
	}
}

func (c *Cloud) createResource(u *run, st *step, definition template.Resource, now time.Time) {
	r := newResource(u.stack, definition)
	st.r = r
	u.touch(r.id, nil)
	u.stack.resources[r.id] = r
	st.cancel = func(now time.Time) {
		c.say(r, types.ResourceStatusCreateFailed, "Resource creation cancelled", now)
		c.cancelChild(r, now)
	}
	d, err := c.desire(u.stack, u.to, definition)
	if err == nil {
		r.become(d, definition)
	}
	c.say(r, types.ResourceStatusCreateInProgress, "", now)
	if err != nil {
		c.refuse(st, types.ResourceStatusCreateFailed, cause(err), now)
		return
	}
	c.make(u, st, making{
		on: Create, progress: types.ResourceStatusCreateInProgress, good: types.ResourceStatusCreateComplete, bad: types.ResourceStatusCreateFailed,
	}, now)
}

// touch remembers what an update found at id, the first time.
func (u *run) touch(id string, found *resource) {
	if _, known := u.before[id]; !known {
		u.before[id] = found
		u.touched = append(u.touched, id)
	}
}

// making is how something new comes about: as a creation, or as the replacement
// that an update wants.
type making struct {
	on                  Phase
	progress, good, bad types.ResourceStatus
	old                 *resource // what is replaced
}

// make makes the thing in AWS for which st.r stands.
func (c *Cloud) make(u *run, st *step, m making, now time.Time) {
	r := st.r
	whole := c.timing(u, r.kind.Name).Create
	fault := c.strike(r, m.on)
	nested := r.kind.Name == catalog.Nested && fault == nil
	c.after(st, now, initiated(whole), func(now time.Time) {
		reason := ""
		if fault != nil && fault.Early {
			reason = fault.Reason
		} else if reason = c.take(r); reason == "" {
			reason = c.arise(r, nested)
		}
		if reason != "" {
			if m.old != nil {
				r.claimed, r.child = m.old.claimed, m.old.child
			}
			c.refuse(st, m.bad, reason, now)
			return
		}
		if m.old != nil {
			u.leftovers = append(u.leftovers, m.old)
		}
		if nested {
			c.createChild(u, st, m, now)
			return
		}
		c.say(r, m.progress, "Resource creation Initiated", now)
		c.settle(st, m, fault, whole-initiated(whole), now)
	})
}

// settle waits until the thing is ready, or fails.
func (c *Cloud) settle(st *step, m making, fault *Fault, rest time.Duration, now time.Time) {
	if fault != nil && fault.After > 0 {
		rest = fault.After
	}
	c.after(st, now, rest, func(now time.Time) {
		if fault != nil {
			c.refuse(st, m.bad, fault.Reason, now)
			return
		}
		c.say(st.r, m.good, "", now)
		st.done(now)
	})
}

// take gives r the name that its properties have, or says why it cannot.
func (c *Cloud) take(r *resource) (reason string) {
	name, given := r.kind.GivenName(r.properties)
	if !given {
		return ""
	}
	if limit := r.kind.NameMax; limit > 0 && utf8.RuneCountInString(name) > limit {
		return fmt.Sprintf("Properties validation failed for resource %s with message:\n[#/%s: expected maxLength: %d, actual: %d]",
			r.id, r.kind.NameProperty, limit, utf8.RuneCountInString(name))
	}
	key := claim{r.kind.Name, name}
	owner, taken := c.claims[key]
	switch {
	case !taken:
		c.claims[key], r.claimed = r.stack.id, &key
		return ""
	case owner == "":
		return c.handler(fmt.Sprintf("Resource of type '%s' with identifier '{\"/properties/%s\":\"%s\"}' already exists.", r.kind.Name, r.kind.NameProperty, name), "AlreadyExists")
	}
	return fmt.Sprintf("%s already exists in stack %s", name, owner)
}

// release makes the name of r free again, or leaves it to nobody.
func (c *Cloud) release(r *resource, gone bool) {
	if r.claimed == nil {
		return
	}
	if gone {
		delete(c.claims, *r.claimed)
	} else {
		c.claims[*r.claimed] = ""
	}
	r.claimed = nil
}
