package inventory

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	stacktypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

func readStacks(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "cloudformation:DescribeStacks", p.Stacks.DescribeStacks, &cloudformation.DescribeStacksInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, s := range out.Stacks {
			name := ptr.Value(s.StackName)
			t := p.thing("CloudFormationStack", name, name, map[string]string{"Name": name, "Status": string(s.StackStatus)})
			t.ARN, t.Keys = ptr.Value(s.StackId), []string{ptr.Value(s.StackId)}
			t.Tags = tags(s.Tags, func(t stacktypes.Tag) (*string, *string) { return t.Key, t.Value })
			t.Moot = s.StackStatus == stacktypes.StackStatusDeleteComplete
			if s.ParentId != nil {
				t.Within = []whose.Part{{Kind: "stack", Key: *s.ParentId}}
			}
			if ptr.Value(s.Description) == conformance {
				t.Held = "AWS Config keeps it"
			}
			if s.EnableTerminationProtection != nil && *s.EnableTerminationProtection {
				t.Why = []string{protected}
			}
			things = append(things, t)
		}
		return out.NextToken, nil
	})
	return things, err
}

// conformance is the description by which aws-nuke knows the stacks of AWS Config.
const conformance = "DO NOT MODIFY THIS STACK! This stack is managed by Config Conformance Packs."

func readTopics(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "sns:ListTopics", p.Topics.ListTopics, &sns.ListTopicsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, topic := range out.Topics {
			arn := ptr.Value(topic.TopicArn)
			t := p.thing("SNSTopic", "TopicARN: "+arn, lastOf(arn), map[string]string{"TopicARN": arn})
			t.ARN = arn
			t.Ask = func(ctx context.Context) (map[string]string, error) {
				out, err := call(ctx, p, "sns:ListTagsForResource", p.Topics.ListTagsForResource, &sns.ListTagsForResourceInput{ResourceArn: &arn})
				if err != nil {
					return nil, err
				}
				return tags(out.Tags, func(t snstypes.Tag) (*string, *string) { return t.Key, t.Value }), nil
			}
			things = append(things, t)
		}
		return out.NextToken, nil
	})
	return things, err
}

// readBuckets reads the buckets of one region. S3 lists those of all regions where it
// does not know the filter.
func readBuckets(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var buckets []s3types.Bucket
	err := pages(func(token *string) (*string, error) {
		in := &s3.ListBucketsInput{BucketRegion: &p.name, MaxBuckets: new(int32(1000)), ContinuationToken: token}
		out, err := call(ctx, p, "s3:ListAllMyBuckets", p.Buckets.ListBuckets, in)
		if err != nil {
			return nil, err
		}
		buckets = append(buckets, out.Buckets...)
		return out.ContinuationToken, nil
	})
	if err != nil {
		return nil, err
	}
	var things gathered
	err = each(ctx, buckets, func(ctx context.Context, b s3types.Bucket) error {
		region, err := regionOf(ctx, p, b)
		if err != nil || region != p.name {
			return gone(err)
		}
		name := ptr.Value(b.Name)
		t := p.thing("S3Bucket", "s3://"+name, name, map[string]string{"Name": name})
		t.ARN, t.Ask = "arn:"+partition(p.name)+":s3:::"+name, bucketTags(p, name)
		things.add(t)
		return nil
	})
	return things.list, err
}

// regionOf is where a bucket is, which older lists do not tell.
func regionOf(ctx context.Context, p *place, b s3types.Bucket) (string, error) {
	if region := ptr.Value(b.BucketRegion); region != "" {
		return region, nil
	}
	out, err := call(ctx, p, "s3:GetBucketLocation", p.Buckets.GetBucketLocation, &s3.GetBucketLocationInput{Bucket: b.Name})
	if err != nil {
		return "", err
	}
	region := cmp.Or(string(out.LocationConstraint), "us-east-1") // source: S3 API reference, GetBucketLocation
	if region == "EU" {
		region = "eu-west-1"
	}
	return region, nil
}

func bucketTags(p *place, name string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := call(ctx, p, "s3:GetBucketTagging", p.Buckets.GetBucketTagging, &s3.GetBucketTaggingInput{Bucket: &name})
		if awserr.Is(err, "NoSuchTagSet") {
			return map[string]string{}, nil
		}
		if err != nil {
			return nil, err
		}
		return tags(out.TagSet, func(t s3types.Tag) (*string, *string) { return t.Key, t.Value }), nil
	}
}

func readSecurityGroups(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "ec2:DescribeSecurityGroups", p.Network.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{NextToken: token, MaxResults: new(int32(1000))})
		if err != nil {
			return nil, err
		}
		for _, g := range out.SecurityGroups {
			id, name, owner := ptr.Value(g.GroupId), ptr.Value(g.GroupName), ptr.Value(g.OwnerId)
			t := p.thing("EC2SecurityGroup", id, name, map[string]string{"ID": id, "Name": name, "OwnerID": owner})
			t.ARN = "arn:" + partition(p.name) + ":ec2:" + p.name + ":" + owner + ":security-group/" + id
			t.Tags = tags(g.Tags, func(t ec2types.Tag) (*string, *string) { return t.Key, t.Value })
			switch {
			case name == "default":
				t.Held = "a network needs its default group"
			case owner != p.opts.Account:
				t.Held = "account " + owner + " owns it"
			}
			things = append(things, t)
		}
		return out.NextToken, nil
	})
	return things, err
}
