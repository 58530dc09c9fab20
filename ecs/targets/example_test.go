package targets_test

import (
	"context"
	"fmt"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/ecs/targets"
)

func ExampleGate() {
	ctx := context.Background()
	cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }})
	cloud.AddCluster("demo")

	gate := targets.New(elb.NewFromConfig(cloud.Config()), targets.Options{})
	deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: "demo", PollInterval: time.Millisecond, Gates: []ecs.Gate{gate}})
	plan, err := deployer.Plan(ctx, []ecs.Service{{
		Name: "web",
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family:               new("web"),
			ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: new("web:7"), Memory: new(int32(128))}},
		},
		Settings: &awsecs.CreateServiceInput{LoadBalancers: []types.LoadBalancer{{
			TargetGroupArn: new(ecstest.TargetGroupARN("tg-web")), ContainerName: new("app"), ContainerPort: new(int32(8080)),
		}}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := deployer.Apply(ctx, plan)
	fmt.Print(result)
	fmt.Println(err)
	// Output:
	// healthy (1):
	//   web
	// <nil>
}
