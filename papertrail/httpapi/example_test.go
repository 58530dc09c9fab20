package httpapi_test

import (
	"context"
	"fmt"

	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
)

func ExampleNew() {
	account := papertrailtest.New(papertrailtest.Options{Token: "secret"})
	client, err := httpapi.New(httpapi.Options{Token: "secret", Transport: account}) // without Transport: the service itself
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	group, err := client.CreateGroup(ctx, "[automation-8527fec8] - dev/fix/x logs", "*")
	if err != nil {
		fmt.Println(err)
		return
	}
	search, err := client.CreateSearch(ctx, group.ID, papertrail.Search{Name: "errors", Query: "level=error"})
	fmt.Println(group.Name, "has", search.Name, err)

	_, err = httpapi.New(httpapi.Options{})
	fmt.Println(err)
	// Output:
	// [automation-8527fec8] - dev/fix/x logs has errors <nil>
	// no API token is given; an account's is in its profile on papertrailapp.com
}
