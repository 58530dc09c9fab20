package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/mettel-automation/delivery/eks/access/rules"
)

// decide is the whole decision: what is desired against what there is. It calls nobody.
func (m *Manager) decide(d desired, o observed) (Plan, error) {
	p := Plan{Cluster: m.cluster.Name, Mode: string(m.cluster.Mode), Owner: m.opts.Owner, desired: d}
	err := m.decideGroups(&p, d, o)
	if m.byEntries() {
		err = errors.Join(err, m.decideEntries(&p, d, o))
	} else {
		err = errors.Join(err, m.decideMappings(&p, d, o))
	}
	if err != nil {
		return Plan{}, err
	}
	slices.SortFunc(p.Principals, func(a, b PrincipalChange) int { return compare(a.Principal, b.Principal) })
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return order(a) - order(b) })
	p.Lockout = lockout(p, d, o)
	p.Notes = append(p.Notes, m.strangers(d, o)...)
	return p, nil
}

// order has steps that only grant before those that take, and takes from the outside in:
// people before bindings before roles.
func order(s Step) int {
	kinds := []Kind{KindRole, KindBinding, KindEntry, KindConfigMap}
	rank := slices.Index(kinds, s.Kind)
	if s.takes {
		return 2*len(kinds) - rank
	}
	return rank
}

func (m *Manager) decideGroups(p *Plan, d desired, o observed) error {
	var errs []error
	wanted := map[string]bool{}
	for _, g := range d.groups {
		wanted[g.Name] = true
		errs = append(errs, m.decideGroup(p, g, o.roles[g.Name], o.bindings[g.Name]))
	}
	names := slices.Concat(slices.Collect(maps.Keys(o.roles)), slices.Collect(maps.Keys(o.bindings)))
	for _, name := range sorted(names) {
		if wanted[name] {
			continue
		}
		change := GroupChange{Group: name, Action: Delete}
		if role := o.roles[name]; role != nil {
			change.Rules = rules.Diff(role.Rules, nil)
			p.Steps = append(p.Steps, deleteRole(role))
		}
		if binding := o.bindings[name]; binding != nil {
			p.Steps = append(p.Steps, deleteBinding(binding))
		}
		p.Groups = append(p.Groups, change)
	}
	slices.SortFunc(p.Groups, func(a, b GroupChange) int { return compare(a.Group, b.Group) })
	return errors.Join(errs...)
}

func (m *Manager) decideGroup(p *Plan, g Group, role *rbacv1.ClusterRole, binding *rbacv1.ClusterRoleBinding) error {
	change := GroupChange{Group: g.Name, Action: Unchanged, Principals: members(p.desired, g.Name)}
	errRole := m.decideRole(p, &change, g, role)
	errBinding := m.decideBinding(p, &change, binding)
	p.Groups = append(p.Groups, change)
	return errors.Join(errRole, errBinding)
}

func members(d desired, group string) (n int) {
	for _, p := range d.principals {
		if slices.Contains(p.groups, group) {
			n++
		}
	}
	return n
}

func (m *Manager) decideRole(p *Plan, change *GroupChange, g Group, role *rbacv1.ClusterRole) error {
	want := m.role(g)
	if role == nil {
		change.Action, change.Rules = Create, rules.Diff(nil, g.Rules)
		p.Steps = append(p.Steps, createRole(want))
		return nil
	}
	if err := m.clash(KindRole, role); err != nil {
		return err
	}
	change.Rules = rules.Diff(role.Rules, g.Rules)
	adopted, aggregated := !m.isOwned(role), role.AggregationRule != nil
	if adopted {
		change.Detail = append(change.Detail, "ClusterRole adopted")
	}
	if aggregated {
		change.Detail = append(change.Detail, "ClusterRole no longer collects the rules of other roles")
	}
	to := aggregates(role)
	if len(to) > 0 {
		change.Detail = append(change.Detail, "ClusterRole no longer adds its rules to "+strings.Join(to, ", "))
	}
	if adopted || aggregated || len(to)+len(change.Rules) > 0 {
		change.Action = Update
		takes := len(to) > 0 || slices.ContainsFunc(change.Rules, func(c rules.Change) bool { return len(c.Loses) > 0 })
		p.Steps = append(p.Steps, updateRole(role, want, takes))
	}
	return nil
}

func (m *Manager) decideBinding(p *Plan, change *GroupChange, binding *rbacv1.ClusterRoleBinding) error {
	want := m.binding(change.Group)
	switch {
	case binding == nil && change.Principals == 0:
		return nil
	case binding == nil:
		change.touch("")
		p.Steps = append(p.Steps, createBinding(want))
		return nil
	case change.Principals == 0 && !m.isOwned(binding):
		return nil // it is not in the way
	}
	if err := m.clash(KindBinding, binding); err != nil {
		return err
	}
	sameSubjects := slices.Equal(binding.Subjects, want.Subjects)
	switch {
	case change.Principals == 0:
		change.touch("ClusterRoleBinding deleted, since the group has no principal")
		p.Steps = append(p.Steps, deleteBinding(binding))
	case binding.RoleRef != want.RoleRef:
		change.touch(fmt.Sprintf("ClusterRoleBinding deleted and made anew, since it binds %s to %s %s, which cannot be changed", subjects(binding.Subjects), binding.RoleRef.Kind, binding.RoleRef.Name))
		p.Steps = append(p.Steps, replaceBinding(binding, want))
	case !sameSubjects:
		change.touch("ClusterRoleBinding bound " + subjects(binding.Subjects))
		p.Steps = append(p.Steps, updateBinding(binding, want))
	case !m.isOwned(binding):
		change.touch("ClusterRoleBinding adopted")
		p.Steps = append(p.Steps, updateBinding(binding, want))
	}
	return nil
}

// touch marks a group as changed, and says why.
func (c *GroupChange) touch(detail string) {
	if c.Action == Unchanged {
		c.Action = Update
	}
	if detail != "" {
		c.Detail = append(c.Detail, detail)
	}
}

// lockout returns the groups with all rights of which no principal would keep them, and the access
// policy with all rights where no access entry would keep it.
func lockout(p Plan, d desired, o observed) []string {
	had := func(group string) bool {
		role, binding := o.roles[group], o.bindings[group]
		if group == "system:masters" || binding == nil {
			return group == "system:masters"
		}
		bound := binding.RoleRef.Name
		return bound == "cluster-admin" || role != nil && bound == group && rules.Everything(role.Rules)
	}
	kept := map[string]bool{} // by group with all rights now: whether somebody keeps them
	for _, c := range p.Principals {
		keeps := d.administers(slices.Concat(c.Gains, c.Keeps))
		for _, group := range slices.Concat(c.Loses, c.Keeps) {
			if had(group) {
				kept[group] = kept[group] || keeps
			}
		}
	}
	for _, e := range o.entries {
		if e.admin {
			goes := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Kind == KindEntry && s.Action == Delete && s.Name == e.arn })
			kept[adminPolicy] = kept[adminPolicy] || !goes
		}
	}
	maps.DeleteFunc(kept, func(_ string, keeps bool) bool { return keeps })
	return slices.Sorted(maps.Keys(kept))
}
