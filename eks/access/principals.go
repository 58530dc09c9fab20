package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/internal/english"
)

func compare(a, b string) int { return cmp.Compare(a, b) }

// decideEntries is about principals that are written as access entries.
func (m *Manager) decideEntries(p *Plan, d desired, o observed) error {
	left := m.leftovers(p, o.auth)
	last, others := counting(o.auth.entries), m.others(o.auth.entries)
	byARN := map[string]entry{}
	for _, e := range o.entries {
		byARN[strings.ToLower(e.arn)] = e
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(d.principals)) {
		want := d.principals[key]
		_, mapped := left[key]
		delete(left, key)
		e, exists := byARN[strings.ToLower(want.arn)]
		delete(byARN, strings.ToLower(want.arn))
		var c PrincipalChange
		if exists {
			steps, err := m.decideEntry(&c, e, want)
			errs = append(errs, err)
			p.Steps = append(p.Steps, steps...)
		} else {
			c = change(want.arn, gives(last[key]), want.groups)
			if other, has := others[key]; has {
				errs = append(errs, m.overrule(&c, other))
			}
			p.Steps = append(p.Steps, createEntry(want))
		}
		switch {
		case mapped && exists:
			c.touch("leaves aws-auth, over which its access entry wins")
		case mapped:
			c.touch("moves from aws-auth to an access entry")
		}
		p.Principals = append(p.Principals, c)
	}
	for _, arn := range slices.Sorted(maps.Keys(byARN)) {
		if e := byARN[arn]; e.owner == m.opts.Owner {
			delete(left, awsauth.Canonical(arn))
			errs = append(errs, m.decideDeparture(p, d, e, others))
		}
	}
	return errors.Join(append(errs, m.departed(p, left, last, others))...)
}

// decideDeparture is about an access entry of ours that nobody wants any more.
func (m *Manager) decideDeparture(p *Plan, d desired, e entry, others map[string]awsauth.Entry) error {
	c := change(e.arn, e.groups, nil)
	c.Action = Delete
	if e.admin {
		c.Detail = append(c.Detail, "its access entry has "+adminPolicy+", which goes with it")
	}
	var err error
	key := awsauth.Canonical(e.arn)
	other, has := others[key]
	if _, wanted := d.principals[key]; has && !wanted { // else it has an entry under another path
		err = m.revive(&c, other, false)
	}
	p.Principals = append(p.Principals, c)
	p.Steps = append(p.Steps, deleteEntry(e.arn))
	return err
}

// departed are principals whose only right to be in aws-auth was that of ours there.
func (m *Manager) departed(p *Plan, left, last, others map[string]awsauth.Entry) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(left)) {
		c := change(left[key].RoleARN, gives(left[key]), nil)
		c.Action = Delete
		if other, has := others[key]; has {
			errs = append(errs, m.revive(&c, other, !m.edit(nil).Ours(last[key])))
		}
		p.Principals = append(p.Principals, c)
	}
	return errors.Join(errs...)
}

// counting are the mappings that count, by canonical ARN: of several the last one, and one
// that is dead only where there is no other.
func counting(entries []awsauth.Entry) map[string]awsauth.Entry {
	last := map[string]awsauth.Entry{}
	for _, e := range entries {
		key := awsauth.Canonical(e.RoleARN)
		if other, has := last[key]; !has || !dead(e) || dead(other) {
			last[key] = e
		}
	}
	return last
}

// dead reports whether the cluster never matches e, since its ARN has a path.
func dead(e awsauth.Entry) bool { return awsauth.Canonical(e.RoleARN) != strings.ToLower(e.RoleARN) }

// gives are the groups that a mapping gives to its principal.
func gives(e awsauth.Entry) []string {
	if dead(e) {
		return nil
	}
	return e.Groups
}

// others are the mappings that are not ours and count, or would but for ours or an access
// entry, by canonical ARN.
func (m *Manager) others(entries []awsauth.Entry) map[string]awsauth.Entry {
	return counting(slices.DeleteFunc(slices.Clone(entries), func(e awsauth.Entry) bool { return m.edit(nil).Ours(e) || dead(e) }))
}

// revive is about a departed principal that has a mapping in aws-auth that is not ours: if
// that does not count already, it would as soon as ours is gone, and let the principal in again.
func (m *Manager) revive(c *PrincipalChange, other awsauth.Entry, counts bool) error {
	switch {
	case counts:
		c.touch(fmt.Sprintf("stays in by a mapping in aws-auth that is not ours (username %q, groups %v)", other.Username, other.Groups))
	case other.Node():
		c.touch("joins as a node again, by a mapping in aws-auth that is not ours")
	default:
		return m.mappingClash(other, "is not ours and would count again, since nothing of ours overrules it any more: remove it first")
	}
	return nil
}

func (m *Manager) mappingClash(e awsauth.Entry, reason string) error {
	return &ClashError{Kind: KindConfigMap, Name: m.configMap(), Reason: fmt.Sprintf("maps %s to username %q, groups %v, which %s", e.RoleARN, e.Username, e.Groups, reason)}
}

// overrule is about a mapping in aws-auth that is not ours and stops counting, since there
// will be an access entry for its principal.
func (m *Manager) overrule(c *PrincipalChange, other awsauth.Entry) error {
	switch {
	case other.Node():
		return m.mappingClash(other, "nodes need: an access entry would overrule it")
	case !m.opts.Adopt:
		return m.mappingClash(other, "is not ours and would be overruled by an access entry: remove it, or adopt it")
	}
	c.touch(fmt.Sprintf("its access entry overrules a mapping in aws-auth that is not ours (username %q)", other.Username))
	return nil
}

// touch marks a principal as changed, and says why.
func (c *PrincipalChange) touch(detail string) {
	if c.Action == Unchanged {
		c.Action = Update
	}
	c.Detail = append(c.Detail, detail)
}

func (m *Manager) decideEntry(c *PrincipalChange, e entry, want principal) ([]Step, error) {
	*c = change(e.arn, e.groups, want.groups)
	switch {
	case e.kind != typeStandard:
		return nil, &ClashError{Kind: KindEntry, Name: e.arn, Reason: fmt.Sprintf("is of type %s, which machines of the cluster have", e.kind)}
	case e.owner != m.opts.Owner && !m.opts.Adopt:
		whose := "is not ours"
		if e.owner != "" {
			whose = "belongs to owner " + e.owner
		}
		return nil, &ClashError{Kind: KindEntry, Name: e.arn, Reason: fmt.Sprintf("%s (username %q, groups %v): delete it, or adopt it", whose, e.username, e.groups)}
	case e.owner != m.opts.Owner && e.owner != "":
		// Its tag says whose it is, and the EKS client that we want can change no tag.
		return nil, &ClashError{Kind: KindEntry, Name: e.arn, Reason: fmt.Sprintf("belongs to owner %s by its tag: delete it", e.owner)}
	case e.owner != m.opts.Owner:
		c.touch(fmt.Sprintf("access entry adopted; its username was %q", e.username))
	case e.username != want.username:
		c.touch(fmt.Sprintf("username was %q", e.username))
	}
	if e.matches(want) {
		return nil, nil
	}
	return []Step{updateEntry(e.arn, want, loses(*c))}, nil
}

// leftovers are our mappings in aws-auth of a cluster that has access entries, by canonical
// ARN, and a step that removes them, since the entries win over them.
func (m *Manager) leftovers(p *Plan, a auth) map[string]awsauth.Entry {
	held := m.hold(a.entries)
	switch {
	case a.err != nil:
		p.Notes = append(p.Notes, fmt.Sprintf("the cluster cannot read %s, so what is ours there stays: %v", m.configMap(), a.err))
	case len(held) > 0:
		p.Notes = append(p.Notes, fmt.Sprintf("%s of ours in %s removed once the access entries exist", english.Count(len(held), "mapping"), m.configMap()))
		p.Steps = append(p.Steps, writeMappings(Update, m.configMap(), m.edit(nil), a, true))
	}
	return held
}

// decideMappings is about principals that are written in aws-auth.
func (m *Manager) decideMappings(p *Plan, d desired, o observed) error {
	action := Update
	switch {
	case o.auth.err != nil:
		return fmt.Errorf("ConfigMap %s: %w", m.configMap(), o.auth.err)
	case o.auth.object == nil && len(d.principals) == 0:
		return nil
	case o.auth.object == nil && !m.opts.CreateConfigMap:
		return fmt.Errorf("ConfigMap %s: %w", m.configMap(), ErrNoConfigMap)
	case o.auth.object == nil:
		action = Create
	}
	edit := m.edit(d.mappings())
	text, err := edit.Apply(o.auth.text())
	if err != nil {
		return fmt.Errorf("ConfigMap %s: %w", m.configMap(), err)
	}
	if err := m.compareMappings(p, d, o.auth.entries); err != nil {
		return err
	}
	if action == Create || text != o.auth.text() {
		takes := slices.ContainsFunc(p.Principals, loses)
		p.Steps = append(p.Steps, writeMappings(action, m.configMap(), edit, o.auth, takes))
	}
	return nil
}

func (m *Manager) edit(want []awsauth.Entry) awsauth.Edit {
	return awsauth.Edit{Prefix: m.prefix(), Entries: want, Adopt: m.opts.Adopt}
}

func (m *Manager) compareMappings(p *Plan, d desired, entries []awsauth.Entry) error {
	left, last := m.hold(entries), counting(entries)
	times := map[string]int{}
	for _, e := range entries {
		times[awsauth.Canonical(e.RoleARN)]++
	}
	for key, want := range d.principals {
		had, ours := left[key]
		delete(left, key)
		before, mapped := last[key] // the last one, whoever wrote it
		c := change(want.arn, gives(before), want.groups)
		switch {
		case mapped && !ours:
			c.touch(fmt.Sprintf("mapping adopted; its username was %q", before.Username))
		case ours && had.Username != want.username:
			c.touch(fmt.Sprintf("username was %q", had.Username))
		case ours && !strings.EqualFold(had.RoleARN, withoutPath(want.arn)):
			c.touch("its ARN had a path, which the cluster never matches")
		}
		if times[key] > 1 {
			c.touch(fmt.Sprintf("mapped %d times, of which the last one counted", times[key]))
		}
		p.Principals = append(p.Principals, c)
	}
	return m.departed(p, left, last, m.others(entries))
}

func createEntry(want principal) Step {
	return Step{Action: Create, Kind: KindEntry, Name: want.arn, admin: want.admin, write: func(ctx context.Context, m *Manager) error { return m.createEntry(ctx, want) }}
}

func updateEntry(arn string, want principal, takes bool) Step {
	return Step{Action: Update, Kind: KindEntry, Name: arn, takes: takes, admin: want.admin, write: func(ctx context.Context, m *Manager) error { return m.updateEntry(ctx, arn, want) }}
}

func deleteEntry(arn string) Step {
	return Step{Action: Delete, Kind: KindEntry, Name: arn, takes: true, write: func(ctx context.Context, m *Manager) error { return m.deleteEntry(ctx, arn) }}
}
