package nuke

import (
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/nuke/internal/awsnuke"
)

// TagKey is the key of the tag that names the environment of a resource.
const TagKey = "Environment"

// Type is one resource type of aws-nuke that an environment may consist of.
type Type struct {
	// Name is the canonical one of v3: "ECSCluster".
	Name string
	// ID is the form of [Resource.ID], where <x> stands for an x of the resource.
	ID string
	// Global is whether its region is [Global].
	Global bool
	// Properties are those that v3 reads; "tag:" stands for all tags. It is nil for
	// a type that has none, which a filter by property would delete whole.
	Properties []string
	// Tag is the property that holds the resource's own tag [TagKey], or that of
	// the role it is part of; "" where aws-nuke v3 cannot read one.
	Tag string
	// Narrow are properties that tell resources of one ID apart.
	Narrow []string

	stand2 string // the property that stands for the id in v2, which prints none
}

// Types returns what a configuration may delete, sorted by name.
//
// Source: the String and Properties methods in the resources folder of
// ekristen/aws-nuke v3.64.3 and rebuy-de/aws-nuke v2.25.0. Listeners and metric
// filters have no type: they go with their load balancer and their log group.
func Types() []Type {
	own, role := "tag:"+TagKey, "tag:role:"+TagKey
	types := []Type{
		{Name: "CloudFormationStack", ID: "<name>", Tag: own},
		{Name: "CloudWatchAlarm", ID: "<name>", Tag: own},
		{Name: "CloudWatchDashboard", ID: "<name>"},
		{Name: "CloudWatchLogsLogGroup", ID: "<name>", Tag: own},
		{Name: "EC2SecurityGroup", ID: "<sg- id>", Tag: own},
		{Name: "ECSCluster", ID: "<ARN>", Tag: own},
		{Name: "ECSClusterInstance", ID: "<instance ARN> -> <cluster ARN>"},
		{Name: "ECSService", ID: "<service ARN> -> <cluster ARN>", Tag: own},
		{Name: "ECSTask", ID: "<ARN>", Tag: own, stand2: "TaskARN"},
		{Name: "ECSTaskDefinition", ID: "<ARN with revision>"},
		{Name: "ELBv2", ID: "<name>", Tag: own},
		{Name: "ELBv2ListenerRule", ID: "<load balancer name> -> <rule ARN>", Tag: own},
		{Name: "ELBv2TargetGroup", ID: "<name>", Tag: own},
		{Name: "ElasticacheCacheCluster", ID: "<cluster id>", Tag: own},
		{Name: "ElasticacheReplicationGroup", ID: "<group id>"},
		{Name: "ElasticacheSubnetGroup", ID: "<name>", Tag: own},
		{Name: "IAMInstanceProfile", ID: "<name>", Global: true, Tag: own},
		{Name: "IAMInstanceProfileRole", ID: "<profile name> -> <role name>", Global: true, Tag: own},
		{Name: "IAMPolicy", ID: "<ARN>", Global: true, Tag: own},
		{Name: "IAMRole", ID: "<name>", Global: true, Tag: own},
		{Name: "IAMRolePolicy", ID: "<role name> -> <policy name>", Global: true, Tag: role},
		{Name: "IAMRolePolicyAttachment", ID: "<role name> -> <policy name>", Global: true, Tag: role, Narrow: []string{"PolicyArn"}},
		{Name: "Route53ResourceRecordSet", ID: "<name with final dot>", Global: true, Narrow: []string{"HostedZoneName", "Type"}},
		{Name: "S3Bucket", ID: "s3://<name>", Tag: own},
		{Name: "SNSTopic", ID: "TopicARN: <ARN>", Tag: own},
		{Name: "ServiceDiscoveryInstance", ID: "<instance id> -> <srv- id>"},
		{Name: "ServiceDiscoveryNamespace", ID: "<ns- id>", Tag: own},
		{Name: "ServiceDiscoveryService", ID: "<srv- id>"},
	}
	catalog, _ := awsnuke.Types(3)
	for i, t := range types {
		types[i].Properties = catalog[t.Name].Properties
	}
	return types
}

// Shared returns the types that are excluded from every configuration, sorted,
// by their names in v3. Environments share what they are: the network, clusters
// of EKS, images, hosted zones; objects in buckets of state.
func Shared() []string {
	return []string{
		"EC2InternetGateway", "EC2InternetGatewayAttachment", "EC2NATGateway", "EC2NetworkACL", "EC2RouteTable", "EC2Subnet", "EC2VPC", "EC2VPCEndpoint",
		"ECRPublicRepository", "ECRRepository", "EKSCluster", "EKSFargateProfile", "EKSNodegroup", "Route53HostedZone", "S3Object",
	}
}

// typesByName is Types as a map.
func typesByName() map[string]Type {
	types := make(map[string]Type)
	for _, t := range Types() {
		types[t.Name] = t
	}
	return types
}

// excludes returns Shared by the names of a major version, without what it does not know.
func excludes(major int) []string {
	today, _ := awsnuke.Types(3)
	catalog, _ := awsnuke.Types(major)
	var names []string
	for _, name := range Shared() {
		for _, spelling := range append([]string{name}, today[name].Old...) {
			if _, ok := catalog[spelling]; ok {
				names = append(names, spelling)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// tags returns the values of what is a tag TagKey of the resource itself, or of
// the role it is part of, however the key is spelled. A zone's tags are not its records'.
func (r Resource) tags() []string {
	var all []string
	for property, value := range r.Properties {
		key, ok := strings.CutPrefix(property, "tag:")
		key = strings.TrimPrefix(key, "role:")
		if ok && strings.EqualFold(key, TagKey) && value != "" {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
