package registry

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// Namespace returns a namespace, or nil.
func (g *Registry) Namespace(name string) Object {
	return g.Store.Get(store.Key{Resource: "namespaces", Name: name})
}

func terminating(ns Object) bool {
	phase, _, _ := unstructured.NestedString(ns.Object, "status", "phase")
	return phase == string(corev1.NamespaceTerminating)
}

// deleteNamespace begins to end a namespace; a controller empties it and takes
// its finalizer away.
func (g *Registry) deleteNamespace(q Request, live Object) (_ Object, gone bool, _ error) {
	switch q.Name {
	case metav1.NamespaceDefault, metav1.NamespaceSystem, metav1.NamespacePublic:
		return nil, false, apierrors.NewForbidden(q.Resource.GroupResource(), q.Name, errors.New("this namespace may not be deleted"))
	}
	finalizers, _, _ := unstructured.NestedStringSlice(live.Object, "spec", "finalizers")
	if live.GetDeletionTimestamp() == nil {
		o := live.DeepCopy()
		now := stamp(q.Now)
		o.SetDeletionTimestamp(&now)
		if err := unstructured.SetNestedField(o.Object, string(corev1.NamespaceTerminating), "status", "phase"); err != nil {
			return nil, false, apierrors.NewInternalError(err)
		}
		if q.DryRun {
			return o, false, nil
		}
		return g.Store.Put(q.key(), o), false, nil
	}
	if len(finalizers) > 0 || len(live.GetFinalizers()) > 0 {
		return live, false, nil
	}
	if q.DryRun {
		return live, true, nil
	}
	return g.remove(q.key(), live.DeepCopy()), true, nil
}

// Finalize replaces the finalizers of a namespace's spec; without any, a
// namespace that is ending goes.
func (g *Registry) Finalize(q Request, data []byte) (Object, error) {
	o, err := g.decode(q, data)
	if err != nil {
		return nil, err
	}
	live, err := g.Get(q)
	if err != nil {
		return nil, err
	}
	if err := g.checkRevision(q, live, o); err != nil {
		return nil, err
	}
	next := live.DeepCopy()
	finalizers, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "finalizers")
	if err := unstructured.SetNestedStringSlice(next.Object, finalizers, "spec", "finalizers"); err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if len(finalizers) == 0 {
		unstructured.RemoveNestedField(next.Object, "spec", "finalizers")
	}
	if q.DryRun {
		return next, nil
	}
	if next.GetDeletionTimestamp() != nil && len(finalizers) == 0 && len(next.GetFinalizers()) == 0 {
		return g.remove(q.key(), next), nil
	}
	return g.Store.Put(q.key(), next), nil
}
