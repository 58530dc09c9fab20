package runtime_test

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
)

func Example() {
	// A Kubernetes and a Route 53 in memory; a real cluster has a rest.Config, and AWS
	// a client of its own.
	cluster, cloud := kubetest.New(kubetest.Options{Timing: kubetest.Quick()}), route53test.New(route53test.Options{Sync: -1})
	cloud.AddZone("example.net")

	client, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := kre.New(cluster.Config(), kre.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	zones := zone.New(cloud.Client(), zone.Options{Environment: "kre-dev", Registry: zone.Registry{Owner: "kre-dev"}, Rate: 1000})
	runtimes := runtime.New(runtime.Kubernetes{Client: client}, engine, zones, runtime.Options{Environment: "kre-dev", DeleteNamespaces: true, PollInterval: time.Millisecond})

	ctx := context.Background()
	tnba := runtime.Runtime{
		Name: "kre-tnba", Domain: "example.net", Kind: runtime.Development,
		Generation: runtime.Chart8, Chart: kre.Chart{Path: "testdata/kre-8"},
		Admin:   "admin@example.com",
		Auth:    runtime.Auth{JWTSecret: "from a vault", APITokenSecret: "from a vault too"},
		MongoDB: runtime.MongoDB{SecretName: "mongo", SecretKey: "uri"},
	}
	plan, err := runtimes.Plan(ctx, []runtime.Runtime{tnba})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := runtimes.Apply(ctx, plan)
	fmt.Print(result)
	fmt.Println(result.Runtimes[0].Hosts.Admin, err)

	destruction, err := runtimes.PlanDelete(ctx, []runtime.Runtime{tnba})
	if err != nil {
		fmt.Println(err)
		return
	}
	done, err := runtimes.ApplyDelete(ctx, destruction)
	fmt.Print(done)
	fmt.Println(err)
	// Output:
	// kre-tnba: done
	// admin.kre-tnba-dev.example.net <nil>
	// kre-tnba: destroyed
	// <nil>
}
