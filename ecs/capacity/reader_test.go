package capacity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// container is a task definition of one container.
func container(family string, cpu, memory int32, ports ...int32) *awsecs.RegisterTaskDefinitionInput {
	c := types.ContainerDefinition{Name: new("app"), Image: new("app:1"), Cpu: cpu, Memory: &memory}
	for _, p := range ports {
		c.PortMappings = append(c.PortMappings, types.PortMapping{HostPort: new(p), ContainerPort: new(p), Protocol: types.TransportProtocolTcp})
	}
	return &awsecs.RegisterTaskDefinitionInput{Family: &family, ContainerDefinitions: []types.ContainerDefinition{c}}
}

// run registers td and makes a service of it.
func run(t *testing.T, client *awsecs.Client, td *awsecs.RegisterTaskDefinitionInput, in awsecs.CreateServiceInput) {
	t.Helper()
	if _, err := client.RegisterTaskDefinition(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	in.ServiceName, in.TaskDefinition = td.Family, td.Family
	if _, err := client.CreateService(t.Context(), &in); err != nil {
		t.Fatal(err)
	}
}

func TestSupplyOfInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{})
		client := cloud.Client()
		a := cloud.AddInstance("demo", ecstest.Instance{
			CPU: 2048, Memory: 4096, GPUs: 2, UDP: []int{123}, Attributes: map[string]string{"stack": "prod", "ecs.awsvpc-trunk-id": "x"}, Provider: "asg",
		})
		b := cloud.AddInstance("demo", ecstest.Instance{CPU: 1024, Memory: 1024, Status: "DRAINING", Disconnected: true})
		run(t, client, container("web", 256, 512, 80), awsecs.CreateServiceInput{
			Cluster: new("demo"), DesiredCount: new(int32(1)), NetworkConfiguration: &types.NetworkConfiguration{},
		})
		time.Sleep(5 * time.Minute)

		got, err := capacity.NewReader(client, capacity.Options{Tasks: client}).Supply(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		common := map[string]string{"ecs.os-type": "linux", "ecs.cpu-architecture": "x86_64", "ecs.instance-type": "m5.large"}
		rich := map[string]string{"ecs.os-type": "linux", "ecs.cpu-architecture": "x86_64", "ecs.instance-type": "m5.large", "stack": "prod", "ecs.awsvpc-trunk-id": "x"}
		agents := []int{22, 2375, 2376, 51678, 51679}
		want := capacity.Supply{
			Cluster: "demo",
			Placed:  map[string][]string{"web": {a}},
			Instances: []capacity.Instance{
				{
					ID: a, Type: "m5.large", Provider: "asg", Status: "ACTIVE", Connected: true, Attributes: rich, TaskENIs: new(1),
					Free:  capacity.Resources{CPU: 1792, Memory: 3584, GPUs: 2},
					Total: capacity.Resources{CPU: 2048, Memory: 4096, GPUs: 2},
					TCP:   []int{22, 80, 2375, 2376, 51678, 51679}, UDP: []int{123},
				},
				{
					ID: b, Type: "m5.large", Status: "DRAINING", Attributes: common, TCP: agents, TaskENIs: new(0),
					Free:  capacity.Resources{CPU: 1024, Memory: 1024},
					Total: capacity.Resources{CPU: 1024, Memory: 1024},
				},
			},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("supply (-want +got):\n%s", d)
		}
		if !got.Instances[0].Trunked() || got.Instances[1].Trunked() {
			t.Error("the first instance alone has a trunk")
		}
	})
}

func TestT78MoreThanAHundredInstances(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{})
	for range 250 {
		cloud.AddInstance("demo", ecstest.Instance{CPU: 1024, Memory: 1024})
	}
	supply, err := capacity.NewReader(cloud.Client(), capacity.Options{}).Supply(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for _, i := range supply.Instances {
		ids[i.ID] = true
	}
	if len(ids) != 250 || cloud.Calls("ListContainerInstances") != 3 || cloud.Calls("DescribeContainerInstances") != 3 {
		t.Errorf("%d instances by %d and %d calls, want 250 by 3 and 3",
			len(ids), cloud.Calls("ListContainerInstances"), cloud.Calls("DescribeContainerInstances"))
	}
}

func TestT75UsageOfAllClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{})
		client := cloud.Client()
		for _, name := range []string{"automation-a", "automation-b", "other"} {
			cloud.AddCluster(name)
			run(t, client, container("web-"+name, 512, 1024), awsecs.CreateServiceInput{
				Cluster: &name, DesiredCount: new(int32(2)), LaunchType: types.LaunchTypeFargate,
			})
		}
		run(t, client, container("spot", 256, 512), awsecs.CreateServiceInput{
			Cluster: new("other"), DesiredCount: new(int32(1)),
			CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: new("FARGATE_SPOT")}},
		})
		run(t, client, container("instances", 4096, 512), awsecs.CreateServiceInput{Cluster: new("other"), DesiredCount: new(int32(1))})
		time.Sleep(5 * time.Minute)

		reader := capacity.NewReader(client, capacity.Options{Tasks: client, FargateUsage: true, TaskLimit: 10, Project: "automation-"})
		supply, err := reader.Supply(t.Context(), "automation-a")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(capacity.Quota{Used: new(3 * 2 * 512)}, supply.OnDemand); d != "" {
			t.Errorf("on demand, the tasks of all clusters (-want +got):\n%s", d)
		}
		if d := cmp.Diff(capacity.Quota{Used: new(256)}, supply.Spot); d != "" {
			t.Errorf("spot (-want +got):\n%s", d)
		}
		if d := cmp.Diff(capacity.TaskCount{Limit: 10, Used: new(4)}, supply.Tasks); d != "" {
			t.Errorf("tasks of the project's clusters (-want +got):\n%s", d)
		}
	})
}

func TestManyClustersAreDescribedByTheHundred(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{})
	for i := range 150 {
		cloud.AddCluster(fmt.Sprintf("automation-%03d", i))
	}
	supply, err := capacity.NewReader(cloud.Client(), capacity.Options{TaskLimit: 1}).Supply(t.Context(), "automation-000")
	if err != nil {
		t.Fatal(err)
	}
	if supply.Tasks.Used == nil || *supply.Tasks.Used != 0 {
		t.Errorf("tasks %v, want 0", supply.Tasks.Used)
	}
	if n := cloud.Calls("DescribeClusters"); n != 3 { // one for the cluster itself
		t.Errorf("%d calls of DescribeClusters, want 3", n)
	}
}

func TestMissingPermissionsAreWarnings(t *testing.T) {
	all := []string{"ListContainerInstances", "DescribeContainerInstances", "DescribeClusters", "ListClusters", "ListTasks", "DescribeTasks"}
	options := func(client *awsecs.Client) capacity.Options {
		return capacity.Options{Tasks: client, FargateUsage: true, TaskLimit: 10}
	}
	world := func(refuse func(op string) *ecstest.Error) (*ecstest.Cloud, *awsecs.Client) {
		cloud := ecstest.New(ecstest.Options{Before: func(op string, _ int) *ecstest.Error { return refuse(op) }})
		cloud.AddInstance("demo", ecstest.Instance{CPU: 1, Memory: 1})
		return cloud, cloud.Client(func(o *awsecs.Options) { o.RetryMaxAttempts = 1 })
	}
	for _, denied := range all {
		t.Run(denied, func(t *testing.T) {
			_, client := world(func(op string) *ecstest.Error {
				if op == denied {
					return &ecstest.Error{Code: "AccessDeniedException", Message: "no identity-based policy allows ecs:" + op}
				}
				return nil
			})
			supply, err := capacity.NewReader(client, options(client)).Supply(t.Context(), "demo")
			if err != nil {
				t.Fatal(err)
			}
			if denied == "DescribeTasks" { // there are no tasks
				if len(supply.Warnings) != 0 {
					t.Errorf("warnings %q of a call that was not needed", supply.Warnings)
				}
				return
			}
			if len(supply.Warnings) == 0 || !strings.Contains(supply.Warnings[0], "no identity-based policy allows ecs:"+denied) {
				t.Errorf("warnings %q, want one of %s", supply.Warnings, denied)
			}
			v := capacity.Check([]capacity.Demand{{Service: "web", Desired: 1}}, supply)
			if !v.OK() || len(v.Warnings) < len(supply.Warnings) {
				t.Errorf("what may not be read is no refusal: %s", v)
			}
		})
	}
	t.Run("other failures are errors", func(t *testing.T) {
		_, client := world(func(op string) *ecstest.Error {
			if op == "ListContainerInstances" {
				return ecstest.Unavailable()
			}
			return nil
		})
		_, err := capacity.NewReader(client, options(client)).Supply(t.Context(), "demo")
		if err == nil || !strings.HasPrefix(err.Error(), "read the container instances of demo: ") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("so is a cluster that does not exist", func(t *testing.T) {
		_, client := world(func(string) *ecstest.Error { return nil })
		_, err := capacity.NewReader(client, capacity.Options{}).Supply(t.Context(), "gone")
		if err == nil || !strings.Contains(err.Error(), "Cluster not found") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a cancelled context ends it", func(t *testing.T) {
		cloud, client := world(func(string) *ecstest.Error { return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := capacity.NewReader(client, options(client)).Supply(ctx, "demo"); err == nil || cloud.Calls("ListTasks") > 0 {
			t.Errorf("error %v after %d calls of ListTasks", err, cloud.Calls("ListTasks"))
		}
	})
}

// providers is a cluster with capacity providers.
type providers struct {
	capacity.API
	pages []*awsecs.DescribeCapacityProvidersOutput
	asked [][]string
}

func (p *providers) DescribeClusters(context.Context, *awsecs.DescribeClustersInput, ...func(*awsecs.Options)) (*awsecs.DescribeClustersOutput, error) {
	return &awsecs.DescribeClustersOutput{Clusters: []types.Cluster{{
		CapacityProviders:               []string{"FARGATE", "asg", "fixed", "managed"},
		DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: new("asg")}},
	}}}, nil
}

func (p *providers) DescribeCapacityProviders(_ context.Context, in *awsecs.DescribeCapacityProvidersInput, _ ...func(*awsecs.Options)) (*awsecs.DescribeCapacityProvidersOutput, error) {
	p.asked = append(p.asked, slices.Clone(in.CapacityProviders))
	page := p.pages[0]
	p.pages = p.pages[1:]
	return page, nil
}

func TestSupplyOfCapacityProviders(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{})
	cloud.AddCluster("demo")
	group := func(name string, status types.ManagedScalingStatus) types.CapacityProvider {
		return types.CapacityProvider{Name: &name, AutoScalingGroupProvider: &types.AutoScalingGroupProvider{ManagedScaling: &types.ManagedScaling{Status: status}}}
	}
	api := &providers{API: cloud.Client(), pages: []*awsecs.DescribeCapacityProvidersOutput{
		{NextToken: new("more"), CapacityProviders: []types.CapacityProvider{{Name: new("managed"), ManagedInstancesProvider: &types.ManagedInstancesProvider{}}}},
		{CapacityProviders: []types.CapacityProvider{group("asg", types.ManagedScalingStatusEnabled), group("fixed", types.ManagedScalingStatusDisabled)}},
	}}
	supply, err := capacity.NewReader(api, capacity.Options{Providers: api}).Supply(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"asg", "managed"}, supply.Growing); d != "" {
		t.Errorf("growing (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"asg"}, supply.DefaultProviders); d != "" {
		t.Errorf("default (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"asg", "fixed", "managed"}, api.asked[0]); d != "" || len(api.asked) != 2 {
		t.Errorf("asked %d times, first (-want +got):\n%s", len(api.asked), d)
	}
}
