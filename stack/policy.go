package stack

import (
	"fmt"
	"slices"
)

// DefaultStateful are the types of resources whose replacement or deletion needs
// consent where a Stack names none: what they hold is in no template. That is
// data (caches, buckets, tables, file systems, queues, images, keys, secrets, logs),
// what other programs have put or registered there (clusters, namespaces), a hosted
// zone, since a new one has other name servers, and nested stacks, since what goes
// with one is in no change set.
func DefaultStateful() []string {
	return []string{
		"AWS::Backup::BackupVault",
		"AWS::CloudFormation::Stack",
		"AWS::Cognito::UserPool",
		"AWS::DocDB::DBCluster",
		"AWS::DynamoDB::GlobalTable",
		"AWS::DynamoDB::Table",
		"AWS::EC2::Volume",
		"AWS::ECR::Repository",
		"AWS::ECS::Cluster",
		"AWS::EFS::FileSystem",
		"AWS::EKS::Cluster",
		"AWS::ElastiCache::CacheCluster",
		"AWS::ElastiCache::ReplicationGroup",
		"AWS::ElastiCache::ServerlessCache",
		"AWS::Elasticsearch::Domain",
		"AWS::FSx::FileSystem",
		"AWS::KMS::Key",
		"AWS::Kinesis::Stream",
		"AWS::Logs::LogGroup",
		"AWS::MSK::Cluster",
		"AWS::MemoryDB::Cluster",
		"AWS::Neptune::DBCluster",
		"AWS::OpenSearchService::Domain",
		"AWS::RDS::DBCluster",
		"AWS::RDS::DBInstance",
		"AWS::Route53::HostedZone",
		"AWS::S3::Bucket",
		"AWS::SQS::Queue",
		"AWS::SecretsManager::Secret",
		"AWS::ServiceDiscovery::HttpNamespace",
		"AWS::ServiceDiscovery::PrivateDnsNamespace",
		"AWS::ServiceDiscovery::PublicDnsNamespace",
	}
}

// Refusal is a change that needs consent and has none.
type Refusal struct {
	LogicalID string       `json:"logicalID"` // "Nested/LogicalID" in a nested stack
	Type      string       `json:"type"`
	Action    ChangeAction `json:"action"`
}

// String is "Cache (AWS::ElastiCache::ReplicationGroup) would be replaced".
func (r Refusal) String() string {
	does := map[ChangeAction]string{Replace: "would be replaced", MayReplace: "may be replaced", Delete: "would be deleted"}
	return fmt.Sprintf("%s (%s) %s", r.LogicalID, r.Type, does[r.Action])
}

// judge returns the changes that need consent and have none, and the consents that
// nothing needs. A replacement that only may happen counts as one. A resource
// that leaves the stack and stays in the account needs none; one that is replaced
// does, wherever the old one stays, since what uses it gets a new and empty one.
func judge(changes []Change, consent []string) (refused []Refusal, unneeded []string) {
	needed := make(map[string]bool)
	for _, c := range changes {
		harm := c.Action == Replace || c.Action == MayReplace || c.Action == Delete && c.Old != FateRetained
		if !c.Stateful || !harm {
			continue
		}
		needed[c.LogicalID] = true
		if !slices.Contains(consent, c.LogicalID) {
			refused = append(refused, Refusal{LogicalID: c.LogicalID, Type: c.Type, Action: c.Action})
		}
	}
	for _, id := range consent {
		if !needed[id] {
			unneeded = append(unneeded, id)
		}
	}
	slices.Sort(unneeded)
	return refused, slices.Compact(unneeded)
}
