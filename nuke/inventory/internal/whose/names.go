package whose

import (
	"regexp"
	"strings"

	"github.com/mettel-automation/delivery/internal/production"
)

// Named reports whether name is one that env gives to what it has of a type. It never
// looks for env anywhere in a name: those of others mention it too.
//
// All names begin with env and a hyphen, or are env itself, but for those that the
// original system made up: see forms.
func Named(typ, name, env string) bool {
	if name == "" || env == "" {
		return false
	}
	switch typ {
	case "Route53ResourceRecordSet", HostedZone, "ServiceDiscoveryNamespace":
		return inDomain(strings.ToLower(name), strings.ToLower(env))
	case "ElasticacheCacheCluster", "ElasticacheReplicationGroup", "ElasticacheSubnetGroup", "S3Bucket":
		env = strings.ToLower(env) // they have no other case
	}
	if begins(name, env) {
		return true
	}
	for _, form := range forms[typ] {
		if before, after, _ := strings.Cut(form, environment); name == before+env+after {
			return true
		}
	}
	return typ == "ServiceDiscoveryService" && strings.HasSuffix(name, "-"+env) ||
		typ == "SNSTopic" && begins(name, alarmStack+env) || // what CloudFormation calls the topic of that stack
		typ == "CloudWatchAlarm" && strings.HasPrefix(name, "Running tasks count of ") &&
			strings.HasSuffix(name, " service in ECS cluster with name "+env)
}

// HostedZone is the type of zones, for [Named]: no environment ever deletes one.
const HostedZone = "Route53HostedZone"

// Where the environment stands in a form, and the stack of the original's alarms.
const (
	environment = "{}"
	alarmStack  = "SnsTopicMetTelAutomationAlarms-"
)

// forms are names that do not begin with the environment.
var forms = map[string][]string{
	"CloudFormationStack":    {alarmStack + environment},
	"CloudWatchDashboard":    {"cluster-" + environment},
	"CloudWatchLogsLogGroup": {"/aws/ecs/containerinsights/" + environment + "/performance"},
}

// begins reports whether name is env, or goes on after it with a hyphen.
func begins(name, env string) bool {
	rest, ok := strings.CutPrefix(name, env)
	return ok && (rest == "" || rest[0] == '-')
}

// inDomain reports whether a name of DNS has env as one of its labels, or begins with
// a label that begins with it.
func inDomain(name, env string) bool {
	first, _, _ := strings.Cut(name, ".")
	return begins(first, env) || strings.Contains("."+name+".", "."+env+".")
}

// prefixes are what the names of the environments beside env begin with, the longest
// first: env up to each of its hyphens, since a project may have some itself, or all of
// it where it has none.
func prefixes(env string) []string {
	var all []string
	for end := len(env); end > 0; end = strings.LastIndexByte(env[:end], '-') {
		if end < len(env) {
			all = append(all, env[:end+1])
		}
	}
	if len(all) == 0 {
		all = []string{env + "-"}
	}
	return all
}

// beside is what finds the environments beside env in names, and the word behind the
// prefix of each.
func beside(env string) *regexp.Regexp {
	var quoted []string
	for _, prefix := range prefixes(env) {
		quoted = append(quoted, regexp.QuoteMeta(strings.ToValidUTF8(prefix, "?")))
	}
	return regexp.MustCompile(`(?i)(?:^|[^\pL\pN])((?:` + strings.Join(quoted, "|") + `)([\pL\pN]+))`)
}

// serial is what follows the project in the name of an ephemeral environment.
var serial = regexp.MustCompile(`^[0-9a-fA-F]{8,}$`)

// mentioned are the environments other than j.env that name mentions, as far as their
// form tells: a prefix, and then a serial or a word of production.
func (j *Judge) mentioned(name string) []string {
	var all []string
	for _, found := range j.beside.FindAllStringSubmatch(name, -1) {
		if env, word := found[1], found[2]; !strings.EqualFold(env, j.env) && (serial.MatchString(word) || production.Find(word, nil) != "") {
			all = append(all, env)
		}
	}
	return all
}
