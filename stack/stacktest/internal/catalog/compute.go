package catalog

import "time"

// compute are the types of containers and machines.
var compute = []Type{
	{
		Name: "AWS::ECS::Cluster", NameProperty: "ClusterName", NameMax: 255,
		Attributes: map[string]string{"Arn": "arn:{partition}:ecs:{region}:{account}:cluster/{ref}"},
		Create:     10 * time.Second,
	},
	{
		Name: "AWS::ECS::Service", NameProperty: "ServiceName", NameMax: 255,
		Ref:        "arn:{partition}:ecs:{region}:{account}:service/{=Cluster}/{name}",
		Attributes: map[string]string{"Name": "{name}", "ServiceArn": "{ref}"},
		Replaces:   []string{"Cluster", "LaunchType", "SchedulingStrategy", "Role"},
		Create:     2 * time.Minute, Update: 2 * time.Minute, Delete: 40 * time.Second,
	},
	{
		Name: "AWS::ECS::TaskDefinition", Replaces: []string{"*"}, NameMax: 255,
		Ref:        "arn:{partition}:ecs:{region}:{account}:task-definition/{=Family}:{version}",
		Attributes: map[string]string{"TaskDefinitionArn": "{ref}"},
		Create:     2 * time.Second,
	},
	{
		Name: "AWS::EKS::Cluster", NameProperty: "Name", NameMax: 100,
		Attributes: map[string]string{
			"Arn": "arn:{partition}:eks:{region}:{account}:cluster/{ref}", "Id": "{hex16}",
			"Endpoint": "https://{hex16}.gr7.{region}.eks.amazonaws.com", "CertificateAuthorityData": "Y2VydGlmaWNhdGU=",
			"ClusterSecurityGroupId": "sg-{hex17}", "EncryptionConfigKeyArn": "",
			"OpenIdConnectIssuerUrl": "https://oidc.eks.{region}.amazonaws.com/id/{hex16}", "KubernetesNetworkConfig.ServiceIpv6Cidr": "",
		},
		Replaces: []string{"RoleArn", "EncryptionConfig", "BootstrapSelfManagedAddons", "OutpostConfig"}, Conditional: []string{"KubernetesNetworkConfig", "AccessConfig"},
		Create: 10 * time.Minute, Update: 8 * time.Minute, Delete: 3 * time.Minute,
	},
	{
		Name: "AWS::EKS::Nodegroup", NameProperty: "NodegroupName", NameMax: 63, Ref: "{=ClusterName}/{name}",
		Attributes: map[string]string{
			"Arn":         "arn:{partition}:eks:{region}:{account}:nodegroup/{=ClusterName}/{name}/{hex16}",
			"ClusterName": "{=ClusterName}", "Id": "{ref}", "NodegroupName": "{name}",
		},
		Replaces: []string{"ClusterName", "AmiType", "CapacityType", "DiskSize", "InstanceTypes", "NodeRole", "RemoteAccess", "Subnets"},
		Create:   3 * time.Minute, Update: 5 * time.Minute, Delete: 4 * time.Minute,
	},
	{
		Name:       "AWS::EKS::AccessEntry",
		Ref:        "{=PrincipalArn}|{=ClusterName}",
		Attributes: map[string]string{"AccessEntryArn": "arn:{partition}:eks:{region}:{account}:access-entry/{=ClusterName}/{hex16}"},
		Replaces:   []string{"ClusterName", "PrincipalArn", "Type"},
		Create:     3 * time.Second,
	},
	{
		Name: "AWS::EKS::Addon", Ref: "{=ClusterName}|{=AddonName}",
		Attributes: map[string]string{"Arn": "arn:{partition}:eks:{region}:{account}:addon/{=ClusterName}/{=AddonName}/{hex16}"},
		Replaces:   []string{"AddonName", "ClusterName"},
		Create:     time.Minute,
	},
	{
		Name: "AWS::EC2::KeyPair", NameProperty: "KeyName", NameMax: 255,
		Attributes: map[string]string{"KeyPairId": "key-{hex17}", "KeyFingerprint": "{id40}"},
		Replaces:   []string{"KeyFormat", "KeyType", "PublicKeyMaterial", "Tags"},
		Create:     3 * time.Second,
	},
	{
		Name: "AWS::EC2::LaunchTemplate", NameProperty: "LaunchTemplateName", NameMax: 128, Ref: "lt-{hex17}",
		Attributes: map[string]string{"LaunchTemplateId": "{ref}", "LatestVersionNumber": "{version}", "DefaultVersionNumber": "1"},
		Create:     5 * time.Second,
	},
	{
		Name: "AWS::AutoScaling::AutoScalingGroup", NameProperty: "AutoScalingGroupName", NameMax: 255,
		Attributes: map[string]string{
			"AutoScalingGroupARN": "arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{hex16}:autoScalingGroupName/{ref}",
		},
		Replaces: []string{"InstanceId"}, Conditional: []string{"PlacementGroup", "VPCZoneIdentifier"},
		Create: 40 * time.Second, Update: 30 * time.Second, Delete: 90 * time.Second,
	},
	{
		Name: "AWS::EC2::Instance", Ref: "i-{hex17}",
		Attributes: map[string]string{
			"InstanceId": "{ref}", "PrivateIp": "10.0.0.{octet}", "PublicIp": "198.51.100.{octet}", "AvailabilityZone": "{region}a",
			"PrivateDnsName": "ip-10-0-0-{octet}.ec2.internal", "PublicDnsName": "ec2-198-51-100-{octet}.compute-1.amazonaws.com",
		},
		Replaces:    []string{"ImageId", "AvailabilityZone", "KeyName", "SubnetId", "PrivateIpAddress"},
		Conditional: []string{"InstanceType", "SecurityGroupIds", "UserData", "BlockDeviceMappings", "EbsOptimized"},
		Create:      40 * time.Second, Delete: time.Minute,
	},
	{
		Name: "AWS::Lambda::Function", NameProperty: "FunctionName", NameMax: 64,
		Attributes: map[string]string{"Arn": "arn:{partition}:lambda:{region}:{account}:function:{ref}"},
		Replaces:   []string{"PackageType"},
		Create:     8 * time.Second,
	},
	{
		Name: "AWS::ECR::Repository", NameProperty: "RepositoryName", NameMax: 256, Lower: true,
		Attributes: map[string]string{
			"Arn":           "arn:{partition}:ecr:{region}:{account}:repository/{ref}",
			"RepositoryUri": "{account}.dkr.ecr.{region}.amazonaws.com/{ref}",
		},
		Replaces: []string{"EncryptionConfiguration"},
		Create:   3 * time.Second,
	},
}
