package deploy

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/taskdef"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/infra"
)

func somewhere(t *testing.T) place {
	t.Helper()
	env, err := envname.Resolve("dev/feature/login")
	if err != nil {
		t.Fatal(err)
	}
	return place{
		env: env, region: "us-east-1",
		in: infra.EnvironmentOutputs{
			Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroup: "sg-1", LogGroup: env.Name, NamespaceName: env.Name + ".local",
			TargetGroups: map[string]string{"portal": "arn:tg"}, Caches: map[string]string{"": "rediss://main:6379", "customer-cache": "rediss://customer:6379"},
		},
		roles:      infra.RolesOutputs{ExecutionRole: "arn:aws:iam::123456789012:role/execution", TaskRole: "arn:aws:iam::123456789012:role/task", ServiceRoles: map[string]string{"notifier": "arn:aws:iam::123456789012:role/notifier"}},
		images:     map[string]string{"site": "registry/site@sha256:1"},
		registries: map[string]types.ServiceRegistry{"portal": {RegistryArn: new("arn:registry")}},
	}
}

func TestAServiceIsAsTheFileSays(t *testing.T) {
	variables := func(more ...string) (pairs []types.KeyValuePair) {
		all := append([]string{"ENVIRONMENT_NAME=automation-8527fec8", "REDIS_CUSTOMER_CACHE_URL=rediss://customer:6379", "REDIS_URL=rediss://main:6379", "SERVICES_DOMAIN=automation-8527fec8.local"}, more...)
		for _, v := range all {
			name, value, _ := strings.Cut(v, "=")
			pairs = append(pairs, types.KeyValuePair{Name: &name, Value: &value})
		}
		return pairs
	}
	tests := map[string]struct {
		service config.Service
		check   func(t *testing.T, container types.ContainerDefinition)
		cpu     string
		role    string
		count   int32
		public  bool
	}{
		"a service of defaults": {
			service: config.Service{Name: "plain", Image: "nats:2"}, cpu: "256", role: "task", count: 1,
			check: func(t *testing.T, c types.ContainerDefinition) {
				if d := cmp.Diff(variables(), c.Environment, cmp.AllowUnexported(types.KeyValuePair{})); d != "" {
					t.Errorf("variables (-want +got):\n%s", d)
				}
				if *c.Image != "nats:2" || c.PortMappings != nil || c.HealthCheck != nil || c.Secrets != nil {
					t.Errorf("container %+v", c)
				}
				want := map[string]string{"awslogs-group": "automation-8527fec8", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "plain"}
				if d := cmp.Diff(want, c.LogConfiguration.Options); d != "" {
					t.Errorf("log configuration (-want +got):\n%s", d)
				}
			},
		},
		"a public service": {
			service: config.Service{Name: "portal", Module: "site", CPU: 512, Memory: 1024, Count: 3, Port: 3000, HealthCheck: "true", Environment: map[string]string{"TZ": "UTC"}},
			cpu:     "512", role: "task", count: 3, public: true,
			check: func(t *testing.T, c types.ContainerDefinition) {
				if *c.Image != "registry/site@sha256:1" || *c.PortMappings[0].ContainerPort != 3000 || c.HealthCheck.Command[1] != "true" {
					t.Errorf("container %+v", c)
				}
				if d := cmp.Diff(variables("TZ=UTC"), c.Environment, cmp.AllowUnexported(types.KeyValuePair{})); d != "" {
					t.Errorf("variables (-want +got):\n%s", d)
				}
			},
		},
		"a service with rights, secrets and variables that win": {
			service: config.Service{
				Name: "notifier", Image: "x:1", Environment: map[string]string{"REDIS_URL": "redis://mine", "SLACK": "no"},
				Secrets: map[string]string{"SLACK": "arn:aws:ssm:us-east-1:123456789012:parameter/slack"},
			},
			cpu: "256", role: "notifier", count: 1,
			check: func(t *testing.T, c types.ContainerDefinition) {
				for _, pair := range c.Environment {
					if *pair.Name == "SLACK" || *pair.Name == "REDIS_URL" && *pair.Value != "redis://mine" {
						t.Errorf("variable %s is %s", *pair.Name, *pair.Value)
					}
				}
				if len(c.Secrets) != 1 || *c.Secrets[0].ValueFrom != "arn:aws:ssm:us-east-1:123456789012:parameter/slack" {
					t.Errorf("secrets %+v", c.Secrets)
				}
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := somewhere(t).services([]config.Service{tt.service})
			if err != nil {
				t.Fatal(err)
			}
			td, set := got[0].TaskDefinition, got[0].Settings
			if err := taskdef.Check(td); err != nil {
				t.Error(err)
			}
			if *td.Family != "automation-8527fec8-"+tt.service.Name || *td.Cpu != tt.cpu || !strings.HasSuffix(*td.TaskRoleArn, "role/"+tt.role) || *set.DesiredCount != tt.count {
				t.Errorf("task definition %s, %s CPU units, %s, %d tasks", *td.Family, *td.Cpu, *td.TaskRoleArn, *set.DesiredCount)
			}
			if public := len(set.LoadBalancers) == 1 && len(set.ServiceRegistries) == 1 && set.HealthCheckGracePeriodSeconds != nil; public != tt.public {
				t.Errorf("load balancers %+v, registries %+v", set.LoadBalancers, set.ServiceRegistries)
			}
			if !set.DeploymentConfiguration.DeploymentCircuitBreaker.Rollback || aws.ToString(set.Tags[1].Value) == "" {
				t.Errorf("settings %+v", set)
			}
			tt.check(t, td.ContainerDefinitions[0])
		})
	}
}

func TestServicesWithAPortHaveNames(t *testing.T) {
	got := names([]config.Service{{Name: "job"}, {Name: "backend", Port: 5000}})
	if len(got) != 1 || got[0].Name != "backend" {
		t.Errorf("names %+v", got)
	}
}
