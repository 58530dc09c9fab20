package discovery_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/discovery"
)

var _ ecs.Gate = (*discovery.Gate)(nil)

// finder holds registered instances by service.
type finder struct {
	mu        sync.Mutex
	instances map[string][]types.InstanceSummary
	gets      int
	getErr    error
	listErr   error
}

func (f *finder) GetService(_ context.Context, in *sd.GetServiceInput, _ ...func(*sd.Options)) (*sd.GetServiceOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gets++
	return &sd.GetServiceOutput{Service: &types.Service{Name: new("name-" + *in.Id), DnsConfig: &types.DnsConfig{DnsRecords: []types.DnsRecord{
		{Type: "A", TTL: new(int64(60))}, {Type: "AAAA", TTL: new(int64(30))},
	}}}}, f.getErr
}

func (f *finder) ListInstances(_ context.Context, in *sd.ListInstancesInput, _ ...func(*sd.Options)) (*sd.ListInstancesOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &sd.ListInstancesOutput{Instances: f.instances[*in.ServiceId]}, f.listErr
}

func (f *finder) register(service, id, ip string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.instances == nil {
		f.instances = make(map[string][]types.InstanceSummary)
	}
	f.instances[service] = append(f.instances[service], types.InstanceSummary{Id: &id, Attributes: map[string]string{"AWS_INSTANCE_IPV4": ip}})
}

// ready is a candidate with the named tasks, which have the addresses 10.0.0.N
// and have run since the given time, and with registries.
func ready(deployment string, since time.Time, registries []string, tasks ...int) ecs.Candidate {
	c := ecs.Candidate{Cluster: cluster, Deployment: deployment, Service: ecstypes.Service{
		ServiceName: new("backend"), ServiceArn: new("arn/backend"),
		Deployments: []ecstypes.Deployment{{Id: &deployment, RunningCount: int32(len(tasks))}},
	}}
	for _, r := range registries {
		c.Service.ServiceRegistries = append(c.Service.ServiceRegistries, ecstypes.ServiceRegistry{RegistryArn: new("arn:aws:servicediscovery:x:1:service/" + r)})
	}
	for _, n := range tasks {
		c.Tasks = append(c.Tasks, ecstypes.Task{
			TaskArn: new(fmt.Sprintf("task/%d", n)), LastStatus: new("RUNNING"), StartedAt: &since,
			Attachments: []ecstypes.Attachment{{Details: []ecstypes.KeyValuePair{{Name: new("privateIPv4Address"), Value: new(fmt.Sprintf("10.0.0.%d", n))}}}},
		})
	}
	return c
}

// expect asks the gate and compares its news; none is a pass.
func expect(t *testing.T, g *discovery.Gate, c ecs.Candidate, want string) {
	t.Helper()
	ok, news, err := g.Ready(t.Context(), c)
	if ok != (want == "") || news != want || err != nil {
		t.Errorf("got %v, %q, %v; want %q", ok, news, err, want)
	}
}

const waiting = "registered as name-srv-1, waiting for the DNS TTL of 1m0s to pass"

func TestAGateWaitsForTheLastRegistrationAndItsTTL(t *testing.T) { // T30
	synctest.Test(t, func(t *testing.T) {
		f := &finder{}
		g := discovery.NewGate(f)
		c := ready("d1", time.Now(), []string{"srv-1"}, 1, 2)
		expect(t, g, c, "0 of 2 tasks registered as name-srv-1")
		f.register("srv-1", "2", "") // by its id alone
		f.register("srv-1", "old", "10.0.0.9")
		expect(t, g, c, "1 of 2 tasks registered as name-srv-1")
		time.Sleep(50 * time.Second)
		f.register("srv-1", "one", "10.0.0.1")
		expect(t, g, c, waiting)
		time.Sleep(59 * time.Second)
		expect(t, g, c, waiting)
		time.Sleep(time.Second)
		expect(t, g, c, "")
		expect(t, g, c, "") // it does not forget that it was open
		if f.gets != 1 {
			t.Errorf("the registry was read %d times", f.gets)
		}
		registered := f.instances["srv-1"]
		f.instances["srv-1"] = registered[:1]
		expect(t, g, c, "1 of 2 tasks registered as name-srv-1")
		f.instances["srv-1"] = registered
		expect(t, g, c, waiting) // it was away, and resolvers may know that
	})
}

func TestWhatAGateRemembersIsOfOneDeployment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &finder{}
		g := discovery.NewGate(f)
		f.register("srv-1", "1", "")
		f.register("srv-1", "2", "")
		f.register("srv-1", "3", "")
		first := ready("d1", time.Now(), []string{"srv-1"}, 1)
		expect(t, g, first, waiting)
		time.Sleep(time.Minute)
		expect(t, g, first, "")
		expect(t, g, ready("d1", time.Now(), []string{"srv-1"}, 2), waiting) // T29: the task was replaced
		time.Sleep(time.Minute)
		expect(t, g, ready("d1", time.Now(), []string{"srv-1"}, 2), "")
		expect(t, g, ready("d2", time.Now(), []string{"srv-1"}, 3), waiting)
		if f.gets != 2 {
			t.Errorf("the registry, whose TTL can change, was read %d times for two deployments", f.gets)
		}
		time.Sleep(2 * time.Hour)
		other := ready("d9", time.Now(), []string{"srv-1"}, 1)
		other.Service.ServiceArn = new("arn/other")
		expect(t, g, other, waiting)
		expect(t, g, ready("d2", time.Now(), []string{"srv-1"}, 3), waiting) // forgotten meanwhile
	})
}

func TestALongRunningServiceCostsNoWaiting(t *testing.T) { // T5
	synctest.Test(t, func(t *testing.T) {
		f := &finder{}
		g := discovery.NewGate(f)
		c := ready("d1", time.Now().Add(-time.Hour), []string{"srv-1"}, 1)
		expect(t, g, c, "0 of 1 tasks registered as name-srv-1")
		f.register("srv-1", "1", "")
		expect(t, g, c, waiting) // registered before our eyes, however old the task is
		c = ready("d2", time.Now().Add(-time.Hour), []string{"srv-1"}, 1)
		expect(t, g, c, "")
	})
}

func TestEveryRegistryHasToKnowTheTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &finder{}
		g := discovery.NewGate(f)
		c := ready("d1", time.Now(), []string{"srv-1", "srv-2"}, 1)
		f.register("srv-1", "1", "")
		expect(t, g, c, waiting+"; 0 of 1 tasks registered as name-srv-2")
		time.Sleep(time.Minute)
		expect(t, g, c, "0 of 1 tasks registered as name-srv-2")
		f.register("srv-2", "1", "")
		time.Sleep(time.Minute)
		expect(t, g, c, "registered as name-srv-2, waiting for the DNS TTL of 1m0s to pass")
	})
}

func TestAGateThatHasNothingToCheckMakesNoCall(t *testing.T) {
	f := &finder{getErr: errors.New("called"), listErr: errors.New("called")}
	g := discovery.NewGate(f)
	expect(t, g, ready("d", time.Now(), nil, 1), "")
	expect(t, g, ready("d", time.Now(), []string{"srv-1"}), "")
	blind := ready("d", time.Now(), []string{"srv-1"}, 1)
	blind.Tasks = nil // T50
	expect(t, g, blind, "0 of 1 running tasks are known; seeing them takes ecs:ListTasks and ecs:DescribeTasks")
}

func TestErrorsOfAGateNameServiceAndRegistry(t *testing.T) { // T50
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	tests := map[string]struct {
		finder *finder
		want   string
	}{
		"a registry that may not be read":  {&finder{getErr: denied}, "check registry srv-1 of service backend: no permission: grant servicediscovery:GetService to whoever runs this: api error AccessDeniedException: no"},
		"instances that may not be listed": {&finder{listErr: denied}, "check registry name-srv-1 of service backend: list instances: no permission: grant servicediscovery:ListInstances to whoever runs this: api error AccessDeniedException: no"},
		"a registry that is gone":          {&finder{getErr: &types.ServiceNotFound{Message: new("gone")}}, "check registry srv-1 of service backend: ServiceNotFound: gone"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := discovery.NewGate(tt.finder).Ready(t.Context(), ready("d", time.Now(), []string{"srv-1"}, 1))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAGateServesSeveralRolloutsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &finder{}
		f.register("srv-1", "1", "")
		g := discovery.NewGate(f)
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				c := ready("d", time.Now(), []string{"srv-1"}, 1)
				c.Service.ServiceArn = new(fmt.Sprint("arn/", i%5))
				for range 13 {
					if _, _, err := g.Ready(t.Context(), c); err != nil {
						t.Error(err)
					}
					time.Sleep(5 * time.Second)
				}
				expect(t, g, c, "")
			})
		}
		group.Wait()
	})
}
