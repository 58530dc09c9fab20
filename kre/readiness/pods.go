package readiness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// PodReason is why one container of a pod, or the pod as a whole, is not ready.
type PodReason struct {
	Pod       string `json:"pod"`
	Container string `json:"container,omitempty"` // empty: the pod as a whole
	Init      bool   `json:"init,omitempty"`      // it is an init container
	// Reason is the kubelet's or the scheduler's word: ImagePullBackOff,
	// CrashLoopBackOff, CreateContainerConfigError, Unschedulable, OOMKilled. Or
	// one of ours: NotReady (runs, and its probes have not passed), Running (an
	// init container that has not ended), Pending (nobody has reported yet).
	Reason string `json:"reason"`
	// Message is what was said beside it. What a container wrote before it ended
	// (its termination message) is left out: it may hold secrets.
	Message string `json:"message,omitempty"`
	// ExitCode is with what the container ended last, nil where it has not;
	// ExitReason is the word for it: Error, OOMKilled, Completed.
	ExitCode   *int32 `json:"exitCode,omitempty"`
	ExitReason string `json:"exitReason,omitempty"`
	Restarts   int32  `json:"restarts,omitempty"`
}

// String is the reason in one line.
func (r PodReason) String() string { return "pod " + r.Pod + ": " + r.cause() }

// cause is the text without the name of the pod.
func (r PodReason) cause() string {
	var b strings.Builder
	if r.Container != "" {
		if r.Init {
			b.WriteString("init ")
		}
		fmt.Fprintf(&b, "container %s: ", r.Container)
	}
	b.WriteString(r.Reason)
	if r.ExitCode != nil {
		fmt.Fprintf(&b, ", last exit code %d", *r.ExitCode)
		if r.ExitReason != "" && r.ExitReason != r.Reason {
			fmt.Fprintf(&b, " (%s)", r.ExitReason)
		}
	}
	// The kubelet's message for a crash loop names the back-off and the pod alone.
	if r.Message != "" && r.Reason != "CrashLoopBackOff" {
		b.WriteString(": " + r.Message)
	}
	return b.String()
}

// The reasons that are no more than a pod on its way.
const (
	reasonNotReady    = "NotReady"
	reasonRunning     = "Running"
	reasonPending     = "Pending"
	reasonTerminating = "Terminating"
)

// telling reports whether a reason says what is wrong, not only that the pod is
// on its way.
func (r PodReason) telling() bool {
	switch r.Reason {
	case reasonNotReady, reasonRunning, reasonPending, reasonTerminating, "ContainerCreating", "PodInitializing", "Completed":
		return false
	}
	return true
}

func isReady(p *corev1.Pod) bool {
	return podCondition(p, corev1.PodReady).Status == corev1.ConditionTrue
}

func podCondition(p *corev1.Pod, kind corev1.PodConditionType) corev1.PodCondition {
	for _, c := range p.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return corev1.PodCondition{}
}

// podReasons says why a pod is not ready, the most telling first; nothing for
// one that is ready or has succeeded. It is pure.
func podReasons(p *corev1.Pod) []PodReason {
	whole := func(reason, message string) []PodReason {
		return []PodReason{{Pod: p.Name, Reason: reason, Message: message}}
	}
	scheduled := podCondition(p, corev1.PodScheduled)
	gates := podCondition(p, corev1.PodReady)
	switch {
	case p.Status.Phase == corev1.PodSucceeded:
		return nil
	case p.DeletionTimestamp != nil:
		return whole(reasonTerminating, "is being deleted")
	case p.Status.Phase != corev1.PodFailed && isReady(p):
		return nil
	case scheduled.Status == corev1.ConditionFalse:
		return whole(cmp.Or(scheduled.Reason, "Unschedulable"), scheduled.Message)
	}
	reasons := containerReasons(p)
	switch {
	case p.Status.Phase == corev1.PodFailed && !slices.ContainsFunc(reasons, PodReason.telling):
		return whole(cmp.Or(p.Status.Reason, "Failed"), p.Status.Message)
	case len(reasons) > 0:
		return reasons
	case gates.Reason != "" && gates.Reason != "ContainersNotReady":
		return whole(gates.Reason, gates.Message)
	}
	return whole(reasonPending, "no kubelet has reported on it yet")
}

// containerReasons leaves out what only follows from something else, such as
// containers that wait for an init container.
func containerReasons(p *corev1.Pod) []PodReason {
	var reasons []PodReason
	add := func(statuses []corev1.ContainerStatus, init bool) {
		for _, s := range statuses {
			if r, ok := containerReason(p, s, init); ok {
				reasons = append(reasons, r)
			}
		}
	}
	add(p.Status.InitContainerStatuses, true)
	add(p.Status.ContainerStatuses, false)
	if slices.ContainsFunc(reasons, PodReason.telling) {
		return slices.DeleteFunc(reasons, func(r PodReason) bool { return !r.telling() })
	}
	return reasons[:min(1, len(reasons))]
}

func containerReason(p *corev1.Pod, s corev1.ContainerStatus, init bool) (PodReason, bool) {
	r := PodReason{Pod: p.Name, Container: s.Name, Init: init, Restarts: s.RestartCount}
	if last := s.LastTerminationState.Terminated; last != nil {
		r.ExitCode, r.ExitReason = &last.ExitCode, last.Reason
	}
	switch ended := s.State.Terminated; {
	case ended != nil:
		r.ExitCode, r.ExitReason = &ended.ExitCode, ended.Reason
		if ended.ExitCode != 0 {
			r.Reason = cmp.Or(ended.Reason, "Error")
			return r, true
		}
		r.Reason, r.Message = "Completed", "has ended, and the pod has not"
		return r, !init && p.Status.Phase != corev1.PodFailed
	case s.State.Waiting != nil:
		r.Reason, r.Message = cmp.Or(s.State.Waiting.Reason, reasonPending), s.State.Waiting.Message
		return r, true
	case s.State.Running != nil && s.Ready:
		return r, false
	case s.State.Running != nil && init && !restarts(p, s.Name):
		r.Reason, r.Message = reasonRunning, "has not ended yet"
		return r, true
	case s.State.Running != nil:
		r.Reason, r.Message = reasonNotReady, "runs, and is not ready"
		return r, true
	}
	r.Reason = reasonPending
	return r, true
}

// restarts reports whether an init container is a sidecar, which runs as long as
// the pod does.
func restarts(p *corev1.Pod, name string) bool {
	return slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}
