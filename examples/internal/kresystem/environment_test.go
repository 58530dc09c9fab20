package kresystem

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/infra"
)

// demo is the demonstration's environment with some texts in place of others.
func demo(t *testing.T, replace ...string) (*Environment, error) {
	t.Helper()
	text := string(Demo)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("demo.yaml has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return Parse("demo.yaml", []byte(text))
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		replace []string
		want    string // of the error; "" is none
	}{
		"as it is":                         {nil, ""},
		"an unknown key":                   {[]string{"region: us", "regoin: us"}, "read environment demo.yaml:5:1: field regoin not found"},
		"an unknown key of a chart":        {[]string{"hostPath: {path", "hostPath: {NodeHostPath: a, path"}, "demo.yaml:27:24: field NodeHostPath not found"},
		"an unknown key of a runtime":      {[]string{"title: TNBA", "titel: TNBA"}, "demo.yaml:30:5: field titel not found"},
		"a number that is none":            {[]string{"desired: 4", "desired: many"}, "demo.yaml:15:60: "},
		"an unknown kind":                  {[]string{"kind: dev ", "kind: test "}, `kind "test": want dev or production`},
		"no region":                        {[]string{"region: us-east-1", ""}, "project and region are required"},
		"dev, and its name says otherwise": {[]string{"name: mettel-automation-kre-dev", "name: kre-prod"}, "kind dev: the name kre-prod says prod"},
		"a version that is none":           {[]string{`"1.34"`, "latest"}, `version: "latest": want one like 1.34`},
		"a user who is there twice":        {[]string{"ana, ben", "ana, ana"}, "the role eks-developer-mettel-automation-kre-dev-ana is that of ana, too"},
		"a network that is none":           {[]string{"sources: [203.0.113.0/24", "sources: [203.0.113.0.24"}, `source "203.0.113.0.24" is no network`},
		"an unknown policy":                {[]string{"upsert-only", "upsert"}, `policy "upsert" is unknown`},
		"an issuer without cert-manager":   {[]string{"certManager: {}", ""}, "the issuer needs cert-manager"},
		"two ingress controllers":          {[]string{"{nginx: {", "{custom: {name: a}, nginx: {"}, "ingress: nginx and custom are given"},
		"two provisioners":                 {[]string{"{hostPath: {", "{custom: {name: a}, hostPath: {"}, "storage: hostPath and custom are given"},
		"a runtime that is there twice":    {[]string{"name: kre-email-tagger", "name: kre-tnba"}, `runtime "kre-tnba" is there twice`},
		"a sender without mail":            {[]string{"mail: {domain: kre.mettel-automation.net}", ""}, "sender tnba@kre.mettel-automation.net: the environment has no mail domain"},
		"rules of nobody":                  {[]string{"charts:\n", "access: {rules: {ops: []}}\ncharts:\n"}, `rules of "ops": the groups are developer,`},
		"faults of several kinds at once":  {[]string{`"1.34"`, "latest", "upsert-only", "upsert"}, `policy "upsert" is unknown`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := demo(t, tt.replace...)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
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
			e, err := demo(t, "name: mettel-automation-kre-dev", "name: "+tt.name, "kind: dev ", "kind: "+tt.kind+" ")
			if err != nil || e.Tag() != tt.want {
				t.Errorf("%v, tag %q", err, e.Tag())
			}
		})
	}
}

// TestServiceAccounts holds the accounts that roles trust to those that charts make.
func TestServiceAccounts(t *testing.T) {
	e, err := demo(t, "{policy: upsert-only,", "{name: dns, namespace: edge, policy: upsert-only,", "certManager: {}", "certManager: {name: my-cert-manager}")
	if err != nil {
		t.Fatal(err)
	}
	k := e.KRECluster()
	if d := cmp.Diff([]string{"edge:dns-external-dns", "cert-manager:my-cert-manager"}, []string{k.ExternalDNSAccount, k.CertManagerAccount}); d != "" {
		t.Errorf("accounts (-want +got):\n%s", d)
	}
}

func TestReleases(t *testing.T) {
	e, err := demo(t, "certManager: {}", "certManager: {chart: {path: charts/mine}, timeout: 7m}\n  others: [{name: extra, namespace: kube-system, chart: {path: /charts/extra}}]")
	if err != nil {
		t.Fatal(err)
	}
	e.dir = "/environments"
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
	e, err := demo(t, "charts:\n", "access: {prefix: kre-, rules: {developer: [{apiGroups: [''], resources: [pods], verbs: [get]}]}}\ncharts:\n")
	if err != nil {
		t.Fatal(err)
	}
	groups := e.groups(infra.KREClusterOutputs{DevopsRoles: []string{"arn"}})
	if g := groups[0]; g.Name != "kre-developer" || len(g.Rules) != 1 || g.Rules[0].Resources[0] != "pods" {
		t.Errorf("%+v", g)
	}
	if g := groups[2]; g.Name != "kre-devops" || len(g.Rules) == 0 || g.Principals[0] != "arn" {
		t.Errorf("%+v", g)
	}
}
