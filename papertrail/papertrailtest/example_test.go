package papertrailtest_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

// One request goes wrong, and the next one does not.
func ExampleServer_Inject() {
	account := papertrailtest.New(papertrailtest.Options{})
	account.AddGroup(papertrailtest.Group{Name: "[production] - master logs", Wildcard: "*"})
	account.Inject(papertrailtest.Fault{Method: "GET", Path: "groups.json", Status: 401})

	client, err := httpapi.New(httpapi.Options{Token: "any", Transport: account})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		groups, err := client.Groups(context.Background())
		fmt.Println(len(groups), err)
	}
	for _, r := range account.Requests() {
		fmt.Println(r)
	}
	// Output:
	// 0 Papertrail: GET groups.json: 401 Unauthorized; the API token is wrong, or may not do this
	// 1 <nil>
	// GET groups.json 401
	// GET groups.json 200
}

// What was written is there to be looked at.
func ExampleServer_Groups() {
	account := papertrailtest.New(papertrailtest.Options{})
	client, err := httpapi.New(httpapi.Options{Token: "any", Transport: account})
	if err != nil {
		fmt.Println(err)
		return
	}
	keeper := papertrail.New(client, papertrail.Options{})
	ctx := context.Background()
	plan, err := keeper.Plan(ctx, []papertrail.Group{{Name: "demo logs", Wildcard: "*", Searches: []papertrail.Search{{Name: "errors", Query: "level=error"}}}})
	if err == nil {
		_, err = keeper.Apply(ctx, plan)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(account.Groups()[0].Name, account.Searches()[0].Query)
	// Output:
	// demo logs level=error
}
