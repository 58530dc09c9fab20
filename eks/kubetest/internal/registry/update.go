package registry

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kinds "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// errLost is what an update hears that was made from an older revision.
// Source: OptimisticLockErrorMsg of k8s.io/apiserver.
var errLost = errors.New("the object has been modified; please apply your changes to the latest version and try again")

// Update replaces an object with what is read from JSON.
func (g *Registry) Update(q Request, data []byte) (Object, error) {
	o, err := g.decode(q, data)
	if err != nil {
		return nil, err
	}
	switch o.GetName() {
	case q.Name:
	case "":
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s based on URL) was undeterminable: name must be provided", q.Name))
	default:
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", o.GetName(), q.Name))
	}
	live, err := g.Get(q)
	if err != nil {
		return nil, err
	}
	return g.replace(q, live, g.Types.Track(q.Resource, q.Subresource, live, o, q.Manager))
}

// Patch changes an object by a patch of any kind. Created reports whether
// server-side apply has made it.
func (g *Registry) Patch(q Request, kind kinds.PatchType, body []byte) (_ Object, created bool, _ error) {
	if kind == kinds.ApplyYAMLPatchType {
		return g.apply(q, body)
	}
	live, err := g.Get(q)
	if err != nil {
		return nil, false, err
	}
	data, err := g.Types.Patch(q.Resource, live, kind, body)
	if err != nil {
		return nil, false, err
	}
	o, err := g.decode(q, data)
	if err != nil {
		return nil, false, apierrors.NewInvalid(q.Resource.GroupKind(), q.Name, field.ErrorList{
			field.Invalid(field.NewPath("patch"), string(body), err.Error()),
		})
	}
	if o.GetName() != q.Name {
		return nil, false, apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", o.GetName(), q.Name))
	}
	o, err = g.replace(q, live, g.Types.Track(q.Resource, q.Subresource, live, o, q.Manager))
	return o, false, err
}

func (g *Registry) apply(q Request, body []byte) (_ Object, created bool, _ error) {
	if q.Manager == "" {
		return nil, false, apierrors.NewInvalid(metaKind("PatchOptions"), "", field.ErrorList{
			field.Required(field.NewPath("fieldManager"), "is required for apply patch"),
		})
	}
	patch := &unstructured.Unstructured{Object: map[string]any{}}
	if err := yaml.Unmarshal(body, &patch.Object); err != nil {
		return nil, false, apierrors.NewBadRequest(fmt.Sprintf("error decoding YAML: %v", err))
	}
	if kind := patch.GroupVersionKind(); kind != q.Resource.GroupVersionKind {
		return nil, false, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)",
			kind.GroupVersion(), q.Resource.GroupVersion()))
	}
	if patch.GetName() == "" {
		patch.SetName(q.Name)
	}
	if patch.GetName() != q.Name {
		return nil, false, apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", patch.GetName(), q.Name))
	}
	live := g.Store.Get(q.key())
	merged, err := g.Types.Apply(q.Resource, q.Subresource, live, patch, q.Manager, q.Force)
	if err != nil {
		return nil, false, err
	}
	data, err := merged.MarshalJSON()
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	o, err := g.decode(q, data)
	if err != nil {
		return nil, false, err
	}
	if live == nil {
		if q.Subresource != "" {
			return nil, false, apierrors.NewNotFound(q.Resource.GroupResource(), q.Name)
		}
		o.SetManagedFields(merged.GetManagedFields())
		o, err = g.create(q, wiped(o))
		return o, true, err
	}
	o, err = g.replace(q, live, o)
	return o, false, err
}

// replace stores o in the place of live: after checking that it was made from
// live, and if it differs at all.
func (g *Registry) replace(q Request, live, o Object) (Object, error) {
	if err := matchNamespace(q, o); err != nil {
		return nil, err
	}
	if err := g.checkRevision(q, live, o); err != nil {
		return nil, err
	}
	keepSystemFields(live, o)
	g.prepareUpdate(q, live, o)
	errs, err := g.Types.ValidateUpdate(q.Resource, o, live)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return nil, invalid(q, q.Name, errs)
	}
	if same(live, o) {
		return live, nil
	}
	if q.DryRun {
		return o, nil
	}
	if o.GetDeletionTimestamp() != nil && len(o.GetFinalizers()) == 0 && graceOver(o) {
		return g.remove(q.key(), o), nil
	}
	return g.Store.Put(q.key(), o), nil
}

func (g *Registry) checkRevision(q Request, live, o Object) error {
	if uid := o.GetUID(); uid != "" && uid != live.GetUID() {
		return apierrors.NewConflict(q.Resource.GroupResource(), q.Name,
			fmt.Errorf("StorageError: invalid object, Code: 4, Key: /registry/%s, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: %s, UID in object meta: %s",
				q.key(), uid, live.GetUID()))
	}
	given := o.GetResourceVersion()
	switch {
	case given == "" && q.Resource.NeedsVersion:
		kind := q.Resource.GroupKind()
		kind.Kind = q.Resource.Plural
		return apierrors.NewInvalid(kind, q.Name, field.ErrorList{
			field.Invalid(field.NewPath("metadata", "resourceVersion"), uint64(0), "must be specified for an update"),
		})
	case given == "":
	case given != live.GetResourceVersion():
		if _, err := strconv.ParseUint(given, 10, 64); err != nil {
			return err // the server has no better word for it either
		}
		return apierrors.NewConflict(q.Resource.GroupResource(), q.Name, errLost)
	}
	o.SetResourceVersion(live.GetResourceVersion())
	return nil
}

// keepSystemFields undoes changes of what only the server sets.
func keepSystemFields(live, o Object) {
	o.SetUID(live.GetUID())
	o.SetCreationTimestamp(live.GetCreationTimestamp())
	o.SetGeneration(live.GetGeneration())
	o.SetDeletionTimestamp(live.GetDeletionTimestamp())
	o.SetDeletionGracePeriodSeconds(live.GetDeletionGracePeriodSeconds())
	if live.GetGenerateName() != "" && o.GetGenerateName() == "" {
		o.SetGenerateName(live.GetGenerateName())
	}
	if live.GetGeneration() == 0 {
		unstructured.RemoveNestedField(o.Object, "metadata", "generation")
	}
}

// same reports whether an update would write what is there, apart from the
// times at which managers last wrote.
func same(live, o Object) bool {
	a, b := managers(live), managers(o)
	if len(a) != len(b) {
		return false
	}
	if !reflect.DeepEqual(a, b) {
		return false
	}
	x, y := live.DeepCopy(), o.DeepCopy()
	x.SetManagedFields(nil)
	y.SetManagedFields(nil)
	return reflect.DeepEqual(x.Object, y.Object)
}

// managers are the managed fields of o without their times.
func managers(o Object) []any {
	fields, _, _ := unstructured.NestedSlice(o.Object, "metadata", "managedFields")
	for _, f := range fields {
		if entry, ok := f.(map[string]any); ok {
			delete(entry, "time")
		}
	}
	return fields
}
