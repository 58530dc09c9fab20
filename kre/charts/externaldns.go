package charts

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/kre"
)

var externalDNS = documented{
	name: "external-dns", namespace: "kube-system",
	chart: kre.Chart{Repository: "https://kubernetes-sigs.github.io/external-dns/", Name: "external-dns", Version: "1.21.1"},
}

// What external-dns does with records that nobody needs any more.
const (
	// Sync removes those that it has made itself.
	Sync = "sync"
	// UpsertOnly leaves them. A zone that has any cannot be deleted.
	UpsertOnly = "upsert-only"
	// CreateOnly leaves them, and does not even change them.
	CreateOnly = "create-only"
)

// ExternalDNS keeps the DNS records of ingresses and services in Route 53. Its chart is
// external-dns 1.21.1 of https://kubernetes-sigs.github.io/external-dns/, the project's
// own. That of Bitnami has other keys and must not be used: the image that it names is
// gone from its registry.
type ExternalDNS struct {
	Common
	// Owner tells the records of this cluster from those of others in the same zone:
	// "kre-dev". It must be given, be one of its own for each cluster, and stay: what
	// another owner has made is never touched.
	Owner string
	// Role is the ARN of the IAM role of its service account.
	Role string
	// Policy is Sync, UpsertOnly or CreateOnly. It must be given.
	Policy string
	// Domains are those that it may touch; without any, all zones of the account.
	Domains []string
	// Zones are "public" (the default), "private" or "all".
	Zones string
	// Interval is how often it looks; default the chart's, a minute.
	Interval time.Duration
	// Prefix is put before the names of the TXT records that tell the owner. It
	// cannot be changed later: the old ones would not be found.
	Prefix string
	// RecordSources are what it looks at; default services and ingresses.
	RecordSources []string
	// Args are further arguments of the program: "--aws-batch-change-size=500".
	Args []string
}

// What a TXT record can say of an owner: it ends at a comma or a quotation mark.
var owner = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*$`)

// Release is the release, or all that is wrong with the settings.
func (e ExternalDNS) Release() (kre.Release, error) {
	var f faults
	zones := cmp.Or(e.Zones, "public")
	f.add(e.Owner == "", "it has no Owner, and could not tell its records from those of other clusters")
	f.add(e.Owner != "" && !owner.MatchString(e.Owner), "owner %q: want letters, digits, hyphens and dots, since it is a word of a TXT record", e.Owner)
	f.add(e.Policy == "", "it has no Policy; choose %s to remove records that are not needed any more, or %s to leave them", Sync, UpsertOnly)
	if e.Policy != "" {
		f.oneOf("policy", e.Policy, Sync, UpsertOnly, CreateOnly)
	}
	f.oneOf("kind of zones", zones, "public", "private", "all")
	f.add(e.Interval < 0, "its interval %v is negative", e.Interval)
	f.role(e.Role)
	f.domains("domain", e.Domains)
	args := slices.Clone(e.Args)
	if zones != "all" {
		args = append(args, "--aws-zone-type="+zones)
	}
	return e.release(externalDNS, map[string]any{
		"provider": map[string]any{"name": "aws"},
		"registry": "txt", "txtOwnerId": e.Owner, "policy": e.Policy,
		"txtPrefix": or(e.Prefix, "Prefix"), "domainFilters": or(list(e.Domains), "Domains"), "sources": or(list(e.RecordSources), "RecordSources"),
		"serviceAccount": account(e.Role),
		"interval":       only(e.Interval > 0, e.Interval.String(), "Interval"),
		"extraArgs":      or(list(args), "Args"),
	}, f)
}
