package nuke_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/nuke"
)

// The account of the tests, and an environment in it.
const (
	account    = "123456789012"
	live       = "999999999999"
	region     = "us-east-1"
	target     = "automation-1a2b3c4d"
	sibling    = "automation-1a2b3c4de" // one more hexadecimal digit: its name begins with that of target
	prodName   = "automation-master"
	tagEnv     = "tag:" + nuke.TagKey
	tagRoleEnv = "tag:role:" + nuke.TagKey
)

// options are those that the tests generate with.
func options() nuke.Options { return nuke.Options{Blocklist: []string{live}} }

// inventory is an account in which mine belongs to target and others do not.
func inventory(mine, others []nuke.Resource) nuke.Inventory {
	inv := nuke.Inventory{
		Account: account, Alias: "mettel-dev", Regions: []string{region, "eu-west-1", nuke.Global}, Environment: target, Mine: mine, Others: others,
	}
	for _, t := range nuke.Types() {
		inv.Read = append(inv.Read, t.Name)
	}
	return inv
}

// environment is what the system makes for one environment, in the forms that
// aws-nuke prints. The serial tells ids apart that AWS hands out.
func environment(env string, serial int) []nuke.Resource {
	tag := map[string]string{tagEnv: env}
	arn := func(service, rest string) string {
		return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, account, rest)
	}
	id := func(prefix string, n int) string { return fmt.Sprintf("%s-%08x%02x", prefix, serial, n) }
	cluster := arn("ecs", "cluster/"+env)
	service := arn("ecs", "service/"+env+"/"+env+"-bridge")
	topic := arn("sns", env+"-alarms")
	return []nuke.Resource{
		{Type: "CloudFormationStack", Region: region, ID: "SnsTopicMetTelAutomationAlarms-" + env, Properties: tag},
		{Type: "CloudWatchAlarm", Region: region, ID: "Running tasks count of bridge service in ECS cluster with name " + env, Properties: tag},
		{Type: "CloudWatchDashboard", Region: region, ID: "cluster-" + env},
		{Type: "CloudWatchLogsLogGroup", Region: region, ID: env, Properties: tag},
		{Type: "EC2SecurityGroup", Region: region, ID: id("sg", 1), Properties: map[string]string{tagEnv: env, "Name": env + "-inbound", "OwnerID": account}},
		{Type: "ECSCluster", Region: region, ID: cluster, Properties: map[string]string{tagEnv: env, "ARN": cluster}},
		{Type: "ECSService", Region: region, ID: service + " -> " + cluster, Properties: map[string]string{tagEnv: env, "ServiceARN": service, "ClusterARN": cluster}},
		{Type: "ECSTask", Region: region, ID: cluster + "/task", Properties: map[string]string{tagEnv: env, "TaskARN": cluster + "/task", "ClusterARN": cluster}},
		{Type: "ECSTaskDefinition", Region: region, ID: arn("ecs", "task-definition/"+env+"-bridge:7"), Properties: map[string]string{"Name": env + "-bridge", "Status": "ACTIVE"}},
		{Type: "ELBv2", Region: region, ID: env, Properties: map[string]string{tagEnv: env, "Name": env}},
		{Type: "ELBv2TargetGroup", Region: region, ID: env + "-frontend", Properties: tag},
		{Type: "ElasticacheCacheCluster", Region: region, ID: env + "-bridge-redis", Properties: tag},
		{Type: "ElasticacheReplicationGroup", Region: region, ID: env + "-redis"},
		{Type: "ElasticacheSubnetGroup", Region: region, ID: env + "-bridge-subnet", Properties: map[string]string{tagEnv: env, "Name": env + "-bridge-subnet"}},
		{Type: "IAMRole", Region: nuke.Global, ID: env + "-task", Properties: map[string]string{tagEnv: env, "Name": env + "-task", "Path": "/"}},
		{Type: "IAMRolePolicy", Region: nuke.Global, ID: env + "-task -> logs", Properties: map[string]string{tagRoleEnv: env, "PolicyName": "logs", "role:Path": "/"}},
		{Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: env + ".example.com.", Properties: map[string]string{"Name": env + ".example.com.", "Type": "A", "HostedZoneName": "example.com."}},
		{Type: "S3Bucket", Region: region, ID: "s3://" + env + "-reports", Properties: tag},
		{Type: "SNSTopic", Region: region, ID: "TopicARN: " + topic, Properties: map[string]string{tagEnv: env, "TopicARN": topic}},
		{Type: "ServiceDiscoveryNamespace", Region: region, ID: id("ns", 2), Properties: map[string]string{tagEnv: env, "ID": id("ns", 2)}},
		{Type: "ServiceDiscoveryService", Region: region, ID: id("srv", 3)},
	}
}

// shared is what belongs to no environment, or only mentions one.
func shared() []nuke.Resource {
	return []nuke.Resource{
		{Type: "CloudWatchAlarm", Region: region, ID: "bill of " + target + " and others", Properties: map[string]string{}},
		{Type: "CloudWatchLogsLogGroup", Region: region, ID: "/aws/lambda/watch-" + target, Properties: map[string]string{tagEnv: "tools"}},
		{Type: "EC2SecurityGroup", Region: region, ID: "sg-default", Properties: map[string]string{"Name": "default", "OwnerID": account}},
		{Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: "example.com.", Properties: map[string]string{"Name": "example.com.", "Type": "SOA", "HostedZoneName": "example.com."}},
		{Type: "Route53ResourceRecordSet", Region: nuke.Global, ID: target + ".example.com.", Properties: map[string]string{"Name": target + ".example.com.", "Type": "TXT", "HostedZoneName": "example.com."}},
		{Type: "S3Bucket", Region: region, ID: "s3://automation-infrastructure", Properties: map[string]string{}},
		{Type: "IAMRole", Region: nuke.Global, ID: "AWSServiceRoleForECS", Properties: map[string]string{"Name": "AWSServiceRoleForECS", "Path": "/aws-service-role/ecs.amazonaws.com/"}},
	}
}

// wholeAccount has target, a sibling, production and what they share.
func wholeAccount() nuke.Inventory {
	return inventory(environment(target, 1), slices.Concat(environment(sibling, 2), environment(prodName, 3), shared()))
}

// randomAccount is an account of several environments, some of whose resources
// are named awkwardly, untagged or tagged for another environment.
func randomAccount(r *rand.Rand) nuke.Inventory {
	mine := environment(target, 1)
	others := slices.Concat(environment(sibling, 2), environment(prodName, 3), shared())
	for i := range r.IntN(3) {
		others = append(others, environment(fmt.Sprintf("automation-%08x", r.Uint32()), 10+i)...)
	}
	inv := inventory(nil, nil)
	for i, r2 := range append(slices.Clone(mine), others...) {
		r2 = disturb(r, r2, i)
		own := i < len(mine)
		switch {
		case own && r.IntN(5) == 0: // it is gone already
		case own:
			inv.Mine = append(inv.Mine, r2)
		default:
			inv.Others = append(inv.Others, r2)
		}
	}
	if len(inv.Mine) == 0 {
		inv.Mine = mine[:1]
	}
	r.Shuffle(len(inv.Mine), func(i, j int) { inv.Mine[i], inv.Mine[j] = inv.Mine[j], inv.Mine[i] })
	return inv
}

// disturb makes a resource odd in a way that leaves whose it is: only tags that
// are not a resource of target's lie.
func disturb(r *rand.Rand, one nuke.Resource, n int) nuke.Resource {
	props := make(map[string]string)
	maps.Copy(props, one.Properties)
	for k, v := range props {
		if !strings.HasPrefix(k, "tag:") {
			continue
		}
		switch r.IntN(8) {
		case 0:
			delete(props, k)
		case 1:
			if v != target {
				props[k] = target // tagged by mistake
			}
		}
	}
	if one.Properties != nil {
		one.Properties = props
	}
	if r.IntN(4) == 0 {
		odd := []string{`"quoted"`, `it's`, `a|b`, `(.*)`, `$^`, `\d+`, `[x]`, "# no comment", ": {}", "ünïcode", "\u202e", " ", "\t", "--- ", "%d", "日本語"}
		one.ID += odd[r.IntN(len(odd))] + fmt.Sprint(n)
		if one.Properties["Name"] != "" {
			one.Properties["Name"] = one.ID
		}
		if one.Properties["TaskARN"] != "" {
			one.Properties["TaskARN"] = one.ID
		}
	}
	return one
}
