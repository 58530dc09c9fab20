package buildkit_test

import (
	"fmt"

	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildkit"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func ExampleNew() {
	docker, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = docker.Close() }()
	api := ecrtest.New(ecrtest.Options{}).Client() // in production: awsecr.NewFromConfig(cfg)

	publisher := ecr.New(api, ecr.Options{Engine: docker, Builder: buildkit.New(docker)})
	fmt.Printf("%T\n", publisher)
	// Output: *ecr.Publisher
}
