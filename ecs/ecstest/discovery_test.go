package ecstest_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	sdtypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// mapBench is a bench with a namespace of Cloud Map and a service in it.
type mapBench struct {
	bench
	names     *sd.Client
	namespace string
	service   *sdtypes.Service
}

func newMapBench(t *testing.T, opts ecstest.Options) mapBench {
	t.Helper()
	b := mapBench{bench: newBench(t, opts)}
	b.names = sd.NewFromConfig(b.cloud.Config())
	b.namespace = b.cloud.AddNamespace("demo.local")
	b.service = b.make("backend")
	return b
}

func (b mapBench) make(name string) *sdtypes.Service {
	b.Helper()
	out, err := b.names.CreateService(b.Context(), &sd.CreateServiceInput{
		Name: &name, NamespaceId: &b.namespace, Tags: []sdtypes.Tag{{Key: new("Environment"), Value: new("demo")}},
		DnsConfig:               &sdtypes.DnsConfig{DnsRecords: []sdtypes.DnsRecord{{Type: sdtypes.RecordTypeA, TTL: new(int64(60))}}},
		HealthCheckCustomConfig: &sdtypes.HealthCheckCustomConfig{},
	})
	if err != nil {
		b.Fatal(err)
	}
	return out.Service
}

// instances lists the addresses that are registered.
func (b mapBench) instances() []string {
	b.Helper()
	out, err := b.names.ListInstances(b.Context(), &sd.ListInstancesInput{ServiceId: b.service.Id})
	if err != nil {
		b.Fatal(err)
	}
	var all []string
	for _, i := range out.Instances {
		all = append(all, *i.Id+" "+i.Attributes["AWS_INSTANCE_IPV4"]+":"+i.Attributes["AWS_INSTANCE_PORT"])
	}
	return all
}

func TestATaskIsRegisteredAWhileAfterItRuns(t *testing.T) { // T30
	synctest.Test(t, func(t *testing.T) {
		b := newMapBench(t, ecstest.Options{Timing: func(string) ecstest.Timing {
			timing := ecstest.DefaultTiming()
			timing.Register = 3 * time.Minute
			return timing
		}})
		_, err := b.client.CreateService(t.Context(), &awsecs.CreateServiceInput{
			Cluster: new("c"), ServiceName: new("backend"), TaskDefinition: new(b.register("backend", true)), DesiredCount: new(int32(1)),
			ServiceRegistries: []types.ServiceRegistry{{RegistryArn: b.service.Arn, Port: new(int32(8080))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if s := b.describe("backend"); s.Deployments[0].RolloutState != "COMPLETED" {
			t.Fatalf("rollout state %s", s.Deployments[0].RolloutState)
		}
		if got := b.instances(); got != nil {
			t.Errorf("registered too early: %v", got)
		}
		time.Sleep(time.Minute)
		task := b.tasks("backend", types.DesiredStatusRunning)[0]
		id := (*task.TaskArn)[len(*task.TaskArn)-32:]
		if d := cmp.Diff([]string{id + " " + privateIP(t, task) + ":8080"}, b.instances()); d != "" {
			t.Errorf("instances (-want +got):\n%s", d)
		}
		_, err = b.names.DeleteService(t.Context(), &sd.DeleteServiceInput{Id: b.service.Id})
		if _, used := errors.AsType[*sdtypes.ResourceInUse](err); !used {
			t.Errorf("error %v of deleting a service that has instances", err)
		}
		if _, err := b.client.DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new("c"), Service: new("backend"), Force: new(true)}); err != nil {
			t.Fatal(err)
		}
		if got := b.instances(); got != nil {
			t.Errorf("still registered: %v", got)
		}
	})
}

func TestOperationsOfCloudMapTakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMapBench(t, ecstest.Options{})
		status := func(id *string) sdtypes.OperationStatus {
			out, err := b.names.GetOperation(t.Context(), &sd.GetOperationInput{OperationId: id})
			if err != nil {
				t.Fatal(err)
			}
			return out.Operation.Status
		}
		in, err := b.names.RegisterInstance(t.Context(), &sd.RegisterInstanceInput{
			ServiceId: b.service.Id, InstanceId: new("dead"), Attributes: map[string]string{"AWS_INSTANCE_IPV4": "10.1.1.1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := status(in.OperationId); got != sdtypes.OperationStatusPending || b.instances() != nil {
			t.Errorf("operation %s, instances %v", got, b.instances())
		}
		time.Sleep(10 * time.Second)
		if got := status(in.OperationId); got != sdtypes.OperationStatusSuccess || len(b.instances()) != 1 {
			t.Errorf("operation %s, instances %v", got, b.instances())
		}
		out, err := b.names.DeregisterInstance(t.Context(), &sd.DeregisterInstanceInput{ServiceId: b.service.Id, InstanceId: new("dead")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := status(out.OperationId); got != sdtypes.OperationStatusSuccess || b.instances() != nil {
			t.Errorf("operation %s, instances %v", got, b.instances())
		}
		up, err := b.names.UpdateService(t.Context(), &sd.UpdateServiceInput{Id: b.service.Id, Service: &sdtypes.ServiceChange{
			DnsConfig: &sdtypes.DnsConfigChange{DnsRecords: []sdtypes.DnsRecord{{Type: sdtypes.RecordTypeA, TTL: new(int64(5))}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		got, err := b.names.GetService(t.Context(), &sd.GetServiceInput{Id: b.service.Id})
		if err != nil || status(up.OperationId) != sdtypes.OperationStatusSuccess || *got.Service.DnsConfig.DnsRecords[0].TTL != 5 {
			t.Errorf("after the update: %+v, %v", got, err)
		}
	})
}

func TestCloudMapRefusesWhatTheRealOneRefuses(t *testing.T) {
	b := newMapBench(t, ecstest.Options{})
	record := func(kind sdtypes.RecordType) *sdtypes.DnsConfig {
		return &sdtypes.DnsConfig{DnsRecords: []sdtypes.DnsRecord{{Type: kind, TTL: new(int64(1))}}}
	}
	tests := map[string]struct {
		call func() error
		want string
	}{
		"a second service of that name": {func() error {
			_, err := b.names.CreateService(t.Context(), &sd.CreateServiceInput{Name: new("BackEnd"), NamespaceId: &b.namespace, DnsConfig: record("A")})
			return err
		}, "ServiceAlreadyExists"},
		"a service in no namespace": {func() error {
			_, err := b.names.CreateService(t.Context(), &sd.CreateServiceInput{Name: new("x"), NamespaceId: new("ns-0"), DnsConfig: record("A")})
			return err
		}, "NamespaceNotFound"},
		"a service without records": {func() error {
			_, err := b.names.CreateService(t.Context(), &sd.CreateServiceInput{Name: new("x"), NamespaceId: &b.namespace})
			return err
		}, "InvalidInput"},
		"another type of record": {func() error {
			_, err := b.names.UpdateService(t.Context(), &sd.UpdateServiceInput{Id: b.service.Id, Service: &sdtypes.ServiceChange{
				DnsConfig: &sdtypes.DnsConfigChange{DnsRecords: record("SRV").DnsRecords},
			}})
			return err
		}, "InvalidInput"},
		"a service that is not there": {func() error {
			_, err := b.names.GetService(t.Context(), &sd.GetServiceInput{Id: new("srv-0")})
			return err
		}, "ServiceNotFound"},
		"tags of what is not there": {func() error {
			_, err := b.names.ListTagsForResource(t.Context(), &sd.ListTagsForResourceInput{ResourceARN: new("arn:x/srv-0")})
			return err
		}, "ResourceNotFoundException"},
		"an instance that is not there": {func() error {
			_, err := b.names.DeregisterInstance(t.Context(), &sd.DeregisterInstanceInput{ServiceId: b.service.Id, InstanceId: new("x")})
			return err
		}, "InstanceNotFound"},
		"an operation that is not there": {func() error {
			_, err := b.names.GetOperation(t.Context(), &sd.GetOperationInput{OperationId: new("x")})
			return err
		}, "OperationNotFound"},
		"an ECS service with an unknown registry": {func() error {
			_, err := b.client.CreateService(t.Context(), &awsecs.CreateServiceInput{
				Cluster: new("c"), ServiceName: new("s"), TaskDefinition: new(b.register("s", false)),
				ServiceRegistries: []types.ServiceRegistry{{RegistryArn: new("arn:x/srv-0")}},
			})
			return err
		}, "InvalidParameterException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := code(tt.call()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCloudMapListsInPages(t *testing.T) {
	b := newMapBench(t, ecstest.Options{})
	other := b.cloud.AddNamespace("other.local")
	for i := range 120 {
		b.make(fmt.Sprintf("s%03d", i))
	}
	list := func(namespace string) (n, pages int) {
		p := sd.NewListServicesPaginator(b.names, &sd.ListServicesInput{
			Filters: []sdtypes.ServiceFilter{{Name: sdtypes.ServiceFilterNameNamespaceId, Values: []string{namespace}}},
		})
		for ; p.HasMorePages(); pages++ {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Services)
		}
		return n, pages
	}
	if n, pages := list(b.namespace); n != 121 || pages != 2 {
		t.Errorf("%d services in %d pages", n, pages)
	}
	if n, _ := list(other); n != 0 {
		t.Errorf("%d services in the other namespace", n)
	}
	out, err := b.names.ListNamespaces(t.Context(), &sd.ListNamespacesInput{
		Filters: []sdtypes.NamespaceFilter{{Name: sdtypes.NamespaceFilterNameName, Values: []string{"other.local"}}},
	})
	if err != nil || len(out.Namespaces) != 1 || *out.Namespaces[0].Id != other {
		t.Errorf("namespaces %+v, %v", out, err)
	}
	tags, err := b.names.ListTagsForResource(t.Context(), &sd.ListTagsForResourceInput{ResourceARN: b.service.Arn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "demo" {
		t.Errorf("tags %+v, %v", tags, err)
	}
}
