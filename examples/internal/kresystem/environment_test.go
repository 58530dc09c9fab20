package kresystem

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/kresystest"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre/runtime"
)

// sample is the environment of a kind in the sample, with some texts in place of others.
func sample(t *testing.T, kind string, replace ...string) (*Environment, error) {
	t.Helper()
	file, err := config.Read("delivery.yaml", strings.NewReader(kresystest.Sample(t, replace...)))
	if err != nil {
		t.Fatal(err)
	}
	return New(file, kind)
}

func TestNew(t *testing.T) {
	tests := map[string]struct {
		kind    string
		replace []string
		want    string // of the error; "" is none
	}{
		"dev as it is":                    {"dev", nil, ""},
		"production as it is":             {"production", nil, ""},
		"a version that is none":          {"dev", []string{`version: "1.34"`, "version: latest"}, `kre: dev: render KRE cluster of "mettel-automation-kre-dev": version: "latest": want one like 1.34`},
		"a user who is there twice":       {"dev", []string{"ana, ben", "ana, ana"}, "the role eks-developer-mettel-automation-kre-dev-ana is that of ana, too"},
		"a network that is none":          {"dev", []string{"sources: [203.0.113.0/24", "sources: [203.0.113.0.24"}, `source "203.0.113.0.24" is no network`},
		"an unknown policy":               {"dev", []string{"upsert-only", "upsert"}, `policy "upsert" is unknown`},
		"an issuer without cert-manager":  {"dev", []string{"      cert_manager: {}\n", ""}, "the issuer needs cert-manager"},
		"faults of several kinds at once": {"dev", []string{`version: "1.34"`, "version: latest", "upsert-only", "upsert"}, `policy "upsert" is unknown`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := sample(t, tt.kind, tt.replace...)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if _, input := errors.AsType[*InputError](err); err != nil && !input {
				t.Errorf("it is no fault of the input: %v", err)
			}
		})
	}
	if _, err := New(&config.File{KRE: map[string]config.KRE{"dev": {}}}, "production"); err == nil || !strings.Contains(err.Error(), "no KRE environment of kind production: the key kre has dev") {
		t.Errorf("a kind that is not there: %v", err)
	}
}

func TestTag(t *testing.T) {
	tests := map[string]struct{ name, kind, want string }{
		"dev":                             {"kre-dev", "dev", "kre-dev"},
		"production, which nobody says":   {"mettel-automation-kre", "production", "mettel-automation-kre-production"},
		"production, as the name says it": {"kre-prod", "production", "kre-prod"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &Environment{KRE: config.KRE{Name: tt.name}, Kind: runtime.Kind(tt.kind)}
			if e.Tag() != tt.want {
				t.Errorf("tag %q", e.Tag())
			}
		})
	}
}

// TestServiceAccounts holds the accounts that roles trust to those that charts make.
func TestServiceAccounts(t *testing.T) {
	e, err := sample(t, "dev", "{policy: upsert-only,", "{name: dns, namespace: edge, policy: upsert-only,", "cert_manager: {}", "cert_manager: {name: my-cert-manager}")
	if err != nil {
		t.Fatal(err)
	}
	k := e.KRECluster()
	if d := cmp.Diff([]string{"edge:dns-external-dns", "cert-manager:my-cert-manager"}, []string{k.ExternalDNSAccount, k.CertManagerAccount}); d != "" {
		t.Errorf("accounts (-want +got):\n%s", d)
	}
}

func TestReleases(t *testing.T) {
	e, err := sample(t, "dev", "cert_manager: {}", "cert_manager: {chart: {path: charts/mine}, timeout: 7m}\n      others: [{name: extra, namespace: kube-system, chart: {path: /charts/extra}}]")
	if err != nil {
		t.Fatal(err)
	}
	e.path = (&config.File{Dir: "/environments"}).Path
	const role = "arn:aws:iam::123456789012:role/dns"
	releases, err := e.Releases(infra.KREClusterOutputs{ExternalDNSRole: role})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, r := range releases {
		got[r.Name] = r.Namespace + " " + r.Chart.String()
		if r.Name == "cert-manager" && r.Timeout.String() != "7m0s" {
			t.Errorf("timeout %v", r.Timeout)
		}
		if r.Name == "external-dns" && r.Values["txtOwnerId"] != "mettel-automation-kre-dev" {
			t.Errorf("values %v", r.Values)
		}
	}
	if len(got) != 6 || !strings.Contains(got["cert-manager"], "/environments/charts/mine") || !strings.Contains(got["extra"], "/charts/extra") || !strings.Contains(got["ingress-nginx"], "4.15.1") {
		t.Errorf("releases %v", got)
	}
}

func TestGroups(t *testing.T) {
	e, err := sample(t, "dev", "    charts: ", "    access: {prefix: kre-, rules: {developer: [{api_groups: [''], resources: [pods], verbs: [get]}], developer_ops_privileged: []}}\n    charts: ")
	if err != nil {
		t.Fatal(err)
	}
	groups := e.groups(infra.KREClusterOutputs{DevopsRoles: []string{"arn"}})
	if g := groups[0]; g.Name != "kre-developer" || len(g.Rules) != 1 || g.Rules[0].Resources[0] != "pods" {
		t.Errorf("%+v", g)
	}
	if g := groups[1]; g.Name != "kre-developer-ops-privileged" || len(g.Rules) != 0 {
		t.Errorf("%+v", g)
	}
	if g := groups[2]; g.Name != "kre-devops" || len(g.Rules) == 0 || g.Principals[0] != "arn" {
		t.Errorf("%+v", g)
	}
}
