package ecr_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
)

func ExamplePublisher() {
	ctx := context.Background()
	cloud := ecrtest.New(ecrtest.Options{}) // awsecr.NewFromConfig(cfg), in earnest
	cloud.AddRepository("automation/notifier")
	docker := enginetest.New(cloud, enginetest.Options{}) // client.NewClientWithOpts(client.FromEnv)
	publisher := ecr.New(cloud.Client(), ecr.Options{Engine: docker})

	for _, build := range []string{"8527fec8-131", "8527fec8-132"} {
		plan, err := publisher.Plan(ctx, []ecr.Image{{
			Module:     "notifier",
			Repository: "automation/notifier",
			Context:    "testdata/notifier",
			Tags:       []string{build},
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		result, err := publisher.Apply(ctx, plan)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, i := range result.Images {
			fmt.Println(i.Module, i.Outcome, i.Tags)
		}
	}
	// Output:
	// notifier built [8527fec8-131]
	// notifier retagged [8527fec8-132]
}
