package infra_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
)

func TestLimits(t *testing.T) {
	most := func(n int, public bool) infra.Environment {
		e := ephemeral(t)
		e.Services = nil
		for i := range n {
			s := infra.Service{Name: "s" + strings.Repeat("x", i)}
			if public {
				s.Route = &infra.Route{Priority: i + 1, Paths: []string{"/" + s.Name}}
			}
			e.Services = append(e.Services, s)
		}
		return e
	}
	tests := map[string]struct {
		environment infra.Environment
		want        string
	}{
		"155 services":       {most(155, false), ""},
		"156 services":       {most(156, false), "resources: 501: want 1 to 500"},
		"58 public services": {most(58, true), ""},
		"59 public services": {most(59, true), "resources: 505: want 1 to 500"},
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

func TestKRELimits(t *testing.T) {
	for n, want := range map[int]string{200: "", 482: "", 483: "resources: 501: want 1 to 500"} {
		rendered, err := kreCrowd(t, n).Render()
		if want != "" {
			want = `render KRE cluster of "mettel-automation-kre-dev": ` + want
		}
		says(t, err, want)
		t.Logf("%d users: %d bytes", n, len(rendered.Body))
		if len(rendered.Body) > 1_000_000 {
			t.Errorf("%d users: %d bytes, more than CloudFormation takes", n, len(rendered.Body))
		}
		tpl := template{}
		if want == "" {
			tpl = parse(t, rendered.Body)
		}
		if len(tpl.Outputs) > 200 || len(tpl.Resources) > 500 {
			t.Errorf("%d users: %d outputs, %d resources", n, len(tpl.Outputs), len(tpl.Resources))
		}
	}
	if rendered, err := kreProduction(t).Render(); err != nil || len(rendered.Body) > 51_200 {
		t.Errorf("production: %d bytes, more than a request takes; %v", len(rendered.Body), err)
	}
}

func TestSize(t *testing.T) {
	for n, most := range map[int]int{2: 43_000, 4: 51_200, 30: 147_000} {
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
	if id == "ClusterLogGroup" { // is AWS's to name
		return 0
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
