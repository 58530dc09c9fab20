package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/zone"
)

// Deletion is what ApplyDelete would do, in the order in which the runtimes were given.
type Deletion struct {
	Runtimes []Removal `json:"runtimes"`
}

// Removal is what goes with one runtime, in this order, and what stays.
type Removal struct {
	Runtime string   `json:"runtime"`
	Release kre.Plan `json:"release"`
	// Exposed are the ingresses and load balancers of the namespace, those of the
	// release included. All of them must be gone before the zone goes, since
	// external-dns makes records for those that are there.
	Exposed []Object      `json:"exposed,omitempty"`
	Zone    zone.Deletion `json:"zone"`
	// Volumes are those of the namespace.
	Volumes []Fate `json:"volumes,omitempty"`
	// Namespace is whether the namespace goes, with everything in it.
	Namespace bool     `json:"namespace"`
	Notes     []string `json:"notes,omitempty"`

	runtime *Runtime // nil in a plan that somebody wrote
	uid     string   // of the namespace; empty where there is none
	dying   bool     // somebody has begun to delete the namespace
}

// retain is the policy of volumes that outlive their claims; Delete and Recycle do not.
const retain = "Retain"

// Fate is what becomes of a volume.
type Fate struct {
	Volumed
	ClaimGoes bool `json:"claimGoes"`
	// DataGoes is that the data is destroyed. It is not known where Policy is empty.
	DataGoes bool `json:"dataGoes"`
}

// String is a line for people: "data-mongo-0 (10Gi, hostpath): goes, and its volume pv-1 stays (Retain)".
func (f Fate) String() string {
	about := f.Claim + " (" + f.Size
	if f.Class != "" {
		about += ", " + f.Class
	}
	switch about += ")"; {
	case !f.ClaimGoes:
		return about + ": stays, with its data"
	case f.Volume == "":
		return about + ": goes; it has no volume"
	case f.DataGoes:
		return about + ": goes, and its volume " + f.Volume + " with all data"
	case f.Policy == "":
		return about + ": goes; its volume " + f.Volume + " does not exist"
	}
	return about + ": goes, and its volume " + f.Volume + " stays (" + f.Policy + ")"
}

// String names everything, a line each.
func (d Deletion) String() string {
	var b strings.Builder
	for _, r := range d.Runtimes {
		fmt.Fprintf(&b, "runtime %s: destroy\n", r.Runtime)
		if !r.Release.Empty() {
			indent(&b, r.Release.String())
		}
		for _, o := range r.Exposed {
			fmt.Fprintf(&b, "  - %s\n", o)
		}
		for _, v := range r.Volumes {
			fmt.Fprintf(&b, "  volume claim %s\n", v)
		}
		indent(&b, r.Zone.String())
		if r.Namespace {
			fmt.Fprintf(&b, "  - namespace %s, with everything in it\n", r.Runtime)
		}
		for _, n := range r.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n)
		}
	}
	return b.String()
}

// PlanDelete reads what destroying runtimes would do. Of each runtime it needs Name,
// Domain and Kind. It only reads.
//
// It fails with [ErrProduction] before the first call where one of the runtimes is of
// production, by its Kind or its name, and Options.AllowProduction does not name it.
func (m *Manager) PlanDelete(ctx context.Context, runtimes []Runtime) (Deletion, error) {
	err := m.check(runtimes, func(r Runtime) error {
		f := &faults{}
		r.identity(f)
		if f.errs == nil {
			f.errs = append(f.errs, m.guard(r))
		}
		return r.fail(StepCheck, errors.Join(f.errs...))
	})
	if err != nil {
		return Deletion{}, err
	}
	d := Deletion{Runtimes: make([]Removal, len(runtimes))}
	err = m.each(len(runtimes), func(i int) error {
		removal, step, err := m.planDestroy(ctx, runtimes[i])
		d.Runtimes[i] = removal
		return runtimes[i].fail(step, err)
	})
	if err != nil {
		return Deletion{}, err
	}
	return d, nil
}

// guard refuses a runtime of production.
func (m *Manager) guard(r Runtime) error {
	if slices.Contains(m.opts.AllowProduction, r.Name) {
		return nil
	}
	if r.Kind == Production {
		return ErrProduction
	}
	for _, text := range []string{r.Name, m.opts.Environment} {
		if word := production.Find(text, m.opts.Production); word != "" {
			return fmt.Errorf("%w (%q has %q)", ErrProduction, text, word)
		}
	}
	return nil
}

func (m *Manager) planDestroy(ctx context.Context, r Runtime) (d Removal, step Step, err error) {
	d = Removal{Runtime: r.Name, runtime: &r}
	ns, err := m.cluster.Namespace(ctx, r.Name)
	if err != nil {
		return d, StepNamespace, err
	}
	if err := m.notOthers(r, ns); err != nil {
		return d, StepNamespace, err
	}
	if ns.Exists {
		if step, err := m.planContents(ctx, r, ns, &d); err != nil {
			return d, step, err
		}
	}
	d.Zone, err = m.zones.PlanDelete(ctx, m.spec(r))
	if !ns.Exists && !d.Zone.Gone {
		d.Notes = append(d.Notes, fmt.Sprintf("there is no namespace %s in this cluster: if the runtime is in another one, its names go and it stays", r.Name))
	}
	return d, StepZone, err
}

// planContents is what goes of a namespace that exists.
func (m *Manager) planContents(ctx context.Context, r Runtime, ns Namespace, d *Removal) (step Step, err error) {
	d.uid, d.dying = ns.UID, ns.Terminating
	if d.Exposed, err = m.cluster.Exposed(ctx, r.Name); err != nil {
		return StepExposed, err
	}
	if err := m.elsewhere(r, ns, d.Exposed); err != nil {
		return StepNamespace, err
	}
	switch {
	case d.dying:
		d.Notes = append(d.Notes, fmt.Sprintf("namespace %s is being deleted already, with everything in it", r.Name))
	case !m.owns(r, ns):
		d.Notes = append(d.Notes, fmt.Sprintf("namespace %s stays: it was not made for this runtime", r.Name))
	case !m.opts.DeleteNamespaces:
		d.Notes = append(d.Notes, fmt.Sprintf("namespace %s stays: Options.DeleteNamespaces is not set", r.Name))
	default:
		d.Namespace = true
	}
	if !d.dying { // with the namespace, what helm knows of the release goes
		release := kre.Release{Name: r.Name, Namespace: r.Name, Timeout: r.Timeout}
		if d.Release, err = m.engine.PlanUninstall(ctx, []kre.Release{release}); err != nil {
			return StepRelease, err
		}
	}
	d.inTheWay()
	volumes, err := m.cluster.Volumes(ctx, r.Name)
	for _, v := range volumes {
		d.Volumes = append(d.Volumes, d.fate(v))
	}
	return StepNamespace, err
}

// inTheWay notes what will stop ApplyDelete once the release is gone.
func (d *Removal) inTheWay() {
	if d.Namespace || d.dying {
		return
	}
	for _, o := range d.Exposed {
		if o.Release != d.Runtime {
			d.Notes = append(d.Notes, fmt.Sprintf("%s is not of the release, and where it stays nothing goes but the release: delete it, or set Options.DeleteNamespaces", o))
		}
	}
}

// fate is what becomes of a volume.
func (d *Removal) fate(v Volumed) Fate {
	goes := d.Namespace || d.dying || (v.Release == d.Runtime || v.Owner != "") && !d.Release.Empty()
	return Fate{Volumed: v, ClaimGoes: goes, DataGoes: goes && v.Policy != "" && v.Policy != retain}
}
