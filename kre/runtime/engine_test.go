package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
)

// TestWithTheRealEngine brings up and destroys runtimes with helm, on a Kubernetes
// and a Route 53 in memory.
func TestWithTheRealEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, cloud := kubetest.New(kubetest.Options{}), route53test.New(route53test.Options{Throttle: true})
		cloud.AddZone(domain)
		client, err := kubernetes.NewForConfig(cluster.Config())
		if err != nil {
			t.Fatal(err)
		}
		engine, err := kre.New(cluster.Config(), kre.Options{Run: "1"})
		if err != nil {
			t.Fatal(err)
		}
		for _, class := range []string{"hostpath", "gp2", "gp3", "standard"} {
			if err := cluster.Add(fmt.Sprintf("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: %s}, provisioner: example.com/x}", class)); err != nil {
				t.Fatal(err)
			}
		}
		zones := zone.New(cloud.Client(), zone.Options{Environment: env, Registry: zone.Registry{Owner: env8}})
		m := runtime.New(runtime.Kubernetes{Client: client}, engine, zones, runtime.Options{Environment: env, DeleteNamespaces: true})
		lives(t.Context(), t, m, client, func(zone string) bool { return len(cloud.Zones(zone)) == 1 }, old("kre-tnba"), recent("kre-rta"))
	})
}

// lives brings runtimes up, looks at them, changes one, and destroys them.
func lives(ctx context.Context, t *testing.T, m *runtime.Manager, client kubernetes.Interface, hosted func(zone string) bool, runtimes ...runtime.Runtime) {
	t.Helper()
	plan, err := m.Plan(ctx, runtimes)
	if err != nil {
		t.Fatal(err)
	}
	if text := plan.String(); strings.Contains(text, "s3cret") || !strings.Contains(text, "+ StatefulSet") {
		t.Errorf("plan is\n%s", text)
	}
	result, err := m.Apply(ctx, plan)
	if err != nil {
		t.Fatalf("%v\n%s", err, result)
	}
	first := runtimes[0]
	config, err := client.CoreV1().ConfigMaps(first.Name).Get(ctx, first.Name+"-config", metav1.GetOptions{})
	if err != nil || config.Data["zone"] == "" || config.Data["zone"] != result.Runtimes[0].Zone.ID {
		t.Errorf("the id of the zone: %v, %v", config, err)
	}
	for _, r := range runtimes {
		if !hosted(r.Zone()) {
			t.Errorf("no zone %s", r.Zone())
		}
	}
	if again, err := m.Plan(ctx, runtimes); err != nil || !again.Empty() {
		t.Errorf("a second plan: %v, %v", again, err)
	}
	runtimes[1].Admin = "new@example.com"
	if result, err := apply(ctx, m, runtimes...); err != nil || result.Runtimes[0].Changed || !result.Runtimes[1].Changed {
		t.Errorf("a change of one: %v, %v", result, err)
	}
	down, err := m.PlanDelete(ctx, runtimes)
	if err != nil {
		t.Fatal(err)
	}
	if text := down.String(); strings.Contains(text, "s3cret") || !strings.Contains(text, "volume claim data-"+first.Name+"-mongo-0 (20Gi, gp2): goes") {
		t.Errorf("destruction is\n%s", text)
	}
	done, err := m.ApplyDelete(ctx, down)
	if err != nil {
		t.Fatalf("%v\n%s", err, done)
	}
	for _, r := range runtimes {
		if _, err := client.CoreV1().Namespaces().Get(ctx, r.Name, metav1.GetOptions{}); err == nil || hosted(r.Zone()) {
			t.Errorf("runtime %s is still there: %v", r, err)
		}
	}
}
