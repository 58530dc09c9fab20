package inventory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
)

// The account of the tests, and the environments in it.
const (
	accountID = "123456789012"
	live      = "999999999999"
	region    = "us-east-1"
	target    = "automation-1a2b3c4d"
	sibling   = "automation-1a2b3c4de" // one more hexadecimal digit
	prodName  = "automation-master"
)

// threeEnvironments is an account with the target, its sibling and production.
func threeEnvironments() *inventorytest.Account {
	a := inventorytest.New(accountID, "mettel-dev")
	for _, env := range []string{target, sibling, prodName} {
		a.AddEnvironment(region, env)
	}
	return a
}

func options() inventory.Options {
	return inventory.Options{Environment: target, Account: accountID, Regions: []string{region}}
}

func read(t *testing.T, a *inventorytest.Account, opts inventory.Options) nuke.Inventory {
	t.Helper()
	inv, err := inventory.New(a.API(), opts).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// lines is a line for each resource, with how it is known.
func lines(rs []nuke.Resource) []string {
	var all []string
	for _, r := range rs {
		all = append(all, fmt.Sprintf("%s: %s", r, strings.Join(r.Why, ", ")))
	}
	return all
}

// whole are the resources of target that are to go, without what is longer to read:
// ACCOUNT stands for the beginning of an ARN, and ENV for the environment.
var whole = []string{
	"us-east-1 CloudFormationStack SnsTopicMetTelAutomationAlarms-ENV: tag, name",
	"us-east-1 CloudWatchAlarm ENV-any: tag, name",
	"us-east-1 CloudWatchAlarm Running tasks count of bridge service in ECS cluster with name ENV: tag, name",
	"us-east-1 CloudWatchDashboard cluster-ENV: name",
	"us-east-1 CloudWatchLogsLogGroup /aws/ecs/containerinsights/ENV/performance: tag, name",
	"us-east-1 CloudWatchLogsLogGroup ENV: tag, name",
	"us-east-1 EC2SecurityGroup sg-000000000001: tag, name",
	"us-east-1 ECSCluster arn:aws:ecs:ACCOUNT:cluster/ENV: tag, name",
	"us-east-1 ECSClusterInstance arn:aws:ecs:ACCOUNT:container-instance/ENV/1 -> arn:aws:ecs:ACCOUNT:cluster/ENV: cluster",
	"us-east-1 ECSService arn:aws:ecs:ACCOUNT:service/ENV/ENV-bridge -> arn:aws:ecs:ACCOUNT:cluster/ENV: tag, name, cluster",
	"us-east-1 ECSTask arn:aws:ecs:ACCOUNT:task/ENV/0: service",
	"us-east-1 ECSTask arn:aws:ecs:ACCOUNT:task/ENV/1: cluster",
	"us-east-1 ECSTaskDefinition arn:aws:ecs:ACCOUNT:task-definition/ENV-bridge:2: name",
	"us-east-1 ECSTaskDefinition arn:aws:ecs:ACCOUNT:task-definition/ENV-bridge:3: name",
	"us-east-1 ELBv2 ENV: tag, name",
	"us-east-1 ELBv2ListenerRule ENV -> arn:aws:elasticloadbalancing:ACCOUNT:listener-rule/app/ENV/l-000000000001/false: load balancer, target group",
	"us-east-1 ELBv2TargetGroup ENV-frontend: tag, name, load balancer",
	"us-east-1 ElasticacheCacheCluster ENV-bridge-redis: tag, name",
	"us-east-1 ElasticacheCacheCluster ENV-redis-001: tag, name, replication group",
	"us-east-1 ElasticacheCacheCluster ENV-sessions: tag, name",
	"us-east-1 ElasticacheReplicationGroup ENV-redis: tag, name",
	"us-east-1 ElasticacheSubnetGroup ENV-bridge-subnet: tag, name",
	"global IAMInstanceProfile ENV-instances: tag, name",
	"global IAMInstanceProfileRole ENV-instances -> ENV-task: tag, instance profile, role",
	"global IAMPolicy arn:aws:iam::123456789012:policy/ENV-logs: tag, name",
	"global IAMRole ENV-task: tag, name",
	"global IAMRolePolicy ENV-task -> exec: role",
	"global IAMRolePolicyAttachment ENV-task -> ENV-logs: role, policy",
	"global IAMRolePolicyAttachment ENV-task -> ReadOnlyAccess: role",
	"global Route53ResourceRecordSet ENV.example.com. (A): name, load balancer",
	"global Route53ResourceRecordSet portal1.example.com. (CNAME): load balancer",
	"us-east-1 S3Bucket s3://ENV-reports: tag, name",
	"us-east-1 SNSTopic TopicARN: arn:aws:sns:ACCOUNT:alarms-000000000001: tag, stack",
	"us-east-1 ServiceDiscoveryInstance task1 -> srv-000000000001: service",
	"us-east-1 ServiceDiscoveryNamespace ns-000000000001: tag, name",
	"us-east-1 ServiceDiscoveryService srv-000000000001: name, namespace",
}

func written(t *testing.T) []string {
	t.Helper()
	var want []string
	for _, line := range whole {
		want = append(want, strings.NewReplacer("ENV", target, "ACCOUNT", region+":"+accountID).Replace(line))
	}
	slices.Sort(want)
	return want
}

func TestMineIsExactlyTheEnvironment(t *testing.T) {
	for _, size := range []int{1, 2, 7, 1000} {
		t.Run(fmt.Sprintf("in pages of %d", size), func(t *testing.T) {
			a := threeEnvironments()
			a.PageSize = size
			inv := read(t, a, options())
			got := lines(inv.Mine)
			slices.Sort(got)
			if d := cmp.Diff(written(t), got); d != "" {
				t.Errorf("mine (-want +got):\n%s", d)
			}
			beyond := []string{
				"global Route53HostedZone ZP-000000000001 (automation-1a2b3c4d.local.): name",
				"us-east-1 ec2 vpc arn:aws:ec2:us-east-1:123456789012:vpc/vpc-000000000001: tag",
				"us-east-1 elasticloadbalancing listener arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/automation-1a2b3c4d/l-000000000001: tag",
				"us-east-1 metric filter automation-1a2b3c4d -> errors: log group",
			}
			if d := cmp.Diff(beyond, lines(inv.Beyond)); d != "" {
				t.Errorf("beyond (-want +got):\n%s", d)
			}
			if len(inv.Conflicts) > 0 {
				t.Errorf("conflicts: %v", inv.Conflicts)
			}
			types := make(map[string]bool)
			for _, r := range inv.Mine {
				types[r.Type] = true
			}
			for _, typ := range nuke.Types() {
				if !types[typ.Name] {
					t.Errorf("nothing of type %s was read", typ.Name)
				}
			}
		})
	}
}

func TestWhatIsReadIsToldWhole(t *testing.T) {
	inv := read(t, threeEnvironments(), options())
	if inv.Account != accountID || inv.Alias != "mettel-dev" || inv.Environment != target {
		t.Errorf("account %q, alias %q, environment %q", inv.Account, inv.Alias, inv.Environment)
	}
	if d := cmp.Diff([]string{region, nuke.Global}, inv.Regions); d != "" {
		t.Errorf("regions (-want +got):\n%s", d)
	}
	if len(inv.Read) != len(nuke.Types()) {
		t.Errorf("%d types read of %d", len(inv.Read), len(nuke.Types()))
	}
	// All environments are alike; besides, each revision that is being deleted and
	// each record of a zone is nobody's, and a zone is shared.
	if want := 2*len(inv.Mine) + 3 + 2 + 3*3; len(inv.Others) != want {
		t.Errorf("%d others, want %d", len(inv.Others), want)
	}
}

// The properties are those that aws-nuke knows, under its names.
func TestPropertiesAreThoseOfAWSNuke(t *testing.T) {
	types := make(map[string]nuke.Type)
	for _, typ := range nuke.Types() {
		types[typ.Name] = typ
	}
	inv := read(t, threeEnvironments(), options())
	for _, r := range append(inv.Mine, inv.Others...) {
		for property := range r.Properties {
			if !slices.ContainsFunc(types[r.Type].Properties, func(p string) bool {
				return p == property || strings.HasSuffix(p, ":") && strings.HasPrefix(property, p)
			}) {
				t.Errorf("%s has a property %q; its type has %v", r, property, types[r.Type].Properties)
			}
		}
	}
}

func TestPropertiesOfEachType(t *testing.T) {
	const own = "tag:Environment=ENV tag:Project=automation"
	want := map[string]string{
		"CloudFormationStack":         "Name=SnsTopicMetTelAutomationAlarms-ENV Status=CREATE_COMPLETE " + own,
		"CloudWatchAlarm":             "Name=Running tasks count of bridge service in ECS cluster with name ENV Type=MetricAlarm " + own,
		"CloudWatchDashboard":         "",
		"CloudWatchLogsLogGroup":      "Name=/aws/ecs/containerinsights/ENV/performance logGroupName=/aws/ecs/containerinsights/ENV/performance " + own,
		"EC2SecurityGroup":            "ID=sg-000000000001 Name=ENV-inbound OwnerID=123456789012 " + own,
		"ECSCluster":                  "ARN=arn:aws:ecs:ACCOUNT:cluster/ENV " + own,
		"ECSClusterInstance":          "",
		"ECSService":                  "ClusterARN=arn:aws:ecs:ACCOUNT:cluster/ENV ServiceARN=arn:aws:ecs:ACCOUNT:service/ENV/ENV-bridge " + own,
		"ECSTask":                     "ClusterARN=arn:aws:ecs:ACCOUNT:cluster/ENV TaskARN=arn:aws:ecs:ACCOUNT:task/ENV/0",
		"ECSTaskDefinition":           "Name=ENV-bridge Status=INACTIVE",
		"ELBv2":                       "ARN=arn:aws:elasticloadbalancing:ACCOUNT:loadbalancer/app/ENV/lb-000000000001 Name=ENV " + own,
		"ELBv2ListenerRule":           "ARN=arn:aws:elasticloadbalancing:ACCOUNT:listener-rule/app/ENV/l-000000000001/false ListenerARN=arn:aws:elasticloadbalancing:ACCOUNT:listener/app/ENV/l-000000000001 LoadBalancerName=ENV",
		"ELBv2TargetGroup":            "ARN=arn:aws:elasticloadbalancing:ACCOUNT:targetgroup/ENV-frontend/tg-000000000001 IsLoadBalanced=true " + own,
		"ElasticacheCacheCluster":     "ClusterID=ENV-bridge-redis Serverless=false Status=available " + own,
		"ElasticacheReplicationGroup": "",
		"ElasticacheSubnetGroup":      "Name=ENV-bridge-subnet " + own,
		"IAMInstanceProfile":          "Name=ENV-instances Path=/ tag:Environment=ENV",
		"IAMInstanceProfileRole":      "InstanceProfile=ENV-instances InstanceRole=ENV-task role:Path=/ tag:Environment=ENV",
		"IAMPolicy":                   "ARN=arn:aws:iam::123456789012:policy/ENV-logs Name=ENV-logs Path=/ PolicyID=ANPA-000000000001 tag:Environment=ENV",
		"IAMRole":                     "Name=ENV-task Path=/ tag:Environment=ENV",
		"IAMRolePolicy":               "PolicyName=exec role:Path=/ role:RoleID=AROA-000000000001 role:RoleName=ENV-task tag:role:Environment=ENV",
		"IAMRolePolicyAttachment":     "PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess PolicyName=ReadOnlyAccess RoleName=ENV-task RolePath=/ tag:role:Environment=ENV",
		"Route53ResourceRecordSet":    "HostedZoneName=example.com. Name=ENV.example.com. Type=A zone:tag:Owner=all",
		"S3Bucket":                    "Name=ENV-reports tag:Environment=ENV",
		"SNSTopic":                    "TopicARN=arn:aws:sns:ACCOUNT:alarms-000000000001 " + own + " tag:aws:cloudformation:stack-id=arn:aws:cloudformation:ACCOUNT:stack/SnsTopicMetTelAutomationAlarms-ENV/s-000000000001",
		"ServiceDiscoveryInstance":    "",
		"ServiceDiscoveryNamespace":   "ID=ns-000000000001 " + own,
		"ServiceDiscoveryService":     "",
	}
	a := threeEnvironments()
	a.Tags["Z1"] = map[string]string{" Owner ": "all"} // aws-nuke trims keys
	got := make(map[string]string)
	for _, r := range read(t, a, options()).Mine {
		if _, seen := got[r.Type]; seen {
			continue // the first of each type is enough
		}
		var properties []string
		for _, key := range slices.Sorted(maps.Keys(r.Properties)) {
			properties = append(properties, key+"="+r.Properties[key])
		}
		got[r.Type] = strings.NewReplacer(target, "ENV", region+":"+accountID, "ACCOUNT").Replace(strings.Join(properties, " "))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("properties (-want +got):\n%s", d)
	}
}

func TestTheInventoryGeneratesAndVerifies(t *testing.T) {
	for _, major := range []int{3, 2} {
		t.Run(fmt.Sprintf("aws-nuke %d", major), func(t *testing.T) {
			opts := options()
			opts.Major = major
			inv := read(t, threeEnvironments(), opts)
			config, err := nuke.Options{Blocklist: []string{live}, Major: major}.Generate(inv)
			if err != nil {
				t.Fatal(err)
			}
			verdict, err := nuke.Verify(config, inv, nuke.Run{})
			want := len(inv.Mine)
			if major == 2 {
				want-- // it has no type for rules of listeners, which go with them
			}
			if err != nil || len(verdict.Deletes) != want {
				t.Errorf("%d of %d are deleted, %v", len(verdict.Deletes), want, err)
			}
		})
	}
}

func TestNeighboursChangeNothing(t *testing.T) {
	alone := inventorytest.New(accountID, "mettel-dev")
	alone.AddEnvironment(region, target)
	want := lines(read(t, alone, options()).Mine)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for range 30 {
		a := inventorytest.New(accountID, "mettel-dev")
		a.AddEnvironment(region, target)
		names := []string{target + "0", target + "e", "automation-1a2b3c4", "x" + target, target + "x-" + target, prodName, "automation", "shared", fmt.Sprintf("automation-%08x", r.Uint32())}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names[:1+r.IntN(4)] {
			a.AddEnvironment(region, name)
		}
		a.PageSize = 1 + r.IntN(5)
		inv := read(t, a, options())
		if d := cmp.Diff(want, lines(inv.Mine)); d != "" || len(inv.Conflicts) > 0 {
			t.Fatalf("seed %d: %v, mine (-want +got):\n%s", seed, inv.Conflicts, d)
		}
		if _, err := (nuke.Options{Blocklist: []string{live}}).Generate(inv); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func TestAnEnvironmentOfSeveralRegions(t *testing.T) {
	a := threeEnvironments()
	a.AddEnvironment("eu-west-1", target)
	opts := options()
	opts.Regions = []string{"us-east-1", "eu-west-1", "us-east-1"}
	inv := read(t, a, opts)
	count := make(map[string]int)
	for _, r := range inv.Mine {
		count[r.Region]++
	}
	if count["eu-west-1"] != count["us-east-1"] || count["eu-west-1"] == 0 {
		t.Errorf("found %v", count)
	}
	if n := a.Calls("ec2:DescribeSecurityGroups"); n != 2+1 {
		t.Errorf("%d calls for security groups: a region was read twice", n)
	}
}

// TestAnAccountOfTenThousand is one in which what grows with the square would show.
func TestAnAccountOfTenThousand(t *testing.T) {
	a := inventorytest.New(accountID, "mettel-dev")
	a.PageSize = 1000
	a.AddEnvironment(region, target)
	for i := range 249 {
		a.AddEnvironment(region, fmt.Sprintf("automation-%08x", 0xa0000000+i))
	}
	inv := read(t, a, options())
	if len(inv.Mine) != len(whole) || len(inv.Mine)+len(inv.Others) < 10_000 {
		t.Errorf("%d of %d", len(inv.Mine), len(inv.Mine)+len(inv.Others))
	}
}
