package deploy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/timeline"
	"github.com/mettel-automation/delivery/report"
)

// op is the operation of the events of a rollout.
const op = "ecs.rollout"

// show says a plan: in one line where nothing changes.
func show(r *job.Record, plan ecs.Plan) {
	text := plan.String()
	if plan.Empty() {
		text, _, _ = strings.Cut(text, "\n")
	}
	r.Say("%s", text)
}

// tell puts what became of a rollout into the record, and says it.
func tell(r *job.Record, plan ecs.Plan, result ecs.Result, services []ecs.Service) {
	if len(result.Services) == 0 {
		return // it was not begun: the error says why
	}
	image := make(map[string]string, len(services))
	for _, s := range services {
		image[s.Name] = *s.TaskDefinition.ContainerDefinitions[0].Image
	}
	r.Rollout = &report.Rollout{Cluster: plan.Cluster, Op: op}
	for i, o := range result.Services {
		r.Rollout.Services = append(r.Rollout.Services, report.Service{
			Name: o.Service, Needs: plan.Changes[i].Needs, Action: string(o.Action), State: o.State, Image: image[o.Service], Message: o.Message,
		})
		if o.Err != nil {
			r.Failures = append(r.Failures, failure(o, plan, result))
		}
	}
	r.Notes = append(r.Notes, result.Warnings...)
	r.Summary = summary(result)
	if !plan.Empty() || len(r.Failures) > 0 {
		r.Say("%s", result)
	}
	for _, f := range r.Failures {
		if len(f.Logs) > 0 {
			r.Say("the last lines of %s:\n  %s", f.Subject, strings.Join(f.Logs, "\n  "))
		}
	}
}

// summary counts the services by what became of them.
func summary(result ecs.Result) string {
	var parts []string
	for _, state := range []progress.State{
		progress.Failed, progress.RolledBack, progress.RollingBack, progress.Running, progress.Skipped, progress.Done, progress.Unchanged,
	} {
		if n := len(result.Names(state)); n > 0 {
			text := map[progress.State]string{progress.Done: "healthy", progress.Skipped: "not reached", progress.Running: "under way"}[state]
			parts = append(parts, fmt.Sprintf("%d %s", n, cmp.Or(text, string(state))))
		}
	}
	return strings.Join(parts, ", ")
}

// failure is what is known of the failure of a service: the last lines of the container
// that failed, and who was never started for it.
func failure(o ecs.Outcome, plan ecs.Plan, result ecs.Result) report.Failure {
	f := report.Failure{Subject: o.Service, Cause: o.Err.Error(), After: after(o.Service, plan, result)}
	if failed, ok := errors.AsType[*ecs.ServiceError](o.Err); ok {
		for _, l := range failed.Logs {
			f.Logs = append(f.Logs, l.Lines...)
		}
	}
	return f
}

// after are the services that were never started because of the failure of name: those
// that need it, directly or not, and were to change.
func after(name string, plan ecs.Plan, result ecs.Result) (never []string) {
	behind := map[string]bool{name: true}
	skipped := result.Names(progress.Skipped)
	for _, c := range plan.Changes { // each stands after what it needs
		if !slices.ContainsFunc(c.Needs, func(need string) bool { return behind[need] }) {
			continue
		}
		behind[c.Service] = true
		if c.Action != ecs.Unchanged && slices.Contains(skipped, c.Service) {
			never = append(never, c.Service)
		}
	}
	return never
}

// Timeline is the file of the run directory that has the picture of the rollout.
const Timeline = "timeline.svg"

// draw says what decided how long the rollout took, and draws it.
func draw(j *job.Job, r *job.Record, events []progress.Event) error {
	var steps []string
	for _, s := range timeline.CriticalPath(timeline.Lanes(events)) {
		steps = append(steps, fmt.Sprintf("%s %.1fs", s.Subject, s.Work.Seconds()))
	}
	if len(steps) == 0 {
		return nil // nothing was begun
	}
	r.Say("critical path: %s", strings.Join(steps, " > "))
	var picture bytes.Buffer
	if err := timeline.WriteSVG(&picture, events, timeline.Options{Title: j.Env.Name + ", " + j.Env.Branch}); err != nil {
		return fmt.Errorf("draw the rollout: %w", err)
	}
	path, err := j.Dir.Write(Timeline, picture.Bytes())
	if err != nil {
		return err
	}
	r.Say("timeline: %s", path)
	return nil
}
