//go:build integration

package kre_test

import (
	"context"
	"crypto/rand"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/kre"
)

// realCluster is one that is there.
type realCluster struct {
	config  *rest.Config
	objects dynamic.Interface
	suffix  string // of names that no other test has
}

func cluster(t *testing.T) realCluster {
	t.Helper()
	file := os.Getenv("DELIVERY_KUBECONFIG")
	if file == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return realCluster{config, objects, strings.ToLower(rand.Text()[:8])}
}

var (
	configMaps  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	namespaces  = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	crds        = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// namespace is a name of the test's own; what is in it is deleted at the end.
func (r realCluster) namespace(t *testing.T, name string) string {
	t.Helper()
	name += "-" + r.suffix
	t.Cleanup(func() {
		err := r.objects.Resource(namespaces).Delete(context.Background(), name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("clean up: %v", err)
		}
	})
	return name
}

func (r realCluster) engine(t *testing.T, opts kre.Options) *kre.Engine {
	t.Helper()
	e, err := kre.New(r.config, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// versions are the resource versions of all objects of some kinds in a namespace.
func (r realCluster) versions(t *testing.T, namespace string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, resource := range []schema.GroupVersionResource{configMaps, deployments, {Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "services"}} {
		list, err := r.objects.Resource(resource).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			out[o.GetKind()+" "+o.GetName()] = o.GetResourceVersion()
		}
	}
	return out
}

// settled waits until the controllers have written the last status.
func (r realCluster) settled(t *testing.T, namespace string) map[string]string {
	t.Helper()
	for before := r.versions(t, namespace); ; {
		time.Sleep(500 * time.Millisecond)
		after := r.versions(t, namespace)
		if maps.Equal(before, after) {
			return after
		}
		before = after
	}
}

func (r realCluster) holds(t *testing.T, namespace, name, key, want string) {
	t.Helper()
	o, err := r.objects.Resource(configMaps).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := o.Object["data"].(map[string]any); data[key] != want {
		t.Errorf("%s of %s is %v, want %q", key, name, data[key], want)
	}
}
