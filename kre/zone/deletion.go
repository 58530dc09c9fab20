package zone

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Deletion is what deleting a zone would destroy.
type Deletion struct {
	Zone string `json:"zone"`
	ID   string `json:"id,omitempty"`
	// Gone is a zone that does not exist, or not any more.
	Gone bool `json:"gone,omitempty"`
	// Records are those of our external-dns, with Options.DeleteChallenges also the
	// challenges of ACME, and Foreign all others but those that Route 53 makes itself;
	// both sorted by name. Foreign ones are a reason to refuse, unless
	// Options.DeleteForeign is set.
	Records []Record `json:"records,omitempty"`
	Foreign []Record `json:"foreign,omitempty"`
	// Delegation are the name servers of this zone in Parent, which go too; none
	// where the zone is not delegated.
	Delegation []string `json:"delegation,omitempty"`
	Parent     string   `json:"parent,omitempty"`
	ParentID   string   `json:"parentID,omitempty"`
	Notes      []string `json:"notes,omitempty"`

	spec     Spec
	foreign  bool // foreign records go too
	ns       *types.ResourceRecordSet
	approved bool
}

// String names everything, a line each.
func (d Deletion) String() string {
	var b strings.Builder
	if d.Gone {
		fmt.Fprintf(&b, "hosted zone %s: does not exist\n", d.Zone)
	} else {
		fmt.Fprintf(&b, "hosted zone %s (%s): delete, with %s\n", d.Zone, d.ID, numbered(len(d.Records)+len(d.Foreign)))
	}
	for _, r := range d.Records {
		fmt.Fprintf(&b, "  - %s (%s)\n", r.short(), r.whose())
	}
	for _, r := range d.Foreign {
		if d.foreign {
			fmt.Fprintf(&b, "  - %s (%s)\n", r.short(), r.whose())
		} else {
			fmt.Fprintf(&b, "  ! %s (%s) is in the way: only Options.DeleteForeign lets it go\n", r.short(), r.whose())
		}
	}
	if len(d.Delegation) > 0 {
		fmt.Fprintf(&b, "  - NS %s in %s (%s)\n", d.Zone, d.Parent, d.ParentID)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "  note: %s\n", n)
	}
	return b.String()
}

// Blocked is the [*ForeignError] with which [Manager.ApplyDelete] will refuse the plan;
// nil where it has no reason yet. It asks nobody: whoever takes down more than a zone
// learns of it before the first thing is gone.
func (d Deletion) Blocked() error {
	if len(d.Foreign) == 0 || d.foreign {
		return nil
	}
	return fmt.Errorf("delete hosted zone %s: %w", d.Zone, &ForeignError{Zone: d.Zone, Records: d.Foreign})
}

// PlanDelete reads what deleting the zone would destroy. It only reads.
//
// It fails with [ErrProduction] where the name or the tag TagEnvironment of the zone
// is one of production, and with [ErrNotOwned] where that tag is not exactly
// Options.Environment: a neighbour's zone may have a similar name.
func (m *Manager) PlanDelete(ctx context.Context, spec Spec) (Deletion, error) {
	d, err := m.surveyDeletion(ctx, spec)
	if err != nil {
		return Deletion{}, fmt.Errorf("plan to delete hosted zone %s: %w", plain(spec.Name), err)
	}
	return d, nil
}

func (m *Manager) surveyDeletion(ctx context.Context, spec Spec) (Deletion, error) {
	if m.opts.Environment == "" {
		return Deletion{}, ErrNoEnvironment
	}
	spec, err := spec.normalized()
	if err != nil {
		return Deletion{}, err
	}
	if err := m.guard(spec.Name); err != nil {
		return Deletion{}, err
	}
	const adopt = false // what is not ours is not deleted
	f, err := m.find(ctx, spec, adopt)
	if err != nil {
		return Deletion{}, err
	}
	d := Deletion{Zone: spec.Name, Gone: f.candidate == nil, Notes: f.notes, spec: spec, foreign: m.opts.DeleteForeign, approved: true}
	var servers []string
	if !d.Gone {
		d.ID = f.id
		if d.Records, d.Foreign, err = m.contents(ctx, f.id, spec.Name); err != nil {
			return Deletion{}, err
		}
		if servers, err = m.nameServers(ctx, f.id); err != nil {
			return Deletion{}, err
		}
	}
	if spec.Parent == "" {
		return d, nil
	}
	return d, m.planRemoval(ctx, &d, servers)
}

// guard refuses a zone of production. Where its tag is not Options.Environment, it is
// refused anyway.
func (m *Manager) guard(zone string) error {
	for _, text := range []string{zone, m.opts.Environment} {
		if word := production.Find(text, m.opts.Production); word != "" && plain(m.opts.AllowProduction) != zone {
			return fmt.Errorf("%w (%q has %q)", ErrProduction, text, word)
		}
	}
	return nil
}

// contents are the records of a zone, but for those that Route 53 makes itself.
func (m *Manager) contents(ctx context.Context, id, zone string) (ours, foreign []Record, err error) {
	apex := canonical(zone)
	sets, err := m.records(ctx, id, apex)
	if err != nil {
		return nil, nil, err
	}
	sets = slices.DeleteFunc(sets, func(s types.ResourceRecordSet) bool {
		return canonical(ptr.Value(s.Name)) == apex && (s.Type == types.RRTypeNs || s.Type == types.RRTypeSoa)
	})
	ours, foreign = m.opts.Registry.split(sets)
	if m.opts.DeleteChallenges {
		for _, r := range foreign {
			if r.challenge() {
				ours = append(ours, r)
			}
		}
		foreign = slices.DeleteFunc(foreign, Record.challenge)
	}
	slices.SortFunc(ours, byName)
	slices.SortFunc(foreign, byName)
	return ours, foreign, nil
}

// planRemoval looks for the delegation. It is ours where it names one of the zone's
// name servers: each zone has its own.
func (m *Manager) planRemoval(ctx context.Context, d *Deletion, servers []string) error {
	parentID, err := m.parent(ctx, d.spec)
	if errors.Is(err, ErrNoParent) {
		d.Notes = append(d.Notes, fmt.Sprintf("there is no hosted zone %s in this account, and so no delegation to remove", d.spec.Parent))
		return nil
	}
	if err != nil {
		return err
	}
	d.Parent, d.ParentID = d.spec.Parent, parentID
	ns, _, err := m.delegated(ctx, d.Zone, parentID)
	if err != nil || ns == nil {
		return err
	}
	to := targets(*ns)
	if share(to, servers) {
		d.Delegation, d.ns = to, ns
		return nil
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s (%s) delegates the name to other name servers, and keeps doing so: %s", d.Parent, parentID, strings.Join(to, ", ")))
	return nil
}
