package chartrepo_test

import (
	"net/http"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/kresystem/chartrepo"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/charts"
)

// TestStandIns renders every chart with the settings of package charts, by the address
// and the version that it has there.
func TestStandIns(t *testing.T) {
	repository, err := chartrepo.New()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := kre.New(nil, kre.Options{HTTP: repository, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	const role = "arn:aws:iam::123456789012:role/demo"
	releases, err := charts.Cluster{
		ExternalDNS: &charts.ExternalDNS{Owner: "demo", Role: role, Policy: charts.Sync, Prefix: "x-"},
		CertManager: &charts.CertManager{Role: role, Nameservers: []string{"8.8.8.8:53"}, Replicas: 2},
		Ingress:     charts.IngressNginx{LoadBalancer: charts.NLB, Everyone: true, IPv6: true, Snippets: true, Class: "mine", Replicas: 2},
		Storage:     charts.HostPathProvisioner{Path: "/mnt", Reclaim: charts.Retain},
	}.Releases()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range releases {
		if text, err := engine.Render(t.Context(), r); err != nil || len(text) == 0 {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	repository, err := chartrepo.New()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{
		"https://charts.example.com/index.yaml":       http.StatusOK,
		"https://charts.example.com/a/kre-4.0.0.tgz":  http.StatusOK,
		"https://charts.example.com/a/kre-4.0.1.tgz":  http.StatusNotFound,
		"https://charts.example.com/provenance.tgz.p": http.StatusNotFound,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := repository.RoundTrip(request)
		if err != nil || response.StatusCode != want {
			t.Errorf("%s: %v, %v", address, response, err)
			continue
		}
		response.Body.Close()
	}
}
