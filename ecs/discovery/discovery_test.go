package discovery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// bench is a cloud with the namespace demo.local.
type bench struct {
	*testing.T
	cloud  *ecstest.Cloud
	client *sd.Client
	names  *discovery.Namespace
	events progress.Recorder
}

func newBench(t *testing.T, opts ecstest.Options) *bench {
	t.Helper()
	b := &bench{T: t, cloud: ecstest.New(opts)}
	b.cloud.AddCluster(cluster)
	b.cloud.AddNamespace("demo.local")
	b.client = sd.NewFromConfig(b.cloud.Config())
	b.names = b.open("demo.local")
	return b
}

var tags = map[string]string{"Environment": "demo", "Project": "p"}

func (b *bench) open(namespace string) *discovery.Namespace {
	return discovery.New(b.client, discovery.Options{Namespace: namespace, Tags: tags, Progress: b.events.Record})
}

// foreign makes a service with one of the two tags, as a neighbour might.
func (b *bench) foreign(name string) *types.Service {
	b.Helper()
	spaces, err := b.client.ListNamespaces(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	out, err := b.client.CreateService(b.Context(), &sd.CreateServiceInput{
		Name: &name, NamespaceId: spaces.Namespaces[0].Id, Tags: []types.Tag{{Key: new("Environment"), Value: new("demo")}, {Key: new("Project"), Value: new("other")}},
		DnsConfig: &types.DnsConfig{DnsRecords: []types.DnsRecord{{Type: "A", TTL: new(int64(10))}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return out.Service
}

// leave registers an instance that nobody takes off again.
func (b *bench) leave(arn, id string) {
	b.Helper()
	_, err := b.client.RegisterInstance(b.Context(), &sd.RegisterInstanceInput{
		ServiceId: new(arn[strings.LastIndexByte(arn, '/')+1:]), InstanceId: &id, Attributes: map[string]string{"AWS_INSTANCE_IPV4": "10.1.1.1"},
	})
	if err != nil {
		b.Fatal(err)
	}
	time.Sleep(10 * time.Second)
}

func (b *bench) ensure(services ...discovery.Service) map[string]string {
	b.Helper()
	registries, err := b.names.Ensure(b.Context(), services)
	if err != nil {
		b.Fatal(err)
	}
	arns := make(map[string]string)
	for name, r := range registries {
		arns[name] = *r.RegistryArn
	}
	return arns
}

func (b *bench) left() []string {
	b.Helper()
	var names []string
	for pages := sd.NewListServicesPaginator(b.client, &sd.ListServicesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range page.Services {
			names = append(names, *s.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (b *bench) writes() int {
	n := 0
	for _, op := range []string{"CreateService", "UpdateService", "DeleteService", "DeregisterInstance"} {
		n += b.cloud.Calls("servicediscovery:" + op)
	}
	return n
}

func TestServicesAreEnsuredUpdatedKeptAndRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		want := []discovery.Service{{Name: "backend", HealthCheck: true}, {Name: "web", Record: "SRV", Port: 8080, TTL: time.Minute}}
		arns := b.ensure(want...)
		if got := slices.Sorted(maps.Keys(arns)); !slices.Equal(got, []string{"backend", "web"}) {
			t.Fatalf("registries of %v", got)
		}
		writes := b.writes()
		if again := b.ensure(want...); !maps.Equal(arns, again) || b.writes() != writes {
			t.Errorf("the same again: %v, %d writes", again, b.writes()-writes)
		}

		want[1].TTL = 5 * time.Second
		plan, err := b.names.Plan(t.Context(), want)
		if err != nil || plan.String() != "namespace demo.local: 0 to create, 1 to update, 0 to delete, 1 unchanged\n  ~ web  TTL 1m0s -> 5s\n" {
			t.Errorf("plan %v\n%s", err, plan)
		}
		read := discovery.Plan{}
		if b, err := json.Marshal(plan); err != nil || json.Unmarshal(b, &read) != nil {
			t.Error("a plan does not survive JSON")
		}
		result, err := b.names.Apply(t.Context(), read)
		if err != nil || len(result.Services) != 2 || result.Services[0].State != progress.Unchanged || result.Services[1].State != progress.Done {
			t.Errorf("result %+v, %v", result, err)
		}
		if plan, err = b.names.Plan(t.Context(), want); err != nil || !plan.Empty() {
			t.Errorf("after the update, %v:\n%s", err, plan)
		}

		b.foreign("neighbour")
		b.leave(arns["backend"], "dead-1")
		b.leave(arns["backend"], "dead-2")
		plan, err = b.names.PlanDelete(t.Context())
		if err != nil || plan.String() != "namespace demo.local: 0 to create, 0 to update, 2 to delete, 0 unchanged\n  - backend  2 instances left\n  - web\n" {
			t.Errorf("removal %v\n%s", err, plan)
		}
		if result, err = b.names.Apply(t.Context(), plan); err != nil || len(result.Registries()) != 0 {
			t.Errorf("removed %+v, %v", result, err)
		}
		if d := cmp.Diff([]string{"neighbour"}, b.left()); d != "" {
			t.Errorf("left (-want +got):\n%s", d)
		}
		if result, err = b.names.Apply(t.Context(), plan); err != nil {
			t.Errorf("removing again: %+v, %v", result, err)
		}
	})
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	b.foreign("backend")
	const remedy = "service backend.demo.local: conflict: belongs to somebody else; tag it Environment=demo and Project=p to hand it over"
	tests := map[string]func() (discovery.Plan, error){
		"where it is wanted with another TTL": func() (discovery.Plan, error) {
			return b.names.Plan(t.Context(), []discovery.Service{{Name: "backend", TTL: time.Hour}, {Name: "web"}})
		},
		"where it equals what is wanted": func() (discovery.Plan, error) {
			return b.names.Plan(t.Context(), []discovery.Service{{Name: "Backend"}})
		},
		"where it is to go": func() (discovery.Plan, error) { return b.names.PlanDelete(t.Context(), "backend", "none") },
	}
	for name, plan := range tests {
		t.Run(name, func(t *testing.T) {
			writes := b.writes()
			p, err := plan()
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.names.Apply(t.Context(), p)
			if !errors.Is(err, discovery.ErrConflict) || !strings.EqualFold(err.Error(), "apply service discovery: "+remedy) || b.writes() != writes {
				t.Errorf("%d writes, error %v", b.writes()-writes, err)
			}
		})
	}
}

func TestAPlanIsHeldAgainstWhatIsThereNow(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	if _, err := b.names.Ensure(t.Context(), []discovery.Service{{Name: "backend"}}); err != nil {
		t.Fatal(err)
	}
	plan, err := b.names.PlanDelete(t.Context(), "backend")
	if err != nil {
		t.Fatal(err)
	}
	writes := b.writes()
	elsewhere := discovery.New(b.client, discovery.Options{Namespace: "other.local", Tags: map[string]string{"Environment": "demo", "Project": "p"}})
	if _, err := elsewhere.Apply(t.Context(), plan); !errors.Is(err, discovery.ErrConflict) {
		t.Errorf("a plan for another namespace: %v", err)
	}
	strict := discovery.New(b.client, discovery.Options{Namespace: plan.Namespace, Tags: map[string]string{"Environment": "somebody-elses"}})
	if _, err := strict.Apply(t.Context(), plan); !errors.Is(err, discovery.ErrConflict) || b.writes() != writes {
		t.Errorf("a service that is not ours: %v", err)
	}
}

func TestManyServicesInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		var services []discovery.Service
		for i := range 120 {
			services = append(services, discovery.Service{Name: fmt.Sprintf("s%03d", i)})
		}
		if n := len(b.ensure(services...)); n != 120 {
			t.Errorf("%d registries", n)
		}
		plan, err := b.names.PlanDelete(t.Context())
		if err != nil || len(plan.Changes) != 120 {
			t.Errorf("%d to remove, %v", len(plan.Changes), err)
		}
	})
}

func TestRemovalWaitsForWhatIsStillRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse int
		b := newBench(t, ecstest.Options{Before: func(op string, _ int) *ecstest.Error {
			if op == "servicediscovery:DeregisterInstance" && refuse > 0 {
				refuse--
				return &ecstest.Error{Code: "DuplicateRequest", Message: "already under way"}
			}
			return nil
		}})
		arns := b.ensure(discovery.Service{Name: "backend"})
		b.leave(arns["backend"], "dead")
		plan, err := b.names.PlanDelete(t.Context(), "backend")
		if err != nil {
			t.Fatal(err)
		}
		refuse = 3
		if _, err = b.names.Apply(t.Context(), plan); err != nil || b.left() != nil {
			t.Errorf("left %v, %v", b.left(), err)
		}

		arns = b.ensure(discovery.Service{Name: "backend"})
		b.leave(arns["backend"], "dead")
		if plan, err = b.names.PlanDelete(t.Context(), "backend"); err != nil {
			t.Fatal(err)
		}
		refuse = 1 << 30
		start := time.Now()
		_, err = b.names.Apply(t.Context(), plan)
		if !errors.Is(err, discovery.ErrTimeout) || !strings.HasPrefix(err.Error(), "delete service backend: not done in time (5m0s)") || time.Since(start) > 6*time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{Before: func(op string, n int) *ecstest.Error {
			if op == "servicediscovery:CreateService" && n == 2 {
				return &ecstest.Error{Code: "ResourceLimitExceeded", Message: "too many services"}
			}
			return nil
		}})
		b.names = discovery.New(b.client, discovery.Options{Namespace: "demo.local", Tags: tags, Writes: 1, Progress: b.events.Record})
		registries, err := b.names.Ensure(t.Context(), []discovery.Service{{Name: "a"}, {Name: "b"}, {Name: "c"}})
		if len(registries) != 2 || err == nil || !strings.Contains(err.Error(), "ResourceLimitExceeded: too many services") {
			t.Errorf("%d registries, %v", len(registries), err)
		}
		states := make(map[progress.State]int)
		for _, e := range b.events.Events() {
			states[e.State]++
		}
		if d := cmp.Diff(map[progress.State]int{progress.Running: 3, progress.Done: 2, progress.Failed: 1}, states); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}

// failing is a client whose operations come to nothing.
type failing struct{ *sd.Client }

func (failing) GetOperation(context.Context, *sd.GetOperationInput, ...func(*sd.Options)) (*sd.GetOperationOutput, error) {
	return &sd.GetOperationOutput{Operation: &types.Operation{
		Status: types.OperationStatusFail, ErrorCode: new("HOSTED_ZONE_NOT_FOUND"), ErrorMessage: new("the zone is gone"),
	}}, nil
}

func TestAnOperationThatFailsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		arns := b.ensure(discovery.Service{Name: "backend"})
		b.leave(arns["backend"], "dead")
		names := discovery.New(failing{b.client}, discovery.Options{Namespace: "demo.local", Tags: tags})
		_, updated := names.Ensure(t.Context(), []discovery.Service{{Name: "backend", TTL: time.Hour}})
		plan, err := names.PlanDelete(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, removed := names.Apply(t.Context(), plan)
		for verb, err := range map[string]error{"update": updated, "delete": removed} {
			if err == nil || !strings.HasPrefix(err.Error(), verb+" service backend: operation ") || !strings.HasSuffix(err.Error(), " failed: HOSTED_ZONE_NOT_FOUND: the zone is gone") {
				t.Errorf("%s: %v", verb, err)
			}
		}
	})
}

func TestACancelledRemovalEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecstest.Options{})
		arns := b.ensure(discovery.Service{Name: "backend"})
		b.leave(arns["backend"], "dead")
		plan, err := b.names.PlanDelete(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err = b.names.Apply(ctx, plan); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
