package inventorytest

import (
	"fmt"

	stacktypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	cachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	maptypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// builder makes one environment.
type builder struct {
	*Region
	env    string
	serial int
}

// AddEnvironment makes what the system makes for one environment: at least one resource
// of every type that aws-nuke is let delete, with the names of the original system,
// tagged where the system tags it. It also makes the zone example.com, once.
func (a *Account) AddEnvironment(region, env string) {
	r := a.In(region)
	a.serial++
	b := builder{Region: r, env: env, serial: a.serial}
	b.containers()
	b.loadBalancer()
	b.caches()
	b.cloudMap()
	b.watch()
	b.stack()
	b.identity()
}

// own tags what the environment has, and returns its ARN.
func (b builder) own(service, rest string) string {
	arn := b.ARN(service, rest)
	b.Tags[arn] = map[string]string{nuke.TagKey: b.env, "Project": "automation"}
	return arn
}

// id is one that AWS hands out.
func (b builder) id(prefix string) string { return fmt.Sprintf("%s-%012x", prefix, b.serial) }

func (b builder) containers() {
	cluster := b.own("ecs", "cluster/"+b.env)
	service := b.own("ecs", "service/"+b.env+"/"+b.env+"-bridge")
	b.Clusters = append(b.Clusters, ecstypes.Cluster{ClusterArn: &cluster, ClusterName: &b.env, Status: new("ACTIVE")})
	b.Services = append(b.Services, ecstypes.Service{ServiceArn: &service, ServiceName: new(b.env + "-bridge"), ClusterArn: &cluster, Status: new("ACTIVE")})
	for i, group := range []string{"service:" + b.env + "-bridge", "family:by-hand"} { // tasks have no tags of their own
		task := b.ARN("ecs", fmt.Sprintf("task/%s/%d", b.env, i))
		b.Tasks = append(b.Tasks, ecstypes.Task{TaskArn: &task, ClusterArn: &cluster, Group: &group})
	}
	b.Instances[cluster] = append(b.Instances[cluster], b.ARN("ecs", "container-instance/"+b.env+"/1"))
	for i, status := range []ecstypes.TaskDefinitionStatus{ecstypes.TaskDefinitionStatusDeleteInProgress, ecstypes.TaskDefinitionStatusInactive, ecstypes.TaskDefinitionStatusActive} {
		b.TaskDefinitions[status] = append(b.TaskDefinitions[status], b.ARN("ecs", fmt.Sprintf("task-definition/%s-bridge:%d", b.env, i+1)))
	}
}

func (b builder) loadBalancer() {
	balancer := b.own("elasticloadbalancing", "loadbalancer/app/"+b.env+"/"+b.id("lb"))
	group := b.own("elasticloadbalancing", "targetgroup/"+b.env+"-frontend/"+b.id("tg"))
	listener := b.own("elasticloadbalancing", "listener/app/"+b.env+"/"+b.id("l"))
	address := b.address()
	b.LoadBalancers = append(b.LoadBalancers, elbtypes.LoadBalancer{LoadBalancerArn: &balancer, LoadBalancerName: &b.env, DNSName: &address, Type: elbtypes.LoadBalancerTypeEnumApplication})
	b.TargetGroups = append(b.TargetGroups, elbtypes.TargetGroup{TargetGroupArn: &group, TargetGroupName: new(b.env + "-frontend"), LoadBalancerArns: []string{balancer}})
	b.Listeners = append(b.Listeners, elbtypes.Listener{ListenerArn: &listener, LoadBalancerArn: &balancer})
	for _, first := range []bool{true, false} {
		rule := b.ARN("elasticloadbalancing", fmt.Sprintf("listener-rule/app/%s/%s/%t", b.env, b.id("l"), first))
		b.Rules[listener] = append(b.Rules[listener], elbtypes.Rule{RuleArn: &rule, IsDefault: &first, Actions: []elbtypes.Action{{TargetGroupArn: &group}}})
	}
}

// address is that of the load balancer.
func (b builder) address() string {
	return fmt.Sprintf("%s-%d.%s.elb.amazonaws.com", b.env, 1000+b.serial, b.Name)
}

func (b builder) caches() {
	group := b.own("elasticache", "replicationgroup:"+b.env+"-redis")
	b.ReplicationGroups = append(b.ReplicationGroups, cachetypes.ReplicationGroup{ReplicationGroupId: new(b.env + "-redis"), ARN: &group, Status: new("available")})
	add := func(id string, group *string) {
		arn := b.own("elasticache", "cluster:"+id)
		b.CacheClusters = append(b.CacheClusters, cachetypes.CacheCluster{CacheClusterId: &id, ARN: &arn, CacheClusterStatus: new("available"), ReplicationGroupId: group})
	}
	add(b.env+"-redis-001", new(b.env+"-redis"))
	add(b.env+"-bridge-redis", nil)
	serverless := b.own("elasticache", "serverlesscache:"+b.env+"-sessions")
	b.ServerlessCaches = append(b.ServerlessCaches, cachetypes.ServerlessCache{ServerlessCacheName: new(b.env + "-sessions"), ARN: &serverless, Status: new("available")})
	subnets := b.own("elasticache", "subnetgroup:"+b.env+"-bridge-subnet")
	b.SubnetGroups = append(b.SubnetGroups, cachetypes.CacheSubnetGroup{CacheSubnetGroupName: new(b.env + "-bridge-subnet"), ARN: &subnets})
}

func (b builder) cloudMap() {
	namespace, service := b.id("ns"), b.id("srv")
	arn := b.own("servicediscovery", "namespace/"+namespace)
	b.Namespaces = append(b.Namespaces, maptypes.NamespaceSummary{Id: &namespace, Arn: &arn, Name: new(b.env + ".local")})
	b.MapServices[namespace] = append(b.MapServices[namespace], maptypes.ServiceSummary{Id: &service, Arn: new(b.ARN("servicediscovery", "service/"+service)), Name: new("bridge-" + b.env)})
	b.MapInstances[service] = append(b.MapInstances[service], "task1")
}

func (b builder) watch() {
	alarm := "Running tasks count of bridge service in ECS cluster with name " + b.env
	b.Alarms = append(b.Alarms, watchtypes.MetricAlarm{AlarmName: &alarm, AlarmArn: new(b.own("cloudwatch", "alarm:"+alarm))})
	composite := b.env + "-any"
	b.CompositeAlarms = append(b.CompositeAlarms, watchtypes.CompositeAlarm{AlarmName: &composite, AlarmArn: new(b.own("cloudwatch", "alarm:"+composite))})
	b.Dashboards = append(b.Dashboards, "cluster-"+b.env)
	for _, name := range []string{b.env, "/aws/ecs/containerinsights/" + b.env + "/performance"} {
		arn := b.own("logs", "log-group:"+name)
		b.LogGroups = append(b.LogGroups, logtypes.LogGroup{LogGroupName: &name, Arn: new(arn + ":*"), LogGroupArn: &arn})
	}
	b.MetricFilters = append(b.MetricFilters, logtypes.MetricFilter{LogGroupName: &b.env, FilterName: new("errors")})
}

// stack makes a stack and its topic, whose name tells nothing and whose tags are not indexed.
func (b builder) stack() {
	name := "SnsTopicMetTelAutomationAlarms-" + b.env
	id := b.own("cloudformation", "stack/"+name+"/"+b.id("s"))
	b.Stacks = append(b.Stacks, stacktypes.Stack{StackId: &id, StackName: &name, StackStatus: stacktypes.StackStatusCreateComplete})
	topic := b.own("sns", b.id("alarms"))
	b.Tags[topic][whose.StackTag] = id
	b.Topics = append(b.Topics, topic)
	bucket := b.env + "-reports"
	b.Buckets = append(b.Buckets, s3types.Bucket{Name: &bucket, BucketRegion: &b.Name})
	b.Tags["arn:aws:s3:::"+bucket] = map[string]string{nuke.TagKey: b.env}
	group := b.id("sg")
	b.SecurityGroups = append(b.SecurityGroups, ec2types.SecurityGroup{GroupId: &group, GroupName: new(b.env + "-inbound"), OwnerId: &b.account.ID})
	b.own("ec2", "security-group/"+group)
	b.own("ec2", "vpc/"+b.id("vpc")) // which no environment lets aws-nuke delete
}

// identity makes what has no region: roles, policies, and records in a zone that all share.
func (b builder) identity() {
	a := b.account
	arn := func(rest string) *string { return new("arn:aws:iam::" + a.ID + ":" + rest) }
	own := map[string]string{nuke.TagKey: b.env}
	role, policy, profile := b.env+"-task", b.env+"-logs", b.env+"-instances"
	a.Policies = append(a.Policies, iamtypes.ManagedPolicyDetail{Arn: arn("policy/" + policy), PolicyName: &policy, PolicyId: new(b.id("ANPA")), Path: new("/")})
	a.Tags[*arn("policy/" + policy)], a.Tags[*arn("instance-profile/" + profile)] = own, own
	a.Roles = append(a.Roles, iamtypes.RoleDetail{
		RoleName: &role, Arn: arn("role/" + role), Path: new("/"), RoleId: new(b.id("AROA")),
		Tags:           pairs(own, func(k, v *string) iamtypes.Tag { return iamtypes.Tag{Key: k, Value: v} }),
		RolePolicyList: []iamtypes.PolicyDetail{{PolicyName: new("exec")}},
		AttachedManagedPolicies: []iamtypes.AttachedPolicy{
			{PolicyName: &policy, PolicyArn: arn("policy/" + policy)},
			{PolicyName: new("ReadOnlyAccess"), PolicyArn: new("arn:aws:iam::aws:policy/ReadOnlyAccess")},
		},
	})
	a.Profiles = append(a.Profiles, iamtypes.InstanceProfile{InstanceProfileName: &profile, Arn: arn("instance-profile/" + profile), Path: new("/"), Roles: []iamtypes.Role{{RoleName: &role, Path: new("/")}}})
	const shared = "/hostedzone/Z1"
	if len(a.Zones) == 0 {
		a.AddZone(shared, "example.com.", nil)
	}
	a.Records[shared] = append(a.Records[shared],
		dnstypes.ResourceRecordSet{Name: new(b.env + ".example.com."), Type: dnstypes.RRTypeA, SetIdentifier: &b.Name, AliasTarget: &dnstypes.AliasTarget{DNSName: new("dualstack." + b.address() + ".")}},
		dnstypes.ResourceRecordSet{Name: new(fmt.Sprintf("portal%d.example.com.", b.serial)), Type: dnstypes.RRTypeCname, ResourceRecords: []dnstypes.ResourceRecord{{Value: new(b.address())}}},
	)
	private := "/hostedzone/" + b.id("ZP")
	a.AddZone(private, b.env+".local.", &dnstypes.LinkedService{ServicePrincipal: new("servicediscovery.amazonaws.com")})
	a.Records[private] = append(a.Records[private], dnstypes.ResourceRecordSet{Name: new("bridge-" + b.env + "." + b.env + ".local."), Type: dnstypes.RRTypeA})
}

// AddZone makes a hosted zone with the records that every zone has. Linked is the
// service of AWS that keeps it, nil for none.
func (a *Account) AddZone(id, name string, linked *dnstypes.LinkedService) {
	a.Zones = append(a.Zones, dnstypes.HostedZone{Id: &id, Name: &name, LinkedService: linked})
	for _, kind := range []dnstypes.RRType{dnstypes.RRTypeNs, dnstypes.RRTypeSoa} {
		a.Records[id] = append(a.Records[id], dnstypes.ResourceRecordSet{Name: &name, Type: kind})
	}
}
