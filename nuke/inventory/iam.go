package inventory

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// readIAM reads roles, what is attached to them, policies and instance profiles. One
// call tells a hundred roles with all that belongs to them.
func readIAM(ctx context.Context, p *place, api IAM) ([]*whose.Thing, error) {
	var things gathered
	err := pages(func(token *string) (*string, error) {
		in := &iam.GetAccountAuthorizationDetailsInput{Marker: token, Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole, iamtypes.EntityTypeLocalManagedPolicy}}
		out, err := call(ctx, p, "iam:GetAccountAuthorizationDetails", api.GetAccountAuthorizationDetails, in)
		if err != nil {
			return nil, err
		}
		for _, role := range out.RoleDetailList {
			things.add(roleOf(p, role)...)
		}
		for _, policy := range out.Policies {
			things.add(policyOf(p, policy))
		}
		return next(out.IsTruncated, out.Marker), nil
	})
	if err != nil {
		return things.list, err
	}
	err = each(ctx, things.list, func(ctx context.Context, t *whose.Thing) error {
		if t.Type != "IAMPolicy" {
			return nil
		}
		var err error
		t.Tags, err = policyTags(ctx, p, api, t.ARN)
		if isGone(err) {
			t.Moot, err = true, nil
		}
		return err
	})
	if err == nil {
		err = readProfiles(ctx, p, api, &things)
	}
	return things.list, err
}

// next is the marker of the next page of IAM, where there is one.
func next(truncated bool, marker *string) *string {
	if truncated {
		return marker
	}
	return nil
}

// roleOf is a role, its policies and what is attached to it.
func roleOf(p *place, role iamtypes.RoleDetail) []*whose.Thing {
	name, path := ptr.Value(role.RoleName), ptr.Value(role.Path)
	own := iamTags(role.Tags)
	t := p.thing("IAMRole", name, name, map[string]string{"Name": name, "Path": path})
	t.ARN, t.Keys, t.Tags = ptr.Value(role.Arn), []string{roleKey(name)}, own
	if strings.HasPrefix(path, "/aws-service-role/") || strings.HasPrefix(path, "/aws-reserved/sso.amazonaws.com/") {
		t.Held = "it belongs to AWS: to a service, or to single sign-on"
	}
	things := []*whose.Thing{t}
	within := whose.Part{Kind: "role", Key: roleKey(name)}
	for _, policy := range role.RolePolicyList {
		properties := map[string]string{"PolicyName": ptr.Value(policy.PolicyName), "role:RoleName": name, "role:RoleID": ptr.Value(role.RoleId), "role:Path": path}
		show(properties, own, "tag:role:")
		part := p.thing("IAMRolePolicy", name+" -> "+ptr.Value(policy.PolicyName), "", properties)
		part.Within, part.Tags, part.Held = []whose.Part{within}, map[string]string{}, t.Held
		things = append(things, part)
	}
	for _, policy := range role.AttachedManagedPolicies {
		arn, policyName := ptr.Value(policy.PolicyArn), ptr.Value(policy.PolicyName)
		properties := map[string]string{"RoleName": name, "RolePath": path, "PolicyName": policyName, "PolicyArn": arn}
		show(properties, own, "tag:role:")
		part := p.thing("IAMRolePolicyAttachment", name+" -> "+policyName, "", properties)
		part.Within, part.Tags, part.Held = []whose.Part{within, {Kind: "policy", Key: arn}}, map[string]string{}, t.Held
		things = append(things, part)
	}
	return things
}

// roleKey is how others mean a role: its name is unique in an account, whatever its path.
func roleKey(name string) string { return "role " + name }

func policyOf(p *place, policy iamtypes.ManagedPolicyDetail) *whose.Thing {
	arn, name := ptr.Value(policy.Arn), ptr.Value(policy.PolicyName)
	t := p.thing("IAMPolicy", arn, name, map[string]string{"ARN": arn, "Name": name, "PolicyID": ptr.Value(policy.PolicyId), "Path": ptr.Value(policy.Path)})
	t.ARN, t.Keys = arn, []string{arn}
	return t
}

func policyTags(ctx context.Context, p *place, api IAM, arn string) (map[string]string, error) {
	all := make(map[string]string)
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "iam:ListPolicyTags", api.ListPolicyTags, &iam.ListPolicyTagsInput{PolicyArn: &arn, Marker: token})
		if err != nil {
			return nil, err
		}
		maps.Copy(all, iamTags(out.Tags))
		return next(out.IsTruncated, out.Marker), nil
	})
	return all, err
}

// readProfiles reads instance profiles, and which role is in each.
func readProfiles(ctx context.Context, p *place, api IAM, things *gathered) error {
	var profiles []iamtypes.InstanceProfile
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "iam:ListInstanceProfiles", api.ListInstanceProfiles, &iam.ListInstanceProfilesInput{Marker: token})
		if err != nil {
			return nil, err
		}
		profiles = append(profiles, out.InstanceProfiles...)
		return next(out.IsTruncated, out.Marker), nil
	})
	if err != nil {
		return err
	}
	return each(ctx, profiles, func(ctx context.Context, profile iamtypes.InstanceProfile) error {
		name := ptr.Value(profile.InstanceProfileName)
		whole, err := call(ctx, p, "iam:GetInstanceProfile", api.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
		if err != nil {
			return gone(err)
		}
		own := iamTags(whole.InstanceProfile.Tags) // which the list does not have
		t := p.thing("IAMInstanceProfile", name, name, map[string]string{"Name": name, "Path": ptr.Value(profile.Path)})
		t.ARN, t.Keys, t.Tags = ptr.Value(profile.Arn), []string{"profile " + name}, own
		things.add(t)
		for _, role := range profile.Roles {
			id := name + " -> " + ptr.Value(role.RoleName)
			t := p.thing("IAMInstanceProfileRole", id, "", map[string]string{"InstanceProfile": name, "InstanceRole": ptr.Value(role.RoleName), "role:Path": ptr.Value(role.Path)})
			t.Tags, t.Within = own, []whose.Part{{Kind: "instance profile", Key: "profile " + name}, {Kind: "role", Key: roleKey(ptr.Value(role.RoleName))}}
			things.add(t)
		}
		return nil
	})
}

func iamTags(list []iamtypes.Tag) map[string]string {
	return tags(list, func(t iamtypes.Tag) (*string, *string) { return t.Key, t.Value })
}
