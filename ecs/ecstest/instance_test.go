package ecstest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// sized registers a task definition of one container and creates a service of
// count such tasks in cluster "demo".
func sized(t *testing.T, client *awsecs.Client, name string, count int32, change func(*awsecs.RegisterTaskDefinitionInput, *awsecs.CreateServiceInput)) {
	t.Helper()
	td := &awsecs.RegisterTaskDefinitionInput{Family: &name, ContainerDefinitions: []types.ContainerDefinition{
		{Name: new("app"), Image: new("app:1"), Cpu: 256, Memory: new(int32(512))},
	}}
	in := &awsecs.CreateServiceInput{Cluster: new("demo"), ServiceName: &name, TaskDefinition: &name, DesiredCount: &count}
	if change != nil {
		change(td, in)
	}
	if _, err := client.RegisterTaskDefinition(t.Context(), td); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateService(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Minute)
}

func runningTasks(t *testing.T, cloud *ecstest.Cloud, name string) int {
	t.Helper()
	s, ok := cloud.Service("demo", name)
	if !ok {
		t.Fatalf("no service %s", name)
	}
	return s.Running
}

// unplaced returns the newest event of a service that is about placement.
func unplaced(t *testing.T, client *awsecs.Client, name string) string {
	t.Helper()
	out, err := client.DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new("demo"), Services: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range out.Services[0].Events {
		if strings.Contains(*e.Message, "unable to place") {
			return *e.Message
		}
	}
	return ""
}

func TestPlacement(t *testing.T) {
	type change = func(*awsecs.RegisterTaskDefinitionInput, *awsecs.CreateServiceInput)
	bound := func(protocol types.TransportProtocol) change {
		return func(td *awsecs.RegisterTaskDefinitionInput, _ *awsecs.CreateServiceInput) {
			td.ContainerDefinitions[0].PortMappings = []types.PortMapping{{HostPort: new(int32(53)), ContainerPort: new(int32(53)), Protocol: protocol}}
		}
	}
	tests := map[string]struct {
		instances []ecstest.Instance
		count     int32
		change    change
		running   int
		event     string // what follows "The closest matching (container-instance ...)"
	}{
		"without instances there is room for everything": {count: 50, running: 50},
		"tasks take memory": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 1100}}, count: 3, running: 2,
			event: "has insufficient memory available.",
		},
		"the reservation counts where there is one": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 300}}, count: 3, running: 3,
			change: func(td *awsecs.RegisterTaskDefinitionInput, _ *awsecs.CreateServiceInput) {
				td.ContainerDefinitions[0].MemoryReservation = new(int32(100))
			},
		},
		"the size of a task counts before that of its containers": {
			instances: []ecstest.Instance{{CPU: 1000, Memory: 1000}}, count: 3, running: 1,
			change: func(td *awsecs.RegisterTaskDefinitionInput, _ *awsecs.CreateServiceInput) {
				td.Cpu, td.Memory = new("600"), new("500")
			},
			event: "has insufficient CPU units available.",
		},
		"and CPU": {
			instances: []ecstest.Instance{{CPU: 512, Memory: 9999}}, count: 3, running: 2,
			event: "has insufficient CPU units available.",
		},
		"and fixed host ports": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999}}, count: 2, running: 1, change: bound(types.TransportProtocolTcp),
			event: "is already using a port required by your task.",
		},
		"which are those of one protocol": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999, TCP: []int{53}}}, count: 1, running: 1, change: bound(types.TransportProtocolUdp),
		},
		"ports that others use": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999, UDP: []int{53}}}, count: 1, change: bound(types.TransportProtocolUdp),
			event: "is already using a port required by your task.",
		},
		"and network interfaces": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999, ENIs: 2}}, count: 3, running: 2,
			change: func(td *awsecs.RegisterTaskDefinitionInput, _ *awsecs.CreateServiceInput) {
				td.NetworkMode = types.NetworkModeAwsvpc
			},
			event: `encountered error "RESOURCE:ENI".`,
		},
		"and GPUs": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999, GPUs: 1}}, count: 2, running: 1,
			change: func(td *awsecs.RegisterTaskDefinitionInput, _ *awsecs.CreateServiceInput) {
				td.ContainerDefinitions[0].ResourceRequirements = []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: new("1")}}
			},
			event: `encountered error "RESOURCE:GPU".`,
		},
		"draining instances take none": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999, Status: "DRAINING"}}, count: 1,
			event: `encountered error "AGENT".`,
		},
		"nor do those whose agent is lost": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 9999, Disconnected: true}}, count: 1,
			event: `encountered error "AGENT".`,
		},
		"Fargate needs no instance": {
			instances: []ecstest.Instance{{}}, count: 2, running: 2,
			change: func(_ *awsecs.RegisterTaskDefinitionInput, in *awsecs.CreateServiceInput) {
				in.LaunchType = types.LaunchTypeFargate
			},
		},
		"a capacity provider has its own instances": {
			instances: []ecstest.Instance{{CPU: 9999, Memory: 512, Provider: "asg"}, {CPU: 9999, Memory: 9999}}, count: 2, running: 1,
			change: func(_ *awsecs.RegisterTaskDefinitionInput, in *awsecs.CreateServiceInput) {
				in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: new("asg")}}
			},
			event: "has insufficient memory available.",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := ecstest.New(ecstest.Options{})
				cloud.AddCluster("demo")
				closest := ""
				for i, in := range tt.instances {
					if id := cloud.AddInstance("demo", in); i == 0 {
						closest = id
					}
				}
				client := cloud.Client()
				sized(t, client, "web", tt.count, tt.change)
				if got := runningTasks(t, cloud, "web"); got != tt.running {
					t.Errorf("%d tasks run, want %d", got, tt.running)
				}
				want := ""
				if tt.event != "" {
					want = "(service web) was unable to place a task because no container instance met all of its requirements. " +
						"The closest matching (container-instance " + closest + ") " + tt.event
				}
				if d := cmp.Diff(want, unplaced(t, client, "web")); d != "" {
					t.Errorf("event (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestRoomThatTasksLeaveIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{})
		cloud.AddInstance("demo", ecstest.Instance{CPU: 1024, Memory: 512})
		client := cloud.Client()
		sized(t, client, "first", 1, nil)
		sized(t, client, "second", 1, nil)
		if runningTasks(t, cloud, "first") != 1 || runningTasks(t, cloud, "second") != 0 {
			t.Fatal("the first service takes all the room")
		}
		if _, err := client.UpdateService(t.Context(), &awsecs.UpdateServiceInput{Cluster: new("demo"), Service: new("first"), DesiredCount: new(int32(0))}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if runningTasks(t, cloud, "second") != 1 {
			t.Error("the second service has not taken the room that the first has left")
		}
	})
}

func TestDescribeContainerInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{})
		large := cloud.AddInstance("demo", ecstest.Instance{CPU: 2048, Memory: 4096, GPUs: 1, Attributes: map[string]string{"stack": "prod"}})
		small := cloud.AddInstance("demo", ecstest.Instance{CPU: 1024, Memory: 1024})
		client := cloud.Client()
		sized(t, client, "web", 2, func(td *awsecs.RegisterTaskDefinitionInput, _ *awsecs.CreateServiceInput) {
			td.ContainerDefinitions[0].PortMappings = []types.PortMapping{{HostPort: new(int32(80)), ContainerPort: new(int32(80))}}
		})

		out, err := client.DescribeContainerInstances(t.Context(), &awsecs.DescribeContainerInstancesInput{
			Cluster: new("demo"), ContainerInstances: []string{large, small, "gone"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.ContainerInstances) != 2 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" {
			t.Fatalf("%d instances and failures %v, want 2 and one that is missing", len(out.ContainerInstances), out.Failures)
		}
		numbers := func(rs []types.Resource) map[string]any {
			m := make(map[string]any)
			for _, r := range rs {
				if m[*r.Name] = r.StringSetValue; *r.Type == "INTEGER" {
					m[*r.Name] = r.IntegerValue
				}
			}
			return m
		}
		ports := []string{"22", "80", "2375", "2376", "51678", "51679"}
		wantLeft := []map[string]any{
			{"CPU": int32(1792), "MEMORY": int32(3584), "GPU": []string{"GPU-0"}, "PORTS": ports, "PORTS_UDP": []string{}},
			{"CPU": int32(768), "MEMORY": int32(512), "PORTS": ports, "PORTS_UDP": []string{}},
		}
		for i, c := range out.ContainerInstances {
			if d := cmp.Diff(wantLeft[i], numbers(c.RemainingResources)); d != "" {
				t.Errorf("instance %d, remaining (-want +got):\n%s", i, d)
			}
			if c.RunningTasksCount != 1 || !c.AgentConnected || *c.Status != "ACTIVE" {
				t.Errorf("instance %d: %d tasks, connected %t, %s", i, c.RunningTasksCount, c.AgentConnected, *c.Status)
			}
		}
		if m := numbers(out.ContainerInstances[0].RegisteredResources); m["CPU"] != int32(2048) || m["MEMORY"] != int32(4096) {
			t.Errorf("registered: %v", m)
		}

		tasks, err := client.ListTasks(t.Context(), &awsecs.ListTasksInput{Cluster: new("demo"), LaunchType: types.LaunchTypeEc2})
		if err != nil {
			t.Fatal(err)
		}
		described, err := client.DescribeTasks(t.Context(), &awsecs.DescribeTasksInput{Cluster: new("demo"), Tasks: tasks.TaskArns})
		if err != nil {
			t.Fatal(err)
		}
		on := make(map[string]int)
		for _, task := range described.Tasks {
			on[*task.ContainerInstanceArn]++
			if task.LaunchType != types.LaunchTypeEc2 || *task.Cpu != "256" || *task.Memory != "512" {
				t.Errorf("task of type %s with %s CPU units and %s MiB", task.LaunchType, *task.Cpu, *task.Memory)
			}
		}
		if on[*out.ContainerInstances[0].ContainerInstanceArn] != 1 || on[*out.ContainerInstances[1].ContainerInstanceArn] != 1 {
			t.Errorf("tasks on instances: %v, want one on each", on)
		}
	})
}

func TestListContainerInstances(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{})
	for range 101 {
		cloud.AddInstance("demo", ecstest.Instance{})
	}
	id := cloud.AddInstance("demo", ecstest.Instance{})
	cloud.SetInstanceStatus("demo", id, "DRAINING")
	client := cloud.Client()

	list := func(in *awsecs.ListContainerInstancesInput) *awsecs.ListContainerInstancesOutput {
		t.Helper()
		out, err := client.ListContainerInstances(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := list(&awsecs.ListContainerInstancesInput{Cluster: new("demo")})
	rest := list(&awsecs.ListContainerInstancesInput{Cluster: new("demo"), NextToken: first.NextToken})
	if len(first.ContainerInstanceArns) != 100 || len(rest.ContainerInstanceArns) != 2 || rest.NextToken != nil {
		t.Errorf("pages of %d and %d, want 100 and 2", len(first.ContainerInstanceArns), len(rest.ContainerInstanceArns))
	}
	draining := list(&awsecs.ListContainerInstancesInput{Cluster: new("demo"), Status: types.ContainerInstanceStatusDraining})
	if len(draining.ContainerInstanceArns) != 1 || !strings.HasSuffix(draining.ContainerInstanceArns[0], "container-instance/demo/"+id) {
		t.Errorf("draining: %q", draining.ContainerInstanceArns)
	}
	_, err := client.DescribeContainerInstances(t.Context(), &awsecs.DescribeContainerInstancesInput{
		Cluster: new("demo"), ContainerInstances: append(first.ContainerInstanceArns, id),
	})
	if err == nil || !strings.Contains(err.Error(), "must have between 1 and 100 items, not 101") {
		t.Errorf("101 at once: %v", err)
	}
	if _, err := client.ListContainerInstances(t.Context(), &awsecs.ListContainerInstancesInput{Cluster: new("gone")}); err == nil {
		t.Error("instances of a cluster that does not exist: no error")
	}
}

func TestListClusters(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{})
	cloud.AddCluster("b")
	cloud.AddInstance("a", ecstest.Instance{})
	client := cloud.Client()
	out, err := client.ListClusters(t.Context(), &awsecs.ListClustersInput{MaxResults: new(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	rest, err := client.ListClusters(t.Context(), &awsecs.ListClustersInput{NextToken: out.NextToken})
	if err != nil {
		t.Fatal(err)
	}
	got := append(out.ClusterArns, rest.ClusterArns...)
	want := []string{"arn:aws:ecs:us-east-1:123456789012:cluster/a", "arn:aws:ecs:us-east-1:123456789012:cluster/b"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("clusters (-want +got):\n%s", d)
	}
	described, err := client.DescribeClusters(t.Context(), &awsecs.DescribeClustersInput{Clusters: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if n := described.Clusters[0].RegisteredContainerInstancesCount; n != 1 {
		t.Errorf("%d instances registered, want 1", n)
	}
}
