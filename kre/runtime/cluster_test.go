package runtime_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre/runtime"
)

// contents are an exposed namespace with volumes, and one beside it.
const contents = `
apiVersion: v1
kind: Namespace
metadata: {name: kre-tnba2}
---
apiVersion: v1
kind: Namespace
metadata: {name: kre-tnba, labels: {team: x}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: kre-tnba2}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: kre-tnba, annotations: {meta.helm.sh/release-name: kre-tnba}}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}, rules: [{host: api.kre-tnba.example.net}, {}, {host: "*.kre-tnba.example.net"}]}
---
apiVersion: v1
kind: Service
metadata: {name: lb, namespace: kre-tnba, finalizers: [example.com/slow]}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain, namespace: kre-tnba}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-1}
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: gp2
  hostPath: {path: /x}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-mongo-0, namespace: kre-tnba, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: mongo, uid: u1}]}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: gp2
  volumeName: pv-1
  resources: {requests: {storage: 5Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: admin-api, namespace: kre-tnba, annotations: {meta.helm.sh/release-name: kre-tnba}}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none
  volumeName: gone
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept, namespace: kre-tnba, annotations: {meta.helm.sh/release-name: kre-tnba, helm.sh/resource-policy: keep}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 2Gi}}
`

// inCluster runs test on a cluster with contents, on virtual time.
func inCluster(t *testing.T, test func(t *testing.T, c *kubetest.Cluster, k runtime.Kubernetes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		for manifest := range strings.SplitSeq(contents, "---\n") {
			if err := c.Add(manifest); err != nil {
				t.Fatal(err)
			}
		}
		client, err := kubernetes.NewForConfig(c.Config())
		if err != nil {
			t.Fatal(err)
		}
		test(t, c, runtime.Kubernetes{Client: client})
	})
}

func TestKubernetesNamespaces(t *testing.T) {
	inCluster(t, func(t *testing.T, _ *kubetest.Cluster, k runtime.Kubernetes) {
		ctx := t.Context()
		if ns, err := k.Namespace(ctx, "other"); err != nil || ns.Exists {
			t.Errorf("a namespace that does not exist is %+v, %v", ns, err)
		}
		labels := map[string]string{runtime.LabelEnvironment: "kre-dev"}
		for range 2 { // the second time it exists
			if err := k.CreateNamespace(ctx, "new", labels); err != nil {
				t.Error(err)
			}
		}
		ns, err := k.Namespace(ctx, "new")
		if err != nil || !ns.Exists || ns.Terminating || ns.UID == "" || ns.Labels[runtime.LabelEnvironment] != "kre-dev" {
			t.Errorf("%+v, %v", ns, err)
		}
		if err := k.DeleteNamespace(ctx, "new", "another"); err != nil {
			t.Error(err)
		}
		if now, err := k.Namespace(ctx, "new"); err != nil || now.Terminating {
			t.Errorf("one of another uid is deleted: %+v, %v", now, err)
		}
		if err := k.DeleteNamespace(ctx, "new", ns.UID); err != nil {
			t.Error(err)
		}
		if err := k.DeleteNamespace(ctx, "none", ns.UID); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if ns, err := k.Namespace(ctx, "new"); err != nil || ns.Exists {
			t.Errorf("%+v, %v", ns, err)
		}
	})
}

func TestKubernetesSaysWhatANamespaceWaitsFor(t *testing.T) {
	inCluster(t, func(t *testing.T, c *kubetest.Cluster, k runtime.Kubernetes) {
		ctx := t.Context()
		if err := c.Add("{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: kre-tnba, finalizers: [example.com/slow]}}"); err != nil {
			t.Fatal(err)
		}
		ns, err := k.Namespace(ctx, "kre-tnba")
		if err != nil {
			t.Fatal(err)
		}
		if err := k.DeleteNamespace(ctx, "kre-tnba", ns.UID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want := []string{
			"Some resources are remaining: configmaps has 1 resource instances, services has 1 resource instances",
			"Some content in the namespace has finalizers remaining: example.com/slow in 2 resource instances",
		}
		if ns, err := k.Namespace(ctx, "kre-tnba"); err != nil || !ns.Terminating || !slices.Equal(ns.Remaining, want) {
			t.Errorf("one that is going is %+v, %v", ns, err)
		}
	})
}

func TestKubernetesContents(t *testing.T) {
	inCluster(t, func(t *testing.T, _ *kubetest.Cluster, k runtime.Kubernetes) {
		ctx := t.Context()
		volumes, err := k.Volumes(ctx, "kre-tnba")
		want := []runtime.Volumed{
			{Claim: "admin-api", Size: "1Gi", Class: "none", Volume: "gone", Release: "kre-tnba"},
			{Claim: "data-mongo-0", Size: "5Gi", Class: "gp2", Volume: "pv-1", Policy: "Retain", Owner: "StatefulSet mongo"},
			{Claim: "kept", Size: "2Gi"},
		}
		if d := cmp.Diff(want, volumes); d != "" || err != nil {
			t.Errorf("volumes (-want +got):\n%s%v", d, err)
		}
		exposed := func() []runtime.Object {
			objects, err := k.Exposed(ctx, "kre-tnba")
			if err != nil {
				t.Fatal(err)
			}
			return objects
		}
		all := exposed()
		uid := cmpopts.IgnoreFields(runtime.Object{}, "UID")
		if d := cmp.Diff([]runtime.Object{{Kind: "Ingress", Name: "web", Hosts: []string{"api.kre-tnba.example.net", "*.kre-tnba.example.net"}, Release: "kre-tnba"}, {Kind: "Service", Name: "lb"}}, all, uid); d != "" {
			t.Errorf("exposed (-want +got):\n%s", d)
		}
		other := all[0]
		other.UID = "another"
		if err := k.Unexpose(ctx, "kre-tnba", []runtime.Object{other}); err != nil || len(exposed()) != 2 {
			t.Errorf("one of another uid is deleted: %v", err)
		}
		for range 2 { // the second time one is gone and one is going
			if err := k.Unexpose(ctx, "kre-tnba", all); err != nil {
				t.Error(err)
			}
		}
		if d := cmp.Diff([]runtime.Object{{Kind: "Service", Name: "lb", Going: true}}, exposed(), uid); d != "" {
			t.Errorf("exposed (-want +got):\n%s", d)
		}
		if objects, err := k.Exposed(ctx, "kre-tnba2"); err != nil || len(objects) != 1 {
			t.Errorf("the namespace beside it: %v, %v", objects, err)
		}
		services, err := k.Client.CoreV1().Services("kre-tnba").List(ctx, metav1.ListOptions{})
		if err != nil || len(services.Items) != 2 || services.Items[1].Spec.Type != corev1.ServiceTypeClusterIP {
			t.Errorf("services are %v, %v", services, err)
		}
	})
}

func TestKubernetesErrorsNameWhatFailed(t *testing.T) {
	inCluster(t, func(t *testing.T, c *kubetest.Cluster, k runtime.Kubernetes) {
		down := errors.New("connection refused")
		c.Fail(kubetest.Match{}, down)
		ctx := t.Context()
		for want, do := range map[string]func() error{
			"get namespace a: ":                   func() error { _, err := k.Namespace(ctx, "a"); return err },
			"create namespace a: ":                func() error { return k.CreateNamespace(ctx, "a", nil) },
			"delete namespace a: ":                func() error { return k.DeleteNamespace(ctx, "a", "1") },
			"list volume claims of namespace a: ": func() error { _, err := k.Volumes(ctx, "a"); return err },
			"list ingresses of namespace a: ":     func() error { _, err := k.Exposed(ctx, "a"); return err },
			"delete a/Ingress x: ":                func() error { return k.Unexpose(ctx, "a", []runtime.Object{{Kind: "Ingress", Name: "x"}}) },
		} {
			if err := do(); err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, down) {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	})
}
