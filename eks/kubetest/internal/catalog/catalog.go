// Package catalog knows which resources an API server serves: the built-in
// ones, and those that CustomResourceDefinitions add.
package catalog

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

//go:embed builtin.txt
var builtin string

// Resource is one resource in one version.
type Resource struct {
	schema.GroupVersionKind
	Plural, Singular       string
	ShortNames, Categories []string
	Namespaced             bool
	Verbs                  []string
	Subresources           []Subresource

	Generation     bool // metadata.generation is kept
	NeedsVersion   bool // an update without a resourceVersion is refused
	ReturnsDeleted bool // deleting answers with the object rather than a Status

	// Custom is the version of the CustomResourceDefinition; nil for built-in ones.
	Custom *Version
}

// Subresource is a part of a resource that has a path of its own.
type Subresource struct {
	Name  string
	Kind  schema.GroupVersionKind
	Verbs []string
}

// GroupResource names r without its version.
func (r *Resource) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Plural}
}

// Storage names what all versions of r have in common: "pods", "deployments.apps".
func (r *Resource) Storage() string { return r.GroupResource().String() }

// ListKind is the kind of a list of r.
func (r *Resource) ListKind() string {
	if r.Custom != nil && r.Custom.ListKind != "" {
		return r.Custom.ListKind
	}
	return r.Kind + "List"
}

// Subresource returns the named subresource, or nil.
func (r *Resource) Subresource(name string) *Subresource {
	i := slices.IndexFunc(r.Subresources, func(s Subresource) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Subresources[i]
}

// HasStatus reports whether the status of r is written by a path of its own.
func (r *Resource) HasStatus() bool { return r.Subresource("status") != nil }

// Virtual reports whether r is computed rather than stored, as access reviews are.
func (r *Resource) Virtual() bool { return !slices.Contains(r.Verbs, "get") }

// Catalog is the set of resources that are served.
type Catalog struct {
	resources []*Resource            // built-in, in the order of discovery
	custom    map[string][]*Resource // by name of the CustomResourceDefinition
}

// New returns a Catalog of the built-in resources.
func New() (*Catalog, error) {
	c := &Catalog{custom: make(map[string][]*Resource)}
	for line := range strings.Lines(builtin) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		r, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("read built-in resources: %w", err)
		}
		c.resources = append(c.resources, r)
	}
	return c, nil
}

// All returns every resource, the built-in ones first.
func (c *Catalog) All() []*Resource {
	all := slices.Clone(c.resources)
	for _, name := range sortedKeys(c.custom) {
		all = append(all, c.custom[name]...)
	}
	return all
}

// Find returns a resource by its path, or nil.
func (c *Catalog) Find(group, version, plural string) *Resource {
	return c.first(func(r *Resource) bool {
		return r.Plural == plural && r.Group == group && r.Version == version
	})
}

// Stored returns a version of a resource by what Storage calls it, or nil.
func (c *Catalog) Stored(storage string) *Resource {
	return c.first(func(r *Resource) bool { return r.Storage() == storage })
}

// OfKind returns the resource whose objects have the given apiVersion and kind, or nil.
func (c *Catalog) OfKind(apiVersion, kind string) *Resource {
	return c.first(func(r *Resource) bool {
		return r.Kind == kind && r.GroupVersion().String() == apiVersion
	})
}

// Serves reports whether there is any resource in a group and version.
func (c *Catalog) Serves(group, version string) bool {
	return c.first(func(r *Resource) bool { return r.Group == group && r.Version == version }) != nil
}

// SetCustom replaces the resources of the named CustomResourceDefinition; none removes it.
func (c *Catalog) SetCustom(crd string, resources []*Resource) {
	delete(c.custom, crd)
	if len(resources) > 0 {
		c.custom[crd] = resources
	}
}

func (c *Catalog) first(fits func(*Resource) bool) *Resource {
	all := c.All()
	if i := slices.IndexFunc(all, fits); i >= 0 {
		return all[i]
	}
	return nil
}

// allVerbs is what * stands for in the table.
func allVerbs() []string {
	return []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
}

func parse(line string) (*Resource, error) {
	f := strings.Fields(line)
	if len(f) != 10 {
		return nil, fmt.Errorf("%q has %d columns, not 10", line, len(f))
	}
	gv, err := schema.ParseGroupVersion(f[0])
	if err != nil {
		return nil, err
	}
	r := &Resource{
		GroupVersionKind: gv.WithKind(f[3]),
		Plural:           f[1],
		Singular:         f[2],
		Namespaced:       f[4] == "N",
		Verbs:            allVerbs(),
		Generation:       strings.Contains(f[6], "g"),
		NeedsVersion:     strings.Contains(f[6], "v"),
		ReturnsDeleted:   strings.Contains(f[6], "d"),
		ShortNames:       list(f[7]),
		Categories:       list(f[8]),
	}
	if f[5] != "*" {
		r.Verbs = list(f[5])
	}
	for _, text := range list(f[9]) {
		head, verbs, _ := strings.Cut(text, ":")
		name, kind, _ := strings.Cut(head, "=")
		sub := Subresource{Name: name, Kind: r.GroupVersionKind, Verbs: strings.Split(verbs, "+")}
		if dot := strings.LastIndexByte(kind, '.'); dot > 0 {
			of, err := schema.ParseGroupVersion(kind[:dot])
			if err != nil {
				return nil, err
			}
			sub.Kind = of.WithKind(kind[dot+1:])
		} else if dot == 0 {
			sub.Kind = gv.WithKind(kind[1:])
		}
		r.Subresources = append(r.Subresources, sub)
	}
	return r, nil
}

func list(column string) []string {
	if column == "-" {
		return nil
	}
	return strings.Split(column, ",")
}
