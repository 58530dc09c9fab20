package catalog

import "time"

const loadBalancingARN = "arn:{partition}:elasticloadbalancing:{region}:{account}:"

// balancing are the types of Elastic Load Balancing.
var balancing = []Type{
	{
		Name: "AWS::ElasticLoadBalancingV2::LoadBalancer", NameProperty: "Name", NameMax: 32,
		Ref: loadBalancingARN + "loadbalancer/app/{name}/{hex16}",
		Attributes: map[string]string{
			"LoadBalancerArn": "{ref}", "LoadBalancerName": "{name}", "LoadBalancerFullName": "app/{name}/{hex16}",
			"DNSName": "{name}-{num10}.{region}.elb.amazonaws.com", "CanonicalHostedZoneID": "Z35SXDOTRQ7X7K",
		},
		Replaces: []string{"Scheme", "Type"},
		Create:   2 * time.Minute, Update: 10 * time.Second, Delete: 20 * time.Second,
	},
	{
		Name: "AWS::ElasticLoadBalancingV2::TargetGroup", NameProperty: "Name", NameMax: 32,
		Ref: loadBalancingARN + "targetgroup/{name}/{hex16}",
		Attributes: map[string]string{
			"TargetGroupArn": "{ref}", "TargetGroupName": "{name}", "TargetGroupFullName": "targetgroup/{name}/{hex16}",
			"LoadBalancerArns": "",
		},
		Replaces: []string{"IpAddressType", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"},
		Create:   15 * time.Second,
	},
	{
		Name: "AWS::ElasticLoadBalancingV2::Listener", Ref: loadBalancingARN + "listener/app/{hex16}",
		Attributes: map[string]string{"ListenerArn": "{ref}"}, Replaces: []string{"LoadBalancerArn"},
		Create: 3 * time.Second,
	},
	{
		Name: "AWS::ElasticLoadBalancingV2::ListenerRule", Ref: loadBalancingARN + "listener-rule/app/{hex16}",
		Attributes: map[string]string{"RuleArn": "{ref}", "IsDefault": "false"}, Replaces: []string{"ListenerArn"},
		Create: 3 * time.Second,
	},
	{
		Name: "AWS::ElasticLoadBalancingV2::ListenerCertificate", Ref: loadBalancingARN + "listener-certificate/{hex16}", Untagged: true,
		Replaces: []string{"ListenerArn"},
		Create:   3 * time.Second,
	},
}
