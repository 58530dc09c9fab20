package ecs_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

func blueGreen(image string) []ecs.Service {
	s := svc("a", image)
	s.Settings.DeploymentConfiguration.Strategy = types.DeploymentStrategyBlueGreen
	return []ecs.Service{s, svc("b", image, "a")}
}

func TestABlueGreenDeploymentIsWaitedFor(t *testing.T) { // T18
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll(blueGreen("v1"))
		r := l.mustRoll(blueGreen("v2"))
		wantStates(t, r, map[string]progress.State{"a": "done", "b": "done"})
		if got := l.running("a"); got != "test-a:2" {
			t.Errorf("a runs %s", got)
		}
		before := l.cloud.Calls("DescribeServiceDeployments")
		if before == 0 {
			t.Error("no service deployment was read")
		}
		l.mustRoll([]ecs.Service{svc("c", "v1")})
		if n := l.cloud.Calls("DescribeServiceDeployments"); n != before {
			t.Error("the service deployments of a rolling update were read")
		}
	})
}

func TestABlueGreenRollbackIsAFailure(t *testing.T) { // T18
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{MaxStops: 100})
		l.mustRoll(blueGreen("v1"))
		l.cloud.Inject("a", ecstest.NeverHealthy)
		r, err := l.roll(blueGreen("v2"))
		if !errors.Is(err, ecs.ErrRolledBack) {
			t.Errorf("error %v, want that ECS has rolled back", err)
		}
		wantStates(t, r, map[string]progress.State{"a": "rolled back", "b": "skipped"})
		if got := l.running("a"); got != "test-a:1" {
			t.Errorf("a runs %s", got)
		}
	})
}

func TestAPauseIsReportedAndCostsNoTime(t *testing.T) { // T18
	for _, action := range []types.DeploymentLifecycleHookAction{types.DeploymentLifecycleHookActionContinue, types.DeploymentLifecycleHookActionRollback} {
		t.Run(string(action), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, ecs.Options{Timeout: 5 * time.Minute})
				l.mustRoll(blueGreen("v1"))
				l.cloud.Pause("a")
				start := time.Now()
				go decide(t, l, action)
				r, err := l.roll(blueGreen("v2"))
				if rolledBack := errors.Is(err, ecs.ErrRolledBack); rolledBack != (action == types.DeploymentLifecycleHookActionRollback) || !rolledBack && err != nil {
					t.Errorf("error %v: %s", err, r)
				}
				if took := time.Since(start); took < time.Hour {
					t.Errorf("ended after %v, before anybody had decided", took)
				}
				said := false
				for _, e := range l.seen.Events() {
					said = said || strings.Contains(e.Message, "aws ecs continue-service-deployment --service-deployment-arn arn:aws:ecs:us-east-1:123456789012:service-deployment/automation-test/a/")
				}
				if !said {
					t.Error("nobody said what it waits for")
				}
			})
		})
	}
}

// decide answers at the lifecycle hook of a after an hour.
func decide(t *testing.T, l *lab, action types.DeploymentLifecycleHookAction) {
	time.Sleep(time.Hour)
	client := l.cloud.Client()
	list, err := client.ListServiceDeployments(t.Context(), &awsecs.ListServiceDeploymentsInput{Cluster: new(cluster), Service: new("a")})
	if err != nil {
		t.Error(err)
		return
	}
	arn := list.ServiceDeployments[0].ServiceDeploymentArn
	if _, err := client.ContinueServiceDeployment(t.Context(), &awsecs.ContinueServiceDeploymentInput{ServiceDeploymentArn: arn, Action: action, HookId: new("x")}); err != nil {
		t.Error(err)
	}
}

func TestAnEarlySuccessIsHealthyAtItsThreshold(t *testing.T) { // T19
	synctest.Test(t, func(t *testing.T) {
		early := func(image string) []ecs.Service {
			s := svc("a", image)
			s.Settings.DesiredCount = new(int32(4))
			s.Settings.DeploymentConfiguration.MaximumPercent = new(int32(150))
			s.Settings.DeploymentConfiguration.EarlySuccessCriteria = &types.DeploymentEarlySuccessCriteria{
				Enable: true, HealthyPercent: new(int32(50)), SourceServiceRevisionCleanup: types.ServiceRevisionCleanupDeferred,
			}
			return []ecs.Service{s}
		}
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll(early("v1"))
		l.mustRoll(early("v2"))
		out, err := l.cloud.Client().DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new(cluster), Services: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		if d := out.Services[0].Deployments[0]; d.RolloutState != types.DeploymentRolloutStateCompleted || d.RunningCount < 2 || d.RunningCount == 4 {
			t.Errorf("%d of 4 tasks run, %s: want an early success", d.RunningCount, d.RolloutState)
		}
	})
}
