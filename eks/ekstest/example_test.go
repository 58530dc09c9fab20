package ekstest_test

import (
	"context"
	"fmt"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/eks/ekstest"
)

func Example() {
	ctx := context.Background()
	cloud := ekstest.New(ekstest.Options{Before: func(op string, n int) *ekstest.Error {
		if op == "CreateAccessEntry" && n == 1 {
			return ekstest.AccessDenied(op)
		}
		return nil
	}})
	cloud.AddCluster("demo", types.AuthenticationModeApi)
	in := &awseks.CreateAccessEntryInput{
		ClusterName: new("demo"), PrincipalArn: new("arn:aws:iam::123456789012:role/jane"), KubernetesGroups: []string{"developer"},
	}
	_, err := cloud.Client().CreateAccessEntry(ctx, in)
	fmt.Println("at first, an error:", err != nil)
	_, err = cloud.Client().CreateAccessEntry(ctx, in)
	fmt.Println("then:", err, cloud.Entries("demo")[0].Groups)
	// Output:
	// at first, an error: true
	// then: <nil> [developer]
}
