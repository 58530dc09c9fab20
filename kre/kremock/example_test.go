package kremock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/golang/mock/gomock"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/kremock"
)

// What becomes of a release whose objects are never ready.
func Example() {
	ctx := context.Background()
	waiter := kremock.NewMockWaiter(gomock.NewController(new(testing.T))) // the t of your test
	waiter.EXPECT().Wait(gomock.Any(), gomock.Any()).Return(errors.New("notifier has no endpoints"))
	engine, err := kre.New(kubetest.New(kubetest.Options{}).Config(), kre.Options{
		Waiter: func(kre.Cluster, func(string) string) kre.Waiter { return waiter },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	chart := fstest.MapFS{
		"Chart.yaml":            {Data: []byte("apiVersion: v2\nname: notifier\nversion: 1.0.0\n")},
		"templates/config.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notifier}\n")},
	}
	plan, err := engine.Plan(ctx, []kre.Release{{Name: "notifier", Namespace: "demo", Chart: kre.Chart{Files: chart}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := engine.Apply(ctx, plan)
	fmt.Println(result.Releases[0].After)
	fmt.Println(err)
	// Output:
	// failed
	// install release demo/notifier: notifier has no endpoints
}
