package ecstest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

// The statuses of a task.
const (
	provisioning = "PROVISIONING"
	pending      = "PENDING"
	running      = "RUNNING"
	stopped      = "STOPPED"
)

// kept is how long a stopped task can be described.
// Source: ECS API reference, DescribeTasks: "at least one hour".
const kept = time.Hour

type task struct {
	id         string
	service    *service
	deployment *deployment
	instance   *instance // nil where its cluster has none
	status     string
	health     string // of its containers with a health check
	healthy    bool   // as the scheduler counts
	sound      bool   // its own checks have passed
	target     string // state of its targets; empty is none
	address    string // of its network interface; empty is none
	stopping   bool
	stopCode   string
	reason     string // why it stopped
	detail     string // the container's own reason
	exit       *int
	created    time.Time
	started    time.Time
	stoppedAt  time.Time
}

// alive returns the tasks of s that are not stopping, oldest first.
func (s *service) alive() []*task {
	return s.tasksWhere(func(t *task) bool { return !t.stopping && t.status != stopped })
}

func (s *service) aliveOf(d *deployment) []*task {
	return s.tasksWhere(func(t *task) bool { return t.deployment == d && !t.stopping && t.status != stopped })
}

// present returns the tasks that have not stopped yet.
func (s *service) present() []*task {
	return s.tasksWhere(func(t *task) bool { return t.status != stopped })
}

func (s *service) tasksWhere(keep func(*task) bool) []*task {
	var out []*task
	for _, t := range s.tasks {
		if keep(t) {
			out = append(out, t)
		}
	}
	return out
}

// start begins the life of a task of d, on an instance or nowhere in particular.
func (c *Cloud) start(s *service, d *deployment, in *instance, now time.Time) {
	c.serial++
	t := &task{
		id: fmt.Sprintf("%032x", c.serial), service: s, deployment: d, instance: in,
		status: provisioning, health: "UNKNOWN", created: now,
	}
	if s.ties.addressed() {
		t.address = address(c.serial)
	}
	s.tasks = append(s.tasks, t)
	s.cluster.tasks = append(s.cluster.tasks, t)
	s.say(now, "has started 1 tasks: (task %s).", t.id)
	timing := c.opts.Timing(s.name)
	c.after(t, now, timing.Provision, func(now time.Time) {
		t.status = pending
		c.after(t, now, timing.Pull, func(now time.Time) { c.pulled(t, timing, now) })
	})
}

// after plans the next step of t's life, unless t is told to stop before it.
func (c *Cloud) after(t *task, now time.Time, pause time.Duration, do func(now time.Time)) {
	c.agenda.Plan(now.Add(pause), func(now time.Time) {
		if !t.stopping {
			do(now)
			c.reconcile(t.service, now)
		}
	})
}

// pulled is the moment at which the images of t are there, or are known not to be.
func (c *Cloud) pulled(t *task, timing Timing, now time.Time) {
	fault := c.faultOf(t.service, t.deployment.definition)
	t.detail = c.unstartable(t.deployment.definition)
	if fault == ImageMissing {
		image, _ := t.deployment.definition.containers()[0]["image"].(string)
		t.detail = unpullable(image)
	}
	if t.detail != "" {
		c.fail(t, "TaskFailedToStart", t.detail, true, now)
		return
	}
	t.status, t.started = running, now
	c.connect(t, timing, now)
	checked := t.deployment.definition.checked()
	switch {
	case fault == Crash:
		c.after(t, now, timing.Start/4, func(now time.Time) {
			code := 1
			t.exit = &code
			c.write(t, timing, now)
			c.fail(t, "EssentialContainerExited", "Essential container in task exited", false, now)
		})
	case fault == NeverHealthy && checked:
		c.after(t, now, 2*timing.Start, func(now time.Time) {
			t.health = "UNHEALTHY"
			c.fail(t, "ServiceSchedulerInitiated", "Task failed container health checks", true, now)
		})
	case fault == NeverHealthy:
	case checked:
		c.after(t, now, timing.Start, func(time.Time) { t.health = "HEALTHY"; t.passed() })
	default:
		c.after(t, now, timing.MinUp, func(time.Time) { t.passed() })
	}
}

// fail ends t by itself. Counted tells whether the circuit breaker counts it:
// a task that reached RUNNING and then exits is not (aws/containers-roadmap#1206).
func (c *Cloud) fail(t *task, code, reason string, counted bool, now time.Time) {
	if counted {
		t.deployment.failed++
	}
	pause := c.opts.Timing(t.service.name).Retry
	t.service.notBefore = now.Add(pause)
	c.stop(t, code, reason, now)
	c.agenda.Plan(t.service.notBefore, func(now time.Time) { c.reconcile(t.service, now) })
}

// stop tells t to stop; it will have stopped after a while.
func (c *Cloud) stop(t *task, code, reason string, now time.Time) {
	t.stopping, t.healthy, t.stopCode, t.reason = true, false, code, reason
	c.strike(t)
	t.service.say(now, "has stopped 1 running tasks: (task %s).", t.id)
	c.agenda.Plan(now.Add(c.opts.Timing(t.service.name).Stop), func(now time.Time) {
		t.status, t.stoppedAt = stopped, now
		c.agenda.Plan(now.Add(kept), func(time.Time) { t.forget() })
		c.reconcile(t.service, now)
	})
}

func (t *task) forget() {
	is := func(other *task) bool { return other == t }
	t.service.tasks = slices.DeleteFunc(t.service.tasks, is)
	t.service.cluster.tasks = slices.DeleteFunc(t.service.cluster.tasks, is)
}

type tasksInput struct {
	Cluster       string   `json:"cluster"`
	ServiceName   string   `json:"serviceName"`
	DesiredStatus string   `json:"desiredStatus"`
	LaunchType    string   `json:"launchType"`
	MaxResults    int      `json:"maxResults"`
	NextToken     string   `json:"nextToken"`
	Tasks         []string `json:"tasks"`
}

// taskBatch is the most tasks that one ListTasks or DescribeTasks call gives.
// Source: ECS API reference, ListTasks and DescribeTasks.
const taskBatch = 100

func (c *Cloud) listTasks(in tasksInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	if in.ServiceName != "" && cl.services[short.Name(in.ServiceName)] == nil {
		return nil, &Error{Code: "ServiceNotFoundException", Message: "Service not found."}
	}
	if in.DesiredStatus == "" {
		in.DesiredStatus = running
	}
	arns := []string{}
	for _, t := range cl.tasks {
		if (in.ServiceName == "" || t.service.name == short.Name(in.ServiceName)) && t.desiredStatus() == in.DesiredStatus &&
			(in.LaunchType == "" || t.service.launchType() == in.LaunchType) {
			arns = append(arns, t.arn())
		}
	}
	if in.MaxResults == 0 {
		in.MaxResults = taskBatch
	}
	part, next := page(arns, in.NextToken, in.MaxResults)
	out := object{"taskArns": part}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func (c *Cloud) describeTasks(in tasksInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	if n := len(in.Tasks); n == 0 || n > taskBatch {
		return nil, invalid(fmt.Sprintf("Tasks must have between 1 and %d items, not %d.", taskBatch, n))
	}
	found, failures := []object{}, []object{}
	for _, name := range in.Tasks {
		i := slices.IndexFunc(cl.tasks, func(t *task) bool { return t.id == short.Name(name) })
		if i < 0 {
			failures = append(failures, object{"arn": name, "reason": "MISSING"})
			continue
		}
		found = append(found, cl.tasks[i].wire())
	}
	return object{"tasks": found, "failures": failures}, nil
}

func (t *task) arn() string { return arn("task", t.service.cluster.name, t.id) }

func (t *task) desiredStatus() string {
	if t.stopping || t.status == stopped {
		return stopped
	}
	return running
}

func (t *task) wire() object {
	out := object{
		"taskArn": t.arn(), "clusterArn": t.service.cluster.arn(), "taskDefinitionArn": t.deployment.definition.arn(),
		"group": t.service.group(), "startedBy": t.deployment.id, "lastStatus": t.status,
		"desiredStatus": t.desiredStatus(), "healthStatus": t.health, "createdAt": double.Stamp(t.created), "containers": t.containers(),
		"attachments": t.attachments(),
	}
	maps.Copy(out, t.place())
	if !t.started.IsZero() {
		out["startedAt"] = double.Stamp(t.started)
	}
	if t.stopping {
		out["stopCode"], out["stoppedReason"] = t.stopCode, t.reason
	}
	if t.status == stopped {
		out["stoppedAt"] = double.Stamp(t.stoppedAt)
	}
	return out
}

func (t *task) containers() []object {
	out := []object{}
	for i, def := range t.deployment.definition.containers() {
		w := object{
			"containerArn": fmt.Sprintf("%s/%d", t.arn(), i), "taskArn": t.arn(), "name": def["name"], "image": def["image"],
			"lastStatus": t.status, "healthStatus": "UNKNOWN", "networkInterfaces": t.interfaces(),
		}
		if def["healthCheck"] != nil {
			w["healthStatus"] = t.health
		}
		if i == 0 && t.detail != "" {
			w["reason"] = t.detail
		}
		if i == 0 && t.exit != nil {
			w["exitCode"] = *t.exit
		}
		out = append(out, w)
	}
	return out
}
