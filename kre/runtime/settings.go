package runtime

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/kre"
)

// Kind says what a runtime is for. There is no default: it decides about names and
// about what may be deleted.
type Kind string

// The kinds of a runtime.
const (
	Development Kind = "dev"        // all ephemeral environments; its zone is "<name>-dev.<domain>"
	Production  Kind = "production" // its zone is "<name>.<domain>"
)

// Generation is which values the KRE chart understands. There is no default.
type Generation string

// The generations of the chart, which share the hosts, SMTP and authentication.
// Source: values.yaml and templates in helm/kre of the repository of KRE.
const (
	// Chart2021 is that of 2021 (commit b82bc12f): MongoDB and NATS Streaming are part
	// of it, and it makes certificate issuers of its own (cert-manager v1alpha3).
	Chart2021 Generation = "2021"
	// Chart8 is the line of version 8.2: MongoDB is elsewhere, NATS has JetStream, and
	// certificates come from an issuer of the cluster.
	Chart8 Generation = "8"
)

// Runtime is one KRE runtime. Name, Domain, Kind, Generation, Chart, Admin, Auth and
// MongoDB are required; what is empty besides is left to the chart.
type Runtime struct {
	// Name is that of the release and of its namespace: a DNS label of at most 53
	// characters, such as "kre-tnba".
	Name string
	// Title is how the runtime calls itself, and what mails come from; default Name.
	Title string
	// Domain is the public hosted zone below which the runtime has its own.
	Domain string
	// ZoneID and DomainZoneID pick one of several public zones of the same name.
	ZoneID, DomainZoneID string
	Kind                 Kind
	Generation           Generation
	Chart                kre.Chart
	// Admin is the mail address of the first user.
	Admin string
	Auth  Auth
	SMTP  *SMTP // nil: no mails are sent, and nobody can log in by a link
	TLS   *TLS  // nil: everything is plain HTTP
	// Storage are the volumes of the runtime.
	Storage Storage
	// MongoDB is the database: how it is set up (Chart2021), or where it is (Chart8).
	MongoDB MongoDB
	// IngressClass is the class of all ingresses; default that of the chart, nginx.
	// Chart2021 knows nginx alone.
	IngressClass string
	// Values are further values of the chart. One that contradicts a field of this
	// struct is an error.
	Values map[string]any
	// Secrets are likewise, and hidden wherever they turn up.
	Secrets map[string]any `json:"-"`
	// AllowUnknown are keys that the chart uses though it does not declare them; see
	// [kre.Release].
	AllowUnknown []string
	// Timeout is how long the release may take; default that of [kre.Release].
	Timeout time.Duration
}

// Auth is how users log in. Both secrets are required: the chart's own are public.
type Auth struct {
	JWTSecret      Secret // signs the tokens of users
	APITokenSecret Secret // signs those of programs
	// LinkLifetime is how long a link for logging in is good, in whole minutes;
	// default that of the chart, 1 minute.
	LinkLifetime time.Duration
}

// SMTP is the server that takes the runtime's mails.
type SMTP struct {
	Host     string
	Port     int    // default 587
	Sender   string // mail address
	User     string
	Password Secret
}

// TLS says where certificates come from.
type TLS struct {
	// ACME is how the issuers of Chart2021 get certificates.
	ACME *ACME
	// ClusterIssuer is the issuer of cert-manager that Chart8's ingresses name.
	ClusterIssuer string
	// WildcardSecret is the Secret with a certificate for all entry points of Chart8;
	// default one for each, from ClusterIssuer.
	WildcardSecret string
}

// ACME is an account of a certificate authority.
type ACME struct {
	Server string // the directory of the authority; default that of Let's Encrypt
	Email  string
	// DNS proves ownership by records in the runtime's zone; nil proves it by HTTP.
	DNS *DNS
}

// DNS are credentials that may change records of the runtime's zone, whose id is
// filled in: route53:ChangeResourceRecordSets and ListResourceRecordSets on that zone,
// GetChange, and ListHostedZonesByName.
type DNS struct {
	Region          string
	AccessKeyID     string
	SecretAccessKey Secret
}

// Volume is how a persistent volume is asked for.
type Volume struct {
	Class string // storage class; default Storage.Class
	Size  string // such as "10Gi"; default that of the chart
}

// Storage are the volumes of a runtime. One that this generation of the chart does
// not have is an error.
type Storage struct {
	Class                                         string // of all volumes that name none; default that of the chart, "standard"
	AdminAPI, NATS, Chronograf, InfluxDB, MongoDB Volume
}

// MongoDB is the database of a runtime.
type MongoDB struct {
	// AdminPassword and Password are those of the chart's users "admin" (Chart2021,
	// where both are required): letters, digits and any of "-._~", since the chart
	// makes an address of them.
	AdminPassword, Password Secret
	// SecretName and SecretKey name the Secret of the runtime's namespace, and the key
	// in it, with the connection string (Chart8, where both are required).
	SecretName, SecretKey string
}

// Secret is a text that no format and no encoding shows. Convert it with string.
type Secret string

const masked = "***"

// Format writes asterisks, whatever the verb; nothing for an empty Secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// String is asterisks, or nothing for an empty Secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// MarshalText is String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Zone is the domain of the runtime: "<name>.<domain>", or "<name>-dev.<domain>".
func (r Runtime) Zone() string {
	domain := strings.TrimSuffix(strings.ToLower(r.Domain), ".")
	if r.Kind == Production {
		return r.Name + "." + domain
	}
	return r.Name + "-" + string(Development) + "." + domain
}

// Hosts are the names that a runtime answers to.
type Hosts struct {
	API   string `json:"api"`   // "api.<zone>"
	Admin string `json:"admin"` // "admin.<zone>"
	// Entrypoint is "entrypoint.<zone>". Chart8 makes one for each running version
	// beside it: "<version>-entrypoint.<zone>".
	Entrypoint string `json:"entrypoint"`
}

// Hosts are below the runtime's zone.
func (r Runtime) Hosts() Hosts {
	zone := r.Zone()
	return Hosts{API: "api." + zone, Admin: "admin." + zone, Entrypoint: "entrypoint." + zone}
}

// String is the name, the kind and the zone. It shows no secrets.
func (r Runtime) String() string { return fmt.Sprintf("%s (%s, %s)", r.Name, r.Kind, r.Zone()) }

// Format writes String, whatever the verb, so that no format shows secrets.
func (r Runtime) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }
