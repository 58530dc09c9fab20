package control

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/registry"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// namespace gives a new namespace what each has, and empties one that ends.
func (m *Manager) namespace(k store.Key) {
	o := m.reg.Store.Get(k)
	if o.GetDeletionTimestamp() == nil {
		meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: k.Name} }
		m.create("serviceaccounts", &corev1.ServiceAccount{ObjectMeta: meta("default")})
		m.create("configmaps", &corev1.ConfigMap{ObjectMeta: meta("kube-root-ca.crt"), Data: map[string]string{"ca.crt": ""}})
		return
	}
	inside := func(o store.Object) bool { return o.GetNamespace() == k.Name }
	for _, content := range m.all(inside) {
		if m.reg.Store.Get(content).GetDeletionTimestamp() == nil {
			m.remove(content)
		}
	}
	if left := m.all(inside); len(left) > 0 {
		m.remaining(k, left)
		return
	}
	next := o.DeepCopy()
	unstructured.RemoveNestedField(next.Object, "spec", "finalizers")
	data, err := json.Marshal(next.Object)
	if err != nil {
		return
	}
	q := registry.Request{Resource: m.reg.Catalog.Stored("namespaces"), Name: k.Name, Now: m.now}
	_, _ = m.reg.Finalize(q, data) // a namespace that is gone needs no finalizing
}

// remaining says in the conditions of a namespace what holds it back.
func (m *Manager) remaining(k store.Key, left []store.Key) {
	resources, finalizers := make(map[string]int), make(map[string]int)
	for _, content := range left {
		resources[content.Resource]++
		for _, f := range m.reg.Store.Get(content).GetFinalizers() {
			finalizers[f]++
		}
	}
	modify(m, k, func(ns *corev1.Namespace) {
		set := func(kind corev1.NamespaceConditionType, bad bool, reason, message, fine string) {
			c := corev1.NamespaceCondition{Type: kind, Status: corev1.ConditionFalse, Reason: fine, LastTransitionTime: m.stamp()}
			if bad {
				c.Status, c.Reason, c.Message = corev1.ConditionTrue, reason, message
			}
			for i, old := range ns.Status.Conditions {
				if old.Type == kind {
					if old.Status == c.Status {
						c.LastTransitionTime = old.LastTransitionTime
					}
					ns.Status.Conditions[i] = c
					return
				}
			}
			ns.Status.Conditions = append(ns.Status.Conditions, c)
		}
		set(corev1.NamespaceContentRemaining, true, "SomeResourcesRemain",
			"Some resources are remaining: "+counted(resources, "%s has %d resource instances"), "ContentRemoved")
		set(corev1.NamespaceFinalizersRemaining, len(finalizers) > 0, "SomeFinalizersRemain",
			"Some content in the namespace has finalizers remaining: "+counted(finalizers, "%s in %d resource instances"), "ContentHasNoFinalizers")
	})
}

func counted(n map[string]int, format string) string {
	var parts []string
	for _, name := range sortedKeys(n) {
		parts = append(parts, fmt.Sprintf(format, name, n[name]))
	}
	return strings.Join(parts, ", ")
}
