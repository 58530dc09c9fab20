package stacktest_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

const driftable = `
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7, Tags: [{Key: Team, Value: a}, {Key: Old, Value: b}]}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: metrics, Rules: {Days: {First: 1}}}}
  Topic: {Type: AWS::SNS::Topic}
  Board: {Type: AWS::CloudWatch::Dashboard, Properties: {DashboardBody: '{}'}}
  Own: {Type: Custom::Thing}
`

func TestDriftIsFound(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, PageSize: 2}, func(b bench) {
		b.create("demo", set{body: driftable})
		for _, r := range b.detect("demo") {
			if r.StackResourceDriftStatus != types.StackResourceDriftStatusInSync {
				b.Errorf("%s is %s", *r.LogicalResourceId, r.StackResourceDriftStatus)
			}
		}
		for _, err := range []error{
			b.cloud.Drift("demo", "Group", "RetentionInDays", 30),
			b.cloud.Drift("demo", "Group", "/Tags/0/Value", "c"),
			b.cloud.Drift("demo", "Group", "KmsKeyId", "key"),
			b.cloud.Drift("demo", "Bucket", "/Rules/Days/First", nil),
			b.cloud.Lose("demo", "Topic"),
		} {
			if err != nil {
				b.Fatal(err)
			}
		}
		var got []string
		for _, r := range b.detect("demo") {
			got = append(got, fmt.Sprintf("%s %s", *r.LogicalResourceId, r.StackResourceDriftStatus))
			for _, d := range r.PropertyDifferences {
				got = append(got, fmt.Sprintf("  %s %s %s -> %s", *d.PropertyPath, d.DifferenceType, *d.ExpectedValue, *d.ActualValue))
			}
			if *r.LogicalResourceId == "Topic" && r.ActualProperties != nil {
				b.Error("a lost resource has actual properties")
			}
		}
		want := []string{
			"Bucket MODIFIED",
			"  /Rules/Days/First REMOVE 1 -> null",
			"Group MODIFIED",
			"  /KmsKeyId ADD null -> key",
			"  /RetentionInDays NOT_EQUAL 7 -> 30",
			"  /Tags/0/Value NOT_EQUAL a -> c",
			"Topic DELETED",
		}
		if d := cmp.Diff(want, got); d != "" {
			b.Errorf("drift (-want +got):\n%s", d)
		}
		out, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: new("demo")})
		if err != nil || out.Stacks[0].DriftInformation.StackDriftStatus != types.StackDriftStatusDrifted {
			b.Errorf("%+v, %v", out, err)
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" {
			b.Error(got)
		}
	})
}

func TestALookForDriftTakesAWhileAndIsAlone(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: driftable})
		begun, err := b.client.DetectStackDrift(b.Context(), &cloudformation.DetectStackDriftInput{StackName: new("demo")})
		if err != nil {
			b.Fatal(err)
		}
		_, err = b.client.DetectStackDrift(b.Context(), &cloudformation.DetectStackDriftInput{StackName: new("demo")})
		if want := "ValidationError: Drift detection is already in progress for stack [" + b.id("demo") + "]"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
		out, err := b.client.DescribeStackDriftDetectionStatus(b.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: begun.StackDriftDetectionId})
		if err != nil || out.DetectionStatus != types.StackDriftDetectionStatusDetectionInProgress || out.DriftedStackResourceCount != nil {
			b.Errorf("%+v, %v", out, err)
		}
		_, err = b.client.DescribeStackDriftDetectionStatus(b.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: new("x")})
		if want := "ValidationError: Drift detection with id [x] does not exist"; answer(err) != want {
			b.Errorf("%s, want %s", answer(err), want)
		}
	})
}

func TestWhatDoesNotExistDoesNotDrift(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		if got, want := aws.ToString(new(b.cloud.Drift("demo", "Group", "X", 1).Error())), "drift demo/Group: ValidationError: Stack [demo] does not exist"; got != want {
			b.Errorf("%s, want %s", got, want)
		}
		b.create("demo", set{body: driftable})
		if err := b.cloud.Lose("demo", "Nothing"); err == nil {
			b.Error("what is not there was lost")
		}
	})
}
