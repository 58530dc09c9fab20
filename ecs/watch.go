package ecs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// watch is what one service under way is waited for, and what was seen of it.
type watch struct {
	service    string
	verb       string // for errors: "roll out" or "roll back"
	remedy     string
	deployment string // id; empty while waiting for the service to be gone
	definition string // ARN that it runs
	strategy   string // ARN of its service deployment, where it is no rolling update and that is known
	baseline   string // ARN that ECS would roll back to; empty if there is none other
	containers []types.ContainerDefinition
	checked    []string // essential containers whose health checks must pass
	gone       bool     // wait until the service runs nothing any more
	mayRest    bool     // no task at all is fine
	settled    bool     // deployed before this rollout: what has stopped until now does not count

	since    time.Time // when waiting began
	polled   time.Time // last news
	deadline time.Time
	patience time.Duration
	needed   int    // healthy polls in a row
	good     int    // so many there were
	lost     int    // polls in a row without our deployment
	message  string // last one that was reported

	seen        bool  // the deployment has been seen
	up          int32 // tasks that run
	enough      int32 // tasks that must be healthy
	failedTasks int32
	events      string    // id of the newest event
	stirred     bool      // there were events since the last look
	unplaced    time.Time // since when no task could be placed; zero if none is waiting
	placement   string    // what ECS says of it
	stops       map[string]stop
	logs        []ContainerLog
	surveyed    map[string]bool // tasks of a settled service that had stopped before the first look
	exited      bool            // a container has run, and may have written something
	held        int             // polls for which a failure was held back, for its last lines
	blind       string          // why stopped tasks cannot be read
}

// staleness is how long reads may still show what was before a write.
const staleness = 30 * time.Second

// phase is how far a service is.
type phase int

const (
	going phase = iota
	healthy
	failed
)

// verdict is what one look at a service says.
type verdict struct {
	phase   phase
	message string
	err     error  // kind of failure
	reason  string // ECS's own words
}

// begunBy takes the deployment to wait for from the answer to the write that
// began it: reads may lag behind.
func (w *watch) begunBy(s *types.Service) {
	if p := primary(*s); p != nil {
		w.deployment, w.definition = ptr.Value(p.Id), ptr.Value(p.TaskDefinition)
	}
}

func (w *watch) start(now time.Time, o Options) {
	w.since, w.polled, w.deadline = now, now, now.Add(o.Timeout)
	w.patience, w.needed = o.PlacementPatience, o.Confirmations
	w.stops = make(map[string]stop)
}

// excuse shifts the limits by the time since the last news.
func (w *watch) excuse(now time.Time) {
	missed := now.Sub(w.polled)
	w.deadline = w.deadline.Add(missed)
	if !w.unplaced.IsZero() {
		w.unplaced = w.unplaced.Add(missed)
	}
	w.polled = now
}

// judge decides by the service alone. It notes what it has seen. That the
// service or its deployment is gone must be seen twice in a row, since a read
// may be older than the one before it.
func (w *watch) judge(s types.Service, now time.Time) verdict {
	v := w.judgeStatus(s, now)
	if v.phase != healthy {
		w.good = 0
	}
	gone := errors.Is(v.err, ErrGone) || errors.Is(v.err, ErrRolledBack) || errors.Is(v.err, ErrSuperseded)
	if !gone {
		w.lost = 0
	} else if w.lost++; w.lost < 2 {
		return verdict{message: w.message}
	}
	return v
}

func (w *watch) judgeStatus(s types.Service, now time.Time) verdict {
	status := ptr.Value(s.Status)
	fresh := now.Sub(w.since) < staleness && !w.seen
	switch {
	case w.gone && (status == "" || status == statusInactive || status == statusDraining && s.RunningCount+s.PendingCount == 0):
		return verdict{phase: healthy, message: "deleted"}
	case w.gone:
		return verdict{message: fmt.Sprintf("%d tasks left", s.RunningCount+s.PendingCount)}
	case status != statusActive && fresh:
		return verdict{message: "waiting for ECS to show it"}
	case status != statusActive:
		return verdict{phase: failed, err: ErrGone, reason: "its status is " + orMissing(status)}
	}
	for i := range s.Deployments {
		if d := &s.Deployments[i]; ptr.Value(d.Id) == w.deployment {
			w.seen = true
			w.hear(s, d, now)
			return w.judgeDeployment(s, d, now)
		}
	}
	if fresh {
		return verdict{message: "waiting for ECS to show it"}
	}
	return w.displaced(s, "")
}

func orMissing(status string) string {
	if status == "" {
		return "MISSING"
	}
	return status
}

// displaced tells who has taken the place of our deployment.
func (w *watch) displaced(s types.Service, reason string) verdict {
	p := primary(s)
	switch {
	case p == nil:
		return verdict{phase: failed, err: ErrGone, reason: "it has no primary deployment"}
	case w.baseline != "" && ptr.Value(p.TaskDefinition) == w.baseline:
		if reason == "" {
			reason = ptr.Value(p.RolloutStateReason)
		}
		return verdict{phase: failed, err: ErrRolledBack, reason: reason}
	default:
		return verdict{phase: failed, err: ErrSuperseded, reason: ptr.Value(p.Id) + " runs " + short.Name(ptr.Value(p.TaskDefinition))}
	}
}

func (w *watch) judgeDeployment(s types.Service, d *types.Deployment, now time.Time) verdict {
	count := fmt.Sprintf("%d of %d tasks running", d.RunningCount, d.DesiredCount)
	switch {
	case ptr.Value(d.Status) != "PRIMARY":
		return w.displaced(s, ptr.Value(d.RolloutStateReason))
	case d.RolloutState == types.DeploymentRolloutStateFailed:
		return verdict{phase: failed, err: ErrDeploymentFailed, reason: ptr.Value(d.RolloutStateReason)}
	case !w.unplaced.IsZero() && now.Sub(w.unplaced) >= w.patience:
		return verdict{phase: failed, err: ErrNoCapacity}
	case d.RolloutState == types.DeploymentRolloutStateInProgress || !w.full(s, d):
		switch {
		case !w.unplaced.IsZero():
			count += ", no room for more"
		case d.RunningCount == d.DesiredCount && d.PendingCount == 0:
			count += ", waiting for them to be healthy"
		}
		return verdict{message: count}
	case d.DesiredCount == 0 && !w.mayRest:
		return verdict{phase: failed, err: ErrScaledToZero, reason: "others depend on it; scale it up"}
	}
	return verdict{phase: healthy, message: count}
}

// full reports whether all tasks run, or as many as are an early success. It
// notes how many must be healthy.
func (w *watch) full(s types.Service, d *types.Deployment) bool {
	w.enough = d.DesiredCount
	if c := s.DeploymentConfiguration; c != nil && c.EarlySuccessCriteria != nil && c.EarlySuccessCriteria.Enable {
		w.enough = (d.DesiredCount*ptr.Value(c.EarlySuccessCriteria.HealthyPercent) + 99) / 100
		return d.RunningCount >= w.enough
	}
	return d.RunningCount == d.DesiredCount && d.PendingCount == 0
}

// hear takes up what the counts and the events of a deployment tell.
func (w *watch) hear(s types.Service, d *types.Deployment, now time.Time) {
	present := d.RunningCount + d.PendingCount
	w.stirred = w.stirred || d.RunningCount < w.up || d.FailedTasks != w.failedTasks
	if present >= d.DesiredCount || present > 0 && d.RunningCount > w.up {
		w.unplaced, w.placement = time.Time{}, ""
	}
	w.up, w.failedTasks = d.RunningCount, d.FailedTasks
	newest := w.events
	for i, e := range s.Events {
		if ptr.Value(e.Id) == w.events || e.CreatedAt != nil && d.CreatedAt != nil && e.CreatedAt.Before(*d.CreatedAt) {
			break
		}
		if i == 0 {
			newest = ptr.Value(e.Id)
		}
		w.stirred = true
		if text := ptr.Value(e.Message); strings.Contains(text, "unable to place a task") && present < d.DesiredCount {
			if w.unplaced.IsZero() {
				w.unplaced = now
			}
			w.placement = text
		}
	}
	w.events = newest
}

// suspicious reports whether a look at the stopped tasks is worth a call.
func (w *watch) suspicious(v verdict) bool {
	stirred := w.stirred
	w.stirred = false
	return !w.gone && (stirred || v.phase == failed)
}
