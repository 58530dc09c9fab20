package infra

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// tag is a tag as templates write it.
type tag struct {
	Key   string `yaml:"Key"`
	Value string `yaml:"Value"`
}

// tagList returns tags sorted by key.
func tagList(tags map[string]string) []tag {
	list := make([]tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{key, tags[key]})
	}
	return list
}

// check finds all that is wrong with e, whose defaults are filled in.
func (e Environment) check(f *faults) {
	f.match("VPC", e.VPC, `vpc-[A-Za-z0-9]+`, "the id of a VPC")
	public := 2
	if e.Internal {
		public = 0
	}
	f.ids("public subnets", e.PublicSubnets, public)
	f.ids("private subnets", e.PrivateSubnets, 2)
	if e.ExistingCluster != "" {
		f.match("existing cluster", e.ExistingCluster, `[A-Za-z0-9_-]{1,255}`, "its name, not its ARN")
	}
	e.checkFront(f)
	checkServices(f, e.Services)
	checkCaches(f, e.Caches)
	f.match("Redis version", e.Redis.Version, `[4-9]\.[0-9x]+(\.[0-9]+)?`, "one like 7.1")
	f.within("Redis snapshot days", e.Redis.SnapshotDays, 0, 35)
	if days := retention(); !slices.Contains(days, e.LogDays) {
		f.add("log days: %d: want one of %v", e.LogDays, days)
	}
	f.pattern("error pattern", e.ErrorPattern)
	f.within("max error lines", e.MaxErrorLines, 1, 1_000_000)
	f.within("max failures", e.MaxFailures, 1, 1_000_000)
	f.within("bucket days", e.BucketDays, 1, 36_500)
	if e.BucketWriter != "" {
		f.match("bucket writer", e.BucketWriter, `arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+`, "the ARN of a role")
	}
	e.checkAlarms(f)
}

// checkFront checks how clients reach the environment.
func (e Environment) checkFront(f *faults) {
	for i, client := range e.Clients {
		f.cidr("clients", client)
		if slices.Contains(e.Clients[:i], client) {
			f.add("clients: %s is given twice", client)
		}
	}
	if e.Certificate != "" {
		f.match("certificate", e.Certificate, `arn:aws[a-z-]*:(acm|iam):\S+`, "the ARN of a certificate in ACM")
	}
	if e.Domain != "" {
		label := `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
		f.match("domain", e.Domain, label+`(\.`+label+`)+`, "a DNS name in lower case, without a final dot")
	}
	switch {
	case e.HostedZone != "" && e.Domain == "":
		f.add("hosted zone %s: want a domain to make a record for, too", e.HostedZone)
	case e.HostedZone != "":
		f.match("hosted zone", e.HostedZone, `[A-Z0-9]{1,32}`, "an id like Z2FDTNDATAQYW2")
	}
}

// checkAlarms checks who hears of alarms, and how many there are. A webhook is
// never shown.
func (e Environment) checkAlarms(f *faults) {
	for i, email := range e.Emails {
		f.match("email", email, `[^@\s]+@[^@\s]+`, "an address with an @")
		if slices.Contains(e.Emails[:i], email) {
			f.add("email %s: given twice", email)
		}
	}
	for i, webhook := range e.Webhooks {
		u, err := url.Parse(webhook)
		if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(webhook, " \t\r\n") {
			f.add("webhook %d: want a URL that begins with https://", i+1)
		}
		if j := slices.Index(e.Webhooks[:i], webhook); j >= 0 {
			f.add("webhook %d: it is that of %d", i+1, j+1)
		}
	}
	nodes := 0
	for _, c := range e.Caches {
		nodes += c.Nodes
	}
	if n := 2 + len(e.Services) + 2*nodes; n > maxDashboardAlarms {
		f.add("%d services and %d nodes of caches: their %d alarms are more than the %d that a dashboard shows", len(e.Services), nodes, n, maxDashboardAlarms)
	}
}
