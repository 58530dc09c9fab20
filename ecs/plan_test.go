package ecs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/golang/mock/gomock"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecsmock"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

func TestBadServicesAreRefusedBeforeAnyCall(t *testing.T) { // T3, T71
	edit := func(change func(*ecs.Service)) []ecs.Service {
		s := svc("a", "v1")
		change(&s)
		return []ecs.Service{s}
	}
	percents := func(count, least, most int32) []ecs.Service {
		return edit(func(s *ecs.Service) {
			s.Settings.DesiredCount = &count
			s.Settings.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: &least, MaximumPercent: &most}
		})
	}
	tests := map[string]struct {
		services []ecs.Service
		want     []string
	}{
		"a cycle is printed as its path": {
			[]ecs.Service{svc("a", "v1", "c"), svc("b", "v1", "a"), svc("c", "v1", "b")},
			[]string{"dependency cycle: a -> c -> b -> a"},
		},
		"a service that needs itself":  {[]ecs.Service{svc("a", "v1", "a")}, []string{"dependency cycle: a -> a"}},
		"an unknown dependency":        {[]ecs.Service{svc("a", "v1", "ghost")}, []string{`a: depends on unknown "ghost"`}},
		"a name given twice":           {[]ecs.Service{svc("a", "v1"), svc("a", "v1")}, []string{"a: defined twice"}},
		"an empty name":                {[]ecs.Service{svc("", "v1")}, []string{"empty name"}},
		"a name that ECS would refuse": {[]ecs.Service{svc("a b", "v1")}, []string{"a b: a service name is"}},
		"no task definition":           {[]ecs.Service{{Name: "a"}}, []string{"a: no task definition"}},
		"no family":                    {edit(func(s *ecs.Service) { s.TaskDefinition.Family = nil }), []string{`family ""`}},
		"no image":                     {edit(func(s *ecs.Service) { s.TaskDefinition.ContainerDefinitions[0].Image = nil }), []string{"container a: no image"}},
		"no essential container":       {edit(func(s *ecs.Service) { s.TaskDefinition.ContainerDefinitions[0].Essential = new(false) }), []string{"no essential container"}},
		"a size that Fargate does not have": {edit(func(s *ecs.Service) {
			s.Settings.LaunchType = types.LaunchTypeFargate
			s.TaskDefinition.Cpu, s.TaskDefinition.Memory, s.TaskDefinition.NetworkMode = new("256"), new("8192"), types.NetworkModeAwsvpc
		}), []string{"8192"}},
		"settings that name another thing":  {edit(func(s *ecs.Service) { s.Settings.ServiceName = new("b") }), []string{"must leave out Cluster, ServiceName"}},
		"a negative count":                  {edit(func(s *ecs.Service) { s.Settings.DesiredCount = new(int32(-1)) }), []string{"desired count -1 is negative"}},
		"one task that may neither stop":    {percents(1, 100, 100), []string{"could never progress"}},
		"one task whose surge rounds to 0":  {percents(1, 100, 150), []string{"could never progress"}},
		"percents out of their range":       {percents(2, 120, 50), []string{"want 0 to 100"}},
		"all faults are told together":      {[]ecs.Service{svc("a", "v1", "ghost"), {Name: "b"}, svc("c", "v1", "c")}, []string{"ghost", "b: no task definition", "c -> c"}},
		"a cycle behind an unknown service": {[]ecs.Service{svc("a", "v1", "ghost", "b"), svc("b", "v1", "a")}, []string{"ghost", "a -> b -> a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			api := ecsmock.NewMockAPI(gomock.NewController(t)) // any call fails the test
			_, err := ecs.New(api, ecs.Options{Cluster: cluster}).Plan(t.Context(), tt.services)
			if err == nil {
				t.Fatal("planned")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
	if _, err := ecs.New(nil, ecs.Options{}).Plan(t.Context(), nil); !errors.Is(err, ecs.ErrNoCluster) {
		t.Errorf("without a cluster: %v", err)
	}
}

func TestPlanSaysWhatWouldChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("same", "v1"), svc("image", "v1", "same"), svc("gone", "v1")})
		if _, err := l.cloud.Client().DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new(cluster), Service: new("gone"), Force: new(true)}); err != nil {
			t.Fatal(err)
		}
		three := svc("new", "v1", "image", "gone")
		three.Settings.DesiredCount = new(int32(3))
		plan, err := l.Plan(t.Context(), []ecs.Service{three, svc("same", "v1"), svc("image", "v2", "same"), svc("gone", "v1")})
		if err != nil {
			t.Fatal(err)
		}
		want := `cluster automation-test: 2 to create, 1 to update, 1 unchanged, in 3 levels
level 1
  = same
  + gone   was draining, v1
level 2
  ~ image  image.image: v1 -> v2
level 3
  + new    v1, 3 tasks
`
		if d := cmp.Diff(want, plan.String()); d != "" {
			t.Errorf("plan (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"same", "image", "new"}, plan.LongestChain); d != "" {
			t.Errorf("longest chain (-want +got):\n%s", d)
		}
		b, err := json.Marshal(plan)
		if err != nil || !strings.Contains(string(b), `"action":"recreate"`) {
			t.Errorf("JSON %s, %v", b, err)
		}
		var copied ecs.Plan
		if err := json.Unmarshal(b, &copied); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Apply(t.Context(), copied); !errors.Is(err, ecs.ErrNotPlanned) {
			t.Errorf("a plan from JSON was applied: %v", err)
		}
		other := newLab(t, ecstest.Options{}, ecs.Options{})
		other.Deployer = ecs.New(other.cloud.Client(), ecs.Options{Cluster: "another"})
		if _, err := other.Apply(t.Context(), plan); !errors.Is(err, ecs.ErrNotPlanned) {
			t.Errorf("a plan for another cluster was applied: %v", err)
		}
	})
}

func TestPlanNamesWhatItCouldNotRead(t *testing.T) {
	ctrl := gomock.NewController(t)
	api := ecsmock.NewMockAPI(ctrl)
	broken := errors.New("wire broken")
	api.EXPECT().DescribeServices(gomock.Any(), gomock.Any()).Return(nil, broken)
	_, err := ecs.New(api, ecs.Options{Cluster: cluster}).Plan(t.Context(), []ecs.Service{svc("a", "v1"), svc("b", "v1")})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "plan rollout to automation-test: describe services a, b") {
		t.Errorf("error %v", err)
	}

	api = ecsmock.NewMockAPI(ctrl)
	api.EXPECT().DescribeServices(gomock.Any(), gomock.Any()).DoAndReturn(
		func(_ context.Context, in *awsecs.DescribeServicesInput, _ ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error) {
			return &awsecs.DescribeServicesOutput{Services: []types.Service{{
				ServiceName: &in.Services[0], Status: new("ACTIVE"), TaskDefinition: new("arn:aws:ecs:x:1:task-definition/t:1"),
			}}}, nil
		})
	api.EXPECT().DescribeTaskDefinition(gomock.Any(), gomock.Any()).Return(nil, broken)
	_, err = ecs.New(api, ecs.Options{Cluster: cluster}).Plan(t.Context(), []ecs.Service{svc("a", "v1")})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "describe task definition of a") {
		t.Errorf("error %v", err)
	}
}
