package control

import (
	appsv1 "k8s.io/api/apps/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// replicaSet keeps as many pods as are wanted.
func (m *Manager) replicaSet(k store.Key) {
	rs := read[appsv1.ReplicaSet](m, k)
	if rs.DeletionTimestamp != nil {
		return
	}
	pods := active(m.pods(rs.Namespace, rs.UID))
	want := int(ptr.Value(rs.Spec.Replicas))
	for n := len(pods); n < want; n++ {
		m.create("pods", newPod(rs, "apps/v1", "ReplicaSet", &rs.Spec.Template))
	}
	for _, p := range m.toDelete(pods, len(pods)-want) {
		m.remove(podKey(p))
	}
	pods = active(m.pods(rs.Namespace, rs.UID))
	c := m.count(pods, rs.Spec.MinReadySeconds)
	modify(m, k, func(rs *appsv1.ReplicaSet) {
		rs.Status.Replicas, rs.Status.FullyLabeledReplicas = c.all, c.all
		rs.Status.ReadyReplicas, rs.Status.AvailableReplicas = c.ready, c.available
		rs.Status.TerminatingReplicas = nil
		rs.Status.ObservedGeneration = rs.Generation
	})
	if !c.later.IsZero() {
		m.at(k, c.later)
	}
}
