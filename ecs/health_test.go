package ecs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// altered is an API that changes what DescribeTasks answers.
type altered struct {
	ecs.API
	change func(*types.Task)
}

func (a altered) DescribeTasks(ctx context.Context, in *awsecs.DescribeTasksInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeTasksOutput, error) {
	out, err := a.API.DescribeTasks(ctx, in, opts...)
	if err == nil {
		for i := range out.Tasks {
			a.change(&out.Tasks[i])
		}
	}
	return out, err
}

// rollAltered rolls one service out whose tasks look as change makes them, and
// returns how long that took.
func rollAltered(t *testing.T, s ecs.Service, change func(since time.Duration, task *types.Task)) time.Duration {
	t.Helper()
	l := newLab(t, ecstest.Options{}, ecs.Options{})
	start := time.Now()
	api := altered{l.cloud.Client(), func(task *types.Task) { change(time.Since(start), task) }}
	l.Deployer = ecs.New(api, ecs.Options{Cluster: cluster, Progress: l.seen.Record})
	l.mustRoll([]ecs.Service{s})
	return time.Since(start)
}

func TestContainersWithHealthChecksMustAllBeHealthy(t *testing.T) { // T22, T23
	withSidecar := func(essential bool) ecs.Service {
		s := svc("a", "v1")
		s.TaskDefinition.ContainerDefinitions = append(s.TaskDefinition.ContainerDefinitions, types.ContainerDefinition{
			Name: new("sidecar"), Image: new("proxy"), Essential: &essential, Memory: new(int32(64)),
			HealthCheck: &types.HealthCheck{Command: []string{"CMD", "true"}},
		})
		return s
	}
	late := func(since time.Duration, task *types.Task) { // the task as a whole says HEALTHY all the time
		if since < 5*time.Minute {
			task.Containers[1].HealthStatus = types.HealthStatusUnknown
		}
	}
	synctest.Test(t, func(t *testing.T) {
		if took := rollAltered(t, withSidecar(true), late); took < 5*time.Minute || took > 5*time.Minute+15*time.Second {
			t.Errorf("took %v, want just over the 5m0s after which an essential sidecar is healthy", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if took := rollAltered(t, withSidecar(false), late); took > 2*time.Minute {
			t.Errorf("took %v: waited for a sidecar that is not essential", took)
		}
	})
}

func TestHealthIsConfirmed(t *testing.T) { // T11
	synctest.Test(t, func(t *testing.T) {
		flaps := 0
		took := rollAltered(t, svc("a", "v1"), func(since time.Duration, task *types.Task) {
			if flaps++; flaps%2 == 0 && since < 5*time.Minute {
				task.Containers[0].HealthStatus = types.HealthStatusUnhealthy // T24: contains "HEALTHY"
			}
		})
		if took < 5*time.Minute {
			t.Errorf("took %v: a service that was healthy for one poll at a time counted as healthy", took)
		}
	})
}

func TestPollsThatECSRefusesCostNoTime(t *testing.T) { // T44
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := newLab(t, ecstest.Options{Before: func(op string, _ int) *ecstest.Error {
			if op == "DescribeServices" && time.Since(start) > 30*time.Second && time.Since(start) < 20*time.Minute {
				return ecstest.Throttled()
			}
			return nil
		}}, ecs.Options{Timeout: 3 * time.Minute})
		if r := l.mustRoll([]ecs.Service{svc("a", "v1")}); find(r, "a").State != progress.Done {
			t.Errorf("a is %s", find(r, "a").State)
		}
	})
}

// wavering shows the tasks of a complete deployment at every second look only.
type wavering struct {
	ecs.API
	until time.Time
	looks int
}

func (w *wavering) DescribeServices(ctx context.Context, in *awsecs.DescribeServicesInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error) {
	out, err := w.API.DescribeServices(ctx, in, opts...)
	if err != nil || len(out.Services) == 0 || time.Now().After(w.until) {
		return out, err
	}
	if w.looks++; w.looks%2 == 0 {
		out.Services[0].Deployments[0].RunningCount = 0
	}
	return out, nil
}

func TestCompleteForOneLookIsNotHealthy(t *testing.T) { // T11
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		start := time.Now()
		l.Deployer = ecs.New(&wavering{API: l.cloud.Client(), until: start.Add(5 * time.Minute)}, ecs.Options{Cluster: cluster, MaxStops: 100})
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		if took := time.Since(start); took < 5*time.Minute {
			t.Errorf("healthy after %v, though it was complete for one look at a time", took)
		}
	})
}

// overlapping notes how many registrations are made at once.
type overlapping struct {
	ecs.API
	mu        sync.Mutex
	now, most int
}

func (o *overlapping) RegisterTaskDefinition(ctx context.Context, in *awsecs.RegisterTaskDefinitionInput, opts ...func(*awsecs.Options)) (*awsecs.RegisterTaskDefinitionOutput, error) {
	o.count(1)
	defer o.count(-1)
	time.Sleep(time.Second)
	return o.API.RegisterTaskDefinition(ctx, in, opts...)
}

func (o *overlapping) count(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now += n
	o.most = max(o.most, o.now)
}

func TestOneFamilyIsRegisteredOneAtATime(t *testing.T) { // T52
	synctest.Test(t, func(t *testing.T) {
		for families, want := range map[int]int{1: 1, 4: 4} {
			l := newLab(t, ecstest.Options{}, ecs.Options{})
			api := &overlapping{API: l.cloud.Client()}
			l.Deployer = ecs.New(api, ecs.Options{Cluster: cluster})
			var services []ecs.Service
			for i := range 4 {
				s := svc(fmt.Sprintf("s%d", i), fmt.Sprintf("v%d", i))
				s.TaskDefinition.Family = new(fmt.Sprintf("family-%d", i%families))
				services = append(services, s)
			}
			l.mustRoll(services)
			if api.most != want {
				t.Errorf("%d families: %d registrations at once, want %d", families, api.most, want)
			}
		}
	})
}
