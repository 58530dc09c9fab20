package ecs_test

import (
	"context"
	"fmt"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// task is the smallest task definition: one container.
func task(family, image string) *awsecs.RegisterTaskDefinitionInput {
	return &awsecs.RegisterTaskDefinitionInput{
		Family:               &family,
		ContainerDefinitions: []types.ContainerDefinition{{Name: &family, Image: &image, Memory: new(int32(128))}},
	}
}

// fast is an ECS in memory that takes milliseconds for what takes minutes.
func fast() *ecstest.Cloud {
	cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }})
	cloud.AddCluster("demo")
	return cloud
}

func ExampleDeployer() {
	ctx := context.Background()
	deployer := ecs.New(fast().Client(), ecs.Options{Cluster: "demo", PollInterval: time.Millisecond})

	plan, err := deployer.Plan(ctx, []ecs.Service{
		{Name: "notifier", DependsOn: []string{"nats"}, TaskDefinition: task("notifier", "notifier:42")},
		{Name: "nats", TaskDefinition: task("nats", "nats:2.11")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)

	result, err := deployer.Apply(ctx, plan)
	fmt.Print(result)
	fmt.Println(err)
	// Output:
	// cluster demo: 2 to create, 0 to update, 0 unchanged, in 2 levels
	// level 1
	//   + nats      nats:2.11
	// level 2
	//   + notifier  notifier:42
	// healthy (2):
	//   nats, notifier
	// <nil>
}

func ExampleDeployer_Apply_failure() {
	ctx := context.Background()
	cloud := fast()
	cloud.Inject("notifier", ecstest.ImageMissing)
	deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: "demo", PollInterval: time.Millisecond})

	plan, err := deployer.Plan(ctx, []ecs.Service{
		{Name: "nats", TaskDefinition: task("nats", "nats:2.11")},
		{Name: "notifier", DependsOn: []string{"nats"}, TaskDefinition: task("notifier", "notifier:42")},
		{Name: "portal", DependsOn: []string{"notifier"}, TaskDefinition: task("portal", "portal:7")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := deployer.Apply(ctx, plan)
	fmt.Println(err != nil, result.Names(progress.RolledBack), result.Names(progress.Skipped))
	// Output:
	// true [nats notifier] [portal]
}
