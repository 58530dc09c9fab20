package catalog

import "time"

// network are the types of a VPC and of names in it.
var network = []Type{
	{
		Name: "AWS::EC2::VPC", Ref: "vpc-{hex17}",
		Attributes: map[string]string{
			"VpcId": "{ref}", "CidrBlock": "{=CidrBlock}", "DefaultSecurityGroup": "sg-{hex17}", "DefaultNetworkAcl": "acl-{hex17}",
		},
		Replaces: []string{"CidrBlock"}, Conditional: []string{"InstanceTenancy"},
		Create: 15 * time.Second,
	},
	{
		Name: "AWS::EC2::Subnet", Ref: "subnet-{hex17}",
		Attributes: map[string]string{
			"SubnetId": "{ref}", "AvailabilityZone": "{=AvailabilityZone}", "CidrBlock": "{=CidrBlock}", "VpcId": "{=VpcId}",
			"NetworkAclAssociationId": "aclassoc-{hex17}",
		},
		Replaces: []string{"AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "Ipv6Native", "OutpostArn", "VpcId"}, Conditional: []string{"Ipv6CidrBlock"},
		Create: 5 * time.Second,
	},
	{
		Name: "AWS::EC2::InternetGateway", Ref: "igw-{hex17}",
		Attributes: map[string]string{"InternetGatewayId": "{ref}"},
		Create:     15 * time.Second,
	},
	{Name: "AWS::EC2::VPCGatewayAttachment", Ref: "IGW|{=VpcId}", Replaces: []string{"VpcId"}, Untagged: true, Create: 15 * time.Second},
	{
		Name: "AWS::EC2::EIP", Ref: "198.51.100.{octet}",
		Attributes: map[string]string{"AllocationId": "eipalloc-{hex17}", "PublicIp": "{ref}"},
		Replaces:   []string{"Domain", "NetworkBorderGroup", "TransferAddress", "Address", "IpamPoolId"},
		Create:     15 * time.Second,
	},
	{
		Name: "AWS::EC2::NatGateway", Ref: "nat-{hex17}",
		Attributes: map[string]string{"NatGatewayId": "{ref}", "EniId": "eni-{hex17}"},
		Replaces:   []string{"AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId"},
		Create:     2 * time.Minute, Delete: time.Minute,
	},
	{
		Name: "AWS::EC2::RouteTable", Ref: "rtb-{hex17}",
		Attributes: map[string]string{"RouteTableId": "{ref}"}, Replaces: []string{"VpcId"},
		Create: 10 * time.Second,
	},
	{
		Name: "AWS::EC2::Route", Ref: "{=RouteTableId}|{=DestinationCidrBlock}", Untagged: true,
		Attributes: map[string]string{"CidrBlock": "{=DestinationCidrBlock}"},
		Replaces:   []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "RouteTableId"},
		Create:     15 * time.Second,
	},
	{
		Name: "AWS::EC2::SubnetRouteTableAssociation", Ref: "rtbassoc-{hex17}", Untagged: true,
		Attributes: map[string]string{"Id": "{ref}"}, Replaces: []string{"RouteTableId", "SubnetId"},
		Create: 5 * time.Second,
	},
	{
		Name: "AWS::EC2::VPCEndpoint", Ref: "vpce-{hex17}",
		Attributes: map[string]string{"Id": "{ref}", "CreationTimestamp": "2026-01-01T00:00:00Z"},
		Replaces:   []string{"ServiceName", "ServiceRegion", "VpcEndpointType", "VpcId", "ServiceNetworkArn", "ResourceConfigurationArn"},
		Create:     75 * time.Second, Delete: time.Minute,
	},
	{
		Name: "AWS::EC2::FlowLog", Ref: "fl-{hex17}", Attributes: map[string]string{"Id": "{ref}"}, Replaces: []string{"*"},
		Create: 5 * time.Second,
	},
	{
		Name: "AWS::EC2::SecurityGroup", NameProperty: "GroupName", NameMax: 255, Ref: "sg-{hex17}",
		Attributes: map[string]string{"GroupId": "{ref}", "Id": "{ref}", "VpcId": "{=VpcId}"},
		Replaces:   []string{"GroupDescription", "VpcId"},
		Create:     6 * time.Second,
	},
	{
		Name: "AWS::EC2::SecurityGroupIngress", Ref: "sgr-{hex17}", Untagged: true, Attributes: map[string]string{"Id": "{ref}"},
		Replaces: []string{
			"CidrIp", "CidrIpv6", "FromPort", "GroupId", "GroupName", "IpProtocol", "SourcePrefixListId", "SourceSecurityGroupId",
			"SourceSecurityGroupName", "SourceSecurityGroupOwnerId", "ToPort",
		},
		Create: 3 * time.Second,
	},
	{
		Name: "AWS::EC2::SecurityGroupEgress", Ref: "sgr-{hex17}", Untagged: true, Attributes: map[string]string{"Id": "{ref}"},
		Replaces: []string{
			"CidrIp", "CidrIpv6", "DestinationPrefixListId", "DestinationSecurityGroupId", "FromPort", "GroupId", "IpProtocol", "ToPort",
		},
		Create: 3 * time.Second,
	},
	{
		Name: "AWS::Route53::HostedZone", Ref: "Z{hex16}",
		Attributes: map[string]string{"Id": "{ref}", "NameServers": "ns-1.awsdns-01.org,ns-2.awsdns-02.com"}, Replaces: []string{"Name"},
		Create: 40 * time.Second,
	},
	{
		Name: "AWS::Route53::RecordSet", Ref: "{=Name}", Untagged: true, Undriftable: true,
		Replaces: []string{"HostedZoneId", "HostedZoneName", "Name"},
		Create:   35 * time.Second,
	},
	{
		Name: "AWS::ServiceDiscovery::PrivateDnsNamespace", Ref: "ns-{id16}",
		Attributes: map[string]string{
			"Arn": "arn:{partition}:servicediscovery:{region}:{account}:namespace/{ref}", "Id": "{ref}", "HostedZoneId": "Z{hex16}",
		},
		Replaces: []string{"Name", "Vpc"},
		Create:   45 * time.Second,
	},
	{
		Name: "AWS::ServiceDiscovery::Service", Ref: "srv-{id16}",
		Attributes: map[string]string{
			"Arn": "arn:{partition}:servicediscovery:{region}:{account}:service/{ref}", "Id": "{ref}", "Name": "{=Name}",
		},
		Replaces: []string{"HealthCheckCustomConfig", "Name", "NamespaceId", "Type"},
		Create:   3 * time.Second,
	},
	{
		Name: "AWS::CertificateManager::Certificate", Ref: "arn:{partition}:acm:{region}:{account}:certificate/{hex32}",
		Replaces: []string{"CertificateAuthorityArn", "DomainName", "DomainValidationOptions", "KeyAlgorithm", "SubjectAlternativeNames", "ValidationMethod"},
		Create:   3 * time.Minute,
	},
}
