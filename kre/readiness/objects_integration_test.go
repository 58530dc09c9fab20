//go:build integration

package readiness_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/kre/readiness"
	"github.com/mettel-automation/delivery/kre/readiness/status"
)

var getOptions = metav1.GetOptions{}

// definition is a CustomResourceDefinition in a group of the namespace's name.
func definition(plural, kind string) string {
	text := `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.NS.test}
spec:
  group: NS.test
  scope: Namespaced
  names: {plural: PLURAL, singular: SINGLE, kind: KIND}
  versions:
  - {name: v1, served: true, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}`
	return strings.NewReplacer("PLURAL", plural, "SINGLE", strings.TrimSuffix(plural, "s"), "KIND", kind).Replace(text)
}

// A custom resource is waited for with a mapper that has never heard of its kind.
func TestLiveCustomResource(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	crd := l.applyForAll(definition("things", "Thing"))
	if err := l.wait(time.Minute, status.Rules{}, crd); err != nil {
		t.Fatal(err)
	}
	_, fresh := l.clients(l.config) // l.mapper may be of before the definition
	l.mapper = fresh
	thing := l.apply("apiVersion: NS.test/v1\nkind: Thing\nmetadata: {name: one}\nspec: {size: 1}")[0]
	rules := status.Rules{Conditions: []status.Condition{{Group: l.namespace + ".test", Kind: "Thing", Type: "Ready"}}}

	l.setStatus(thing, `{"conditions":[{"type":"Ready","status":"False","reason":"Building","message":"not built","observedGeneration":1}]}`)
	err := l.wait(2*time.Second, rules, thing)
	if err == nil || !strings.Contains(err.Error(), "Thing "+l.namespace+"/one: Building: Ready is False, not True: not built") {
		t.Errorf("error is %v", err)
	}
	thing = l.apply("apiVersion: NS.test/v1\nkind: Thing\nmetadata: {name: one}\nspec: {size: 2}")[0]
	l.setStatus(thing, `{"conditions":[{"type":"Ready","status":"True","reason":"Built","observedGeneration":1}]}`)
	err = l.wait(2*time.Second, rules, thing)
	if err == nil || !strings.Contains(err.Error(), "its controller has not seen generation 2 yet") {
		t.Errorf("error is %v", err)
	}
	time.AfterFunc(time.Second, func() {
		l.setStatus(thing, `{"conditions":[{"type":"Ready","status":"True","reason":"Built","observedGeneration":2}]}`)
	})
	if err := l.wait(time.Minute, rules, thing); err != nil {
		t.Error(err)
	}
	annotated := l.apply("apiVersion: NS.test/v1\nkind: Thing\nmetadata: {name: two, annotations: {" + status.ReadyWhen + ": Synced}}")[0]
	if err := l.wait(time.Second, status.Rules{}, annotated); err == nil || !strings.Contains(err.Error(), "has no condition Synced yet") {
		t.Errorf("error is %v", err)
	}
}

// A kind that the API server begins to serve while it is waited for.
func TestLiveKindThatComesLater(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	late := l.read("apiVersion: NS.test/v1\nkind: Widget\nmetadata: {name: one}")
	time.AfterFunc(time.Second, func() {
		crd := l.applyForAll(definition("widgets", "Widget"))
		other := &live{T: t, config: l.config, namespace: l.namespace}
		other.client, other.mapper = l.clients(l.config)
		if err := other.wait(time.Minute, status.Rules{}, crd); err != nil {
			t.Error(err)
		}
		other.client, other.mapper = l.clients(l.config)
		other.apply("apiVersion: NS.test/v1\nkind: Widget\nmetadata: {name: one}")
	})
	if err := l.wait(time.Minute, status.Rules{}, late); err != nil {
		t.Fatal(err)
	}
	if first := l.events.Events()[0].Message; first != "the API server does not serve Widget in "+l.namespace+".test/v1 yet" {
		t.Errorf("the first event is %q", first)
	}
}

func TestLiveNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	if err := l.wait(time.Minute, status.Rules{}, l.applyForAll(definition("gadgets", "Gadget"))); err != nil {
		t.Fatal(err)
	}
	for _, text := range l.unready(time.Minute, readiness.ErrFailed, l.applyForAll(definition("gizmos", "Gadget"))) {
		if !strings.Contains(text, "its names are taken") || !strings.Contains(text, "Gadget") {
			t.Errorf("it is told as %s", text)
		}
	}
}

func TestLiveWhatVanishes(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	all := l.apply(workload("Deployment", "web", ""))
	time.AfterFunc(time.Second, func() { l.remove("apps/v1 Deployment", "web") })
	for _, text := range l.unready(time.Minute, readiness.ErrFailed, all...) {
		if !strings.HasSuffix(text, "/web: Gone: was deleted while it was waited for") {
			t.Errorf("it is told as %s", text)
		}
	}
}

func TestLiveNamespaceThatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	l.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, finalizers: [example.test/kept]}")
	l.remove("v1 Namespace", l.namespace)
	got := l.unready(time.Minute, readiness.ErrFailed, l.read("apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}"))
	if text := got["Namespace/"+l.namespace]; !strings.Contains(text, "is being deleted since") {
		t.Errorf("it is told as %s", text)
	}
	l.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, finalizers: []}")
}
