package control

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// daemonSet keeps a pod on each node that its template selects.
func (m *Manager) daemonSet(k store.Key) {
	d := read[appsv1.DaemonSet](m, k)
	if d.DeletionTimestamp != nil {
		return
	}
	revision := hash(&d.Spec.Template)
	wanted := make(map[string]bool)
	for _, n := range list[corev1.Node](m, "nodes", "") {
		wanted[n.Name] = includes(n.Labels, d.Spec.Template.Spec.NodeSelector)
	}
	on := make(map[string]*corev1.Pod)
	for _, p := range m.pods(d.Namespace, d.UID) {
		node := daemonNode(p)
		on[node] = p
		if !wanted[node] && p.DeletionTimestamp == nil {
			m.remove(podKey(p))
		}
	}
	unavailable := 0
	for _, node := range sortedKeys(wanted) {
		if !wanted[node] {
			continue
		}
		p := on[node]
		if p == nil {
			m.newDaemon(d, node, revision)
			unavailable++
		} else if _, ready := readySince(p); !ready || p.DeletionTimestamp != nil {
			unavailable++
		}
	}
	m.replaceDaemons(d, on, wanted, revision, unavailable)
	m.daemonSetStatus(k, wanted, revision)
}

// daemonNode is the node that a pod of a DaemonSet is for.
func daemonNode(p *corev1.Pod) string {
	if a := p.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, f := range term.MatchFields {
				if f.Key == metav1.ObjectNameField && len(f.Values) == 1 {
					return f.Values[0]
				}
			}
		}
	}
	return ""
}

func (m *Manager) newDaemon(d *appsv1.DaemonSet, node, revision string) {
	p := newPod(d, "apps/v1", "DaemonSet", &d.Spec.Template)
	term := corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{
		{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}},
	}}
	p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term}},
	}}
	if p.Labels == nil {
		p.Labels = make(map[string]string)
	}
	p.Labels[appsv1.DefaultDaemonSetUniqueLabelKey] = revision
	m.create("pods", p)
}

// replaceDaemons ends pods of an older template: broken ones, and as many of
// the others as may be unavailable.
func (m *Manager) replaceDaemons(d *appsv1.DaemonSet, on map[string]*corev1.Pod, wanted map[string]bool, revision string, unavailable int) {
	r := d.Spec.UpdateStrategy.RollingUpdate
	if d.Spec.UpdateStrategy.Type != appsv1.RollingUpdateDaemonSetStrategyType || r == nil {
		return
	}
	allowed, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(r.MaxUnavailable, intstr.FromInt32(1)), len(wanted), true)
	for _, node := range sortedKeys(on) {
		p := on[node]
		if p.DeletionTimestamp != nil || p.Labels[appsv1.DefaultDaemonSetUniqueLabelKey] == revision {
			continue
		}
		if _, ready := readySince(p); ready {
			if unavailable >= max(1, allowed) {
				continue
			}
			unavailable++
		}
		m.remove(podKey(p))
	}
}

func (m *Manager) daemonSetStatus(k store.Key, wanted map[string]bool, revision string) {
	d := read[appsv1.DaemonSet](m, k)
	pods := active(m.pods(d.Namespace, d.UID))
	c := m.count(pods, d.Spec.MinReadySeconds)
	updated, desired := int32(0), int32(0)
	for _, p := range pods {
		if p.Labels[appsv1.DefaultDaemonSetUniqueLabelKey] == revision {
			updated++
		}
	}
	for _, want := range wanted {
		if want {
			desired++
		}
	}
	modify(m, k, func(d *appsv1.DaemonSet) {
		s := &d.Status
		s.ObservedGeneration = d.Generation
		s.DesiredNumberScheduled, s.CurrentNumberScheduled, s.UpdatedNumberScheduled = desired, c.all, updated
		s.NumberReady, s.NumberAvailable, s.NumberUnavailable = c.ready, c.available, max(0, desired-c.available)
	})
	if !c.later.IsZero() {
		m.at(k, c.later)
	}
}
