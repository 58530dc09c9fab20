package zone_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
)

func Example() {
	ctx := context.Background()
	cloud := route53test.New(route53test.Options{Sync: -1}) // in sync at once
	cloud.AddZone("example.net")
	zones := zone.New(cloud.Client(), zone.Options{
		Environment: "kre-dev",
		Registry:    zone.Registry{Owner: "kre-dev"},
		Rate:        1000, // in memory there is no account to spare
	})
	spec := zone.Spec{Name: "kre-tnba-dev.example.net", Parent: "example.net"}

	plan, err := zones.Plan(ctx, spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	done, err := zones.Apply(ctx, plan)
	fmt.Println(done.Created, done.Delegated, len(done.NameServers), err)

	deletion, err := zones.PlanDelete(ctx, spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(deletion.Records), len(deletion.Foreign), deletion.Delegation != nil)
	deleted, err := zones.ApplyDelete(ctx, deletion)
	fmt.Println(deleted.Zone, err)
	// Output:
	// true true 4 <nil>
	// 0 0 true
	// true <nil>
}
