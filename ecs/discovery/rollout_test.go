package discovery_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/ecs/targets"
	"github.com/mettel-automation/delivery/progress"
)

const cluster = "demo"

// portal is a backend that is found by its name and stands behind a target
// group, and the frontend, which resolves that name once, when it starts.
func portal(registry ecstypes.ServiceRegistry, version string) []ecs.Service {
	task := func(name string) *awsecs.RegisterTaskDefinitionInput {
		return &awsecs.RegisterTaskDefinitionInput{Family: &name, ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: new("app"), Image: new(name + ":" + version), Memory: new(int32(128)), HealthCheck: &ecstypes.HealthCheck{Command: []string{"CMD", "true"}},
		}}}
	}
	return []ecs.Service{
		{Name: "backend", TaskDefinition: task("backend"), Settings: &awsecs.CreateServiceInput{
			DesiredCount:      new(int32(2)),
			ServiceRegistries: []ecstypes.ServiceRegistry{registry},
			LoadBalancers:     []ecstypes.LoadBalancer{{TargetGroupArn: new(ecstest.TargetGroupARN("tg-backend")), ContainerName: new("app"), ContainerPort: new(int32(8080))}},
		}},
		{Name: "frontend", DependsOn: []string{"backend"}, TaskDefinition: task("frontend")},
	}
}

func TestAFrontendStartsWhenItsBackendsNameResolves(t *testing.T) { // T25, T30
	const register, ttl = 4 * time.Minute, 60 * time.Second
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{Timing: func(string) ecstest.Timing {
			timing := ecstest.DefaultTiming()
			timing.Register, timing.Target = register, 2*time.Minute
			return timing
		}})
		registries, err := b.names.Ensure(t.Context(), []discovery.Service{{Name: "backend", TTL: ttl}})
		if err != nil {
			t.Fatal(err)
		}
		deployer := ecs.New(b.cloud.Client(), ecs.Options{Cluster: cluster, Progress: b.events.Record, Gates: []ecs.Gate{
			targets.New(elb.NewFromConfig(b.cloud.Config()), targets.Options{}), discovery.NewGate(sd.NewFromConfig(b.cloud.Config())),
		}})
		roll := func(version string) ecs.Result {
			t.Helper()
			plan, err := deployer.Plan(t.Context(), portal(registries["backend"], version))
			if err != nil {
				t.Fatal(err)
			}
			result, err := deployer.Apply(t.Context(), plan)
			if err != nil {
				t.Fatal(err)
			}
			return result
		}

		for _, version := range []string{"1", "2"} {
			start := time.Now()
			result := roll(version)
			// From its start until it runs, DefaultTiming gives a task 50 s. The gate
			// is asked every 5 s, and twice.
			least := 50*time.Second + register + ttl
			if began := result.Services[1].Started.Sub(start); began < least || began > least+30*time.Second {
				t.Errorf("version %s: the frontend starts after %v, want a little over %v", version, began, least)
			}
			time.Sleep(time.Hour)
		}
		var said []string
		for _, e := range b.events.Events() {
			if e.Subject == "backend" && e.Op == "ecs.rollout" && e.Message != "" && !slices.Contains(said, e.Message) {
				said = append(said, e.Message)
			}
		}
		for _, want := range []string{"0 of 2 tasks registered as backend", "registered as backend, waiting for the DNS TTL of 1m0s to pass"} {
			if !slices.Contains(said, want) {
				t.Errorf("nobody said %q, but %q", want, said)
			}
		}

		start := time.Now()
		result := roll("2")
		if took := time.Since(start); took > 30*time.Second || len(result.Names(progress.Unchanged)) != 2 {
			t.Errorf("nothing to do took %v and ended as\n%s", took, result)
		}
	})
}

func TestServicesAreRemovedAfterTheirECSServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		registries, err := b.names.Ensure(t.Context(), []discovery.Service{{Name: "backend"}})
		if err != nil {
			t.Fatal(err)
		}
		client := b.cloud.Client()
		deployer := ecs.New(client, ecs.Options{Cluster: cluster})
		plan, err := deployer.Plan(t.Context(), portal(registries["backend"], "1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = deployer.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if _, err := client.DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new(cluster), Service: new("backend"), Force: new(true)}); err != nil {
			t.Fatal(err)
		}
		removal, err := b.names.PlanDelete(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.names.Apply(t.Context(), removal)
		if d := cmp.Diff([]string(nil), b.left()); err != nil || d != "" {
			t.Errorf("%v; left (-want +got):\n%s", err, d)
		}
	})
}
