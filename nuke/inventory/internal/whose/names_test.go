package whose

import (
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	const env = "automation-1a2b3c4d"
	tests := map[string]struct {
		typ, name string
		want      bool
	}{
		"the name itself":                         {"ECSCluster", env, true},
		"a hyphen and more":                       {"ECSCluster", env + "-bridge", true},
		"one more digit":                          {"ECSCluster", env + "e", false},
		"one more digit, and more":                {"ECSCluster", env + "e-bridge", false},
		"one digit less":                          {"ECSCluster", "automation-1a2b3c4", false},
		"in the middle":                           {"ECSCluster", "x-" + env, false},
		"in capitals, where case counts":          {"ECSCluster", strings.ToUpper(env), false},
		"another sign behind it":                  {"ECSCluster", env + "_bridge", false},
		"no name":                                 {"ECSCluster", "", false},
		"the dashboard of the cluster":            {"CloudWatchDashboard", "cluster-" + env, true},
		"the dashboard of the sibling":            {"CloudWatchDashboard", "cluster-" + env + "e", false},
		"a form of another type":                  {"CloudWatchAlarm", "cluster-" + env, false},
		"the alarm of a service":                  {"CloudWatchAlarm", "Running tasks count of a b service in ECS cluster with name " + env, true},
		"the alarm of a service, and more":        {"CloudWatchAlarm", "Running tasks count of a service in ECS cluster with name " + env + "e", false},
		"an alarm that ends likewise":             {"CloudWatchAlarm", "all but " + env, false},
		"container insights":                      {"CloudWatchLogsLogGroup", "/aws/ecs/containerinsights/" + env + "/performance", true},
		"container insights of the sibling":       {"CloudWatchLogsLogGroup", "/aws/ecs/containerinsights/" + env + "e/performance", false},
		"another log group of AWS":                {"CloudWatchLogsLogGroup", "/aws/lambda/" + env, false},
		"the stack of the alarms":                 {"CloudFormationStack", "SnsTopicMetTelAutomationAlarms-" + env, true},
		"the stack of the sibling's":              {"CloudFormationStack", "SnsTopicMetTelAutomationAlarms-" + env + "e", false},
		"the topic of that stack":                 {"SNSTopic", "SnsTopicMetTelAutomationAlarms-" + env + "-Topic-1ABC", true},
		"the topic of the sibling's":              {"SNSTopic", "SnsTopicMetTelAutomationAlarms-" + env + "e-Topic-1ABC", false},
		"a service of Cloud Map":                  {"ServiceDiscoveryService", "bridge-" + env, true},
		"one of the sibling":                      {"ServiceDiscoveryService", "bridge-" + env + "e", false},
		"a namespace":                             {"ServiceDiscoveryNamespace", env + ".local", true},
		"the namespace of the sibling":            {"ServiceDiscoveryNamespace", env + "e.local", false},
		"a record":                                {"Route53ResourceRecordSet", env + ".example.com", true},
		"a record below":                          {"Route53ResourceRecordSet", "_x." + env + ".example.com", true},
		"a record that begins with it":            {"Route53ResourceRecordSet", env + "-api.example.com", true},
		"a record below one that begins with it":  {"Route53ResourceRecordSet", "x." + env + "-api.example.com", false},
		"a label of the sibling":                  {"Route53ResourceRecordSet", "x." + env + "e.example.com", false},
		"a wildcard":                              {"Route53ResourceRecordSet", `\052.` + env + ".example.com", true},
		"a zone":                                  {HostedZone, "kre." + env + ".example.com", true},
		"a cache, which has no capitals":          {"ElasticacheCacheCluster", env + "-redis", true},
		"a bucket of the account with that name":  {"S3Bucket", env, true},
		"a bucket with a period behind the name":  {"S3Bucket", env + ".backup", false},
		"a task definition of the sibling":        {"ECSTaskDefinition", env + "e-bridge", false},
		"a type that nobody knows follows custom": {"Whatever", env + "-x", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Named(tt.typ, tt.name, env); got != tt.want {
				t.Errorf("Named(%s, %s) = %t", tt.typ, tt.name, got)
			}
		})
	}
	if Named("ECSCluster", "-x", "") {
		t.Error("an environment without a name has something")
	}
	if !Named("S3Bucket", "automation-1a2b-x", "Automation-1A2B") {
		t.Error("a bucket cannot have the capitals of its environment")
	}
}

// FuzzNamed: what is named for an environment is not named for one whose name is a
// digit longer, and a mere mention is no name.
func FuzzNamed(f *testing.F) {
	for _, typ := range []string{"ECSCluster", "CloudWatchAlarm", "Route53ResourceRecordSet", "ServiceDiscoveryService", "SNSTopic"} {
		f.Add(typ, "automation-1a2b3c4d", "-bridge")
		f.Add(typ, "automation-1a2b3c4d", ".example.com")
		f.Add(typ, "a.*|b", "\x00é")
		f.Add(typ, "", "-")
	}
	f.Fuzz(func(t *testing.T, typ, env, rest string) {
		if env == "" {
			if Named(typ, rest, env) {
				t.Errorf("%q is of an environment without a name", rest)
			}
			return
		}
		if strings.ContainsAny(env, ".-") && !strings.HasPrefix(env, "automation-") {
			return // no name of an environment
		}
		if !Named(typ, env, env) {
			t.Errorf("%s %q is not its own", typ, env)
		}
		if longer := env + "0"; typ == "ECSCluster" && Named(typ, longer+"-"+strings.ReplaceAll(rest, env, ""), env) {
			t.Errorf("%q is taken to be of %q", longer, env)
		}
		if mention := "x" + env + rest; typ == "ECSCluster" && !strings.HasPrefix(mention, env) && Named(typ, mention, env) {
			t.Errorf("%q is taken to be of %q", mention, env)
		}
	})
}
