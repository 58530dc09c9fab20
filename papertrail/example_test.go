package papertrail_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

func Example() {
	account := papertrailtest.New(papertrailtest.Options{})
	client, err := httpapi.New(httpapi.Options{Token: "secret", Transport: account})
	if err != nil {
		fmt.Println(err)
		return
	}
	groups, err := papertrail.Environment{
		ID: "automation-8527fec8", Branch: "dev/feature/new-sla",
		Services: []papertrail.Service{{Name: "notifier", Image: "automation-8527fec8-1042"}},
	}.Groups()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	keeper := papertrail.New(client, papertrail.Options{})
	plan, err := keeper.Plan(ctx, groups[:1])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	result, err := keeper.Apply(ctx, plan)
	fmt.Println(len(result.Done), "changes made:", err)
	// Output:
	// + group [automation-8527fec8] - dev/feature/new-sla logs: *
	// + search [all modules] - logs in [automation-8527fec8] - dev/feature/new-sla logs: automation-8527fec8
	// + search [notifier] - logs in [automation-8527fec8] - dev/feature/new-sla logs: notifier AND automation-8527fec8 AND 1042
	// 3 to create, 0 to update, 0 to delete, 0 unchanged
	// 3 changes made: <nil>
}

func ExampleKeeper_PlanDelete() {
	account := papertrailtest.New(papertrailtest.Options{Alerts: true})
	account.AddGroup(papertrailtest.Group{Name: "[automation-8527fec8] - dev/fix/x logs"})
	account.AddGroup(papertrailtest.Group{Name: "[production] - master logs"})
	client, err := httpapi.New(httpapi.Options{Token: "secret", Transport: account})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	keeper := papertrail.New(client, papertrail.Options{})
	environment := papertrail.Environment{ID: "automation-8527fec8", Branch: "dev/fix/x"}
	plan, err := keeper.PlanDelete(ctx, papertrail.DeleteRequest{Groups: environment.GroupNames()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	_, err = keeper.PlanDelete(ctx, papertrail.DeleteRequest{Groups: []string{"[production] - master logs"}})
	fmt.Println(err)
	// Output:
	// - group [automation-8527fec8] - dev/fix/x logs
	// 0 to create, 0 to update, 1 to delete, 0 unchanged
	// delete group "[production] - master logs": the name has the word "production": it is of production: give its Environment again in AllowProduction to delete it
}
