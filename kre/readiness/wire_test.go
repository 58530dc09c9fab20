package readiness_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre/readiness"
)

const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "a:1"}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec: {backoffLimit: 1, template: {spec: {restartPolicy: Never, containers: [{name: app, image: "a:1"}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: lb, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}`

// TestOverTheWire waits with real clients for what controllers do in virtual time.
func TestOverTheWire(t *testing.T) {
	tests := map[string]struct {
		faults map[string]kubetest.Fault // by workload
		before func(begun time.Time) error
		want   error
		text   []string
	}{
		"a release becomes ready": {},
		"an API server that is away for a while is waited out": {
			before: func(begun time.Time) error {
				if d := time.Since(begun); d > 5*time.Second && d < time.Minute {
					return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
				}
				return nil
			},
		},
		"an image that is missing": {
			faults: map[string]kubetest.Fault{"web": {Kind: kubetest.ImageMissing}}, want: context.DeadlineExceeded,
			text: []string{"1 not ready after 5m0s", "Deployment shop/web: Progressing: 0 of 2 replicas available; pod web-", "and 1 more: container app: ImagePullBackOff"},
		},
		"containers that crash": {
			faults: map[string]kubetest.Fault{"web": {Kind: kubetest.Crash, ExitCode: 3}}, want: context.DeadlineExceeded,
			text: []string{"container app: CrashLoopBackOff, last exit code 3 (Error)", "event BackOff: "},
		},
		"a job that fails ends the wait, whatever else is under way": {
			faults: map[string]kubetest.Fault{"migrate": {Kind: kubetest.Crash, ExitCode: 9}, "lb": {Kind: kubetest.Pending}}, want: readiness.ErrFailed,
			text: []string{"Job shop/migrate: BackoffLimitExceeded: failed: ", "last exit code 9", "Service shop/lb: NoAddress"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				cluster := kubetest.New(kubetest.Options{Before: func(kubetest.Request) error {
					if tt.before == nil {
						return nil
					}
					return tt.before(begun)
				}})
				for workload, fault := range tt.faults {
					cluster.Inject("shop", workload, fault)
				}
				client, err := dynamic.NewForConfig(cluster.Config())
				if err != nil {
					t.Fatal(err)
				}
				disco, err := discovery.NewDiscoveryClientForConfig(cluster.Config())
				if err != nil {
					t.Fatal(err)
				}
				mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
				var all []*unstructured.Unstructured
				for text := range strings.SplitSeq(shop, "---") {
					o := object(text)
					mapping, err := mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
					if err != nil {
						t.Fatal(err)
					}
					made, err := client.Resource(mapping.Resource).Namespace(o.GetNamespace()).Create(t.Context(), o, metav1.CreateOptions{})
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, made)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				err = readiness.New(client, mapper, readiness.Options{}).Wait(ctx, all)
				if !errors.Is(err, tt.want) {
					t.Fatalf("the wait ended with %v, want %v", err, tt.want)
				}
				for _, want := range tt.text {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("error lacks %q:\n%v", want, err)
					}
				}
			})
		})
	}
}
