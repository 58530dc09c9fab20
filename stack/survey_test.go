package stack

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// shelf is a CloudFormation that only lists resources, by the ARN of their stack.
type shelf struct {
	API
	resources map[string][]types.StackResourceSummary
	template  string
}

func (s shelf) ListStackResources(_ context.Context, in *cloudformation.ListStackResourcesInput, _ ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	all, ok := s.resources[*in.StackName]
	if !ok {
		return nil, noStack(*in.StackName)
	}
	return &cloudformation.ListStackResourcesOutput{StackResourceSummaries: all}, nil
}

func (s shelf) GetTemplate(_ context.Context, _ *cloudformation.GetTemplateInput, _ ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error) {
	if s.template == "" {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}
	}
	return &cloudformation.GetTemplateOutput{TemplateBody: &s.template}, nil
}

func summary(id, kind, physical, status, reason string) types.StackResourceSummary {
	at := dawn.Add(time.Duration(len(id)) * time.Second)
	return types.StackResourceSummary{
		LogicalResourceId: &id, ResourceType: &kind, PhysicalResourceId: &physical,
		ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: &reason, LastUpdatedTimestamp: &at,
	}
}

func TestSurvey(t *testing.T) {
	list := []types.StackResourceSummary{
		summary("Topic", topic, "arn:t", "CREATE_COMPLETE", ""),
		summary("Data", bucket, "data", "CREATE_COMPLETE", ""),
		summary("Disk", "AWS::EC2::Volume", "vol-1", "CREATE_COMPLETE", ""),
		summary("Never", topic, "", "CREATE_FAILED", "no"),
		summary("Before", topic, "arn:b", "DELETE_COMPLETE", ""),
		summary("Kept", topic, "arn:k", "DELETE_SKIPPED", ""),
		summary("Gone", stackType, nestedARN, "CREATE_COMPLETE", ""),
	}
	plain := []Removal{
		{LogicalID: "Data", Type: bucket, PhysicalID: "data", Fate: Deleted},
		{LogicalID: "Disk", Type: "AWS::EC2::Volume", PhysicalID: "vol-1", Fate: Deleted},
		{LogicalID: "Gone", Type: stackType, PhysicalID: nestedARN, Fate: Deleted},
		{LogicalID: "Kept", Type: topic, PhysicalID: "arn:k", Fate: Retained, Reason: "left behind already"},
		{LogicalID: "Topic", Type: topic, PhysicalID: "arn:t", Fate: Deleted},
	}
	kept := append([]Removal{}, plain...)
	kept[0].Fate, kept[0].Reason = Retained, "DeletionPolicy RetainExceptOnCreate"
	kept[1].Fate = Snapshot
	tests := map[string]struct {
		template string
		want     []Removal
		notes    []string
	}{
		"the template says what stays": {
			template: "Resources: {Data: {Type: 'AWS::S3::Bucket', DeletionPolicy: RetainExceptOnCreate}, Disk: {Type: 'AWS::EC2::Volume', DeletionPolicy: Snapshot}}", want: kept,
		},
		"a template that cannot be read is noted": {
			want: plain, notes: []string{"what the template of automation-8527fec8 retains is unknown: get template: api error AccessDenied: not you"},
		},
		"a template that is none is noted": {
			template: "Resources: [", want: plain,
			notes: []string{"what the template of automation-8527fec8 retains is unknown: read template: "},
		},
		"one without resources retains nothing": {template: "Resources: {}", want: plain},
		"an empty one retains nothing":          {template: " ", want: plain},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := New(shelf{resources: map[string][]types.StackResourceSummary{envARN: list}, template: tt.template}, Options{})
			s, err := m.survey(t.Context(), envARN, envName)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, s.resources); d != "" {
				t.Errorf("resources (-want +got):\n%s", d)
			}
			for i, note := range s.notes {
				if i < len(tt.notes) {
					s.notes[i] = note[:min(len(note), len(tt.notes[i]))]
				}
			}
			if d := cmp.Diff(tt.notes, s.notes); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
		})
	}
	if _, err := New(shelf{}, Options{}).survey(t.Context(), envARN, envName); !missing(err) {
		t.Errorf("error %v", err)
	}
}

func TestStuckNamesWhatHoldsUpARollback(t *testing.T) {
	m := New(shelf{resources: map[string][]types.StackResourceSummary{
		envARN: {
			summary("Caches", stackType, nestedARN, "UPDATE_FAILED", "Embedded stack was not updated"),
			summary("Topic", topic, "arn:t", "UPDATE_FAILED", "Resource update cancelled"),
			summary("Data", bucket, "data", "UPDATE_COMPLETE", ""),
		},
		nestedARN: {summary("Cache", cache, "c", "UPDATE_FAILED", "busy"), summary("Logs", bucket, "logs", "UPDATE_FAILED", "locked")},
	}}, Options{})
	s, err := m.stuck(t.Context(), envARN, envName)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Caches/Logs", "Caches/Cache"}, s.ids(envName)); d != "" { // the first one first
		t.Errorf("stuck at (-want +got):\n%s", d)
	}
	for id, want := range map[string]string{"Caches/Cache": "automation-8527fec8-Caches-1X2Y.Cache", "Topic": "", "Caches": "", "Data": ""} {
		if got := s.skip(envName, id); got != want {
			t.Errorf("AWS calls %s %q, want %q", id, got, want)
		}
	}
}
