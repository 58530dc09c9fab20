package readiness

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/progress"
)

// The kinds that the cluster of these tests serves.
var served = map[schema.GroupVersionKind]meta.RESTScope{
	{Group: "apps", Version: "v1", Kind: "Deployment"}:                               meta.RESTScopeNamespace,
	{Group: "apps", Version: "v1", Kind: "ReplicaSet"}:                               meta.RESTScopeNamespace,
	{Group: "apps", Version: "v1", Kind: "StatefulSet"}:                              meta.RESTScopeNamespace,
	{Group: "batch", Version: "v1", Kind: "Job"}:                                     meta.RESTScopeNamespace,
	{Version: "v1", Kind: "Pod"}:                                                     meta.RESTScopeNamespace,
	{Version: "v1", Kind: "Event"}:                                                   meta.RESTScopeNamespace,
	{Version: "v1", Kind: "Secret"}:                                                  meta.RESTScopeNamespace,
	{Version: "v1", Kind: "Service"}:                                                 meta.RESTScopeNamespace,
	{Version: "v1", Kind: "PersistentVolumeClaim"}:                                   meta.RESTScopeNamespace,
	{Version: "v1", Kind: "Namespace"}:                                               meta.RESTScopeRoot,
	{Group: "storage.k8s.io", Version: "v1", Kind: "StorageClass"}:                   meta.RESTScopeRoot,
	{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}: meta.RESTScopeRoot,
	{Group: "cert-manager.io", Version: "v1", Kind: "Certificate"}:                   meta.RESTScopeNamespace,
}

// cluster is a fake one whose objects a test changes as controllers would.
type cluster struct {
	*fake.FakeDynamicClient
	t      testing.TB
	mapper *meta.DefaultRESTMapper
	events progress.Recorder
}

func newCluster(t testing.TB, objects ...string) *cluster {
	t.Helper()
	mapper := meta.NewDefaultRESTMapper(nil)
	lists := make(map[schema.GroupVersionResource]string)
	for kind, scope := range served {
		mapper.Add(kind, scope)
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		lists[resource] = kind.Kind + "List"
	}
	c := &cluster{t: t, mapper: mapper, FakeDynamicClient: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists)}
	c.put(objects...)
	return c
}

// put makes the objects what the YAML says, and forgets about the requests that took.
func (c *cluster) put(objects ...string) {
	c.t.Helper()
	for _, text := range objects {
		c.putObject(object(c.t, text))
	}
}

func (c *cluster) putObject(o *unstructured.Unstructured) {
	c.t.Helper()
	if o.GetNamespace() == "" && served[o.GroupVersionKind()] == meta.RESTScopeNamespace {
		o.SetNamespace("shop")
	}
	if o.GetUID() == "" {
		o.SetUID(uid(o.GetKind(), o.GetName()))
	}
	resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
	err := c.Tracker().Update(resource, o, o.GetNamespace())
	if err != nil {
		err = c.Tracker().Create(resource, o, o.GetNamespace())
	}
	if err != nil {
		c.t.Fatalf("put %s %s: %v", o.GetKind(), o.GetName(), err)
	}
}

func (c *cluster) remove(kind, name string) {
	c.t.Helper()
	for gvk := range served {
		if gvk.Kind == kind {
			resource, _ := meta.UnsafeGuessKindToResource(gvk)
			if err := c.Tracker().Delete(resource, "shop", name); err != nil {
				c.t.Fatalf("remove %s %s: %v", kind, name, err)
			}
		}
	}
}

func (c *cluster) waiter(opts Options) *Waiter {
	opts.Progress = c.events.Record
	opts.Namespace = "shop"
	return New(c, c.mapper, opts)
}

// requests counts requests as "list pods".
func (c *cluster) requests() map[string]int {
	n := make(map[string]int)
	for _, a := range c.Actions() {
		n[a.GetVerb()+" "+a.GetResource().Resource]++
	}
	return n
}

// told are the events as "running Job shop/a: message".
func (c *cluster) told() []string {
	var lines []string
	for _, e := range c.events.Events() {
		line := fmt.Sprintf("%s %s: %s", e.State, e.Subject, e.Message)
		if e.Err != nil {
			line += e.Err.Error()
		}
		lines = append(lines, strings.TrimSuffix(line, ": "))
	}
	return lines
}

// fail answers requests with err until it is nil.
func (c *cluster) fail(verb, resource string, err func() error) {
	c.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		e := err()
		return e != nil, nil, e
	})
}

// uid is what put gives an object that has none.
func uid(kind, name string) types.UID { return types.UID(kind + "/" + name) }

// object reads one from YAML.
func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	b, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = o.UnmarshalJSON(b)
	}
	if err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	return &o
}
