package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/golang/mock/gomock"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecsmock"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// bare is a service without a health check.
func bare(name, image string) ecs.Service {
	s := svc(name, image)
	s.TaskDefinition.ContainerDefinitions[0].HealthCheck = nil
	return s
}

func TestRunningIsNotYetHealthy(t *testing.T) { // T10, T20, T21
	for name, service := range map[string]ecs.Service{
		"until the health check passes":              svc("a", "v1"),
		"until the scheduler counts it, without one": bare("a", "v1"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, ecs.Options{})
				start := time.Now()
				l.mustRoll([]ecs.Service{service})
				timing := ecstest.DefaultTiming()
				up := timing.Provision + timing.Pull
				if took := time.Since(start); took < up+timing.MinUp || took > up+timing.MinUp+10*time.Second {
					t.Errorf("took %v; it ran after %v and was healthy %v later", took, up, timing.MinUp)
				}
			})
		})
	}
}

func TestADaemonHasNoCount(t *testing.T) { // T27
	controller := gomock.NewController(t)
	api := ecsmock.NewMockAPI(controller)
	api.EXPECT().DescribeServices(gomock.Any(), gomock.Any()).Return(&awsecs.DescribeServicesOutput{}, nil)
	api.EXPECT().RegisterTaskDefinition(gomock.Any(), gomock.Any()).Return(
		&awsecs.RegisterTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{TaskDefinitionArn: new("arn:td")}}, nil)
	denied := errors.New("stop here")
	api.EXPECT().CreateService(gomock.Any(), gomock.Any()).DoAndReturn(
		func(_ context.Context, in *awsecs.CreateServiceInput, _ ...func(*awsecs.Options)) (*awsecs.CreateServiceOutput, error) {
			if in.DesiredCount != nil || in.SchedulingStrategy != types.SchedulingStrategyDaemon || in.ClientToken == nil || len(*in.ClientToken) > 36 {
				t.Errorf("creates %+v", in)
			}
			return nil, denied
		})
	daemon := svc("a", "v1")
	daemon.Settings = &awsecs.CreateServiceInput{SchedulingStrategy: types.SchedulingStrategyDaemon}
	d := ecs.New(api, ecs.Options{Cluster: cluster, KeepFailed: true})
	if _, err := (deployer{d}).apply(t, []ecs.Service{daemon}); !errors.Is(err, denied) {
		t.Errorf("error %v", err)
	}
}

func TestRevisionsAreNoText(t *testing.T) { // T28
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		for i := range 10 {
			l.mustRoll([]ecs.Service{svc("a", fmt.Sprint(i))})
		}
		if got := l.running("a"); got != "test-a:10" {
			t.Errorf("a runs %s", got)
		}
		l.cloud.Inject("a", ecstest.Crash)
		if _, err := l.roll([]ecs.Service{svc("a", "bad")}); err == nil || l.running("a") != "test-a:10" {
			t.Errorf("a runs %s after %v, want test-a:10", l.running("a"), err)
		}
	})
}

func TestAutoscalingMovesTheGoal(t *testing.T) { // T29, T31
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		go func() {
			time.Sleep(time.Minute)
			in := &awsecs.UpdateServiceInput{Cluster: new(cluster), Service: new("a"), DesiredCount: new(int32(3))}
			if _, err := l.cloud.Client().UpdateService(t.Context(), in); err != nil {
				t.Error(err)
			}
		}()
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		if s, _ := l.cloud.Service(cluster, "a"); s.Healthy != 3 {
			t.Errorf("counted as healthy with %+v", s)
		}
	})
}

func TestNoRoomForAWhileIsNoFailure(t *testing.T) { // T38, T39
	for wait, fails := range map[time.Duration]bool{90 * time.Second: false, 5 * time.Minute: true} {
		t.Run(wait.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, ecs.Options{})
				l.cloud.Inject("a", ecstest.NoCapacity)
				go func() {
					time.Sleep(wait)
					l.cloud.Inject("a", "")
				}()
				start := time.Now()
				_, err := l.roll([]ecs.Service{svc("a", "v1")})
				if errors.Is(err, ecs.ErrNoCapacity) != fails || !fails && err != nil {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				time.Sleep(wait) // until nothing of the test is left
			})
		})
	}
}

func TestEventsThatRunOverAreNotMissed(t *testing.T) { // T40, T41
	synctest.Test(t, func(t *testing.T) {
		hasty := func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }
		l := newLab(t, ecstest.Options{Timing: hasty}, ecs.Options{})
		l.cloud.Inject("a", ecstest.Crash) // hundreds of tasks and events between two polls
		start := time.Now()
		_, err := l.roll([]ecs.Service{svc("a", "v1")})
		if !errors.Is(err, ecs.ErrTasksFail) || time.Since(start) > time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if !strings.Contains(fmt.Sprint(err), "exited with code 1 (") {
			t.Errorf("error %v", err)
		}
	})
}

// skewed is an ECS whose clock differs from ours.
type skewed struct {
	ecs.API
	by time.Duration
}

func (s skewed) DescribeServices(ctx context.Context, in *awsecs.DescribeServicesInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error) {
	out, err := s.API.DescribeServices(ctx, in, opts...)
	if err != nil {
		return out, err
	}
	shift := func(at *time.Time) *time.Time {
		if at == nil {
			return nil
		}
		return new(at.Add(s.by))
	}
	for i := range out.Services {
		for j := range out.Services[i].Deployments {
			out.Services[i].Deployments[j].CreatedAt = shift(out.Services[i].Deployments[j].CreatedAt)
		}
		for j := range out.Services[i].Events {
			out.Services[i].Events[j].CreatedAt = shift(out.Services[i].Events[j].CreatedAt)
		}
	}
	return out, nil
}

func TestClocksMayDiffer(t *testing.T) { // T43
	for _, by := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, ecstest.Options{}, ecs.Options{})
			l.Deployer = ecs.New(skewed{l.cloud.Client(), by}, ecs.Options{Cluster: cluster, Progress: l.seen.Record})
			l.mustRoll([]ecs.Service{svc("a", "v1")})
			l.cloud.Inject("a", ecstest.NoCapacity)
			start := time.Now()
			if _, err := l.roll([]ecs.Service{svc("a", "v2")}); !errors.Is(err, ecs.ErrNoCapacity) || time.Since(start) > 5*time.Minute {
				t.Errorf("a clock that is off by %v: %v after %v", by, err, time.Since(start))
			}
		})
	}
}

func TestStopsOfTheOldDeploymentDoNotCount(t *testing.T) { // T36, T37
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{MaxStops: 3})
		many := svc("a", "v1")
		many.Settings.DesiredCount = new(int32(6))
		l.mustRoll([]ecs.Service{many})
		many = svc("a", "v2")
		if r := l.mustRoll([]ecs.Service{many}); find(r, "a").State != progress.Done { // six old tasks stop on the way
			t.Errorf("a is %s", find(r, "a").State)
		}
	})
}

func TestWhatThisRunHasCreatedIsDeletedAgain(t *testing.T) { // T59
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("old", "v1")})
		l.cloud.Inject("bad", ecstest.Crash)
		r, err := l.roll([]ecs.Service{svc("old", "v1"), svc("new", "v1"), svc("bad", "v1", "new")})
		if err == nil {
			t.Error("rolled out in spite of the fault")
		}
		wantStates(t, r, map[string]progress.State{"old": "unchanged", "new": "rolled back", "bad": "rolled back"})
		for name, want := range map[string]string{"old": "ACTIVE", "new": "INACTIVE", "bad": "INACTIVE"} {
			time.Sleep(time.Minute)
			if s, _ := l.cloud.Service(cluster, name); s.Status != want {
				t.Errorf("%s is %s, want %s", name, s.Status, want)
			}
		}
	})
}

func TestLimitsHold(t *testing.T) { // T6
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{MaxInFlight: 3})
		var mu sync.Mutex
		most, now := 0, map[string]bool{}
		watch := func(e progress.Event) {
			mu.Lock()
			defer mu.Unlock()
			if now[e.Subject] = e.State == progress.Running; !now[e.Subject] {
				delete(now, e.Subject)
			}
			most = max(most, len(now))
		}
		d := ecs.New(l.cloud.Client(), ecs.Options{Cluster: cluster, MaxInFlight: 3, Progress: watch})
		var services []ecs.Service
		for i := range 20 {
			services = append(services, svc(fmt.Sprintf("s%02d", i), "v1"))
		}
		if _, err := (deployer{d}).apply(t, services); err != nil {
			t.Fatal(err)
		}
		if most != 3 {
			t.Errorf("%d services in flight at most, want 3", most)
		}
	})
}

func TestADesiredCountOfNothing(t *testing.T) { // T26
	synctest.Test(t, func(t *testing.T) {
		none := svc("a", "v1")
		none.Settings.DesiredCount = new(int32(0))
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{none}) // nobody depends on it
		l = newLab(t, ecstest.Options{}, ecs.Options{})
		if _, err := l.roll([]ecs.Service{none, svc("b", "v1", "a")}); !errors.Is(err, ecs.ErrScaledToZero) {
			t.Errorf("error %v, want that a, which b needs, is scaled to zero", err)
		}
	})
}

// TestSecretsStayInside: no event, error or plan shows an environment's value.
func TestSecretsStayInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		with := func(secret string) []ecs.Service {
			s := svc("a", "v1")
			s.TaskDefinition.ContainerDefinitions[0].Environment = []types.KeyValuePair{{Name: new("PASSWORD"), Value: &secret}}
			return []ecs.Service{s}
		}
		l.mustRoll(with("hunter1"))
		l.cloud.Inject("a", ecstest.Crash)
		plan, err := l.Plan(t.Context(), with("hunter2"))
		if err != nil {
			t.Fatal(err)
		}
		if plan.Changes[0].Action != ecs.Update {
			t.Fatalf("plan %v, want an update", plan)
		}
		r, err := l.Apply(t.Context(), plan)
		text := fmt.Sprint(plan, r, err, l.seen.Events())
		if strings.Contains(text, "hunter") {
			t.Errorf("a secret is shown:\n%s", text)
		}
	})
}

func TestNothingIsStartedAfterAFailure(t *testing.T) { // T4, T60
	synctest.Test(t, func(t *testing.T) {
		slow := func(service string) ecstest.Timing {
			if service == "x" {
				return ecstest.DefaultTiming().Scale(4)
			}
			return ecstest.DefaultTiming()
		}
		l := newLab(t, ecstest.Options{Timing: slow}, ecs.Options{KeepFailed: true})
		l.cloud.Inject("b", ecstest.ImageMissing)
		r, err := l.roll([]ecs.Service{svc("b", "v1"), svc("c", "v1", "b"), svc("x", "v1"), svc("y", "v1", "x")})
		if !errors.Is(err, ecs.ErrTasksFail) {
			t.Errorf("error %v", err)
		}
		wantStates(t, r, map[string]progress.State{"b": "failed", "c": "skipped", "x": "done", "y": "skipped"})
		if c, y := find(r, "c").Message, find(r, "y").Message; c != "needs b, which failed" || y != "the rollout stopped before" {
			t.Errorf("c was skipped since %q, y since %q", c, y)
		}
	})
}

func TestADeregisteredTaskDefinitionIsRegisteredAnew(t *testing.T) { // T55, T56
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		services := []ecs.Service{svc("a", "v1")}
		l.mustRoll(services)
		client := l.cloud.Client()
		if _, err := client.DeregisterTaskDefinition(t.Context(), &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: new("test-a:1")}); err != nil {
			t.Fatal(err)
		}
		l.mustRoll(services)
		if got := l.running("a"); got != "test-a:2" {
			t.Errorf("a runs %s, want a new revision", got)
		}
		// What is newer in the family and does not run is no reason to change anything.
		if _, err := client.RegisterTaskDefinition(t.Context(), svc("a", "other").TaskDefinition); err != nil {
			t.Fatal(err)
		}
		plan, err := l.Plan(t.Context(), services)
		if err != nil || !plan.Empty() {
			t.Errorf("plan %v, %v; want nothing to do", plan, err)
		}
	})
}
