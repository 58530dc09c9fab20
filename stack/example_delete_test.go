package stack_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

func ExampleManager_PlanDelete() {
	ctx := context.Background()
	cloud := stacktest.New(stacktest.Options{Timing: func(string) stacktest.Timing { return stacktest.Timing{} }}) // all at once
	manager := stack.New(cloud.Client(), stack.Options{                                                            // in AWS: cloudformation.NewFromConfig(cfg)
		PollInterval: 50 * time.Millisecond,
		Buckets:      cloud, // in AWS: see package stack/bucket
	})
	_, err := cloud.Client().CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: new("automation-8527fec8"),
		TemplateBody: new(`
Resources:
  Metrics:
    Type: AWS::S3::Bucket
    Properties: {BucketName: automation-8527fec8-metrics}
  Records:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {BucketName: automation-8527fec8-records}
`),
		Tags: []types.Tag{{Key: new("Environment"), Value: new("automation-8527fec8")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cloud.SetObjects("automation-8527fec8-metrics", 2500)

	plan, err := manager.PlanDelete(ctx, stack.DeleteRequest{
		Name:         "automation-8527fec8",
		Tags:         map[string]string{"Environment": "automation-8527fec8"}, // or it is not ours
		EmptyBuckets: []string{"Metrics"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)

	result, err := manager.ApplyDelete(ctx, plan)
	fmt.Println(result.Deleted, result.Emptied, result.Retained[0].PhysicalID, err)
	// Output:
	// stack automation-8527fec8 (CREATE_COMPLETE): delete 1 resource, emptying 1 bucket first; 1 other left behind
	//   - Metrics  AWS::S3::Bucket  automation-8527fec8-metrics (every version of every object is deleted first)
	//   = Records  AWS::S3::Bucket  automation-8527fec8-records (retained: DeletionPolicy Retain)
	// [Metrics] map[Metrics:2500] automation-8527fec8-records <nil>
}

func ExampleRecovery() {
	plan := stack.Recovery{
		Stack: "automation-master", Status: "UPDATE_ROLLBACK_FAILED",
		Failed: []stack.Cause{{
			Stack: "automation-master", LogicalID: "Cache", Type: "AWS::ElastiCache::ReplicationGroup", Status: "UPDATE_FAILED",
			Reason: "Replication group must be in available state to modify.", Hint: "run again when it is available",
		}},
		Skip: []string{"Cache"},
	}
	fmt.Print(plan)
	// Output:
	// stack automation-master (UPDATE_ROLLBACK_FAILED): continue the rollback of its last update
	//   ! it failed at Cache (AWS::ElastiCache::ReplicationGroup): Replication group must be in available state to modify; run again when it is available
	//   ! skip Cache: it stays as it is and does not match the template any more; bring them in line before the next update
}

func ExampleDrift() {
	drift := stack.Drift{
		Stack: "automation-master", InSync: 14, Unchecked: []string{"Dashboard"},
		Resources: []stack.ResourceDrift{
			{LogicalID: "Alarm", Type: "AWS::CloudWatch::Alarm", Status: "DELETED"},
			{
				LogicalID: "Logs", Type: "AWS::Logs::LogGroup", Status: "MODIFIED",
				Properties: []stack.PropertyDrift{{Path: "/RetentionInDays", Expected: "30", Actual: "1", Kind: "NOT_EQUAL"}},
			},
		},
	}
	fmt.Print(drift)
	// Output:
	// stack automation-master: 2 of 17 resources differ from the template, 1 of types that cannot be
	//   - Alarm (AWS::CloudWatch::Alarm) was deleted
	//   ~ Logs (AWS::Logs::LogGroup)
	//       /RetentionInDays: 30 -> 1
}

func ExampleOperationError() {
	err := &stack.OperationError{
		Op: "apply", Stack: "automation-8527fec8", Status: "UPDATE_ROLLBACK_COMPLETE", RolledBack: true,
		Causes: []stack.Cause{{
			Stack: "automation-8527fec8", LogicalID: "Balancer", Type: "AWS::ElasticLoadBalancingV2::LoadBalancer", Status: "UPDATE_FAILED",
			Reason: `Resource handler returned message: "At least two subnets in two different Availability Zones must be specified (Service: ElasticLoadBalancingV2, Status Code: 400, Request ID: 1)" (RequestToken: 2, HandlerErrorCode: InvalidRequest)`,
			Hint:   "give subnets in at least two availability zones that the service has",
		}},
	}
	fmt.Println(err)
	// Output:
	// apply stack automation-8527fec8: Balancer (AWS::ElasticLoadBalancingV2::LoadBalancer): At least two subnets in two different Availability Zones must be specified; give subnets in at least two availability zones that the service has; everything is as it was before (UPDATE_ROLLBACK_COMPLETE)
}
