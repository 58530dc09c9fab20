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

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

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

func TestCallsOverTheDocumentedRatesAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{Throttle: true})
		cloud.AddCluster("c")
		b := bench{t, cloud, cloud.Client(func(o *awsecs.Options) { o.RetryMaxAttempts = 1 })}
		allowed := func(call func() error) (n int) {
			for n < 200 && call() == nil {
				n++
			}
			return n
		}
		read := func() error {
			_, err := b.client.ListServices(t.Context(), &awsecs.ListServicesInput{Cluster: new("c")})
			return err
		}
		register := func() error {
			_, err := b.client.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{
				Family: new("web"), ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: new("app")}},
			})
			return err
		}
		if n, m := allowed(read), allowed(register); n != 100 || m != 20 {
			t.Errorf("%d reads and %d registrations at once, want 100 and 20", n, m)
		}
		time.Sleep(3 * time.Second)
		if n, m := allowed(read), allowed(register); n != 60 || m != 3 {
			t.Errorf("%d reads and %d registrations after 3 s, want 60 and 3", n, m)
		}
		if err := read(); code(err) != "ThrottlingException" {
			t.Errorf("refused with %v", err)
		}
	})
}
