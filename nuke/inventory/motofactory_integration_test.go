//go:build integration

package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	stacktypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	cachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	maptypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
)

// factory makes environments in an account of moto, as the system does.
type factory struct {
	*testing.T
	account string
	ecs     *ecs.Client
	elb     *elb.Client
	caches  *elasticache.Client
	cloud   *servicediscovery.Client
	logs    *cloudwatchlogs.Client
	stacks  *cloudformation.Client
	topics  *sns.Client
	buckets *s3.Client
	network *ec2.Client
	iam     *iam.Client
	dns     *route53.Client
	watch   *cloudwatch.Client

	vpc, zone string
	subnets   []string
	made      []string // lines of type and id, of the environment that is being made
}

func newFactory(t *testing.T, cfg aws.Config, account string) *factory {
	t.Helper()
	f := &factory{
		T: t, account: account, ecs: ecs.NewFromConfig(cfg), elb: elb.NewFromConfig(cfg), caches: elasticache.NewFromConfig(cfg),
		cloud: servicediscovery.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg), stacks: cloudformation.NewFromConfig(cfg),
		topics: sns.NewFromConfig(cfg), buckets: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), network: ec2.NewFromConfig(cfg),
		iam: iam.NewFromConfig(cfg), dns: route53.NewFromConfig(cfg), watch: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto knows no other
		}),
	}
	vpc, err := f.network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})
	f.must(err)
	f.vpc = *vpc.Vpc.VpcId
	for i, zone := range []string{"us-east-1a", "us-east-1b"} {
		subnet, err := f.network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &f.vpc, CidrBlock: new(fmt.Sprintf("10.0.%d.0/24", i)), AvailabilityZone: &zone})
		f.must(err)
		f.subnets = append(f.subnets, *subnet.Subnet.SubnetId)
	}
	out, err := f.dns.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: new("example.com."), CallerReference: new(account)})
	f.must(err)
	f.zone = *out.HostedZone.Id
	return f
}

func (f *factory) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *factory) add(typ, id string) { f.made = append(f.made, typ+" "+id) }

// environment makes one, and returns what of it aws-nuke is to delete.
func (f *factory) environment(env string, n int) []string {
	f.made = nil
	f.containers(env)
	f.balancer(env)
	f.cache(env)
	f.namespace(env)
	f.logGroup(env, env)
	_, err := f.logs.PutMetricFilter(f.Context(), &cloudwatchlogs.PutMetricFilterInput{
		LogGroupName: &env, FilterName: new("errors"), FilterPattern: new("ERROR"),
		MetricTransformations: []logtypes.MetricTransformation{{MetricName: new("m"), MetricNamespace: new("n"), MetricValue: new("1")}},
	})
	f.must(err)
	f.add("CloudWatchLogsLogGroup", env)
	alarm := "Running tasks count of bridge service in ECS cluster with name " + env
	f.putAlarm(alarm, env)
	f.add("CloudWatchAlarm", alarm)
	f.putDashboard("cluster-" + env)
	f.add("CloudWatchDashboard", "cluster-"+env)
	f.others(env, n)
	f.role(env+"-task", env, env+"-logs")
	return f.made
}

func (f *factory) containers(env string) {
	tags := []ecstypes.Tag{{Key: new("Environment"), Value: &env}}
	cluster, err := f.ecs.CreateCluster(f.Context(), &ecs.CreateClusterInput{ClusterName: &env, Tags: tags})
	f.must(err)
	arn := *cluster.Cluster.ClusterArn
	f.add("ECSCluster", arn)
	definition, err := f.ecs.RegisterTaskDefinition(f.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: new(env + "-bridge"), ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: new("c"), Image: new("i"), Memory: new(int32(64))}},
	})
	f.must(err)
	f.add("ECSTaskDefinition", *definition.TaskDefinition.TaskDefinitionArn)
	service, err := f.ecs.CreateService(f.Context(), &ecs.CreateServiceInput{
		Cluster: &env, ServiceName: new(env + "-bridge"), TaskDefinition: definition.TaskDefinition.TaskDefinitionArn, DesiredCount: new(int32(1)), Tags: tags,
	})
	f.must(err)
	f.add("ECSService", *service.Service.ServiceArn+" -> "+arn)
}

func (f *factory) balancer(env string) {
	tags := []elbtypes.Tag{{Key: new("Environment"), Value: &env}}
	name := env[:min(len(env), 32)]
	balancer, err := f.elb.CreateLoadBalancer(f.Context(), &elb.CreateLoadBalancerInput{Name: &name, Subnets: f.subnets, Tags: tags})
	f.must(err)
	arn := balancer.LoadBalancers[0].LoadBalancerArn
	f.add("ELBv2", name)
	group, err := f.elb.CreateTargetGroup(f.Context(), &elb.CreateTargetGroupInput{Name: new(name + "-front"), Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), VpcId: &f.vpc, Tags: tags})
	f.must(err)
	f.add("ELBv2TargetGroup", name+"-front")
	forward := []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: group.TargetGroups[0].TargetGroupArn}}
	listener, err := f.elb.CreateListener(f.Context(), &elb.CreateListenerInput{LoadBalancerArn: arn, Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), DefaultActions: forward})
	f.must(err)
	rule, err := f.elb.CreateRule(f.Context(), &elb.CreateRuleInput{
		ListenerArn: listener.Listeners[0].ListenerArn, Priority: new(int32(1)), Actions: forward,
		Conditions: []elbtypes.RuleCondition{{Field: new("path-pattern"), Values: []string{"/api"}}},
	})
	f.must(err)
	f.add("ELBv2ListenerRule", name+" -> "+*rule.Rules[0].RuleArn)
	f.record(env+".example.com.", "CNAME", *balancer.LoadBalancers[0].DNSName)
	f.add("Route53ResourceRecordSet", env+".example.com.")
	f.record("www."+*balancer.LoadBalancers[0].DNSName+".example.com.", "CNAME", *balancer.LoadBalancers[0].DNSName)
	f.add("Route53ResourceRecordSet", "www."+*balancer.LoadBalancers[0].DNSName+".example.com.")
}

func (f *factory) record(name, kind, value string) {
	_, err := f.dns.ChangeResourceRecordSets(f.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &f.zone, ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{
		Action: dnstypes.ChangeActionCreate,
		ResourceRecordSet: &dnstypes.ResourceRecordSet{
			Name: &name, Type: dnstypes.RRType(kind), TTL: new(int64(60)), ResourceRecords: []dnstypes.ResourceRecord{{Value: &value}},
		},
	}}}})
	f.must(err)
}

func (f *factory) cache(env string) {
	tags := []cachetypes.Tag{{Key: new("Environment"), Value: &env}}
	_, err := f.caches.CreateCacheSubnetGroup(f.Context(), &elasticache.CreateCacheSubnetGroupInput{
		CacheSubnetGroupName: new(env + "-bridge-subnet"), CacheSubnetGroupDescription: new("d"), SubnetIds: f.subnets, Tags: tags,
	})
	f.must(err)
	f.add("ElasticacheSubnetGroup", env+"-bridge-subnet")
	_, err = f.caches.CreateCacheCluster(f.Context(), &elasticache.CreateCacheClusterInput{
		CacheClusterId: new(env + "-bridge-redis"), Engine: new("redis"), NumCacheNodes: new(int32(1)), CacheNodeType: new("cache.t3.micro"), Tags: tags,
	})
	f.must(err)
	f.add("ElasticacheCacheCluster", env+"-bridge-redis")
	_, err = f.caches.CreateReplicationGroup(f.Context(), &elasticache.CreateReplicationGroupInput{
		ReplicationGroupId: new(env + "-redis"), ReplicationGroupDescription: new("d"), Engine: new("redis"), CacheNodeType: new("cache.t3.micro"), Tags: tags,
	})
	f.must(err)
	f.add("ElasticacheReplicationGroup", env+"-redis")
}

func (f *factory) namespace(env string) {
	vpc, err := f.network.CreateVpc(f.Context(), &ec2.CreateVpcInput{CidrBlock: new("10.1.0.0/16")}) // moto takes one namespace in each
	f.must(err)
	_, err = f.cloud.CreatePrivateDnsNamespace(f.Context(), &servicediscovery.CreatePrivateDnsNamespaceInput{
		Name: new(env + ".local"), Vpc: vpc.Vpc.VpcId, Tags: []maptypes.Tag{{Key: new("Environment"), Value: &env}},
	})
	f.must(err)
	list, err := f.cloud.ListNamespaces(f.Context(), &servicediscovery.ListNamespacesInput{})
	f.must(err)
	for _, n := range list.Namespaces {
		if *n.Name != env+".local" {
			continue
		}
		f.add("ServiceDiscoveryNamespace", *n.Id)
		service, err := f.cloud.CreateService(f.Context(), &servicediscovery.CreateServiceInput{Name: new("bridge-" + env), NamespaceId: n.Id})
		f.must(err)
		f.add("ServiceDiscoveryService", *service.Service.Id)
		_, err = f.cloud.RegisterInstance(f.Context(), &servicediscovery.RegisterInstanceInput{
			InstanceId: new("one"), ServiceId: service.Service.Id, Attributes: map[string]string{"AWS_INSTANCE_IPV4": "10.0.0.9"},
		})
		f.must(err)
		f.add("ServiceDiscoveryInstance", "one -> "+*service.Service.Id)
	}
}

func (f *factory) logGroup(name, env string) {
	in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}
	if env != "" {
		in.Tags = map[string]string{"Environment": env}
	}
	_, err := f.logs.CreateLogGroup(f.Context(), in)
	f.must(err)
}

// others makes a stack with a topic, a topic of its own, a bucket and a security group.
func (f *factory) others(env string, n int) {
	name := "SnsTopicMetTelAutomationAlarms-" + env
	_, err := f.stacks.CreateStack(f.Context(), &cloudformation.CreateStackInput{
		StackName: &name, Tags: []stacktypes.Tag{{Key: new("Environment"), Value: &env}},
		TemplateBody: new(fmt.Sprintf(`{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "%s-stack"}}}}`, env)),
	})
	f.must(err)
	f.add("CloudFormationStack", name)
	topic := "arn:aws:sns:" + region + ":" + f.account + ":"
	f.add("SNSTopic", "TopicARN: "+topic+env+"-stack")
	_, err = f.topics.CreateTopic(f.Context(), &sns.CreateTopicInput{Name: new(fmt.Sprintf("alarms%d", n)), Tags: []snstypes.Tag{{Key: new("Environment"), Value: &env}}})
	f.must(err)
	f.add("SNSTopic", fmt.Sprintf("TopicARN: %salarms%d", topic, n))
	bucket := env + "-reports-" + f.account
	_, err = f.buckets.CreateBucket(f.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	f.must(err)
	_, err = f.buckets.PutBucketTagging(f.Context(), &s3.PutBucketTaggingInput{Bucket: &bucket, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: new("Environment"), Value: &env}}}})
	f.must(err)
	f.add("S3Bucket", "s3://"+bucket)
	group, err := f.network.CreateSecurityGroup(f.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: new(env + "-inbound"), Description: new("d"), VpcId: &f.vpc,
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: new("Environment"), Value: &env}}}},
	})
	f.must(err)
	f.add("EC2SecurityGroup", *group.GroupId)
}

// role makes a role with an inline policy, and where policy is named one that is
// attached and an instance profile.
func (f *factory) role(name, env, policy string) {
	var tags []iamtypes.Tag
	if env != "" {
		tags = []iamtypes.Tag{{Key: new("Environment"), Value: &env}}
	}
	const anybody = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`
	const nothing = `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}`
	_, err := f.iam.CreateRole(f.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(anybody), Tags: tags})
	f.must(err)
	_, err = f.iam.PutRolePolicy(f.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: new("exec"), PolicyDocument: new(nothing)})
	f.must(err)
	if policy == "" {
		return
	}
	f.add("IAMRole", name)
	f.add("IAMRolePolicy", name+" -> exec")
	made, err := f.iam.CreatePolicy(f.Context(), &iam.CreatePolicyInput{PolicyName: &policy, PolicyDocument: new(nothing), Tags: tags})
	f.must(err)
	f.add("IAMPolicy", *made.Policy.Arn)
	_, err = f.iam.AttachRolePolicy(f.Context(), &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: made.Policy.Arn})
	f.must(err)
	f.add("IAMRolePolicyAttachment", name+" -> "+policy)
	profile := strings.TrimSuffix(name, "-task") + "-instances"
	_, err = f.iam.CreateInstanceProfile(f.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &profile, Tags: tags})
	f.must(err)
	_, err = f.iam.AddRoleToInstanceProfile(f.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &profile, RoleName: &name})
	f.must(err)
	f.add("IAMInstanceProfile", profile)
	f.add("IAMInstanceProfileRole", profile+" -> "+name)
}

func (f *factory) putAlarm(name, env string) {
	f.Helper()
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, ComparisonOperator: watchtypes.ComparisonOperatorLessThanThreshold, EvaluationPeriods: new(int32(1)),
		MetricName: new("m"), Namespace: new("n"), Period: new(int32(60)), Statistic: watchtypes.StatisticAverage, Threshold: new(1.0),
	}
	if env != "" {
		in.Tags = []watchtypes.Tag{{Key: new("Environment"), Value: &env}}
	}
	_, err := f.watch.PutMetricAlarm(f.Context(), in)
	f.must(err)
}

func (f *factory) putDashboard(name string) {
	f.Helper()
	_, err := f.watch.PutDashboard(f.Context(), &cloudwatch.PutDashboardInput{DashboardName: &name, DashboardBody: new(`{"widgets":[]}`)})
	f.must(err)
}
