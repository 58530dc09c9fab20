package inventorytest

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// global answers what has no region.
type global struct{ *Account }

func (g global) asked(action string) error { return g.called("global", action) }

// GetCallerIdentity tells the account.
func (g global) GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{Account: &g.ID}, g.asked("sts:GetCallerIdentity")
}

// ListAccountAliases tells the alias, where there is one.
func (g global) ListAccountAliases(context.Context, *iam.ListAccountAliasesInput, ...func(*iam.Options)) (*iam.ListAccountAliasesOutput, error) {
	out := &iam.ListAccountAliasesOutput{}
	if g.Alias != "" {
		out.AccountAliases = []string{g.Alias}
	}
	return out, g.asked("iam:ListAccountAliases")
}

// GetAccountAuthorizationDetails tells roles and, after the last of them, policies.
func (g global) GetAccountAuthorizationDetails(_ context.Context, in *iam.GetAccountAuthorizationDetailsInput, _ ...func(*iam.Options)) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	if err := g.asked("iam:GetAccountAuthorizationDetails"); err != nil {
		return nil, err
	}
	roles, next, err := page(g.Account, g.Roles, in.Marker)
	out := &iam.GetAccountAuthorizationDetailsOutput{RoleDetailList: roles, Marker: next, IsTruncated: next != nil}
	if next == nil {
		out.Policies = g.Policies
	}
	return out, err
}

func (g global) iamTags(arn string) []iamtypes.Tag {
	return pairs(g.Tags[arn], func(k, v *string) iamtypes.Tag { return iamtypes.Tag{Key: k, Value: v} })
}

// ListPolicyTags tells the tags of a policy.
func (g global) ListPolicyTags(_ context.Context, in *iam.ListPolicyTagsInput, _ ...func(*iam.Options)) (*iam.ListPolicyTagsOutput, error) {
	if err := g.asked("iam:ListPolicyTags"); err != nil {
		return nil, err
	}
	part, next, err := page(g.Account, g.iamTags(*in.PolicyArn), in.Marker)
	return &iam.ListPolicyTagsOutput{Tags: part, Marker: next, IsTruncated: next != nil}, err
}

// ListInstanceProfiles tells the instance profiles, without their tags.
func (g global) ListInstanceProfiles(_ context.Context, in *iam.ListInstanceProfilesInput, _ ...func(*iam.Options)) (*iam.ListInstanceProfilesOutput, error) {
	if err := g.asked("iam:ListInstanceProfiles"); err != nil {
		return nil, err
	}
	part, next, err := page(g.Account, g.Profiles, in.Marker)
	return &iam.ListInstanceProfilesOutput{InstanceProfiles: part, Marker: next, IsTruncated: next != nil}, err
}

// GetInstanceProfile tells an instance profile with its tags.
func (g global) GetInstanceProfile(_ context.Context, in *iam.GetInstanceProfileInput, _ ...func(*iam.Options)) (*iam.GetInstanceProfileOutput, error) {
	if err := g.asked("iam:GetInstanceProfile"); err != nil {
		return nil, err
	}
	for _, profile := range g.Profiles {
		if *profile.InstanceProfileName == *in.InstanceProfileName {
			profile.Tags = g.iamTags(*profile.Arn)
			return &iam.GetInstanceProfileOutput{InstanceProfile: &profile}, nil
		}
	}
	return nil, missing(*in.InstanceProfileName)
}

// ListHostedZones tells the zones.
func (g global) ListHostedZones(_ context.Context, in *route53.ListHostedZonesInput, _ ...func(*route53.Options)) (*route53.ListHostedZonesOutput, error) {
	if err := g.asked("route53:ListHostedZones"); err != nil {
		return nil, err
	}
	part, next, err := page(g.Account, g.Zones, in.Marker)
	return &route53.ListHostedZonesOutput{HostedZones: part, NextMarker: next, IsTruncated: next != nil}, err
}

// ListResourceRecordSets tells the records of a zone. The next page begins with a name
// and a type, as at Route 53.
func (g global) ListResourceRecordSets(_ context.Context, in *route53.ListResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	if err := g.asked("route53:ListResourceRecordSets"); err != nil {
		return nil, err
	}
	records := g.Records[*in.HostedZoneId]
	if in.StartRecordName != nil {
		start := slices.IndexFunc(records, func(r dnstypes.ResourceRecordSet) bool {
			return *r.Name == *in.StartRecordName && r.Type == in.StartRecordType && (in.StartRecordIdentifier == nil || r.SetIdentifier != nil && *r.SetIdentifier == *in.StartRecordIdentifier)
		})
		if start < 0 {
			return nil, missing(*in.StartRecordName)
		}
		records = records[start:]
	}
	part, next, err := page(g.Account, records, nil)
	out := &route53.ListResourceRecordSetsOutput{ResourceRecordSets: part, IsTruncated: next != nil}
	if next != nil {
		first := records[len(part)]
		out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = first.Name, first.Type, first.SetIdentifier
	}
	return out, err
}

// ListTagsForResources tells the tags of zones.
func (g global) ListTagsForResources(_ context.Context, in *route53.ListTagsForResourcesInput, _ ...func(*route53.Options)) (*route53.ListTagsForResourcesOutput, error) {
	if err := g.asked("route53:ListTagsForResources"); err != nil {
		return nil, err
	}
	out := &route53.ListTagsForResourcesOutput{}
	for _, id := range in.ResourceIds {
		if strings.HasPrefix(id, "/") {
			return nil, missing(id)
		}
		tags := pairs(g.Tags[id], func(k, v *string) dnstypes.Tag { return dnstypes.Tag{Key: k, Value: v} })
		out.ResourceTagSets = append(out.ResourceTagSets, dnstypes.ResourceTagSet{ResourceId: &id, Tags: tags})
	}
	return out, nil
}
