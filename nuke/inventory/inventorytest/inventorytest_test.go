package inventorytest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"

	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
)

func Example() {
	account := inventorytest.New("123456789012", "mettel-dev")
	account.AddEnvironment("us-east-1", "automation-1a2b3c4d")

	api := account.API().Region("us-east-1")
	out, err := api.Clusters.ListClusters(context.Background(), &ecs.ListClustersInput{})
	fmt.Println(out.ClusterArns, err, account.Calls("ecs:ListClusters"))
	// Output:
	// [arn:aws:ecs:us-east-1:123456789012:cluster/automation-1a2b3c4d] <nil> 1
}

func TestListsComeInPages(t *testing.T) {
	account := inventorytest.New("123456789012", "")
	for i := range 5 {
		account.AddEnvironment("us-east-1", fmt.Sprintf("automation-0000000%d", i))
	}
	api := account.API().Region("us-east-1")
	var token *string
	sizes := []int{}
	for {
		out, err := api.Clusters.ListClusters(t.Context(), &ecs.ListClustersInput{NextToken: token})
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(out.ClusterArns))
		if token = out.NextToken; token == nil {
			break
		}
	}
	if fmt.Sprint(sizes) != "[2 2 1]" {
		t.Errorf("pages of %v", sizes)
	}
	if _, err := api.Clusters.ListClusters(t.Context(), &ecs.ListClustersInput{NextToken: new("x")}); err == nil {
		t.Error("a token that nobody gave was taken")
	}
}

func TestBeforeFailsCalls(t *testing.T) {
	account := inventorytest.New("123456789012", "")
	var seen []string
	account.Before = func(region, action string) error {
		seen = append(seen, region+" "+action)
		return inventorytest.Denied(action)
	}
	_, err := account.API().Region("eu-west-1").Tags.GetResources(t.Context(), &resourcegroupstaggingapi.GetResourcesInput{})
	if err == nil || fmt.Sprint(seen) != "[eu-west-1 tag:GetResources]" || account.Calls("tag:GetResources") != 1 {
		t.Errorf("%v, error %v", seen, err)
	}
	if err.Error() != "api error AccessDeniedException: not authorized to perform tag:GetResources" {
		t.Errorf("error %q", err)
	}
}

// Cloud Map does not say of which namespace a service is, so that nobody may list them all.
func TestServicesAreListedByNamespaceOnly(t *testing.T) {
	account := inventorytest.New("123456789012", "")
	if _, err := account.API().Region("us-east-1").CloudMap.ListServices(t.Context(), &servicediscovery.ListServicesInput{}); err == nil {
		t.Error("no error without a filter")
	}
}
