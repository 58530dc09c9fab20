package types

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kinds "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
)

func setup(t testing.TB) (*Types, *catalog.Catalog) {
	t.Helper()
	kinds, err := New()
	if err != nil {
		t.Fatal(err)
	}
	known, err := catalog.New()
	if err != nil {
		t.Fatal(err)
	}
	return kinds, known
}

// widgets is a custom resource with a schema in YAML.
func widgets(t testing.TB, schema string) *catalog.Resource {
	t.Helper()
	crd := &apiextensions.CustomResourceDefinition{}
	crd.Spec.Group = "example.com"
	crd.Spec.Scope = apiextensions.NamespaceScoped
	crd.Spec.Names = apiextensions.CustomResourceDefinitionNames{Plural: "widgets", Kind: "Widget"}
	s := &apiextensions.JSONSchemaProps{}
	if err := yaml.Unmarshal([]byte(schema), s); err != nil {
		t.Fatal(err)
	}
	crd.Spec.Versions = []apiextensions.CustomResourceDefinitionVersion{{
		Name: "v1", Served: true, Schema: &apiextensions.CustomResourceValidation{OpenAPIV3Schema: s},
	}}
	return catalog.Custom(crd)[0]
}

func TestCustomObjects(t *testing.T) {
	tests := map[string]struct {
		schema, in, out string
		unknown, faults []string
	}{
		"what the schema does not know is dropped": {
			schema: "{type: object, properties: {a: {type: string}, l: {type: array, items: {type: object, properties: {b: {type: string}}}}}}",
			in:     "{a: x, c: y, l: [{b: x, d: y}]}", out: "{a: x, l: [{b: x}]}",
			unknown: []string{`unknown field "c"`, `unknown field "l[0].d"`},
		},
		"unless it is to be kept": {
			schema: "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: object}}}",
			in:     "{a: {c: d}, e: f}", out: "{a: {}, e: f}", unknown: []string{`unknown field "a.c"`},
		},
		"maps have keys of any name": {
			schema: "{type: object, properties: {m: {type: object, additionalProperties: {type: object, properties: {a: {type: integer, default: 7}}}}}}",
			in:     "{m: {x: {}, z: {a: 1, b: 2}}}", out: "{m: {x: {a: 7}, z: {a: 1}}}", unknown: []string{`unknown field "m.z.b"`},
		},
		"maps of anything are kept": {
			schema: "{type: object, properties: {m: {type: object, additionalProperties: true}}}",
			in:     "{m: {x: {y: 1}}}", out: "{m: {x: {y: 1}}}",
		},
		"an embedded object keeps its metadata": {
			schema: "{type: object, properties: {o: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}}}",
			in:     "{o: {apiVersion: v1, kind: Pod, metadata: {name: a}, other: 1}}", out: "{o: {apiVersion: v1, kind: Pod, metadata: {name: a}}}",
			unknown: []string{`unknown field "o.other"`},
		},
		"defaults are filled in, in lists too": {
			schema: "{type: object, properties: {a: {type: string, default: x}, l: {type: array, items: {type: object, properties: {b: {type: boolean, default: true}}}}}}",
			in:     "{l: [{}, {b: false}]}", out: "{a: x, l: [{b: true}, {b: false}]}",
		},
		"types are checked": {
			schema: "{type: object, properties: {i: {type: integer}, n: {type: number}, b: {type: boolean}, x: {x-kubernetes-int-or-string: true}, a: {type: array}}}",
			in:     "{i: 1.5, n: 2, b: 'no', x: 5%, a: {}}", out: "{i: 1.5, n: 2, b: 'no', x: 5%, a: {}}",
			faults: []string{
				`a: Invalid value: "object": a in body must be of type array: "object"`,
				`b: Invalid value: "string": b in body must be of type boolean: "string"`,
				`i: Invalid value: "number": i in body must be of type integer: "number"`,
			},
		},
		"null is of no type": {
			schema: "{type: object, properties: {a: {type: string}, b: {type: string, nullable: true}}}",
			in:     "{a: null, b: null}", out: "{a: null, b: null}",
			faults: []string{`a: Invalid value: "null": a in body must be of type string: "null"`},
		},
		"numbers and lengths have bounds": {
			schema: "{type: object, properties: {i: {type: integer, maximum: 3}, s: {type: string, minLength: 2, maxLength: 3}, t: {type: string, maxLength: 1}, l: {type: array, minItems: 2}, m: {type: array, maxItems: 1}}}",
			in:     "{i: 4, s: x, t: xx, l: [1], m: [1, 2]}", out: "{i: 4, s: x, t: xx, l: [1], m: [1, 2]}",
			faults: []string{
				"i: Invalid value: 4: i in body should be less than or equal to 3", "l: Invalid value: 1: l in body should have at least 2 items",
				"m: Too many: 2: must have at most 1 item", `s: Invalid value: "x": s in body should be at least 2 chars long`, "t: Too long: may not be more than 1 byte",
			},
		},
	}
	kinds, _ := setup(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := widgets(t, tt.schema)
			body, err := yaml.YAMLToJSON([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			o, unknown, err := kinds.Decode(r, body)
			if err != nil {
				t.Fatal(err)
			}
			o.SetName("a")
			o.SetNamespace("n")
			faults, err := kinds.Validate(r, o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.unknown, texts(unknown)); d != "" {
				t.Errorf("unknown (-want +got):\n%s", d)
			}
			var got []string
			for _, f := range faults {
				got = append(got, f.Error())
			}
			if d := cmp.Diff(tt.faults, got); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
			for _, name := range []string{"apiVersion", "kind", "metadata"} {
				delete(o.Object, name)
			}
			if d := cmp.Diff(plain(t, tt.out), o.Object); d != "" {
				t.Errorf("object (-want +got):\n%s", d)
			}
		})
	}
}

func texts(errs []error) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

// plain reads YAML with whole numbers as integers.
func plain(t testing.TB, text string) map[string]any {
	t.Helper()
	kinds, known := setup(t)
	r := *known.Find("apiregistration.k8s.io", "v1", "apiservices")
	body, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o, _, err := kinds.Decode(&r, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"apiVersion", "kind", "metadata"} {
		delete(o.Object, name)
	}
	return o.Object
}

func TestDecodeRefuses(t *testing.T) {
	kinds, known := setup(t)
	r := known.Find("apps", "v1", "deployments")
	tests := map[string]struct{ body, want string }{
		"what is no JSON":    {"{", "the object provided is unrecognized (must be of type Deployment): "},
		"another kind":       {`{"apiVersion":"v1","kind":"Pod"}`, `Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): unknown conversion`},
		"an unknown kind":    {`{"apiVersion":"x/v1","kind":"Thing"}`, `Thing in version "v1" cannot be handled as a Deployment: no kind "Thing" is registered for version "x/v1"`},
		"another version":    {`{"apiVersion":"apps/v9","kind":"Deployment"}`, "the API version in the data (apps/v9) does not match the expected API version (apps/v1)"},
		"a field of a type":  {`{"spec":{"replicas":"2"}}`, `Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`},
		"a list that is one": {`{"spec":{"template":{"spec":{"containers":{}}}}}`, "cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := kinds.Decode(r, []byte(tt.body))
			if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestBodiesComeInSeveralForms(t *testing.T) {
	kinds, _ := setup(t)
	for kind, want := range map[string]bool{"": true, "application/json": true, "application/yaml": true, "application/cbor": false, "text/plain": false} {
		out, err := kinds.JSON([]byte(`{"a": "b"}`), kind)
		if (err == nil) != want {
			t.Errorf("%q: %s, %v", kind, out, err)
		}
		if err != nil && !apierrors.IsUnsupportedMediaType(err) {
			t.Errorf("%q: %v", kind, err)
		}
	}
	if _, err := kinds.JSON([]byte("a: 1\na: 2"), "application/yaml"); !apierrors.IsBadRequest(err) {
		t.Errorf("a repeated key: %v", err)
	}
	if _, err := kinds.JSON([]byte("k8s\x00x"), "application/vnd.kubernetes.protobuf"); !apierrors.IsBadRequest(err) {
		t.Errorf("no protobuf: %v", err)
	}
}

func TestQOS(t *testing.T) {
	resources := func(text string) *corev1.PodSpec {
		s := &corev1.PodSpec{}
		if err := yaml.Unmarshal([]byte("containers: [{resources: {"+text+"}}]"), s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for text, want := range map[string]corev1.PodQOSClass{
		"": corev1.PodQOSBestEffort, "requests: {cpu: 1}": corev1.PodQOSBurstable, "limits: {cpu: 1, memory: 1Gi}": corev1.PodQOSBurstable,
		"limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 1Gi}": corev1.PodQOSGuaranteed,
	} {
		if got := QOS(resources(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestImagesHaveTags(t *testing.T) {
	for image, want := range map[string]string{
		"web": "latest", "web:1": "1", "example.org:5000/web": "latest", "example.org:5000/web:2": "2", "web@sha256:00": "", "web:1@sha256:00": "",
	} {
		if got := tag(image); got != want {
			t.Errorf("%s: %q, want %q", image, got, want)
		}
	}
}

// FuzzDecode checks that decoding does not fail in other ways than by an error,
// and that what was decoded stays as it is when it is decoded again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"metadata":{"name":"a"},"spec":{"replicas":2}}`, `{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"b"}],"volumes":[{"name":"c"}]}}}}`,
		`{"spec":{"ports":[{"port":80}],"type":"LoadBalancer"}}`, `{"stringData":{"a":"b"}}`, `{"spec":{"size":1e3,"tags":[null]}}`, `[]`, `{"metadata":null}`,
	} {
		f.Add(seed)
	}
	kinds, known := setup(f)
	resources := []*catalog.Resource{
		known.Find("apps", "v1", "deployments"), known.Find("", "v1", "services"), known.Find("", "v1", "secrets"), known.Find("batch", "v1", "jobs"),
		known.Find("apps", "v1", "statefulsets"), known.Find("networking.k8s.io", "v1", "ingresses"),
		widgets(f, "{type: object, properties: {spec: {type: object, properties: {size: {type: integer, minimum: 1, default: 3}, tags: {type: array, items: {type: string}}}}}}"),
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, r := range resources {
			once, _, err := kinds.Decode(r, []byte(body))
			if err != nil {
				continue
			}
			if _, err := kinds.Validate(r, once); err != nil {
				t.Fatalf("%s: validate: %v", r.Kind, err)
			}
			again, err := json.Marshal(once.Object)
			if err != nil {
				t.Fatal(err)
			}
			twice, _, err := kinds.Decode(r, again)
			if err != nil {
				t.Fatalf("%s: decode what was decoded: %v", r.Kind, err)
			}
			last, err := json.Marshal(twice.Object)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(again), string(last)); d != "" {
				t.Fatalf("%s changes when it is decoded again (-once +twice):\n%s", r.Kind, d)
			}
		}
	})
}

// FuzzPatch checks that no patch brings the server down.
func FuzzPatch(f *testing.F) {
	f.Add(`{"spec":{"replicas":3}}`)
	f.Add(`{"spec":{"template":{"spec":{"containers":[{"name":"one","$patch":"delete"}]}}}}`)
	f.Add(`[{"op":"move","from":"/spec/replicas","path":"/spec/paused"}]`)
	f.Add(`{"spec":{"$retainKeys":["replicas"],"template":null}}`)
	kindsOf, known := setup(f)
	r := known.Find("apps", "v1", "deployments")
	live, _, err := kindsOf.Decode(r, []byte(`{"metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[{"name":"one","image":"one"},{"name":"two"}]}}}}`))
	if err != nil {
		f.Fatal(err)
	}
	before := fmt.Sprint(live.Object)
	f.Fuzz(func(t *testing.T, body string) {
		for _, kind := range []kinds.PatchType{kinds.JSONPatchType, kinds.MergePatchType, kinds.StrategicMergePatchType} {
			if out, err := kindsOf.Patch(r, live, kind, []byte(body)); err == nil && !json.Valid(out) {
				t.Errorf("%s: %q is no JSON", kind, out)
			}
		}
		if fmt.Sprint(live.Object) != before {
			t.Fatal("the patch has changed what was there")
		}
	})
}
