package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/progress"
)

// Deleted is what became of each runtime of a plan, in its order.
type Deleted struct {
	Runtimes []Removed `json:"runtimes"`
}

// Removed is what became of one runtime.
type Removed struct {
	Runtime string `json:"runtime"`
	// Release, Unexposed, Zone and Namespace say how far it came.
	Release   kre.Result   `json:"release"`
	Unexposed bool         `json:"unexposed"` // no ingress or load balancer is left
	Zone      zone.Deleted `json:"zone"`
	Namespace bool         `json:"namespace"` // whether it is gone now
	// Kept are the volumes whose data is still there.
	Kept []Volumed `json:"kept,omitempty"`
	// Step is the one that failed; empty where none did.
	Step Step `json:"step,omitempty"`
	// Err is why, a [*Error]; Error is its text.
	Err   error  `json:"-"`
	Error string `json:"error,omitempty"`
}

// String is a line for people, and one for each volume that is kept.
func (r Removed) String() string {
	text := r.Runtime + ": destroyed\n"
	if r.Err != nil {
		text = fmt.Sprintf("%s: failed at its %s; gone: %s\n", r.Runtime, r.Step, r.gone())
	}
	for _, v := range r.Kept {
		if v.Volume != "" {
			text += fmt.Sprintf("  kept: volume %s of claim %s (%s, %s)\n", v.Volume, v.Claim, v.Size, v.Class)
		}
	}
	return text
}

func (r Removed) gone() string {
	var parts []string
	for _, p := range []struct {
		gone bool
		what Step
	}{{r.Step != StepRelease && r.Step != StepCheck, StepRelease}, {r.Unexposed, "ingresses"}, {r.Zone.Zone, StepZone}, {r.Namespace, StepNamespace}} {
		if p.gone {
			parts = append(parts, string(p.what))
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// String is what [Removed.String] says of all.
func (d Deleted) String() string {
	var b strings.Builder
	for _, r := range d.Runtimes {
		b.WriteString(r.String())
	}
	return b.String()
}

// ApplyDelete takes down what plan names, which must come from [Manager.PlanDelete]:
// for each runtime the release, then what still has a name in the DNS, then the zone
// with the records that external-dns left behind and its delegation, then the namespace,
// and several runtimes at once. One that fails stops none of the others; a later run
// with a new plan goes on from there.
//
// Ingresses and load balancers that the runtime made itself are deleted where the
// namespace goes; otherwise they are an [ErrExposed]. Volumes whose policy is Retain
// stay, and are named in the result. A runtime whose zone has records in the way
// ([zone.Deletion.Blocked]) is left as it is.
func (m *Manager) ApplyDelete(ctx context.Context, plan Deletion) (Deleted, error) {
	for _, d := range plan.Runtimes {
		if d.runtime == nil || d.runtime.Name != d.Runtime {
			return Deleted{}, fmt.Errorf("destroy runtime %q: %w", d.Runtime, ErrNotPlanned)
		}
		if err := m.guard(*d.runtime); err != nil {
			return Deleted{}, fmt.Errorf("destroy runtime %q: %w", d.Runtime, err)
		}
	}
	done := Deleted{Runtimes: make([]Removed, len(plan.Runtimes))}
	err := m.each(len(plan.Runtimes), func(i int) error {
		done.Runtimes[i] = m.destroyOne(ctx, plan.Runtimes[i])
		return done.Runtimes[i].Err
	})
	return done, err
}

func (m *Manager) destroyOne(ctx context.Context, d Removal) Removed {
	r := Removed{Runtime: d.Runtime}
	for _, v := range d.Volumes {
		if !v.DataGoes && v.Volume != "" && v.Policy != "" {
			r.Kept = append(r.Kept, v.Volumed)
		}
	}
	step, err := m.destroy(ctx, d, &r)
	if err == nil {
		m.emit(d.Runtime, progress.Done, "destroyed", nil)
		return r
	}
	r.Step, r.Err = step, d.runtime.fail(step, err)
	r.Error = r.Err.Error()
	m.emit(d.Runtime, progress.Failed, "at its "+string(step), r.Err)
	return r
}

func (m *Manager) destroy(ctx context.Context, d Removal, r *Removed) (Step, error) {
	if err := d.Zone.Blocked(); err != nil {
		return StepCheck, err // as it would be once the release is gone
	}
	if err := m.same(ctx, d); err != nil {
		return StepCheck, err
	}
	if !d.Release.Empty() {
		m.emit(d.Runtime, progress.Running, "release", nil)
		var err error
		if r.Release, err = m.engine.ApplyUninstall(ctx, d.Release); err != nil {
			return StepRelease, err
		}
	}
	if d.uid != "" {
		m.emit(d.Runtime, progress.Running, "ingresses and load balancers", nil)
		if err := m.unexpose(ctx, d); err != nil {
			return StepExposed, err
		}
	}
	r.Unexposed = true
	m.emit(d.Runtime, progress.Running, "zone", nil)
	var err error
	if r.Zone, err = m.zones.ApplyDelete(ctx, d.Zone); err != nil {
		return StepZone, err
	}
	if d.Namespace || d.dying {
		m.emit(d.Runtime, progress.Running, "namespace", nil)
		if err := m.deleteNamespace(ctx, d); err != nil {
			return StepNamespace, err
		}
	}
	r.Namespace = d.uid == "" || d.Namespace || d.dying
	return "", nil
}

// same fails where the namespace is not the one that was planned.
func (m *Manager) same(ctx context.Context, d Removal) error {
	ns, err := m.cluster.Namespace(ctx, d.Runtime)
	switch {
	case err != nil:
		return err
	case ns.Exists && ns.UID != d.uid:
		return fmt.Errorf("namespace %s: %w: it was made since", d.Runtime, ErrStale)
	case d.Namespace && ns.Exists && !m.owns(*d.runtime, ns):
		return fmt.Errorf("namespace %s: %w: its labels are not ours any more", d.Runtime, ErrStale)
	}
	return m.notOthers(*d.runtime, ns)
}

// unexpose waits until no ingress and no load balancer is left, and deletes those
// that the runtime made itself where the namespace goes anyway.
func (m *Manager) unexpose(ctx context.Context, d Removal) error {
	return m.until(ctx, func() (string, error) {
		objects, err := m.cluster.Exposed(ctx, d.Runtime)
		if err != nil || len(objects) == 0 {
			return "", err
		}
		names := make([]string, len(objects))
		for i, o := range objects {
			names[i] = o.String()
		}
		left := slices.DeleteFunc(objects, func(o Object) bool { return o.Going })
		switch {
		case d.Namespace:
			err = m.cluster.Unexpose(ctx, d.Runtime, left)
		case len(left) > 0 && !d.dying:
			names = names[:0]
			for _, o := range left {
				names = append(names, o.String())
			}
			return "", fmt.Errorf("%w: %s; delete them, or set Options.DeleteNamespaces", ErrExposed, strings.Join(names, ", "))
		}
		return strings.Join(names, ", "), err
	})
}

// deleteNamespace deletes the namespace that was planned, and waits until it is gone:
// its volumes go last.
func (m *Manager) deleteNamespace(ctx context.Context, d Removal) error {
	if !d.dying {
		if err := m.same(ctx, d); err != nil {
			return err
		}
		if err := m.cluster.DeleteNamespace(ctx, d.Runtime, d.uid); err != nil {
			return err
		}
	}
	return m.until(ctx, func() (string, error) {
		ns, err := m.cluster.Namespace(ctx, d.Runtime)
		if err != nil || !ns.Exists || ns.UID != d.uid {
			return "", err
		}
		left := "namespace " + d.Runtime
		if len(ns.Remaining) > 0 {
			left += " (" + strings.Join(ns.Remaining, "; ") + ")"
		}
		return left, nil
	})
}

// until calls look until it names nothing that is left.
func (m *Manager) until(ctx context.Context, look func() (left string, err error)) error {
	for began := time.Now(); ; {
		left, err := look()
		if err != nil || left == "" {
			return err
		}
		if time.Since(began) >= m.opts.Timeout {
			return fmt.Errorf("wait for %s to go: %w after %s", left, ErrTimeout, m.opts.Timeout)
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return fmt.Errorf("wait for %s to go: %w", left, err)
		}
	}
}
