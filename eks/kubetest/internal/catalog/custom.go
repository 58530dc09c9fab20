package catalog

import (
	"maps"
	"slices"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Version is what a CustomResourceDefinition says of one of its versions.
type Version struct {
	ListKind string
	Schema   *apiextensions.JSONSchemaProps // nil where it has none
	Columns  []apiextensions.CustomResourceColumnDefinition
	Scale    *apiextensions.CustomResourceSubresourceScale
}

// Custom returns the resources that crd adds, a served version each, the newest
// version first.
func Custom(crd *apiextensions.CustomResourceDefinition) []*Resource {
	var rs []*Resource
	names := crd.Spec.Names
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			continue
		}
		gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: names.Kind}
		r := &Resource{
			GroupVersionKind: gvk,
			Plural:           names.Plural,
			Singular:         names.Singular,
			ShortNames:       names.ShortNames,
			Categories:       names.Categories,
			Namespaced:       crd.Spec.Scope == apiextensions.NamespaceScoped,
			Verbs:            []string{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"},
			Generation:       true,
			NeedsVersion:     true,
			Custom:           &Version{ListKind: names.ListKind, Columns: v.AdditionalPrinterColumns},
		}
		if r.Singular == "" {
			r.Singular = strings.ToLower(names.Kind)
		}
		if v.Schema != nil {
			r.Custom.Schema = v.Schema.OpenAPIV3Schema
		}
		if sub := v.Subresources; sub != nil {
			r.Custom.Scale = sub.Scale
			r.Subresources = subresources(gvk, sub)
		}
		rs = append(rs, r)
	}
	slices.SortStableFunc(rs, func(a, b *Resource) int { return CompareVersions(b.Version, a.Version) })
	return rs
}

func subresources(gvk schema.GroupVersionKind, sub *apiextensions.CustomResourceSubresources) []Subresource {
	var subs []Subresource
	verbs := []string{"get", "patch", "update"}
	if sub.Status != nil {
		subs = append(subs, Subresource{Name: "status", Kind: gvk, Verbs: verbs})
	}
	if sub.Scale != nil {
		scale := schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"}
		subs = append(subs, Subresource{Name: "scale", Kind: scale, Verbs: verbs})
	}
	return subs
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
