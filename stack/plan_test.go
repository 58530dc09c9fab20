package stack

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const planBefore = `
Parameters:
  Nodes: {Type: Number, Default: 1}
  Password: {Type: String, NoEcho: true}
Resources:
  Cache: {Type: AWS::ElastiCache::ReplicationGroup}
Outputs:
  Url: {Value: !GetAtt Cache.PrimaryEndPoint.Address}
  Old: {Value: x}
`

const planAfter = `
Parameters:
  Nodes: {Type: Number, Default: 1}
  Password: {Type: String, NoEcho: true}
  Zone: {Type: String, Default: a}
Resources:
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties: {AuthToken: !Ref Password, NumCacheClusters: !Ref Nodes}
Outputs:
  Url: {Value: !Sub "redis://${Cache.PrimaryEndPoint.Address}"}
  New: {Value: y}
`

// detail is one detail of a change, with values as CloudFormation gives them on request.
func detail(path, before, after string, recreates types.RequiresRecreation) types.ResourceChangeDetail {
	return types.ResourceChangeDetail{
		ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic,
		Target: &types.ResourceTargetDefinition{
			Attribute: types.ResourceAttributeProperties, Path: &path, BeforeValue: &before, AfterValue: &after,
			AttributeChangeType: types.AttributeChangeTypeModify, RequiresRecreation: recreates,
		},
	}
}

func planSet() changeSet {
	change := func(id, kind string, c types.ResourceChange) located {
		c.LogicalResourceId, c.ResourceType = &id, &kind
		return located{ResourceChange: c}
	}
	byParameter := func(parameter string, d types.ResourceChangeDetail) types.ResourceChangeDetail {
		d.ChangeSource, d.CausingEntity = types.ChangeSourceParameterReference, &parameter
		return d
	}
	dynamic := types.ResourceChangeDetail{
		ChangeSource: types.ChangeSourceResourceAttribute, Evaluation: types.EvaluationTypeDynamic, CausingEntity: new("Cache.PrimaryEndPoint.Address"),
		Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties, Name: new("ResourceRecords"), RequiresRecreation: types.RequiresRecreationNever},
	}
	nested := change("Inner", "AWS::S3::Bucket", types.ResourceChange{Action: types.ChangeActionRemove, PolicyAction: types.PolicyActionRetain, PhysicalResourceId: new("inner-bucket")})
	nested.within = "Nested/"
	return changeSet{
		ID: "arn:set", StackID: "arn:stack", Status: types.ChangeSetStatusCreateComplete, Execution: types.ExecutionStatusAvailable,
		Parameters: []types.Parameter{
			{ParameterKey: new("Nodes"), ParameterValue: new("2")},
			{ParameterKey: new("Password"), ParameterValue: new("****")},
			{ParameterKey: new("Zone"), ParameterValue: new("a")},
		},
		Changes: []located{
			change("Topic", "AWS::SNS::Topic", types.ResourceChange{Action: types.ChangeActionAdd}),
			change("Cache", "AWS::ElastiCache::ReplicationGroup", types.ResourceChange{
				Action: types.ChangeActionModify, Replacement: types.ReplacementTrue, PolicyAction: types.PolicyActionReplaceAndDelete, PhysicalResourceId: new("demo-redis"),
				Details: []types.ResourceChangeDetail{
					byParameter("Nodes", detail("/Properties/NumCacheClusters", "1", "2", types.RequiresRecreationNever)),
					byParameter("Password", detail("/Properties/AuthToken", "plain-old", "plain-new", types.RequiresRecreationNever)),
					detail("/Properties/ReplicationGroupId", "demo-redis", "demo-cache", types.RequiresRecreationAlways),
				},
			}),
			change("Logs", "AWS::Logs::LogGroup", types.ResourceChange{
				Action: types.ChangeActionModify, Replacement: types.ReplacementFalse, PhysicalResourceId: new("/demo"),
				Details: []types.ResourceChangeDetail{detail("/Properties/RetentionInDays", "14", "30", types.RequiresRecreationNever)},
			}),
			change("Record", "AWS::Route53::RecordSet", types.ResourceChange{
				Action: types.ChangeActionModify, Replacement: types.ReplacementConditional, PhysicalResourceId: new("demo.example.com"),
				Details: []types.ResourceChangeDetail{dynamic},
			}),
			change("Alarm", "AWS::CloudWatch::Alarm", types.ResourceChange{Action: types.ChangeActionRemove, PolicyAction: types.PolicyActionDelete, PhysicalResourceId: new("demo-alarm")}),
			nested,
		},
	}
}

func planRequest(t *testing.T) request {
	return request{
		Stack: Stack{
			Name: "demo", Parameters: map[string]string{"Nodes": "2", "Password": "plain-new"},
			Tags: map[string]string{"Environment": "demo", "Owner": "me"}, Consent: []string{"Gone"},
		},
		template: parse(t, planAfter), before: parse(t, planBefore),
		found: &types.Stack{
			StackName: new("demo"), StackId: new("arn:stack"), StackStatus: types.StackStatusUpdateComplete,
			Parameters: []types.Parameter{{ParameterKey: new("Nodes"), ParameterValue: new("1")}, {ParameterKey: new("Password"), ParameterValue: new("****")}},
			Tags:       []types.Tag{{Key: new("Environment"), Value: new("demo")}, {Key: new("Team"), Value: new("b")}, {Key: new("aws:x"), Value: new("y")}},
		},
	}
}

func TestNewPlan(t *testing.T) {
	got := newPlan(planRequest(t), planSet())
	want := Plan{
		Stack: "demo", ID: "arn:stack", Status: "UPDATE_COMPLETE", Action: Update, ChangeSet: "arn:set",
		Changes: []Change{
			{Action: Delete, LogicalID: "Alarm", Type: "AWS::CloudWatch::Alarm", PhysicalID: "demo-alarm", Old: FateDeleted},
			{
				Action: Replace, LogicalID: "Cache", Type: "AWS::ElastiCache::ReplicationGroup", PhysicalID: "demo-redis", Old: FateDeleted, Stateful: true,
				Properties: []PropertyChange{
					{Path: "AuthToken", Action: Modify, Before: "****", After: "****", Recreates: "never", Cause: "Password"},
					{Path: "NumCacheClusters", Action: Modify, Before: "1", After: "2", Recreates: "never", Cause: "Nodes"},
					{Path: "ReplicationGroupId", Action: Modify, Before: "demo-redis", After: "demo-cache", Recreates: "always"},
				},
			},
			{
				Action: Modify, LogicalID: "Logs", Type: "AWS::Logs::LogGroup", PhysicalID: "/demo", Stateful: true,
				Properties: []PropertyChange{{Path: "RetentionInDays", Action: Modify, Before: "14", After: "30", Recreates: "never"}},
			},
			{Action: Delete, LogicalID: "Nested/Inner", Type: "AWS::S3::Bucket", PhysicalID: "inner-bucket", Old: FateRetained, Stateful: true},
			{
				Action: MayReplace, LogicalID: "Record", Type: "AWS::Route53::RecordSet", PhysicalID: "demo.example.com", Old: FateDeleted,
				Properties: []PropertyChange{{Path: "ResourceRecords", Action: Modify, After: KnownAfterApply, Recreates: "never", Cause: "Cache.PrimaryEndPoint.Address"}},
			},
			{Action: Add, LogicalID: "Topic", Type: "AWS::SNS::Topic"},
		},
		Parameters: []ValueChange{
			{Action: Modify, Name: "Nodes", Before: "1", After: "2"},
			{Action: Modify, Name: "Password", Before: "****", After: "****"},
			{Action: Add, Name: "Zone", After: "a"},
		},
		Tags:     []ValueChange{{Action: Add, Name: "Owner", After: "me"}, {Action: Delete, Name: "Team", Before: "b"}},
		Outputs:  []ValueChange{{Action: Add, Name: "New"}, {Action: Delete, Name: "Old"}, {Action: Modify, Name: "Url"}},
		Refused:  []Refusal{{LogicalID: "Cache", Type: "AWS::ElastiCache::ReplicationGroup", Action: Replace}},
		Unneeded: []string{"Gone"}, Consent: []string{"Gone"},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Plan{})); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestPlanText(t *testing.T) {
	p := newPlan(planRequest(t), planSet())
	p.Protect = true
	const want = `stack demo: update
  -  Alarm         AWS::CloudWatch::Alarm              demo-alarm
  !  Cache         AWS::ElastiCache::ReplicationGroup  demo-redis, stateful, the old one is deleted
       AuthToken: secret by Password
       NumCacheClusters: 1 -> 2 by Nodes
       ReplicationGroupId: demo-redis -> demo-cache (replaces)
  ~  Logs          AWS::Logs::LogGroup                 /demo
       RetentionInDays: 14 -> 30
  -  Nested/Inner  AWS::S3::Bucket                     inner-bucket, stateful, the old one stays in the account
  !? Record        AWS::Route53::RecordSet             demo.example.com, the old one is deleted
       ResourceRecords: -> (known after apply) by Cache.PrimaryEndPoint.Address
  +  Topic         AWS::SNS::Topic
  ~  parameter Nodes: 1 -> 2
  ~  parameter Password: secret
  +  parameter Zone: a
  +  tag Owner: me
  -  tag Team: was b
  +  output New
  -  output Old
  ~  output Url
  ~  termination protection: off -> on
  refused: Cache (AWS::ElastiCache::ReplicationGroup) would be replaced, and there is no consent to it
  consent to Gone is not needed by anything
1 to add, 1 to modify, 1 to replace, 1 perhaps to replace, 2 to delete
`
	if d := cmp.Diff(want, p.String()); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
	if got := (Plan{Stack: "demo", Action: Keep}).String(); got != "stack demo: no changes\n" {
		t.Errorf("a plan that changes nothing reads %q", got)
	}
	bare := Plan{Stack: "demo", Action: Update, ChangeSet: "arn:set"}
	if got := bare.String(); got != "stack demo: update\n  ~  only what concerns no resource, such as a role\n" {
		t.Errorf("a plan that changes no resource reads %q", got)
	}
	hostile := Plan{Stack: "demo", Action: Create, Changes: []Change{{Action: Add, LogicalID: "\x1b[2J", Type: "a\tb\nc"}}}
	if d := cmp.Diff("stack demo: create\n  +  \\x1b[2J  a\\tb\\nc\n1 to add\n", hostile.String()); d != "" {
		t.Errorf("hostile text (-want +got):\n%s", d)
	}
}

func TestPlanSurvivesJSON(t *testing.T) {
	p := newPlan(planRequest(t), planSet())
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, back, cmpopts.IgnoreUnexported(Plan{})); d != "" {
		t.Errorf("plan (-made +read):\n%s", d)
	}
}

func TestNewPlanWithout(t *testing.T) {
	tests := map[string]struct {
		prepare func(*request, *changeSet)
		check   func(t *testing.T, p Plan)
	}{
		"a change set there is nothing to do": {
			func(_ *request, s *changeSet) { *s = changeSet{StackID: "arn:stack"} },
			func(t *testing.T, p Plan) {
				if !p.Empty() || p.Action != Keep || len(p.Parameters)+len(p.Tags)+len(p.Outputs)+len(p.Changes) > 0 {
					t.Errorf("it does something: %+v", p)
				}
				if len(p.Unneeded) != 1 {
					t.Errorf("the consent that nothing needs is not told: %v", p.Unneeded)
				}
			},
		},
		"a stack it is created, with the parameters that are given": {
			func(r *request, _ *changeSet) { r.found, r.before = nil, nil },
			func(t *testing.T, p Plan) {
				want := []ValueChange{{Action: Add, Name: "Nodes", After: "2"}, {Action: Add, Name: "Password", After: "****"}}
				if d := cmp.Diff(want, p.Parameters); d != "" || p.Action != Create || p.Outputs != nil || p.Status != "" {
					t.Errorf("%s %s, outputs %v, parameters (-want +got):\n%s", p.Status, p.Action, p.Outputs, d)
				}
			},
		},
		"an old template that can be read outputs are not compared": {
			func(r *request, _ *changeSet) { r.before = nil },
			func(t *testing.T, p Plan) {
				if p.Outputs != nil {
					t.Errorf("outputs: %v", p.Outputs)
				}
			},
		},
		"tags of its own a stack keeps its tags": {
			func(r *request, _ *changeSet) { r.Tags = nil },
			func(t *testing.T, p Plan) {
				if p.Tags != nil {
					t.Errorf("tags: %v", p.Tags)
				}
			},
		},
		"a change that names it a secret has not changed": {
			func(_ *request, s *changeSet) { s.Changes = s.Changes[:1] },
			func(t *testing.T, p Plan) {
				for _, v := range p.Parameters {
					if v.Name == "Password" {
						t.Errorf("it has: %v", v)
					}
				}
			},
		},
		"a list of stateful types that has it nothing is refused": {
			func(r *request, _ *changeSet) { r.Stateful = []string{"AWS::CloudWatch::Dashboard"} },
			func(t *testing.T, p Plan) {
				if p.Refused != nil {
					t.Errorf("refused: %v", p.Refused)
				}
			},
		},
	}
	for name, tt := range tests {
		t.Run("without "+name, func(t *testing.T) {
			r, s := planRequest(t), planSet()
			tt.prepare(&r, &s)
			tt.check(t, newPlan(r, s))
		})
	}
}

func TestParameterThatStaysIsNoChange(t *testing.T) {
	r := planRequest(t)
	r.Parameters, r.Previous = map[string]string{"Password": "x"}, []string{"Nodes"}
	s := planSet()
	s.Parameters[0] = types.Parameter{ParameterKey: new("Nodes"), UsePreviousValue: new(true)}
	s.Parameters = append(s.Parameters, types.Parameter{ParameterKey: new("Ami"), ParameterValue: new("/ami"), ResolvedValue: new("ami-2")})
	r.found.Parameters = append(r.found.Parameters, types.Parameter{ParameterKey: new("Ami"), ParameterValue: new("/ami"), ResolvedValue: new("ami-1")})
	want := []ValueChange{
		{Action: Modify, Name: "Ami", Before: "ami-1", After: "ami-2"},
		{Action: Modify, Name: "Password", Before: "****", After: "****"},
		{Action: Add, Name: "Zone", After: "a"},
	}
	if d := cmp.Diff(want, newPlan(r, s).Parameters); d != "" {
		t.Errorf("parameters (-want +got):\n%s", d)
	}
}
