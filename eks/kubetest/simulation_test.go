package kubetest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

var simulations = flag.Int("simulations", 5, "how many random lives are led")

// TestRandomLivesConverge changes workloads at random times in random ways. When
// that ends and all are healed, each must get where it was to go, and the
// namespace must go with all that is in it.
func TestRandomLivesConverge(t *testing.T) {
	first := uint64(time.Now().UnixNano())
	for n := range *simulations {
		seed := first + uint64(n)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			in(t, deployment+"---"+statefulSet, kubetest.Options{Nodes: 2}, func(w world) { life(w, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func life(w world, r *rand.Rand) {
	faults := []kubetest.Fault{
		{},
		{Kind: kubetest.ImageMissing},
		{Kind: kubetest.Crash},
		{Kind: kubetest.Unschedulable},
		{Kind: kubetest.NeverReady},
		{Kind: kubetest.Pending},
		{Kind: kubetest.ConfigMissing},
	}
	patch := func(kind, name, body string) {
		path := "/apis/apps/v1/namespaces/shop/" + kind + "/" + name
		w.ok(w.client.AppsV1().RESTClient().Patch(types.StrategicMergePatchType).AbsPath(path).Body([]byte(body)).Do(w.Context()).Error())
	}
	for range 40 {
		kind, name := "deployments", "web"
		if r.IntN(2) == 0 {
			kind, name = "statefulsets", "db"
		}
		switch r.IntN(5) {
		case 0:
			patch(kind, name, fmt.Sprintf(`{"spec":{"replicas":%d}}`, r.IntN(5)))
		case 1, 2:
			patch(kind, name, fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":%q,"image":"new:%d"}]}}}}`, name, r.IntN(4)))
		case 3:
			w.cluster.Inject("shop", name, faults[r.IntN(len(faults))])
		case 4:
			if pods := w.pods(); len(pods) > 0 {
				err := w.client.CoreV1().Pods("shop").Delete(w.Context(), pods[r.IntN(len(pods))].Name, metav1.DeleteOptions{})
				if !apierrors.IsNotFound(err) {
					w.ok(err)
				}
			}
		}
		time.Sleep(time.Duration(r.IntN(20_000)) * time.Millisecond)
	}
	w.cluster.Inject("shop", "web", kubetest.Fault{})
	w.cluster.Inject("shop", "db", kubetest.Fault{})
	time.Sleep(10 * time.Minute)
	d := w.deployment()
	want := *d.Spec.Replicas
	if got := numbers(d); got != fmt.Sprintf("%[1]d/%[1]d/%[1]d/%[1]d/%[1]d", want) || d.Status.ObservedGeneration != d.Generation {
		w.Errorf("Deployment: %s", got)
	}
	s, err := w.client.AppsV1().StatefulSets("shop").Get(w.Context(), "db", metav1.GetOptions{})
	w.ok(err)
	if st := s.Status; st.AvailableReplicas != *s.Spec.Replicas || st.UpdatedReplicas != *s.Spec.Replicas || st.CurrentRevision != st.UpdateRevision {
		w.Errorf("StatefulSet of %d: %+v", *s.Spec.Replicas, st)
	}
	if n := int32(len(w.pods())); n != want+*s.Spec.Replicas {
		w.Errorf("%d pods: %s", n, w.podNames())
	}
	w.ok(w.client.CoreV1().Namespaces().Delete(w.Context(), "shop", metav1.DeleteOptions{}))
	time.Sleep(time.Minute)
	if _, err := w.client.CoreV1().Namespaces().Get(w.Context(), "shop", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		w.Errorf("namespace: %v", err)
	}
	volumes, err := w.client.CoreV1().PersistentVolumes().List(w.Context(), metav1.ListOptions{})
	w.ok(err)
	if len(volumes.Items) > 0 {
		w.Errorf("%d volumes are left", len(volumes.Items))
	}
}

// TestNoUpdateIsLost lets many clients change one object at once.
func TestNoUpdateIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, client := start(t, kubetest.Options{})
		maps := client.CoreV1().ConfigMaps("default")
		if _, err := maps.Create(t.Context(), configMap("shared", nil), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for n := range 8 {
			own, err := kubernetes.NewForConfig(cluster.Config())
			if err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				for m := range 5 {
					err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
						cm, err := own.CoreV1().ConfigMaps("default").Get(t.Context(), "shared", metav1.GetOptions{})
						if err != nil {
							return err
						}
						time.Sleep(time.Millisecond) // so that others come in between
						if cm.Data == nil {
							cm.Data = make(map[string]string)
						}
						cm.Data[fmt.Sprint(n, ".", m)] = ""
						_, err = own.CoreV1().ConfigMaps("default").Update(t.Context(), cm, metav1.UpdateOptions{})
						return err
					})
					if err != nil && !apierrors.IsConflict(err) {
						t.Errorf("client %d: %v", n, err)
					}
				}
			})
		}
		group.Wait()
		conflicts, written := 0, 0
		for _, r := range cluster.Requests() {
			if r.Verb == "update" {
				if r.Code == 200 {
					written++
				} else {
					conflicts++
				}
			}
		}
		var cm *corev1.ConfigMap
		cm, err := maps.Get(t.Context(), "shared", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if conflicts == 0 || len(cm.Data) != written {
			t.Errorf("%d conflicts, %d updates, %d keys", conflicts, written, len(cm.Data))
		}
	})
}
