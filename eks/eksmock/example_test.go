package eksmock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/golang/mock/gomock"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/eksmock"
)

func Example() {
	controller := gomock.NewController(new(testing.T)) // the t of your test
	api := eksmock.NewMockClusters(controller)
	api.EXPECT().DescribeCluster(gomock.Any(), gomock.Any()).Return(nil, errors.New("no route to host"))

	_, err := eks.Describe(context.Background(), api, "demo")
	fmt.Println(err)
	// Output:
	// describe cluster demo: no route to host
}

func ExampleMockPresigner() {
	controller := gomock.NewController(new(testing.T)) // the t of your test
	api := eksmock.NewMockPresigner(controller)
	api.EXPECT().PresignGetCallerIdentity(gomock.Any(), gomock.Any(), gomock.Any()).
		Return(&v4.PresignedHTTPRequest{URL: "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity"}, nil)

	token, err := eks.NewTokens(api, "demo", eks.TokenOptions{}).Token(context.Background())
	fmt.Println(token[:20]+"...", err)
	// Output:
	// k8s-aws-v1.aHR0cHM6L... <nil>
}
