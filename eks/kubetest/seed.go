package kubetest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/registry"
)

// Add creates the objects of a manifest, YAML documents or JSON, as a member of
// system:masters would. An object without a namespace gets "default", and a
// namespace that is not there is made. None of it is among [Cluster.Requests].
func (c *Cluster) Add(manifest string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return c.broken
	}
	c.catchUp()
	return c.add(manifest, "kubetest")
}

func (c *Cluster) add(manifest, manager string) error {
	documents := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for n := 1; ; n++ {
		o := &unstructured.Unstructured{}
		err := documents.Decode(&o.Object)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("add objects: document %d: %w", n, err)
		case len(o.Object) == 0:
			continue // an empty document
		}
		if err := c.addObject(o, manager); err != nil {
			return fmt.Errorf("add objects: document %d: %s %s: %w", n, o.GetKind(), o.GetName(), err)
		}
	}
}

func (c *Cluster) addObject(o *unstructured.Unstructured, manager string) error {
	r := c.registry.Catalog.OfKind(o.GetAPIVersion(), o.GetKind())
	if r == nil {
		return fmt.Errorf("no kind %q is served in %q", o.GetKind(), o.GetAPIVersion())
	}
	q := registry.Request{Resource: r, Manager: manager, Now: time.Now(), Strict: true}
	if r.Namespaced {
		q.Namespace = o.GetNamespace()
		if q.Namespace == "" {
			q.Namespace = "default"
		}
		if c.registry.Namespace(q.Namespace) == nil {
			ns := &unstructured.Unstructured{}
			ns.SetAPIVersion("v1")
			ns.SetKind("Namespace")
			ns.SetName(q.Namespace)
			if err := c.addObject(ns, manager); err != nil {
				return err
			}
		}
	}
	data, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = c.registry.Create(q, data)
	return err
}
