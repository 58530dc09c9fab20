package discovery_test

import (
	"context"
	"fmt"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

func ExampleNamespace() {
	ctx := context.Background()
	cloud := ecstest.New(ecstest.Options{})
	cloud.AddNamespace("automation-demo.local")

	names := discovery.New(servicediscovery.NewFromConfig(cloud.Config()), discovery.Options{
		Namespace: "automation-demo.local",
		Tags:      map[string]string{"Environment": "automation-demo"},
	})
	plan, err := names.Plan(ctx, []discovery.Service{
		{Name: "nats", Record: "SRV", Port: 4222},
		{Name: "backend", TTL: 30 * time.Second},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	result, err := names.Apply(ctx, plan)
	fmt.Println(*result.Registries()["nats"].Port, err)

	removal, err := names.PlanDelete(ctx)
	fmt.Print(removal)
	fmt.Println(err)
	// Output:
	// namespace automation-demo.local: 2 to create, 0 to update, 0 to delete, 0 unchanged
	//   + backend  A record, TTL 30s
	//   + nats  SRV record, TTL 10s
	// 4222 <nil>
	// namespace automation-demo.local: 0 to create, 0 to update, 2 to delete, 0 unchanged
	//   - backend
	//   - nats
	// <nil>
}

// A rollout says what it waits for, also where it waits in vain.
func ExampleGate() {
	ctx := context.Background()
	cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }})
	cloud.AddCluster("demo")
	cloud.AddNamespace("demo.local")
	client := servicediscovery.NewFromConfig(cloud.Config())

	names := discovery.New(client, discovery.Options{Namespace: "demo.local", Tags: map[string]string{"Environment": "demo"}})
	registries, err := names.Ensure(ctx, []discovery.Service{{Name: "backend", TTL: time.Minute}})
	if err != nil {
		fmt.Println(err)
		return
	}
	deployer := ecs.New(cloud.Client(), ecs.Options{
		Cluster: "demo", Gates: []ecs.Gate{discovery.NewGate(client)},
		PollInterval: time.Millisecond, Timeout: time.Second / 2, KeepFailed: true,
	})
	plan, err := deployer.Plan(ctx, []ecs.Service{{
		Name: "backend",
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family:               new("backend"),
			ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: new("backend:7"), Memory: new(int32(128))}},
		},
		Settings: &awsecs.CreateServiceInput{ServiceRegistries: []types.ServiceRegistry{registries["backend"]}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = deployer.Apply(ctx, plan)
	fmt.Println(err)
	// Output:
	// roll out backend: not healthy in time: registered as backend, waiting for the DNS TTL of 1m0s to pass
}
