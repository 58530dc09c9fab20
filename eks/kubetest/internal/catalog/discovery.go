package catalog

import (
	"slices"

	discovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// CompareVersions orders versions as Kubernetes prefers them: "v2" above "v1",
// and both above "v2beta1".
func CompareVersions(a, b string) int { return version.CompareKubeAwareVersionStrings(a, b) }

// Groups is the legacy document at /apis: all groups but the core one.
func (c *Catalog) Groups() *metav1.APIGroupList {
	list := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	for _, name := range c.groupNames() {
		if name != "" {
			list.Groups = append(list.Groups, *c.Group(name))
		}
	}
	return list
}

// Group is the document at /apis/{group}, without a kind as within the list; nil where there is none.
func (c *Catalog) Group(name string) *metav1.APIGroup {
	versions := c.versions(name)
	if len(versions) == 0 {
		return nil
	}
	g := &metav1.APIGroup{Name: name}
	for _, v := range versions {
		gv := schema.GroupVersion{Group: name, Version: v}
		g.Versions = append(g.Versions, metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: v})
	}
	g.PreferredVersion = g.Versions[0]
	return g
}

// Resources is the legacy document at /apis/{group}/{version}; nil where there is none.
func (c *Catalog) Resources(gv schema.GroupVersion) *metav1.APIResourceList {
	list := &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: gv.String(),
	}
	for _, r := range c.All() {
		if r.GroupVersion() != gv {
			continue
		}
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: r.Plural, SingularName: r.Singular, Namespaced: r.Namespaced, Kind: r.Kind,
			Verbs: r.Verbs, ShortNames: r.ShortNames, Categories: r.Categories,
		})
		for _, s := range r.Subresources {
			sub := metav1.APIResource{Name: r.Plural + "/" + s.Name, Namespaced: r.Namespaced, Kind: s.Kind.Kind, Verbs: s.Verbs}
			if s.Kind.GroupVersion() != gv {
				sub.Group, sub.Version = s.Kind.Group, s.Kind.Version
			}
			list.APIResources = append(list.APIResources, sub)
		}
	}
	if len(list.APIResources) == 0 {
		return nil
	}
	return list
}

// Aggregated is the whole of discovery in one document: of the core group at
// /api, of all others at /apis.
func (c *Catalog) Aggregated(core bool) *discovery.APIGroupDiscoveryList {
	list := &discovery.APIGroupDiscoveryList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"},
	}
	for _, name := range c.groupNames() {
		if (name == "") != core {
			continue
		}
		group := discovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: name}}
		for _, v := range c.versions(name) {
			group.Versions = append(group.Versions, discovery.APIVersionDiscovery{
				Version:   v,
				Freshness: discovery.DiscoveryFreshnessCurrent,
				Resources: c.aggregatedResources(schema.GroupVersion{Group: name, Version: v}),
			})
		}
		list.Items = append(list.Items, group)
	}
	return list
}

func (c *Catalog) aggregatedResources(gv schema.GroupVersion) []discovery.APIResourceDiscovery {
	var rs []discovery.APIResourceDiscovery
	for _, r := range c.All() {
		if r.GroupVersion() != gv {
			continue
		}
		scope := discovery.ScopeCluster
		if r.Namespaced {
			scope = discovery.ScopeNamespace
		}
		entry := discovery.APIResourceDiscovery{
			Resource: r.Plural, SingularResource: r.Singular, Scope: scope, Verbs: r.Verbs,
			ResponseKind: responseKind(r, r.GroupVersionKind), ShortNames: r.ShortNames, Categories: r.Categories,
		}
		for _, s := range r.Subresources {
			entry.Subresources = append(entry.Subresources, discovery.APISubresourceDiscovery{
				Subresource: s.Name, ResponseKind: responseKind(r, s.Kind), Verbs: s.Verbs,
			})
		}
		rs = append(rs, entry)
	}
	return rs
}

// responseKind shows a kind as the aggregated document does: built-in resources
// leave out their own group and version.
func responseKind(r *Resource, gvk schema.GroupVersionKind) *metav1.GroupVersionKind {
	if r.Custom == nil && gvk.GroupVersion() == r.GroupVersion() {
		return &metav1.GroupVersionKind{Kind: gvk.Kind}
	}
	return &metav1.GroupVersionKind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind}
}

// groupNames are the groups in the order in which they first appear.
func (c *Catalog) groupNames() []string {
	var names []string
	for _, r := range c.All() {
		if !slices.Contains(names, r.Group) {
			names = append(names, r.Group)
		}
	}
	return names
}

// versions are those of a group, the preferred one first.
func (c *Catalog) versions(group string) []string {
	var vs []string
	for _, r := range c.All() {
		if r.Group == group && !slices.Contains(vs, r.Version) {
			vs = append(vs, r.Version)
		}
	}
	slices.SortStableFunc(vs, func(a, b string) int { return CompareVersions(b, a) })
	return vs
}
