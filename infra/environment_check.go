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
	f.subnets("public subnets", e.PublicSubnets, public)
	f.subnets("private subnets", e.PrivateSubnets, 2)
	for _, id := range e.PublicSubnets {
		if slices.Contains(e.PrivateSubnets, id) {
			f.add("subnet %s: it is given as a public and as a private one", id)
		}
	}
	if e.ExistingCluster != "" {
		f.match("existing cluster", e.ExistingCluster, `[A-Za-z0-9_-]{1,255}`, "its name, not its ARN")
	}
	e.checkFront(f)
	checkServices(f, e.Services)
	checkCaches(f, e.Caches)
	if versions := redisVersions(); !slices.Contains(versions, e.Redis.Version) {
		f.add("Redis version: %q: want one of %s", e.Redis.Version, strings.Join(versions, ", "))
	}
	f.within("Redis snapshot days", e.Redis.SnapshotDays, 1, 35)
	if days := retention(); !slices.Contains(days, e.LogDays) {
		f.add("log days: %d: want one of %v", e.LogDays, days)
	}
	f.pattern("error pattern", e.ErrorPattern)
	f.within("max error lines", *e.MaxErrorLines, 0, maxThreshold)
	f.within("max failures", *e.MaxFailures, 0, maxThreshold)
	f.within("bucket days", e.BucketDays, 1, 36_500)
	if e.BucketWriter != "" {
		f.match("bucket writer", e.BucketWriter, `arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+`, "the ARN of a role")
	}
	e.checkAlarms(f)
}

// redisVersions are those that ElastiCache has, for caches with encryption.
// Source: ElastiCache User Guide, "Supported engines and versions".
func redisVersions() []string { return []string{"5.0.6", "6.0", "6.2", "7.0", "7.1"} }

// maxThreshold is the most that a number of events in 5 minutes is compared with.
const maxThreshold = 1_000_000

// maxClients is how many ranges can be let in: a security group has 60 rules for
// those who come in, and each range needs two, for HTTP and HTTPS.
// Source: Amazon VPC User Guide, "Amazon VPC quotas".
const maxClients = 30

// checkFront checks how clients reach the environment.
func (e Environment) checkFront(f *faults) {
	f.ranges("clients", e.Clients, maxClients)
	if e.Certificate != "" {
		f.match("certificate", e.Certificate, `arn:aws[a-z-]*:(acm:[a-z0-9-]+:[0-9]{12}:certificate|iam::[0-9]{12}:server-certificate)/[^\s,]+`, "the ARN of a certificate in ACM")
	}
	if e.Domain != "" {
		f.domain("domain", e.Domain)
	}
	switch {
	case e.HostedZone != "" && e.Domain == "":
		f.add("hosted zone %s: want a domain to make a record for, too", e.HostedZone)
	case e.HostedZone != "":
		f.zone("hosted zone", e.HostedZone)
	}
}

// checkAlarms checks who hears of alarms. A webhook is never shown.
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
}
