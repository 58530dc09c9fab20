//go:build integration

package kubetest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

// served are the resources of a server by group version and name.
func served(t *testing.T, config *rest.Config) map[string]metav1.APIResource {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]metav1.APIResource)
	for _, list := range lists {
		for _, r := range list.APIResources {
			r.StorageVersionHash = ""
			slices.Sort(r.Verbs)
			all[list.GroupVersion+" "+r.Name] = r
		}
	}
	return all
}

// TestDiscoveryOfServer compares what the double serves with what the real
// server says of the same resources.
func TestDiscoveryOfServer(t *testing.T) {
	theirs := served(t, serverConfig(t))
	for name, got := range served(t, kubetest.New(kubetest.Options{}).Config()) {
		want, ok := theirs[name]
		if !ok {
			t.Errorf("%s is not served by the real server", name)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-server +double):\n%s", name, d)
		}
	}
	double := served(t, kubetest.New(kubetest.Options{}).Config())
	for _, needed := range []string{"apps/v1 ", "batch/v1 ", "networking.k8s.io/v1 ", "rbac.authorization.k8s.io/v1 ", "storage.k8s.io/v1 ", "policy/v1 "} {
		for name := range theirs {
			if _, ok := double[name]; strings.HasPrefix(name, needed) && !ok {
				t.Errorf("%s is not served by the double", name)
			}
		}
	}
}
