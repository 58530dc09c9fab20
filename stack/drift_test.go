package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

func TestDriftNamesWhatDiffers(t *testing.T) {
	for _, opts := range []stacktest.Options{{}, {PageSize: 2}, {Throttle: true}} {
		bubble(t, opts, func(t *testing.T, cloud *stacktest.Cloud) {
			m := manager(cloud)
			deploy(t, m, demo())
			before := writes(cloud)
			same, err := m.Drift(t.Context(), "demo")
			if err != nil || same.Drifted() || len(same.Resources) != 0 || same.InSync+len(same.Unchecked) != 4 {
				t.Fatalf("%+v, %v", same, err)
			}
			for _, err := range []error{
				cloud.Drift("demo", "Logs", "RetentionInDays", 30),
				cloud.Drift("demo", "Topic", "DisplayName", "Al\u202earms"),
				cloud.Drift("demo", "Topic", "TopicName", nil),
				cloud.Lose("demo", "Alarm"),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			d, err := m.Drift(t.Context(), "demo")
			if err != nil || !d.Drifted() || d.ID == "" {
				t.Fatalf("%+v, %v", d, err)
			}
			const want = `stack demo: 3 of 4 resources differ from the template
  - Alarm (AWS::CloudWatch::Alarm) was deleted
  ~ Logs (AWS::Logs::LogGroup)
      /RetentionInDays: 14 -> 30
  ~ Topic (AWS::SNS::Topic)
      /DisplayName: added Al\u202earms
      /TopicName: removed demo-alarms
`
			if diff := cmp.Diff(want, d.String()); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}
			b, err := json.Marshal(d)
			var read stack.Drift
			if err != nil || json.Unmarshal(b, &read) != nil || !cmp.Equal(d, read) {
				t.Errorf("read back: %v\n%s", err, cmp.Diff(d, read))
			}
			if writes(cloud) != before {
				t.Error("looking for drift wrote")
			}
		})
	}
}

func TestDriftLooksIntoNestedStacks(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		for _, r := range y.cloud.Resources("demo") {
			if r.LogicalID == "Metrics" {
				if err := y.cloud.Lose(r.PhysicalID, "Thanos"); err != nil {
					y.Fatal(err)
				}
			}
		}
		d, err := y.m.Drift(y.Context(), "demo")
		if err != nil || len(d.Resources) != 1 || d.Resources[0].LogicalID != "Metrics/Thanos" || d.Resources[0].Status != "DELETED" {
			y.Errorf("%+v, %v", d, err)
		}
	})
}

func TestDriftWaitsForADetectionUnderWay(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		if _, err := cloud.Client().DetectStackDrift(t.Context(), &cloudformation.DetectStackDriftInput{StackName: new("demo")}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if d, err := m.Drift(t.Context(), "demo"); err != nil || time.Since(began) < 20*time.Second {
			t.Errorf("%+v, %v after %s", d, err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := m.Drift(ctx, "demo"); !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "drift of stack demo: ") {
			t.Errorf("error %v", err)
		}
	})
}

func TestDriftRefuses(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m, s := broken(t, cloud)
		if _, err := m.Drift(t.Context(), "ghost"); !errors.Is(err, stack.ErrNotFound) || err.Error() != "drift of stack ghost: there is no such stack" {
			t.Errorf("error %v", err)
		}
		if _, err := m.Drift(t.Context(), ""); !errors.Is(err, stack.ErrInvalid) {
			t.Errorf("error %v", err)
		}
		if _, err := m.Drift(t.Context(), s.Name); err == nil || !strings.Contains(err.Error(), "while in ROLLBACK_COMPLETE state") {
			t.Errorf("error %v", err)
		}
	})
}

// halfway is a detection that CloudFormation could not finish.
type halfway struct{ stack.API }

func (halfway) DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{{StackName: new("demo"), StackId: new("arn:demo"), StackStatus: "CREATE_COMPLETE"}}}, nil
}

func (halfway) DetectStackDrift(context.Context, *cloudformation.DetectStackDriftInput, ...func(*cloudformation.Options)) (*cloudformation.DetectStackDriftOutput, error) {
	return &cloudformation.DetectStackDriftOutput{StackDriftDetectionId: new("1")}, nil
}

func (halfway) DescribeStackDriftDetectionStatus(context.Context, *cloudformation.DescribeStackDriftDetectionStatusInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackDriftDetectionStatusOutput, error) {
	return &cloudformation.DescribeStackDriftDetectionStatusOutput{DetectionStatus: "DETECTION_FAILED", DetectionStatusReason: new("Failed to detect drift on resource [Cache]")}, nil
}

func (halfway) ListStackResources(_ context.Context, in *cloudformation.ListStackResourcesInput, _ ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	if *in.StackName == "arn:nested" {
		return &cloudformation.ListStackResourcesOutput{}, nil
	}
	var all []types.StackResourceSummary
	for _, id := range []string{"Topic", "Cache", "Never", "Odd", "Nested"} {
		r := types.StackResourceSummary{LogicalResourceId: new(id), ResourceType: new("AWS::SNS::Topic"), PhysicalResourceId: new("p"), ResourceStatus: "CREATE_COMPLETE"}
		switch id {
		case "Never":
			r.PhysicalResourceId = nil
		case "Nested":
			r.ResourceType, r.PhysicalResourceId = new("AWS::CloudFormation::Stack"), new("arn:nested")
		}
		all = append(all, r)
	}
	return &cloudformation.ListStackResourcesOutput{StackResourceSummaries: all}, nil
}

func (halfway) DescribeStackResourceDrifts(context.Context, *cloudformation.DescribeStackResourceDriftsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackResourceDriftsOutput, error) {
	return &cloudformation.DescribeStackResourceDriftsOutput{StackResourceDrifts: []types.StackResourceDrift{
		{LogicalResourceId: new("Topic"), StackResourceDriftStatus: "MODIFIED", PropertyDifferences: []types.PropertyDifference{
			{PropertyPath: new("/B"), ExpectedValue: new("1"), ActualValue: new("2"), DifferenceType: "NOT_EQUAL"},
			{PropertyPath: new("/A"), ExpectedValue: new("1"), ActualValue: new("null"), DifferenceType: "REMOVE"},
		}},
		{LogicalResourceId: new("Nested"), StackResourceDriftStatus: "IN_SYNC"},
		{LogicalResourceId: new("Cache"), StackResourceDriftStatus: "UNKNOWN", DriftStatusReason: new("no permission")},
		{LogicalResourceId: new("Odd"), StackResourceDriftStatus: "NOT_CHECKED"},
	}}, nil
}

func TestDriftThatIsIncompleteIsAnErrorWithWhatWasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := stack.New(halfway{}, stack.Options{}).Drift(t.Context(), "demo")
		if err == nil || err.Error() != "drift of stack demo: CloudFormation could not check everything: Failed to detect drift on resource [Cache]\n"+
			"nested stack Nested: CloudFormation could not check everything: Failed to detect drift on resource [Cache]" {
			t.Errorf("error %v", err)
		}
		const want = `stack demo: 1 of 4 resources differ from the template, 1 could not be checked, 1 of types that cannot be
  ? Cache (AWS::SNS::Topic) no permission
  ~ Topic (AWS::SNS::Topic)
      /A: removed 1
      /B: 1 -> 2
`
		if diff := cmp.Diff(want, d.String()); diff != "" || !d.Drifted() {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Odd"}, d.Unchecked); diff != "" || d.InSync != 1 {
			t.Errorf("unchecked (-want +got):\n%s", diff)
		}
	})
}
