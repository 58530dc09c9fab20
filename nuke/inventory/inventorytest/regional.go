package inventorytest

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	stacktypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	cachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	maptypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

// caches answers for ElastiCache.
type caches struct{ *Region }

// DescribeCacheClusters tells what its name says.
func (c caches) DescribeCacheClusters(_ context.Context, in *elasticache.DescribeCacheClustersInput, _ ...func(*elasticache.Options)) (*elasticache.DescribeCacheClustersOutput, error) {
	if err := c.called("elasticache:DescribeCacheClusters"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.CacheClusters, in.Marker)
	return &elasticache.DescribeCacheClustersOutput{CacheClusters: part, Marker: next}, err
}

// DescribeReplicationGroups tells what its name says.
func (c caches) DescribeReplicationGroups(_ context.Context, in *elasticache.DescribeReplicationGroupsInput, _ ...func(*elasticache.Options)) (*elasticache.DescribeReplicationGroupsOutput, error) {
	if err := c.called("elasticache:DescribeReplicationGroups"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.ReplicationGroups, in.Marker)
	return &elasticache.DescribeReplicationGroupsOutput{ReplicationGroups: part, Marker: next}, err
}

// DescribeCacheSubnetGroups tells the subnet groups.
func (c caches) DescribeCacheSubnetGroups(_ context.Context, in *elasticache.DescribeCacheSubnetGroupsInput, _ ...func(*elasticache.Options)) (*elasticache.DescribeCacheSubnetGroupsOutput, error) {
	if err := c.called("elasticache:DescribeCacheSubnetGroups"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.SubnetGroups, in.Marker)
	return &elasticache.DescribeCacheSubnetGroupsOutput{CacheSubnetGroups: part, Marker: next}, err
}

// DescribeServerlessCaches tells the serverless caches.
func (c caches) DescribeServerlessCaches(_ context.Context, in *elasticache.DescribeServerlessCachesInput, _ ...func(*elasticache.Options)) (*elasticache.DescribeServerlessCachesOutput, error) {
	if err := c.called("elasticache:DescribeServerlessCaches"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.ServerlessCaches, in.NextToken)
	return &elasticache.DescribeServerlessCachesOutput{ServerlessCaches: part, NextToken: next}, err
}

// ListTagsForResource tells the tags of a cache or a group.
func (c caches) ListTagsForResource(_ context.Context, in *elasticache.ListTagsForResourceInput, _ ...func(*elasticache.Options)) (*elasticache.ListTagsForResourceOutput, error) {
	if err := c.called("elasticache:ListTagsForResource"); err != nil {
		return nil, err
	}
	tags := pairs(c.Tags[*in.ResourceName], func(k, v *string) cachetypes.Tag { return cachetypes.Tag{Key: k, Value: v} })
	return &elasticache.ListTagsForResourceOutput{TagList: tags}, nil
}

// cloudMap answers for Cloud Map.
type cloudMap struct{ *Region }

// ListNamespaces tells the namespaces.
func (c cloudMap) ListNamespaces(_ context.Context, in *servicediscovery.ListNamespacesInput, _ ...func(*servicediscovery.Options)) (*servicediscovery.ListNamespacesOutput, error) {
	if err := c.called("servicediscovery:ListNamespaces"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.Namespaces, in.NextToken)
	return &servicediscovery.ListNamespacesOutput{Namespaces: part, NextToken: next}, err
}

// ListServices tells the services of the namespace that the filter names.
func (c cloudMap) ListServices(_ context.Context, in *servicediscovery.ListServicesInput, _ ...func(*servicediscovery.Options)) (*servicediscovery.ListServicesOutput, error) {
	if err := c.called("servicediscovery:ListServices"); err != nil {
		return nil, err
	}
	if len(in.Filters) != 1 || in.Filters[0].Name != maptypes.ServiceFilterNameNamespaceId {
		return nil, missing("a filter by namespace")
	}
	part, next, err := page(c.account, c.MapServices[in.Filters[0].Values[0]], in.NextToken)
	return &servicediscovery.ListServicesOutput{Services: part, NextToken: next}, err
}

// ListInstances tells the instances of a service.
func (c cloudMap) ListInstances(_ context.Context, in *servicediscovery.ListInstancesInput, _ ...func(*servicediscovery.Options)) (*servicediscovery.ListInstancesOutput, error) {
	if err := c.called("servicediscovery:ListInstances"); err != nil {
		return nil, err
	}
	part, next, err := page(c.account, c.MapInstances[*in.ServiceId], in.NextToken)
	out := &servicediscovery.ListInstancesOutput{NextToken: next}
	for _, id := range part {
		out.Instances = append(out.Instances, maptypes.InstanceSummary{Id: &id})
	}
	return out, err
}

// ListTagsForResource tells the tags of a namespace or a service.
func (c cloudMap) ListTagsForResource(_ context.Context, in *servicediscovery.ListTagsForResourceInput, _ ...func(*servicediscovery.Options)) (*servicediscovery.ListTagsForResourceOutput, error) {
	if err := c.called("servicediscovery:ListTagsForResource"); err != nil {
		return nil, err
	}
	tags := pairs(c.Tags[*in.ResourceARN], func(k, v *string) maptypes.Tag { return maptypes.Tag{Key: k, Value: v} })
	return &servicediscovery.ListTagsForResourceOutput{Tags: tags}, nil
}

// watch answers for CloudWatch.
type watch struct{ *Region }

// DescribeAlarms tells alarms: of metrics, and after the last of them the composite ones.
func (w watch) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	if err := w.called("cloudwatch:DescribeAlarms"); err != nil {
		return nil, err
	}
	part, next, err := page(w.account, w.Alarms, in.NextToken)
	out := &cloudwatch.DescribeAlarmsOutput{MetricAlarms: part, NextToken: next}
	if next == nil {
		out.CompositeAlarms = w.CompositeAlarms
	}
	return out, err
}

// ListDashboards tells the dashboards.
func (w watch) ListDashboards(_ context.Context, in *cloudwatch.ListDashboardsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.ListDashboardsOutput, error) {
	if err := w.called("cloudwatch:ListDashboards"); err != nil {
		return nil, err
	}
	part, next, err := page(w.account, w.Dashboards, in.NextToken)
	out := &cloudwatch.ListDashboardsOutput{NextToken: next}
	for _, name := range part {
		out.DashboardEntries = append(out.DashboardEntries, watchtypes.DashboardEntry{DashboardName: &name})
	}
	return out, err
}

// ListTagsForResource tells the tags of an alarm.
func (w watch) ListTagsForResource(_ context.Context, in *cloudwatch.ListTagsForResourceInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error) {
	if err := w.called("cloudwatch:ListTagsForResource"); err != nil {
		return nil, err
	}
	tags := pairs(w.Tags[*in.ResourceARN], func(k, v *string) watchtypes.Tag { return watchtypes.Tag{Key: k, Value: v} })
	return &cloudwatch.ListTagsForResourceOutput{Tags: tags}, nil
}

// logs answers for CloudWatch Logs.
type logs struct{ *Region }

// DescribeLogGroups tells the log groups.
func (l logs) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if err := l.called("logs:DescribeLogGroups"); err != nil {
		return nil, err
	}
	part, next, err := page(l.account, l.LogGroups, in.NextToken)
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: part, NextToken: next}, err
}

// DescribeMetricFilters tells the metric filters of all log groups.
func (l logs) DescribeMetricFilters(_ context.Context, in *cloudwatchlogs.DescribeMetricFiltersInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeMetricFiltersOutput, error) {
	if err := l.called("logs:DescribeMetricFilters"); err != nil {
		return nil, err
	}
	part, next, err := page(l.account, l.MetricFilters, in.NextToken)
	return &cloudwatchlogs.DescribeMetricFiltersOutput{MetricFilters: part, NextToken: next}, err
}

// ListTagsForResource tells the tags of a log group, whose ARN has no colon behind it.
func (l logs) ListTagsForResource(_ context.Context, in *cloudwatchlogs.ListTagsForResourceInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: l.Tags[*in.ResourceArn]}, l.called("logs:ListTagsForResource")
}

// stacks answers for CloudFormation.
type stacks struct{ *Region }

// DescribeStacks tells the stacks with their tags.
func (s stacks) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	if err := s.called("cloudformation:DescribeStacks"); err != nil {
		return nil, err
	}
	part, next, err := page(s.account, s.Stacks, in.NextToken)
	out := &cloudformation.DescribeStacksOutput{NextToken: next}
	for _, stack := range part {
		stack.Tags = pairs(s.Tags[*stack.StackId], func(k, v *string) stacktypes.Tag { return stacktypes.Tag{Key: k, Value: v} })
		out.Stacks = append(out.Stacks, stack)
	}
	return out, err
}

// topics answers for SNS.
type topics struct{ *Region }

// ListTopics tells the topics.
func (t topics) ListTopics(_ context.Context, in *sns.ListTopicsInput, _ ...func(*sns.Options)) (*sns.ListTopicsOutput, error) {
	if err := t.called("sns:ListTopics"); err != nil {
		return nil, err
	}
	part, next, err := page(t.account, t.Topics, in.NextToken)
	out := &sns.ListTopicsOutput{NextToken: next}
	for _, arn := range part {
		out.Topics = append(out.Topics, snstypes.Topic{TopicArn: &arn})
	}
	return out, err
}

// ListTagsForResource tells the tags of a topic.
func (t topics) ListTagsForResource(_ context.Context, in *sns.ListTagsForResourceInput, _ ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error) {
	if err := t.called("sns:ListTagsForResource"); err != nil {
		return nil, err
	}
	tags := pairs(t.Tags[*in.ResourceArn], func(k, v *string) snstypes.Tag { return snstypes.Tag{Key: k, Value: v} })
	return &sns.ListTagsForResourceOutput{Tags: tags}, nil
}

// buckets answers for S3.
type buckets struct{ *Region }

// ListBuckets tells the buckets of the region.
func (b buckets) ListBuckets(_ context.Context, in *s3.ListBucketsInput, _ ...func(*s3.Options)) (*s3.ListBucketsOutput, error) {
	if err := b.called("s3:ListAllMyBuckets"); err != nil {
		return nil, err
	}
	part, next, err := page(b.account, b.Buckets, in.ContinuationToken)
	return &s3.ListBucketsOutput{Buckets: part, ContinuationToken: next}, err
}

// GetBucketLocation tells the region, which is "" for the first that there was.
func (b buckets) GetBucketLocation(context.Context, *s3.GetBucketLocationInput, ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error) {
	out := &s3.GetBucketLocationOutput{}
	if b.Name != "us-east-1" {
		out.LocationConstraint = s3types.BucketLocationConstraint(b.Name)
	}
	return out, b.called("s3:GetBucketLocation")
}

// GetBucketTagging tells the tags of a bucket; that it has none is an error.
func (b buckets) GetBucketTagging(_ context.Context, in *s3.GetBucketTaggingInput, _ ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error) {
	if err := b.called("s3:GetBucketTagging"); err != nil {
		return nil, err
	}
	tags := pairs(b.Tags["arn:aws:s3:::"+*in.Bucket], func(k, v *string) s3types.Tag { return s3types.Tag{Key: k, Value: v} })
	if len(tags) == 0 {
		return nil, &smithy.GenericAPIError{Code: "NoSuchTagSet", Message: "The TagSet does not exist"}
	}
	return &s3.GetBucketTaggingOutput{TagSet: tags}, nil
}

// network answers for EC2.
type network struct{ *Region }

// DescribeSecurityGroups tells the security groups with their tags.
func (n network) DescribeSecurityGroups(_ context.Context, in *ec2.DescribeSecurityGroupsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	if err := n.called("ec2:DescribeSecurityGroups"); err != nil {
		return nil, err
	}
	part, next, err := page(n.account, n.SecurityGroups, in.NextToken)
	out := &ec2.DescribeSecurityGroupsOutput{NextToken: next}
	for _, group := range part {
		group.Tags = pairs(n.Tags[n.ARN("ec2", "security-group/"+*group.GroupId)], func(k, v *string) ec2types.Tag { return ec2types.Tag{Key: k, Value: v} })
		out.SecurityGroups = append(out.SecurityGroups, group)
	}
	return out, err
}

// index answers for the index of tags.
type index struct{ *Region }

// GetResources tells all tags of the region, but those of what is not indexed.
func (i index) GetResources(_ context.Context, in *resourcegroupstaggingapi.GetResourcesInput, _ ...func(*resourcegroupstaggingapi.Options)) (*resourcegroupstaggingapi.GetResourcesOutput, error) {
	if err := i.called("tag:GetResources"); err != nil {
		return nil, err
	}
	var arns []string
	for _, arn := range slices.Sorted(maps.Keys(i.Tags)) {
		if !i.Unindexed[arn] {
			arns = append(arns, arn)
		}
	}
	part, next, err := page(i.account, arns, in.PaginationToken)
	out := &resourcegroupstaggingapi.GetResourcesOutput{PaginationToken: new("")}
	if next != nil {
		out.PaginationToken = next
	}
	for _, arn := range part {
		tags := pairs(i.Tags[arn], func(k, v *string) tagtypes.Tag { return tagtypes.Tag{Key: k, Value: v} })
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, tagtypes.ResourceTagMapping{ResourceARN: &arn, Tags: tags})
	}
	return out, err
}
