package ecstest_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// behind creates a service whose tasks are targets of the named target group.
func (b bench) behind(name, definition, group string, count int32) {
	b.Helper()
	_, err := b.client.CreateService(b.Context(), &awsecs.CreateServiceInput{
		Cluster: new("c"), ServiceName: &name, TaskDefinition: &definition, DesiredCount: &count,
		LoadBalancers: []types.LoadBalancer{{TargetGroupArn: new(ecstest.TargetGroupARN(group)), ContainerName: new("app"), ContainerPort: new(int32(8080))}},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// targets lists the targets of a group, as "address:port state reason".
func (b bench) targets(group string, only ...elbtypes.TargetDescription) []string {
	b.Helper()
	out, err := elb.NewFromConfig(b.cloud.Config()).DescribeTargetHealth(b.Context(), &elb.DescribeTargetHealthInput{
		TargetGroupArn: new(ecstest.TargetGroupARN(group)), Targets: only,
	})
	if err != nil {
		b.Fatal(err)
	}
	var all []string
	for _, h := range out.TargetHealthDescriptions {
		all = append(all, fmt.Sprintf("%s:%d %s %s", *h.Target.Id, *h.Target.Port, h.TargetHealth.State, h.TargetHealth.Reason))
	}
	return all
}

// privateIP is the address in the network attachment of a task.
func privateIP(t *testing.T, task types.Task) string {
	t.Helper()
	for _, a := range task.Attachments {
		for _, d := range a.Details {
			if *d.Name == "privateIPv4Address" {
				if got := *task.Containers[0].NetworkInterfaces[0].PrivateIpv4Address; got != *d.Value {
					t.Errorf("the container says %s, the attachment %s", got, *d.Value)
				}
				return *d.Value
			}
		}
	}
	t.Fatalf("task %s has no address", *task.TaskArn)
	return ""
}

func TestATargetIsInitialThenHealthyThenDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{Timing: func(string) ecstest.Timing {
			timing := ecstest.DefaultTiming()
			timing.Target = 2 * time.Minute
			return timing
		}})
		b.behind("web", b.register("web", true), "tg-web", 1)
		if got := b.targets("tg-web"); got != nil {
			t.Errorf("targets before the task runs: %v", got)
		}
		time.Sleep(time.Minute)
		ip := privateIP(t, b.tasks("web", types.DesiredStatusRunning)[0])
		want := func(state string) {
			t.Helper()
			if d := cmp.Diff([]string{ip + ":8080 " + state}, b.targets("tg-web")); d != "" {
				t.Errorf("targets (-want +got):\n%s", d)
			}
		}
		want("initial Elb.RegistrationInProgress")
		time.Sleep(time.Minute) // the container has been healthy for 30 s
		if s := b.describe("web"); s.Deployments[0].RolloutState != "IN_PROGRESS" {
			t.Errorf("rollout state %s before the target is healthy", s.Deployments[0].RolloutState)
		}
		time.Sleep(time.Minute)
		want("healthy ")
		if s := b.describe("web"); s.Deployments[0].RolloutState != "COMPLETED" {
			t.Errorf("rollout state %s after the target is healthy", s.Deployments[0].RolloutState)
		}
		if got := b.targets("tg-web", elbtypes.TargetDescription{Id: new("10.9.9.9"), Port: new(int32(1))}, elbtypes.TargetDescription{Id: &ip}); len(got) != 2 ||
			got[0] != "10.9.9.9:1 unused Target.NotRegistered" || got[1] != ip+":8080 healthy " {
			t.Errorf("targets by name: %v", got)
		}
		b.update(awsecs.UpdateServiceInput{Service: new("web"), DesiredCount: new(int32(0))})
		want("draining Target.DeregistrationInProgress")
		time.Sleep(time.Minute)
		if got := b.targets("tg-web"); got != nil {
			t.Errorf("targets after the task has stopped: %v", got)
		}
	})
}

func TestAnUnhealthyTargetEndsItsTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		b.cloud.Inject("web", ecstest.UnhealthyTarget)
		b.behind("web", b.register("web", true), "tg-web", 1)
		time.Sleep(90 * time.Second)
		if got := b.targets("tg-web"); len(got) != 1 || got[0][len(got[0])-len("unhealthy Target.ResponseCodeMismatch"):] != "unhealthy Target.ResponseCodeMismatch" {
			t.Errorf("targets %v", got)
		}
		time.Sleep(time.Minute)
		stopped := b.tasks("web", types.DesiredStatusStopped)
		if len(stopped) != 1 || *stopped[0].StoppedReason != "Task failed ELB health checks in (target-group "+ecstest.TargetGroupARN("tg-web")+")" {
			t.Errorf("stopped tasks %+v", stopped)
		}
		if s := b.describe("web"); s.Deployments[0].FailedTasks != 1 {
			t.Errorf("%d tasks failed, as the circuit breaker counts", s.Deployments[0].FailedTasks)
		}
	})
}

func TestCallsOfLoadBalancingFailAsTheRealOnes(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{Before: func(op string, n int) *ecstest.Error {
		if op == "elasticloadbalancing:DescribeTargetHealth" && n == 2 {
			return &ecstest.Error{Status: 403, Code: "AccessDenied", Message: "not for you"}
		}
		return nil
	}})
	client := elb.NewFromConfig(cloud.Config())
	_, err := client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: new(ecstest.TargetGroupARN("none"))})
	if _, ok := errors.AsType[*elbtypes.TargetGroupNotFoundException](err); !ok {
		t.Errorf("error %v of a group that no service names", err)
	}
	_, err = client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: new("x")})
	if got := code(err); got != "AccessDenied" {
		t.Errorf("code %s, want AccessDenied", got)
	}
	_, err = client.DescribeLoadBalancers(t.Context(), nil)
	if got := code(err); got != "UnknownOperationException" {
		t.Errorf("code %s of what the Cloud does not know", got)
	}
	if n := cloud.Calls("elasticloadbalancing:DescribeTargetHealth"); n != 2 {
		t.Errorf("%d calls", n)
	}
}
