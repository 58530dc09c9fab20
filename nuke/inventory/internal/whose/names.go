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

// serial is what follows the project in the name of an ephemeral environment.
var serial = regexp.MustCompile(`^[0-9a-f]{8,}$`)

// environmentIn is the environment that name begins with, as far as its form tells:
// the project and then a serial, or a word of production.
func (j *Judge) environmentIn(name string) string {
	rest, ok := strings.CutPrefix(name, j.project)
	if !ok || j.project == "" {
		return ""
	}
	word := rest
	if end := strings.IndexAny(rest, "-."); end >= 0 {
		word = rest[:end]
	}
	if serial.MatchString(word) || production.Find(word, nil) != "" {
		return j.project + word
	}
	return ""
}
