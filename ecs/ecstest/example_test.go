package ecstest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// A rollout against an ECS in memory. Here it runs a thousand times faster than
// a real one; in a test, wrap it in synctest.Test and leave the timing alone.
func Example() {
	cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }})
	cloud.AddCluster("demo")
	cloud.Inject("notifier", ecstest.ImageMissing)
	deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: "demo", PollInterval: time.Millisecond})

	ctx := context.Background()
	plan, err := deployer.Plan(ctx, []ecs.Service{{
		Name: "notifier",
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family:               new("notifier"),
			ContainerDefinitions: []types.ContainerDefinition{{Name: new("notifier"), Image: new("notifier:42"), Memory: new(int32(128))}},
		},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = deployer.Apply(ctx, plan)
	fmt.Println("its tasks fail:", errors.Is(err, ecs.ErrTasksFail))
	fmt.Println(cloud.Calls("CreateService"), cloud.Calls("DeleteService"))
	// Output:
	// its tasks fail: true
	// 1 1
}
