//go:build integration

package runtime_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/internal/kubelet"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
)

// TestOnARealAPIServer does what TestWithTheRealEngine does, on a real API server
// with its controllers; pods, volumes and load balancers are played.
func TestOnARealAPIServer(t *testing.T) {
	path := os.Getenv("DELIVERY_KUBECONFIG")
	if path == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := kre.New(config, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	suffix := strings.ToLower(rand.Text()[:8])
	runtimes := []runtime.Runtime{old("kre-a-" + suffix), recent("kre-b-" + suffix)}
	for _, r := range runtimes {
		t.Cleanup(func() {
			err := client.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), r.Name, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		})
		kubelet.Start(t, config, r.Name, kubelet.Script{})
		releaseClaims(t, client, r.Name)
	}
	cloud := route53test.New(route53test.Options{Sync: -1})
	cloud.AddZone(domain)
	zones := zone.New(cloud.Client(), zone.Options{Environment: env, Registry: zone.Registry{Owner: env8}, Rate: 1000})
	m := runtime.New(runtime.Kubernetes{Client: client}, engine, zones, runtime.Options{
		Environment: env, DeleteNamespaces: true, PollInterval: 200 * time.Millisecond, Timeout: time.Minute,
	})
	lives(t.Context(), t, m, client, func(zone string) bool { return len(cloud.Zones(zone)) == 1 }, runtimes...)
}

// releaseClaims plays the controller that protects claims in use: here none is. It
// takes the finalizer off those that are being deleted, until t ends.
func releaseClaims(t *testing.T, client kubernetes.Interface, namespace string) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	t.Cleanup(func() { stop(); <-ended })
	claims := client.CoreV1().PersistentVolumeClaims(namespace)
	go func() {
		defer close(ended)
		for tick := time.Tick(100 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
			list, err := claims.List(ctx, metav1.ListOptions{})
			if err != nil {
				continue // ctx has ended, or the next round tells
			}
			for _, c := range list.Items {
				if c.DeletionTimestamp != nil && len(c.Finalizers) > 0 {
					patch := []byte(`{"metadata": {"finalizers": null}}`)
					_, err := claims.Patch(ctx, c.Name, types.MergePatchType, patch, metav1.PatchOptions{})
					if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
						t.Error(err)
					}
				}
			}
		}
	}()
}
