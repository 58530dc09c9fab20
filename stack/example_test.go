package stack_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

func ExampleManager() {
	ctx := context.Background()
	const speed = 1e5
	cloud := stacktest.New(stacktest.Options{Speed: speed}) // in AWS: cloudformation.NewFromConfig(cfg)
	manager := stack.New(cloud.Client(), stack.Options{PollInterval: 2 * time.Second / speed})

	plan, err := manager.Plan(ctx, stack.Stack{
		Name: "automation-8527fec8",
		Body: []byte(`
Parameters:
  Environment: {Type: String}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Ref Environment, RetentionInDays: 14}
  Alarms:
    Type: AWS::SNS::Topic
Outputs:
  LogGroup: {Value: !Ref Logs}
`),
		Parameters: map[string]string{"Environment": "automation-8527fec8"},
		Tags:       map[string]string{"Environment": "automation-8527fec8"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	if len(plan.Refused) > 0 { // something stateful would be lost without consent
		fmt.Println(manager.Discard(ctx, plan))
		return
	}

	result, err := manager.Apply(ctx, plan)
	fmt.Println(result.Status, result.Outputs["LogGroup"], err)
	// Output:
	// stack automation-8527fec8: create
	//   +  Alarms  AWS::SNS::Topic
	//   +  Logs    AWS::Logs::LogGroup
	//   +  parameter Environment: automation-8527fec8
	//   +  tag Environment: automation-8527fec8
	// 2 to add
	// CREATE_COMPLETE automation-8527fec8 <nil>
}

func ExamplePlan() {
	plan := stack.Plan{
		Stack: "automation-8527fec8", Action: stack.Update, ChangeSet: "arn:...",
		Changes: []stack.Change{
			{
				Action: stack.Replace, LogicalID: "Cache", Type: "AWS::ElastiCache::CacheCluster", PhysicalID: "automation-8527fec8",
				Old: stack.FateDeleted, Stateful: true,
				Properties: []stack.PropertyChange{{Path: "Engine", Action: stack.Modify, Before: "memcached", After: "redis", Recreates: "always"}},
			},
			{
				Action: stack.Modify, LogicalID: "Logs", Type: "AWS::Logs::LogGroup", PhysicalID: "automation-8527fec8",
				Properties: []stack.PropertyChange{{Path: "RetentionInDays", Action: stack.Modify, Before: "14", After: "30", Recreates: "never", Cause: "Days"}},
			},
		},
		Parameters: []stack.ValueChange{{Action: stack.Modify, Name: "Days", Before: "14", After: "30"}},
		Refused:    []stack.Refusal{{LogicalID: "Cache", Type: "AWS::ElastiCache::CacheCluster", Action: stack.Replace}},
	}
	fmt.Print(plan)
	// Output:
	// stack automation-8527fec8: update
	//   !  Cache  AWS::ElastiCache::CacheCluster  automation-8527fec8, stateful, the old one is deleted
	//        Engine: memcached -> redis (replaces)
	//   ~  Logs   AWS::Logs::LogGroup             automation-8527fec8
	//        RetentionInDays: 14 -> 30 by Days
	//   ~  parameter Days: 14 -> 30
	//   refused: Cache (AWS::ElastiCache::CacheCluster) would be replaced, and there is no consent to it
	// 1 to modify, 1 to replace
}

func ExampleManager_Plan_invalid() {
	manager := stack.New(nil, stack.Options{}) // nothing is asked of AWS
	_, err := manager.Plan(context.Background(), stack.Stack{
		Name:       "automation_master",
		Body:       []byte("Parameters:\n  CacheNodes: {Type: Number, Default: 1}\nResources:\n  Logs: {Type: AWS::Logs::LogGroup}\n"),
		Parameters: map[string]string{"CacheNode": "2"},
	})
	fmt.Println(err)
	// Output:
	// plan stack automation_master: name "automation_master": want a letter, then letters, digits and hyphens, 128 at most; parameter CacheNode: the template has no such parameter: is it CacheNodes?
}
