package control

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// job runs pods until enough have succeeded or too many have failed.
func (m *Manager) job(k store.Key) {
	j := read[batchv1.Job](m, k)
	if j.DeletionTimestamp != nil || m.ended(k, j) {
		return
	}
	pods := m.pods(j.Namespace, j.UID)
	running := active(pods)
	if ptr.Value(j.Spec.Suspend) {
		for _, p := range running {
			m.remove(podKey(p))
		}
		modify(m, k, func(j *batchv1.Job) {
			m.jobCondition(j, batchv1.JobSuspended, true, "JobSuspended", "Job suspended")
			j.Status.Active = 0
		})
		return
	}
	succeeded, failed := ends(pods)
	began := m.now
	if j.Status.StartTime != nil {
		began = j.Status.StartTime.Time
	}
	reason, message := "", ""
	if seconds := j.Spec.ActiveDeadlineSeconds; seconds != nil {
		end := began.Add(time.Duration(*seconds) * time.Second)
		if m.now.Before(end) {
			m.at(k, end)
		} else {
			reason, message = "DeadlineExceeded", "Job was active longer than specified deadline"
		}
	}
	if failed+restarts(running) > ptr.Value(j.Spec.BackoffLimit) {
		reason, message = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
	}
	complete := m.complete(j, succeeded, len(running))
	if reason != "" || complete {
		for _, p := range running {
			m.remove(podKey(p))
		}
	} else {
		m.startPods(k, j, pods, running, succeeded, failed)
	}
	m.jobStatus(k, succeeded, failed, complete, reason, message)
}

// ended deletes a job whose time after its end is over. It reports whether the
// job has ended at all.
func (m *Manager) ended(k store.Key, j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if (c.Type != batchv1.JobComplete && c.Type != batchv1.JobFailed) || c.Status != corev1.ConditionTrue {
			continue
		}
		if ttl := j.Spec.TTLSecondsAfterFinished; ttl != nil {
			end := c.LastTransitionTime.Add(time.Duration(*ttl) * time.Second)
			if m.now.Before(end) {
				m.at(k, end)
			} else {
				m.remove(k)
			}
		}
		return true
	}
	return false
}

// ends counts the pods that have succeeded and failed.
func ends(pods []*corev1.Pod) (succeeded, failed int32) {
	for _, p := range pods {
		switch p.Status.Phase {
		case corev1.PodSucceeded:
			succeeded++
		case corev1.PodFailed:
			failed++
		}
	}
	return succeeded, failed
}

// restarts counts those of containers within pods that restart on failure.
func restarts(pods []*corev1.Pod) int32 {
	n := int32(0)
	for _, p := range pods {
		for _, s := range p.Status.ContainerStatuses {
			if p.Spec.RestartPolicy == corev1.RestartPolicyOnFailure {
				n += s.RestartCount
				if s.State.Waiting != nil && s.LastTerminationState.Terminated != nil {
					n++
				}
			}
		}
	}
	return n
}

func (m *Manager) complete(j *batchv1.Job, succeeded int32, running int) bool {
	if j.Spec.Completions == nil { // a work queue: done when one has succeeded and none runs
		return succeeded > 0 && running == 0
	}
	return succeeded >= *j.Spec.Completions
}

// startPods starts what is missing; after a failure only when the pause is over.
func (m *Manager) startPods(k store.Key, j *batchv1.Job, pods, running []*corev1.Pod, succeeded, failed int32) {
	want := ptr.Value(j.Spec.Parallelism)
	if j.Spec.Completions != nil {
		want = min(want, *j.Spec.Completions-succeeded)
	} else if succeeded > 0 {
		return
	}
	if failed > 0 {
		var last time.Time
		for _, p := range pods {
			if p.Status.Phase == corev1.PodFailed && p.Status.ContainerStatuses != nil && p.Status.ContainerStatuses[0].State.Terminated != nil {
				if at := p.Status.ContainerStatuses[0].State.Terminated.FinishedAt.Time; at.After(last) {
					last = at
				}
			}
		}
		if again := last.Add(min(m.opts.Timing.Backoff<<min(failed-1, 10), maxBackoff)); m.now.Before(again) {
			m.at(k, again)
			return
		}
	}
	for n := int32(len(running)); n < want; n++ {
		m.create("pods", newPod(j, "batch/v1", "Job", &j.Spec.Template))
	}
}

func (m *Manager) jobStatus(k store.Key, succeeded, failed int32, complete bool, reason, message string) {
	j := read[batchv1.Job](m, k)
	running := active(m.pods(j.Namespace, j.UID))
	c := m.count(running, 0)
	modify(m, k, func(j *batchv1.Job) {
		s := &j.Status
		if s.StartTime == nil {
			s.StartTime = new(m.stamp())
		}
		s.Active, s.Succeeded, s.Failed = c.all, succeeded, failed
		s.Ready, s.Terminating = &c.ready, new(int32(0))
		s.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
		switch {
		case reason != "":
			m.jobCondition(j, batchv1.JobFailureTarget, true, reason, message)
			m.jobCondition(j, batchv1.JobFailed, true, reason, message)
		case complete:
			s.CompletionTime = new(m.stamp())
			m.jobCondition(j, batchv1.JobSuccessCriteriaMet, true, "CompletionsReached", "Reached expected number of succeeded pods")
			m.jobCondition(j, batchv1.JobComplete, true, "CompletionsReached", "Reached expected number of succeeded pods")
		case len(s.Conditions) > 0:
			m.jobCondition(j, batchv1.JobSuspended, false, "JobResumed", "Job resumed")
		}
	})
	switch {
	case reason != "":
		m.warn(k, "job-controller", reason, "%s", message)
	case complete:
		m.event(k, "job-controller", "Completed", "Job completed")
	}
}

func (m *Manager) jobCondition(j *batchv1.Job, kind batchv1.JobConditionType, is bool, reason, message string) {
	c := batchv1.JobCondition{Type: kind, Status: corev1.ConditionFalse, Reason: reason, Message: message, LastProbeTime: m.stamp(), LastTransitionTime: m.stamp()}
	if is {
		c.Status = corev1.ConditionTrue
	}
	for i, old := range j.Status.Conditions {
		if old.Type == kind {
			if old.Status != c.Status {
				j.Status.Conditions[i] = c
			}
			return
		}
	}
	j.Status.Conditions = append(j.Status.Conditions, c)
}
