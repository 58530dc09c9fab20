package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/kre"
)

// defaultPort is that of SMTP with STARTTLS. Source: RFC 6409.
const defaultPort = 587

// values and secrets of the chart, as trees.
type tree = map[string]any

// Release is what is installed for r, once the id of its zone is known; only DNS
// needs it. It fails as [Runtime.Check] does.
func (r Runtime) Release(zoneID string) (kre.Release, error) {
	if err := r.Check(); err != nil {
		return kre.Release{}, err
	}
	values, secrets, err := r.values(zoneID)
	return kre.Release{
		Name: r.Name, Namespace: r.Name, Chart: r.Chart, Values: values, Secrets: secrets,
		Timeout: r.Timeout, AllowUnknown: slices.Concat(r.undeclared(), r.AllowUnknown),
	}, err
}

// undeclared are the keys that the charts use and their values.yaml does not have.
func (r Runtime) undeclared() []string {
	keys := []string{"config.smtp.host", "config.smtp.port", "config.smtp.sender", "config.smtp.senderName"}
	if r.Generation == Chart2021 {
		return append(keys, "config.smtp.user", "config.smtp.pass", "certManager.dns01")
	}
	for _, ingress := range ingresses8() { // they have other annotations
		keys = append(keys, strings.Join(ingress, ".")+".annotations")
	}
	return keys
}

// ingresses8 are where Chart8 has settings of ingresses.
func ingresses8() [][]string {
	return [][]string{{"adminApi", "ingress"}, {"adminUI", "ingress"}, {"k8sManager", "generatedEntrypoints", "ingress"}}
}

// values returns the values and the secrets of the chart.
func (r Runtime) values(zoneID string) (values, secrets tree, err error) {
	values, secrets = make(tree), make(tree)
	r.common(values, secrets)
	if r.Generation == Chart2021 {
		r.chart2021(values, secrets, zoneID)
	} else {
		r.chart8(values)
	}
	mine := make(tree) // what fields decide, secret or not
	overlay(mine, values, nil)
	overlay(mine, secrets, nil)
	var errs []error
	for _, given := range []struct {
		what string
		tree tree
		into tree
	}{{"value", r.Values, values}, {"secret", r.Secrets, secrets}} {
		for _, key := range overlay(mine, given.tree, nil) {
			errs = append(errs, fmt.Errorf("%s %s is decided by the fields of the runtime, or given twice: leave it out", given.what, key))
		}
		overlay(given.into, given.tree, nil)
	}
	if r.Generation == Chart2021 && mine["prometheus-operator"] == nil {
		set(values, false, "prometheus-operator", "enabled") // it belongs to a cluster, and not to each runtime
	}
	return values, secrets, errors.Join(errs...)
}

// common are the values that all generations have.
func (r Runtime) common(values, secrets tree) {
	hosts, zone, scheme := r.Hosts(), r.Zone(), "http"
	if r.TLS != nil {
		scheme = "https"
	}
	set(values, zone, "config", "baseDomainName")
	set(values, hosts.API, "config", "admin", "apiHost")
	set(values, scheme+"://"+hosts.Admin, "config", "admin", "frontendBaseURL")
	set(values, r.Admin, "config", "admin", "userEmail")
	set(values, zone, "config", "auth", "cookieDomain")
	set(values, r.TLS != nil, "config", "auth", "secureCookie")
	if d := r.Auth.LinkLifetime; d > 0 {
		set(values, int(d/time.Minute), "config", "auth", "verificationCodeDurationInMinutes")
	}
	set(secrets, string(r.Auth.JWTSecret), "config", "auth", "jwtSignSecret")
	set(secrets, string(r.Auth.APITokenSecret), "config", "auth", "apiTokenSecret")
	set(values, r.SMTP != nil, "config", "smtp", "enabled")
	if s := r.SMTP; s != nil {
		set(values, s.Host, "config", "smtp", "host")
		set(values, cmp.Or(s.Port, defaultPort), "config", "smtp", "port")
		set(values, s.Sender, "config", "smtp", "sender")
		set(values, cmp.Or(r.Title, r.Name), "config", "smtp", "senderName")
		set(values, s.User, "config", "smtp", "user")
		set(secrets, string(s.Password), "config", "smtp", "pass")
	}
	set(values, hosts.API, "adminApi", "host")
	set(values, r.TLS != nil, "adminApi", "tls", "enabled")
	set(values, hosts.Admin, "adminUI", "host")
	set(values, r.TLS != nil, "adminUI", "tls", "enabled")
	r.volume(values, r.Storage.AdminAPI, "class", "adminApi", "storage")
	r.volume(values, r.Storage.Chronograf, "storageClass", "chronograf", "persistence")
	r.volume(values, r.Storage.InfluxDB, "storageClass", "influxdb", "persistence")
}

func (r Runtime) chart2021(values, secrets tree, zoneID string) {
	set(values, cmp.Or(r.Title, r.Name), "runtimeName")
	set(values, r.Zone(), "entrypoint", "host")
	set(values, r.TLS != nil, "entrypoint", "tls")
	set(values, r.TLS != nil, "certManager", "enabled")
	if r.TLS != nil && r.TLS.ACME != nil {
		acme := r.TLS.ACME
		set(values, acme.server(), "certManager", "acme", "server")
		set(values, acme.Email, "certManager", "acme", "email")
		if dns := acme.DNS; dns != nil {
			set(values, dns.Region, "certManager", "dns01", "route53", "region")
			set(values, dns.AccessKeyID, "certManager", "dns01", "route53", "accessKeyID")
			set(values, zoneID, "certManager", "dns01", "route53", "hostedZoneID")
			set(secrets, string(dns.SecretAccessKey), "certManager", "dns01", "route53", "secretAccessKey")
		}
	}
	set(secrets, string(r.MongoDB.AdminPassword), "mongodb", "auth", "adminPassword")
	set(secrets, string(r.MongoDB.Password), "mongodb", "mongodbPassword")
	r.volume(values, r.Storage.MongoDB, "storageClass", "mongodb", "persistentVolume")
	r.volume(values, r.Storage.MongoDB, "className", "mongodb", "storage")
	r.volume(values, r.Storage.NATS, "className", "nats_streaming", "storage")
}

func (r Runtime) chart8(values tree) {
	for _, user := range [][]string{{"config", "mongodb"}, {"mongoExpress"}} {
		set(values, r.MongoDB.SecretName, slices.Concat(user, []string{"connectionString", "secretName"})...)
		set(values, r.MongoDB.SecretKey, slices.Concat(user, []string{"connectionString", "secretKey"})...)
	}
	r.volume(values, r.Storage.NATS, "storageClassName", "nats", "jetstream", "storage")
	set(values, r.TLS != nil, "k8sManager", "generatedEntrypoints", "tls")
	for _, ingress := range ingresses8() {
		if r.IngressClass != "" {
			set(values, r.IngressClass, append(slices.Clone(ingress), "className")...)
		}
		if r.TLS != nil {
			set(values, r.TLS.ClusterIssuer, append(slices.Clone(ingress), "annotations", "cert-manager.io/cluster-issuer")...)
		}
	}
	if r.TLS != nil && r.TLS.WildcardSecret != "" {
		set(values, r.TLS.WildcardSecret, "k8sManager", "generatedEntrypoints", "ingress", "tls", "secretName")
	}
}

// volume sets what is known of a volume, at path, under the name that the chart has
// for its class.
func (r Runtime) volume(values tree, v Volume, class string, path ...string) {
	if c := cmp.Or(v.Class, r.Storage.Class); c != "" {
		set(values, c, append(slices.Clone(path), class)...)
	}
	if v.Size != "" {
		set(values, v.Size, append(slices.Clone(path), "size")...)
	}
}

// set puts v at path.
func set(t tree, v any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, ok := t[key].(tree)
		if !ok {
			next = make(tree)
			t[key] = next
		}
		t = next
	}
	t[path[len(path)-1]] = v
}

// open is v with the Secrets in it as texts, which would be encoded as asterisks.
func open(v any) any {
	switch v := v.(type) {
	case Secret:
		return string(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = open(v[i])
		}
		return out
	case tree: // in a list
		out := make(tree, len(v))
		overlay(out, v, nil)
		return out
	}
	return v
}

// overlay copies from into t, and returns the paths that both decide, sorted; there
// t keeps its own. Maps are shared with neither.
func overlay(t, from tree, path []string) (conflicts []string) {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		here := append(slices.Clone(path), key)
		old, exists := t[key]
		branch, isTree := from[key].(tree)
		if !exists && isTree {
			old, exists = make(tree), true
			t[key] = old
		}
		oldTree, wasTree := old.(tree)
		switch {
		case !exists:
			t[key] = open(from[key])
		case isTree && wasTree:
			conflicts = append(conflicts, overlay(oldTree, branch, here)...)
		default:
			conflicts = append(conflicts, strings.Join(here, "."))
		}
	}
	return conflicts
}
