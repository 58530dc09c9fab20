package repository_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/lifecycle"
	"github.com/mettel-automation/delivery/ecr/repository"
)

func ExampleManager_Plan() {
	ctx := context.Background()
	cloud := ecrtest.New(ecrtest.Options{}) // in production: awsecr.NewFromConfig(cfg)
	cloud.AddRepository("automation/notifier")
	manager := repository.New(cloud.Client(), repository.Options{})

	policy, err := lifecycle.Default([]string{"latest-*"}, 500)
	if err != nil {
		fmt.Println(err)
		return
	}
	desired := []repository.Repository{
		{Name: "automation/notifier", Lifecycle: &policy, Running: []string{}},
		{Name: "automation/bridge"},
	}
	plan, err := manager.Plan(ctx, desired)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	result, err := manager.Apply(ctx, plan)
	fmt.Println(len(result.Done), "done,", err)

	plan, err = manager.Plan(ctx, desired)
	fmt.Println(plan.Empty(), err)
	// Output:
	// + repository automation/bridge
	//   tags: immutable but cache*, latest*
	//   scanning: on push
	//   encryption: AES256
	// ~ repository automation/notifier
	//   lifecycle policy: none -> expire tagged latest-* beyond 100000; expire tagged inputs-* beyond 500; expire untagged beyond 500
	// 2 done, <nil>
	// true <nil>
}
