package control

import (
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// statefulSet keeps the numbered pods of a StatefulSet, one step at a time.
func (m *Manager) statefulSet(k store.Key) {
	s := read[appsv1.StatefulSet](m, k)
	if s.DeletionTimestamp != nil {
		return
	}
	next := s.Name + "-" + hash(&s.Spec.Template)
	byNumber := make(map[int]*corev1.Pod)
	for _, p := range m.pods(s.Namespace, s.UID) {
		if n, err := strconv.Atoi(p.Labels[appsv1.PodIndexLabel]); err == nil {
			byNumber[n] = p
		}
	}
	if m.numbered(s, byNumber, next) {
		m.replaceOne(s, byNumber, next)
	}
	m.statefulSetStatus(k, next)
}

// numbered makes missing pods and ends surplus ones. It reports whether all are
// there and ready, as far as their order matters.
func (m *Manager) numbered(s *appsv1.StatefulSet, byNumber map[int]*corev1.Pod, revision string) bool {
	parallel := s.Spec.PodManagementPolicy == appsv1.ParallelPodManagement
	want := int(ptr.Value(s.Spec.Replicas))
	settled := true
	for n := range want {
		p := byNumber[n]
		switch {
		case p == nil:
			m.newNumbered(s, n, revision)
			settled = false
		case p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded:
			m.remove(podKey(p))
			settled = false
		default:
			_, ready := readySince(p)
			settled = settled && ready && p.DeletionTimestamp == nil
		}
		if !settled && !parallel {
			return false
		}
	}
	return m.shrink(byNumber, want, parallel) && settled
}

// shrink ends the pods beyond those that are wanted: all at once, or the one
// with the highest number. It reports whether there was none.
func (m *Manager) shrink(byNumber map[int]*corev1.Pod, want int, parallel bool) bool {
	surplus := -1
	for n, p := range byNumber {
		if n >= want && p.DeletionTimestamp == nil {
			if parallel {
				m.remove(podKey(p))
			}
			surplus = max(surplus, n)
		}
	}
	if surplus >= 0 && !parallel {
		m.remove(podKey(byNumber[surplus]))
	}
	return surplus < 0
}

// newNumbered makes the pod of a number, and the claims that it needs.
func (m *Manager) newNumbered(s *appsv1.StatefulSet, n int, revision string) {
	name := fmt.Sprintf("%s-%d", s.Name, n)
	p := newPod(s, "apps/v1", "StatefulSet", &s.Spec.Template)
	p.Name, p.GenerateName = name, s.Name+"-"
	if p.Labels == nil {
		p.Labels = make(map[string]string)
	}
	p.Labels[appsv1.StatefulSetPodNameLabel] = name
	p.Labels[appsv1.PodIndexLabel] = strconv.Itoa(n)
	p.Labels[appsv1.StatefulSetRevisionLabel] = revision
	p.Spec.Hostname, p.Spec.Subdomain = name, s.Spec.ServiceName
	for _, tpl := range s.Spec.VolumeClaimTemplates {
		claim := tpl.Name + "-" + name
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: tpl.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}})
		key := store.Key{Resource: "persistentvolumeclaims", Namespace: s.Namespace, Name: claim}
		if m.reg.Store.Get(key) == nil {
			labels := s.Spec.Selector.MatchLabels
			m.create(key.Resource, &corev1.PersistentVolumeClaim{
				ObjectMeta: metav1.ObjectMeta{Name: claim, Namespace: s.Namespace, Labels: labels}, Spec: tpl.Spec,
			})
		}
	}
	m.create("pods", p)
}

// replaceOne ends the pod with the highest number that is of an older revision.
func (m *Manager) replaceOne(s *appsv1.StatefulSet, byNumber map[int]*corev1.Pod, revision string) {
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return
	}
	first := 0
	if r := s.Spec.UpdateStrategy.RollingUpdate; r != nil {
		first = int(ptr.Value(r.Partition))
	}
	for n := int(ptr.Value(s.Spec.Replicas)) - 1; n >= first; n-- {
		if p := byNumber[n]; p != nil && p.Labels[appsv1.StatefulSetRevisionLabel] != revision {
			m.remove(podKey(p))
			return
		}
	}
}

func (m *Manager) statefulSetStatus(k store.Key, next string) {
	s := read[appsv1.StatefulSet](m, k)
	pods := active(m.pods(s.Namespace, s.UID))
	c := m.count(pods, s.Spec.MinReadySeconds)
	updated := int32(0)
	for _, p := range pods {
		if p.Labels[appsv1.StatefulSetRevisionLabel] == next {
			updated++
		}
	}
	want := ptr.Value(s.Spec.Replicas)
	modify(m, k, func(s *appsv1.StatefulSet) {
		st := &s.Status
		st.ObservedGeneration, st.UpdateRevision = s.Generation, next
		st.Replicas, st.ReadyReplicas, st.AvailableReplicas = c.all, c.ready, c.available
		st.UpdatedReplicas, st.CollisionCount = updated, new(int32(0))
		if st.CurrentRevision == "" || (updated == want && c.all == want && c.ready == want) {
			st.CurrentRevision = next
		}
		st.CurrentReplicas = 0
		for _, p := range pods {
			if p.Labels[appsv1.StatefulSetRevisionLabel] == st.CurrentRevision {
				st.CurrentReplicas++
			}
		}
	})
	if !c.later.IsZero() {
		m.at(k, c.later)
	}
}
