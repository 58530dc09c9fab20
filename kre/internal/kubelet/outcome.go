package kubelet

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Outcome is what becomes of a pod. The zero value goes well.
type Outcome struct {
	kind            outcomeKind
	reason, message string
	code            int32
	init            bool
}

type outcomeKind int

const (
	well outcomeKind = iota
	nothing
	waits
	crashes
	unschedulable
	notReady
	succeeds
	fails
)

// Nothing leaves the object as it is, as if nobody had seen it.
func Nothing() Outcome { return Outcome{kind: nothing} }

// Waits is a first container that waits with a reason such as ImagePullBackOff.
func Waits(reason, message string) Outcome {
	return Outcome{kind: waits, reason: reason, message: message}
}

// Crashes is a first container in a crash loop that ends with code.
func Crashes(code int32) Outcome { return Outcome{kind: crashes, code: code} }

// InitCrashes is the same of the first init container.
func InitCrashes(code int32) Outcome { return Outcome{kind: crashes, code: code, init: true} }

// Unschedulable is a pod for which the scheduler finds no node.
func Unschedulable(message string) Outcome { return Outcome{kind: unschedulable, message: message} }

// NotReady is a pod that runs, and whose probes do not pass.
func NotReady() Outcome { return Outcome{kind: notReady} }

// Succeeds is a pod that has done its work.
func Succeeds() Outcome { return Outcome{kind: succeeds} }

// Fails is a pod whose first container has ended with code for good.
func Fails(code int32) Outcome { return Outcome{kind: fails, code: code} }

// podStatus is the status of a pod after its outcome. It is pure.
func podStatus(pod *corev1.Pod, o Outcome, now metav1.Time) corev1.PodStatus {
	if owner := metav1.GetControllerOf(pod); o.kind == well && owner != nil && owner.Kind == "Job" {
		o.kind = succeeds
	}
	s := *pod.Status.DeepCopy()
	set := func(kind corev1.PodConditionType, good bool, reason, message string) {
		c := corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, Reason: reason, Message: message, LastTransitionTime: now}
		if good {
			c.Status, c.Reason, c.Message = corev1.ConditionTrue, "", ""
		}
		s.Conditions = append(s.Conditions, c)
	}
	s.Conditions, s.ContainerStatuses, s.InitContainerStatuses = nil, nil, nil
	set(corev1.PodScheduled, o.kind != unschedulable, "Unschedulable", o.message)
	s.Phase = phase(o)
	if o.kind == unschedulable {
		return s
	}
	if s.StartTime == nil {
		s.StartTime = &now
	}
	s.InitContainerStatuses = containers(pod.Spec.InitContainers, o, true, now)
	s.ContainerStatuses = containers(pod.Spec.Containers, o, false, now)
	initDone := !o.init
	set(corev1.PodInitialized, initDone, "ContainersNotInitialized", "containers with incomplete status")
	set(corev1.ContainersReady, o.kind == well, "ContainersNotReady", "containers with unready status")
	set(corev1.PodReady, o.kind == well, "ContainersNotReady", "containers with unready status")
	return s
}

func phase(o Outcome) corev1.PodPhase {
	switch o.kind {
	case succeeds:
		return corev1.PodSucceeded
	case fails:
		return corev1.PodFailed
	case waits, unschedulable:
		return corev1.PodPending
	case crashes:
		if o.init {
			return corev1.PodPending
		}
	}
	return corev1.PodRunning
}

// containers are the statuses of the containers of a pod, or of its init containers.
// The outcome is that of the first; the others follow.
func containers(specs []corev1.Container, o Outcome, init bool, now metav1.Time) []corev1.ContainerStatus {
	var statuses []corev1.ContainerStatus
	for i, spec := range specs {
		s := corev1.ContainerStatus{Name: spec.Name, Image: spec.Image, ImageID: spec.Image + "@sha256:0", ContainerID: "test://" + spec.Name}
		running := func(ready bool) {
			s.Ready, s.Started = ready, new(true)
			s.State.Running = &corev1.ContainerStateRunning{StartedAt: now}
		}
		switch {
		case init && !o.init:
			s.Ready, s.State.Terminated = true, ended(0, now)
		case init && i > 0, !init && o.init:
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "PodInitializing"}
		case o.kind == succeeds:
			s.State.Terminated = ended(0, now)
		case o.kind == fails:
			s.State.Terminated = ended(o.code, now)
		case o.kind == well, i > 0:
			running(true)
		case o.kind == notReady:
			running(false)
		case o.kind == waits:
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: o.reason, Message: o.message}
		case o.kind == crashes:
			s.RestartCount = 3
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 40s restarting failed container=" + spec.Name}
			s.LastTerminationState.Terminated = ended(o.code, now)
		}
		statuses = append(statuses, s)
	}
	return statuses
}

func ended(code int32, now metav1.Time) *corev1.ContainerStateTerminated {
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: now, FinishedAt: now}
}
