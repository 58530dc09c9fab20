package logs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/ecs/logs"
)

func ExampleReader() {
	ctx := context.Background()
	cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }})
	cloud.AddCluster("demo")
	cloud.Inject("web", ecstest.Crash)
	cloud.Log("web", "web 7 starts", "panic: no redis")

	reader := logs.New(cloudwatchlogs.NewFromConfig(cloud.Config()), logs.Options{})
	deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: "demo", PollInterval: time.Millisecond, Logs: reader})
	plan, err := deployer.Plan(ctx, []ecs.Service{{
		Name: "web",
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family: new("web"),
			ContainerDefinitions: []types.ContainerDefinition{{
				Name: new("app"), Image: new("web:7"), Memory: new(int32(128)),
				LogConfiguration: &types.LogConfiguration{
					LogDriver: types.LogDriverAwslogs,
					Options:   map[string]string{"awslogs-group": "demo", "awslogs-stream-prefix": "ecs"},
				},
			}},
		},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := deployer.Apply(ctx, plan)
	fmt.Println(err != nil)
	for _, log := range result.Logs() {
		for _, line := range log.Lines {
			fmt.Println(log.Container, "|", line)
		}
	}
	// Output:
	// true
	// app | web 7 starts
	// app | panic: no redis
}
