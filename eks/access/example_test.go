package access_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/eks/ekstest"
	"github.com/mettel-automation/delivery/eks/kubetest"
)

func ExampleManager() {
	ctx := context.Background()
	cloud, cluster := ekstest.New(ekstest.Options{}), kubetest.New(kubetest.Options{})
	cloud.AddCluster("kre-dev", types.AuthenticationModeApi)
	client, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		fmt.Println(err)
		return
	}

	manager := access.New(access.Cluster{
		Name: "kre-dev", Mode: types.AuthenticationModeApi,
		Entries: cloud.Client(), Kubernetes: client,
	}, access.Options{})
	plan, err := manager.Plan(ctx, []access.Group{
		{Name: "developer-ops-privileged", Principals: []string{"arn:aws:iam::123456789012:role/ana"}, Rules: rules.DeveloperOpsPrivileged()},
		{Name: "devops", Principals: []string{"arn:aws:iam::123456789012:role/eve"}, Rules: rules.DevOps()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)

	result, err := manager.Apply(ctx, plan)
	fmt.Println(len(result.Done), "steps done,", err)
	// Output:
	// access to cluster kre-dev (API, owner delivery)
	// + group developer-ops-privileged, 1 principal
	//     *: + *
	//     *.apps: + *
	// + group devops, 1 principal
	//     *.*: + *
	// + arn:aws:iam::123456789012:role/ana: + developer-ops-privileged
	// + arn:aws:iam::123456789012:role/eve: + devops
	// 6 steps done, <nil>
}
