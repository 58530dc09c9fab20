package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all are the types of the table.
func all() []Type {
	return slices.Concat(compute, network, balancing, data, access, observation, other)
}

func instance(serial int) Instance {
	return Instance{
		Partition: "aws", Region: "us-east-1", Account: "123456789012", Stack: "automation-8527fec8", LogicalID: "Resource", Serial: serial, Version: 1,
		Properties: map[string]any{},
	}
}

func TestTheTableIsSound(t *testing.T) {
	seen := make(map[string]bool)
	word := regexp.MustCompile(`\{([^}]*)\}`)
	known := regexp.MustCompile(`^(name|ref|region|account|partition|version|octet|=[A-Za-z]+|(hex|id|num)[0-9]+)$`)
	for _, entry := range all() {
		kind := Lookup(entry.Name)
		if seen[kind.Name] || !kind.Known {
			t.Errorf("%s is there twice, or not found", kind.Name)
		}
		seen[kind.Name] = true
		if !regexp.MustCompile(`^AWS::\w+::\w+$`).MatchString(kind.Name) {
			t.Errorf("%s is no type", kind.Name)
		}
		if kind.Create <= 0 || kind.Update <= 0 || kind.Delete <= 0 {
			t.Errorf("%s takes no time", kind.Name)
		}
		for name, pattern := range kind.Attributes {
			if !kind.Supports(name) {
				t.Errorf("%s does not support its own %s", kind.Name, name)
			}
			for _, m := range word.FindAllStringSubmatch(pattern+kind.Ref, -1) {
				if !known.MatchString(m[1]) {
					t.Errorf("%s: nobody knows {%s}", kind.Name, m[1])
				}
			}
		}
		if slices.ContainsFunc(kind.Conditional, func(p string) bool { return slices.Contains(kind.Replaces, p) }) {
			t.Errorf("%s: a property replaces always and conditionally", kind.Name)
		}
	}
	if len(seen) < 70 {
		t.Errorf("%d types", len(seen))
	}
}

func TestInstancesAreToldApart(t *testing.T) {
	for _, entry := range all() {
		kind := Lookup(entry.Name)
		if !regexp.MustCompile(`\{(name|hex|id)`).MatchString(kind.Ref) {
			continue // of properties alone
		}
		one, same, two := kind.ID(instance(1)), kind.ID(instance(1)), kind.ID(instance(2))
		if one != same || one == two {
			t.Errorf("%s: %s, %s and %s", kind.Name, one, same, two)
		}
		if strings.ContainsAny(one, "{}") {
			t.Errorf("%s: %s", kind.Name, one)
		}
	}
}

func TestGeneratedNamesKeepTheirBudget(t *testing.T) {
	for _, entry := range all() {
		kind := Lookup(entry.Name)
		for _, id := range []string{"A", "LoadBalancer", strings.Repeat("Long", 40)} {
			for _, stack := range []string{"s", "automation-8527fec8", strings.Repeat("stack", 25)} {
				in := instance(7)
				in.Stack, in.LogicalID = stack, id
				name := kind.GeneratedName(in)
				if kind.NameMax > 0 && len(name) > kind.NameMax {
					t.Errorf("%s: %q has %d characters of %d", kind.Name, name, len(name), kind.NameMax)
				}
				if kind.Lower && name != strings.ToLower(name) {
					t.Errorf("%s: %q", kind.Name, name)
				}
			}
		}
	}
}

func TestTypesSayWhatReplaces(t *testing.T) {
	tests := map[string]struct {
		kind, property string
		want           Recreation
	}{
		"a name":                           {"AWS::ECS::Cluster", "ClusterName", Always},
		"a setting":                        {"AWS::ECS::Cluster", "ClusterSettings", Never},
		"the scheme of a load balancer":    {"AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme", Always},
		"its subnets":                      {"AWS::ElasticLoadBalancingV2::LoadBalancer", "Subnets", Never},
		"the node type of one cache":       {"AWS::ElastiCache::CacheCluster", "CacheNodeType", Always},
		"the node type of a group of them": {"AWS::ElastiCache::ReplicationGroup", "CacheNodeType", Never},
		"the version of a cluster":         {"AWS::EKS::Cluster", "Version", Never},
		"anything of a task definition":    {"AWS::ECS::TaskDefinition", "Cpu", Always},
		"but its tags":                     {"AWS::ECS::TaskDefinition", "Tags", Never},
		"what depends on its value":        {"AWS::EC2::Instance", "InstanceType", Conditionally},
		"a property of an unknown type":    {"Custom::Thing", "Name", Never},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Lookup(tt.kind).Recreation(tt.property); got != tt.want {
				t.Errorf("%s of %s: %s, want %s", tt.property, tt.kind, got, tt.want)
			}
		})
	}
}

func TestValuesLookLikeThoseOfAWS(t *testing.T) {
	in := func(properties map[string]any) Instance {
		i := instance(1)
		i.Properties = properties
		return i
	}
	tests := map[string]struct {
		kind, attribute string
		in              Instance
		want            string // a regular expression
	}{
		"a load balancer":                {"AWS::ElasticLoadBalancingV2::LoadBalancer", "", in(map[string]any{"Name": "web"}), `arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/[0-9a-f]{16}`},
		"its address":                    {"AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName", in(map[string]any{"Name": "web"}), `web-\d{10}\.us-east-1\.elb\.amazonaws\.com`},
		"a bucket with a generated name": {"AWS::S3::Bucket", "", in(nil), `automation-8527fec8-resource-[0-9a-z]{12}`},
		"the ARN of a bucket":            {"AWS::S3::Bucket", "Arn", Instance{Physical: "b", Partition: "aws"}, `arn:aws:s3:::b`},
		"a node group":                   {"AWS::EKS::Nodegroup", "", in(map[string]any{"ClusterName": "kre", "NodegroupName": "n"}), `kre/n`},
		"a subnet":                       {"AWS::EC2::Subnet", "", in(nil), `subnet-[0-9a-f]{17}`},
		"an address":                     {"AWS::EC2::EIP", "", in(nil), `198\.51\.100\.[1-9]\d{0,2}`},
		"a version":                      {"AWS::EC2::LaunchTemplate", "LatestVersionNumber", Instance{Version: 3}, `3`},
		"an attribute of a custom type":  {"Custom::Thing", "Answer", Instance{Physical: "x"}, `x\.Answer`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			kind := Lookup(tt.kind)
			got := kind.ID(tt.in)
			if tt.attribute != "" {
				got = kind.Attribute(tt.attribute, tt.in)
			}
			if !regexp.MustCompile("^" + tt.want + "$").MatchString(got) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestLookupLeavesTheTableAlone(t *testing.T) {
	before := Lookup("AWS::ECS::Cluster")
	Lookup("AWS::ECS::Cluster").Replaces[0] = "changed"
	if d := cmp.Diff(before, Lookup("AWS::ECS::Cluster")); d != "" {
		t.Errorf("the table (-before +after):\n%s", d)
	}
}

func TestNestedStacksHaveAnyOutput(t *testing.T) {
	if kind := Lookup(Nested); !kind.Supports("Outputs.Anything") || kind.Supports("Arn") {
		t.Error("a nested stack supports the wrong attributes")
	}
}
