package status

import (
	"cmp"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

func job(j *batchv1.Job) Status {
	want := int32(1)
	if j.Spec.Completions != nil {
		want = *j.Spec.Completions
	}
	for _, c := range j.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return ready("complete")
		case batchv1.JobFailed, batchv1.JobFailureTarget:
			return failed(c.Reason, "%s", join("failed", c.Message))
		}
	}
	if j.Spec.Suspend != nil && *j.Spec.Suspend {
		return Status{State: Ready, Reason: "Suspended", Message: "suspended, so that it does not run"}
	}
	return inProgress("Running", "%d of %d completions, %d active, %d failed", j.Status.Succeeded, want, j.Status.Active, j.Status.Failed)
}

func pod(p *corev1.Pod) Status {
	switch p.Status.Phase {
	case corev1.PodSucceeded:
		return ready("succeeded")
	case corev1.PodFailed:
		return failed(cmp.Or(p.Status.Reason, "Failed"), "%s", join("failed", p.Status.Message))
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return ready("")
		}
	}
	return inProgress("NotReady", "not ready")
}

// claim takes a claim that waits for its first consumer as ready: no volume is
// made before a pod wants it, and that pod's readiness is waited for by itself.
func claim(c *corev1.PersistentVolumeClaim, lateBinding []string) Status {
	class := ""
	if c.Spec.StorageClassName != nil {
		class = *c.Spec.StorageClassName
	}
	switch {
	case c.Status.Phase == corev1.ClaimBound:
		return ready("bound")
	case c.Status.Phase == corev1.ClaimLost:
		return failed("Lost", "the volume that it was bound to is gone")
	case class != "" && slices.Contains(lateBinding, class):
		return Status{State: Ready, Reason: "WaitForFirstConsumer", Message: "bound when a pod uses it (storage class " + class + ")"}
	case class == "":
		return inProgress("Pending", "no volume is bound, and it names no storage class")
	}
	return inProgress("Pending", "no volume of storage class %s is bound", class)
}

func service(s *corev1.Service) Status {
	switch {
	case s.Spec.Type != corev1.ServiceTypeLoadBalancer:
		return Status{State: Ready, Reason: Exists}
	case len(s.Status.LoadBalancer.Ingress) > 0:
		at := s.Status.LoadBalancer.Ingress[0]
		return ready("%s", cmp.Or(at.Hostname, at.IP))
	case len(s.Spec.ExternalIPs) > 0:
		return ready("external address %s", s.Spec.ExternalIPs[0])
	}
	return inProgress("NoAddress", "its load balancer has no address")
}

func ingress(i *networkingv1.Ingress, withoutAddress bool) Status {
	switch {
	case len(i.Status.LoadBalancer.Ingress) > 0:
		at := i.Status.LoadBalancer.Ingress[0]
		return ready("%s", cmp.Or(at.Hostname, at.IP))
	case withoutAddress:
		return Status{State: Ready, Reason: Exists}
	}
	return inProgress("NoAddress", "no ingress controller has given it an address")
}

func namespace(n *corev1.Namespace) Status {
	switch n.Status.Phase {
	case corev1.NamespaceTerminating:
		return failed("Terminating", "is being deleted")
	case corev1.NamespaceActive:
		return ready("")
	}
	return inProgress("NotActive", "not active")
}
