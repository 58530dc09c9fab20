package infra_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
			`tag "aws:x": want a key of 1 to 128 letters, digits, spaces and _.:/=+-@ that does not begin with aws:`,
		},
		"a tag on two lines": {
			func(e *infra.Environment) { e.Tags = map[string]string{"x": "a\nb"} },
			`tag x: "a\nb": want a value of at most 256 letters, digits, spaces and _.:/=+-@`,
		},
		"a tag with characters that IAM refuses, and keys in two letter cases": {
			func(e *infra.Environment) { e.Tags = map[string]string{"Team": "a & b", "team": "é-256", "a#b": ""} },
			`tag Team: "a & b": want a value of at most 256 letters, digits, spaces and _.:/=+-@` + "\n" +
				`tag "a#b": want a key of 1 to 128 letters, digits, spaces and _.:/=+-@ that does not begin with aws:` + "\n" +
				"tags Team and team: their keys differ in letter case alone, which IAM does not tell apart",
		},
		"as many tags as there are, without room for the Name": {
			func(e *infra.Environment) {
				e.Tags = map[string]string{}
				for i := range 50 {
					e.Tags[fmt.Sprint("tag ", i)] = strings.Repeat("é", 256)
				}
			},
			"50 tags: want at most 49",
		},
		"a network that is none": {
			func(e *infra.Environment) {
				e.VPC, e.PublicSubnets, e.PrivateSubnets = "", []string{"subnet-1"}, []string{"subnet-1,subnet-2", "subnet-3", "subnet-3"}
			},
			"VPC: \"\": want the id of a VPC\n" +
				"public subnets: 1 given: want at least 2, in as many zones\n" +
				"private subnets: \"subnet-1,subnet-2\": want the id of a subnet\n" +
				"private subnets: subnet-3 is given twice",
		},
		"subnets that are public and private, and a VPC among them": {
			func(e *infra.Environment) { e.PublicSubnets = []string{"subnet-1", "subnet-3", "vpc-1"} },
			"public subnets: \"vpc-1\": want the id of a subnet\nsubnet subnet-3: it is given as a public and as a private one",
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
		"more clients than a security group has room for": {
			func(e *infra.Environment) {
				for i := range 31 {
					e.Clients = append(e.Clients, fmt.Sprintf("192.0.2.%d/32", i))
				}
			},
			"clients: 31 ranges: want at most 30",
		},
		"the ARN of something else for a certificate": {
			func(e *infra.Environment) { e.Certificate = "arn:aws:acm:us-east-1:123456789012:key/8f1a" },
			`certificate: "arn:aws:acm:us-east-1:123456789012:key/8f1a": want the ARN of a certificate in ACM`,
		},
		"a certificate of IAM": {
			func(e *infra.Environment) { e.Certificate = "arn:aws-cn:iam::123456789012:server-certificate/a/b" }, "",
		},
		"a domain that is too long": {
			func(e *infra.Environment) { e.Domain = strings.Repeat("a.", 127) + "a" },
			"domain: characters: 255: want 1 to 253",
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
		"patterns that are blank, or not closed": {
			func(e *infra.Environment) {
				e.ErrorPattern = " "
				e.Services = []infra.Service{{Name: "a", ErrorPattern: `{ $.level = "}"`}, {Name: "b", ErrorPattern: "w1, w2]"}, {Name: "c", ErrorPattern: "["}}
			},
			"service a: error pattern: \"{ $.level = \\\"}\\\"\": want a bracket that is open at the beginning closed at the end\n" +
				"service b: error pattern: \"w1, w2]\": want a bracket that is open at the beginning closed at the end\n" +
				"service c: error pattern: \"[\": want a bracket that is open at the beginning closed at the end\n" +
				"error pattern: \" \": want text on one line",
		},
		"a threshold below none": {
			func(e *infra.Environment) { e.Services = []infra.Service{{Name: "a", MaxErrorLines: new(-1)}} },
			"service a: max error lines: -1: want 0 to 1000000",
		},
		"more wildcards than a rule has, and a host that is too long": {
			func(e *infra.Environment) {
				e.Services = public(infra.Route{Priority: 1, Paths: []string{"/a/*", "/b?/*"}, Hosts: []string{"*.a.b", "**." + strings.Repeat("c", 126)}})
			},
			"service a: route: host: characters: 129: want 1 to 128\nservice a: route: 6 wildcards: want at most 5",
		},
		"two routes for one request": {
			func(e *infra.Environment) {
				e.Services = []infra.Service{
					{Name: "a", Route: &infra.Route{Priority: 1, Paths: []string{"/a", "/a"}, Hosts: []string{"A.example.com", "b.example.com"}}},
					{Name: "b", Route: &infra.Route{Priority: 2, Paths: []string{"/a"}, Hosts: []string{"a.example.com"}}},
					{Name: "c", Route: &infra.Route{Priority: 3}},
					{Name: "d", Route: &infra.Route{Priority: 4, Paths: []string{"/*"}}},
				}
			},
			"service a: route: a.example.com/a is given twice\nservice a: route: b.example.com/a is given twice\n" +
				"service b: route: a.example.com/a is that of a, too\nservice d: route: /* is that of c, too",
		},
		"a route of zeros": {
			func(e *infra.Environment) { e.Services = public(infra.Route{}) },
			"service a: route: priority: 0: want 1 to 50000",
		},
		"a route beyond all limits": {
			func(e *infra.Environment) {
				e.Services = public(infra.Route{
					Priority: 50_001, HealthPath: "ok",
					Paths: []string{"api", "/a b", "/c", "/d"}, Hosts: []string{"localhost", "a.example.com"},
				})
			},
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
				e.Services = []infra.Service{{Name: "a", Route: &infra.Route{Priority: 7}}, {Name: "b", Route: &infra.Route{Priority: 7, Paths: []string{"/b"}}}}
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
		"a cache of a type that knows no encryption": {
			func(e *infra.Environment) { e.Caches = []infra.Cache{{NodeType: "cache.t1.micro"}} },
			"cache redis: node type cache.t1.micro: it knows no encryption: take one like cache.t4g.micro",
		},
		"caches whose alarms have one name": {
			func(e *infra.Environment) { e.Caches = []infra.Cache{{}, {Name: "redis"}} },
			"CacheNode001MemoryAlarm and CacheRedisNode001MemoryAlarm: each alarm would be called automation-8527fec8-redis-001-memory; rename one\n" +
				"CacheNode001CpuAlarm and CacheRedisNode001CpuAlarm: each alarm would be called automation-8527fec8-redis-001-cpu; rename one\n" +
				"CacheNode001CreditAlarm and CacheRedisNode001CreditAlarm: each alarm would be called automation-8527fec8-redis-001-cpu-credits; rename one",
		},
		"numbers out of range": {
			func(e *infra.Environment) {
				e.Redis = infra.Redis{Version: "seven", SnapshotDays: 36}
				e.LogDays, e.ErrorPattern, e.MaxErrorLines, e.MaxFailures, e.BucketDays = 10, strings.Repeat("x", 1025), new(-1), new(-1), -1
			},
			"Redis version: \"seven\": want one of 5.0.6, 6.0, 6.2, 7.0, 7.1\n" +
				"Redis snapshot days: 36: want 1 to 35\n" +
				"log days: 10: want one of " + days + "\n" +
				"error pattern: 1025 characters: want at most 1024\n" +
				"max error lines: -1: want 0 to 1000000\n" +
				"max failures: -1: want 0 to 1000000\n" +
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
		"zones by names that do not fit": {
			infra.Network{Owner: owner(t, "master"), Zones: 3, ZoneNames: []string{"us-east-1a", "us-east-1a", "use1-az1", "us-east-1"}},
			`render network of "automation-master": zone names: 4 given: want 3, or none` + "\n" +
				"zone name us-east-1a: given twice\n" +
				"zone name: \"use1-az1\": want one like us-east-1a\nzone name: \"us-east-1\": want one like us-east-1a",
		},
		"a range that is not for networks of one's own": {
			infra.Network{Owner: owner(t, "master"), CIDR: "127.0.0.0/16"},
			`render network of "automation-master": CIDR: 127.0.0.0/16 is not private: want one within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10`,
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
		"secrets as task definitions name them": {
			infra.Roles{Secrets: []string{"arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::", "arn:aws:ssm:us-east-1:123456789012:parameter/a:3"}},
			`secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::": it names a part or a version, as task definitions do: want arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf` + "\n" +
				`secret: "arn:aws:ssm:us-east-1:123456789012:parameter/a:3": it names a part or a version, as task definitions do: want arn:aws:ssm:us-east-1:123456789012:parameter/a`,
		},
		"more than a role has room for": {
			infra.Roles{
				Keys:     []string{"arn:aws:kms:us-east-1:123456789012:" + strings.Repeat("k", 9000)},
				Services: []infra.ServiceRole{{Service: "a", Statements: []infra.Statement{{Actions: []string{"s3:Get*"}, Resources: []string{"arn:" + strings.Repeat("x", 9000)}}}}},
			},
			"secrets and keys: 9039 characters: want at most 9000; take asterisks, or a managed policy\n" +
				"role of service a: statements: 9098 characters: want at most 9000; take asterisks, or a managed policy",
		},
		"a boundary that is a role": {
			infra.Roles{Boundary: "arn:aws:iam::123456789012:role/tasks"},
			`boundary: "arn:aws:iam::123456789012:role/tasks": want the ARN of a managed policy`,
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
