package charts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/charts"
)

func TestCommonSettings(t *testing.T) {
	release := func(c charts.Common) kre.Release {
		t.Helper()
		r, err := charts.HostPathProvisioner{Common: c, Path: "/mnt"}.Release()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	documented := release(charts.Common{})
	if documented.Name != "hostpath-provisioner" || documented.Namespace != "kube-system" || documented.Chart.Version != "0.2.13" || documented.Chart.Repository == "" {
		t.Errorf("default: %s, chart %s", documented, documented.Chart)
	}
	other := release(charts.Common{
		Name: "disks", Namespace: "storage", Chart: kre.Chart{Version: "0.2.14"}, Needs: []string{"x"}, Timeout: time.Minute, AllowUnknown: []string{"y"},
		Values: map[string]any{"storageClass": map[string]any{"create": true, "name": "hostpath"}, "tolerations": []string{"x"}},
	})
	if other.Name != "disks" || other.Namespace != "storage" || other.Chart.Version != "0.2.14" || other.Chart.Repository != documented.Chart.Repository ||
		!slices.Equal(other.Needs, []string{"x"}) || other.Timeout != time.Minute || !slices.Equal(other.AllowUnknown, []string{"y"}) {
		t.Errorf("got %s, chart %s", other, other.Chart)
	}
	want := map[string]any{
		"nodeHostPath": "/mnt", "tolerations": []any{"x"},
		"storageClass": map[string]any{"create": true, "name": "hostpath", "defaultClass": false},
	}
	if diff := cmp.Diff(want, other.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	// The same number is no contradiction, whatever its type.
	if _, err := (charts.CertManager{Common: charts.Common{Values: map[string]any{"replicaCount": 2.0}}, Replicas: 2}).Release(); err != nil {
		t.Error(err)
	}
	own := release(charts.Common{Chart: kre.Chart{Path: "charts/disks"}})
	if own.Chart.Path != "charts/disks" || own.Chart.Repository != "" {
		t.Errorf("a chart of one's own: %s", own.Chart)
	}
}

func TestCluster(t *testing.T) {
	cluster := charts.Cluster{
		ExternalDNS: &charts.ExternalDNS{Owner: "kre-dev", Policy: charts.Sync},
		CertManager: &charts.CertManager{Common: charts.Common{Name: "certs"}},
		Issuer:      &charts.Issuer{Email: "ops@mettel-automation.net", Region: "us-east-1"},
		Ingress:     charts.Custom{Name: "gateway", Namespace: "gateway", Chart: kre.Chart{Path: "charts/gateway"}},
		Storage:     charts.HostPathProvisioner{Path: "/mnt"},
		Others:      []kre.Release{{Name: "metrics", Namespace: "kube-system"}},
	}
	releases, err := cluster.Releases()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]string)
	for _, r := range releases {
		got[r.String()] = r.Needs
	}
	want := map[string][]string{
		"kube-system/external-dns": nil, "cert-manager/certs": nil, "cert-manager/issuer": {"certs"},
		"gateway/gateway": nil, "kube-system/hostpath-provisioner": nil, "kube-system/metrics": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs by release (-want +got):\n%s", diff)
	}
	if cluster.Issuer.Needs != nil {
		t.Errorf("the settings were changed: %v", cluster.Issuer.Needs)
	}
	cluster.CertManager.Namespace = "certificates"
	if releases, err = cluster.Releases(); err != nil || !slices.ContainsFunc(releases, func(r kre.Release) bool { return r.String() == "certificates/issuer" }) {
		t.Errorf("the issuer is not where cert-manager is: %v, %v", releases, err)
	}
	if none, err := (charts.Cluster{Ingress: (*charts.IngressNginx)(nil)}).Releases(); err != nil || len(none) != 0 {
		t.Errorf("nothing: %v, %v", none, err)
	}
	cluster.CertManager, cluster.ExternalDNS = nil, &charts.ExternalDNS{Owner: "o"}
	_, err = cluster.Releases()
	want2 := "the issuer needs cert-manager, which is left out\nexternal-dns: it has no Policy; choose sync to remove records that are not needed any more, or upsert-only to leave them"
	if err == nil || err.Error() != want2 {
		t.Errorf("got\n%v\nwant\n%s", err, want2)
	}
}
