package types

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
)

// decodeCustom reads an object without a Go type. Where a schema is known, the
// object is pruned by it and gets its defaults.
func decodeCustom(r *catalog.Resource, data []byte) (Object, []error, error) {
	fields := make(map[string]any)
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding %s: %v", r.Kind, err))
	}
	o := &unstructured.Unstructured{Object: fields}
	o.SetGroupVersionKind(r.GroupVersionKind)
	if _, ok := fields["metadata"].(map[string]any); !ok {
		fields["metadata"] = map[string]any{}
	}
	if text, err := json.Marshal(fields["metadata"]); err == nil {
		if err := json.Unmarshal(text, &metav1.ObjectMeta{}); err != nil {
			return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", r.Kind, r.Version, r.Kind, err))
		}
	}
	if r.Custom == nil || r.Custom.Schema == nil {
		return o, nil, nil
	}
	var unknown []error
	prune(fields, r.Custom.Schema, "", true, &unknown)
	fillIn(fields, r.Custom.Schema)
	return o, unknown, nil
}

// prune drops what the schema does not know. At the root of an object the
// fields that every object has are kept.
func prune(v any, s *apiextensions.JSONSchemaProps, path string, root bool, unknown *[]error) {
	switch v := v.(type) {
	case map[string]any:
		preserved := s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if root && (key == "apiVersion" || key == "kind" || key == "metadata") {
				continue
			}
			at := strings.TrimPrefix(path+"."+key, ".")
			p, open := property(s, key)
			switch {
			case p != nil:
				prune(v[key], p, at, p.XEmbeddedResource, unknown)
			case !open && !preserved:
				delete(v, key)
				*unknown = append(*unknown, fmt.Errorf("unknown field %q", at))
			}
		}
	case []any:
		if s.Items == nil || s.Items.Schema == nil {
			return
		}
		for i := range v {
			prune(v[i], s.Items.Schema, fmt.Sprintf("%s[%d]", path, i), s.Items.Schema.XEmbeddedResource, unknown)
		}
	}
}

// property is the schema of a field; nil where it has none, which open allows.
func property(s *apiextensions.JSONSchemaProps, key string) (_ *apiextensions.JSONSchemaProps, open bool) {
	if p, ok := s.Properties[key]; ok {
		return &p, true
	}
	if s.AdditionalProperties == nil {
		return nil, false
	}
	return s.AdditionalProperties.Schema, s.AdditionalProperties.Allows || s.AdditionalProperties.Schema != nil
}

// fillIn adds the defaults that the schema has.
func fillIn(v any, s *apiextensions.JSONSchemaProps) {
	switch v := v.(type) {
	case map[string]any:
		for key, p := range s.Properties {
			if _, given := v[key]; !given && p.Default != nil {
				var value any
				if json.Unmarshal(p.Default.Raw, &value) == nil {
					v[key] = value
				}
			}
			fillIn(v[key], &p)
		}
		if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
			for key := range v {
				if _, named := s.Properties[key]; !named {
					fillIn(v[key], s.AdditionalProperties.Schema)
				}
			}
		}
	case []any:
		if s.Items != nil && s.Items.Schema != nil {
			for i := range v {
				fillIn(v[i], s.Items.Schema)
			}
		}
	}
}

func validateCustom(r *catalog.Resource, o Object) field.ErrorList {
	if r.Custom.Schema == nil {
		return nil
	}
	return check(o.Object, r.Custom.Schema, nil)
}

// check validates v by the parts of a structural schema that most definitions
// use: types, required, enum, bounds, lengths and patterns. It leaves out CEL
// rules, formats and the logical combinations.
func check(v any, s *apiextensions.JSONSchemaProps, at *field.Path) field.ErrorList {
	if v == nil {
		if s.Nullable || s.Type == "" {
			return nil
		}
		return field.ErrorList{field.TypeInvalid(at, "null", fmt.Sprintf("%s in body must be of type %s: \"null\"", at, s.Type))}
	}
	if !fits(v, s) {
		kind := typeName(v)
		return field.ErrorList{field.TypeInvalid(at, kind, fmt.Sprintf("%s in body must be of type %s: %q", at, s.Type, kind))}
	}
	errs := checkEnum(v, s, at)
	switch v := v.(type) {
	case map[string]any:
		errs = append(errs, checkObject(v, s, at)...)
	case []any:
		errs = append(errs, checkArray(v, s, at)...)
	case string:
		errs = append(errs, checkString(v, s, at)...)
	case int64:
		errs = append(errs, checkNumber(float64(v), v, s, at)...)
	case float64:
		errs = append(errs, checkNumber(v, v, s, at)...)
	}
	return errs
}

func checkObject(v map[string]any, s *apiextensions.JSONSchemaProps, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			errs = append(errs, field.Required(child(at, name), ""))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if p, ok := s.Properties[name]; ok {
			errs = append(errs, check(v[name], &p, child(at, name))...)
		} else if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
			errs = append(errs, check(v[name], s.AdditionalProperties.Schema, child(at, name))...)
		}
	}
	return errs
}

func checkArray(v []any, s *apiextensions.JSONSchemaProps, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s.MinItems != nil && int64(len(v)) < *s.MinItems {
		errs = append(errs, field.Invalid(at, int64(len(v)), fmt.Sprintf("%s in body should have at least %d items", at, *s.MinItems)))
	}
	if s.MaxItems != nil && int64(len(v)) > *s.MaxItems {
		errs = append(errs, field.TooMany(at, len(v), int(*s.MaxItems)))
	}
	if s.Items != nil && s.Items.Schema != nil {
		for i := range v {
			errs = append(errs, check(v[i], s.Items.Schema, at.Index(i))...)
		}
	}
	return errs
}

func checkString(v string, s *apiextensions.JSONSchemaProps, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if n := int64(len([]rune(v))); s.MinLength != nil && n < *s.MinLength {
		errs = append(errs, field.Invalid(at, v, fmt.Sprintf("%s in body should be at least %d chars long", at, *s.MinLength)))
	} else if s.MaxLength != nil && n > *s.MaxLength {
		errs = append(errs, field.TooLong(at, "", int(*s.MaxLength)))
	}
	if s.Pattern != "" {
		if re, err := regexp.Compile(s.Pattern); err == nil && !re.MatchString(v) {
			errs = append(errs, field.Invalid(at, v, fmt.Sprintf("%s in body should match '%s'", at, s.Pattern)))
		}
	}
	return errs
}

func checkNumber(n float64, shown any, s *apiextensions.JSONSchemaProps, at *field.Path) field.ErrorList {
	switch {
	case s.Minimum != nil && n < *s.Minimum:
		return field.ErrorList{field.Invalid(at, shown, fmt.Sprintf("%s in body should be greater than or equal to %v", at, *s.Minimum))}
	case s.Maximum != nil && n > *s.Maximum:
		return field.ErrorList{field.Invalid(at, shown, fmt.Sprintf("%s in body should be less than or equal to %v", at, *s.Maximum))}
	}
	return nil
}

func checkEnum(v any, s *apiextensions.JSONSchemaProps, at *field.Path) field.ErrorList {
	if len(s.Enum) == 0 {
		return nil
	}
	var allowed []string
	for _, e := range s.Enum {
		var value any
		if json.Unmarshal(e.Raw, &value) != nil {
			continue
		}
		if value == v {
			return nil
		}
		allowed = append(allowed, fmt.Sprint(value))
	}
	return field.ErrorList{field.NotSupported(at, v, allowed)}
}

func fits(v any, s *apiextensions.JSONSchemaProps) bool {
	is := typeName(v)
	switch {
	case s.XIntOrString:
		return is == "integer" || is == "string"
	case s.Type == "" || s.Type == is:
		return true
	}
	return s.Type == "number" && is == "integer"
}

func typeName(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case int64:
		return "integer"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}

func child(at *field.Path, name string) *field.Path {
	if at == nil {
		return field.NewPath(name)
	}
	return at.Child(name)
}

// WireKind gives o the version of r, as one stored version is served in all of them.
func WireKind(r *catalog.Resource, o Object) Object {
	if o.GroupVersionKind() == r.GroupVersionKind {
		return o
	}
	o = o.DeepCopy()
	o.SetGroupVersionKind(r.GroupVersionKind)
	return o
}

// JSONOf encodes an object.
func JSONOf(o Object) ([]byte, error) { return runtime.Encode(unstructured.UnstructuredJSONScheme, o) }
