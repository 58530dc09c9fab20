package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Runtime is a KRE runtime, with a hosted zone and a namespace of its own; see package
// kre/runtime. Its secrets are not in the file, which only says where they are.
type Runtime struct {
	Name   string `yaml:"name"`   // of its release and namespace: kre-tnba
	Title  string `yaml:"title"`  // what it calls itself; default Name
	Domain string `yaml:"domain"` // below which its zone is: kre-tnba-dev.DOMAIN, in production kre-tnba.DOMAIN
	// ZoneID and DomainZoneID pick one of several zones of a name.
	ZoneID       string        `yaml:"zone_id"`
	DomainZoneID string        `yaml:"domain_zone_id"`
	Generation   string        `yaml:"generation"` // of the values of its chart: "2021" or "8", in quotes
	Chart        Chart         `yaml:"chart"`
	Admin        string        `yaml:"admin"`         // mail address of the first user
	Sender       string        `yaml:"sender"`        // mail address; without one it sends no mails
	LinkLifetime time.Duration `yaml:"link_lifetime"` // of a link to log in, in whole minutes
	TLS          *TLS          `yaml:"tls"`           // default plain HTTP
	Storage      Storage       `yaml:"storage"`
	MongoDB      MongoDB       `yaml:"mongodb"`
	IngressClass string        `yaml:"ingress_class"` // default nginx
	// Values are further values of its chart, in the chart's own words.
	Values       map[string]any `yaml:"values"`
	AllowUnknown []string       `yaml:"allow_unknown"` // keys that the chart uses, and does not declare
	Timeout      time.Duration  `yaml:"timeout"`       // default 5m
	Secrets      RuntimeSecrets `yaml:"secrets"`
}

// TLS says where the certificates of a runtime come from.
type TLS struct {
	ClusterIssuer  string `yaml:"cluster_issuer"`  // of generation 8
	WildcardSecret string `yaml:"wildcard_secret"` // of generation 8; default a certificate for each host
	ACME           *ACME  `yaml:"acme"`            // of generation 2021
}

// ACME is an account of a certificate authority.
type ACME struct {
	Server string   `yaml:"server"` // default that of Let's Encrypt
	Email  string   `yaml:"email"`
	DNS    *ACMEDNS `yaml:"dns"` // proves by records; default by HTTP
}

// ACMEDNS are credentials for records, of which the secret one is RuntimeSecrets.DNS.
type ACMEDNS struct {
	Region      string `yaml:"region"`
	AccessKeyID string `yaml:"access_key_id"`
}

// Storage are the volumes of a runtime.
type Storage struct {
	Class      string `yaml:"class"` // of those that name none; default that of the chart
	AdminAPI   Volume `yaml:"admin_api"`
	NATS       Volume `yaml:"nats"`
	Chronograf Volume `yaml:"chronograf"`
	InfluxDB   Volume `yaml:"influxdb"`
	MongoDB    Volume `yaml:"mongodb"` // of generation 2021
}

// Volume is a persistent volume.
type Volume struct {
	Class string `yaml:"class"` // default that of Storage
	Size  string `yaml:"size"`  // 10Gi; default that of the chart
}

// MongoDB is where the address of the database is, of generation 8: a key of a Secret in
// the namespace of the runtime.
type MongoDB struct {
	SecretName string `yaml:"secret_name"`
	SecretKey  string `yaml:"secret_key"`
}

// RuntimeSecrets say where the secrets of a runtime are.
type RuntimeSecrets struct {
	JWT        SecretSource            `yaml:"jwt"`         // signs the tokens of users
	APIToken   SecretSource            `yaml:"api_token"`   // signs those of programs
	MongoAdmin SecretSource            `yaml:"mongo_admin"` // of generation 2021
	Mongo      SecretSource            `yaml:"mongo"`       // of generation 2021
	DNS        SecretSource            `yaml:"dns"`         // the secret access key of tls.acme.dns
	Values     map[string]SecretSource `yaml:"values"`      // of the chart, by key with dots
}

// SecretSource is where a secret is: in an environment variable, or in a file, from
// where delivery.yaml is, whose last line may end.
type SecretSource struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"`
}

// check finds what needs no chart and no service; domain is that of mail.
func (r Runtime) check(i int, domain string, twice bool, fail func(format string, args ...any)) {
	wrong := func(is bool, format string, args ...any) {
		if is {
			fail("runtime %s: %s", cmp.Or(r.Name, fmt.Sprintf("number %d", i+1)), fmt.Sprintf(format, args...))
		}
	}
	wrong(r.Name == "", "it has no name")
	wrong(r.Name != "" && twice, "there are two of this name")
	wrong(r.Generation != "2021" && r.Generation != "8", `generation %q: want "2021" or "8", in quotes`, r.Generation)
	wrong(r.Sender != "" && domain == "", "sender %s: the environment has no mail domain", r.Sender)
	s := r.Secrets
	sources := map[string]SecretSource{"jwt": s.JWT, "api_token": s.APIToken, "mongo_admin": s.MongoAdmin, "mongo": s.Mongo, "dns": s.DNS}
	for key, source := range s.Values {
		sources["values: "+key] = source
	}
	for _, key := range slices.Sorted(maps.Keys(sources)) {
		wrong(sources[key].Env != "" && sources[key].File != "", "secret %s: env and file are given: leave one of them", key)
	}
	hasDNS := r.TLS != nil && r.TLS.ACME != nil && r.TLS.ACME.DNS != nil
	wrong(s.DNS != (SecretSource{}) && !hasDNS, "secret dns: there is no tls.acme.dns that it is for")
}
