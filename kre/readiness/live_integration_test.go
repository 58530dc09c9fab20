//go:build integration

package readiness_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/kre/internal/kubelet"
	"github.com/mettel-automation/delivery/kre/readiness"
	"github.com/mettel-automation/delivery/kre/readiness/status"
	"github.com/mettel-automation/delivery/progress"
)

// live is a namespace of a real API server, of one test alone.
type live struct {
	*testing.T
	config    *rest.Config
	client    dynamic.Interface
	mapper    meta.RESTMapper
	namespace string
	events    progress.Recorder
}

// newLive makes a namespace with labels. Nobody plays kubelet there yet.
func newLive(t *testing.T, labels string) *live {
	t.Helper()
	path := os.Getenv("DELIVERY_KUBECONFIG")
	if path == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	l := &live{T: t, config: config, namespace: "readiness-" + strings.ToLower(rand.Text()[:8])}
	l.config.QPS, l.config.Burst, l.config.WarningHandler = 50, 300, rest.NoWarnings{}
	l.client, l.mapper = l.clients(config)
	l.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: NS, labels: {" + labels + "}}")
	t.Cleanup(l.clean)
	return l
}

func (l *live) clients(config *rest.Config) (dynamic.Interface, meta.RESTMapper) {
	l.Helper()
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		l.Fatal(err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		l.Fatal(err)
	}
	return client, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
}

// clean deletes the namespace. Claims keep a finalizer for a controller that is not there.
func (l *live) clean() {
	claims := l.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}).Namespace(l.namespace)
	list, err := claims.List(context.Background(), metav1.ListOptions{})
	if err != nil {
		l.Error(err)
		return
	}
	for _, c := range list.Items {
		if _, err := claims.Patch(context.Background(), c.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
			l.Error(err)
		}
	}
	l.remove("v1 Namespace", l.namespace)
}

// kubelet plays the script in the namespace until the test ends.
func (l *live) kubelet(rules ...kubelet.Rule) {
	kubelet.Start(l, l.config, l.namespace, kubelet.Script{Rules: rules})
}

// read makes an object of YAML in which NS is the namespace.
func (l *live) read(text string) *unstructured.Unstructured {
	l.Helper()
	var o unstructured.Unstructured
	b, err := yaml.YAMLToJSON([]byte(strings.ReplaceAll(text, "NS", l.namespace)))
	if err == nil {
		err = o.UnmarshalJSON(b)
	}
	if err != nil {
		l.Fatalf("read %s: %v", text, err)
	}
	return &o
}

func (l *live) resource(o *unstructured.Unstructured) dynamic.ResourceInterface {
	l.Helper()
	mapping, err := l.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	if err != nil {
		l.Fatal(err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return l.client.Resource(mapping.Resource)
	}
	return l.client.Resource(mapping.Resource).Namespace(l.namespace)
}

// apply makes the objects, or changes them, and returns them as the server has them.
func (l *live) apply(texts ...string) []*unstructured.Unstructured {
	l.Helper()
	var all []*unstructured.Unstructured
	for _, text := range texts {
		o := l.read(text)
		got, err := l.resource(o).Apply(l.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "test", Force: true})
		if err != nil {
			l.Fatalf("apply %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		all = append(all, got)
	}
	return all
}

// applyForAll is apply for what belongs to no namespace; it is deleted at the end.
func (l *live) applyForAll(text string) *unstructured.Unstructured {
	l.Helper()
	o := l.apply(text)[0]
	l.Cleanup(func() { l.remove(o.GetAPIVersion()+" "+o.GetKind(), o.GetName()) })
	return o
}

// remove deletes an object, kind as "apps/v1 Deployment".
func (l *live) remove(kind, name string) {
	version, kind, _ := strings.Cut(kind, " ")
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(version)
	o.SetKind(kind)
	policy := metav1.DeletePropagationBackground
	err := l.resource(o).Delete(context.Background(), name, metav1.DeleteOptions{PropagationPolicy: &policy})
	if err != nil && !apierrors.IsNotFound(err) {
		l.Errorf("delete %s %s: %v", kind, name, err)
	}
}

// setStatus merges JSON into the status of an object.
func (l *live) setStatus(o *unstructured.Unstructured, status string) {
	l.Helper()
	_, err := l.resource(o).Patch(l.Context(), o.GetName(), types.MergePatchType, []byte(`{"status":`+status+`}`), metav1.PatchOptions{}, "status")
	if err != nil {
		l.Fatal(err)
	}
}

// wait waits for objects for no longer than limit.
func (l *live) wait(limit time.Duration, rules status.Rules, objects ...*unstructured.Unstructured) error {
	l.Helper()
	ctx, cancel := context.WithTimeout(l.Context(), limit)
	defer cancel()
	begun := time.Now()
	w := readiness.New(l.client, l.mapper, readiness.Options{Rules: rules, Progress: l.events.Record, Namespace: l.namespace, PollInterval: 300 * time.Millisecond})
	err := w.Wait(ctx, objects)
	l.Logf("waited %s for %d objects: %v", time.Since(begun).Round(time.Millisecond), len(objects), err)
	return err
}

// unready waits in vain and returns what is not ready, by kind and name, in words.
func (l *live) unready(limit time.Duration, want error, objects ...*unstructured.Unstructured) map[string]string {
	l.Helper()
	err := l.wait(limit, status.Rules{}, objects...)
	e, ok := errors.AsType[*readiness.NotReadyError](err)
	if !ok || !errors.Is(err, want) {
		l.Fatalf("the wait ended with %v, want %v", err, want)
	}
	if e.Undiagnosed != nil || e.LastLook != nil {
		l.Errorf("not all could be read: %v, %v", e.Undiagnosed, e.LastLook)
	}
	all := make(map[string]string)
	for _, u := range e.Unready {
		all[u.Kind+"/"+u.Name] = u.String()
	}
	return all
}
