package route53test_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/mettel-automation/delivery/kre/route53test"
)

func Example() {
	cloud := route53test.New(route53test.Options{})
	id := cloud.AddZone("example.net")
	if err := cloud.Put(id, route53test.Record("*.example.net", "A", "192.0.2.1")); err != nil {
		fmt.Println(err)
		return
	}
	out, err := cloud.Client().ListResourceRecordSets(context.Background(), &route53.ListResourceRecordSetsInput{HostedZoneId: &id})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, set := range out.ResourceRecordSets {
		fmt.Println(*set.Name, set.Type)
	}
	// Output:
	// example.net. NS
	// example.net. SOA
	// \052.example.net. A
}
