package control

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kinds "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// hash names a template.
func hash(tpl *corev1.PodTemplateSpec) string {
	h := fnv.New32a()
	data, err := json.Marshal(tpl)
	if err != nil {
		return "" // a template came from JSON
	}
	_, _ = h.Write(data) // never fails
	return rand.SafeEncodeString(fmt.Sprint(h.Sum32()))
}

// pods returns those that a uid controls, in the order in which they were made.
func (m *Manager) pods(namespace string, uid kinds.UID) []*corev1.Pod {
	var out []*corev1.Pod
	for _, k := range m.owned("pods", namespace, uid) {
		if p := read[corev1.Pod](m, k); p != nil {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *corev1.Pod) int { return cmp.Compare(m.born[a.UID].serial, m.born[b.UID].serial) })
	return out
}

// active are the pods that neither ended nor are to end.
func active(pods []*corev1.Pod) []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool {
		return p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	})
}

func podKey(p *corev1.Pod) store.Key {
	return store.Key{Resource: "pods", Namespace: p.Namespace, Name: p.Name}
}

// readySince is when a pod became ready; false where it is not.
func readySince(p *corev1.Pod) (time.Time, bool) {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time, true
		}
	}
	return time.Time{}, false
}

// counts are how many pods of a workload stand where.
type counts struct {
	all, ready, available int32
	later                 time.Time // when one more is available by the passing of time
}

// count counts pods; one is available when it has been ready for minReady.
func (m *Manager) count(pods []*corev1.Pod, minReady int32) counts {
	c := counts{all: int32(len(pods))}
	for _, p := range pods {
		since, ready := readySince(p)
		if !ready {
			continue
		}
		c.ready++
		at := since.Add(time.Duration(minReady) * time.Second)
		switch {
		case minReady == 0 || !m.now.Before(at):
			c.available++
		case c.later.IsZero() || at.Before(c.later):
			c.later = at
		}
	}
	return c
}

// newPod is a pod of a template.
func newPod(owner metav1.Object, apiVersion, kind string, tpl *corev1.PodTemplateSpec) *corev1.Pod {
	tpl = tpl.DeepCopy()
	meta := metav1.ObjectMeta{
		GenerateName: owner.GetName() + "-", Namespace: owner.GetNamespace(),
		Labels: tpl.Labels, Annotations: tpl.Annotations, Finalizers: tpl.Finalizers,
		OwnerReferences: controlledBy(apiVersion, kind, owner),
	}
	return &corev1.Pod{ObjectMeta: meta, Spec: tpl.Spec}
}

// toDelete picks n pods: those that are not ready first, then the newest.
func (m *Manager) toDelete(pods []*corev1.Pod, n int) []*corev1.Pod {
	pods = slices.Clone(pods)
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		_, x := readySince(a)
		_, y := readySince(b)
		if x != y {
			if x {
				return 1
			}
			return -1
		}
		return cmp.Compare(m.born[b.UID].serial, m.born[a.UID].serial)
	})
	return pods[:max(0, min(n, len(pods)))]
}
