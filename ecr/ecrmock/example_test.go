package ecrmock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/golang/mock/gomock"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrmock"
)

func Example() {
	controller := gomock.NewController(new(testing.T)) // the t of your test
	api := ecrmock.NewMockAPI(controller)
	api.EXPECT().DescribeRepositories(gomock.Any(), gomock.Any()).Return(nil, errors.New("no route to host"))

	_, err := ecr.New(api, ecr.Options{}).Plan(context.Background(), []ecr.Image{{
		Repository: "automation/notifier", Context: "../testdata/notifier",
	}})
	fmt.Println(err)
	// Output:
	// plan images: describe repositories: no route to host
}
