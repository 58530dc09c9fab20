package capacity_test

import (
	"context"
	"fmt"
	"log"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// Two services are to be rolled out to a cluster of two instances: one fits,
// the other needs more memory than any instance has left.
func Example() {
	ctx := context.Background()
	cloud := ecstest.New(ecstest.Options{})
	cloud.AddInstance("automation-master", ecstest.Instance{CPU: 2048, Memory: 4096})
	cloud.AddInstance("automation-master", ecstest.Instance{CPU: 2048, Memory: 3072})
	client := cloud.Client() // or awsecs.NewFromConfig(cfg)

	var demands []capacity.Demand
	for name, memory := range map[string]int32{"notifier": 512, "bruin-bridge": 6144} {
		d, err := capacity.Creating(name, &awsecs.RegisterTaskDefinitionInput{
			Family:               &name,
			ContainerDefinitions: []types.ContainerDefinition{{Name: &name, Cpu: 256, Memory: &memory}},
		}, nil)
		if err != nil {
			log.Fatal(err)
		}
		demands = append(demands, d)
	}

	supply, err := capacity.NewReader(client, capacity.Options{Tasks: client}).Supply(ctx, "automation-master")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(capacity.Check(demands, supply))
	// Output:
	// capacity: does not fit
	//   bruin-bridge: 1 task without room: each needs 6144 MiB of memory, the largest gap has 3584 (on 00000000000000000000000000000001; all together 6656): 2560 missing
}

// Check needs no AWS: what is demanded and supplied are plain values.
func ExampleCheck() {
	supply := capacity.Supply{Instances: []capacity.Instance{{
		ID: "i-1", Status: "ACTIVE", Connected: true,
		Free: capacity.Resources{CPU: 512, Memory: 1024}, TCP: []int{443},
	}}}
	web := capacity.Task{Resources: capacity.Resources{CPU: 256, Memory: 512}, TCP: []int{443}}
	verdict := capacity.Check([]capacity.Demand{{Service: "web", Task: web, Desired: 1, Running: 1}}, supply)
	fmt.Println(verdict.OK())
	fmt.Print(verdict)
	// Output:
	// false
	// capacity: does not fit
	//   web: 1 task without room: host port 443/tcp is in use on every instance that could take it, such as i-1
}

// One task that may neither be doubled nor missed can never be replaced.
func ExampleVerdict_String() {
	most := 150
	verdict := capacity.Check([]capacity.Demand{
		{Service: "bridge", Desired: 1, Running: 1, MaxPercent: &most},
	}, capacity.Supply{})
	fmt.Print(verdict)
	// Output:
	// capacity: cannot progress
	//   bridge: minimum and maximum percent allow no task to start or stop: lower the minimum or raise the maximum
	//   warning: the container instances of the cluster were not read: whether they have room is not known
}
