package infra_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
)

// says fails unless err is want, or nil where want is empty.
func says(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("error (-want +got):\n%s", d)
	}
}

func TestEnvironmentFaults(t *testing.T) {
	const days = "[1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]"
	public := func(r infra.Route) []infra.Service {
		return []infra.Service{{Name: "a", Route: &r}}
	}
	tests := map[string]struct {
		change func(*infra.Environment)
		want   string // after the beginning
	}{
		"no fault": {func(*infra.Environment) {}, ""},
		"an internal load balancer needs no public subnets": {func(e *infra.Environment) { e.Internal, e.PublicSubnets = true, nil }, ""},
		"without ResourceName": {
			func(e *infra.Environment) { e.ResourceName = nil },
			"ResourceName is nil: give a function that makes names, as the method of an envname.Environment does",
		},
		"a tag that is AWS's": {
			func(e *infra.Environment) { e.Tags = map[string]string{"aws:x": "y"} },
			`tag "aws:x": want a key of 1 to 128 characters that does not begin with aws:`,
		},
		"a tag on two lines": {
			func(e *infra.Environment) { e.Tags = map[string]string{"x": "a\nb"} },
			`tag x: "a\nb": want a value of at most 256 characters on one line`,
		},
		"a network that is none": {
			func(e *infra.Environment) {
				e.VPC, e.PublicSubnets, e.PrivateSubnets = "", []string{"subnet-1"}, []string{"subnet-1,subnet-2", "subnet-3", "subnet-3"}
			},
			"VPC: \"\": want the id of a VPC\n" +
				"public subnets: 1 given: want at least 2, in as many zones\n" +
				"private subnets: \"subnet-1,subnet-2\" is not an id\n" +
				"private subnets: subnet-3 is given twice",
		},
		"a cluster by its ARN": {
			func(e *infra.Environment) { e.ExistingCluster = "arn:aws:ecs:us-east-1:1:cluster/a" },
			`existing cluster: "arn:aws:ecs:us-east-1:1:cluster/a": want its name, not its ARN`,
		},
		"clients that are no ranges": {
			func(e *infra.Environment) { e.Clients = []string{"10.0.0.1", "10.0.0.1/8", "10.0.0.1/8", "::/0"} },
			"clients: \"10.0.0.1\" is no IPv4 range: want one like 10.0.0.0/16\n" +
				"clients: 10.0.0.1/8 has bits beyond its prefix: want 10.0.0.0/8\n" +
				"clients: 10.0.0.1/8 has bits beyond its prefix: want 10.0.0.0/8\n" +
				"clients: 10.0.0.1/8 is given twice\n" +
				"clients: \"::/0\" is no IPv4 range: want one like 10.0.0.0/16",
		},
		"a certificate that is no ARN": {
			func(e *infra.Environment) { e.Certificate = "example.com" },
			`certificate: "example.com": want the ARN of a certificate in ACM`,
		},
		"a record without a domain": {
			func(e *infra.Environment) { e.HostedZone = "Z1" }, "hosted zone Z1: want a domain to make a record for, too",
		},
		"a domain with a final dot, in a zone by its path": {
			func(e *infra.Environment) { e.Domain, e.HostedZone = "example.com.", "/hostedzone/Z1" },
			"domain: \"example.com.\": want a DNS name in lower case, without a final dot\n" +
				`hosted zone: "/hostedzone/Z1": want an id like Z2FDTNDATAQYW2`,
		},
		"services with one name, and one without": {
			func(e *infra.Environment) { e.Services = []infra.Service{{Name: "a"}, {Name: "a"}, {}} },
			"service a: given twice\n" +
				`service: "": want 1 to 255 letters, digits, hyphens and underscores`,
		},
		"a service with an error pattern on two lines": {
			func(e *infra.Environment) { e.Services = []infra.Service{{Name: "a", ErrorPattern: "a\nb"}} },
			`service a: error pattern: "a\nb": want text on one line`,
		},
		"a route of zeros": {
			func(e *infra.Environment) { e.Services = public(infra.Route{}) },
			"service a: route: port: 0: want 1 to 65535\nservice a: route: priority: 0: want 1 to 50000",
		},
		"a route beyond all limits": {
			func(e *infra.Environment) {
				e.Services = public(infra.Route{
					Port: 70_000, Priority: 50_001, HealthPath: "ok",
					Paths: []string{"api", "/a b", "/c", "/d"}, Hosts: []string{"localhost", "a.example.com"},
				})
			},
			"service a: route: port: 70000: want 1 to 65535\n" +
				"service a: route: priority: 50001: want 1 to 50000\n" +
				"service a: route: path: \"api\": want a slash and at most 127 of letters, digits and _-.$/~\"'@:+&*?\n" +
				"service a: route: path: \"/a b\": want a slash and at most 127 of letters, digits and _-.$/~\"'@:+&*?\n" +
				"service a: route: host: \"localhost\": want a host name, in which * and ? may stand for others\n" +
				"service a: route: 4 paths: want at most 3\n" +
				"service a: route: 6 hosts and paths: want at most 5\n" +
				`service a: route: health path: "ok": want a slash and ASCII characters without spaces`,
		},
		"two routes with one priority": {
			func(e *infra.Environment) {
				e.Services = []infra.Service{{Name: "a", Route: &infra.Route{Port: 1, Priority: 7}}, {Name: "b", Route: &infra.Route{Port: 1, Priority: 7}}}
			},
			"service b: route: priority 7 is that of a",
		},
		"caches that are none": {
			func(e *infra.Environment) {
				e.Caches = []infra.Cache{{}, {}, {Name: "A"}, {Name: "b", NodeType: "t4g.micro", Nodes: 7}, {Name: "c--d", Nodes: -1}}
			},
			"cache redis: given twice\n" +
				"cache: \"A\": want lower-case letters and digits, with single hyphens between them\n" +
				"cache b: node type: \"t4g.micro\": want one like cache.t4g.micro\n" +
				"cache b: nodes: 7: want 1 to 6\n" +
				"cache: \"c--d\": want lower-case letters and digits, with single hyphens between them\n" +
				"cache c--d: nodes: -1: want 1 to 6",
		},
		"caches whose alarms have one name": {
			func(e *infra.Environment) { e.Caches = []infra.Cache{{}, {Name: "redis"}} },
			"CacheNode001MemoryAlarm and CacheRedisNode001MemoryAlarm: each alarm would be called automation-8527fec8-redis-001-memory; rename one\n" +
				"CacheNode001CpuAlarm and CacheRedisNode001CpuAlarm: each alarm would be called automation-8527fec8-redis-001-cpu; rename one",
		},
		"numbers out of range": {
			func(e *infra.Environment) {
				e.Redis = infra.Redis{Version: "seven", SnapshotDays: 36}
				e.LogDays, e.ErrorPattern, e.MaxErrorLines, e.MaxFailures, e.BucketDays = 10, strings.Repeat("x", 1025), -1, -1, -1
			},
			"Redis version: \"seven\": want one like 7.1\n" +
				"Redis snapshot days: 36: want 0 to 35\n" +
				"log days: 10: want one of " + days + "\n" +
				"error pattern: 1025 characters: want at most 1024\n" +
				"max error lines: -1: want 1 to 1000000\n" +
				"max failures: -1: want 1 to 1000000\n" +
				"bucket days: -1: want 1 to 36500",
		},
		"a bucket writer that is no role": {
			func(e *infra.Environment) { e.BucketWriter = "arn:aws:iam::123456789012:user/a" },
			`bucket writer: "arn:aws:iam::123456789012:user/a": want the ARN of a role`,
		},
		"subscribers that are none, of which webhooks are not shown": {
			func(e *infra.Environment) {
				e.Emails, e.Webhooks = []string{"on-call", "a@b", "a@b"}, []string{"http://h/secret", "https://h/s", "https://h/s", "https://%zz"}
			},
			"email: \"on-call\": want an address with an @\n" +
				"email a@b: given twice\n" +
				"webhook 1: want a URL that begins with https://\n" +
				"webhook 3: it is that of 2\n" +
				"webhook 4: want a URL that begins with https://",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := ephemeral(t)
			tt.change(&e)
			rendered, err := e.Render()
			if tt.want != "" {
				tt.want = `render environment of "automation-8527fec8": ` + tt.want
				if d := cmp.Diff(infra.Rendered{}, rendered); d != "" {
					t.Errorf("rendered none the less: %s", d)
				}
			}
			says(t, err, tt.want)
		})
	}
}

func TestNetworkFaults(t *testing.T) {
	tests := map[string]struct {
		network infra.Network
		want    string
	}{
		"nothing": {
			infra.Network{},
			`render network of "": name "": want 1 to 32 lower-case letters, digits and hyphens, a letter first and no hyphen last` + "\n" +
				"ResourceName is nil: give a function that makes names, as the method of an envname.Environment does",
		},
		"all at once": {
			infra.Network{Owner: owner(t, "master"), CIDR: "10.0.0.0/24", Zones: 4, FlowLogDays: 400},
			`render network of "automation-master": zones: 4: want 2 to 3` + "\n" +
				"flow logs: 400 days: want 0 or one of [1 3 5 7 14 30 60 90 120 150 180 365]\n" +
				"CIDR: prefix length: 24: want 16 to 23",
		},
		"a range that does not begin where it should": {
			infra.Network{Owner: owner(t, "master"), CIDR: "10.0.1.0/16"},
			`render network of "automation-master": CIDR: 10.0.1.0/16 has bits beyond its prefix: want 10.0.0.0/16`,
		},
		"no range": {
			infra.Network{Owner: owner(t, "master"), CIDR: "everything"},
			`render network of "automation-master": CIDR: "everything" is no IPv4 range: want one like 10.0.0.0/16`,
		},
		"the names of another environment": {
			infra.Network{Owner: infra.Owner{Name: "automation-ephemeral", ResourceName: owner(t, "master").ResourceName}},
			`render network of "automation-ephemeral": stack "automation-master-network": its name does not begin with ` +
				`"automation-ephemeral": is ResourceName that of another environment?`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.network.Render()
			says(t, err, tt.want)
		})
	}
}

func TestRolesFaults(t *testing.T) {
	long := make([]string, 11)
	for i := range long {
		long[i] = "arn:aws:iam::aws:policy/P"
	}
	tests := map[string]struct {
		roles infra.Roles
		want  string
	}{
		"everything": {
			infra.Roles{
				Repository: "Automation", Secrets: []string{"password", "arn:aws:ssm:us-east-1:1:parameter/a,b"}, Keys: []string{"alias/a"},
				Services: []infra.ServiceRole{
					{Service: "a", Statements: []infra.Statement{{}, {Actions: []string{"*"}, Resources: []string{"all"}}}},
					{Service: "b", Policies: long},
					{Service: "a"},
				},
			},
			`repository: "Automation": want lower-case letters, digits, hyphens, underscores, periods, slashes and asterisks` + "\n" +
				"secret: \"password\": want an ARN\n" +
				"secret: \"arn:aws:ssm:us-east-1:1:parameter/a,b\": want an ARN\n" +
				"key: \"alias/a\": want an ARN\n" +
				"role of service a: statement 1: want actions and resources\n" +
				"role of service a: statement 2: action: \"*\": want the actions of one service, as s3:GetObject\n" +
				"role of service a: statement 2: resource: \"all\": want an ARN or *\n" +
				"role of service b: 11 policies: want at most 10\n" +
				"role of service a: given twice",
		},
		"a policy that is none": {
			infra.Roles{Services: []infra.ServiceRole{{Service: "a", Policies: []string{"ReadOnlyAccess"}}}},
			`role of service a: policy: "ReadOnlyAccess": want an ARN`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.roles.Owner = owner(t, "master")
			_, err := tt.roles.Render()
			says(t, err, `render roles of "automation-master": `+tt.want)
		})
	}
}

func TestLimits(t *testing.T) {
	most := func(n int, public bool) infra.Environment {
		e := ephemeral(t)
		e.Services = nil
		for i := range n {
			s := infra.Service{Name: "s" + strings.Repeat("x", i)}
			if public {
				s.Route = &infra.Route{Port: 1, Priority: i + 1}
			}
			e.Services = append(e.Services, s)
		}
		return e
	}
	tests := map[string]struct {
		environment infra.Environment
		want        string
	}{
		"92 services":        {most(92, false), ""},
		"93 services":        {most(93, false), "93 services and 3 nodes of caches: their 101 alarms are more than the 100 that a dashboard shows"},
		"67 public services": {most(67, true), ""},
		"68 public services": {most(68, true), "resources: 505: want 1 to 500"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.environment.Render()
			if tt.want != "" {
				tt.want = `render environment of "automation-8527fec8": ` + tt.want
			}
			says(t, err, tt.want)
		})
	}
}

func TestSize(t *testing.T) {
	for n, most := range map[int]int{2: 36_000, 7: 51_200, 30: 110_000} {
		rendered, err := large(t, n).Render()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d services: %d bytes", n, len(rendered.Body))
		if len(rendered.Body) > most {
			t.Errorf("%d services: %d bytes, more than %d", n, len(rendered.Body), most)
		}
	}
}

func TestNames(t *testing.T) {
	branches := []string{"master", "dev/feature/login", "dev/fix/42"}
	for _, project := range []string{"a", "automation", "automation-123"} {
		for _, branch := range branches {
			env, err := envname.Rules{Project: project}.Resolve(branch)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(env.Name, func(t *testing.T) {
				e := production(t)
				e.Owner = of(env)
				e.Services = append(e.Services, infra.Service{Name: strings.Repeat("long-name-", 25) + "x"})
				rendered, err := e.Render()
				if err != nil {
					t.Fatal(err)
				}
				tpl := parse(t, rendered.Body)
				names := 0
				for id, resource := range tpl.Resources {
					names += tpl.check(t, env, id, resource)
				}
				if names < 30 {
					t.Errorf("only %d names were checked", names)
				}
			})
		}
	}
	t.Run("a project without room for its load balancer", func(t *testing.T) {
		env, err := envname.Rules{Project: "automation-of-a-company"}.Resolve("dev/feature/login")
		if err != nil {
			t.Fatal(err)
		}
		e := ephemeral(t)
		e.Owner = of(env)
		if _, err := e.Render(); err == nil || !strings.Contains(err.Error(), "name a load balancer: no valid name") || !strings.Contains(err.Error(), "take a shorter project") {
			t.Errorf("error %v", err)
		}
	})
}

// check holds the name of a resource, if it has one, against its limit.
func (tpl template) check(t *testing.T, env envname.Environment, id string, resource map[string]any) int {
	properties, types := resource["Properties"].(map[string]any), map[string][2]string{
		"AWS::ECS::Cluster":                          {"ClusterName", "ECS cluster"},
		"AWS::ElasticLoadBalancingV2::LoadBalancer":  {"Name", "load balancer"},
		"AWS::ElastiCache::ReplicationGroup":         {"ReplicationGroupId", "replication group"},
		"AWS::Logs::LogGroup":                        {"LogGroupName", "log group"},
		"AWS::SNS::Topic":                            {"TopicName", "topic"},
		"AWS::CloudWatch::Alarm":                     {"AlarmName", "alarm"},
		"AWS::CloudWatch::Dashboard":                 {"DashboardName", "dashboard"},
		"AWS::S3::Bucket":                            {"BucketName", "bucket"},
		"AWS::ServiceDiscovery::PrivateDnsNamespace": {"Name", "Cloud Map namespace"},
		"AWS::ElasticLoadBalancingV2::TargetGroup":   {"Name", ""},
		"AWS::ElastiCache::SubnetGroup":              {"CacheSubnetGroupName", ""},
		"AWS::EC2::SecurityGroup":                    {"GroupName", ""},
		"AWS::Logs::MetricFilter":                    {"FilterName", ""},
	}
	property, ok := types[resource["Type"].(string)]
	value := properties[property[0]]
	if !ok || value == nil {
		return 0
	}
	if property[1] == "" {
		t.Errorf("%s has a name, and so cannot be replaced in place", id)
		return 0
	}
	var text string
	switch value := value.(type) {
	case string:
		text = value
	case map[string]any:
		if text, ok = value["!Sub"].(string); !ok {
			text = "${" + value["!Ref"].(string) + "}"
		}
	}
	text = strings.NewReplacer("${Environment}", env.Name, "${AWS::AccountId}", "123456789012").Replace(text)
	text = strings.TrimSuffix(text, ".local")
	limit, _ := envname.ResourceType(property[1]).Limit()
	if !strings.HasPrefix(text, env.Name) || strings.Contains(text, "$") || len(text) > limit.Max || limit.Max == 0 {
		t.Errorf("%s: %q of %d characters is no name for a %s of %s", id, text, len(text), property[1], env.Name)
	}
	return 1
}
