package ecstest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// bench is a cloud with the cluster "c", driven by a real client.
type bench struct {
	*testing.T
	cloud  *ecstest.Cloud
	client *awsecs.Client
}

func newBench(t *testing.T, opts ecstest.Options) bench {
	t.Helper()
	cloud := ecstest.New(opts)
	cloud.AddCluster("c")
	return bench{t, cloud, cloud.Client()}
}

func (b bench) register(family string, checked bool) string {
	b.Helper()
	c := types.ContainerDefinition{Name: new("app"), Image: new("registry/app:1"), Essential: new(true)}
	if checked {
		c.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
	}
	out, err := b.client.RegisterTaskDefinition(b.Context(), &awsecs.RegisterTaskDefinitionInput{
		Family: &family, ContainerDefinitions: []types.ContainerDefinition{c}, Cpu: new("256"),
	})
	if err != nil {
		b.Fatal(err)
	}
	return *out.TaskDefinition.TaskDefinitionArn
}

func (b bench) create(name, definition string, count int32, config *types.DeploymentConfiguration) types.Service {
	b.Helper()
	out, err := b.client.CreateService(b.Context(), &awsecs.CreateServiceInput{
		Cluster: new("c"), ServiceName: &name, TaskDefinition: &definition, DesiredCount: &count, DeploymentConfiguration: config,
	})
	if err != nil {
		b.Fatal(err)
	}
	return *out.Service
}

func (b bench) update(in awsecs.UpdateServiceInput) types.Service {
	b.Helper()
	in.Cluster = new("c")
	out, err := b.client.UpdateService(b.Context(), &in)
	if err != nil {
		b.Fatal(err)
	}
	return *out.Service
}

func (b bench) describe(name string) types.Service {
	b.Helper()
	out, err := b.client.DescribeServices(b.Context(), &awsecs.DescribeServicesInput{Cluster: new("c"), Services: []string{name}})
	if err != nil {
		b.Fatal(err)
	}
	if len(out.Services) == 0 {
		return types.Service{Status: new(*out.Failures[0].Reason)}
	}
	return out.Services[0]
}

func (b bench) tasks(name string, status types.DesiredStatus) []types.Task {
	b.Helper()
	var arns []string
	pages := awsecs.NewListTasksPaginator(b.client, &awsecs.ListTasksInput{Cluster: new("c"), ServiceName: &name, DesiredStatus: status})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		arns = append(arns, page.TaskArns...)
	}
	var tasks []types.Task
	for part := range slices.Chunk(arns, 100) {
		out, err := b.client.DescribeTasks(b.Context(), &awsecs.DescribeTasksInput{Cluster: new("c"), Tasks: part})
		if err != nil {
			b.Fatal(err)
		}
		tasks = append(tasks, out.Tasks...)
	}
	return tasks
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestATaskGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		b.create("web", b.register("web", true), 1, nil)
		want := []struct {
			after          time.Duration
			status, health string
			state          types.DeploymentRolloutState
		}{
			{0, "PROVISIONING", "UNKNOWN", "IN_PROGRESS"},
			{10 * time.Second, "PENDING", "UNKNOWN", "IN_PROGRESS"},
			{50 * time.Second, "RUNNING", "UNKNOWN", "IN_PROGRESS"},
			{89 * time.Second, "RUNNING", "UNKNOWN", "IN_PROGRESS"},
			{90 * time.Second, "RUNNING", "HEALTHY", "COMPLETED"},
		}
		start := time.Now()
		for _, w := range want {
			time.Sleep(time.Until(start.Add(w.after)))
			task, s := b.tasks("web", types.DesiredStatusRunning)[0], b.describe("web")
			if *task.LastStatus != w.status || string(task.HealthStatus) != w.health || s.Deployments[0].RolloutState != w.state {
				t.Errorf("after %v: %s, %s, %s; want %+v", w.after, *task.LastStatus, task.HealthStatus, s.Deployments[0].RolloutState, w)
			}
			if *task.StartedBy != *s.Deployments[0].Id {
				t.Errorf("started by %s, want the deployment %s", *task.StartedBy, *s.Deployments[0].Id)
			}
		}
		if text := *b.describe("web").Events[0].Message; text != "(service web) has reached a steady state." {
			t.Errorf("newest event %q", text)
		}
	})
}

func TestARollingUpdateKeepsWithinItsPercents(t *testing.T) {
	for _, tt := range []struct{ count, least, most int32 }{{4, 100, 200}, {4, 50, 100}, {3, 100, 150}, {1, 0, 100}, {5, 60, 140}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, ecstest.Options{})
				config := &types.DeploymentConfiguration{MinimumHealthyPercent: &tt.least, MaximumPercent: &tt.most}
				b.create("web", b.register("web", true), tt.count, config)
				time.Sleep(5 * time.Minute)
				second := b.register("web", true)
				b.update(awsecs.UpdateServiceInput{Service: new("web"), TaskDefinition: &second})
				fewest, peak := tt.count, int32(0)
				for range 600 {
					time.Sleep(time.Second)
					s, _ := b.cloud.Service("c", "web")
					fewest, peak = min(fewest, int32(s.Healthy)), max(peak, b.describe("web").RunningCount+b.describe("web").PendingCount)
				}
				if s := b.describe("web"); len(s.Deployments) != 1 || *s.TaskDefinition != second || s.RunningCount != tt.count {
					t.Errorf("ended with %d deployments of %s, %d running", len(s.Deployments), *s.TaskDefinition, s.RunningCount)
				}
				if least, most := (tt.count*tt.least+99)/100, tt.count*tt.most/100; fewest < least || peak > most {
					t.Errorf("%d healthy at least and %d tasks at most, want %d and %d", fewest, peak, least, most)
				}
			})
		})
	}
}

func TestTheCircuitBreakerRollsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		config := &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
		first := b.register("web", true)
		b.create("web", first, 1, config)
		time.Sleep(3 * time.Minute)
		b.cloud.Inject("web", ecstest.ImageMissing)
		second := b.register("web", true)
		mine := *b.update(awsecs.UpdateServiceInput{Service: new("web"), TaskDefinition: &second}).Deployments[0].Id
		time.Sleep(4 * time.Minute)
		s := b.describe("web")
		i := slices.IndexFunc(s.Deployments, func(d types.Deployment) bool { return *d.Id == mine })
		if i >= 0 && s.Deployments[i].RolloutState != types.DeploymentRolloutStateFailed {
			t.Errorf("the deployment is %s", s.Deployments[i].RolloutState)
		}
		time.Sleep(5 * time.Minute)
		if s := b.describe("web"); *s.TaskDefinition != first || s.RunningCount != 1 || s.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
			t.Errorf("runs %s, %d tasks, %s", *s.TaskDefinition, s.RunningCount, s.Deployments[0].RolloutState)
		}
		if n := len(b.tasks("web", types.DesiredStatusStopped)); n != 3+1 && n != 3 {
			t.Errorf("%d stopped tasks, want the 3 that the breaker waits for", n)
		}
	})
}

func TestWithoutABaselineTheCircuitBreakerOnlyFails(t *testing.T) { // T17
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		b.cloud.Inject("web", ecstest.NeverHealthy)
		config := &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
		b.create("web", b.register("web", true), 1, config)
		time.Sleep(20 * time.Minute)
		s := b.describe("web")
		if len(s.Deployments) != 1 || s.Deployments[0].RolloutState != types.DeploymentRolloutStateFailed || s.Deployments[0].FailedTasks != 3 {
			t.Errorf("deployments %+v", s.Deployments)
		}
	})
}

func TestFaultsLookLikeTheRealOnes(t *testing.T) {
	tests := map[ecstest.Fault]struct {
		code   types.TaskStopCode
		reason string
		exit   bool
		failed bool // the circuit breaker counts it
	}{
		ecstest.Crash:        {types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", true, false},
		ecstest.ImageMissing: {types.TaskStopCodeTaskFailedToStart, "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref registry/app:1: not found", false, true},
		ecstest.NeverHealthy: {types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks", false, true},
	}
	for fault, tt := range tests {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, ecstest.Options{})
				b.cloud.Inject("web", fault)
				b.create("web", b.register("web", true), 1, nil)
				time.Sleep(10 * time.Minute)
				stopped := b.tasks("web", types.DesiredStatusStopped)
				if len(stopped) < 3 {
					t.Fatalf("%d tasks have stopped in ten minutes", len(stopped))
				}
				for _, task := range stopped {
					if task.StopCode != tt.code || *task.StoppedReason != tt.reason || (task.Containers[0].ExitCode != nil) != tt.exit {
						t.Errorf("stopped with %s, %q, exit %v", task.StopCode, *task.StoppedReason, task.Containers[0].ExitCode)
					}
				}
				if n := b.describe("web").Deployments[0].FailedTasks; (n > 0) != tt.failed {
					t.Errorf("%d failed tasks", n)
				}
			})
		})
	}
	t.Run(string(ecstest.NoCapacity), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, ecstest.Options{})
			b.cloud.Inject("web", ecstest.NoCapacity)
			b.create("web", b.register("web", true), 2, nil)
			time.Sleep(time.Hour)
			s := b.describe("web")
			if s.RunningCount+s.PendingCount != 0 || !strings.Contains(*s.Events[0].Message, "unable to place a task") || len(s.Events) != 100 {
				t.Errorf("%d tasks, %d events, the newest %q", s.RunningCount, len(s.Events), *s.Events[0].Message)
			}
		})
	})
}
