package stack

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/internal/template"
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
		{LogicalID: "Data", Type: bucket, PhysicalID: "data", Fate: FateDeleted},
		{LogicalID: "Disk", Type: "AWS::EC2::Volume", PhysicalID: "vol-1", Fate: FateDeleted},
		{LogicalID: "Gone", Type: stackType, PhysicalID: nestedARN, Fate: FateDeleted},
		{LogicalID: "Kept", Type: topic, PhysicalID: "arn:k", Fate: FateRetained, Reason: "left behind already"},
		{LogicalID: "Topic", Type: topic, PhysicalID: "arn:t", Fate: FateDeleted},
	}
	kept := append([]Removal{}, plain...)
	kept[0].Fate, kept[0].Reason = FateRetained, "DeletionPolicy RetainExceptOnCreate"
	kept[1].Fate = FateSnapshot
	tests := map[string]struct {
		template string
		want     []Removal
		notes    []string
	}{
		"the template says what stays": {
			template: "Resources: {Data: {Type: 'AWS::S3::Bucket', DeletionPolicy: RetainExceptOnCreate}, Disk: {Type: 'AWS::EC2::Volume', DeletionPolicy: Snapshot}}", want: kept,
		},
		"a template that cannot be read is noted": {
			want: plain, notes: []string{"what the template of automation-8527fec8 retains is unknown: get template: AccessDenied: not you"},
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

// TestSomeTypesLeaveASnapshotWithoutBeingTold: in a plan to delete as in one to recreate.
func TestSomeTypesLeaveASnapshotWithoutBeingTold(t *testing.T) {
	tests := map[string]struct {
		resource string
		fate     Fate
		action   types.PolicyAction
	}{
		"a database cluster":                  {"Type: 'AWS::RDS::DBCluster'", FateSnapshot, types.PolicyActionSnapshot},
		"a database of its own":               {"Type: 'AWS::RDS::DBInstance', Properties: {Engine: postgres}", FateSnapshot, types.PolicyActionSnapshot},
		"a database of its own, bare":         {"Type: 'AWS::RDS::DBInstance'", FateSnapshot, types.PolicyActionSnapshot},
		"a database in a cluster":             {"Type: 'AWS::RDS::DBInstance', Properties: {DBClusterIdentifier: a}", FateDeleted, types.PolicyActionDelete},
		"a cluster that is to be deleted":     {"Type: 'AWS::RDS::DBCluster', DeletionPolicy: Delete", FateDeleted, types.PolicyActionDelete},
		"a cluster that is to be retained":    {"Type: 'AWS::RDS::DBCluster', DeletionPolicy: Retain", FateRetained, types.PolicyActionRetain},
		"a cache, which is simply deleted":    {"Type: 'AWS::ElastiCache::ReplicationGroup'", FateDeleted, types.PolicyActionDelete},
		"a cache that is to leave a snapshot": {"Type: 'AWS::ElastiCache::ReplicationGroup', DeletionPolicy: Snapshot", FateSnapshot, types.PolicyActionSnapshot},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			body := "Resources: {Data: {" + tt.resource + "}}"
			list := []types.StackResourceSummary{summary("Data", "AWS::RDS::Any", "data", "CREATE_COMPLETE", "")}
			m := New(shelf{resources: map[string][]types.StackResourceSummary{envARN: list}, template: body}, Options{})
			s, err := m.survey(t.Context(), envARN, envName)
			if err != nil || len(s.resources) != 1 || s.resources[0].Fate != tt.fate {
				t.Errorf("%+v, %v, want %s", s.resources, err, tt.fate)
			}
			parsed, err := template.Parse([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if got := (request{before: parsed}).policyOf("Data"); got != tt.action {
				t.Errorf("recreating: %s, want %s", got, tt.action)
			}
		})
	}
}

// TestWalkEnds in stacks that are nested in themselves, as no CloudFormation has them.
func TestWalkEnds(t *testing.T) {
	loop := []types.StackResourceSummary{summary("Again", stackType, envARN, "CREATE_COMPLETE", "")}
	m := New(shelf{resources: map[string][]types.StackResourceSummary{envARN: loop}}, Options{})
	var paths []string
	err := m.walk(t.Context(), envARN, "a", func(_ context.Context, s site) ([]types.StackResourceSummary, error) {
		paths = append(paths, s.path+" "+s.within)
		return s.resources, nil
	})
	if err != nil || len(paths) != maxNesting+1 || paths[0] != "a " || paths[2] != "a/Again/Again Again/Again/" {
		t.Errorf("%v, %v", paths, err)
	}
	no := errors.New("no")
	err = m.walk(t.Context(), envARN, "a", func(_ context.Context, s site) ([]types.StackResourceSummary, error) {
		if strings.Count(s.within, "/") == 2 {
			return nil, no
		}
		return s.resources, nil
	})
	if !errors.Is(err, no) || err.Error() != "nested stack Again/Again: no" {
		t.Errorf("error %v", err)
	}
}

func TestAccountIn(t *testing.T) {
	for arn, want := range map[string]string{envARN: "111122223333", "arn:aws-cn:cloudformation:cn-north-1:1:stack/a/b": "1", "demo": "", "": ""} {
		if got := accountIn(arn); got != want {
			t.Errorf("account in %q is %q, want %q", arn, got, want)
		}
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
