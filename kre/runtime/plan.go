package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/zone"
)

// unknownZone stands in a planned release for the id of a zone that is not made yet.
const unknownZone = "known-after-apply"

// Plan is what Apply would do, in the order in which the runtimes were given.
type Plan struct {
	Runtimes []Change `json:"runtimes"`
}

// Change is what happens to one runtime, in this order.
type Change struct {
	Runtime string    `json:"runtime"`
	Hosts   Hosts     `json:"hosts"`
	Zone    zone.Plan `json:"zone"`
	// Namespace is whether the namespace is made. One that exists is used as it is.
	Namespace bool     `json:"namespace"`
	Release   kre.Plan `json:"release"`
	Notes     []string `json:"notes,omitempty"`

	runtime *Runtime // nil in a plan that somebody wrote
	unknown bool     // the release was planned without the id of its zone
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Runtimes, func(c Change) bool { return !c.Empty() })
}

// Empty reports whether nothing would happen to the runtime.
func (c Change) Empty() bool { return c.Zone.Empty() && !c.Namespace && c.Release.Empty() }

// String shows the plan as people read it.
func (p Plan) String() string {
	var b strings.Builder
	for _, c := range p.Runtimes {
		if c.Empty() {
			fmt.Fprintf(&b, "runtime %s: unchanged\n", c.Runtime)
		} else {
			fmt.Fprintf(&b, "runtime %s: %s, %s\n", c.Runtime, c.Hosts.Admin, c.Hosts.API)
		}
		indent(&b, c.Zone.String())
		if c.Namespace {
			fmt.Fprintf(&b, "  + namespace %s\n", c.Runtime)
		}
		if !c.Release.Empty() {
			indent(&b, c.Release.String())
		}
		for _, n := range c.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n)
		}
	}
	return b.String()
}

func indent(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
}

// Plan compares runtimes with what there is. It only reads.
//
// All that is wrong with any of the runtimes is said before the first call. After
// that, each runtime that cannot be planned is a [*Error] of the joined error,
// and there is no plan.
func (m *Manager) Plan(ctx context.Context, runtimes []Runtime) (Plan, error) {
	if err := m.check(runtimes, Runtime.Check); err != nil {
		return Plan{}, err
	}
	plan := Plan{Runtimes: make([]Change, len(runtimes))}
	err := m.each(len(runtimes), func(i int) error {
		c, step, err := m.plan(ctx, runtimes[i])
		plan.Runtimes[i] = c
		return runtimes[i].fail(step, err)
	})
	if err != nil {
		return Plan{}, err
	}
	return plan, nil
}

func (m *Manager) check(runtimes []Runtime, check func(Runtime) error) error {
	err := checkAll(runtimes, check)
	if m.opts.Environment == "" || len(validation.IsValidLabelValue(m.opts.Environment)) > 0 {
		err = errors.Join(fmt.Errorf("environment %q: %w", m.opts.Environment, ErrNoEnvironment), err)
	}
	return err
}

// each calls do for 0 to n-1, several at once, and joins the errors in order.
func (m *Manager) each(n int, do func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(m.opts.Parallel)
	errs := make([]error, n)
	for i := range n {
		group.Go(func() error {
			errs[i] = do(i)
			return nil
		})
	}
	_ = group.Wait() // failures are in errs
	return errors.Join(errs...)
}

func (m *Manager) plan(ctx context.Context, r Runtime) (c Change, step Step, err error) {
	c = Change{Runtime: r.Name, Hosts: r.Hosts(), runtime: &r}
	if c.Zone, err = m.zones.Plan(ctx, m.spec(r)); err != nil {
		return c, StepZone, err
	}
	ns, err := m.namespace(ctx, r)
	if err != nil {
		return c, StepNamespace, err
	}
	c.Namespace = !ns.Exists
	if ns.Exists && !m.owns(r, ns) {
		exposed, err := m.cluster.Exposed(ctx, r.Name)
		if err == nil {
			err = m.elsewhere(r, ns, exposed)
		}
		if err != nil {
			return c, StepNamespace, err
		}
		c.Notes = append(c.Notes, fmt.Sprintf("namespace %s exists, and was not made for this runtime: destroying the runtime will leave it", r.Name))
	}
	id := c.Zone.ID
	if id == "" {
		id, c.unknown = unknownZone, r.needsZone()
	}
	release, err := r.Release(id)
	if err != nil {
		return c, StepCheck, err
	}
	if c.unknown {
		c.Notes = append(c.Notes, "the id of the hosted zone, shown as "+unknownZone+", is filled in once the zone is made")
	}
	c.Release, err = m.engine.Plan(ctx, []kre.Release{release})
	return c, StepRelease, err
}

// needsZone reports whether the values of r hold the id of its zone.
func (r Runtime) needsZone() bool { return r.TLS != nil && r.TLS.ACME != nil && r.TLS.ACME.DNS != nil }

// namespace reads the namespace of r, and refuses one that cannot be used.
func (m *Manager) namespace(ctx context.Context, r Runtime) (Namespace, error) {
	ns, err := m.cluster.Namespace(ctx, r.Name)
	if err == nil && ns.Terminating {
		err = fmt.Errorf("namespace %s: %w", r.Name, ErrTerminating)
	}
	if err == nil {
		err = m.notOthers(r, ns)
	}
	return ns, err
}

// notOthers refuses a namespace that says that it is of another environment.
func (m *Manager) notOthers(r Runtime, ns Namespace) error {
	if owner := ns.Labels[LabelEnvironment]; owner != "" && owner != m.opts.Environment {
		return fmt.Errorf("namespace %s is %w: its label %s is %q, want %q", r.Name, ErrNotOwned, LabelEnvironment, owner, m.opts.Environment)
	}
	return nil
}

// elsewhere refuses a namespace that does not say whose it is, and whose ingresses
// answer to other names than those of r alone. Runtimes of production have the same
// namespaces in a cluster of their own, which may not be the one that was meant.
func (m *Manager) elsewhere(r Runtime, ns Namespace, exposed []Object) error {
	var hosts []string
	for _, o := range exposed {
		hosts = append(hosts, o.Hosts...)
	}
	ours := func(host string) bool { return strings.HasSuffix("."+strings.ToLower(host), "."+r.Zone()) }
	if m.owns(r, ns) || len(hosts) == 0 || slices.ContainsFunc(hosts, ours) {
		return nil
	}
	return fmt.Errorf("namespace %s is %w: its ingresses answer to %s, and none of them to a name in %s; if it is meant, label it %s=%s and %s=%s",
		r.Name, ErrNotOwned, strings.Join(hosts, ", "), r.Zone(), LabelEnvironment, m.opts.Environment, LabelRuntime, r.Name)
}
