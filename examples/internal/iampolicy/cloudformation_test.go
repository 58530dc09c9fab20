package iampolicy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// roles are the policies of the role that CloudFormation acts as, and the templates of
// package infra that they are for.
var roles = map[string][]string{
	"cloudformation-network":       {"network"},
	"cloudformation-roles":         {"roles"},
	"cloudformation-roles-bounded": {"roles"}, // in its place
	"cloudformation-environment":   {"environment"},
	"cloudformation-watch":         {"environment"},
	"cloudformation-kre":           {"kre-cluster"},
	"cloudformation-kre-bucket":    {"kre-cluster"},
}

// handlers are the actions that CloudFormation's handler of a resource type calls, for the
// properties that the templates use. Source: the type's schema in the CloudFormation
// registry, "handlers" and "tagging"; for Route 53 and Cloud Map, which declare none, the
// permissions references of these services.
var handlers = map[string]string{
	"AWS::CloudWatch::Alarm":     "cloudwatch: DeleteAlarms DescribeAlarms PutMetricAlarm ListTagsForResource TagResource UntagResource",
	"AWS::CloudWatch::Dashboard": "cloudwatch: DeleteDashboards GetDashboard PutDashboard ListTagsForResource TagResource UntagResource",

	"AWS::EC2::EIP":             "ec2: AllocateAddress ReleaseAddress DescribeAddresses CreateTags DeleteTags DescribeTags",
	"AWS::EC2::FlowLog":         "ec2: CreateFlowLogs DeleteFlowLogs DescribeFlowLogs CreateTags DeleteTags iam: PassRole",
	"AWS::EC2::InternetGateway": "ec2: CreateInternetGateway DeleteInternetGateway DescribeInternetGateways CreateTags DeleteTags",
	"AWS::EC2::KeyPair":         "ec2: CreateKeyPair DeleteKeyPair DescribeKeyPairs CreateTags ssm: PutParameter DeleteParameter",
	"AWS::EC2::LaunchTemplate":  "ec2: CreateLaunchTemplate CreateLaunchTemplateVersion DeleteLaunchTemplate DescribeLaunchTemplates CreateTags DeleteTags",
	"AWS::EC2::NatGateway":      "ec2: CreateNatGateway DeleteNatGateway DescribeNatGateways CreateTags DeleteTags",
	"AWS::EC2::Route":           "ec2: CreateRoute DeleteRoute ReplaceRoute DescribeRouteTables DescribeNetworkInterfaces",
	"AWS::EC2::RouteTable":      "ec2: CreateRouteTable DeleteRouteTable DescribeRouteTables CreateTags DeleteTags",
	"AWS::EC2::SecurityGroup": "ec2: CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups DescribeInstances AuthorizeSecurityGroupIngress " +
		"RevokeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress UpdateSecurityGroupRuleDescriptionsIngress CreateTags DeleteTags",
	"AWS::EC2::SecurityGroupIngress":        "ec2: AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsIngress DescribeSecurityGroupRules DescribeSecurityGroups",
	"AWS::EC2::Subnet":                      "ec2: CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute DescribeNetworkAcls CreateTags DeleteTags",
	"AWS::EC2::SubnetRouteTableAssociation": "ec2: AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation DescribeRouteTables DescribeSubnets",
	"AWS::EC2::VPC":                         "ec2: CreateVpc DeleteVpc DescribeVpcs DescribeVpcAttribute ModifyVpcAttribute DescribeNetworkAcls DescribeSecurityGroups DescribeVpcEncryptionControls CreateTags DeleteTags",
	"AWS::EC2::VPCEndpoint":                 "ec2: CreateVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints ModifyVpcEndpoint DescribeSecurityGroups DescribeSubnets DescribeVpcs CreateTags DeleteTags",
	"AWS::EC2::VPCGatewayAttachment":        "ec2: AttachInternetGateway DetachInternetGateway DescribeInternetGateways DescribeVpnGateways",

	"AWS::ECS::Cluster": "ecs: CreateCluster DeleteCluster DescribeClusters ListTagsForResource PutClusterCapacityProviders TagResource UntagResource UpdateCluster UpdateClusterSettings iam: CreateServiceLinkedRole",
	"AWS::EKS::Cluster": "eks: CreateAccessEntry CreateCluster DeleteCluster DescribeCluster DescribeUpdate TagResource UntagResource UpdateClusterConfig UpdateClusterVersion " +
		"ec2: DescribeSubnets DescribeVpcs iam: CreateServiceLinkedRole GetRole ListAttachedRolePolicies PassRole",
	"AWS::EKS::Nodegroup": "eks: CreateNodegroup DeleteNodegroup DescribeNodegroup DescribeUpdate ListUpdates TagResource UntagResource UpdateNodegroupConfig UpdateNodegroupVersion " +
		"ec2: CreateTags DeleteTags DescribeKeyPairs DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeRouteTables DescribeSecurityGroups DescribeSubnets DescribeVpcs RunInstances " +
		"iam: CreateServiceLinkedRole GetRole ListAttachedRolePolicies PassRole",
	"AWS::ElastiCache::ReplicationGroup": "elasticache: AddTagsToResource CreateReplicationGroup CreateSnapshot DecreaseReplicaCount DeleteReplicationGroup DescribeCacheClusters " +
		"DescribeReplicationGroups IncreaseReplicaCount ListTagsForResource ModifyReplicationGroup RemoveTagsFromResource iam: CreateServiceLinkedRole",
	"AWS::ElastiCache::SubnetGroup":             "elasticache: AddTagsToResource CreateCacheSubnetGroup DeleteCacheSubnetGroup DescribeCacheSubnetGroups ListTagsForResource ModifyCacheSubnetGroup RemoveTagsFromResource",
	"AWS::ElasticLoadBalancingV2::Listener":     "elasticloadbalancing: AddTags RemoveTags CreateListener DeleteListener ModifyListener ModifyListenerAttributes DescribeListeners DescribeListenerAttributes DescribeTags",
	"AWS::ElasticLoadBalancingV2::ListenerRule": "elasticloadbalancing: AddTags RemoveTags CreateRule DeleteRule ModifyRule SetRulePriorities DescribeRules DescribeTags",
	"AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing: AddTags RemoveTags CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetIpAddressType SetSecurityGroups SetSubnets " +
		"DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation DescribeTags iam: CreateServiceLinkedRole",
	"AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing: AddTags RemoveTags CreateTargetGroup DeleteTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets DeregisterTargets " +
		"DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth DescribeTags",

	"AWS::IAM::OIDCProvider": "iam: AddClientIDToOpenIDConnectProvider CreateOpenIDConnectProvider DeleteOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviderTags " +
		"RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider UntagOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint",
	"AWS::IAM::Role": "iam: CreateRole DeleteRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy GetRolePolicy ListRolePolicies ListAttachedRolePolicies TagRole UntagRole",
	"AWS::IAM::User": "iam: CreateUser DeleteUser GetUser UpdateUser PutUserPolicy DeleteUserPolicy GetUserPolicy ListUserPolicies ListAttachedUserPolicies ListGroupsForUser ListAccessKeys GetLoginProfile ListUserTags TagUser UntagUser",

	"AWS::Logs::LogGroup": "logs: CreateLogGroup DeleteLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy GetDataProtectionPolicy DescribeIndexPolicies DescribeResourcePolicies " +
		"TagResource UntagResource ListTagsForResource",
	"AWS::Logs::MetricFilter": "logs: DeleteMetricFilter DescribeMetricFilters PutMetricFilter",
	"AWS::Route53::RecordSet": "route53: ChangeResourceRecordSets GetChange GetHostedZone ListResourceRecordSets",
	"AWS::S3::Bucket": "s3: CreateBucket DeleteBucket ListBucket ListTagsForResource TagResource UntagResource PutBucketPublicAccessBlock PutBucketOwnershipControls PutEncryptionConfiguration PutLifecycleConfiguration " +
		"PutBucketTagging GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification " +
		"GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration " +
		"GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration",
	"AWS::S3::BucketPolicy":   "s3: DeleteBucketPolicy GetBucketPolicy PutBucketPolicy",
	"AWS::SES::EmailIdentity": "ses: CreateEmailIdentity DeleteEmailIdentity GetEmailIdentity ListTagsForResource PutEmailIdentityDkimAttributes PutEmailIdentityDkimSigningAttributes TagResource UntagResource",
	"AWS::SNS::Subscription":  "sns: GetSubscriptionAttributes SetSubscriptionAttributes Subscribe Unsubscribe",
	"AWS::SNS::Topic": "sns: CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes GetDataProtectionPolicy ListSubscriptionsByTopic ListTagsForResource TagResource UntagResource " +
		"Subscribe Unsubscribe",
	"AWS::SNS::TopicPolicy": "sns: SetTopicAttributes",
	"AWS::ServiceDiscovery::PrivateDnsNamespace": "servicediscovery: CreatePrivateDnsNamespace DeleteNamespace GetNamespace GetOperation UpdatePrivateDnsNamespace ListTagsForResource TagResource UntagResource " +
		"route53: CreateHostedZone DeleteHostedZone GetHostedZone ListHostedZonesByName ec2: DescribeVpcs DescribeRegions",
}

// besides are the actions that a template takes by what its types alone do not tell.
var besides = map[string]string{
	"network":     "ec2: DescribeAvailabilityZones",                                                                                       // Fn::GetAZs
	"roles":       "iam: AttachRolePolicy DetachRolePolicy PutRolePermissionsBoundary",                                                    // managed policies of a service's role; a boundary
	"environment": "ec2: DescribeSubnets DescribeVpcs",                                                                                    // parameters of the types of their ids
	"kre-cluster": "iam: AttachRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutUserPermissionsBoundary s3: PutBucketVersioning", // policies of EKS; a boundary; the bucket keeps versions
}

func TestTheRoleOfCloudFormationMayDoWhatItsTemplatesTakeAndNothingElse(t *testing.T) {
	got := map[string][]string{}
	for policy, templates := range roles {
		for _, template := range templates {
			got[template] = append(got[template], read(t, policy).Actions()...)
		}
	}
	for template, actions := range got {
		t.Run(template, func(t *testing.T) {
			want := spelled(besides[template])
			for _, kind := range typesOf(t, template) {
				if handlers[kind] == "" {
					t.Errorf("%s.yaml has a %s, of which it is not known what it takes", template, kind)
				}
				want = append(want, spelled(handlers[kind])...)
			}
			slices.Sort(want)
			slices.Sort(actions)
			if d := cmp.Diff(slices.Compact(want), slices.Compact(actions)); d != "" {
				t.Errorf("policies of %s.yaml (-what it takes +what they allow):\n%s", template, d)
			}
		})
	}
}

// TestWhereRolesAreBoundedNoneIsMadeWithoutIt holds the policy for bounded roles to the
// one in whose place it is.
func TestWhereRolesAreBoundedNoneIsMadeWithoutIt(t *testing.T) {
	bounded := read(t, "cloudformation-roles-bounded")
	want := append(read(t, "cloudformation-roles").Actions(), "iam:PutRolePermissionsBoundary")
	slices.Sort(want)
	if d := cmp.Diff(want, bounded.Actions()); d != "" {
		t.Errorf("actions (-want +got):\n%s", d)
	}
	for _, s := range bounded.Statement {
		creates := slices.Contains(s.Action, "iam:CreateRole") || slices.Contains(s.Action, "iam:PutRolePermissionsBoundary")
		if boundary := s.Condition["StringEquals"]["iam:PermissionsBoundary"]; creates != (len(boundary) == 1) {
			t.Errorf("%s asks for the boundary %q", s.Sid, boundary)
		}
	}
}

var resourceType = regexp.MustCompile(`(?m)^    Type: (AWS::\w+::\w+)`)

// typesOf are the types of a template of package infra.
func typesOf(t *testing.T, template string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "infra", template+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, resources, ok := strings.Cut(string(content), "\nResources:\n")
	if !ok {
		t.Fatalf("%s.yaml has no resources", template)
	}
	var kinds []string
	for _, m := range resourceType.FindAllStringSubmatch(resources, -1) {
		kinds = append(kinds, m[1])
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// spelled reads "ec2: CreateVpc DeleteVpc iam: PassRole".
func spelled(text string) []string {
	var actions []string
	service := ""
	for word := range strings.FieldsSeq(text) {
		if name, ok := strings.CutSuffix(word, ":"); ok {
			service = name
			continue
		}
		actions = append(actions, service+":"+word)
	}
	return actions
}
