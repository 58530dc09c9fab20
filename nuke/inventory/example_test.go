package inventory_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
)

func ExampleReader_Read() {
	account := inventorytest.New("123456789012", "mettel-dev") // inventory.Connect(cfg) reads a real one
	account.AddEnvironment("us-east-1", "automation-1a2b3c4d")
	account.AddEnvironment("us-east-1", "automation-master")

	reader := inventory.New(account.API(), inventory.Options{
		Environment: "automation-1a2b3c4d", Account: "123456789012", Regions: []string{"us-east-1"},
	})
	inv, err := reader.Read(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(inv.Mine), "belong to it,", len(inv.Others), "stay,", len(inv.Conflicts), "conflicts")
	fmt.Println(inv.Mine[0], inv.Mine[0].Why)

	config, err := nuke.Options{Blocklist: []string{"999999999999"}}.Generate(inv)
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict, err := nuke.Verify(config, inv, nuke.Run{})
	fmt.Println(len(verdict.Deletes), "would go,", err)
	// Output:
	// 36 belong to it, 46 stay, 0 conflicts
	// us-east-1 CloudFormationStack SnsTopicMetTelAutomationAlarms-automation-1a2b3c4d [tag name]
	// 36 would go, <nil>
}
