package control

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kinds "k8s.io/apimachinery/pkg/types"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// collect is the garbage collector. It reports whether an object is on its way
// out, so that no other controller needs to look at it.
func (m *Manager) collect(k store.Key, o store.Object) bool {
	if refs := o.GetOwnerReferences(); len(refs) > 0 && o.GetDeletionTimestamp() == nil {
		if !slices.ContainsFunc(refs, func(r metav1.OwnerReference) bool { return m.lives(o.GetNamespace(), r) }) {
			m.remove(k)
			return true
		}
	}
	if o.GetDeletionTimestamp() == nil {
		return false
	}
	switch {
	case slices.Contains(o.GetFinalizers(), metav1.FinalizerDeleteDependents):
		m.foreground(k, o)
	case slices.Contains(o.GetFinalizers(), metav1.FinalizerOrphanDependents):
		m.dependents(o.GetUID(), func(d store.Key) { m.disown(d, o.GetUID()) })
		m.dropFinalizer(k, metav1.FinalizerOrphanDependents)
	default:
		return false
	}
	return true
}

// foreground deletes what an object owns, and the object when nothing is left
// that blocks it.
func (m *Manager) foreground(k store.Key, o store.Object) {
	blocked := false
	m.dependents(o.GetUID(), func(d store.Key) {
		dependent := m.reg.Store.Get(d)
		if dependent.GetDeletionTimestamp() == nil {
			m.remove(d)
		}
		if dependent = m.reg.Store.Get(d); dependent == nil {
			return
		}
		for _, ref := range dependent.GetOwnerReferences() {
			blocked = blocked || (ref.UID == o.GetUID() && ptr.Value(ref.BlockOwnerDeletion))
		}
	})
	if !blocked {
		m.dropFinalizer(k, metav1.FinalizerDeleteDependents)
	}
}

// dependents calls do with the key of each object that a uid owns.
func (m *Manager) dependents(uid kinds.UID, do func(store.Key)) {
	for _, k := range m.all(func(o store.Object) bool {
		return slices.ContainsFunc(o.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == uid })
	}) {
		do(k)
	}
}

func (m *Manager) disown(k store.Key, uid kinds.UID) {
	live := m.reg.Store.Get(k)
	o := live.DeepCopy()
	o.SetOwnerReferences(slices.DeleteFunc(o.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == uid }))
	if len(o.GetOwnerReferences()) == 0 {
		unstructured.RemoveNestedField(o.Object, "metadata", "ownerReferences")
	}
	m.reg.Store.Put(k, m.reg.Types.Track(m.reg.Catalog.Stored(k.Resource), "", live, o, "kube-controller-manager"))
}

// owner is the key of what a reference in a namespace means.
func (m *Manager) owner(namespace string, ref metav1.OwnerReference) (store.Key, bool) {
	r := m.reg.Catalog.OfKind(ref.APIVersion, ref.Kind)
	if r == nil {
		return store.Key{}, false
	}
	if !r.Namespaced {
		namespace = ""
	}
	return store.Key{Resource: r.Storage(), Namespace: namespace, Name: ref.Name}, true
}

// lives reports whether an owner is there. One of a kind that is not served is
// not known to be gone.
func (m *Manager) lives(namespace string, ref metav1.OwnerReference) bool {
	k, ok := m.owner(namespace, ref)
	if !ok {
		return true
	}
	o := m.reg.Store.Get(k)
	return o != nil && o.GetUID() == ref.UID
}

// owned returns the objects of a resource that a uid controls.
func (m *Manager) owned(resource, namespace string, uid kinds.UID) []store.Key {
	var keys []store.Key
	for _, o := range m.reg.Store.List(resource, namespace) {
		if ref := metav1.GetControllerOf(o); ref != nil && ref.UID == uid {
			keys = append(keys, keyOf(resource, o))
		}
	}
	return keys
}

// controlledBy is the reference to the controller of an object.
func controlledBy(apiVersion, kind string, owner metav1.Object) []metav1.OwnerReference {
	return []metav1.OwnerReference{{
		APIVersion: apiVersion, Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: new(true), BlockOwnerDeletion: new(true),
	}}
}

func text(o store.Object, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}
