package inventory_test

import (
	"strings"
	"testing"

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

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
)

// tagged tags something for an environment; "" leaves it untagged.
func tagged(r *inventorytest.Region, arn, env string) string {
	if env != "" {
		r.Tags[arn] = map[string]string{"Environment": env}
	}
	return arn
}

func logGroup(name, env string) func(*inventorytest.Region) {
	return func(r *inventorytest.Region) {
		arn := tagged(r, r.ARN("logs", "log-group:"+name), env)
		r.LogGroups = append(r.LogGroups, logtypes.LogGroup{LogGroupName: &name, Arn: new(arn + ":*")})
	}
}

func alarm(name, env string) func(*inventorytest.Region) {
	return func(r *inventorytest.Region) {
		arn := tagged(r, r.ARN("cloudwatch", "alarm:"+name), env)
		r.Alarms = append(r.Alarms, watchtypes.MetricAlarm{AlarmName: &name, AlarmArn: &arn})
	}
}

// service runs in a cluster of the environment cluster, which may be any name.
func service(cluster, name, env string) func(*inventorytest.Region) {
	return func(r *inventorytest.Region) {
		in := r.ARN("ecs", "cluster/"+cluster)
		arn := tagged(r, r.ARN("ecs", "service/"+cluster+"/"+name), env)
		r.Services = append(r.Services, ecstypes.Service{ServiceArn: &arn, ServiceName: &name, ClusterArn: &in})
	}
}

func all(steps ...func(*inventorytest.Region)) func(*inventorytest.Region) {
	return func(r *inventorytest.Region) {
		for _, step := range steps {
			step(r)
		}
	}
}

func cluster(name, env string) func(*inventorytest.Region) {
	return func(r *inventorytest.Region) {
		arn := tagged(r, r.ARN("ecs", "cluster/"+name), env)
		r.Clusters = append(r.Clusters, ecstypes.Cluster{ClusterArn: &arn, ClusterName: &name, Status: new("ACTIVE")})
	}
}

func record(name string, kind dnstypes.RRType, values ...string) func(*inventorytest.Account) {
	return func(a *inventorytest.Account) {
		r := dnstypes.ResourceRecordSet{Name: &name, Type: kind}
		for _, v := range values {
			r.ResourceRecords = append(r.ResourceRecords, dnstypes.ResourceRecord{Value: &v})
		}
		a.Records["/hostedzone/Z1"] = append(a.Records["/hostedzone/Z1"], r)
	}
}

func in(step func(*inventorytest.Region)) func(*inventorytest.Account) {
	return func(a *inventorytest.Account) { step(a.In(region)) }
}

// Where a resource of the account may end up.
const (
	mine     = "mine"
	others   = "others"
	beyond   = "beyond"
	conflict = "conflict"
)

// found says where the resource is whose id ends in suffix, and what is told of it.
func found(inv nuke.Inventory, suffix string) (where, detail string) {
	for _, c := range inv.Conflicts {
		if strings.HasSuffix(c.Resource.ID, suffix) {
			return conflict, c.Detail
		}
	}
	for name, list := range map[string][]nuke.Resource{mine: inv.Mine, beyond: inv.Beyond} {
		for _, r := range list {
			if strings.HasSuffix(r.ID, suffix) {
				return name, strings.Join(r.Why, ", ")
			}
		}
	}
	for _, r := range inv.Others {
		if strings.HasSuffix(r.ID, suffix) {
			return others, ""
		}
	}
	return "nowhere", ""
}

func TestBelonging(t *testing.T) {
	const other = "automation-ffffffff"
	tests := map[string]struct {
		add    func(*inventorytest.Account)
		id     string // the end of it
		where  string
		detail string
	}{
		"a name that begins with the environment": {in(logGroup(target+"-new", "")), "-new", mine, "name"},
		"a tag, and a name that says nothing":     {in(logGroup("odd", target)), "odd", mine, "tag"},
		"a name of the sibling":                   {in(logGroup(sibling+"-new", "")), "-new", others, ""},
		"a name that only mentions it":            {in(logGroup("/aws/lambda/watch-"+target, "")), "watch-" + target, others, ""},
		"a name with it in the middle":            {in(alarm("bill of "+target+" and others", "")), "others", others, ""},
		"an alarm whose name ends in the sibling": {in(alarm("Running tasks count of x service in ECS cluster with name "+sibling, "")), "Running tasks count of x service in ECS cluster with name " + sibling, others, ""},
		"a tag in other letters": {in(func(r *inventorytest.Region) {
			logGroup("odd", "")(r)
			r.Tags[r.ARN("logs", "log-group:odd")] = map[string]string{"environment": target}
		}), "odd", mine, "tag"},
		"a tag with more behind it":   {in(logGroup("odd", target+"-x")), "odd", others, ""},
		"a tag that says the sibling": {in(logGroup("odd", sibling)), "odd", others, ""},

		"its name says the environment, its tag another": {in(logGroup(target+"-new", other)), "-new", conflict, `its name says "automation-1a2b3c4d", and its tag Environment says "automation-ffffffff"`},
		"its name says the environment, its tag production": {
			in(logGroup(target+"-new", "production")), "-new", conflict,
			`its name says "automation-1a2b3c4d", and its tag Environment says "production", which is production`,
		},
		"its name says the environment, its tag that it is shared": {in(logGroup(target+"-new", "shared")), "-new", conflict, `its tag Environment says "shared"`},
		"its tag says the environment, its name another":           {in(logGroup(other+"-new", target)), "-new", conflict, `its tag Environment says "automation-1a2b3c4d", and its name says "automation-ffffffff"`},
		"its tag says the environment, its name production":        {in(logGroup(prodName+"-new", target)), "-new", conflict, `its name says "automation-master", which is production`},
		"two tags that disagree": {in(func(r *inventorytest.Region) {
			logGroup("odd", "")(r)
			r.Tags[r.ARN("logs", "log-group:odd")] = map[string]string{"environment": "production", "Environment": target}
		}), "odd", conflict, `its tag Environment says "production", which is production`},

		"a service in the environment's cluster":        {in(service(target, "odd", "")), "odd -> arn:aws:ecs:us-east-1:123456789012:cluster/" + target, mine, "cluster"},
		"its service in a shared cluster":               {in(all(cluster("kre", "shared"), service("kre", "odd", target))), "cluster/kre", mine, "tag"},
		"one in a shared cluster, by its name":          {in(all(cluster("kre", ""), service("kre", target+"-x", ""))), target + "-x -> arn:aws:ecs:us-east-1:123456789012:cluster/kre", mine, "name"},
		"one in a tagged shared cluster, by name alone": {in(all(cluster("kre", "shared"), service("kre", target+"-x", ""))), target + "-x -> arn:aws:ecs:us-east-1:123456789012:cluster/kre", conflict, `its cluster is of "shared"`},
		"one that is tagged, in production's cluster":   {in(service(prodName, "odd", target)), "cluster/" + prodName, conflict, `its cluster is of "automation-master", which is production`},
		"one that mentions it, in another's cluster":    {in(all(cluster(other, other), service(other, "mirror-of-"+target, ""))), "cluster/" + other, others, ""},
		"production's service in the environment's":     {in(service(target, "odd", prodName)), "odd -> arn:aws:ecs:us-east-1:123456789012:cluster/" + target, conflict, `its cluster is of "automation-1a2b3c4d", and its tag Environment says "automation-master"`},
		"a cluster that is deleted already": {in(func(r *inventorytest.Region) {
			cluster(target+"-old", "")(r)
			r.Clusters[len(r.Clusters)-1].Status = new("INACTIVE")
		}), "-old", others, ""},
		"a record with the environment as a label":     {record("api."+target+".example.com.", dnstypes.RRTypeA, "10.0.0.1"), "api." + target + ".example.com.", mine, "name"},
		"a record whose label begins with the sibling": {record(sibling+"-api.example.com.", dnstypes.RRTypeA, "10.0.0.1"), sibling + "-api.example.com.", others, ""},
		"a record in capitals":                         {record("API."+strings.ToUpper(target)+".example.com.", dnstypes.RRTypeA, "10.0.0.1"), "API." + strings.ToUpper(target) + ".example.com.", mine, "name"},
		"a text that mentions it":                      {record("spf.example.com.", dnstypes.RRTypeTxt, `"`+target+`"`), "spf.example.com.", others, ""},
		"a record that leads to the load balancer":     {record("www.example.com.", dnstypes.RRTypeCname, "AUTOMATION-1a2b3c4d-1001.us-east-1.elb.amazonaws.com."), "www.example.com.", mine, "load balancer"},
		"a record that leads to production's":          {record("www.example.com.", dnstypes.RRTypeCname, prodName+"-1003.us-east-1.elb.amazonaws.com"), "www.example.com.", others, ""},
		"its own label, leading to production's":       {record(target+".live.example.com.", dnstypes.RRTypeCname, prodName+"-1003.us-east-1.elb.amazonaws.com"), ".live.example.com.", conflict, `its load balancer is of "automation-master"`},
		"a bucket of the region": {in(func(r *inventorytest.Region) {
			r.Buckets = append(r.Buckets, s3types.Bucket{Name: new(target + "-state")})
		}), "-state", mine, "name"},
		"a bucket of another region": {in(func(r *inventorytest.Region) {
			r.Buckets = append(r.Buckets, s3types.Bucket{Name: new(target + "-state"), BucketRegion: new("eu-west-1")})
		}), "-state", "nowhere", ""},
		"a group of networks that AWS made": {in(func(r *inventorytest.Region) {
			r.SecurityGroups = append(r.SecurityGroups, ec2types.SecurityGroup{GroupId: new(tagged(r, r.ARN("ec2", "security-group/sg-d"), target)[len(r.ARN("ec2", "security-group/")):]), GroupName: new("default"), OwnerId: new(accountID)})
		}), "sg-d", beyond, "tag, a network needs its default group"},
		"a group of another account": {in(func(r *inventorytest.Region) {
			r.SecurityGroups = append(r.SecurityGroups, ec2types.SecurityGroup{GroupId: new("sg-x"), GroupName: new(target + "-x"), OwnerId: new(live)})
		}), "sg-x", beyond, "name, account 999999999999 owns it"},
		"a stack that cannot be deleted": {in(func(r *inventorytest.Region) {
			r.Stacks = append(r.Stacks, stacktypes.Stack{StackId: new("arn:s"), StackName: new(target + "-s"), EnableTerminationProtection: new(true)})
		}), target + "-s", mine, "name, protected from deletion: aws-nuke fails at it until that is switched off"},
		"a stack within one of its stacks": {in(func(r *inventorytest.Region) {
			r.Stacks = append(r.Stacks, stacktypes.Stack{StackId: new("arn:t"), StackName: new("odd"), ParentId: r.Stacks[0].StackId})
		}), "odd", mine, "stack"},
		"stacks within each other": {in(func(r *inventorytest.Region) {
			r.Stacks = append(r.Stacks, stacktypes.Stack{StackId: new("arn:t"), StackName: new("odd"), ParentId: new("arn:u")}, stacktypes.Stack{StackId: new("arn:u"), StackName: new("odder"), ParentId: new("arn:t")})
		}), "odd", others, ""},
		"a default group of subnets": {in(func(r *inventorytest.Region) {
			r.SubnetGroups = append(r.SubnetGroups, cachetypes.CacheSubnetGroup{CacheSubnetGroupName: new("default-x"), ARN: new(tagged(r, r.ARN("elasticache", "subnetgroup:default-x"), target))})
		}), "default-x", beyond, "tag, its name begins with default"},
		"a cache that is being deleted": {in(func(r *inventorytest.Region) {
			r.CacheClusters = append(r.CacheClusters, cachetypes.CacheCluster{CacheClusterId: new(target + "-old"), ARN: new("arn:c"), CacheClusterStatus: new("deleting")})
		}), "-old", others, ""},
		"its policy on a role of production":  {func(a *inventorytest.Account) { attach(a, prodName+"-task", target+"-logs") }, prodName + "-task -> " + target + "-logs", conflict, `its policy is of "automation-1a2b3c4d", and its role is of "automation-master"`},
		"its policy on a role that all share": {func(a *inventorytest.Account) { attach(a, "shared", target+"-logs") }, "shared -> " + target + "-logs", mine, "policy"},
		"a role of a service of AWS": {func(a *inventorytest.Account) {
			a.Roles = append(a.Roles, iamtypes.RoleDetail{RoleName: new(target + "-linked"), Path: new("/aws-service-role/x.amazonaws.com/")})
		}, "-linked", beyond, "name, it belongs to AWS: to a service, or to single sign-on"},
		"a network load balancer": {in(func(r *inventorytest.Region) {
			r.LoadBalancers = append(r.LoadBalancers, elbtypes.LoadBalancer{LoadBalancerArn: new("arn:n"), LoadBalancerName: new(target + "-n"), Type: elbtypes.LoadBalancerTypeEnumNetwork})
		}), target + "-n", mine, "name"},
		"something that no reader knows":                  {in(func(r *inventorytest.Region) { tagged(r, r.ARN("lambda", "function:watch"), target) }), "function:watch", beyond, "tag"},
		"something of another that no reader knows":       {in(func(r *inventorytest.Region) { tagged(r, r.ARN("lambda", "function:watch"), sibling) }), "function:watch", "nowhere", ""},
		"what only the index still has":                   {in(func(r *inventorytest.Region) { tagged(r, r.ARN("sns", "gone"), target) }), "gone", "nowhere", ""},
		"a classic load balancer, which no reader knows":  {in(func(r *inventorytest.Region) { tagged(r, r.ARN("elasticloadbalancing", "loadbalancer/old"), target) }), "loadbalancer/old", beyond, "tag"},
		"a rule of a shared load balancer, by its target": {in(sharedRule), "listener-rule/r", mine, "target group"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := threeEnvironments()
			tt.add(a)
			inv := read(t, a, options())
			where, detail := found(inv, tt.id)
			if where != tt.where || !strings.Contains(detail, tt.detail) {
				t.Errorf("it is in %s (%s), want %s (%s)", where, detail, tt.where, tt.detail)
			}
		})
	}
}

// attach attaches a customer's policy to a role, which it makes where there is none.
func attach(a *inventorytest.Account, role, policy string) {
	attached := []iamtypes.AttachedPolicy{{PolicyName: &policy, PolicyArn: new("arn:aws:iam::" + accountID + ":policy/" + policy)}}
	for i := range a.Roles {
		if *a.Roles[i].RoleName == role {
			a.Roles[i].AttachedManagedPolicies = attached
			return
		}
	}
	a.Roles = append(a.Roles, iamtypes.RoleDetail{RoleName: &role, Path: new("/"), AttachedManagedPolicies: attached})
}

// sharedRule is a rule of a load balancer that all share, to a target group of the target.
func sharedRule(r *inventorytest.Region) {
	balancer := tagged(r, r.ARN("elasticloadbalancing", "loadbalancer/app/shared/1"), "shared")
	group := tagged(r, r.ARN("elasticloadbalancing", "targetgroup/odd/1"), target)
	r.LoadBalancers = append(r.LoadBalancers, elbtypes.LoadBalancer{LoadBalancerArn: &balancer, LoadBalancerName: new("shared"), Type: elbtypes.LoadBalancerTypeEnumApplication})
	r.TargetGroups = append(r.TargetGroups, elbtypes.TargetGroup{TargetGroupArn: &group, TargetGroupName: new("odd"), LoadBalancerArns: []string{balancer}})
	r.Listeners = append(r.Listeners, elbtypes.Listener{ListenerArn: new("arn:l"), LoadBalancerArn: &balancer})
	r.Rules["arn:l"] = []elbtypes.Rule{{RuleArn: new("arn:listener-rule/r"), Actions: []elbtypes.Action{{TargetGroupArn: &group}}}}
}

// A conflict blocks: nothing is generated, and the resource is known to stay.
func TestAConflictIsRefusedAndStays(t *testing.T) {
	a := threeEnvironments()
	logGroup(target+"-new", "production")(a.In(region))
	inv := read(t, a, options())
	_, err := nuke.Options{Blocklist: []string{live}}.Generate(inv)
	if err == nil || !strings.Contains(err.Error(), "which is production") {
		t.Errorf("error %v", err)
	}
	if n := len(inv.Conflicts); n != 1 {
		t.Fatalf("%d conflicts", n)
	}
	for _, r := range inv.Others {
		if r.ID == inv.Conflicts[0].Resource.ID && r.Properties["tag:Environment"] == "production" {
			return
		}
	}
	t.Error("it is not among what stays")
}
