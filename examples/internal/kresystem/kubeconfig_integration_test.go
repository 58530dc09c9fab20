//go:build integration

package kresystem

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/examples/internal/config"
)

// own is an environment whose names nobody else has on the server.
const own = `project: delivery
region: us-east-1
modules: [{name: a, paths: [a]}]
kre:
  dev:
    name: NAME
    network: {vpc: vpc-0a1b2c3d4e5f60718, subnets: [subnet-0a1b2c3d4e5f60713, subnet-0a1b2c3d4e5f60714]}
    cluster: {version: "1.34", node_groups: [{name: workers, instance_types: [m6i.large], desired: 1}]}
    users: {developer: [ana], devops: [emil]}
    mail: {domain: kre.example.com}
    access: {prefix: NAME-}
    charts:
      external_dns: {name: NAME-external-dns, namespace: NAME-system, policy: sync}
      ingress: {nginx: {name: NAME-ingress-nginx, namespace: NAME-system, class: NAME, everyone: true}}
      storage: {host_path: {name: NAME-hostpath, namespace: NAME-system, class: NAME, path: /mnt/efs/a}}
    runtimes:
      - name: NAME-tnba
        domain: example.com
        generation: "8"
        chart: {repository: https://kre.example.com/charts, name: kre, version: 8.2.0}
        admin: ops@example.com
        sender: tnba@kre.example.com
        storage: {class: NAME}
        ingress_class: NAME
        mongodb: {secret_name: mongo, secret_key: uri}
        secrets: {jwt: {env: DELIVERY_TEST_JWT}, api_token: {env: DELIVERY_TEST_TOKEN}}
`

// TestOnARealAPIServer makes, repeats and destroys an environment, with AWS in memory.
func TestOnARealAPIServer(t *testing.T) {
	path := os.Getenv("DELIVERY_KUBECONFIG")
	if path == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	cluster, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cluster)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("kre-%06x", rand.N(1<<24))
	system, tnba := name+"-system", name+"-tnba"
	t.Cleanup(func() {
		for _, ns := range []string{system, tnba} {
			if err := client.CoreV1().Namespaces().Delete(context.WithoutCancel(t.Context()), ns, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		}
	})
	t.Setenv("DELIVERY_TEST_JWT", "a-jwt-secret")
	t.Setenv("DELIVERY_TEST_TOKEN", "a-token-secret")
	file, err := config.Read("delivery.yaml", strings.NewReader(strings.ReplaceAll(own, "NAME", name)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(file, config.KREDev)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		play(ctx, client, system, tnba)
	}()
	defer func() { cancel(); <-done }()

	var out strings.Builder
	s, err := Options{Kubeconfig: path, Local: true, Speed: 1000}.Open(ctx, nil, e, Empty, &Console{Print: func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }})
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Foundation(ctx, true)
	if err != nil || f.Installed == nil || len(f.Installed.Releases) != 3 {
		t.Fatalf("foundation: %v\n%s", err, &out)
	}
	if role, err := client.RbacV1().ClusterRoles().Get(ctx, name+"-developer", metav1.GetOptions{}); err != nil || len(role.Rules) == 0 {
		t.Errorf("role of developers: %v, %v", role, err)
	}
	if f, err = s.Foundation(ctx, true); err != nil || f.Applied != nil || f.Granted != nil || f.Installed != nil {
		t.Errorf("a second run: %v, %+v", err, f)
	}
	if _, err := s.Runtimes(ctx, "", true); err != nil {
		t.Fatalf("runtimes: %v\n%s", err, &out)
	}
	ingress, err := client.NetworkingV1().Ingresses(tnba).Get(ctx, tnba+"-admin-ui", metav1.GetOptions{})
	if err != nil || ingress.Spec.Rules[0].Host != "admin."+tnba+"-dev.example.com" {
		t.Errorf("ingress: %v", err)
	}
	if _, err := s.Destroy(ctx, Destroy{Apply: true, EmptyBucket: true}); err != nil {
		t.Fatalf("destroy: %v\n%s", err, &out)
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, tnba, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace of the runtime: %v", err)
	}
	if _, err := client.RbacV1().ClusterRoles().Get(ctx, name+"-developer", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the role of developers: %v", err)
	}
	if _, err := client.StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the storage class: %v", err)
	}
	if strings.Contains(out.String(), "a-jwt-secret") || strings.Contains(out.String(), "a-token-secret") {
		t.Errorf("a secret is shown:\n%s", &out)
	}
}

// play does what kubelets and a cloud's controllers do, until ctx ends: pods become
// ready, services and ingresses get an address.
func play(ctx context.Context, client kubernetes.Interface, namespaces ...string) {
	address := corev1.LoadBalancerIngress{Hostname: "lb.example.com"}
	for ctx.Err() == nil {
		for _, ns := range namespaces {
			// What cannot be listed or written now can be the next time.
			if pods, err := client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{}); err == nil {
				for _, p := range pods.Items {
					p.Status.Phase = corev1.PodRunning
					p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
					_, _ = client.CoreV1().Pods(ns).UpdateStatus(ctx, &p, metav1.UpdateOptions{})
				}
			}
			if services, err := client.CoreV1().Services(ns).List(ctx, metav1.ListOptions{}); err == nil {
				for _, s := range services.Items {
					if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
						s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{address}
						_, _ = client.CoreV1().Services(ns).UpdateStatus(ctx, &s, metav1.UpdateOptions{})
					}
				}
			}
			if ingresses, err := client.NetworkingV1().Ingresses(ns).List(ctx, metav1.ListOptions{}); err == nil {
				for _, i := range ingresses.Items {
					i.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{Hostname: address.Hostname}}
					_, _ = client.NetworkingV1().Ingresses(ns).UpdateStatus(ctx, &i, metav1.UpdateOptions{})
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}
