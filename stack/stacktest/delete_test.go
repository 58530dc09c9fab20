package stacktest_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

func TestADeletionGoesAgainstTheReferences(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: chain})
		id := b.id("demo")
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Fatal(got)
		}
		want := []string{
			"demo DELETE_IN_PROGRESS User Initiated",
			"Three DELETE_IN_PROGRESS",
			"Beside DELETE_IN_PROGRESS",
			"Three DELETE_COMPLETE",
			"Two DELETE_IN_PROGRESS",
			"Beside DELETE_COMPLETE",
			"Two DELETE_COMPLETE",
			"One DELETE_IN_PROGRESS",
			"One DELETE_COMPLETE",
			"demo DELETE_COMPLETE",
		}
		if d := cmp.Diff(want, since(b.events(id), want[0])); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
		// It is no error to delete what is not there, by name or by id.
		for _, name := range []string{"demo", "never", id} {
			if _, err := b.client.DeleteStack(b.Context(), &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
				b.Error(err)
			}
		}
		out, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: &id})
		if err != nil || out.Stacks[0].DeletionTime == nil {
			b.Errorf("%+v, %v", out, err)
		}
	})
}

func TestABucketWithObjectsStandsInTheWay(t *testing.T) {
	const body = `
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: reader}}
  Bucket: {Type: AWS::S3::Bucket, DependsOn: Role, Properties: {BucketName: metrics}}
  Topic: {Type: AWS::SNS::Topic}
`
	tests := map[string]struct {
		again  cloudformation.DeleteStackInput
		empty  bool
		want   string
		bucket string // what happens to it in the end
		answer string
	}{
		"it fails again while there are objects":    {want: "DELETE_FAILED", bucket: "Bucket DELETE_FAILED"},
		"it goes once it is empty":                  {empty: true, want: "DELETE_COMPLETE", bucket: "Bucket DELETE_COMPLETE"},
		"it is left behind where that is asked for": {again: cloudformation.DeleteStackInput{RetainResources: []string{"Bucket"}}, want: "DELETE_COMPLETE", bucket: "Bucket DELETE_SKIPPED"},
		"it is left behind by force":                {again: cloudformation.DeleteStackInput{DeletionMode: types.DeletionModeForceDeleteStack}, want: "DELETE_COMPLETE", bucket: "Bucket DELETE_SKIPPED"},
		"what is deleted already cannot be left behind": {
			again: cloudformation.DeleteStackInput{RetainResources: []string{"Topic"}}, want: "DELETE_FAILED", bucket: "Bucket DELETE_FAILED",
			answer: "ValidationError: The specified resources to retain must be in a valid state. Do not specify resources that are in the DELETE_COMPLETE state.",
		},
		"what is not there cannot be left behind": {
			again: cloudformation.DeleteStackInput{RetainResources: []string{"Nothing"}}, want: "DELETE_FAILED", bucket: "Bucket DELETE_FAILED",
			answer: "ValidationError: Resources to retain [Nothing] do not exist in stack demo",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.create("demo", set{body: body, capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
				b.cloud.SetObjects("metrics", 2500)
				id := b.id("demo")
				if got := b.delete("demo"); got != "DELETE_FAILED" {
					b.Fatal(got)
				}
				if d := cmp.Diff([]string{"Bucket DELETE_FAILED", "Role CREATE_COMPLETE", "Topic DELETE_COMPLETE"}, b.resources("demo")); d != "" {
					b.Errorf("resources (-want +got):\n%s", d)
				}
				if s, _ := b.cloud.Stack("demo"); s.Reason != "The following resource(s) failed to delete: [Bucket]. " {
					b.Errorf("reason %q", s.Reason)
				}
				if tt.empty {
					if n, err := b.cloud.Empty(b.Context(), "metrics", stacktest.Account); n != 2500 || err != nil || b.cloud.Objects("metrics") != 0 {
						b.Error(n, err)
					}
				}
				tt.again.StackName = new("demo")
				_, err := b.client.DeleteStack(b.Context(), &tt.again)
				if answer(err) != tt.answer {
					b.Errorf("%s, want %s", answer(err), tt.answer)
				}
				if got := b.rest(id); got != tt.want {
					b.Errorf("%s, want %s", got, tt.want)
				}
				for _, r := range b.resources(id) {
					if r[:6] == "Bucket" && r != tt.bucket {
						b.Errorf("%s, want %s", r, tt.bucket)
					}
				}
			})
		})
	}
}

func TestDeletionsThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		protected bool
		updating  bool
		in        cloudformation.DeleteStackInput
		want      string
	}{
		"of a protected stack":       {protected: true, want: "ValidationError: Stack [demo] cannot be deleted while TerminationProtection is enabled"},
		"of one that is updated":     {updating: true, want: "ValidationError: Stack [ID] cannot be deleted while in status UPDATE_IN_PROGRESS"},
		"by force before it failed":  {in: cloudformation.DeleteStackInput{DeletionMode: types.DeletionModeForceDeleteStack}, want: "ValidationError: Invalid operation on stack [ID]. You can activate DeletionMode FORCE_DELETE_STACK in a delete stack operation only when the stack is in the DELETE_FAILED state."},
		"retaining before it failed": {in: cloudformation.DeleteStackInput{RetainResources: []string{"Kept"}}, want: "ValidationError: Invalid operation on stack [ID]. You can specify RetainResources in a delete stack operation only when the stack is in the DELETE_FAILED state."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
				b.create("demo", set{body: before})
				protect := func(on bool) {
					if _, err := b.client.UpdateTerminationProtection(b.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: new("demo"), EnableTerminationProtection: &on}); err != nil {
						b.Fatal(err)
					}
				}
				protect(tt.protected)
				if tt.updating {
					b.plan("demo", types.ChangeSetTypeUpdate, set{body: after})
					b.execute("demo")
				}
				tt.in.StackName = new("demo")
				_, err := b.client.DeleteStack(b.Context(), &tt.in)
				if got := replaceID(b, answer(err)); got != tt.want {
					b.Errorf("%s, want %s", got, tt.want)
				}
				b.rest("demo")
				protect(false)
				if got := b.delete("demo"); got != "DELETE_COMPLETE" {
					b.Error(got)
				}
			})
		})
	}
}

func TestACreationUnderWayCanBeDeleted(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.plan("demo", types.ChangeSetTypeCreate, set{body: chain})
		b.execute("demo")
		time.Sleep(15 * time.Second)
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestAStackInReviewIsDeletedAtOnce(t *testing.T) {
	onBench(t, stacktest.Options{}, func(b bench) {
		out := b.plan("demo", types.ChangeSetTypeCreate, set{body: chain})
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
		_, err := b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: out.ChangeSetId})
		if want := "ChangeSetNotFound: ChangeSet [" + *out.ChangeSetId + "] does not exist"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
	})
}

func TestExportsAreProtectedByTheirImporters(t *testing.T) {
	network := func(cidr string) string {
		return lines(
			"Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: "+cidr+"}}}",
			"Outputs: {Id: {Value: !Ref Vpc, Export: {Name: !Sub '${AWS::StackName}-vpc'}}}",
		)
	}
	const user = "Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: x, VpcId: !ImportValue network-vpc}}}"
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		if early := b.plan("early", types.ChangeSetTypeCreate, set{body: user}); early.Status != types.ChangeSetStatusFailed || *early.StatusReason != "No export named network-vpc found." {
			b.Errorf("%s, %s", early.Status, aws.ToString(early.StatusReason))
		}
		if _, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("soon"), TemplateBody: new(user)}); err != nil {
			b.Fatal(err)
		}
		b.rest("soon")
		b.create("network", set{body: network("10.0.0.0/16")})
		b.create("user", set{body: user})
		out, err := b.client.ListExports(b.Context(), &cloudformation.ListExportsInput{})
		if err != nil || len(out.Exports) != 1 || *out.Exports[0].Name != "network-vpc" || *out.Exports[0].Value != b.physical("network", "Vpc") {
			b.Errorf("%+v, %v", out, err)
		}
		got := []string{
			b.status("soon"), b.status("network"), b.status("user"), b.create("twin", set{body: lines(network("10.0.0.0/16"), "  # ")}),
			b.delete("network"), b.update("network", set{body: network("10.1.0.0/16")}), b.delete("user"), b.delete("network"),
		}
		want := []string{
			"ROLLBACK_COMPLETE", "CREATE_COMPLETE", "CREATE_COMPLETE", "CREATE_COMPLETE",
			"CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_COMPLETE", "DELETE_COMPLETE",
		}
		if d := cmp.Diff(want, got); d != "" {
			b.Errorf("statuses (-want +got):\n%s", d)
		}
	})
}

func TestAnExportHasOneOwner(t *testing.T) {
	const body = "Resources: {Topic: {Type: AWS::SNS::Topic}}\nOutputs: {Topic: {Value: !Ref Topic, Export: {Name: alarms}}}"
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("one", set{body: body})
		if got := b.create("two", set{body: body}); got != "ROLLBACK_COMPLETE" {
			b.Fatal(got)
		}
		want := "two ROLLBACK_IN_PROGRESS Export with name alarms is already exported by stack one. Rollback requested by user."
		if got := since(b.events("two"), want); got[0] != want {
			b.Errorf("events:\n%s", lines(got...))
		}
	})
}

func replaceID(b bench, text string) string {
	return replaceAll(text, b.id("demo"), "ID")
}

func TestARefusedDeletionLeavesAStuckRollbackAsItWas(t *testing.T) {
	network := func(cidr string) string {
		return lines(
			"Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, Note: "+cidr+"}}, Last: {Type: AWS::SNS::Topic, DependsOn: Vpc, Properties: {DisplayName: "+cidr+"}}}",
			"Outputs: {Id: {Value: !Ref Vpc, Export: {Name: vpc}}}",
		)
	}
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("network", set{body: network("a")})
		b.create("user", set{body: "Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: x, VpcId: !ImportValue vpc}}}"})
		b.cloud.Inject("Last", stacktest.Fault{Times: 1})
		b.cloud.Inject("Vpc", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Times: 1})
		if got := b.update("network", set{body: network("b")}); got != "UPDATE_ROLLBACK_FAILED" {
			b.Fatal(got)
		}
		if got := b.delete("network"); got != "UPDATE_ROLLBACK_FAILED" {
			b.Fatal(got)
		}
		if _, err := b.client.ContinueUpdateRollback(b.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: new("network")}); err != nil {
			b.Fatal(err)
		}
		if got := b.rest("network"); got != "UPDATE_ROLLBACK_COMPLETE" {
			b.Error(got)
		}
	})
}
