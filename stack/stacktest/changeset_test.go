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

// describe is a change set as lines: a change, and below it what causes it.
func describe(out *cloudformation.DescribeChangeSetOutput) (all []string) {
	for _, change := range out.Changes {
		r := change.ResourceChange
		line := fmt.Sprintf("%s %s", r.Action, *r.LogicalResourceId)
		if r.Replacement != "" {
			line += fmt.Sprintf(" replacement=%s", r.Replacement)
		}
		if r.PolicyAction != "" {
			line += fmt.Sprintf(" policy=%s", r.PolicyAction)
		}
		all = append(all, line)
		for _, d := range r.Details {
			all = append(all, fmt.Sprintf("  %s %s %s->%s recreation=%s %s %s %s", d.Target.Attribute, aws.ToString(d.Target.Name),
				aws.ToString(d.Target.BeforeValue), aws.ToString(d.Target.AfterValue), d.Target.RequiresRecreation, d.Evaluation, d.ChangeSource, aws.ToString(d.CausingEntity)))
		}
	}
	for i := range all {
		all[i] = strings.TrimRight(strings.Join(strings.Fields(all[i]), " "), " ")
	}
	return all
}

func TestChangeSetsSayWhatWouldHappen(t *testing.T) {
	const vpc = "Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}, "
	const otherVPC = "Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}, "
	const topic = "{Type: AWS::SNS::Topic}"
	tests := map[string]struct {
		from, to set
		want     []string
	}{
		"a new resource is added": {
			from: set{body: "Resources: {A: " + topic + "}"}, to: set{body: "Resources: {A: " + topic + ", B: " + topic + "}"},
			want: []string{"Add B"},
		},
		"one that is no longer in the template is removed": {
			from: set{body: "Resources: {A: " + topic + ", B: " + topic + "}"}, to: set{body: "Resources: {A: " + topic + "}"},
			want: []string{"Remove B policy=Delete"},
		},
		"a policy leaves it behind": {
			from: set{body: "Resources: {A: " + topic + ", B: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}}"}, to: set{body: "Resources: {A: " + topic + "}"},
			want: []string{"Remove B policy=Retain"},
		},
		"a property changes in place": {
			from: set{body: "Resources: {A: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}}"},
			to:   set{body: "Resources: {A: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}}"},
			want: []string{"Modify A replacement=False", "Properties RetentionInDays 7->30 recreation=Never Static DirectModification"},
		},
		"another one replaces, and what refers to it is replaced or changed": {
			from: set{body: vpc + "In: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}, At: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Vpc}}}"},
			to:   set{body: otherVPC + "In: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}, At: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Vpc}}}"},
			want: []string{
				"Modify At replacement=False",
				"Properties DisplayName VPC->{{changeSet:KNOWN_AFTER_APPLY}} recreation=Never Static ResourceReference Vpc",
				"Modify In replacement=True policy=ReplaceAndDelete",
				"Properties VpcId VPC->{{changeSet:KNOWN_AFTER_APPLY}} recreation=Always Static ResourceReference Vpc",
				"Modify Vpc replacement=True policy=ReplaceAndDelete",
				"Properties CidrBlock 10.0.0.0/16->10.1.0.0/16 recreation=Always Static DirectModification",
			},
		},
		"an attribute of what changes may change, and then replace": {
			from: set{body: "Resources: {A: {Type: AWS::S3::Bucket, Properties: {Mode: a}}, B: {Type: AWS::SNS::Subscription, Properties: {Endpoint: !GetAtt A.Arn}}}"},
			to:   set{body: "Resources: {A: {Type: AWS::S3::Bucket, Properties: {Mode: b}}, B: {Type: AWS::SNS::Subscription, Properties: {Endpoint: !GetAtt A.Arn}}}"},
			want: []string{
				"Modify A replacement=False",
				"Properties Mode a->b recreation=Never Static DirectModification",
				"Modify B replacement=Conditional policy=ReplaceAndDelete",
				"Properties Endpoint ARN->{{changeSet:KNOWN_AFTER_APPLY}} recreation=Always Dynamic ResourceAttribute A.Arn",
			},
		},
		"what may replace is conditional": {
			from: set{body: "Resources: {A: {Type: AWS::EC2::Instance, Properties: {InstanceType: t3.micro}}}"},
			to:   set{body: "Resources: {A: {Type: AWS::EC2::Instance, Properties: {InstanceType: t3.large}}}"},
			want: []string{"Modify A replacement=Conditional policy=ReplaceAndDelete", "Properties InstanceType t3.micro->t3.large recreation=Conditionally Static DirectModification"},
		},
		"a parameter is the cause": {
			from: set{body: "Parameters: {P: {Type: String, Default: a}}\nResources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub 'to ${P}'}}}"},
			to:   set{parameters: map[string]string{"P": "b"}},
			want: []string{"Modify A replacement=False", "Properties DisplayName to a->to b recreation=Never Static ParameterReference P"},
		},
		"a secret one is not shown": {
			from: set{body: "Parameters: {P: {Type: String, NoEcho: true}}\nResources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref P}}}", parameters: map[string]string{"P": "s3cret1"}},
			to:   set{parameters: map[string]string{"P": "s3cret2"}},
			want: []string{"Modify A replacement=False", "Properties DisplayName ****->**** recreation=Never Static ParameterReference P"},
		},
		"its previous value is no change": {
			from: set{body: "Parameters: {P: {Type: String, NoEcho: true}}\nResources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref P}}}", parameters: map[string]string{"P": "s3cret1"}},
			to:   set{parameters: map[string]string{"P": "="}, tags: map[string]string{"Team": "x"}},
			want: []string{"Modify A replacement=False", "Tags ->x recreation=Never Static DirectModification"},
		},
		"tags of the stack reach what can be tagged": {
			from: set{body: "Resources: {A: " + topic + ", B: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: b}}}", tags: map[string]string{"Team": "one", "Old": "x"}},
			to:   set{tags: map[string]string{"Team": "two"}},
			want: []string{"Modify A replacement=False", "Tags x-> recreation=Never Static DirectModification", "Tags one->two recreation=Never Static DirectModification"},
		},
		"tags that reach nothing are a change without changes": {
			from: set{body: "Resources: {B: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: b}}}"},
			to:   set{tags: map[string]string{"Team": "two"}},
		},
		"so is an output": {
			from: set{body: "Resources: {A: " + topic + "}"},
			to:   set{body: "Resources: {A: " + topic + "}\nOutputs: {A: {Value: !Ref A}}"},
		},
		"a property of tags is no replacement": {
			from: set{body: "Resources: {A: {Type: AWS::EC2::FlowLog, Properties: {Tags: [{Key: a, Value: b}]}}}"},
			to:   set{body: "Resources: {A: {Type: AWS::EC2::FlowLog, Properties: {Tags: [{Key: a, Value: c}]}}}"},
			want: []string{"Modify A replacement=False", `Tags [{"Key":"a","Value":"b"}]->[{"Key":"a","Value":"c"}] recreation=Never Static DirectModification`},
		},
		"a policy alone is a change": {
			from: set{body: "Resources: {A: " + topic + "}"}, to: set{body: "Resources: {A: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}}"},
			want: []string{"Modify A replacement=False", "DeletionPolicy -> recreation=Never Static DirectModification"},
		},
		"a condition adds and removes": {
			from: set{body: "Parameters: {P: {Type: String, Default: a}}\nConditions: {C: !Equals [!Ref P, a]}\nResources: {A: {Type: AWS::SNS::Topic, Condition: C}, B: " + topic + "}"},
			to:   set{parameters: map[string]string{"P": "b"}},
			want: []string{"Remove A policy=Delete"},
		},
		"a type outside the table changes in place": {
			from: set{body: "Resources: {A: {Type: Custom::Thing, Properties: {Name: a}}}"}, to: set{body: "Resources: {A: {Type: Custom::Thing, Properties: {Name: b}}}"},
			want: []string{"Modify A replacement=False", "Properties Name a->b recreation=Never Static DirectModification"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.create("demo", tt.from)
				out := b.plan("demo", types.ChangeSetTypeUpdate, tt.to)
				if out.Status != types.ChangeSetStatusCreateComplete || out.ExecutionStatus != types.ExecutionStatusAvailable {
					b.Fatalf("%s, %s: %s", out.Status, out.ExecutionStatus, aws.ToString(out.StatusReason))
				}
				got := describe(out)
				for i := range got {
					for _, r := range b.cloud.Resources("demo") {
						if r.Type == "AWS::EC2::VPC" {
							got[i] = replaceAll(got[i], r.PhysicalID, "VPC")
						}
						got[i] = replaceAll(got[i], "arn:aws:s3:::"+r.PhysicalID, "ARN")
					}
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					b.Errorf("changes (-want +got):\n%s", d)
				}
				b.execute("demo")
				if got := b.rest("demo"); got != "UPDATE_COMPLETE" {
					b.Errorf("executing it: %s", got)
				}
				b.nothingLeft(tt.to)
			})
		})
	}
}

// nothingLeft checks that asking for the same once more changes nothing.
func (b bench) nothingLeft(s set) {
	b.Helper()
	out := b.plan("demo", types.ChangeSetTypeUpdate, s)
	if out.Status != types.ChangeSetStatusFailed || aws.ToString(out.StatusReason) != stacktest.NoChanges || out.ExecutionStatus != types.ExecutionStatusUnavailable {
		b.Errorf("the same again: %s %s, %v", out.Status, aws.ToString(out.StatusReason), describe(out))
	}
}

func TestValuesAreShownWhereTheyAreAskedFor(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		out := b.plan("demo", types.ChangeSetTypeUpdate, set{body: after})
		change := out.Changes[0].ResourceChange
		if aws.ToString(change.BeforeContext) != `{"Properties":{"RetentionInDays":7}}` || aws.ToString(change.AfterContext) != `{"Properties":{"RetentionInDays":30}}` {
			b.Errorf("%s -> %s", aws.ToString(change.BeforeContext), aws.ToString(change.AfterContext))
		}
		bare, err := b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")})
		if err != nil {
			b.Fatal(err)
		}
		change = bare.Changes[0].ResourceChange
		if change.BeforeContext != nil || change.AfterContext != nil || change.Details[0].Target.BeforeValue != nil {
			b.Errorf("values that nobody asked for: %+v", change)
		}
	})
}

func TestAChangeSetGoesThroughItsLife(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		ctx, name := b.Context(), new("demo")
		create := &cloudformation.CreateChangeSetInput{StackName: name, ChangeSetName: new("one"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: new(chain), ClientToken: new("t")}
		first, err := b.client.CreateChangeSet(ctx, create)
		if err != nil {
			b.Fatal(err)
		}
		if got := b.status("demo"); got != "REVIEW_IN_PROGRESS" {
			b.Error(got)
		}
		var got []string
		for range 5 {
			out, err := b.client.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: first.Id})
			if err != nil {
				b.Fatal(err)
			}
			got = append(got, fmt.Sprint(out.Status, " ", out.ExecutionStatus))
			time.Sleep(time.Second)
		}
		want := []string{"CREATE_PENDING UNAVAILABLE", "CREATE_IN_PROGRESS UNAVAILABLE", "CREATE_IN_PROGRESS UNAVAILABLE", "CREATE_COMPLETE AVAILABLE", "CREATE_COMPLETE AVAILABLE"}
		if d := cmp.Diff(want, got); d != "" {
			b.Errorf("statuses (-want +got):\n%s", d)
		}
		again, err := b.client.CreateChangeSet(ctx, create)
		if err != nil || *again.Id != *first.Id {
			b.Errorf("the same request again: %+v, %v", again, err)
		}
		create.ClientToken = new("other")
		if _, err = b.client.CreateChangeSet(ctx, create); !strings.HasPrefix(answer(err), "AlreadyExistsException: ") {
			b.Errorf("another request of that name: %s", answer(err))
		}
		create.ChangeSetName = new("two")
		if _, err := b.client.CreateChangeSet(ctx, create); err != nil {
			b.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		execute := &cloudformation.ExecuteChangeSetInput{StackName: name, ChangeSetName: new("one"), ClientRequestToken: new("go")}
		for range 2 { // the second is a repetition of the first
			if _, err := b.client.ExecuteChangeSet(ctx, execute); err != nil {
				b.Fatal(err)
			}
		}
		execute.ClientRequestToken = nil
		if _, err := b.client.ExecuteChangeSet(ctx, execute); !strings.HasSuffix(answer(err), "cannot be executed in its current execution status of [EXECUTE_IN_PROGRESS]") {
			b.Error(answer(err))
		}
		execute.ChangeSetName = new("two")
		if _, err := b.client.ExecuteChangeSet(ctx, execute); !strings.HasPrefix(answer(err), "InvalidChangeSetStatus: ") || !strings.HasSuffix(answer(err), "[OBSOLETE]") {
			b.Error(answer(err))
		}
		b.rest("demo")
		list, err := b.client.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: name})
		if err != nil || len(list.Summaries) != 0 {
			b.Errorf("%+v, %v", list, err)
		}
		done, err := b.client.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: first.Id})
		if err != nil || done.ExecutionStatus != types.ExecutionStatusExecuteComplete {
			b.Errorf("%+v, %v", done, err)
		}
		tokens := make(map[string]bool)
		for _, e := range b.rawEvents("demo")[1:] {
			tokens[aws.ToString(e.ClientRequestToken)] = true
		}
		if d := cmp.Diff(map[string]bool{"go": true}, tokens); d != "" {
			b.Errorf("tokens of events (-want +got):\n%s", d)
		}
	})
}

func TestAnUpdateMakesChangeSetsObsolete(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: before})
		b.plan("demo", types.ChangeSetTypeUpdate, set{body: after})
		if _, err := b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &after}); err != nil {
			b.Fatal(err)
		}
		b.rest("demo")
		_, err := b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")})
		if !strings.HasSuffix(answer(err), "[OBSOLETE]") {
			b.Error(answer(err))
		}
		for range 2 { // deleting one that is gone is no error
			if _, err := b.client.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{StackName: new("demo"), ChangeSetName: new("set")}); err != nil {
				b.Fatal(err)
			}
		}
		_, err = b.client.UpdateStack(b.Context(), &cloudformation.UpdateStackInput{StackName: new("demo"), TemplateBody: &after})
		if want := "ValidationError: No updates are to be performed."; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
	})
}

func TestTheReasonOfNoChangesIsAnOption(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, NoChanges: stacktest.NoUpdates}, func(b bench) {
		b.create("demo", set{body: chain})
		if out := b.plan("demo", types.ChangeSetTypeUpdate, set{body: chain}); aws.ToString(out.StatusReason) != stacktest.NoUpdates {
			b.Errorf("%q", aws.ToString(out.StatusReason))
		}
	})
}

func TestChangesComeInPages(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, PageSize: 3}, func(b bench) {
		var body strings.Builder
		body.WriteString("Resources:\n")
		var want []string
		for i := range 8 {
			fmt.Fprintf(&body, "  T%d: {Type: AWS::SNS::Topic}\n", i)
			want = append(want, fmt.Sprintf("Add T%d", i))
		}
		out := b.plan("demo", types.ChangeSetTypeCreate, set{body: body.String()})
		got := describe(out)
		for out.NextToken != nil {
			var err error
			out, err = b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{StackName: new("demo"), ChangeSetName: new("set"), NextToken: out.NextToken})
			if err != nil {
				b.Fatal(err)
			}
			got = append(got, describe(out)...)
		}
		if d := cmp.Diff(want, got); d != "" {
			b.Errorf("changes (-want +got):\n%s", d)
		}
		b.execute("demo")
		b.rest("demo")
		events := b.rawEvents("demo")
		ids := make(map[string]bool)
		for _, e := range events {
			ids[*e.EventId] = true
		}
		if len(ids) != len(events) || len(events) != 3+8*3 {
			b.Errorf("%d events, %d of them different", len(events), len(ids))
		}
	})
}
