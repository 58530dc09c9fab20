package stacktest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// environment is a small one: a network, a cache in it, a bucket beside it.
const environment = `
Parameters:
  NodeType: {Type: String, Default: cache.t4g.micro}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: the cache, VpcId: !Ref Vpc}
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties:
      ReplicationGroupId: !Ref AWS::StackName
      CacheNodeType: !Ref NodeType
      SecurityGroupIds: [!GetAtt Group.GroupId]
  Bucket:
    Type: AWS::S3::Bucket
Outputs:
  Host: {Value: !GetAtt Cache.PrimaryEndPoint.Address}
  Bucket: {Value: !Ref Bucket, Description: where metrics go}
`

func TestACreationGoesThroughItsEvents(t *testing.T) {
	onBench(t, stacktest.Options{}, func(b bench) {
		b.plan("demo", types.ChangeSetTypeCreate, set{body: environment})
		b.execute("demo")
		begun := time.Now()
		if got := b.rest("demo"); got != "CREATE_COMPLETE" {
			b.Fatal(got)
		}
		var got []string
		for _, e := range b.rawEvents("demo") {
			id := "-"
			if e.PhysicalResourceId != nil && *e.LogicalResourceId != "demo" {
				id = *e.PhysicalResourceId
			}
			got = append(got, strings.TrimSpace(fmt.Sprintf("%v %s %s %s %s", e.Timestamp.Sub(begun), *e.LogicalResourceId, e.ResourceStatus, id, aws.ToString(e.ResourceStatusReason))))
		}
		want := []string{
			"-5s demo REVIEW_IN_PROGRESS - User Initiated",
			"0s demo CREATE_IN_PROGRESS - User Initiated",
			"0s Vpc CREATE_IN_PROGRESS -",
			"0s Bucket CREATE_IN_PROGRESS -",
			"1s Vpc CREATE_IN_PROGRESS " + b.physical("demo", "Vpc") + " Resource creation Initiated",
			"1s Bucket CREATE_IN_PROGRESS " + b.physical("demo", "Bucket") + " Resource creation Initiated",
			"15s Vpc CREATE_COMPLETE " + b.physical("demo", "Vpc"),
			"15s Group CREATE_IN_PROGRESS -",
			"16s Group CREATE_IN_PROGRESS " + b.physical("demo", "Group") + " Resource creation Initiated",
			"21s Group CREATE_COMPLETE " + b.physical("demo", "Group"),
			"21s Cache CREATE_IN_PROGRESS -",
			"22s Cache CREATE_IN_PROGRESS demo Resource creation Initiated",
			"25s Bucket CREATE_COMPLETE " + b.physical("demo", "Bucket"),
			"6m21s Cache CREATE_COMPLETE demo",
			"6m21s demo CREATE_COMPLETE -",
		}
		if d := cmp.Diff(want, got); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestACreationIsToldByTheSDKsWaiters(t *testing.T) {
	onBench(t, stacktest.Options{}, func(b bench) {
		ctx, name := b.Context(), new("demo")
		out, err := b.client.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: name, TemplateBody: new(environment)})
		if err != nil {
			b.Fatal(err)
		}
		done, err := cloudformation.NewStackCreateCompleteWaiter(b.client).WaitForOutput(ctx, &cloudformation.DescribeStacksInput{StackName: name}, time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		if got, want := aws.ToString(done.Stacks[0].StackId), aws.ToString(out.StackId); got != want {
			b.Errorf("the stack is %s, want %s", got, want)
		}
		outputs := make(map[string]string)
		for _, o := range done.Stacks[0].Outputs {
			outputs[*o.OutputKey] = *o.OutputValue
		}
		s, _ := b.cloud.Stack("demo")
		if d := cmp.Diff(s.Outputs, outputs); d != "" || !strings.HasPrefix(outputs["Host"], "master.demo.") {
			b.Errorf("outputs (-inside +described):\n%s%v", d, outputs)
		}
		if _, err := b.client.UpdateStack(ctx, &cloudformation.UpdateStackInput{
			StackName: name, UsePreviousTemplate: new(true), Parameters: set{parameters: map[string]string{"NodeType": "big"}}.parameterList(),
		}); err != nil {
			b.Fatal(err)
		}
		if err := cloudformation.NewStackUpdateCompleteWaiter(b.client).Wait(ctx, &cloudformation.DescribeStacksInput{StackName: name}, time.Hour); err != nil {
			b.Error(err)
		}
		if _, err := b.client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: name}); err != nil {
			b.Fatal(err)
		}
		if err := cloudformation.NewStackDeleteCompleteWaiter(b.client).Wait(ctx, &cloudformation.DescribeStacksInput{StackName: out.StackId}, time.Hour); err != nil {
			b.Error(err)
		}
		if _, err := b.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: name}); answer(err) != "ValidationError: Stack with id demo does not exist" {
			b.Error(answer(err))
		}
	})
}

// chain is three resources of which each needs the one before.
const chain = `
Resources:
  One: {Type: AWS::SNS::Topic}
  Two: {Type: AWS::SNS::Topic, DependsOn: One}
  Three: {Type: AWS::SNS::Topic, DependsOn: [Two]}
  Beside: {Type: AWS::SNS::Topic}
`

func TestAFailedCreationIsRolledBack(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("Two", stacktest.Fault{Reason: "no room", After: 2 * time.Second})
		b.cloud.Inject("Beside", stacktest.Fault{After: time.Hour}) // it would take long
		if got := b.create("demo", set{body: chain}); got != "ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := []string{
			"demo CREATE_IN_PROGRESS User Initiated",
			"One CREATE_IN_PROGRESS",
			"Beside CREATE_IN_PROGRESS",
			"One CREATE_IN_PROGRESS Resource creation Initiated",
			"Beside CREATE_IN_PROGRESS Resource creation Initiated",
			"One CREATE_COMPLETE",
			"Two CREATE_IN_PROGRESS",
			"Two CREATE_IN_PROGRESS Resource creation Initiated",
			"Two CREATE_FAILED no room",
			"Beside CREATE_FAILED Resource creation cancelled",
			"demo ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Beside, Two]. Rollback requested by user.",
			"Two DELETE_IN_PROGRESS",
			"Beside DELETE_IN_PROGRESS",
			"Two DELETE_COMPLETE",
			"One DELETE_IN_PROGRESS",
			"Beside DELETE_COMPLETE",
			"One DELETE_COMPLETE",
			"demo ROLLBACK_COMPLETE",
		}
		if d := cmp.Diff(want, since(b.events("demo"), want[0])); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestAStackWhoseCreationFailedTakesNoUpdate(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("One", stacktest.Fault{Early: true, Reason: stacktest.AccessDenied, Times: 1})
		b.create("demo", set{body: chain})
		_, err := b.client.CreateChangeSet(b.Context(), &cloudformation.CreateChangeSetInput{StackName: new("demo"), ChangeSetName: new("again"), TemplateBody: new(chain)})
		if want := "ValidationError: Stack:" + b.id("demo") + " is in ROLLBACK_COMPLETE state and can not be updated."; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		_, err = b.client.CreateChangeSet(b.Context(), &cloudformation.CreateChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("again"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: new(chain),
		})
		if want := "ValidationError: Stack [demo] already exists and cannot be created again with the changeSet [again]."; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		// What was refused early has no physical id, and nothing of it is deleted.
		all := strings.Join(b.events("demo"), "\n")
		if !strings.Contains(all, "One DELETE_COMPLETE") || strings.Contains(all, "One DELETE_IN_PROGRESS") {
			b.Errorf("events:\n%s", all)
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
		if got := b.create("demo", set{body: chain}); got != "CREATE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestARollbackOfACreationGetsStuck(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("Three", stacktest.Fault{})
		b.cloud.Inject("One", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Reason: stacktest.DependencyViolation})
		if got := b.create("demo", set{body: chain}); got != "ROLLBACK_FAILED" {
			b.Fatal(got)
		}
		s, _ := b.cloud.Stack("demo")
		if want := "The following resource(s) failed to delete: [One]. "; s.Reason != want {
			b.Errorf("reason %q, want %q", s.Reason, want)
		}
		want := []string{"Beside DELETE_COMPLETE", "One DELETE_FAILED", "Three DELETE_COMPLETE", "Two DELETE_COMPLETE"}
		if d := cmp.Diff(want, b.resources("demo")); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
		b.cloud.Heal("One")
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAFailedCreationStaysWhereRollingBackIsDisabled(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.cloud.Inject("Two", stacktest.Fault{Times: 1})
		b.plan("demo", types.ChangeSetTypeCreate, set{body: chain})
		if _, err := b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("set"), DisableRollback: new(true),
		}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "CREATE_FAILED" {
			b.Fatal(got)
		}
		want := []string{"Beside CREATE_COMPLETE", "One CREATE_COMPLETE", "Two CREATE_FAILED"}
		if d := cmp.Diff(want, b.resources("demo")); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
		if _, err := b.client.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")}); err != nil {
			b.Fatal(err)
		}
		b.plan("demo", types.ChangeSetTypeUpdate, set{body: chain})
		_, err := b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")})
		if want := "ValidationError: This stack is currently in a non-terminal [CREATE_FAILED] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API."; !strings.HasPrefix(answer(err), want) {
			b.Errorf("%s, want %s", answer(err), want)
		}
		if _, err := b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("set"), DisableRollback: new(true),
		}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "UPDATE_COMPLETE" {
			b.Error(got)
		}
		want = []string{"Beside CREATE_COMPLETE", "One CREATE_COMPLETE", "Three CREATE_COMPLETE", "Two CREATE_COMPLETE"}
		if d := cmp.Diff(want, b.resources("demo")); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
	})
}

func TestExpressModeDoesNotWaitForResourcesToSettle(t *testing.T) {
	onBench(t, stacktest.Options{}, func(b bench) {
		b.plan("demo", types.ChangeSetTypeCreate, set{body: environment, express: true})
		b.execute("demo")
		time.Sleep(15 * time.Second)
		if got := b.status("demo"); got != "CREATE_COMPLETE" {
			b.Error(got)
		}
		out, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: new("demo")})
		if err != nil {
			b.Fatal(err)
		}
		if config := out.Stacks[0].DeploymentConfig; config == nil || config.Mode != types.DeploymentConfigModeExpress {
			b.Errorf("the deployment config is %+v", config)
		}
	})
}

func TestSpeedHastensEverything(t *testing.T) {
	onBench(t, stacktest.Options{Speed: 1000}, func(b bench) {
		if _, err := b.client.CreateChangeSet(b.Context(), &cloudformation.CreateChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("set"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: new(environment),
		}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(3 * time.Millisecond)
		b.execute("demo")
		time.Sleep(381 * time.Millisecond) // of six minutes and 21 seconds
		if got := b.status("demo"); got != "CREATE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestNamesHaveBudgetsAndOneOwner(t *testing.T) {
	cluster := func(name string) string {
		return fmt.Sprintf("Resources: {Cache: {Type: AWS::ElastiCache::ReplicationGroup, Properties: {ReplicationGroupId: %s}}}", name)
	}
	tests := map[string]struct {
		name   string
		reason string
	}{
		"a name of forty characters is as long as may be": {name: strings.Repeat("x", 40)},
		"a longer one fails": {
			name:   strings.Repeat("x", 41),
			reason: "Properties validation failed for resource Cache with message:\n[#/ReplicationGroupId: expected maxLength: 40, actual: 41]",
		},
		"one that another stack has is taken": {name: "others", reason: "others already exists in stack arn:aws:cloudformation:us-east-1:123456789012:stack/other/"},
		"one that is taken outside is, too": {
			name:   "outside",
			reason: `Resource handler returned message: "Resource of type 'AWS::ElastiCache::ReplicationGroup' with identifier '{"/properties/ReplicationGroupId":"outside"}' already exists." (RequestToken: `,
		},
		"one whose stack is deleted is free": {name: "former"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick, NoEarlyValidation: true}, func(b bench) {
				b.create("other", set{body: cluster("others")})
				b.create("gone", set{body: cluster("former")})
				b.delete("gone")
				b.cloud.Take("AWS::ElastiCache::ReplicationGroup", "outside")
				want := "CREATE_COMPLETE"
				if tt.reason != "" {
					want = "ROLLBACK_COMPLETE"
				}
				if got := b.create("demo", set{body: cluster(tt.name)}); got != want {
					b.Errorf("%s, want %s", got, want)
				}
				if all := strings.Join(b.events("demo"), "\n"); !strings.Contains(all, "Cache CREATE_FAILED "+tt.reason) && tt.reason != "" {
					b.Errorf("no reason %q in:\n%s", tt.reason, all)
				}
			})
		})
	}
}

func TestNothingBeginsAfterAFailure(t *testing.T) {
	const body = "Resources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue none}}, B: {Type: AWS::SNS::Topic}}"
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		if _, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: new(body)}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("demo"); got != "ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := []string{
			"demo CREATE_IN_PROGRESS User Initiated",
			"A CREATE_IN_PROGRESS",
			"A CREATE_FAILED No export named none found.",
			"demo ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [A]. Rollback requested by user.",
			"A DELETE_COMPLETE",
			"demo ROLLBACK_COMPLETE",
		}
		if d := cmp.Diff(want, b.events("demo")); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
	})
}
