// Package discovery lets the services of an environment find one another by
// name: it keeps one AWS Cloud Map service for each ECS service, and holds a
// rollout back until a name really resolves to the new tasks.
//
//	names := discovery.New(servicediscovery.NewFromConfig(cfg), discovery.Options{
//		Namespace: "automation-master.local",
//		Tags:      map[string]string{"Environment": "automation-master"},
//	})
//	registries, err := names.Ensure(ctx, []discovery.Service{{Name: "backend"}})
//	if err != nil { ... }
//	settings.ServiceRegistries = []types.ServiceRegistry{registries["backend"]} // of ecs.Service
//
// [Namespace.Plan] and [Namespace.Apply] are the same in two steps, and
// [Namespace.PlanDelete] plans the way back. What does not carry the tags is
// somebody else's: it is neither changed nor removed. A [Gate] is for
// ecs.Options.Gates.
//
// It makes no namespaces, and it neither registers nor deregisters the tasks of
// a running service, which ECS does itself.
package discovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/ecs/internal/grant"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

// Reader is what planning needs of an [sd.Client].
type Reader interface {
	ListNamespaces(context.Context, *sd.ListNamespacesInput, ...func(*sd.Options)) (*sd.ListNamespacesOutput, error)
	ListServices(context.Context, *sd.ListServicesInput, ...func(*sd.Options)) (*sd.ListServicesOutput, error)
	ListTagsForResource(context.Context, *sd.ListTagsForResourceInput, ...func(*sd.Options)) (*sd.ListTagsForResourceOutput, error)
	ListInstances(context.Context, *sd.ListInstancesInput, ...func(*sd.Options)) (*sd.ListInstancesOutput, error)
	GetOperation(context.Context, *sd.GetOperationInput, ...func(*sd.Options)) (*sd.GetOperationOutput, error)
}

// Writer is what applying needs of an [sd.Client].
type Writer interface {
	CreateService(context.Context, *sd.CreateServiceInput, ...func(*sd.Options)) (*sd.CreateServiceOutput, error)
	UpdateService(context.Context, *sd.UpdateServiceInput, ...func(*sd.Options)) (*sd.UpdateServiceOutput, error)
	DeleteService(context.Context, *sd.DeleteServiceInput, ...func(*sd.Options)) (*sd.DeleteServiceOutput, error)
	DeregisterInstance(context.Context, *sd.DeregisterInstanceInput, ...func(*sd.Options)) (*sd.DeregisterInstanceOutput, error)
}

// API is all that a Namespace uses; an [*sd.Client] has it.
type API interface {
	Reader
	Writer
}

// Options tune a Namespace. Namespace and Tags must be given; the zero value of
// every other field is its default.
type Options struct {
	// Namespace is the name of a DNS namespace that exists, such as
	// "automation-master.local", or its id ("ns-...").
	Namespace string
	// Tags are what created services carry, and what a service must carry, all of
	// them, to be changed or removed. There must be at least one.
	Tags map[string]string
	// Progress hears of each service: operation "ecs.discovery". A nil one is silence.
	Progress progress.Func
	// PollInterval is the time between two looks at what Cloud Map has under
	// way; default 2 s.
	PollInterval time.Duration
	// Timeout is how long one service may take to be changed or removed; default 5 min.
	Timeout time.Duration
	// Writes limits the services that are written at once; default 4.
	Writes int
}

// Namespace plans and applies the services of one Cloud Map namespace.
type Namespace struct {
	api  API
	opts Options
}

// New returns a Namespace that talks to Cloud Map through api.
func New(api API, opts Options) *Namespace {
	if opts.PollInterval <= 0 {
		opts.PollInterval = 2 * time.Second
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 5 * time.Minute
	}
	if opts.Writes <= 0 {
		opts.Writes = 4
	}
	return &Namespace{api: api, opts: opts}
}

// What can be wrong with a plan or with what it finds.
var (
	// ErrNoTags: Options.Tags is empty, so that nothing could be told apart.
	ErrNoTags = errors.New("no tags: set Options.Tags to what the environment's resources carry")
	// ErrNoNamespace: there is no DNS namespace of that name or id, or more than one.
	ErrNoNamespace = errors.New("no such DNS namespace")
	// ErrConflict: the plan holds a service that cannot become what is wanted.
	ErrConflict = errors.New("conflict")
)

// namespace is what ListNamespaces tells of ours.
type namespace struct{ id, name string }

// find returns the namespace that the options name.
func (n *Namespace) find(ctx context.Context) (namespace, error) {
	fail := func(err error) (namespace, error) {
		return namespace{}, fmt.Errorf("find namespace %s: %w", n.opts.Namespace, err)
	}
	if len(n.opts.Tags) == 0 {
		return fail(ErrNoTags)
	}
	byID := strings.HasPrefix(n.opts.Namespace, "ns-")
	in := &sd.ListNamespacesInput{}
	if !byID {
		in.Filters = []types.NamespaceFilter{{Name: types.NamespaceFilterNameName, Values: []string{n.opts.Namespace}}}
	}
	var found []namespace
	http := false
	for pages := sd.NewListNamespacesPaginator(n.api, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fail(grant.Explain(err, "servicediscovery:ListNamespaces"))
		}
		for _, ns := range page.Namespaces {
			match := ptr.Value(ns.Name) == n.opts.Namespace
			if byID {
				match = ptr.Value(ns.Id) == n.opts.Namespace
			}
			switch {
			case match && ns.Type == types.NamespaceTypeHttp:
				http = true
			case match:
				found = append(found, namespace{ptr.Value(ns.Id), ptr.Value(ns.Name)})
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return fail(fmt.Errorf("%w: %s and %s have that name; give an id", ErrNoNamespace, found[0].id, found[1].id))
	case http:
		return fail(fmt.Errorf("%w: it is an HTTP namespace, whose services have no DNS name", ErrNoNamespace))
	}
	return fail(ErrNoNamespace)
}

// list returns the services of ns, by lower-case name: DNS knows no case.
func (n *Namespace) list(ctx context.Context, ns namespace) (map[string]types.ServiceSummary, error) {
	services := make(map[string]types.ServiceSummary)
	pages := sd.NewListServicesPaginator(n.api, &sd.ListServicesInput{
		Filters: []types.ServiceFilter{{Name: types.ServiceFilterNameNamespaceId, Values: []string{ns.id}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list services of namespace %s: %w", ns.name, grant.Explain(err, "servicediscovery:ListServices"))
		}
		for _, s := range page.Services {
			services[strings.ToLower(ptr.Value(s.Name))] = s
		}
	}
	return services, nil
}

// ours reports whether s carries all of Options.Tags.
func (n *Namespace) ours(ctx context.Context, s types.ServiceSummary) (bool, error) {
	out, err := n.api.ListTagsForResource(ctx, &sd.ListTagsForResourceInput{ResourceARN: s.Arn})
	if err != nil {
		return false, fmt.Errorf("read tags of service %s: %w", ptr.Value(s.Name), grant.Explain(err, "servicediscovery:ListTagsForResource"))
	}
	for key, want := range n.opts.Tags {
		carries := func(t types.Tag) bool { return ptr.Value(t.Key) == key && ptr.Value(t.Value) == want }
		if !slices.ContainsFunc(out.Tags, carries) {
			return false, nil
		}
	}
	return true, nil
}
