package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/progress"
)

// Result is what became of each runtime of a plan, in its order.
type Result struct {
	Runtimes []Outcome `json:"runtimes"`
}

// Outcome is what became of one runtime.
type Outcome struct {
	Runtime string `json:"runtime"`
	Hosts   Hosts  `json:"hosts"`
	// Zone, Namespace and Release say how far it came: what was not begun is empty.
	Zone      zone.Result `json:"zone"`
	Namespace bool        `json:"namespace"` // whether it exists
	Release   kre.Result  `json:"release"`
	// Changed is that something was written.
	Changed bool `json:"changed"`
	// Step is the one that failed; empty where none did.
	Step Step `json:"step,omitempty"`
	// Err is why, a [*Error]; Error is its text.
	Err   error  `json:"-"`
	Error string `json:"error,omitempty"`
}

// String is a line for people: `kre-tnba: failed at its release; done: zone, namespace`.
func (o Outcome) String() string {
	if o.Err == nil {
		if o.Changed {
			return o.Runtime + ": done"
		}
		return o.Runtime + ": unchanged"
	}
	done := "nothing"
	switch o.Step {
	case StepNamespace:
		done = "zone"
	case StepRelease:
		done = "zone, namespace"
	}
	return fmt.Sprintf("%s: failed at its %s; done: %s", o.Runtime, o.Step, done)
}

// String is a line a runtime.
func (r Result) String() string {
	var b strings.Builder
	for _, o := range r.Runtimes {
		b.WriteString(o.String() + "\n")
	}
	return b.String()
}

// Apply makes the changes of plan, which must come from [Manager.Plan]: for each
// runtime the zone and its delegation, then the namespace, then the release, and
// several runtimes at once. One that fails stops none of the others; each failure is
// a [*Error] of the joined error, and Result says how far everyone came. A
// later run with a new plan goes on from there.
//
// A release that holds the id of a zone that had to be made first is planned again
// then; it fails with [ErrStale] where something else differs by that time.
func (m *Manager) Apply(ctx context.Context, plan Plan) (Result, error) {
	for _, c := range plan.Runtimes {
		if c.runtime == nil || c.runtime.Name != c.Runtime {
			return Result{}, fmt.Errorf("apply runtime %q: %w", c.Runtime, ErrNotPlanned)
		}
	}
	result := Result{Runtimes: make([]Outcome, len(plan.Runtimes))}
	err := m.each(len(plan.Runtimes), func(i int) error {
		result.Runtimes[i] = m.applyOne(ctx, plan.Runtimes[i])
		return result.Runtimes[i].Err
	})
	return result, err
}

func (m *Manager) applyOne(ctx context.Context, c Change) Outcome {
	o := Outcome{Runtime: c.Runtime, Hosts: c.Hosts}
	if c.Empty() {
		o.Zone, o.Namespace = zone.Result{Zone: c.Zone.Zone, ID: c.Zone.ID}, true
		m.emit(c.Runtime, progress.Unchanged, "", nil)
		return o
	}
	step, err := m.apply(ctx, c, &o)
	if err == nil {
		m.emit(c.Runtime, progress.Done, o.Hosts.Admin, nil)
		return o
	}
	o.Step, o.Err = step, c.runtime.fail(step, err)
	o.Error = o.Err.Error()
	m.emit(c.Runtime, progress.Failed, "at its "+string(step), o.Err)
	return o
}

func (m *Manager) apply(ctx context.Context, c Change, o *Outcome) (step Step, err error) {
	m.emit(c.Runtime, progress.Running, "zone", nil)
	o.Zone, err = m.zones.Apply(ctx, c.Zone)
	o.Changed = o.Zone.Created || o.Zone.Tagged || o.Zone.Delegated
	if err != nil {
		return StepZone, err
	}
	m.emit(c.Runtime, progress.Running, "namespace", nil)
	if err := m.ensure(ctx, c, o); err != nil {
		return StepNamespace, err
	}
	m.emit(c.Runtime, progress.Running, "release", nil)
	release, err := m.settled(ctx, c, o.Zone.ID)
	if err != nil {
		return StepRelease, err
	}
	o.Release, err = m.engine.Apply(ctx, release)
	o.Changed = o.Changed || slices.ContainsFunc(o.Release.Releases, func(r kre.Outcome) bool { return r.Changed })
	return StepRelease, err
}

// ensure makes the namespace where there is none, and refuses one that has become
// unusable.
func (m *Manager) ensure(ctx context.Context, c Change, o *Outcome) error {
	ns, err := m.namespace(ctx, *c.runtime)
	if err != nil {
		return err
	}
	if !ns.Exists {
		if !c.Namespace {
			return fmt.Errorf("namespace %s: %w: it is gone", c.Runtime, ErrStale)
		}
		if err := m.cluster.CreateNamespace(ctx, c.Runtime, m.labels(*c.runtime)); err != nil {
			return err
		}
		o.Changed = true
	}
	o.Namespace = true
	return nil
}

// settled is the plan of the release with the id of its zone.
func (m *Manager) settled(ctx context.Context, c Change, zoneID string) (kre.Plan, error) {
	if !c.unknown {
		return c.Release, nil
	}
	release, err := c.runtime.Release(zoneID)
	if err != nil {
		return kre.Plan{}, err
	}
	plan, err := m.engine.Plan(ctx, []kre.Release{release})
	if err != nil {
		return plan, err
	}
	was, is := shape(c.Release), shape(plan)
	if !slices.Equal(was, is) {
		more := slices.DeleteFunc(slices.Clone(is), func(s string) bool { return slices.Contains(was, s) })
		return plan, fmt.Errorf("%w: the release with the id of its zone: %s", ErrStale, strings.Join(more, ", "))
	}
	return plan, nil
}

// shape is what a plan does, without the values that objects have.
func shape(p kre.Plan) (lines []string) {
	for _, c := range p.Changes {
		lines = append(lines, fmt.Sprintf("%s %s", c.Action, c.Release))
		for _, o := range c.Objects {
			lines = append(lines, fmt.Sprintf("%s %s %s/%s", o.Action, o.Kind, o.Namespace, o.Name))
		}
	}
	return lines
}
