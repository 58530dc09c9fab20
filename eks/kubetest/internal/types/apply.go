package types

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
)

// Apply merges the configuration that a manager applies into live, which is
// nil where nothing is there. It is the code of the real server that merges and
// that finds conflicts.
func (t *Types) Apply(r *catalog.Resource, subresource string, live, patch Object, manager string, force bool) (Object, error) {
	fm, err := t.fieldManager(r, subresource)
	if err != nil {
		return nil, err
	}
	if live == nil {
		live = t.Empty(r)
	}
	merged, err := fm.Apply(live.DeepCopy(), patch.DeepCopy(), manager, force)
	if err != nil {
		return nil, err
	}
	return merged.(Object), nil
}

// Track returns o with the fields that manager has set since live noted in its
// managedFields. What cannot be noted is left as it was.
func (t *Types) Track(r *catalog.Resource, subresource string, live, o Object, manager string) Object {
	fm, err := t.fieldManager(r, subresource)
	if err != nil {
		return o
	}
	if live == nil {
		live = t.Empty(r)
	}
	tracked, err := fm.Update(live.DeepCopy(), o.DeepCopy(), manager)
	if err != nil {
		o.SetManagedFields(live.GetManagedFields())
		return o
	}
	return tracked.(Object)
}

// Empty is an object with nothing set: of a built-in kind it shows the fields
// that are always there.
func (t *Types) Empty(r *catalog.Resource) Object {
	if t.Knows(r.GroupVersionKind) {
		if typed, err := t.scheme.New(r.GroupVersionKind); err == nil {
			if o, err := t.wire(typed, r.GroupVersionKind); err == nil {
				return o
			}
		}
	}
	return empty(r.GroupVersionKind)
}

func empty(gvk schema.GroupVersionKind) Object {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(gvk)
	return o
}

func (t *Types) fieldManager(r *catalog.Resource, subresource string) (*managedfields.FieldManager, error) {
	gvk := r.GroupVersionKind
	convert, err := t.converterOf(r)
	if err != nil {
		return nil, err
	}
	newManager := managedfields.NewDefaultFieldManager
	if r.Custom != nil {
		newManager = managedfields.NewDefaultCRDFieldManager
	}
	if !r.HasStatus() {
		subresource = ""
	}
	fm, err := newManager(convert, sameVersion{}, nothing{}, blank{t, r}, gvk, gvk.GroupVersion(), subresource, resetFields(r, subresource))
	if err != nil {
		return nil, fmt.Errorf("track fields of %s: %w", gvk.Kind, err)
	}
	return fm, nil
}

// resetFields are those that a path does not write: the status of the object
// itself, everything else of its status.
func resetFields(r *catalog.Resource, subresource string) map[fieldpath.APIVersion]fieldpath.Filter {
	if !r.HasStatus() {
		return nil
	}
	reset := fieldpath.NewSet(fieldpath.MakePathOrDie("status"))
	if subresource == "status" {
		reset = fieldpath.NewSet(fieldpath.MakePathOrDie("spec"))
	}
	version := fieldpath.APIVersion(r.GroupVersion().String())
	return map[fieldpath.APIVersion]fieldpath.Filter{version: fieldpath.NewExcludeSetFilter(reset)}
}

// converterOf returns what knows the fields of r: for built-in types the schema
// of client-go, for custom ones that of their definition.
func (t *Types) converterOf(r *catalog.Resource) (managedfields.TypeConverter, error) {
	switch {
	case r.Custom == nil && t.Knows(r.GroupVersionKind) && r.Group != "apiextensions.k8s.io":
		return t.converter(), nil
	case r.Custom == nil || r.Custom.Schema == nil:
		return managedfields.NewDeducedTypeConverter(), nil
	}
	text, err := json.Marshal(r.Custom.Schema)
	if err != nil {
		return nil, fmt.Errorf("read schema of %s: %w", r.Kind, err)
	}
	var s spec.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read schema of %s: %w", r.Kind, err)
	}
	if s.Properties == nil {
		s.Properties = make(map[string]spec.Schema)
	}
	s.Properties["apiVersion"], s.Properties["kind"] = *spec.StringProperty(), *spec.StringProperty()
	s.Properties["metadata"] = metadataSchema()
	s.AddExtension("x-kubernetes-group-version-kind", []any{map[string]any{"group": r.Group, "version": r.Version, "kind": r.Kind}})
	return managedfields.NewTypeConverter(map[string]*spec.Schema{r.Kind: &s}, false)
}

// metadataSchema is that of ObjectMeta, as far as merging needs it.
func metadataSchema() spec.Schema {
	text, list := *spec.StringProperty(), func(of *spec.Schema, extensions spec.Extensions) spec.Schema {
		s := *spec.ArrayProperty(of)
		s.Extensions = extensions
		return s
	}
	object := spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"object"}, Properties: map[string]spec.Schema{
		"labels": *spec.MapProperty(&text), "annotations": *spec.MapProperty(&text),
		"finalizers": list(&text, spec.Extensions{"x-kubernetes-list-type": "set"}),
	}}}
	owner := spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"object"}, Properties: map[string]spec.Schema{
		"controller": *spec.BooleanProperty(), "blockOwnerDeletion": *spec.BooleanProperty(),
	}}}
	for _, name := range []string{"apiVersion", "kind", "name", "uid"} {
		owner.Properties[name] = text
	}
	object.Properties["ownerReferences"] = list(&owner, spec.Extensions{
		"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": []any{"uid"},
	})
	for _, name := range []string{"name", "namespace", "generateName", "uid", "resourceVersion", "selfLink", "creationTimestamp", "deletionTimestamp"} {
		object.Properties[name] = text
	}
	entry := spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"object"}}}
	entry.AddExtension("x-kubernetes-preserve-unknown-fields", true)
	object.Properties["managedFields"] = list(&entry, spec.Extensions{"x-kubernetes-list-type": "atomic"})
	for _, name := range []string{"generation", "deletionGracePeriodSeconds"} {
		object.Properties[name] = *spec.Int64Property()
	}
	return object
}

// sameVersion converts nothing: a resource is stored in the version in which it is written.
type sameVersion struct{}

func (sameVersion) Convert(in, out, _ any) error {
	return fmt.Errorf("convert %T to %T: not supported", in, out)
}

func (sameVersion) ConvertToVersion(in runtime.Object, to runtime.GroupVersioner) (runtime.Object, error) {
	gvk := in.GetObjectKind().GroupVersionKind()
	want, ok := to.KindForGroupVersionKinds([]schema.GroupVersionKind{gvk})
	if !ok || want == gvk {
		return in, nil
	}
	out := in.DeepCopyObject()
	out.GetObjectKind().SetGroupVersionKind(want)
	return out, nil
}

func (sameVersion) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

// nothing sets no defaults: Decode has done so.
type nothing struct{}

func (nothing) Default(runtime.Object) {}

// blank makes the object with which a new one is compared.
type blank struct {
	types    *Types
	resource *catalog.Resource
}

func (b blank) New(schema.GroupVersionKind) (runtime.Object, error) {
	return b.types.Empty(b.resource), nil
}
