package charts

import (
	"cmp"
	"embed"
	"io/fs"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/internal/acme"
)

var certManager = documented{
	name: "cert-manager", namespace: "cert-manager",
	chart: kre.Chart{Repository: "https://charts.jetstack.io", Name: "cert-manager", Version: "v1.21.1"},
}

// CertManager gets certificates, and renews them. Its chart is cert-manager v1.21.1 of
// https://charts.jetstack.io. Its CustomResourceDefinitions are
// installed, and kept when the release is removed: with them all certificates of the
// cluster would go.
type CertManager struct {
	Common
	// Role is the ARN of the IAM role of its service account, with which it answers
	// DNS-01 challenges in Route 53.
	Role string
	// Nameservers are asked whether a challenge can be seen, and no others: as
	// "8.8.8.8:53". They are needed where a private zone of the same name hides the
	// public one. Default those of the cluster.
	Nameservers []string
	// Replicas of the controller; default 1.
	Replicas int
}

// Release is the release, or all that is wrong with the settings.
func (c CertManager) Release() (kre.Release, error) {
	var f faults
	f.role(c.Role)
	f.add(c.Replicas < 0, "it has %d replicas", c.Replicas)
	for _, s := range c.Nameservers {
		_, err := netip.ParseAddrPort(s)
		f.add(err != nil, "name server %q has no address and port; want one such as 8.8.8.8:53", s)
	}
	return c.release(certManager, map[string]any{
		"crds":                          map[string]any{"enabled": true, "keep": true},
		"serviceAccount":                account(c.Role),
		"replicaCount":                  or(c.Replicas, "Replicas"),
		"dns01RecursiveNameservers":     or(strings.Join(c.Nameservers, ","), "Nameservers"),
		"dns01RecursiveNameserversOnly": or(len(c.Nameservers) > 0, "Nameservers"),
	}, f)
}

//go:embed issuer
var issuerChart embed.FS

// Servers of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/).
const (
	// LetsEncrypt gives certificates that browsers trust, few per week and domain.
	LetsEncrypt = acme.LetsEncrypt
	// LetsEncryptStaging gives any number that they do not trust.
	LetsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

// Issuer is a ClusterIssuer of cert-manager that gets certificates by ACME, proving
// with DNS-01 challenges in Route 53 that the domains are one's own. Its chart is part
// of this package.
type Issuer struct {
	Common
	// Issuer is the name of the ClusterIssuer; default "letsencrypt".
	Issuer string
	// Email is the contact of the account at the authority. It must be given.
	Email string
	// Server is the directory of the authority; default [LetsEncrypt].
	Server string
	// Region is one of AWS; Route 53 is in none, and its client wants one. It must be
	// given.
	Region string
	// HostedZone is the id of the only zone in which challenges are answered; default
	// the one that is found by the domain.
	HostedZone string
	// Domains are those that it may answer for; default any.
	Domains []string
}

// Ids of hosted zones, and names of regions.
var (
	hostedZone = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)
	region     = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
)

// Release is the release, or all that is wrong with the settings.
func (i Issuer) Release() (kre.Release, error) {
	var f faults
	address, err := mail.ParseAddress(i.Email)
	f.add(err != nil || address.Address != i.Email, "e-mail %q is no address; it is the contact of the account at the authority", i.Email)
	server := cmp.Or(i.Server, LetsEncrypt)
	u, err := url.Parse(server)
	f.add(err != nil || u.Scheme != "https" || u.Host == "", "server %q is not the URL of a directory; want %s", server, LetsEncrypt)
	f.add(i.Region == "", "it has no Region")
	f.add(i.Region != "" && !region.MatchString(i.Region), "region %q is none of AWS; want one such as us-east-1", i.Region)
	f.objectName("issuer", cmp.Or(i.Issuer, "letsencrypt"))
	f.add(i.HostedZone != "" && !hostedZone.MatchString(i.HostedZone), "hosted zone %q is no id; want one such as Z0123456789ABCDEFGHIJ", i.HostedZone)
	f.domains("domain", i.Domains)
	files, err := fs.Sub(issuerChart, "issuer")
	if err != nil {
		return kre.Release{}, err
	}
	chart := documented{name: "issuer", namespace: certManager.namespace, chart: kre.Chart{Files: files}}
	return i.release(chart, map[string]any{
		"email": i.Email, "server": server, "region": i.Region, "name": cmp.Or(i.Issuer, "letsencrypt"),
		"hostedZoneID": or(i.HostedZone, "HostedZone"), "dnsZones": or(list(i.Domains), "Domains"),
	}, f)
}
