package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/progress"
)

// world is a cluster, an engine and a Route 53, with an external-dns that makes
// records for what is exposed and, as with its policy upsert-only, removes none.
type world struct {
	*testing.T
	cloud  *route53test.Cloud
	parent string
	events progress.Recorder

	mu         sync.Mutex
	namespaces map[string]*space
	releases   map[string]string // their values, by name
	planned    []string          // values of planned releases
	log        []string          // writes to the cluster, in order
	serial     int
	// strike is asked before and after the effect of each call; nil lets it through.
	strike func(op, name string, after bool) error
	// stuck keeps what is exposed from going; own is whether runtimes expose something themselves.
	stuck, own bool
}

// space is a namespace.
type space struct {
	runtime.Namespace
	goneAt  time.Time // zero: it stays
	exposed []thing
	volumes []runtime.Volumed
}

type thing struct {
	runtime.Object
	release bool
	goneAt  time.Time
}

const (
	slow = 40 * time.Second // how long a load balancer takes to go
	env8 = "kre-dev-dns"    // owner id of external-dns
)

// bubble runs test in a world on virtual time.
func bubble(t *testing.T, opts route53test.Options, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, cloud: route53test.New(opts), namespaces: map[string]*space{}, releases: map[string]string{}, own: true}
		w.parent = w.cloud.AddZone(domain)
		test(w)
	})
}

func (w *world) manager(change ...func(*runtime.Options)) *runtime.Manager {
	opts := runtime.Options{Environment: env, Progress: w.events.Record, DeleteNamespaces: true}
	for _, c := range change {
		c(&opts)
	}
	zones := zone.New(w.cloud.Client(), zone.Options{Environment: opts.Environment, Registry: zone.Registry{Owner: env8}, Rate: 1000})
	return runtime.New(w, w, zones, opts)
}

// call runs effect under the lock of the world.
func (w *world) call(ctx context.Context, op, name string, effect func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	w.catchUp()
	if w.strike != nil {
		if err := w.strike(op, name, false); err != nil {
			return err
		}
	}
	if err := effect(); err != nil {
		return err
	}
	if w.strike != nil {
		return w.strike(op, name, true)
	}
	return nil
}

func (w *world) catchUp() {
	now := time.Now()
	over := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	for name, ns := range w.namespaces {
		ns.exposed = slices.DeleteFunc(ns.exposed, func(x thing) bool { return over(x.goneAt) && !w.stuck })
		if over(ns.goneAt) {
			delete(w.namespaces, name)
		}
	}
}

func (w *world) write(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *world) Namespace(ctx context.Context, name string) (ns runtime.Namespace, err error) {
	err = w.call(ctx, "Namespace", name, func() error {
		if s := w.namespaces[name]; s != nil {
			ns = s.Namespace
		}
		return nil
	})
	return ns, err
}

func (w *world) CreateNamespace(ctx context.Context, name string, labels map[string]string) error {
	return w.call(ctx, "CreateNamespace", name, func() error {
		w.write("create namespace %s", name)
		if w.namespaces[name] == nil {
			w.add(name, labels)
		}
		return nil
	})
}

func (w *world) add(name string, labels map[string]string) *space {
	w.serial++
	s := &space{Namespace: runtime.Namespace{Exists: true, UID: fmt.Sprint("uid-", w.serial), Labels: labels}}
	w.namespaces[name] = s
	return s
}

func (w *world) DeleteNamespace(ctx context.Context, name, uid string) error {
	return w.call(ctx, "DeleteNamespace", name, func() error {
		w.write("delete namespace %s", name)
		if s := w.namespaces[name]; s != nil && s.UID == uid && !s.Terminating {
			s.Terminating, s.goneAt = true, time.Now().Add(slow)
			for i := range s.exposed {
				s.exposed[i].going()
			}
		}
		return nil
	})
}

func (x *thing) going() {
	if !x.Going {
		x.Going, x.goneAt = true, time.Now().Add(slow)
	}
}

func (w *world) Volumes(ctx context.Context, namespace string) (v []runtime.Volumed, err error) {
	err = w.call(ctx, "Volumes", namespace, func() error {
		if s := w.namespaces[namespace]; s != nil {
			v = slices.Clone(s.volumes)
		}
		return nil
	})
	return v, err
}

func (w *world) Exposed(ctx context.Context, namespace string) (objects []runtime.Object, err error) {
	err = w.call(ctx, "Exposed", namespace, func() error {
		if s := w.namespaces[namespace]; s != nil {
			for _, x := range s.exposed {
				objects = append(objects, x.Object)
			}
		}
		return nil
	})
	return objects, err
}

func (w *world) Unexpose(ctx context.Context, namespace string, objects []runtime.Object) error {
	return w.call(ctx, "Unexpose", namespace, func() error {
		for _, o := range objects {
			w.write("delete %s/%s", namespace, o)
			for i, x := range w.namespaces[namespace].exposed {
				if x.UID == o.UID {
					w.namespaces[namespace].exposed[i].going()
				}
			}
		}
		return nil
	})
}

// hash is what a release is compared by.
func hash(r kre.Release) string {
	text, err := json.Marshal([]any{r.Chart, r.Values, r.Secrets})
	return fmt.Sprint(string(text), err)
}

func (w *world) Plan(ctx context.Context, releases []kre.Release) (plan kre.Plan, err error) {
	for _, r := range releases {
		err = errors.Join(err, w.call(ctx, "Plan", r.Name, func() error {
			w.planned = append(w.planned, hash(r))
			c := kre.Change{Release: r.Name, Namespace: r.Namespace, Action: kre.Install, Chart: hash(r)}
			switch w.releases[r.Name] {
			case "":
			case hash(r):
				c.Action = kre.Keep
			default:
				c.Action = kre.Upgrade
			}
			plan.Changes = append(plan.Changes, c)
			return nil
		}))
	}
	return plan, err
}

func (w *world) Apply(ctx context.Context, plan kre.Plan) (kre.Result, error) {
	var result kre.Result
	var errs []error
	for _, c := range plan.Changes {
		o := kre.Outcome{Release: c.Release, Namespace: c.Namespace, Action: c.Action}
		o.Err = w.call(ctx, "Apply", c.Release, func() error {
			ns := w.namespaces[c.Namespace]
			if ns == nil {
				return fmt.Errorf("namespace %s does not exist", c.Namespace)
			}
			if c.Action == kre.Keep {
				return nil
			}
			w.write("%s %s", c.Action, c.Release)
			w.releases[c.Release], o.Changed, o.After = c.Chart, true, "deployed"
			if len(ns.exposed) == 0 {
				w.run(c.Release, ns)
			}
			return nil
		})
		errs = append(errs, o.Err)
		result.Releases = append(result.Releases, o)
	}
	return result, errors.Join(errs...)
}

// run is what a runtime and external-dns do once the release is there.
func (w *world) run(name string, ns *space) {
	w.serial++
	ns.exposed = append(ns.exposed, thing{Object: runtime.Object{Kind: "Ingress", Name: name + "-api", UID: fmt.Sprint("uid-", w.serial), Release: name}, release: true})
	if w.own {
		ns.exposed = append(ns.exposed, thing{Object: runtime.Object{Kind: "Ingress", Name: "v1-entrypoint", UID: fmt.Sprint("uid-", w.serial, "b")}})
	}
	ns.volumes = []runtime.Volumed{
		{Claim: "admin-api", Size: "1Gi", Class: "gp2", Volume: "pv-1-" + name, Policy: "Delete", Release: name},
		{Claim: "data-mongo-0", Size: "20Gi", Class: "hostpath", Volume: "pv-2-" + name, Policy: "Retain"},
	}
	for _, kind := range []string{"-dev", ""} {
		for _, id := range w.cloud.Zones(name + kind + "." + domain) {
			host := name + kind + "." + domain
			note := `"heritage=external-dns,external-dns/owner=` + env8 + `,external-dns/resource=ingress/` + name + `/x"`
			for _, label := range []string{"api.", "v1-entrypoint."} {
				err := w.cloud.Put(id, route53test.Alias(label+host, "A", "lb.net"), route53test.Record("cname-"+label+host, "TXT", note))
				if err != nil {
					w.Error(err)
				}
			}
		}
	}
}

func (w *world) PlanUninstall(ctx context.Context, releases []kre.Release) (plan kre.Plan, err error) {
	for _, r := range releases {
		err = errors.Join(err, w.call(ctx, "PlanUninstall", r.Name, func() error {
			c := kre.Change{Release: r.Name, Namespace: r.Namespace, Action: kre.Keep}
			if w.releases[r.Name] != "" {
				c.Action = kre.Uninstall
			}
			plan.Changes = append(plan.Changes, c)
			return nil
		}))
	}
	return plan, err
}

func (w *world) ApplyUninstall(ctx context.Context, plan kre.Plan) (kre.Result, error) {
	var result kre.Result
	for _, c := range plan.Changes {
		err := w.call(ctx, "Uninstall", c.Release, func() error {
			w.write("uninstall %s", c.Release)
			delete(w.releases, c.Release)
			if ns := w.namespaces[c.Namespace]; ns != nil {
				for i := range ns.exposed {
					if ns.exposed[i].release {
						ns.exposed[i].going()
					}
				}
			}
			return nil
		})
		if err != nil {
			return result, err
		}
		result.Releases = append(result.Releases, kre.Outcome{Release: c.Release, Action: c.Action, Changed: true})
	}
	return result, nil
}

// apply plans and applies.
func apply(ctx context.Context, m *runtime.Manager, runtimes ...runtime.Runtime) (runtime.Result, error) {
	plan, err := m.Plan(ctx, runtimes)
	if err != nil {
		return runtime.Result{}, err
	}
	return m.Apply(ctx, plan)
}

// destroy plans and destroys.
func destroy(ctx context.Context, m *runtime.Manager, runtimes ...runtime.Runtime) (runtime.Deleted, error) {
	plan, err := m.PlanDelete(ctx, runtimes)
	if err != nil {
		return runtime.Deleted{}, err
	}
	return m.ApplyDelete(ctx, plan)
}

// up brings runtimes up.
func (w *world) up(runtimes ...runtime.Runtime) {
	w.Helper()
	if _, err := apply(w.Context(), w.manager(), runtimes...); err != nil {
		w.Fatal(err)
	}
}

// state is everything that there is, as lines.
func (w *world) state() (lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.catchUp()
	for name, ns := range w.namespaces {
		lines = append(lines, fmt.Sprint("namespace ", name, " ", ns.Labels, " ", len(ns.exposed), " exposed, terminating ", ns.Terminating))
	}
	for name := range w.releases {
		lines = append(lines, "release "+name)
	}
	for _, s := range w.cloud.Records(w.parent) {
		lines = append(lines, fmt.Sprint("record ", *s.Name, " ", s.Type))
		if *s.Name == domain+"." {
			continue
		}
		for _, id := range w.cloud.Zones(strings.TrimSuffix(*s.Name, ".")) {
			lines = append(lines, fmt.Sprint("zone ", *s.Name, " with ", len(w.cloud.Records(id)), " records"))
		}
	}
	slices.Sort(lines)
	return lines
}
