package zone

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// Result is what there is after Apply.
type Result struct {
	Zone string `json:"zone"`
	// ID is that of the zone, for whoever makes records in it or proves its ownership
	// (ACME DNS-01); empty where the zone could not be made.
	ID          string   `json:"id,omitempty"`
	NameServers []string `json:"nameServers,omitempty"` // sorted
	// Created, Tagged and Delegated are what this run did.
	Created   bool `json:"created,omitempty"`
	Tagged    bool `json:"tagged,omitempty"`
	Delegated bool `json:"delegated,omitempty"`
}

// Apply makes the changes of plan, which must come from [Manager.Plan], and waits
// until all name servers know them: the zone's before the parent delegates to them.
// A plan without changes makes no call.
//
// It reads again first, and fails with [ErrStale] where more is to do by now than
// the plan says. What it did is returned beside an error; a later run with a new plan
// goes on from there, and never makes a second zone.
func (m *Manager) Apply(ctx context.Context, plan Plan) (Result, error) {
	r := Result{Zone: plan.Zone, ID: plan.ID, NameServers: plan.servers}
	if plan.Zone == "" || plan.spec.Name != plan.Zone {
		return r, fmt.Errorf("apply hosted zone %s: %w", plan.Zone, ErrNotPlanned)
	}
	if plan.Empty() {
		m.emit(plan.Zone, progress.Unchanged, "", nil)
		return r, nil
	}
	if err := m.apply(ctx, plan, &r); err != nil {
		err = fmt.Errorf("apply hosted zone %s: %w", plan.Zone, err)
		m.emit(plan.Zone, progress.Failed, "", err)
		return r, err
	}
	m.emit(plan.Zone, progress.Done, r.did(), nil)
	return r, nil
}

func (r Result) did() string {
	var parts []string
	for _, d := range []struct {
		done bool
		what string
	}{{r.Created, "created"}, {r.Tagged && !r.Created, "tagged"}, {r.Delegated, "delegated"}} {
		if d.done {
			parts = append(parts, d.what)
		}
	}
	return strings.Join(parts, ", ")
}

func (m *Manager) apply(ctx context.Context, plan Plan, r *Result) error {
	now, err := m.survey(ctx, plan.spec)
	if err != nil {
		return err
	}
	if !plan.covers(now) {
		return fmt.Errorf("%w:\n%s", ErrStale, strings.TrimSpace(now.String()))
	}
	r.ID, r.NameServers = now.ID, now.servers
	if now.Empty() {
		return nil // somebody else did it
	}
	m.emit(plan.Zone, progress.Running, string(now.Action), nil)
	var made *types.ChangeInfo
	if now.Action == Create {
		if made, err = m.create(ctx, now.spec, r); err != nil {
			return err
		}
	}
	if now.Action != Keep {
		if err := m.tag(ctx, now.spec, r.ID); err != nil {
			return err
		}
		r.Tagged = true
	}
	if made != nil {
		m.emit(plan.Zone, progress.Running, "created: waiting for its name servers", nil)
		if err := m.insync(ctx, made, "the zone"); err != nil {
			return err
		}
		if err := m.alone(ctx, now.spec, r.ID); err != nil {
			return err
		}
	}
	return m.delegate(ctx, now.Delegation, r)
}

// covers reports whether all that now would do is part of p, or the rest of it.
func (p Plan) covers(now Plan) bool {
	zone := now.Action == Keep || p.Action == Create || now.Action == p.Action && now.ID == p.ID && slices.Equal(now.Detail, p.Detail)
	if !zone || (p.Delegation == nil) != (now.Delegation == nil) {
		return false
	}
	if p.Delegation == nil || now.Delegation.Action == Keep {
		return true
	}
	a, b := p.Delegation, now.Delegation
	return a.Action == b.Action && a.ParentID == b.ParentID && slices.Equal(a.From, b.From) && a.FromTTL == b.FromTTL
}

// maxPerDay is how often a zone of one name can be made again on one day (UTC).
const maxPerDay = 50

// patience is how long a zone may take until listings show it.
const patience = 10 * time.Second

// create makes the zone. Route 53 takes a caller reference only once, even when the
// zone that it made is deleted since. Ours are therefore counted, from 1 on each day:
// a run that was killed while it made the zone has used the number that this one
// tries first, and the zone is found by it; where none is found, it was deleted.
func (m *Manager) create(ctx context.Context, spec Spec, r *Result) (*types.ChangeInfo, error) {
	day := m.referencePrefix(spec.Name) + time.Now().UTC().Format("20060102")
	comment := fmt.Sprintf("KRE runtime, environment %s; made by delivery", m.opts.Environment)
	for n := 1; n <= maxPerDay; n++ {
		reference := fmt.Sprintf("%s-%d", day, n)
		out, err := call(ctx, m, m.api.CreateHostedZone, &route53.CreateHostedZoneInput{
			Name: &spec.Name, CallerReference: &reference, HostedZoneConfig: &types.HostedZoneConfig{Comment: &comment},
		})
		if err == nil {
			r.ID, r.NameServers, r.Created = bare(ptr.Value(out.HostedZone.Id)), servers(out.DelegationSet), true
			return out.ChangeInfo, nil
		}
		if awserr.Code(err) != "HostedZoneAlreadyExists" {
			return nil, fmt.Errorf("create: %w", err)
		}
		id, err := m.made(ctx, spec.Name, reference)
		if err != nil {
			return nil, err
		}
		if id != "" {
			r.ID = id
			r.NameServers, err = m.nameServers(ctx, id)
			return nil, err
		}
	}
	return nil, fmt.Errorf("create: the zone was made and deleted %d times today: go on tomorrow, or make it by hand and set Options.Adopt", maxPerDay)
}

// made returns the id of the zone that was made with a reference, once listings show
// it; empty where none does.
func (m *Manager) made(ctx context.Context, name, reference string) (string, error) {
	for began := time.Now(); ; {
		public, _, err := m.named(ctx, name)
		if err != nil {
			return "", err
		}
		if i := slices.IndexFunc(public, func(c candidate) bool { return c.reference == reference }); i >= 0 {
			return public[i].id, nil
		}
		if time.Since(began) >= patience {
			return "", nil
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return "", err
		}
	}
}

// alone fails where another run has made a zone of the same name meanwhile.
func (m *Manager) alone(ctx context.Context, spec Spec, id string) error {
	spec.ID = ""
	f, err := m.find(ctx, spec, false)
	if err == nil && f.candidate != nil && f.id != id {
		return fmt.Errorf("%w: there is also %s", ErrStale, f.id)
	}
	return err
}

func (m *Manager) tag(ctx context.Context, spec Spec, id string) error {
	in := &route53.ChangeTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id}
	for k, v := range m.wanted(spec) {
		in.AddTags = append(in.AddTags, types.Tag{Key: &k, Value: &v})
	}
	if _, err := call(ctx, m, m.api.ChangeTagsForResource, in); err != nil {
		return fmt.Errorf("tag hosted zone %s: %w", id, err)
	}
	return nil
}

// delegate writes the NS record of the parent, where it is not as it should be.
func (m *Manager) delegate(ctx context.Context, d *Delegation, r *Result) error {
	if d == nil || d.Action == Keep {
		return nil
	}
	ns := &types.ResourceRecordSet{Name: &r.Zone, Type: types.RRTypeNs, TTL: &d.ToTTL}
	for _, s := range r.NameServers {
		ns.ResourceRecords = append(ns.ResourceRecords, types.ResourceRecord{Value: new(s + ".")})
	}
	out, err := call(ctx, m, m.api.ChangeResourceRecordSets, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &d.ParentID,
		ChangeBatch:  &types.ChangeBatch{Changes: []types.Change{{Action: types.ChangeActionUpsert, ResourceRecordSet: ns}}},
	})
	if err != nil {
		return fmt.Errorf("delegate from %s (%s): %w", d.Parent, d.ParentID, err)
	}
	r.Delegated = true
	m.emit(r.Zone, progress.Running, "delegated: waiting for the name servers of "+d.Parent, nil)
	return m.insync(ctx, out.ChangeInfo, "the delegation")
}
