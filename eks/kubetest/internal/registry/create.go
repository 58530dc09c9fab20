package registry

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxGenerated is how much of a generateName is kept.
// Source: maxGeneratedNameLength of k8s.io/apiserver's name generator.
const maxGenerated = 63 - 5

// Create reads an object from JSON and stores it.
func (g *Registry) Create(q Request, data []byte) (Object, error) {
	o, err := g.decode(q, data)
	if err != nil {
		return nil, err
	}
	return g.create(q, g.Types.Track(q.Resource, "", nil, wiped(o), q.Manager))
}

// Review reads an object that is answered and not stored.
func (g *Registry) Review(q Request, data []byte) (Object, error) {
	o, err := g.decode(q, data)
	if err != nil {
		return nil, err
	}
	return g.Types.Track(q.Resource, "", nil, o, q.Manager), nil
}

// wiped is o without what only the server sets.
func wiped(o Object) Object {
	o.SetUID("")
	o.SetDeletionTimestamp(nil)
	o.SetDeletionGracePeriodSeconds(nil)
	o.SetSelfLink("")
	o.SetCreationTimestamp(metav1.Time{})
	return o
}

func (g *Registry) create(q Request, o Object) (Object, error) {
	if err := matchNamespace(q, o); err != nil {
		return nil, err
	}
	if o.GetResourceVersion() != "" {
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	if err := g.admitNamespace(q, o.GetName()); err != nil {
		return nil, err
	}
	generated := o.GetName() == "" && o.GetGenerateName() != ""
	if generated {
		base := o.GetGenerateName()
		o.SetName(base[:min(len(base), maxGenerated)] + g.suffix())
	}
	o.SetUID(g.uid())
	o.SetCreationTimestamp(stamp(q.Now))
	if q.Resource.Generation {
		o.SetGeneration(1)
	}
	if err := g.prepareCreate(q, o); err != nil {
		return nil, err
	}
	errs, err := g.Types.Validate(q.Resource, o)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return nil, invalid(q, o.GetName(), errs)
	}
	q.Name = o.GetName()
	if g.Store.Get(q.key()) != nil {
		if generated {
			return nil, apierrors.NewGenerateNameConflict(q.Resource.GroupResource(), q.Name, 1)
		}
		return nil, apierrors.NewAlreadyExists(q.Resource.GroupResource(), q.Name)
	}
	if q.DryRun {
		return o, nil
	}
	return g.Store.Put(q.key(), o), nil
}

func invalid(q Request, name string, errs field.ErrorList) error {
	return apierrors.NewInvalid(q.Resource.GroupKind(), name, errs)
}

// matchNamespace gives o the namespace of the request, and refuses another.
func matchNamespace(q Request, o Object) error {
	want := ""
	if q.Resource.Namespaced {
		want = q.Namespace
	}
	switch o.GetNamespace() {
	case want:
	case "":
		o.SetNamespace(want)
	default:
		if want == "" {
			// The server drops the namespace of what is in none.
			o.SetNamespace("")
			return nil
		}
		return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	return nil
}

// admitNamespace refuses to create in a namespace that is not there or is
// ending, as the admission plugin NamespaceLifecycle does.
func (g *Registry) admitNamespace(q Request, name string) error {
	if !q.Resource.Namespaced || q.Resource.Virtual() {
		return nil
	}
	ns := g.Namespace(q.Namespace)
	if ns == nil {
		return apierrors.NewNotFound(corev1.Resource("namespaces"), q.Namespace)
	}
	if !terminating(ns) {
		return nil
	}
	err := apierrors.NewForbidden(q.Resource.GroupResource(), name,
		fmt.Errorf("unable to create new content in namespace %s because it is being terminated", q.Namespace))
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    corev1.NamespaceTerminatingCause,
		Message: fmt.Sprintf("namespace %s is being terminated", q.Namespace),
		Field:   "metadata.namespace",
	})
	return err
}
