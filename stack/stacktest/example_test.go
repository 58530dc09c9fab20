package stacktest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// A stack that fails, in a CloudFormation in memory. Here it runs a thousand
// times faster than a real one; in a test, wrap it in synctest.Test and leave the
// timing alone.
func Example() {
	cloud := stacktest.New(stacktest.Options{Speed: 1000})
	cloud.Inject("Cache", stacktest.Fault{Reason: "Insufficient cache cluster capacity."})
	client := cloud.Client()

	ctx := context.Background()
	_, err := client.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: new("demo"),
		TemplateBody: new(`
Resources:
  Cache: {Type: AWS::ElastiCache::ReplicationGroup, Properties: {ReplicationGroupId: demo}}
`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	waiter := cloudformation.NewStackCreateCompleteWaiter(client)
	err = waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: new("demo")}, time.Minute, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	})
	fmt.Println(err)

	events, err := client.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: new("demo")})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range events.StackEvents {
		if e.ResourceStatus == types.ResourceStatusCreateFailed {
			fmt.Printf("%s: %s\n", *e.LogicalResourceId, *e.ResourceStatusReason)
		}
	}
	// Output:
	// waiter state transitioned to Failure
	// Cache: Insufficient cache cluster capacity.
}
