package cluster_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mettel-automation/delivery/ecs/cluster"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

func ExampleManager() {
	ctx := context.Background()
	cloud := ecstest.New(ecstest.Options{})
	manager := cluster.New(cloud.Client(), cluster.Options{Environment: "demo", PollInterval: time.Millisecond})

	plan, err := manager.Plan(ctx, cluster.Spec{
		Name:              "demo",
		CapacityProviders: []string{"FARGATE"},
		Tags:              map[string]string{cluster.TagEnvironment: "demo"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	fmt.Println(manager.Apply(ctx, plan))

	deletion, err := manager.PlanDelete(ctx, "demo")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(deletion)
	deleted, err := manager.ApplyDelete(ctx, deletion)
	fmt.Println(deleted.Cluster, err)
	// Output:
	// cluster demo: create
	//   container insights: enabled
	//   capacity providers: FARGATE
	//   tag Environment: "demo"
	// <nil>
	// cluster demo: delete, with 0 services and 0 tasks of no service
	// true <nil>
}

func ExampleManager_PlanDelete_refused() {
	cloud := ecstest.New(ecstest.Options{})
	cloud.AddCluster("automation-master")
	manager := cluster.New(cloud.Client(), cluster.Options{Environment: "automation-master"})

	_, err := manager.PlanDelete(context.Background(), "automation-master")
	fmt.Println(err)
	// Output:
	// plan to delete cluster automation-master: the cluster is one of production: name it in Options.AllowProduction to delete it ("automation-master" has "master")
}
