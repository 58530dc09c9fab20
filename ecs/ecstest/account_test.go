package ecstest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// elsewhere has what it lists.
type elsewhere []string

func (e elsewhere) Image(ref string) bool       { return slices.Contains(e, ref) }
func (e elsewhere) TargetGroup(arn string) bool { return slices.Contains(e, arn) }
func (e elsewhere) LogGroup(name string) bool   { return slices.Contains(e, name) }

func TestTasksNeedWhatIsElsewhere(t *testing.T) {
	awslogs := func(options map[string]string) *types.LogConfiguration {
		return &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}
	}
	app := types.ContainerDefinition{Name: new("app"), Image: new("registry/app:1"), Essential: new(true)}
	tests := map[string]struct {
		there      elsewhere
		containers []types.ContainerDefinition
		want       string // in the reason of the container; empty is a task that runs
	}{
		"an image that is there":       {elsewhere{"registry/app:1"}, []types.ContainerDefinition{app}, ""},
		"an image that is not":         {elsewhere{"registry/app:2"}, []types.ContainerDefinition{app}, "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref registry/app:1: not found"},
		"the image of a second one":    {elsewhere{"registry/app:1"}, []types.ContainerDefinition{app, {Name: new("side"), Image: new("registry/side:1")}}, "failed to resolve ref registry/side:1"},
		"a log group that is there":    {elsewhere{"i", "logs"}, []types.ContainerDefinition{{Name: new("app"), Image: new("i"), LogConfiguration: awslogs(map[string]string{"awslogs-group": "logs"})}}, ""},
		"a log group that is not":      {elsewhere{"i"}, []types.ContainerDefinition{{Name: new("app"), Image: new("i"), LogConfiguration: awslogs(map[string]string{"awslogs-group": "logs"})}}, "ResourceNotFoundException: The specified log group does not exist."},
		"a log group that ECS makes":   {elsewhere{"i"}, []types.ContainerDefinition{{Name: new("app"), Image: new("i"), LogConfiguration: awslogs(map[string]string{"awslogs-group": "logs", "awslogs-create-group": "true"})}}, ""},
		"no log group, but a log file": {elsewhere{"i"}, []types.ContainerDefinition{{Name: new("app"), Image: new("i"), LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverJsonFile}}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, ecstest.Options{Elsewhere: tt.there})
				out, err := b.client.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{Family: new("app"), ContainerDefinitions: tt.containers})
				if err != nil {
					t.Fatal(err)
				}
				b.create("app", *out.TaskDefinition.TaskDefinitionArn, 1, nil)
				time.Sleep(65 * time.Second) // the first task is under way, or has failed
				status := types.DesiredStatusStopped
				if tt.want == "" {
					status = types.DesiredStatusRunning
				}
				all := b.tasks("app", status)
				if len(all) == 0 {
					t.Fatalf("no task is %s", status)
				}
				if got := aws.ToString(all[0].StoppedReason); !strings.Contains(got, tt.want) {
					t.Errorf("the reason is %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestAServiceNeedsItsTargetGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		there := ecstest.TargetGroupARN("web")
		b := newBench(t, ecstest.Options{Elsewhere: elsewhere{there}})
		definition := b.register("web", false)
		b.behind("web", definition, "web", 0)
		_, err := b.client.CreateService(t.Context(), &awsecs.CreateServiceInput{
			Cluster: new("c"), ServiceName: new("other"), TaskDefinition: &definition,
			LoadBalancers: []types.LoadBalancer{{TargetGroupArn: new(ecstest.TargetGroupARN("gone")), ContainerName: new("app"), ContainerPort: new(int32(1))}},
		})
		if code(err) != "InvalidParameterException" || !strings.Contains(err.Error(), "targetgroup/gone/") {
			t.Errorf("a target group that is not there: %v", err)
		}
	})
}

func TestANamespaceWithServicesStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMapBench(t, ecstest.Options{})
		if err := b.cloud.RemoveNamespace(b.namespace); err == nil || !strings.Contains(err.Error(), "ResourceInUse") {
			t.Errorf("with a service: %v", err)
		}
		if _, err := b.names.DeleteService(t.Context(), &sd.DeleteServiceInput{Id: b.service.Id}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // what is not there is no error
			if err := b.cloud.RemoveNamespace(b.namespace); err != nil {
				t.Error(err)
			}
		}
		if left := b.cloud.Inventory().Namespaces; len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}

func TestTheInventoryIsWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMapBench(t, ecstest.Options{})
		b.cloud.AddCluster("a")
		definition := b.register("web", false)
		b.create("web", definition, 1, nil)
		b.create("gone", definition, 0, nil)
		if _, err := b.client.DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new("c"), Service: new("gone")}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.client.RunTask(t.Context(), &awsecs.RunTaskInput{Cluster: new("c"), TaskDefinition: &definition, Group: new("migration")}); err != nil {
			t.Fatal(err)
		}
		want := ecstest.Inventory{
			Clusters: []string{"a", "c"}, Services: []string{"c/web"}, Tasks: []string{"c/migration"},
			Namespaces: []string{"demo.local"}, MapServices: []string{"demo.local/backend"},
		}
		if d := cmp.Diff(want, b.cloud.Inventory()); d != "" {
			t.Errorf("inventory (-want +got):\n%s", d)
		}
	})
}

func TestSpeedHastensWhatIsNoTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMapBench(t, ecstest.Options{Speed: 100})
		b.cloud.AddCapacityProvider("asg")
		if _, err := b.client.CreateCluster(t.Context(), &awsecs.CreateClusterInput{ClusterName: new("x"), CapacityProviders: []string{"asg"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.names.RegisterInstance(t.Context(), &sd.RegisterInstanceInput{ServiceId: b.service.Id, InstanceId: new("i"), Attributes: map[string]string{}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second / 4)
		if got := *b.cluster("x").Status; got != "ACTIVE" {
			t.Errorf("the cluster is %s", got)
		}
		if got := b.instances(); len(got) != 1 {
			t.Errorf("instances %q", got)
		}
	})
}
