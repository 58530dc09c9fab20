package runtime_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/runtime"
)

func TestReleaseOf2021(t *testing.T) {
	r := old("kre-tnba", func(r *runtime.Runtime) {
		r.Auth.LinkLifetime = 10 * time.Minute
		r.Values = map[string]any{"influxdb": map[string]any{"image": map[string]any{"tag": "1.8.10"}}}
		r.Secrets = map[string]any{"influxdb": map[string]any{"env": []any{map[string]any{"value": runtime.Secret("x-s3cret")}}}}
		r.AllowUnknown = []string{"influxdb.env"}
		r.Timeout = time.Hour
	})
	got, err := r.Release("Z1")
	if err != nil {
		t.Fatal(err)
	}
	equalYAML(t, got.Values, `
adminApi: {host: api.kre-tnba-dev.example.net, storage: {class: hostpath}, tls: {enabled: true}}
adminUI: {host: admin.kre-tnba-dev.example.net, tls: {enabled: true}}
certManager:
  acme: {email: ops@example.com, server: https://acme-v02.api.letsencrypt.org/directory}
  dns01: {route53: {accessKeyID: AKIA2, hostedZoneID: Z1, region: us-east-1}}
  enabled: true
chronograf: {persistence: {storageClass: hostpath}}
config:
  admin: {apiHost: api.kre-tnba-dev.example.net, frontendBaseURL: https://admin.kre-tnba-dev.example.net, userEmail: admin@example.com}
  auth: {cookieDomain: kre-tnba-dev.example.net, secureCookie: true, verificationCodeDurationInMinutes: 10}
  baseDomainName: kre-tnba-dev.example.net
  smtp: {enabled: true, host: email-smtp.us-east-1.amazonaws.com, port: 587, sender: kre@example.com, senderName: TNBA, user: AKIA1}
entrypoint: {host: kre-tnba-dev.example.net, tls: true}
influxdb: {image: {tag: 1.8.10}, persistence: {storageClass: hostpath}}
mongodb: {persistentVolume: {size: 20Gi, storageClass: gp2}, storage: {className: gp2, size: 20Gi}}
nats_streaming: {storage: {className: hostpath}}
prometheus-operator: {enabled: false}
runtimeName: TNBA
`)
	equalYAML(t, got.Secrets, `
certManager: {dns01: {route53: {secretAccessKey: dns-s3cret}}}
config: {auth: {apiTokenSecret: token-s3cret, jwtSignSecret: jwt-s3cret}, smtp: {pass: smtp-s3cret}}
influxdb: {env: [{value: x-s3cret}]}
mongodb: {auth: {adminPassword: root-s3cret}, mongodbPassword: mongo-s3cret}
`)
	if got.Name != "kre-tnba" || got.Namespace != "kre-tnba" || got.Timeout != time.Hour || got.Chart != r.Chart {
		t.Errorf("release is %+v", got)
	}
}

func TestReleaseOf8(t *testing.T) {
	got, err := recent("kre-tnba", func(r *runtime.Runtime) { r.TLS.WildcardSecret = "all" }).Release("")
	if err != nil {
		t.Fatal(err)
	}
	equalYAML(t, got.Values, `
adminApi:
  host: api.kre-tnba-dev.example.net
  ingress: {annotations: {cert-manager.io/cluster-issuer: letsencrypt}, className: traefik}
  tls: {enabled: true}
adminUI:
  host: admin.kre-tnba-dev.example.net
  ingress: {annotations: {cert-manager.io/cluster-issuer: letsencrypt}, className: traefik}
  tls: {enabled: true}
config:
  admin: {apiHost: api.kre-tnba-dev.example.net, frontendBaseURL: https://admin.kre-tnba-dev.example.net, userEmail: admin@example.com}
  auth: {cookieDomain: kre-tnba-dev.example.net, secureCookie: true}
  baseDomainName: kre-tnba-dev.example.net
  mongodb: {connectionString: {secretKey: uri, secretName: mongo}}
  smtp: {enabled: true, host: email-smtp.us-east-1.amazonaws.com, port: 2587, sender: kre@example.com, senderName: kre-tnba, user: AKIA1}
k8sManager:
  generatedEntrypoints:
    ingress: {annotations: {cert-manager.io/cluster-issuer: letsencrypt}, className: traefik, tls: {secretName: all}}
    tls: true
mongoExpress: {connectionString: {secretKey: uri, secretName: mongo}}
nats: {jetstream: {storage: {size: 8Gi, storageClassName: gp3}}}
`)
	equalYAML(t, got.Secrets, `config: {auth: {apiTokenSecret: token-s3cret, jwtSignSecret: jwt-s3cret}, smtp: {pass: smtp-s3cret}}`)
}

func TestWithoutSMTPAndTLSEverythingIsPlain(t *testing.T) {
	got, err := old("kre-tnba", func(r *runtime.Runtime) {
		r.SMTP, r.TLS, r.Storage = nil, nil, runtime.Storage{}
		r.Values = map[string]any{"prometheus-operator": map[string]any{"enabled": true}}
	}).Release("Z1")
	if err != nil {
		t.Fatal(err)
	}
	equalYAML(t, got.Values, `
adminApi: {host: api.kre-tnba-dev.example.net, tls: {enabled: false}}
adminUI: {host: admin.kre-tnba-dev.example.net, tls: {enabled: false}}
certManager: {enabled: false}
config:
  admin: {apiHost: api.kre-tnba-dev.example.net, frontendBaseURL: http://admin.kre-tnba-dev.example.net, userEmail: admin@example.com}
  auth: {cookieDomain: kre-tnba-dev.example.net, secureCookie: false}
  baseDomainName: kre-tnba-dev.example.net
  smtp: {enabled: false}
entrypoint: {host: kre-tnba-dev.example.net, tls: false}
prometheus-operator: {enabled: true}
runtimeName: TNBA
`)
}

// TestTheChartsUnderstandTheValues renders charts with the keys of the real ones: the
// engine refuses a key that a chart does not have.
func TestTheChartsUnderstandTheValues(t *testing.T) {
	engine, err := kre.New(nil, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		runtime runtime.Runtime
		want    []string
	}{
		"of 2021": {old("kre-tnba"), []string{
			`smtp: "kre@example.com email-smtp.us-east-1.amazonaws.com:587"`, `zone: "Z1"`, "storageClassName: gp2", "storage: 20Gi",
			"storageClassName: hostpath", `prometheus: "false"`, "host: api.kre-tnba-dev.example.net", `cookie: "kre-tnba-dev.example.net true"`,
		}},
		"of 8": {recent("kre-tnba"), []string{
			`mongo: "mongo/uri"`, `nats: "gp3 8Gi"`, `smtp: "kre@example.com email-smtp.us-east-1.amazonaws.com:2587 AKIA1"`,
			"cert-manager.io/cluster-issuer: letsencrypt", "ingressClassName: traefik", `entrypoints: "true traefik"`,
		}},
		"without SMTP and TLS": {old("kre-tnba", func(r *runtime.Runtime) { r.SMTP, r.TLS = nil, nil }), []string{`frontend: "http://admin.kre-tnba-dev.example.net"`}},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			release, err := tt.runtime.Release("Z1")
			if err != nil {
				t.Fatal(err)
			}
			manifests, err := engine.Render(t.Context(), release)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(manifests), want) {
					t.Errorf("no %s in\n%s", want, manifests)
				}
			}
		})
	}
	typo := recent("kre-tnba", func(r *runtime.Runtime) { r.Values = nest("adminApi", "storage", "sise", "x") })
	release, err := typo.Release("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Render(t.Context(), release); err == nil || !strings.Contains(err.Error(), "adminApi.storage.sise") {
		t.Errorf("a key that the chart does not have: %v", err)
	}
}

func equalYAML(t *testing.T, got any, want string) {
	t.Helper()
	var wanted, have any
	if err := yaml.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &have); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wanted, have); d != "" {
		t.Errorf("values (-want +got):\n%s", d)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	r := old("kre-tnba")
	r.Secrets = nest("a", "list-s3cret")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%10s"} {
		for _, v := range []any{r, &r, r.Auth, *r.SMTP, *r.TLS.ACME.DNS, r.MongoDB, r.Auth.JWTSecret} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "s3cret") || strings.Contains(text, fmt.Sprintf("%x", "s3cret")) {
				t.Errorf("%s of %T shows %s", verb, v, text)
			}
		}
	}
	text, err := json.Marshal([]any{r, r.Auth})
	if err != nil || strings.Contains(string(text), "s3cret") || !strings.Contains(string(text), "***") {
		t.Errorf("%s, %v", text, err)
	}
	if runtime.Secret("").String() != "" {
		t.Error("nothing is shown as something")
	}
}

// FuzzRelease makes runtimes with any names and values: no error or text shows a secret.
func FuzzRelease(f *testing.F) {
	f.Add("kre-tnba", "example.net", "admin@example.com", `{"a": {"b": 1}}`)
	f.Add("", "", "", `{"config": 1}`)
	f.Add("A", "..", "@", `{"config": {"auth": {"x": [1]}}}`)
	f.Fuzz(func(t *testing.T, name, domain, admin, values string) {
		r := old(name, func(r *runtime.Runtime) { r.Domain, r.Admin = domain, admin })
		_ = json.Unmarshal([]byte(values), &r.Values) // none where it is no JSON
		release, err := r.Release("Z1")
		if err != nil {
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v", err)
			}
			return
		}
		if text, _ := json.Marshal(release.Values); strings.Contains(string(text), "s3cret") {
			t.Errorf("%s", text)
		}
	})
}
