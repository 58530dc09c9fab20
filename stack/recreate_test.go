package stack

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRecreation(t *testing.T) {
	body := parse(t, `
Parameters:
  Environment: {Type: String}
  Size: {Type: String, Default: small}
  Token: {Type: String, NoEcho: true}
Conditions:
  Large: !Equals [!Ref Size, large]
  Small: !Equals [!Ref Size, small]
  Here: !Equals ["${AWS::Region}", !Sub "${AWS::Region}"]
  East: !Equals [!Ref "AWS::Region", us-east-1]
  Unknown: !Equals [!ImportValue x, y]
Resources:
  Always: {Type: AWS::SNS::Topic}
  IfLarge: {Type: AWS::SNS::Topic, Condition: Large}
  IfSmall: {Type: AWS::SNS::Topic, Condition: Small}
  IfEast: {Type: AWS::SNS::Topic, Condition: East}
  IfUnknown: {Type: AWS::SNS::Topic, Condition: Unknown}
`)
	old := parse(t, `
Resources:
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Logs: {Type: AWS::Logs::LogGroup, DeletionPolicy: RetainExceptOnCreate}
  Db: {Type: AWS::RDS::DBInstance} # whose default is a snapshot
  Role: {Type: AWS::IAM::Role}
`)
	left := func(id, kind, physical string, status types.ResourceStatus) types.StackResourceSummary {
		return types.StackResourceSummary{LogicalResourceId: &id, ResourceType: &kind, PhysicalResourceId: &physical, ResourceStatus: status}
	}
	r := request{
		Stack: Stack{
			Name: "demo", Parameters: map[string]string{"Environment": "demo", "Token": "hush"}, Tags: map[string]string{"a": "b"}, Consent: []string{"Db", "X"},
		},
		template: body, before: old,
		found: &types.Stack{
			StackName: new("demo"), StackStatus: types.StackStatusDeleteFailed, StackId: new("arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1"),
			Parameters: []types.Parameter{{ParameterKey: new("Environment"), ParameterValue: new("demo")}}, Tags: []types.Tag{{Key: new("a"), Value: new("b")}},
		},
	}
	resources := []types.StackResourceSummary{
		left("Role", "AWS::IAM::Role", "demo-role", types.ResourceStatusDeleteFailed),
		left("Bucket", "AWS::S3::Bucket", "demo-bucket", types.ResourceStatusCreateComplete),
		left("Logs", "AWS::Logs::LogGroup", "/demo", types.ResourceStatusCreateComplete),
		left("Db", "AWS::RDS::DBInstance", "demo-db", types.ResourceStatusDeleteFailed),
		left("Cache", "AWS::ElastiCache::CacheCluster", "demo", types.ResourceStatusDeleteFailed),
		left("Gone", "AWS::S3::Bucket", "gone", types.ResourceStatusDeleteComplete),
		left("Kept", "AWS::S3::Bucket", "kept", types.ResourceStatusDeleteSkipped),
		left("Never", "AWS::S3::Bucket", "", types.ResourceStatusCreateFailed),
	}
	got := recreation(r, resources)
	want := Plan{
		Stack: "demo", ID: "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1", Status: "DELETE_FAILED", Action: Recreate,
		Changes: []Change{
			{Action: Add, LogicalID: "Always", Type: "AWS::SNS::Topic"},
			{Action: Delete, LogicalID: "Bucket", Type: "AWS::S3::Bucket", PhysicalID: "demo-bucket", Old: FateRetained, Stateful: true},
			{Action: Delete, LogicalID: "Cache", Type: "AWS::ElastiCache::CacheCluster", PhysicalID: "demo", Old: FateDeleted, Stateful: true},
			{Action: Delete, LogicalID: "Db", Type: "AWS::RDS::DBInstance", PhysicalID: "demo-db", Old: FateSnapshot, Stateful: true},
			{Action: Add, LogicalID: "IfEast", Type: "AWS::SNS::Topic"},
			{Action: Add, LogicalID: "IfSmall", Type: "AWS::SNS::Topic"},
			{Action: Add, LogicalID: "IfUnknown", Type: "AWS::SNS::Topic"},
			{Action: Delete, LogicalID: "Logs", Type: "AWS::Logs::LogGroup", PhysicalID: "/demo", Old: FateRetained, Stateful: true},
			{Action: Delete, LogicalID: "Role", Type: "AWS::IAM::Role", PhysicalID: "demo-role", Old: FateDeleted},
		},
		Parameters: []ValueChange{{Action: Add, Name: "Environment", After: "demo"}, {Action: Add, Name: "Token", After: "****"}},
		Tags:       []ValueChange{{Action: Add, Name: "a", After: "b"}},
		Refused:    []Refusal{{LogicalID: "Cache", Type: "AWS::ElastiCache::CacheCluster", Action: Delete}},
		Unneeded:   []string{"X"},
		Consent:    []string{"Db", "X"},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Plan{})); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	r.before = nil
	for _, c := range recreation(r, resources).Changes {
		if c.Action == Delete && c.Old != FateDeleted {
			t.Errorf("%s: nobody knows that it is %s", c.LogicalID, c.Old)
		}
	}
}

func TestPseudo(t *testing.T) {
	want := map[string]string{"AWS::Partition": "aws-cn", "AWS::Region": "cn-north-1", "AWS::AccountId": "123456789012", "AWS::StackName": "demo"}
	if d := cmp.Diff(want, pseudo("arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/demo/1", "demo")); d != "" {
		t.Errorf("pseudo parameters (-want +got):\n%s", d)
	}
	if got := pseudo("demo", "demo"); len(got) != 1 {
		t.Errorf("of no ARN: %v", got)
	}
}
