package catalog

import "time"

const iamARN = "arn:{partition}:iam::{account}:"

// access are the types of IAM. Their names are unique in the account.
var access = []Type{
	{
		Name: "AWS::IAM::Role", NameProperty: "RoleName", NameMax: 64,
		Attributes: map[string]string{"Arn": iamARN + "role/{ref}", "RoleId": "AROA{hex17}"}, Replaces: []string{"Path"},
		Create: 15 * time.Second, Delete: 2 * time.Second,
	},
	{Name: "AWS::IAM::Policy", Undriftable: true, Untagged: true, Attributes: map[string]string{"Id": "{ref}"}, Create: 15 * time.Second},
	{Name: "AWS::IAM::RolePolicy", Untagged: true, Ref: "{=PolicyName}|{=RoleName}", Replaces: []string{"PolicyName", "RoleName"}, Create: 15 * time.Second},
	{
		Name: "AWS::IAM::ManagedPolicy", NameProperty: "ManagedPolicyName", NameMax: 128, Ref: iamARN + "policy/{name}", Untagged: true,
		Attributes: map[string]string{"PolicyArn": "{ref}", "PolicyId": "ANPA{hex17}"}, Replaces: []string{"Description", "Path"},
		Create: 15 * time.Second,
	},
	{
		Name: "AWS::IAM::InstanceProfile", NameProperty: "InstanceProfileName", NameMax: 128, Untagged: true,
		Attributes: map[string]string{"Arn": iamARN + "instance-profile/{ref}"}, Replaces: []string{"Path"},
		Create: 2 * time.Minute, Delete: 2 * time.Second,
	},
	{
		Name: "AWS::IAM::User", NameProperty: "UserName", NameMax: 64,
		Attributes: map[string]string{"Arn": iamARN + "user/{ref}"},
		Create:     20 * time.Second,
	},
	{
		Name: "AWS::IAM::Group", NameProperty: "GroupName", NameMax: 128, Untagged: true,
		Attributes: map[string]string{"Arn": iamARN + "group/{ref}"},
		Create:     20 * time.Second,
	},
	{
		Name: "AWS::IAM::AccessKey", Ref: "AKIA{hex16}", Untagged: true, Undriftable: true,
		Attributes: map[string]string{"SecretAccessKey": "{id40}"}, Replaces: []string{"Serial", "UserName"},
		Create: 2 * time.Second,
	},
	{
		Name: "AWS::IAM::OIDCProvider", Ref: iamARN + "oidc-provider/{hex16}",
		Attributes: map[string]string{"Arn": "{ref}"}, Replaces: []string{"Url"},
		Create: 5 * time.Second,
	},
	{Name: "AWS::IAM::ServiceLinkedRole", Ref: "AWSServiceRole-{id8}", Untagged: true, Replaces: []string{"AWSServiceName", "CustomSuffix"}, Create: 15 * time.Second},
	{
		Name: "AWS::SES::EmailIdentity", Ref: "{=EmailIdentity}", NameProperty: "EmailIdentity",
		Attributes: map[string]string{
			"DkimDNSTokenName1": "{id32}a._domainkey.{=EmailIdentity}", "DkimDNSTokenValue1": "{id32}a.dkim.amazonses.com",
			"DkimDNSTokenName2": "{id32}b._domainkey.{=EmailIdentity}", "DkimDNSTokenValue2": "{id32}b.dkim.amazonses.com",
			"DkimDNSTokenName3": "{id32}c._domainkey.{=EmailIdentity}", "DkimDNSTokenValue3": "{id32}c.dkim.amazonses.com",
		},
		Create: 5 * time.Second,
	},
}
