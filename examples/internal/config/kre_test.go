package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestTheKREEnvironmentsOfTheSample(t *testing.T) {
	file, err := config.Load(automation)
	if err != nil {
		t.Fatal(err)
	}
	dev := file.KRE[config.KREDev]
	if len(file.KRE) != 2 || len(dev.Cluster.NodeGroups) != 2 || len(dev.Runtimes) != 2 {
		t.Errorf("%d environments, %d groups of nodes, %d runtimes", len(file.KRE), len(dev.Cluster.NodeGroups), len(dev.Runtimes))
	}
	want := config.Runtime{
		Name: "kre-email-tagger", Domain: "mettel-automation.net", Generation: "8",
		Chart: config.Chart{Repository: "https://kre.example.com/charts", Name: "kre", Version: "~8.2"},
		Admin: "ops@mettel-automation.net", Sender: "email-tagger@kre.mettel-automation.net",
		Storage: config.Storage{Class: "hostpath"}, TLS: &config.TLS{ClusterIssuer: "letsencrypt"},
		MongoDB: config.MongoDB{SecretName: "mongo", SecretKey: "uri"},
		Secrets: config.RuntimeSecrets{JWT: config.SecretSource{Env: "KRE_EMAIL_TAGGER_JWT_SECRET"}, APIToken: config.SecretSource{Env: "KRE_EMAIL_TAGGER_API_TOKEN_SECRET"}},
	}
	if d := cmp.Diff(want, dev.Runtimes[1]); d != "" {
		t.Errorf("runtime (-want +got):\n%s", d)
	}
	if d := cmp.Diff(file.KRE[config.KREProduction].Users, dev.Users); d != "" {
		t.Errorf("users of production and dev:\n%s", d)
	}
}

func TestTheNameOfAKREEnvironment(t *testing.T) {
	file := &config.File{Project: "shop", KRE: map[string]config.KRE{config.KREDev: {}, config.KREProduction: {Name: "shop-kre"}}}
	if dev, live := file.KREName(config.KREDev), file.KREName(config.KREProduction); dev != "shop-kre-dev" || live != "shop-kre" {
		t.Errorf("%s and %s", dev, live)
	}
}

func TestAFaultOfKRESaysWhereItIs(t *testing.T) {
	const begin = "project: shop\nregion: us-east-1\nmodules: [{name: a, paths: [a]}]\nkre:\n"
	tests := map[string]struct {
		kre  string
		want []string // all are in the error
	}{
		"another kind":               {"  test: {}\n", []string{"kre: test: want the kind dev or production"}},
		"an unknown key":             {"  dev:\n    cluster:\n      publicClients: []\n", []string{"delivery.yaml:7:7: ", "publicClients"}},
		"an unknown key of a chart":  {"  dev:\n    charts: {storage: {host_path: {node: a}}}\n", []string{"delivery.yaml:6:36: "}},
		"an unknown group":           {"  dev:\n    access: {rules: {ops: []}}\n", []string{"delivery.yaml:6:22: ", "ops"}},
		"a number that is none":      {"  dev:\n    cluster: {node_groups: [{name: a, desired: many}]}\n", []string{"delivery.yaml:6:48: "}},
		"dev that is called prod":    {"  dev: {name: kre-prod}\n", []string{"kre: dev: the name kre-prod says prod"}},
		"a role of no account":       {"  dev: {role: 'arn:aws:iam:::role/a'}\n", []string{`kre: dev: role "arn:aws:iam:::role/a": want the ARN of a role`}},
		"a boundary that is none":    {"  production: {boundary: mine}\n", []string{`kre: production: boundary "mine": want the ARN of a policy`}},
		"two of the same name":       {"  dev: {name: kre}\n  production: {name: kre}\n", []string{"kre: production: the other one has the name kre, too"}},
		"two controllers":            {"  dev: {charts: {ingress: {nginx: {}, custom: {name: a}}}}\n", []string{"ingress has nginx and custom"}},
		"two provisioners":           {"  dev: {charts: {storage: {host_path: {}, custom: {name: a}}}}\n", []string{"storage has host_path and custom"}},
		"a runtime without name":     {"  dev: {runtimes: [{generation: '8'}]}\n", []string{"runtime number 1: it has no name"}},
		"two runtimes of a name":     {"  dev: {runtimes: [{name: a, generation: '8'}, {name: a, generation: '8'}]}\n", []string{"runtime a: there are two of this name"}},
		"a generation that is none":  {"  dev: {runtimes: [{name: a, generation: '9'}]}\n", []string{`generation "9": want "2021" or "8"`}},
		"a sender without mail":      {"  dev: {runtimes: [{name: a, generation: '8', sender: a@b.c}]}\n", []string{"sender a@b.c: the environment has no mail domain"}},
		"a secret in two places":     {"  dev: {runtimes: [{name: a, generation: '8', secrets: {values: {b.c: {env: D, file: e}}}}]}\n", []string{"secret values: b.c: env and file are given"}},
		"a secret that nobody takes": {"  dev: {runtimes: [{name: a, generation: '8', secrets: {dns: {env: D}}}]}\n", []string{"secret dns: there is no tls.acme.dns"}},
		"several faults":             {"  dev: {name: main, runtimes: [{}]}\n", []string{"the name main says main", "it has no name", `generation ""`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Read("delivery.yaml", strings.NewReader(begin+tt.kre))
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nlacks %s", err, want)
				}
			}
		})
	}
	_, err := config.Read("delivery.yaml", strings.NewReader(strings.Replace(begin, "region: us-east-1\n", "", 1)+"  dev: {}\n"))
	if err == nil || !strings.Contains(err.Error(), "kre: it needs a region") {
		t.Errorf("without a region: %v", err)
	}
}

// TestImports keeps what talks to clusters out of jobs that only read the file.
func TestImports(t *testing.T) {
	depcheck.Only(t, ".", "github.com/bmatcuk/doublestar/v4", "go.yaml.in/yaml/v4")
}
