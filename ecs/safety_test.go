package ecs_test

import (
	"context"
	"errors"
	"fmt"
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

// theirs deploys something of somebody else's to a, which must be there.
func theirs(t *testing.T, l *lab) {
	t.Helper()
	client := l.cloud.Client()
	out, err := client.RegisterTaskDefinition(t.Context(), svc("a", "theirs").TaskDefinition)
	if err == nil {
		_, err = client.UpdateService(t.Context(), &awsecs.UpdateServiceInput{
			Cluster: new(cluster), Service: new("a"), TaskDefinition: out.TaskDefinition.TaskDefinitionArn,
		})
	}
	if err != nil {
		t.Error(err)
	}
}

// theirOwn has somebody else create a.
func theirOwn(t *testing.T, l *lab) {
	t.Helper()
	client := l.cloud.Client()
	out, err := client.RegisterTaskDefinition(t.Context(), svc("a", "theirs").TaskDefinition)
	if err == nil {
		_, err = client.CreateService(t.Context(), &awsecs.CreateServiceInput{Cluster: new(cluster), ServiceName: new("a"), TaskDefinition: out.TaskDefinition.TaskDefinitionArn})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoServiceTakesLongerThanItsTimeout(t *testing.T) {
	const timeout = 15 * time.Minute
	ends := func(t *testing.T, api ecs.API, want string) {
		t.Helper()
		start := time.Now()
		d := ecs.New(api, ecs.Options{Cluster: cluster, Timeout: timeout, KeepFailed: true})
		_, err := (deployer{d}).apply(t, []ecs.Service{svc("a", "v1")})
		if took := time.Since(start); !errors.Is(err, ecs.ErrTimeout) || !strings.Contains(fmt.Sprint(err), want) || took > timeout+10*time.Second {
			t.Errorf("after %v: %v, want a time-out that says %q", took, err, want)
		}
	}
	refuse := func(op string) ecstest.Options {
		var start time.Time
		return ecstest.Options{Before: func(called string, _ int) *ecstest.Error {
			if start.IsZero() {
				start = time.Now()
			}
			if called == op && time.Since(start) > 30*time.Second {
				return ecstest.Unavailable()
			}
			return nil
		}}
	}
	t.Run("when its containers are never healthy", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, ecstest.Options{}, ecs.Options{})
			api := altered{l.cloud.Client(), func(task *types.Task) { task.Containers[0].HealthStatus = types.HealthStatusUnknown }}
			ends(t, api, "0 of 1 tasks healthy")
		})
	})
	t.Run("when its tasks cannot be read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, refuse("ListTasks"), ecs.Options{})
			ends(t, l.cloud.Client(), "list tasks of a")
		})
	})
	t.Run("when ECS answers no more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, refuse("DescribeServices"), ecs.Options{})
			ends(t, l.cloud.Client(), "no answer from ECS")
		})
	})
}

func TestWhatOthersDeployBetweenPlanAndApplyIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		plan, err := l.Plan(t.Context(), []ecs.Service{svc("a", "v2")})
		if err != nil {
			t.Fatal(err)
		}
		theirs(t, l)
		if _, err = l.Apply(t.Context(), plan); !errors.Is(err, ecs.ErrSuperseded) || !strings.Contains(err.Error(), "plan again") {
			t.Errorf("error %v, want that the plan is stale", err)
		}
		if got := l.running("a"); got != "test-a:2" {
			t.Errorf("a runs %s, want theirs", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		plan, err := l.Plan(t.Context(), []ecs.Service{svc("a", "v1")})
		if err != nil {
			t.Fatal(err)
		}
		theirOwn(t, l)
		if _, err = l.Apply(t.Context(), plan); err == nil {
			t.Error("created a service that was there")
		}
		if s, _ := l.cloud.Service(cluster, "a"); s.Status != "ACTIVE" {
			t.Errorf("their service is %s: %v", s.Status, err)
		}
	})
}

func TestWhatOthersDeployAfterwardsIsNotRolledBack(t *testing.T) { // T16
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		chain := func(image string) []ecs.Service { return []ecs.Service{svc("a", image), svc("b", image, "a")} }
		l.mustRoll(chain("v1"))
		l.cloud.Inject("b", ecstest.NeverHealthy)
		go func() {
			time.Sleep(130 * time.Second) // a is done, b under way
			theirs(t, l)
		}()
		_, err := l.roll(chain("v2"))
		if got := l.running("a"); got != "test-a:3" {
			t.Errorf("a runs %s, want theirs: %v", got, err)
		}
	})
}

func TestRollingBackKeepsTheOrderThroughWhatIsUnchanged(t *testing.T) { // T57
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("a", "v1"), svc("b", "v1", "a"), svc("c", "v1", "b")})
		l.cloud.Inject("c", ecstest.Crash)
		r, err := l.roll([]ecs.Service{svc("a", "v2"), svc("b", "v1", "a"), svc("c", "v2", "b")})
		if err == nil || !find(r, "c").Ended.Before(find(r, "a").Ended) {
			t.Errorf("a was rolled back at %v, c at %v, %v", find(r, "a").Ended, find(r, "c").Ended, err)
		}
	})
}

func TestCancellingDuringAWriteSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := newLab(t, ecstest.Options{After: func(op string, _ int) *ecstest.Error {
			if op != "CreateService" {
				return nil
			}
			cancel()
			return ecstest.Unavailable() // has taken effect, and the answer is lost
		}}, ecs.Options{Writes: 1})
		plan, err := l.Plan(t.Context(), []ecs.Service{svc("a", "v1"), svc("b", "v1"), svc("c", "v1")})
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.Apply(ctx, plan)
		wantStates(t, r, map[string]progress.State{"a": "running", "b": "skipped", "c": "skipped"})
		if err == nil || !strings.Contains(err.Error(), "ECS goes on with a") || find(r, "a").Message != "cancelled while it was being written" {
			t.Errorf("error %v, a: %s", err, find(r, "a").Message)
		}
	})
}

func TestCancellingDuringTheRollbackNamesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll(diamond("v1"))
		l.cloud.Inject("d", ecstest.Crash)
		plan, err := l.Plan(t.Context(), diamond("v2"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for range time.Tick(time.Second) {
				for _, e := range l.seen.Events() {
					if e.Subject == "b" && e.State == progress.RollingBack {
						cancel()
						return
					}
				}
			}
		}()
		r, err := l.Apply(ctx, plan)
		wantStates(t, r, map[string]progress.State{"a": "failed", "b": "rolling back", "c": "rolling back", "d": "rolled back"})
		if text := fmt.Sprint(err); !strings.Contains(text, "ECS goes on with b, c") || !strings.Contains(text, "--service a --task-definition arn:aws:ecs:us-east-1:123456789012:task-definition/test-a:1") {
			t.Errorf("error %v", err)
		}
	})
}

func TestNothingIsWrittenAfterAFailure(t *testing.T) { // T4
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{Before: func(op string, n int) *ecstest.Error {
			if op == "RegisterTaskDefinition" && n == 1 {
				return &ecstest.Error{Code: "AccessDeniedException", Message: "no"}
			}
			return nil
		}}, ecs.Options{Writes: 1})
		var all []ecs.Service
		for i := range 12 {
			all = append(all, svc(fmt.Sprintf("s%02d", i), "v1"))
		}
		r, err := l.roll(all)
		if n := l.cloud.Calls("CreateService"); n != 0 || err == nil {
			t.Errorf("%d services were created after the first failure: %v", n, err)
		}
		if find(r, "s00").State != progress.Failed || len(r.Names(progress.Skipped)) != 11 {
			t.Errorf("states %v: nothing was written of s00, and nothing begun of the others", states(r))
		}
	})
}

func TestDrainingServicesDoNotHoldOthersUp(t *testing.T) { // T47
	synctest.Test(t, func(t *testing.T) {
		slow := func(service string) ecstest.Timing {
			timing := ecstest.DefaultTiming()
			if service != "free" {
				timing.Stop = 10 * time.Minute
			}
			return timing
		}
		l := newLab(t, ecstest.Options{Timing: slow}, ecs.Options{Writes: 2})
		var services []ecs.Service
		for i := range 4 {
			services = append(services, svc(fmt.Sprintf("s%d", i), "v1"))
		}
		l.mustRoll(services)
		for _, s := range services {
			if _, err := l.cloud.Client().DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new(cluster), Service: &s.Name, Force: new(true)}); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		r := l.mustRoll(append(services, svc("free", "v1")))
		if took := find(r, "free").Ended.Sub(start); took > 2*time.Minute {
			t.Errorf("a service that was not there before took %v", took)
		}
		if took := find(r, "s0").Ended.Sub(start); took < 10*time.Minute {
			t.Errorf("a draining service was there again after %v", took)
		}
	})
}

func TestADeregisteredBaselineIsRegisteredAnewToRollBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		if _, err := l.cloud.Client().DeregisterTaskDefinition(t.Context(), &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: new("test-a:1")}); err != nil {
			t.Fatal(err)
		}
		l.cloud.Inject("a", ecstest.ImageMissing)
		go func() {
			for range time.Tick(time.Second) {
				if last := l.seen.Events(); last[len(last)-1].State == progress.RollingBack || last[len(last)-1].State == progress.Failed {
					l.cloud.Inject("a", "")
					return
				}
			}
		}()
		r, err := l.roll([]ecs.Service{svc("a", "v2")})
		if !errors.Is(err, ecs.ErrTasksFail) {
			t.Errorf("error %v", err)
		}
		wantStates(t, r, map[string]progress.State{"a": "rolled back"})
		out, err := l.cloud.Client().DescribeTaskDefinition(t.Context(), &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new(l.running("a"))})
		if err != nil || *out.TaskDefinition.ContainerDefinitions[0].Image != "v1" || out.TaskDefinition.ContainerDefinitions[0].HealthCheck == nil {
			t.Errorf("a runs %+v, %v; want the content of its baseline", out, err)
		}
	})
}

// flapping answers one DescribeServices call with what was before.
type flapping struct {
	ecs.API
	calls int
	old   *awsecs.DescribeServicesOutput
}

func (f *flapping) DescribeServices(ctx context.Context, in *awsecs.DescribeServicesInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error) {
	out, err := f.API.DescribeServices(ctx, in, opts...)
	f.calls++
	switch f.calls {
	case 1:
		f.old = out
	case 6:
		return f.old, nil
	}
	return out, err
}

func TestOneOldReadBetweenNewOnesIsNoRollback(t *testing.T) { // T8
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		d := ecs.New(&flapping{API: l.cloud.Client()}, ecs.Options{Cluster: cluster})
		if r, err := (deployer{d}).apply(t, []ecs.Service{svc("a", "v2")}); err != nil {
			t.Errorf("%v: %s", err, r)
		}
	})
}
