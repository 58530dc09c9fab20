package targets_test

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
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/ecs/targets"
	"github.com/mettel-automation/delivery/progress"
)

var _ ecs.Gate = (*targets.Gate)(nil)

const cluster = "demo"

// service has count tasks behind the target group tg-web.
func service(name string, count int32, needs ...string) ecs.Service {
	image := name + ":1"
	return ecs.Service{
		Name: name, DependsOn: needs,
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family: &name, ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: &image, Memory: new(int32(128))}},
		},
		Settings: &awsecs.CreateServiceInput{
			DesiredCount:  &count,
			LoadBalancers: []types.LoadBalancer{{TargetGroupArn: new(ecstest.TargetGroupARN("tg-web")), ContainerName: new("app"), ContainerPort: new(int32(8080))}},
		},
	}
}

// candidate is the service web as it is now.
func candidate(t *testing.T, client *awsecs.Client) ecs.Candidate {
	t.Helper()
	services, err := client.DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new(cluster), Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.ListTasks(t.Context(), &awsecs.ListTasksInput{Cluster: new(cluster), ServiceName: new("web")})
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := client.DescribeTasks(t.Context(), &awsecs.DescribeTasksInput{Cluster: new(cluster), Tasks: list.TaskArns})
	if err != nil {
		t.Fatal(err)
	}
	s := services.Services[0]
	return ecs.Candidate{Cluster: cluster, Service: s, Deployment: *s.Deployments[0].Id, Tasks: tasks.Tasks}
}

func TestTargetsGoFromInitialToHealthyOneByOne(t *testing.T) { // T25
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing {
			asked++
			timing := ecstest.DefaultTiming()
			timing.Target = time.Duration(1+asked%3) * time.Minute // each of three tasks another
			return timing
		}})
		cloud.AddCluster(cluster)
		deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: cluster, Timeout: 2 * time.Minute, KeepFailed: true})
		plan, err := deployer.Plan(t.Context(), []ecs.Service{service("web", 3)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = deployer.Apply(t.Context(), plan); err == nil {
			t.Fatal("healthy before its targets are")
		}
		gate := targets.New(elb.NewFromConfig(cloud.Config()), targets.Options{})
		for _, want := range []string{
			"1 of 3 targets healthy in tg-web: Target registration is in progress",
			"2 of 3 targets healthy in tg-web: Target registration is in progress",
			"",
		} {
			ok, news, err := gate.Ready(t.Context(), candidate(t, cloud.Client()))
			if ok != (want == "") || news != want || err != nil {
				t.Errorf("at %v: %v, %q, %v; want %q", time.Now(), ok, news, err, want)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestUnhealthyTargetsAreToldAndStopTheService(t *testing.T) { // T25
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{})
		cloud.AddCluster(cluster)
		cloud.Inject("web", ecstest.UnhealthyTarget)
		gate := targets.New(elb.NewFromConfig(cloud.Config()), targets.Options{})
		deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: cluster, Gates: []ecs.Gate{gate}})
		plan, err := deployer.Plan(t.Context(), []ecs.Service{service("web", 1), service("portal", 1, "web")})
		if err != nil {
			t.Fatal(err)
		}
		result, err := deployer.Apply(t.Context(), plan)
		if !errors.Is(err, ecs.ErrTasksFail) || !strings.Contains(err.Error(), "Task failed ELB health checks in (target-group ") {
			t.Errorf("error %v", err)
		}
		if s := result.Names(progress.Skipped); len(s) != 1 || s[0] != "portal" {
			t.Errorf("skipped %v", s)
		}
	})
}

// health is an API that answers with the same state for every target.
type health struct {
	state elbtypes.TargetHealthStateEnum
	ids   []string
	err   error
	calls *int
}

func (h health) DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	if h.calls != nil {
		*h.calls++
	}
	out := &elb.DescribeTargetHealthOutput{}
	for i, id := range h.ids {
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{
			Target: &elbtypes.TargetDescription{Id: &id, Port: new(int32(32768 + i))}, TargetHealth: &elbtypes.TargetHealth{State: h.state},
		})
	}
	return out, h.err
}

// instances names the EC2 instance of container instance "ci/N" "i-N", at most
// 100 a call.
type instances struct {
	calls int
	err   error
}

func (i *instances) DescribeContainerInstances(_ context.Context, in *awsecs.DescribeContainerInstancesInput, _ ...func(*awsecs.Options)) (*awsecs.DescribeContainerInstancesOutput, error) {
	if i.calls++; len(in.ContainerInstances) > 100 {
		return nil, fmt.Errorf("%d instances in a call", len(in.ContainerInstances))
	}
	out := &awsecs.DescribeContainerInstancesOutput{}
	for _, arn := range in.ContainerInstances {
		out.ContainerInstances = append(out.ContainerInstances, types.ContainerInstance{ContainerInstanceArn: &arn, Ec2InstanceId: new(strings.Replace(arn, "ci/", "i-", 1))})
	}
	return out, i.err
}

// bridged has n tasks, each on an instance of its own.
func bridged(n int) (c ecs.Candidate, ids []string) {
	c = ecs.Candidate{Cluster: cluster, Deployment: "d", Service: types.Service{
		ServiceName: new("web"), Deployments: []types.Deployment{{Id: new("d"), RunningCount: int32(n)}},
		LoadBalancers: []types.LoadBalancer{{TargetGroupArn: new(ecstest.TargetGroupARN("tg-web")), ContainerName: new("app"), ContainerPort: new(int32(8080))}},
	}}
	for i := range n {
		c.Tasks = append(c.Tasks, types.Task{
			TaskArn: new(fmt.Sprintf("task/%d", i)), LastStatus: new("RUNNING"), ContainerInstanceArn: new(fmt.Sprintf("ci/%03d", i)),
			Containers: []types.Container{{Name: new("app"), NetworkBindings: []types.NetworkBinding{{ContainerPort: new(int32(8080)), HostPort: new(int32(32768 + i))}}}},
		})
		ids = append(ids, fmt.Sprintf("i-%03d", i))
	}
	return c, ids
}

func TestTasksOnABridgeAreFoundByTheirInstances(t *testing.T) {
	c, ids := bridged(150)
	reader := &instances{}
	gate := targets.New(health{state: elbtypes.TargetHealthStateEnumHealthy, ids: ids}, targets.Options{Instances: reader})
	ok, news, err := gate.Ready(t.Context(), c)
	if !ok || news != "" || err != nil || reader.calls != 2 {
		t.Errorf("%v, %q, %v after %d calls for 150 instances", ok, news, err, reader.calls)
	}
}

func TestWhatNeedsNoTargetsPassesWithoutACall(t *testing.T) {
	deployment := []types.Deployment{{Id: new("d")}}
	balancers := []types.LoadBalancer{{TargetGroupArn: new("x")}}
	tests := map[string]ecs.Candidate{
		"a service without load balancers": {Deployment: "d", Service: types.Service{Deployments: deployment}},
		"a service with a Classic one":     {Deployment: "d", Service: types.Service{Deployments: deployment, LoadBalancers: []types.LoadBalancer{{LoadBalancerName: new("x")}}}},
		"a service that is scaled to zero": {Deployment: "d", Service: types.Service{Deployments: deployment, LoadBalancers: balancers}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			ok, news, err := targets.New(health{calls: &calls}, targets.Options{}).Ready(t.Context(), c)
			if !ok || news != "" || err != nil || calls != 0 {
				t.Errorf("%v, %q, %v after %d calls", ok, news, err, calls)
			}
		})
	}
}

func TestTasksThatCannotBeSeenAreNoSuccess(t *testing.T) { // T50
	calls := 0
	c, _ := bridged(3)
	c.Tasks = nil
	ok, news, err := targets.New(health{calls: &calls}, targets.Options{}).Ready(t.Context(), c)
	if ok || !strings.Contains(news, "ecs:ListTasks") || err != nil || calls != 0 {
		t.Errorf("%v, %q, %v after %d calls", ok, news, err, calls)
	}
}

func TestErrorsNameServiceAndRemedy(t *testing.T) { // T50
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	missing := &elbtypes.TargetGroupNotFoundException{Message: new("One or more target groups not found")}
	tests := map[string]struct {
		api  health
		opts targets.Options
		want string
		is   error
	}{
		"health that may not be read": {
			health{err: denied},
			targets.Options{Instances: &instances{}},
			"check targets of service web: describe health of target group tg-web: no permission: grant elasticloadbalancing:DescribeTargetHealth to whoever runs this: api error AccessDenied: no", denied,
		},
		"a target group that is gone": {
			health{err: missing},
			targets.Options{Instances: &instances{}},
			"check targets of service web: describe health of target group tg-web: TargetGroupNotFound: One or more target groups not found", missing,
		},
		"instances that may not be read": {
			health{},
			targets.Options{Instances: &instances{err: denied}},
			"check targets of service web: describe container instances: no permission: grant ecs:DescribeContainerInstances to whoever runs this: api error AccessDenied: no", denied,
		},
		"no way to read instances": {
			health{},
			targets.Options{},
			"check targets of service web: tasks on 000 have no network interface of their own: set Options.Instances to find the EC2 instance", nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := bridged(2)
			ok, news, err := targets.New(tt.api, tt.opts).Ready(t.Context(), c)
			if err == nil {
				t.Fatalf("%v, %q without an error", ok, news)
			}
			if ok || err.Error() != tt.want || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
