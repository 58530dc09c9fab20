package ecstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// deployment is one attempt to have a service run a task definition.
type deployment struct {
	id         string
	definition *taskDefinition
	desired    int
	state      string // rolloutState
	reason     string
	failed     int         // tasks that failed to start, as the circuit breaker counts
	completed  bool        // reached a steady state once
	abandoned  bool        // given up by the circuit breaker: starts no more tasks
	outcome    string      // status of its service deployment
	awaiting   bool        // waits at a lifecycle hook
	continued  bool        // was told to go on
	undone     *deployment // the deployment that this one rolls back
	created    time.Time
	updated    time.Time
}

// The states of a deployment.
const (
	inProgress = "IN_PROGRESS"
	completed  = "COMPLETED"
	failed     = "FAILED"
)

func (d *deployment) wire(s *service, primary bool) object {
	up, coming := 0, 0
	for _, t := range s.tasks {
		switch {
		case t.deployment != d || t.stopping:
		case t.status == running:
			up++
		case t.status != stopped:
			coming++
		}
	}
	status := statusActive
	if primary {
		status = "PRIMARY"
	}
	out := object{
		"id": d.id, "status": status, "taskDefinition": d.definition.arn(), "desiredCount": d.desired,
		"runningCount": up, "pendingCount": coming, "failedTasks": d.failed,
		"createdAt": double.Stamp(d.created), "updatedAt": double.Stamp(d.updated),
	}
	if !s.strategic() { // ECS API reference, Deployment, "rolloutState"
		out["rolloutState"], out["rolloutStateReason"] = d.state, d.reason
	}
	return out
}

func (d *deployment) enter(state, reason string, now time.Time) {
	d.state, d.reason, d.updated = state, reason, now
}

func (s *service) primary() *deployment {
	if len(s.deployments) == 0 {
		return nil
	}
	return s.deployments[0]
}

func (s *service) maximum() int { return valueOr(s.config.Maximum, 200) }
func (s *service) minimum() int { return valueOr(s.config.Minimum, 100) }

func valueOr(p *int, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return *p
}

// deploy makes a new primary deployment of td.
func (c *Cloud) deploy(s *service, td *taskDefinition, now time.Time) {
	c.serial++
	d := &deployment{
		id: fmt.Sprintf("ecs-svc/%019d", c.serial), definition: td, desired: s.desired,
		state: inProgress, outcome: deploymentInProgress, created: now, updated: now,
	}
	d.reason = "ECS deployment " + d.id + " in progress."
	for _, old := range s.deployments {
		old.desired = 0
		if old.outcome == deploymentInProgress {
			old.outcome, old.awaiting = deploymentStopped, false
		}
	}
	s.history = append([]*deployment{d}, s.history...)
	s.deployments = append([]*deployment{d}, s.deployments...)
	s.notBefore = now
	c.reconcile(s, now)
}

// reconcile does what the scheduler does when something of s has changed.
func (c *Cloud) reconcile(s *service, now time.Time) {
	if s.status == statusActive {
		c.startTasks(s, now)
	}
	c.stopTasks(s, now)
	c.settle(s, now)
}

// startTasks starts what the primary deployment lacks, as far as the maximum
// percent allows. Source: ECS API reference, DeploymentConfiguration: the
// maximum is rounded down.
func (c *Cloud) startTasks(s *service, now time.Time) {
	p := s.primary()
	if p.abandoned || now.Before(s.notBefore) {
		return
	}
	missing := p.desired - len(s.aliveOf(p))
	room := s.desired*s.maximum()/100 - len(s.alive())
	for range min(missing, room) {
		if c.faultOf(s, p.definition) == NoCapacity {
			s.say(now, "was unable to place a task because no container instance met all of its requirements. "+
				"Reason: No Container Instances were found in your capacity.")
			c.later(s, now, c.opts.Timing(s.name).Retry)
			return
		}
		in, event := s.instanceFor(p.definition)
		if event != "" {
			s.say(now, "%s", event)
			c.later(s, now, c.opts.Timing(s.name).Retry)
			return
		}
		c.start(s, p, in, now)
	}
}

// later has the scheduler look at s again after a pause, and start nothing before.
func (c *Cloud) later(s *service, now time.Time, pause time.Duration) {
	s.notBefore = now.Add(pause)
	c.agenda.Plan(s.notBefore, func(now time.Time) { c.reconcile(s, now) })
}

// stopTasks stops what is not of the primary deployment, as far as the minimum
// percent (rounded up) allows, and what is more than desired.
func (c *Cloud) stopTasks(s *service, now time.Time) {
	keep := (s.desired*s.minimum() + 99) / 100
	if s.status != statusActive {
		keep = 0
	}
	healthy := 0
	for _, t := range s.alive() {
		if t.healthy {
			healthy++
		}
	}
	for _, t := range s.alive() {
		if s.status == statusActive && (t.deployment == s.primary() || s.strategic() && !s.primary().completed) {
			continue
		}
		if t.healthy {
			if healthy <= keep {
				continue
			}
			healthy--
		}
		c.stop(t, "ServiceSchedulerInitiated", "Scaling activity initiated by deployment "+s.primary().id, now)
	}
	if extra := len(s.aliveOf(s.primary())) - s.primary().desired; extra > 0 && s.status == statusActive {
		for _, t := range s.aliveOf(s.primary())[:extra] {
			c.stop(t, "ServiceSchedulerInitiated", "Scaling activity initiated by deployment "+s.primary().id, now)
		}
	}
}

// settle completes or fails the primary deployment and forgets those that are over.
func (c *Cloud) settle(s *service, now time.Time) {
	p := s.primary()
	if s.status == statusDraining && len(s.present()) == 0 {
		s.status = statusInactive
		s.deployments = s.deployments[:1]
		return
	}
	s.deployments = slices.DeleteFunc(s.deployments, func(d *deployment) bool {
		return d != p && !slices.ContainsFunc(s.present(), func(t *task) bool { return t.deployment == d })
	})
	if s.status != statusActive || p.state != inProgress {
		return
	}
	if c.breakerTrips(s, p) {
		c.giveUp(s, p, "tasks failed to start", now)
		return
	}
	if c.succeeds(s, p) && !c.hold(s, p) {
		p.completed, p.outcome = true, deploymentSuccessful
		p.enter(completed, "ECS deployment "+p.id+" completed.", now)
		s.say(now, "has reached a steady state.")
		if p.undone != nil {
			p.undone.outcome = deploymentRolledBack
		}
		c.stopTasks(s, now) // what a strategy has kept until now
	}
}

// succeeds reports whether the primary deployment is complete: its tasks, or
// as many as are an early success, are healthy, and those of others are gone. A
// strategy keeps the others until the traffic has moved.
func (c *Cloud) succeeds(s *service, p *deployment) bool {
	if enough, early := s.early(p); early {
		healthy := 0
		for _, t := range s.aliveOf(p) {
			if t.healthy {
				healthy++
			}
		}
		return healthy >= enough
	}
	for _, t := range s.present() {
		if t.deployment != p && !s.strategic() || t.deployment == p && !t.healthy {
			return false
		}
	}
	return len(s.aliveOf(p)) == p.desired
}

// breakerTrips applies the threshold of the circuit breaker: half the desired
// count, at least 3 and at most 200.
// Source: ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures".
func (c *Cloud) breakerTrips(s *service, d *deployment) bool {
	threshold := min(max((d.desired+1)/2, 3), 200)
	return s.config.Breaker.Enable && d.failed >= threshold
}

// giveUp fails a deployment, and rolls back where that is asked for and there is
// something to roll back to.
func (c *Cloud) giveUp(s *service, d *deployment, why string, now time.Time) {
	d.abandoned, d.outcome = true, deploymentStopped
	d.enter(failed, "ECS deployment circuit breaker: "+why+".", now)
	s.say(now, "(deployment %s) deployment failed: %s.", d.id, why)
	if !s.config.Breaker.Rollback {
		return
	}
	for _, old := range s.deployments {
		if old.completed {
			s.say(now, "rolling back to deployment %s.", old.id)
			d.desired, d.outcome = 0, deploymentRollingBack
			c.deploy(s, old.definition, now)
			s.primary().undone = d
			s.primary().reason = "ECS deployment circuit breaker: rolling back to deploymentId " + old.id + "."
			return
		}
	}
}
