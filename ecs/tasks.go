package ecs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// stop is a task that ended by itself.
type stop struct {
	reason   string
	hopeless bool // no new attempt can mend it
}

// confirm counts a healthy look, after a look at the tasks where the task
// definition has health checks, and the word of the gates.
func (w *walk) confirm(ctx context.Context, watch *watch, s types.Service, v verdict) verdict {
	if watch.gone {
		return v
	}
	var tasks []types.Task
	if (len(watch.checked) > 0 || len(w.opts.Gates) > 0) && watch.blind == "" {
		var err error
		tasks, err = w.tasks(ctx, watch, types.DesiredStatusRunning)
		switch {
		case err != nil && denied(err):
			watch.blind = err.Error()
		case err != nil:
			return verdict{message: "its tasks cannot be read for now", reason: err.Error()}
		default:
			if ok := healthyTasks(tasks, watch.checked); ok < int(watch.enough) {
				watch.good = 0
				return verdict{message: fmt.Sprintf("%d of %d tasks healthy", ok, watch.enough)}
			}
		}
	}
	if closed, pass := w.pass(ctx, watch, s, tasks); !pass {
		return closed
	}
	watch.good++
	if watch.good < watch.needed {
		return verdict{message: v.message + ", confirming"}
	}
	return v
}

// pass asks the gates; where one is closed, it returns the verdict on that.
func (w *walk) pass(ctx context.Context, watch *watch, s types.Service, tasks []types.Task) (closed verdict, ok bool) {
	candidate := Candidate{Cluster: w.opts.Cluster, Service: s, Deployment: watch.deployment, Tasks: tasks}
	for _, gate := range w.opts.Gates {
		ok, news, err := gate.Ready(ctx, candidate)
		switch {
		case err != nil && transient(err):
			return verdict{message: "a gate cannot be asked for now", reason: err.Error()}, false
		case err != nil:
			watch.good = 0
			return verdict{phase: failed, err: err}, false
		case !ok:
			watch.good = 0
			return verdict{message: news}, false
		}
	}
	return verdict{}, true
}

// healthyTasks counts the tasks that run and whose named containers are all
// healthy. A task's own health status is not enough: see aws/amazon-ecs-agent#4094.
func healthyTasks(tasks []types.Task, checked []string) int {
	n := 0
	for _, t := range tasks {
		sick := slices.ContainsFunc(t.Containers, func(c types.Container) bool {
			return slices.Contains(checked, ptr.Value(c.Name)) && c.HealthStatus != types.HealthStatusHealthy
		})
		if !sick && ptr.Value(t.LastStatus) == string(types.DesiredStatusRunning) {
			n++
		}
	}
	return n
}

// inspectStops reads why tasks of the watched deployment have stopped. What
// cannot be read is no news; a lack of rights is noted.
func (w *walk) inspectStops(ctx context.Context, watch *watch) {
	if watch.blind != "" {
		return
	}
	tasks, err := w.tasks(ctx, watch, types.DesiredStatusStopped)
	if err != nil {
		if denied(err) {
			watch.blind = err.Error()
		}
		watch.stirred = true // look again
		return
	}
	if watch.settled && watch.surveyed == nil {
		watch.surveyed = make(map[string]bool)
		for _, t := range tasks {
			watch.surveyed[ptr.Value(t.TaskArn)] = true
		}
	}
	for _, t := range tasks {
		if reason := failure(t); reason != "" && !watch.surveyed[ptr.Value(t.TaskArn)] {
			watch.exited = watch.exited || t.StopCode == types.TaskStopCodeEssentialContainerExited
			watch.stops[ptr.Value(t.TaskArn)] = stop{reason: reason, hopeless: hopeless(reason)}
			w.readLogs(ctx, watch, t)
		}
	}
}

// readLogs reads the end of what the failed containers of a stopped task have
// written, once for each container. Lines arrive late, so a container without
// any is asked again at the next look. What cannot be read is left out.
func (w *walk) readLogs(ctx context.Context, watch *watch, t types.Task) {
	if w.opts.Logs == nil {
		return
	}
	for _, c := range t.Containers {
		name := ptr.Value(c.Name)
		i := slices.IndexFunc(watch.containers, func(def types.ContainerDefinition) bool { return ptr.Value(def.Name) == name })
		known := slices.ContainsFunc(watch.logs, func(l ContainerLog) bool { return l.Container == name })
		if i < 0 || known || ptr.Value(c.ExitCode) == 0 {
			continue
		}
		task := short.Name(ptr.Value(t.TaskArn))
		lines, err := w.opts.Logs.Tail(ctx, watch.containers[i], task, w.opts.LogLines)
		if err == nil && len(lines) > 0 {
			watch.logs = append(watch.logs, ContainerLog{Container: name, Task: task, Lines: lines})
		}
	}
}

// taskBatch is the most tasks that one DescribeTasks call takes.
// Source: ECS API reference, DescribeTasks.
const taskBatch = 100

// tasks reads the tasks of the watched deployment.
func (w *walk) tasks(ctx context.Context, watch *watch, status types.DesiredStatus) ([]types.Task, error) {
	var mine []types.Task
	pages := awsecs.NewListTasksPaginator(w.api, &awsecs.ListTasksInput{
		Cluster: &w.opts.Cluster, ServiceName: &watch.service, DesiredStatus: status,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list tasks of %s: %w", watch.service, err)
		}
		for arns := range slices.Chunk(page.TaskArns, taskBatch) {
			out, err := w.api.DescribeTasks(ctx, &awsecs.DescribeTasksInput{Cluster: &w.opts.Cluster, Tasks: arns})
			if err != nil {
				return nil, fmt.Errorf("describe tasks of %s: %w", watch.service, err)
			}
			for _, t := range out.Tasks {
				if ptr.Value(t.StartedBy) == watch.deployment {
					mine = append(mine, t)
				}
			}
		}
	}
	return mine, nil
}

// failure says why a task ended by itself; empty if it did not: the scheduler,
// a person or a spot interruption ended it.
func failure(t types.Task) string {
	reason := ptr.Value(t.StoppedReason)
	unwell := strings.Contains(reason, "failed container health checks") || strings.Contains(reason, "failed ELB health checks")
	switch {
	case t.StopCode == types.TaskStopCodeTaskFailedToStart, t.StopCode == types.TaskStopCodeEssentialContainerExited, unwell:
	default:
		return ""
	}
	for _, c := range t.Containers {
		if c.ExitCode != nil && *c.ExitCode != 0 {
			reason += fmt.Sprintf(", container %s exited with code %d", ptr.Value(c.Name), *c.ExitCode)
		}
		if detail := ptr.Value(c.Reason); detail != "" && !strings.Contains(reason, detail) {
			reason += ", " + detail
		}
	}
	return cmp.Or(reason, string(t.StopCode))
}

// hopeless reports whether a reason will be the same at each new attempt.
func hopeless(reason string) bool {
	has := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(reason, t) })
	}
	switch {
	case has("toomanyrequests", "timeout", "TLS handshake", "connection reset"):
		return false
	case has("CannotPullContainerError", "CannotPullImageManifestError"):
		return has("not found", "manifest unknown", "denied", "unauthorized", "no basic auth", "invalid reference", "does not contain descriptor matching platform")
	case has("ResourceInitializationError"):
		return has("secret", "parameter", "AccessDenied")
	}
	return has("exec format error", "executable file not found", "invalid mount", "OCI runtime create failed")
}

// judgeStops fails a service whose tasks fail too often, also where ECS's own
// circuit breaker does not count them: aws/containers-roadmap#1206.
func (w *watch) judgeStops(v verdict, o Options) verdict {
	lost := 0
	for _, s := range w.stops {
		if s.hopeless {
			lost++
		}
	}
	if v.phase == failed || lost < 2 && len(w.stops) < o.MaxStops {
		return v
	}
	return verdict{phase: failed, err: ErrTasksFail}
}

// reasons lists why a service failed: ECS's own words, why tasks stopped, most
// frequent first, and why none could be placed.
func (w *watch) reasons(own string) []string {
	var all []string
	if own != "" {
		all = append(all, strings.TrimSuffix(own, "."))
	}
	counts := make(map[string]int)
	for _, s := range w.stops {
		counts[strings.TrimSuffix(s.reason, ".")]++
	}
	byCount := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, reason := range byCount {
		all = append(all, fmt.Sprintf("%s (%s)", reason, english.Count(counts[reason], "task")))
	}
	if w.placement != "" {
		all = append(all, strings.TrimSuffix(w.placement, "."))
	}
	if w.blind != "" {
		all = append(all, "stopped tasks could not be read: "+w.blind)
	}
	return all
}
