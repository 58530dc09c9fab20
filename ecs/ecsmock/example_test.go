package ecsmock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/golang/mock/gomock"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecsmock"
)

func Example() {
	controller := gomock.NewController(new(testing.T)) // the t of your test
	api := ecsmock.NewMockAPI(controller)
	api.EXPECT().DescribeServices(gomock.Any(), gomock.Any()).Return(nil, errors.New("no route to host"))

	_, err := ecs.New(api, ecs.Options{Cluster: "demo"}).Plan(context.Background(), []ecs.Service{{
		Name: "notifier",
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family:               new("notifier"),
			ContainerDefinitions: []types.ContainerDefinition{{Name: new("notifier"), Image: new("notifier:42"), Memory: new(int32(128))}},
		},
	}})
	fmt.Println(err)
	// Output:
	// plan rollout to demo: describe services notifier: no route to host
}
