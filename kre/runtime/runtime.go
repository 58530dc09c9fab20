// Package runtime brings up KRE runtimes and takes them down again: each has a hosted
// zone, a namespace and a helm release.
//
// [Manager.Plan] compares runtimes with what there is and only reads;
// [Manager.Apply] does what the plan says, several runtimes at once:
//
//	runtimes := runtime.New(runtime.Kubernetes{Client: clientset}, engine, zones, runtime.Options{Environment: "kre-dev"})
//	plan, err := runtimes.Plan(ctx, []runtime.Runtime{{Name: "kre-tnba", Domain: "example.net", Kind: runtime.Development, ...}})
//	if err != nil { ... }
//	fmt.Print(plan)
//	result, err := runtimes.Apply(ctx, plan)
//
// [Manager.PlanDelete] names what would go, volumes and DNS records included, and
// [Manager.ApplyDelete] takes it down so that nothing is left behind. Runtimes of
// production are refused, and those with similar names are never touched.
//
// [Runtime] has the settings that this package knows, of two generations of the KRE
// chart; it renders its values in [Runtime.Release]. It brings neither the cluster nor
// the charts that runtimes share (package kre/charts), and makes no backups.
package runtime

import (
	"context"
	"time"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/progress"
)

// Engine keeps releases; a [*kre.Engine] does.
type Engine interface {
	Plan(context.Context, []kre.Release) (kre.Plan, error)
	Apply(context.Context, kre.Plan) (kre.Result, error)
	PlanUninstall(context.Context, []kre.Release) (kre.Plan, error)
	ApplyUninstall(context.Context, kre.Plan) (kre.Result, error)
}

// Zones keeps hosted zones; a [*zone.Manager] does. Its own options say which
// environment they are of, which records are those of external-dns, and which zone of
// production may be deleted.
type Zones interface {
	Plan(context.Context, zone.Spec) (zone.Plan, error)
	Apply(context.Context, zone.Plan) (zone.Result, error)
	PlanDelete(context.Context, zone.Spec) (zone.Deletion, error)
	ApplyDelete(context.Context, zone.Deletion) (zone.Deleted, error)
}

var (
	_ Engine = (*kre.Engine)(nil)
	_ Zones  = (*zone.Manager)(nil)
)

// Options tune a Manager. All but Environment may be left out.
type Options struct {
	// Environment is what the label LabelEnvironment of a namespace says where it is
	// ours, such as "kre-dev". It is required.
	Environment string
	// Progress hears of each runtime: operation "kre.runtime". A nil one is silence.
	Progress progress.Func
	// Tags are given to hosted zones; default none.
	Tags map[string]string
	// Parallel is how many runtimes are worked on at once; default 4.
	Parallel int
	// DeleteNamespaces lets ApplyDelete delete namespaces that carry our labels, with all
	// that is in them: volume claims, and what the runtime made itself. Others stay.
	DeleteNamespaces bool
	// Production are the words that mark a runtime of production, beside its Kind,
	// where its name or the Environment has one as a word of its own. Default, also for
	// an empty list, "production", "prod", "master" and "main".
	Production []string
	// AllowProduction are the names of the runtimes of production that may be
	// destroyed. Default none.
	AllowProduction []string
	// PollInterval is the time between two looks at what is going; default 5 s.
	PollInterval time.Duration
	// Timeout is how long load balancers, and then a namespace, may take to go;
	// default 10 min each.
	Timeout time.Duration
}

// Manager keeps the runtimes of one cluster. It is safe for concurrent use.
type Manager struct {
	cluster Cluster
	engine  Engine
	zones   Zones
	opts    Options
}

// New returns a Manager for the runtimes of a cluster.
func New(cluster Cluster, engine Engine, zones Zones, opts Options) *Manager {
	if opts.Parallel <= 0 {
		opts.Parallel = 4
	}
	if opts.PollInterval <= 0 {
		opts.PollInterval = 5 * time.Second
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 10 * time.Minute
	}
	return &Manager{cluster: cluster, engine: engine, zones: zones, opts: opts}
}

// Op is the operation of the events; their subject is a runtime.
const Op = "kre.runtime"

func (m *Manager) emit(runtime string, state progress.State, message string, err error) {
	m.opts.Progress.Emit(progress.Event{Op: Op, Subject: runtime, State: state, Message: message, Err: err})
}

// spec is the zone of a runtime.
func (m *Manager) spec(r Runtime) zone.Spec {
	return zone.Spec{Name: r.Zone(), Parent: r.Domain, ID: r.ZoneID, ParentID: r.DomainZoneID, Tags: m.opts.Tags}
}

func (m *Manager) labels(r Runtime) map[string]string {
	return map[string]string{LabelEnvironment: m.opts.Environment, LabelRuntime: r.Name}
}

// owns reports whether a namespace says that it is ours, and of this runtime.
func (m *Manager) owns(r Runtime, ns Namespace) bool {
	return ns.Exists && ns.Labels[LabelEnvironment] == m.opts.Environment && ns.Labels[LabelRuntime] == r.Name
}
