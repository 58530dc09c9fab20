package zone

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Action says what applying does to a zone or to its delegation.
type Action string

// The actions of a plan.
const (
	Create Action = "create"
	Update Action = "update"
	Keep   Action = "keep"
)

// Plan is what Apply would do to one zone.
type Plan struct {
	Zone   string `json:"zone"`         // its name, without a dot at the end
	ID     string `json:"id,omitempty"` // empty where it does not exist yet
	Action Action `json:"action"`
	// Detail is what an update changes: the tags that are set, sorted.
	Detail []string `json:"detail,omitempty"`
	// Delegation is nil where Spec.Parent is empty.
	Delegation *Delegation `json:"delegation,omitempty"`
	// Notes are what somebody should know: other zones of the same name, records that
	// the delegation hides.
	Notes []string `json:"notes,omitempty"`

	spec    Spec
	servers []string
}

// Delegation is what happens to the NS record of the zone in its parent.
type Delegation struct {
	Parent   string   `json:"parent"`
	ParentID string   `json:"parentID"`
	Action   Action   `json:"action"`
	From     []string `json:"from,omitempty"` // the name servers that are there, sorted
	FromTTL  int64    `json:"fromTTL,omitempty"`
	To       []string `json:"to,omitempty"` // those that will be; empty where the zone does not exist yet
	ToTTL    int64    `json:"toTTL"`        // in seconds, as FromTTL
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return p.Action == Keep && (p.Delegation == nil || p.Delegation.Action == Keep)
}

// String shows the plan as people read it; nothing where nothing would change and
// there is nothing to know.
func (p Plan) String() string {
	marks := map[Action]string{Create: "+", Update: "~"}
	var b strings.Builder
	switch p.Action {
	case Create:
		fmt.Fprintf(&b, "+ hosted zone %s\n", p.Zone)
	case Update:
		fmt.Fprintf(&b, "~ hosted zone %s (%s): %s\n", p.Zone, p.ID, strings.Join(p.Detail, ", "))
	}
	if d := p.Delegation; d != nil && d.Action != Keep {
		fmt.Fprintf(&b, "%s delegation of %s in %s (%s): %s\n", marks[d.Action], p.Zone, d.Parent, d.ParentID, d.change())
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note: %s: %s\n", p.Zone, n)
	}
	return b.String()
}

func (d Delegation) change() string {
	show := func(servers []string, ttl int64) string {
		return fmt.Sprintf("%s for %d s", strings.Join(servers, ", "), ttl)
	}
	to := show(d.To, d.ToTTL)
	if len(d.To) == 0 {
		to = fmt.Sprintf("the name servers that the zone gets, for %d s", d.ToTTL)
	}
	if d.Action == Create {
		return to
	}
	return show(d.From, d.FromTTL) + " -> " + to
}

// Plan compares spec with what there is. It only reads.
//
// It fails with [ErrNotOwned] where a public zone of the name is not ours, with an
// [*AmbiguousError] where it cannot know which zone is meant, and with [ErrNoParent].
func (m *Manager) Plan(ctx context.Context, spec Spec) (Plan, error) {
	p, err := m.survey(ctx, spec)
	if err != nil {
		return Plan{}, fmt.Errorf("plan hosted zone %s: %w", plain(spec.Name), err)
	}
	return p, nil
}

func (m *Manager) survey(ctx context.Context, spec Spec) (Plan, error) {
	if m.opts.Environment == "" {
		return Plan{}, ErrNoEnvironment
	}
	spec, err := spec.normalized()
	if err != nil {
		return Plan{}, err
	}
	f, err := m.find(ctx, spec, m.opts.Adopt)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Zone: spec.Name, Action: Create, Notes: f.notes, spec: spec}
	if f.candidate != nil {
		p.ID, p.Action = f.id, Keep
		if p.Detail = differences(m.wanted(spec), f.tags); len(p.Detail) > 0 {
			p.Action = Update
		}
		if p.servers, err = m.nameServers(ctx, f.id); err != nil {
			return Plan{}, err
		}
	}
	if spec.Parent == "" {
		return p, nil
	}
	return p, m.planDelegation(ctx, &p)
}

// wanted are the tags that a zone should have.
func (m *Manager) wanted(spec Spec) map[string]string {
	tags := maps.Clone(spec.Tags)
	if tags == nil {
		tags = make(map[string]string)
	}
	tags[TagEnvironment] = m.opts.Environment
	return tags
}

// differences are the tags to set, sorted, as people read them.
func differences(want, have map[string]string) (detail []string) {
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if old, ok := have[k]; !ok {
			detail = append(detail, fmt.Sprintf("tag %s = %q", k, want[k]))
		} else if old != want[k] {
			detail = append(detail, fmt.Sprintf("tag %s = %q -> %q", k, old, want[k]))
		}
	}
	return detail
}

// nameServers are those of a zone, sorted, without a dot at the end.
func (m *Manager) nameServers(ctx context.Context, id string) ([]string, error) {
	out, err := call(ctx, m, m.api.GetHostedZone, &route53.GetHostedZoneInput{Id: &id})
	if err != nil {
		return nil, fmt.Errorf("get hosted zone %s: %w", id, err)
	}
	return servers(out.DelegationSet), nil
}

func servers(set *types.DelegationSet) (names []string) {
	if set != nil {
		for _, s := range set.NameServers {
			names = append(names, plain(s))
		}
	}
	slices.Sort(names)
	return names
}

// planDelegation reads the delegation in the parent, and what it hides there.
func (m *Manager) planDelegation(ctx context.Context, p *Plan) error {
	parentID, err := m.parent(ctx, p.spec)
	if err != nil {
		return err
	}
	ns, hidden, err := m.delegated(ctx, p.Zone, parentID)
	if err != nil {
		return err
	}
	p.Delegation = delegation(ns, p.servers, int64(m.opts.TTL.Seconds()))
	p.Delegation.Parent, p.Delegation.ParentID = p.spec.Parent, parentID
	if from := p.Delegation.From; len(from) > 0 && !share(from, p.servers) {
		p.Notes = append(p.Notes, fmt.Sprintf("%s (%s) delegates the name to name servers of another zone, which would lose it: %s", p.spec.Parent, parentID, strings.Join(from, ", ")))
	}
	if len(hidden) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s of the parent zone %s at or below that name, where the delegation hides them: %s",
			numbered(len(hidden)), p.spec.Parent, strings.Join(hidden[:min(shown, len(hidden))], ", ")))
	}
	return nil
}

// share reports whether two zones have a name server in common.
func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// delegation compares the NS record that there is, nil for none, with the wanted one.
func delegation(ns *types.ResourceRecordSet, want []string, ttl int64) *Delegation {
	d := &Delegation{Action: Create, To: want, ToTTL: ttl}
	if ns == nil {
		return d
	}
	d.Action, d.From, d.FromTTL = Update, targets(*ns), ptr.Value(ns.TTL)
	if len(want) > 0 && slices.Equal(d.From, want) && d.FromTTL == ttl {
		d.Action = Keep
	}
	return d
}

// targets are the name servers of an NS record, sorted, without a dot at the end.
func targets(ns types.ResourceRecordSet) (names []string) {
	for _, r := range ns.ResourceRecords {
		names = append(names, plain(ptr.Value(r.Value)))
	}
	slices.Sort(names)
	return names
}

// delegated returns the NS record of a zone in its parent, nil for none, and what
// else the parent has at or below its name. Names are listed with their labels
// reversed, so that those below a name follow it.
func (m *Manager) delegated(ctx context.Context, zone, parentID string) (ns *types.ResourceRecordSet, hidden []string, err error) {
	name := canonical(zone)
	sets, err := m.records(ctx, parentID, name)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range sets {
		if canonical(ptr.Value(s.Name)) == name && s.Type == types.RRTypeNs {
			ns = &s
		} else if s.Type != types.RRTypeDs { // it signs the delegation
			hidden = append(hidden, string(s.Type)+" "+plain(ptr.Value(s.Name)))
		}
	}
	return ns, hidden, nil
}

// records are the record sets of a zone at or below a name.
func (m *Manager) records(ctx context.Context, id, name string) (sets []types.ResourceRecordSet, err error) {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &id, StartRecordName: &name}
	for {
		out, err := call(ctx, m, m.api.ListResourceRecordSets, in)
		if err != nil {
			return nil, fmt.Errorf("list records of hosted zone %s: %w", id, err)
		}
		for _, s := range out.ResourceRecordSets {
			if n := canonical(ptr.Value(s.Name)); n != name && !below(n, name) {
				return sets, nil
			}
			sets = append(sets, s)
		}
		if !out.IsTruncated {
			return sets, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}
