// Package manifest reads the objects of rendered charts, and tells how two sets of
// them differ.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Object is one object of a manifest.
type Object struct {
	unstructured.Unstructured
	// Hook are the moments at which helm applies it, joined by commas; "" for what
	// is a part of the release.
	Hook string
	// Source is the template that rendered it, where the manifest says so.
	Source string
}

// Key tells objects of a release apart. Two versions of one group are the same.
type Key struct {
	Group, Kind, Namespace, Name, Hook string
}

// Key returns the key of o.
func (o Object) Key() Key {
	return Key{o.GroupVersionKind().Group, o.GetKind(), o.GetNamespace(), o.GetName(), o.Hook}
}

// ID names o for people: "Deployment shop/web".
func (o Object) ID() string {
	if o.GetNamespace() == "" {
		return o.GetKind() + " " + o.GetName()
	}
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// Parse reads the YAML documents of a manifest. Lists are taken apart; empty
// documents are left out.
func Parse(text string) ([]Object, error) {
	var out []Object
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		objects, err := parseDocument(document)
		if err != nil {
			return nil, fmt.Errorf("document %d%s: %w", n, in(source(document)), err)
		}
		out = append(out, objects...)
	}
}

func parseDocument(document []byte) ([]Object, error) {
	var content map[string]any
	if err := yaml.Unmarshal(document, &content); err != nil {
		return nil, err
	}
	if len(content) == 0 {
		return nil, nil
	}
	o := Object{Unstructured: unstructured.Unstructured{Object: content}, Source: source(document)}
	if o.IsList() && strings.HasSuffix(o.GetKind(), "List") {
		return items(o)
	}
	return []Object{o}, o.check()
}

func items(list Object) ([]Object, error) {
	var out []Object
	entries, _ := list.Object["items"].([]any)
	for i, entry := range entries {
		content, isMap := entry.(map[string]any)
		if !isMap {
			return nil, fmt.Errorf("item %d of the %s is no object", i+1, list.GetKind())
		}
		o := Object{Unstructured: unstructured.Unstructured{Object: content}, Source: list.Source}
		if err := o.check(); err != nil {
			return nil, fmt.Errorf("item %d of the %s: %w", i+1, list.GetKind(), err)
		}
		out = append(out, o)
	}
	return out, nil
}

// check is the error of an object without what every object has.
func (o Object) check() error {
	metadata, isMap := o.Object["metadata"].(map[string]any)
	if o.Object["metadata"] != nil && !isMap {
		return errors.New("metadata is no map")
	}
	for _, field := range []struct {
		name  string
		value any
	}{{"apiVersion", o.Object["apiVersion"]}, {"kind", o.Object["kind"]}, {"metadata.name", metadata["name"]}} {
		if field.name == "metadata.name" && metadata["generateName"] != nil {
			continue
		}
		if text, isText := field.value.(string); !isText || text == "" {
			return fmt.Errorf("an object has no %s", field.name)
		}
	}
	return nil
}

// source reads the comment that says which template a document is from.
func source(document []byte) string {
	for line := range bytes.Lines(document) {
		if name, found := bytes.CutPrefix(line, []byte("# Source: ")); found {
			return string(bytes.TrimSpace(name))
		}
	}
	return ""
}

func in(source string) string {
	if source == "" {
		return ""
	}
	return " (" + source + ")"
}

// CRDs returns the kinds that the CustomResourceDefinitions among objects bring,
// with each version that is served.
func CRDs(objects []Object) []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, o := range objects {
		if !IsCRD(o) {
			continue
		}
		group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
		versions, _, _ := unstructured.NestedSlice(o.Object, "spec", "versions")
		for _, v := range versions {
			version, _ := v.(map[string]any)
			name, _ := version["name"].(string)
			if served, given := version["served"].(bool); name != "" && (served || !given) {
				out = append(out, schema.GroupVersionKind{Group: group, Version: name, Kind: kind})
			}
		}
	}
	return out
}

// IsCRD reports whether o defines a custom resource.
func IsCRD(o Object) bool {
	return o.GetKind() == "CustomResourceDefinition" && o.GroupVersionKind().Group == "apiextensions.k8s.io"
}
