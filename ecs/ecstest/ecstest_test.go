package ecstest_test

import (
	"context"
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

func TestCallsThatECSRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		ctx := t.Context()
		arn := b.register("web", false)
		b.create("web", arn, 1, nil)
		eleven := strings.Split(strings.Repeat("web,", 10)+"web", ",")
		tests := map[string]struct {
			call func() error
			code string
		}{
			"eleven services": {func() error {
				_, err := b.client.DescribeServices(ctx, &awsecs.DescribeServicesInput{Cluster: new("c"), Services: eleven})
				return err
			}, "InvalidParameterException"},
			"a cluster that does not exist": {func() error {
				_, err := b.client.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: new("d")})
				return err
			}, "ClusterNotFoundException"},
			"a service that does not exist": {func() error {
				_, err := b.client.UpdateService(ctx, &awsecs.UpdateServiceInput{Cluster: new("c"), Service: new("x")})
				return err
			}, "ServiceNotFoundException"},
			"a second creation": {func() error {
				_, err := b.client.CreateService(ctx, &awsecs.CreateServiceInput{Cluster: new("c"), ServiceName: new("web"), TaskDefinition: &arn})
				return err
			}, "InvalidParameterException"},
			"a task definition that was never registered": {func() error {
				_, err := b.client.UpdateService(ctx, &awsecs.UpdateServiceInput{Cluster: new("c"), Service: new("web"), TaskDefinition: new("web:9")})
				return err
			}, "ClientException"},
			"deleting what still runs, without force": {func() error {
				_, err := b.client.DeleteService(ctx, &awsecs.DeleteServiceInput{Cluster: new("c"), Service: new("web")})
				return err
			}, "InvalidParameterException"},
			"101 tasks": {func() error {
				_, err := b.client.DescribeTasks(ctx, &awsecs.DescribeTasksInput{Cluster: new("c"), Tasks: make([]string, 101)})
				return err
			}, "InvalidParameterException"},
			"an operation that the double does not know": {func() error {
				_, err := b.client.ListAccountSettings(ctx, &awsecs.ListAccountSettingsInput{})
				return err
			}, "UnknownOperationException"},
		}
		for name, tt := range tests {
			if err := tt.call(); code(err) != tt.code {
				t.Errorf("%s: %v, want %s", name, err, tt.code)
			}
		}
	})
}

func TestADeletedServiceDrains(t *testing.T) { // T47, T48
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		arn := b.register("web", false)
		b.create("web", arn, 2, nil)
		time.Sleep(5 * time.Minute)
		if _, err := b.client.DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new("c"), Service: new("web"), Force: new(true)}); err != nil {
			t.Fatal(err)
		}
		if s := b.describe("web"); *s.Status != "DRAINING" {
			t.Errorf("is %s at once", *s.Status)
		}
		_, err := b.client.CreateService(t.Context(), &awsecs.CreateServiceInput{Cluster: new("c"), ServiceName: new("web"), TaskDefinition: &arn})
		if err == nil || !strings.Contains(err.Error(), "still Draining") {
			t.Errorf("created while draining: %v", err)
		}
		time.Sleep(time.Minute)
		if s := b.describe("web"); *s.Status != "INACTIVE" || s.RunningCount != 0 {
			t.Errorf("is %s with %d tasks", *s.Status, s.RunningCount)
		}
		b.create("web", arn, 1, nil)
		if s := b.describe("web"); *s.Status != "ACTIVE" {
			t.Errorf("created anew it is %s", *s.Status)
		}
	})
}

func TestReadsCanLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{Lag: 2})
		first := b.register("web", false)
		b.create("web", first, 1, nil)
		for i, want := range []string{"MISSING", "MISSING", "ACTIVE"} {
			if got := *b.describe("web").Status; got != want {
				t.Errorf("read %d after the creation: %s, want %s", i+1, got, want)
			}
		}
		second := b.register("web", false)
		b.update(awsecs.UpdateServiceInput{Service: new("web"), TaskDefinition: &second})
		for i, want := range []string{first, first, second} {
			if got := *b.describe("web").TaskDefinition; got != want {
				t.Errorf("read %d after the update: %s, want %s", i+1, got, want)
			}
		}
	})
}

func TestUpdatesThatStartNoDeployment(t *testing.T) { // T12, T13
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		arn := b.register("web", false)
		id := *b.create("web", arn, 1, nil).Deployments[0].Id
		if s := b.update(awsecs.UpdateServiceInput{Service: new("web"), TaskDefinition: &arn, DesiredCount: new(int32(3))}); *s.Deployments[0].Id != id || s.Deployments[0].DesiredCount != 3 {
			t.Errorf("scaling made deployment %s of %d", *s.Deployments[0].Id, s.Deployments[0].DesiredCount)
		}
		if s := b.update(awsecs.UpdateServiceInput{Service: new("web"), ForceNewDeployment: true}); *s.Deployments[0].Id == id {
			t.Error("forcing made no new deployment")
		}
		time.Sleep(10 * time.Minute)
		if s, _ := b.cloud.Service("c", "web"); s.Running != 3 || s.Healthy != 3 {
			t.Errorf("%+v, want 3 tasks", s)
		}
	})
}

func TestARepeatedCreationIsTheSame(t *testing.T) { // T45
	b := newBench(t, ecstest.Options{After: func(op string, n int) *ecstest.Error {
		if op == "CreateService" && n == 1 {
			return ecstest.Unavailable()
		}
		return nil
	}})
	arn := b.register("web", false)
	in := &awsecs.CreateServiceInput{Cluster: new("c"), ServiceName: new("web"), TaskDefinition: &arn, ClientToken: new("once")}
	if _, err := b.client.CreateService(t.Context(), in); err != nil {
		t.Errorf("the SDK's retry with the same token: %v", err)
	}
	if n := b.cloud.Calls("CreateService"); n != 2 {
		t.Errorf("%d calls, want a retry", n)
	}
}

func TestListsComeInPages(t *testing.T) { // T41, T49
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		arn := b.register("web", false)
		for i := range 31 {
			b.create(fmt.Sprintf("s%02d", i), arn, 0, nil)
		}
		b.create("many", arn, 120, nil)
		var names []string
		pages := awsecs.NewListServicesPaginator(b.client, &awsecs.ListServicesInput{Cluster: new("c")})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(page.ServiceArns) > 10 {
				t.Errorf("a page of %d", len(page.ServiceArns))
			}
			names = append(names, page.ServiceArns...)
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != 32 {
			t.Errorf("%d services", len(names))
		}
		if n := len(b.tasks("many", types.DesiredStatusRunning)); n != 120 {
			t.Errorf("%d tasks", n)
		}
	})
}

func TestWhatIsRegisteredComesBack(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	first, second := b.register("web", true), b.register("web", true)
	out, err := b.client.DescribeTaskDefinition(t.Context(), &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new("web")})
	if err != nil || *out.TaskDefinition.TaskDefinitionArn != second || *out.TaskDefinition.Cpu != "256" || out.TaskDefinition.ContainerDefinitions[0].HealthCheck == nil {
		t.Errorf("the newest is %+v, %v", out, err)
	}
	if _, err := b.client.DeregisterTaskDefinition(t.Context(), &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: &second}); err != nil {
		t.Fatal(err)
	}
	if out, err = b.client.DescribeTaskDefinition(t.Context(), &awsecs.DescribeTaskDefinitionInput{TaskDefinition: new("web")}); err != nil || *out.TaskDefinition.TaskDefinitionArn != first {
		t.Errorf("the newest active one is %v, %v", out, err)
	}
	if _, err := b.client.CreateService(t.Context(), &awsecs.CreateServiceInput{Cluster: new("c"), ServiceName: new("x"), TaskDefinition: &second}); code(err) != "ClientException" {
		t.Errorf("an inactive task definition was used: %v", err)
	}
}

func TestClusters(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	if _, err := b.client.CreateCluster(t.Context(), &awsecs.CreateClusterInput{ClusterName: new("new")}); err != nil {
		t.Fatal(err)
	}
	b.create("web", b.register("web", false), 2, nil)
	out, err := b.client.DescribeClusters(t.Context(), &awsecs.DescribeClustersInput{Clusters: []string{"c", "new", "none"}})
	if err != nil || len(out.Clusters) != 2 || len(out.Failures) != 1 || out.Clusters[0].PendingTasksCount != 2 {
		t.Errorf("clusters %+v, %v", out, err)
	}
}

func TestACancelledCallEnds(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.client.ListServices(ctx, &awsecs.ListServicesInput{Cluster: new("c")}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := b.cloud.Calls("ListServices"); n != 0 {
		t.Errorf("%d calls took effect", n)
	}
}

func TestVariedIsTheSameAgain(t *testing.T) {
	one, two, other := ecstest.Varied(1, 1), ecstest.Varied(1, 1), ecstest.Varied(2, 1)
	if one("a") != two("a") || one("a") == one("b") || one("a") == other("a") {
		t.Errorf("%v %v %v %v", one("a"), two("a"), one("b"), other("a"))
	}
	if half := ecstest.DefaultTiming().Scale(0.5); half.Pull != 20*time.Second {
		t.Errorf("half of 40 s is %v", half.Pull)
	}
}
