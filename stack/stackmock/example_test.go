package stackmock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/golang/mock/gomock"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stackmock"
)

func Example() {
	controller := gomock.NewController(new(testing.T)) // the t of your test
	api := stackmock.NewMockAPI(controller)
	api.EXPECT().DescribeStacks(gomock.Any(), gomock.Any()).Return(nil, errors.New("no route to host"))

	_, err := stack.New(api, stack.Options{}).Outputs(context.Background(), "automation-8527fec8")
	fmt.Println(err)
	// Output:
	// read outputs of stack automation-8527fec8: describe stack: no route to host
}
