package status

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// deployment follows "kubectl rollout status", and asks in addition that no
// replica is unavailable: a rollout that maxUnavailable lets pass with one pod
// of two has not shown that the new version runs.
func deployment(d *appsv1.Deployment) Status {
	if d.Status.ObservedGeneration < d.Generation {
		return notObserved(d.Generation)
	}
	want, s := replicas(d.Spec.Replicas), d.Status
	pending := func() (string, bool) {
		switch {
		case s.UpdatedReplicas < want:
			return fmt.Sprintf("%d of %d replicas updated, %d available", s.UpdatedReplicas, want, s.AvailableReplicas), true
		case s.Replicas > s.UpdatedReplicas:
			return fmt.Sprintf("%d old replicas still running", s.Replicas-s.UpdatedReplicas), true
		case s.AvailableReplicas < want || s.UnavailableReplicas > 0:
			return fmt.Sprintf("%d of %d replicas available", s.AvailableReplicas, want), true
		}
		return "", false
	}
	message, waiting := pending()
	switch {
	case !waiting:
		return ready("%d of %d replicas available", want, want)
	case d.Spec.Paused:
		return Status{State: Ready, Reason: "Paused", Message: "paused, so that it is not rolled out: " + message}
	}
	reason := "Progressing"
	for _, c := range d.Status.Conditions {
		switch {
		case c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded":
			return failed(c.Reason, "%s", join(message, c.Message))
		case c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue,
			c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse:
			reason, message = c.Reason, join(message, c.Message)
		}
	}
	return inProgress(reason, "%s", message)
}

// replicaSet assesses a ReplicationController, too: what is read is the same.
func replicaSet(r *appsv1.ReplicaSet) Status {
	want := replicas(r.Spec.Replicas)
	switch {
	case r.Status.ObservedGeneration < r.Generation:
		return notObserved(r.Generation)
	case r.Status.Replicas > want:
		return inProgress("Scaling", "%d replicas too many", r.Status.Replicas-want)
	case r.Status.AvailableReplicas >= want:
		return ready("%d of %d replicas available", want, want)
	}
	reason, message := "Unavailable", fmt.Sprintf("%d of %d replicas available", r.Status.AvailableReplicas, want)
	for _, c := range r.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			reason, message = c.Reason, join(message, c.Message)
		}
	}
	return inProgress(reason, "%s", message)
}

func statefulSet(s *appsv1.StatefulSet) Status {
	if s.Status.ObservedGeneration < s.Generation {
		return notObserved(s.Generation)
	}
	want := replicas(s.Spec.Replicas)
	onDelete := s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
	partition := int32(0)
	if r := s.Spec.UpdateStrategy.RollingUpdate; r != nil && r.Partition != nil {
		partition = min(*r.Partition, want)
	}
	available := s.Status.ReadyReplicas
	if s.Spec.MinReadySeconds > 0 {
		available = s.Status.AvailableReplicas
	}
	updated := want - partition
	switch {
	case !onDelete && s.Status.UpdatedReplicas < updated:
		return inProgress("Progressing", "%d of %d replicas updated, %d available", s.Status.UpdatedReplicas, updated, available)
	case s.Status.Replicas > want:
		return inProgress("Scaling", "%d replicas too many", s.Status.Replicas-want)
	case available < want:
		return inProgress("Unavailable", "%d of %d replicas available", available, want)
	case onDelete && s.Status.UpdatedReplicas < want:
		return Status{State: Ready, Reason: "OnDelete", Message: fmt.Sprintf("update strategy OnDelete: %d of %d replicas keep the old revision until they are deleted", want-s.Status.UpdatedReplicas, want)}
	case partition > 0:
		return Status{State: Ready, Reason: "Partition", Message: fmt.Sprintf("partition %d: %d of %d replicas updated", partition, s.Status.UpdatedReplicas, want)}
	}
	return ready("%d of %d replicas available", want, want)
}

func daemonSet(d *appsv1.DaemonSet) Status {
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return notObserved(d.Generation)
	}
	want := s.DesiredNumberScheduled
	onDelete := d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
	switch {
	case !onDelete && s.UpdatedNumberScheduled < want:
		return inProgress("Progressing", "updated on %d of %d nodes, available on %d", s.UpdatedNumberScheduled, want, s.NumberAvailable)
	case s.NumberAvailable < want:
		return inProgress("Unavailable", "available on %d of %d nodes", s.NumberAvailable, want)
	case want == 0:
		return Status{State: Ready, Reason: "NoNodes", Message: "no node matches it"}
	case onDelete && s.UpdatedNumberScheduled < want:
		return Status{State: Ready, Reason: "OnDelete", Message: fmt.Sprintf("update strategy OnDelete: old pods on %d of %d nodes until they are deleted", want-s.UpdatedNumberScheduled, want)}
	}
	return ready("available on %d of %d nodes", want, want)
}

// replicas is what a spec asks for; the API's default is 1.
func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
