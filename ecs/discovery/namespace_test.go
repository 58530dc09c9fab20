package discovery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// spaces is a client that tells of other namespaces than the cloud has.
type spaces struct {
	*sd.Client
	all []types.NamespaceSummary
}

func (s spaces) ListNamespaces(context.Context, *sd.ListNamespacesInput, ...func(*sd.Options)) (*sd.ListNamespacesOutput, error) {
	return &sd.ListNamespacesOutput{Namespaces: s.all}, nil
}

func TestTheNamespaceIsFoundByNameOrID(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	id := b.cloud.AddNamespace("other.local")
	plan, err := b.open(id).Plan(t.Context(), []discovery.Service{{Name: "a"}})
	if err != nil || plan.Namespace != "other.local" || plan.NamespaceID != id {
		t.Errorf("by id: %+v, %v", plan, err)
	}
	ns := func(id string, kind types.NamespaceType) types.NamespaceSummary {
		return types.NamespaceSummary{Id: &id, Name: new("demo.local"), Type: kind}
	}
	tests := map[string]struct {
		api  discovery.API
		opts discovery.Options
		want string
		is   error
	}{
		"no such name": {
			b.client,
			discovery.Options{Namespace: "gone.local", Tags: tags},
			"plan service discovery: find namespace gone.local: no such DNS namespace", discovery.ErrNoNamespace,
		},
		"no such id": {
			b.client,
			discovery.Options{Namespace: "ns-x", Tags: tags},
			"plan service discovery: find namespace ns-x: no such DNS namespace", discovery.ErrNoNamespace,
		},
		"two of that name": {
			spaces{b.client, []types.NamespaceSummary{ns("ns-1", "DNS_PUBLIC"), ns("ns-2", "DNS_PRIVATE")}},
			discovery.Options{Namespace: "demo.local", Tags: tags},
			"plan service discovery: find namespace demo.local: no such DNS namespace: ns-1 and ns-2 have that name; give an id", discovery.ErrNoNamespace,
		},
		"one without DNS": {
			spaces{b.client, []types.NamespaceSummary{ns("ns-1", "HTTP")}},
			discovery.Options{Namespace: "demo.local", Tags: tags},
			"plan service discovery: find namespace demo.local: no such DNS namespace: it is an HTTP namespace, whose services have no DNS name", discovery.ErrNoNamespace,
		},
		"no tags": {
			b.client,
			discovery.Options{Namespace: "demo.local"},
			"plan service discovery: find namespace demo.local: no tags: set Options.Tags to what the environment's resources carry", discovery.ErrNoTags,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := discovery.New(tt.api, tt.opts).Plan(t.Context(), []discovery.Service{{Name: "a"}})
			if !errors.Is(err, tt.is) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestBadInputFailsBeforeAnyCall(t *testing.T) {
	b := newBench(t, ecstest.Options{})
	if _, err := b.names.Plan(t.Context(), []discovery.Service{{Name: "a b"}}); err == nil || b.cloud.Calls("servicediscovery:ListNamespaces") != 0 {
		t.Errorf("error %v after %d calls", err, b.cloud.Calls("servicediscovery:ListNamespaces"))
	}
	if plan, err := b.names.Plan(t.Context(), nil); err != nil || !plan.Empty() || b.cloud.Calls("servicediscovery:ListNamespaces") != 0 {
		t.Errorf("nothing wanted: %v, %v", plan, err)
	}
}

func TestMissingPermissionsAreNamed(t *testing.T) { // T50
	for _, op := range []string{
		"ListNamespaces", "ListServices", "ListTagsForResource", "CreateService", "UpdateService",
		"GetOperation", "ListInstances", "DeregisterInstance", "DeleteService",
	} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				denied := false
				b := newBench(t, ecstest.Options{Before: func(called string, _ int) *ecstest.Error {
					if denied && called == "servicediscovery:"+op {
						return &ecstest.Error{Code: "AccessDeniedException", Message: "no"}
					}
					return nil
				}})
				arns := b.ensure(discovery.Service{Name: "old"}, discovery.Service{Name: "dead"})
				b.leave(arns["dead"], "x")
				denied = true
				_, err := b.names.Ensure(t.Context(), []discovery.Service{{Name: "old", TTL: time.Hour}, {Name: "new"}})
				plan, planErr := b.names.PlanDelete(t.Context(), "dead")
				_, applyErr := b.names.Apply(t.Context(), plan)
				err = errors.Join(err, planErr, applyErr)
				if want := "no permission: grant servicediscovery:" + op + " to whoever runs this: "; err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			})
		})
	}
}
