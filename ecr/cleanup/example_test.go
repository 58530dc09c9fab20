package cleanup_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func ExampleCleaner() {
	ctx := context.Background()
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"8527fec8-2", "c721e158-2"}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"master-3"}})
	cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})

	plan, err := cleaner.Plan(ctx, cleanup.Request{
		Repositories: []string{"shop"},
		Live:         []string{"8527fec8"},
		Running:      []string{}, // nothing does
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, image := range plan.Repositories[0].Images {
		if image.Goes() {
			fmt.Printf("delete %v: %s\n", image.Remove, image.Reason)
		}
	}
	result, err := cleaner.Apply(ctx, plan)
	fmt.Println(result.Repositories[0].Removed, err)
	// Output:
	// delete [c721e158-1]: environment c721e158 is gone
	// [c721e158-1 c721e158-2] <nil>
}

func ExampleEnvironmentOf() {
	fmt.Println(cleanup.EnvironmentOf("c721e158-131"))
	fmt.Println(cleanup.EnvironmentOf("latest-c721e158"))
	fmt.Println(cleanup.EnvironmentOf("v1.2"))
	// Output:
	// c721e158 true
	// c721e158 true
	//  false
}
