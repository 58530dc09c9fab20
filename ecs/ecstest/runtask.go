package ecstest

import (
	"cmp"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
)

type runTask struct {
	Cluster        string `json:"cluster"`
	TaskDefinition string `json:"taskDefinition"`
	Count          int    `json:"count"`
	Group          string `json:"group"`
	LaunchType     string `json:"launchType"`
	StartedBy      string `json:"startedBy"`
}

// runTask starts tasks of no service. Nobody replaces them once they stop.
func (c *Cloud) runTask(in runTask, now time.Time) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	td, fault := c.usable(in.TaskDefinition)
	if fault != nil {
		return nil, fault
	}
	count := cmp.Or(in.Count, 1)
	if count > 10 { // ECS API reference, RunTask, "count"
		return nil, invalid("Count must be between 1 and 10.")
	}
	// A service that only these tasks belong to, and that starts no others.
	loose := &service{
		cluster: cl, name: cmp.Or(in.Group, "family:"+td.family), status: statusActive, desired: count, created: now, loose: true,
		passed: object{"launchType": in.LaunchType},
	}
	d := &deployment{id: in.StartedBy, definition: td, desired: count, state: completed, completed: true, abandoned: true, created: now, updated: now}
	loose.deployments = []*deployment{d}
	tasks, failures := []object{}, []object{}
	for range count {
		on, event := loose.instanceFor(td)
		if event != "" {
			failures = append(failures, object{"reason": "RESOURCE:MEMORY"})
			continue
		}
		c.start(loose, d, on, now)
		tasks = append(tasks, loose.tasks[len(loose.tasks)-1].wire())
	}
	return object{"tasks": tasks, "failures": failures}, nil
}

// group is what the tasks of s say that they belong to.
func (s *service) group() string {
	if s.loose {
		return s.name
	}
	return "service:" + s.name
}

type stopTask struct {
	Cluster string `json:"cluster"`
	Task    string `json:"task"`
	Reason  string `json:"reason"`
}

// stopTask stops one task; its service, if it has one, starts another.
func (c *Cloud) stopTask(in stopTask, now time.Time) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	i := slices.IndexFunc(cl.tasks, func(t *task) bool { return t.id == short.Name(in.Task) })
	if i < 0 {
		return nil, invalid("The referenced task was not found.")
	}
	t := cl.tasks[i]
	if !t.stopping && t.status != stopped {
		c.stop(t, "UserInitiated", cmp.Or(in.Reason, "Task stopped by user"), now)
		c.reconcile(t.service, now)
	}
	return object{"task": t.wire()}, nil
}
