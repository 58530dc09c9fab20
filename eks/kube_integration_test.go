//go:build integration

package eks_test

import (
	"os"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

// TestConfigAgainstARealAPIServer connects to an API server that knows nothing of AWS: it
// must be trusted by its authority alone, and its refusal of a token must come through,
// after a second token.
func TestConfigAgainstARealAPIServer(t *testing.T) {
	path := os.Getenv("DELIVERY_KUBECONFIG")
	if path == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	admin, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	ca := admin.CAData
	if len(ca) == 0 {
		if ca, err = os.ReadFile(admin.CAFile); err != nil {
			t.Fatal(err)
		}
	}
	cluster := eks.Cluster{Name: "demo", Endpoint: admin.Host, CA: ca}

	open, err := discovery.NewDiscoveryClientForConfig(eks.Config(cluster, nil, eks.ConfigOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := open.ServerVersion(); err != nil || v.GitVersion == "" { // which everybody may ask
		t.Errorf("version %v, error %v", v, err)
	}

	signer := &signer{Presigner: ekstest.New(ekstest.Options{}).Presigner(developer)}
	closed, err := discovery.NewDiscoveryClientForConfig(eks.Config(cluster, eks.NewTokens(signer, "demo", eks.TokenOptions{}), eks.ConfigOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := closed.ServerVersion(); !apierrors.IsUnauthorized(err) || signer.calls != 2 {
		t.Errorf("error %v after %d tokens", err, signer.calls)
	}

	other, _ := certify(t, "localhost")
	cluster.CA = other
	wrong, err := discovery.NewDiscoveryClientForConfig(eks.Config(cluster, nil, eks.ConfigOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = wrong.ServerVersion()
	check(t, err, nil, "certificate signed by unknown authority")
}
