package control

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/registry"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// The components that tell events.
const (
	scheduler = "default-scheduler"
	kubelet   = "kubelet"
)

// run is what is kept of a pod beside its object: times, more exactly than it says.
type run struct {
	scheduled, ending time.Time
}

func (m *Manager) run(p *corev1.Pod) *run {
	r := m.runs[p.UID]
	if r == nil {
		r = &run{}
		m.runs[p.UID] = r
	}
	return r
}

// pod is the scheduler and the kubelet.
func (m *Manager) pod(k store.Key) {
	p := read[corev1.Pod](m, k)
	r := m.run(p)
	switch {
	case p.DeletionTimestamp != nil:
		m.stop(k, p, r)
		return
	case p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed || m.opts.Nodes == 0:
		return
	}
	if p.Spec.NodeName == "" && !m.schedule(k, p) {
		return
	}
	if r.scheduled.IsZero() {
		r.scheduled = m.now
	}
	m.live(k, r)
}

// stop takes a pod away when its containers have had time to end.
func (m *Manager) stop(k store.Key, p *corev1.Pod, r *run) {
	grace := time.Duration(ptr.Value(p.DeletionGracePeriodSeconds)) * time.Second
	if grace == 0 {
		return // nothing but finalizers holds it
	}
	if r.ending.IsZero() {
		r.ending = m.now
		m.event(k, kubelet, "Killing", "Stopping container %s", p.Spec.Containers[0].Name)
	}
	end := r.ending.Add(min(grace, m.opts.Timing.Stop))
	if m.now.Before(end) {
		m.at(k, end)
		return
	}
	q := registry.Request{Resource: m.reg.Catalog.Stored("pods"), Namespace: k.Namespace, Name: k.Name, Now: m.now}
	_, _, _ = m.reg.Delete(q, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}) // gone is as good
}

// schedule gives a pod its node. It reports whether that was possible.
func (m *Manager) schedule(k store.Key, p *corev1.Pod) bool {
	if at := m.opts.Timing.Schedule; m.age(p) < at {
		m.at(k, m.now.Add(at-m.age(p)))
		return false
	}
	node, why := m.place(p)
	if why != "" {
		modify(m, k, func(p *corev1.Pod) {
			m.podCondition(p, corev1.PodScheduled, false, corev1.PodReasonUnschedulable, why)
		})
		m.warn(k, scheduler, "FailedScheduling", "%s", why)
		return false
	}
	modify(m, k, func(p *corev1.Pod) {
		p.Spec.NodeName = node
		m.podCondition(p, corev1.PodScheduled, true, "", "")
		p.Status.StartTime = new(m.stamp())
	})
	m.event(k, scheduler, "Scheduled", "Successfully assigned %s/%s to %s", k.Namespace, k.Name, node)
	return true
}

// place finds a node for a pod, or says why there is none, as the scheduler does.
func (m *Manager) place(p *corev1.Pod) (node, why string) {
	nodes := list[corev1.Node](m, "nodes", "")
	total := len(nodes)
	if f := m.podFault(p); f != nil && f.Kind == Unschedulable {
		if f.Message != "" {
			return "", f.Message
		}
		return "", fmt.Sprintf("0/%[1]d nodes are available: %[1]d Insufficient cpu. preemption: 0/%[1]d nodes are available: %[1]d No preemption victims found for incoming pod.", total)
	}
	for _, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		name := v.PersistentVolumeClaim.ClaimName
		claim := read[corev1.PersistentVolumeClaim](m, store.Key{Resource: "persistentvolumeclaims", Namespace: p.Namespace, Name: name})
		switch {
		case claim == nil:
			return "", fmt.Sprintf("0/%d nodes are available: persistentvolumeclaim %q not found. preemption: 0/%d nodes are available: Preemption is not helpful for scheduling.", total, name, total)
		case claim.Status.Phase != corev1.ClaimBound:
			return "", fmt.Sprintf("0/%d nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/%d nodes are available: Preemption is not helpful for scheduling.", total, total)
		}
	}
	fitting := slices.DeleteFunc(nodes, func(n *corev1.Node) bool {
		return n.Spec.Unschedulable || !includes(n.Labels, p.Spec.NodeSelector)
	})
	if len(fitting) == 0 {
		return "", fmt.Sprintf("0/%d nodes are available: %d node(s) didn't match Pod's node affinity/selector. preemption: 0/%d nodes are available: %d Preemption is not helpful for scheduling.", total, total, total, total)
	}
	if ref := metav1.GetControllerOf(p); ref != nil && ref.Kind == "DaemonSet" {
		return daemonNode(p), ""
	}
	return fitting[m.born[p.UID].serial%len(fitting)].Name, ""
}

func includes(have, want map[string]string) bool {
	for key, v := range want {
		if have[key] != v {
			return false
		}
	}
	return true
}

// podCondition sets a condition of a pod.
func (m *Manager) podCondition(p *corev1.Pod, kind corev1.PodConditionType, is bool, reason, message string) {
	c := corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, Reason: reason, Message: message, LastTransitionTime: m.stamp()}
	if is {
		c.Status = corev1.ConditionTrue
	}
	if kind != corev1.PodScheduled {
		c.ObservedGeneration = p.Generation
	}
	for i, old := range p.Status.Conditions {
		if old.Type == kind {
			if old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
			p.Status.Conditions[i] = c
			return
		}
	}
	p.Status.Conditions = append(p.Status.Conditions, c)
}
