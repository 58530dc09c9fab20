// Package types knows the types of objects as an API server does: it decodes,
// prunes, defaults, validates and patches them.
//
// Built-in objects go through their Go types of k8s.io/api, custom ones through
// the schema of their CustomResourceDefinition.
package types

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
)

// Object is an object in its wire form.
type Object = *unstructured.Unstructured

// Types decodes and checks objects. It is safe for concurrent use.
type Types struct {
	scheme    *runtime.Scheme
	strict    *kjson.Serializer
	protobuf  *protobuf.Serializer
	converter func() managedfields.TypeConverter // made when first needed, since it takes a tenth of a second
}

// New returns Types for all built-in objects.
func New() (*Types, error) {
	s := runtime.NewScheme()
	if err := errors.Join(scheme.AddToScheme(s), apiextensions.AddToScheme(s)); err != nil {
		return nil, fmt.Errorf("register types: %w", err)
	}
	return &Types{
		scheme:   s,
		strict:   kjson.NewSerializerWithOptions(kjson.DefaultMetaFactory, s, s, kjson.SerializerOptions{Strict: true}),
		protobuf: protobuf.NewSerializer(s, s),
		converter: sync.OnceValue(func() managedfields.TypeConverter {
			return applyconfigurations.NewTypeConverter(scheme.Scheme)
		}),
	}, nil
}

// Knows reports whether objects of a kind go through a Go type.
func (t *Types) Knows(gvk schema.GroupVersionKind) bool { return t.scheme.Recognizes(gvk) }

// JSON turns a request's body into JSON. Repeated keys of a YAML mapping are an error.
func (t *Types) JSON(body []byte, mediaType string) ([]byte, error) {
	switch mediaType {
	case "", runtime.ContentTypeJSON:
		return body, nil
	case runtime.ContentTypeYAML:
		out, err := yaml.YAMLToJSONStrict(body)
		if err != nil {
			return nil, apierrors.NewBadRequest("error decoding YAML: " + err.Error())
		}
		return out, nil
	case runtime.ContentTypeProtobuf:
		o, gvk, err := t.protobuf.Decode(body, nil, nil)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		o.GetObjectKind().SetGroupVersionKind(*gvk)
		return json.Marshal(o)
	}
	supported := []string{runtime.ContentTypeJSON, runtime.ContentTypeYAML, runtime.ContentTypeProtobuf}
	return nil, unsupportedMediaType(supported)
}

func unsupportedMediaType(supported []string) error {
	return &apierrors.StatusError{ErrStatus: statusOf(415, "UnsupportedMediaType",
		"the body of the request was in an unknown format - accepted media types include: "+strings.Join(supported, ", "))}
}

// Decode reads an object of r from JSON, drops what its type does not know and
// fills in defaults. The first error list names what was dropped, which a
// server tells as warnings or, on request, as an error.
func (t *Types) Decode(r *catalog.Resource, data []byte) (Object, []error, error) {
	want := r.GroupVersionKind
	got, err := kjson.DefaultMetaFactory.Interpret(data)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf(
			"the object provided is unrecognized (must be of type %s): %v (%s)", want.Kind, err, head(data)))
	}
	if got.Kind != "" && got.Kind != want.Kind {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %s",
			got.Kind, got.Version, want.Kind, t.whyNot(*got, want)))
	}
	if got.Version != "" && got.GroupVersion() != want.GroupVersion() {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)",
			got.GroupVersion(), want.GroupVersion()))
	}
	if !t.Knows(want) {
		return decodeCustom(r, data)
	}
	typed, _, err := t.strict.Decode(data, &want, nil)
	strict, err := splitStrict(err)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", want.Kind, want.Version, want.Kind, err))
	}
	setDefaults(typed)
	o, err := t.wire(typed, want)
	return o, strict, err
}

// splitStrict tells what a strict decoder only dislikes from what it cannot read.
func splitStrict(err error) (strict []error, _ error) {
	if e, ok := runtime.AsStrictDecodingError(err); ok {
		return e.Errors(), nil
	}
	return nil, err
}

func (t *Types) whyNot(got, want schema.GroupVersionKind) string {
	if t.Knows(got) {
		return fmt.Sprintf("converting (%s.%s) to (%s.%s): unknown conversion", got.Version, got.Kind, internalGroup(want.Group), want.Kind)
	}
	return fmt.Sprintf("no kind %q is registered for version %q", got.Kind, got.GroupVersion())
}

// internalGroup is how the server calls the group of a type within itself.
func internalGroup(group string) string {
	if group == "" {
		return "core"
	}
	name, _, _ := strings.Cut(group, ".")
	return name
}

// wire turns a Go value into its wire form.
func (t *Types) wire(typed runtime.Object, gvk schema.GroupVersionKind) (Object, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	o := &unstructured.Unstructured{Object: fields}
	o.SetGroupVersionKind(gvk)
	return o, nil
}

// typed turns an object into its Go value; nil where its type has none.
func (t *Types) typed(r *catalog.Resource, o Object) (runtime.Object, error) {
	if !t.Knows(r.GroupVersionKind) {
		return nil, nil
	}
	v, err := t.scheme.New(r.GroupVersionKind)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, v); err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return v, nil
}

// Into reads an object into a Go value, as controllers want it.
func Into[T any](o Object) (*T, error) {
	v := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, v); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return v, nil
}

func head(data []byte) string {
	const shown = 30
	data = bytes.TrimSpace(data)
	if len(data) > shown {
		return fmt.Sprintf("%q ...", data[:shown])
	}
	return fmt.Sprintf("%q", data)
}

// Set replaces the content of o by that of the Go value v; kind and apiVersion stay.
func Set(o Object, v any) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(v)
	if err != nil {
		return fmt.Errorf("write %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	gvk := o.GroupVersionKind()
	o.Object = fields
	o.SetGroupVersionKind(gvk)
	return nil
}

// Change lets do change o as a Go value.
func Change[T any](o Object, do func(*T)) error {
	v, err := Into[T](o)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	do(v)
	if err := Set(o, v); err != nil {
		return apierrors.NewInternalError(err)
	}
	return nil
}
