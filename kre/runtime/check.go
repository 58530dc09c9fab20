package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/mettel-automation/delivery/kre/internal/acme"
)

// maxName is how long the name of a release may be. Source:
// helm.sh/helm/v3/pkg/chartutil, ValidateReleaseName.
const maxName = 53

// maxHost is how long a domain name is. Source: RFC 1035, section 2.3.4.
const maxHost = 253

// faults gathers what is wrong with a runtime.
type faults struct{ errs []error }

func (f *faults) add(format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf(format, args...))
}

// require notes what is empty.
func (f *faults) require(what, text string) bool {
	if text == "" {
		f.add("%s is missing", what)
	}
	return text != ""
}

func (f *faults) email(what, text string) {
	if !f.require(what, text) {
		return
	}
	if a, err := mail.ParseAddress(text); err != nil || a.Address != text || !strings.Contains(text[strings.LastIndexByte(text, '@')+1:], ".") {
		f.add("%s %q is no mail address", what, text)
	}
}

func (f *faults) host(what, text string) {
	if faults := validation.IsDNS1123Subdomain(strings.ToLower(text)); len(faults) > 0 || len(text) > maxHost {
		f.add("%s %q is no host name", what, text)
	}
}

// Check returns everything that is wrong with r, joined; nil where nothing is.
func (r Runtime) Check() error {
	f := &faults{}
	r.identity(f)
	if r.Generation != Chart2021 && r.Generation != Chart8 {
		f.add("generation %q: it is %q or %q", r.Generation, Chart2021, Chart8)
	}
	f.email("admin", r.Admin)
	r.checkAuth(f)
	r.checkSMTP(f)
	r.checkTLS(f)
	r.checkStorage(f)
	r.checkMongoDB(f)
	if r.IngressClass != "" {
		f.host("ingress class", r.IngressClass)
		if r.Generation == Chart2021 {
			f.add("ingress class %q: the chart of %s knows nginx alone", r.IngressClass, Chart2021)
		}
	}
	if f.errs == nil {
		_, _, err := r.values("")
		f.errs = append(f.errs, err)
	}
	return r.fail(StepCheck, errors.Join(f.errs...))
}

// identity checks what names a runtime, which is all that destroying needs.
func (r Runtime) identity(f *faults) {
	if f.require("name", r.Name) {
		if faults := validation.IsDNS1123Label(r.Name); len(faults) > 0 || len(r.Name) > maxName {
			f.add("name %q is no DNS label of at most %d small letters, digits and hyphens", r.Name, maxName)
		}
		if r.Name == "default" || strings.HasPrefix(r.Name, "kube-") {
			f.add("name %q is that of a namespace of Kubernetes itself", r.Name)
		}
	}
	if f.require("domain", r.Domain) {
		if f.host("domain", strings.TrimSuffix(r.Domain, ".")); !strings.Contains(strings.TrimSuffix(r.Domain, "."), ".") {
			f.add("domain %q is a top-level domain", r.Domain)
		}
		if host := r.Hosts().Entrypoint; len(host) > maxHost {
			f.add("host %s has %d characters, at most %d", host, len(host), maxHost)
		}
	}
	if r.Kind != Development && r.Kind != Production {
		f.add("kind %q: it is %q or %q", r.Kind, Development, Production)
	}
}

func (r Runtime) checkAuth(f *faults) {
	const public = "the chart's own is known to everybody"
	for _, s := range []struct {
		what   string
		secret Secret
	}{{"JWT secret", r.Auth.JWTSecret}, {"API token secret", r.Auth.APITokenSecret}} {
		if s.secret == "" {
			f.add("%s is missing: %s", s.what, public)
		}
	}
	if d := r.Auth.LinkLifetime; d < 0 || d%time.Minute != 0 {
		f.add("link lifetime %s: it is in whole minutes", d)
	}
}

func (r Runtime) checkSMTP(f *faults) {
	s := r.SMTP
	if s == nil {
		return
	}
	if f.require("SMTP host", s.Host) {
		f.host("SMTP host", s.Host)
	}
	if s.Port < 0 || s.Port > 65535 {
		f.add("SMTP port %d is none", s.Port)
	}
	f.email("SMTP sender", s.Sender)
	f.require("SMTP user", s.User)
	f.require("SMTP password", string(s.Password))
}

func (r Runtime) checkTLS(f *faults) {
	t := r.TLS
	switch {
	case t == nil:
	case r.Generation == Chart8:
		if t.ACME != nil {
			f.add("ACME: the chart of generation %s has no issuers of its own: set TLS.ClusterIssuer", Chart8)
		}
		if f.require("TLS.ClusterIssuer", t.ClusterIssuer) {
			f.host("TLS.ClusterIssuer", t.ClusterIssuer)
		}
	default:
		if t.ClusterIssuer != "" || t.WildcardSecret != "" {
			f.add("TLS.ClusterIssuer and TLS.WildcardSecret: the chart of %s makes its own issuers: set TLS.ACME", Chart2021)
		}
		if t.ACME == nil {
			f.add("TLS.ACME is missing")
			return
		}
		t.ACME.check(f)
	}
}

func (a *ACME) check(f *faults) {
	f.email("ACME email", a.Email)
	if u, err := url.Parse(a.server()); err != nil || u.Scheme != "https" || u.Host == "" {
		f.add("ACME server %q is no https address", a.Server)
	}
	if a.DNS != nil {
		f.require("ACME DNS region", a.DNS.Region)
		f.require("ACME DNS access key", a.DNS.AccessKeyID)
		f.require("ACME DNS secret access key", string(a.DNS.SecretAccessKey))
	}
}

func (a *ACME) server() string {
	return cmp.Or(a.Server, acme.LetsEncrypt)
}

// volumes are those of a runtime, by what they are for.
func (s Storage) volumes() map[string]Volume {
	return map[string]Volume{"admin API": s.AdminAPI, "NATS": s.NATS, "Chronograf": s.Chronograf, "InfluxDB": s.InfluxDB, "MongoDB": s.MongoDB}
}

func (r Runtime) checkStorage(f *faults) {
	volumes := r.Storage.volumes()
	volumes["all"] = Volume{Class: r.Storage.Class}
	for _, what := range []string{"all", "admin API", "NATS", "Chronograf", "InfluxDB", "MongoDB"} {
		v := volumes[what]
		if v.Class != "" {
			f.host("storage class of "+what, v.Class)
		}
		if q, err := resource.ParseQuantity(v.Size); v.Size != "" && (err != nil || q.Sign() <= 0) {
			f.add("storage size of %s %q is no quantity such as \"10Gi\"", what, v.Size)
		}
	}
	if r.Generation == Chart8 && r.Storage.MongoDB != (Volume{}) {
		f.add("storage of MongoDB: the chart of generation %s has no MongoDB", Chart8)
	}
}

// inAddress are the characters that need no escape in an address.
// Source: RFC 3986, section 2.3.
var inAddress = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

func (r Runtime) checkMongoDB(f *faults) {
	m := r.MongoDB
	passwords := []struct {
		what   string
		secret Secret
	}{{"MongoDB admin password", m.AdminPassword}, {"MongoDB password", m.Password}}
	if r.Generation == Chart8 {
		if m.AdminPassword != "" || m.Password != "" {
			f.add("MongoDB passwords: the chart of generation %s has no MongoDB: name a Secret with the connection string", Chart8)
		}
		if f.require("MongoDB secret name", m.SecretName) {
			f.host("MongoDB secret name", m.SecretName)
		}
		if f.require("MongoDB secret key", m.SecretKey) && len(validation.IsConfigMapKey(m.SecretKey)) > 0 {
			f.add("MongoDB secret key %q is no key of a Secret", m.SecretKey)
		}
		return
	}
	for _, p := range passwords {
		switch {
		case p.secret == "":
			f.add("%s is missing: the chart's own is known to everybody", p.what)
		case !inAddress.MatchString(string(p.secret)):
			f.add("%s has a character that is none of letters, digits and \"-._~\": the chart makes an address of it", p.what)
		}
	}
	if m.SecretName != "" || m.SecretKey != "" {
		f.add("MongoDB secret: the chart of %s brings its own MongoDB", Chart2021)
	}
}

// checkAll checks several runtimes, and that they are several.
func checkAll(runtimes []Runtime, check func(Runtime) error) error {
	var errs []error
	zones := make(map[string]string)
	var names []string
	for _, r := range runtimes {
		errs = append(errs, check(r))
		if other, taken := zones[r.Zone()]; slices.Contains(names, r.Name) {
			errs = append(errs, fmt.Errorf("runtime %q is there twice", r.Name))
		} else if taken {
			errs = append(errs, fmt.Errorf("runtime %q has the zone of runtime %q: %s", r.Name, other, r.Zone()))
		}
		names, zones[r.Zone()] = append(names, r.Name), r.Name
	}
	return errors.Join(errs...)
}
