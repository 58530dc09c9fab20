package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

// strangers says who else has the rights of our groups, for whatever reason: that is
// nothing to be taken away, and yet nothing to be passed over.
func (m *Manager) strangers(d desired, o observed) []string {
	notes := slices.Concat(m.entryStrangers(d, o.entries), m.mappingStrangers(d, o))
	for _, b := range o.others {
		if role := b.RoleRef.Name; b.RoleRef.Kind == "ClusterRole" && len(b.Subjects) > 0 && (d.has(role) || o.roles[role] != nil) {
			notes = append(notes, fmt.Sprintf("%s: bound to ClusterRole %s as well, by ClusterRoleBinding %s, which is not ours", subjects(b.Subjects), role, b.Name))
		}
	}
	slices.Sort(notes)
	return notes
}

func (m *Manager) entryStrangers(d desired, entries []entry) (notes []string) {
	for _, e := range entries {
		_, wanted := d.principals[awsauth.Canonical(e.arn)]
		ours := e.owner == m.opts.Owner
		if groups := d.among(e.groups); !ours && !wanted && len(groups) > 0 {
			notes = append(notes, fmt.Sprintf("%s is in %s as well, by an access entry that is not ours", e.arn, strings.Join(groups, ", ")))
		}
		if wanted && e.admin {
			notes = append(notes, fmt.Sprintf("%s may do everything whatever its groups, since its access entry has %s", e.arn, adminPolicy))
		}
	}
	return notes
}

func (m *Manager) mappingStrangers(d desired, o observed) (notes []string) {
	overruled := map[string]bool{} // by an access entry that is not ours to remove
	for _, e := range o.entries {
		overruled[awsauth.Canonical(e.arn)] = e.owner != m.opts.Owner
	}
	for key, e := range m.others(o.auth.entries) {
		_, wanted := d.principals[key]
		if groups := d.among(e.Groups); !wanted && !overruled[key] && len(groups) > 0 {
			notes = append(notes, fmt.Sprintf("%s is in %s as well, by a mapping in %s that is not ours", e.RoleARN, strings.Join(groups, ", "), m.configMap()))
		}
	}
	for _, e := range o.auth.users {
		if groups := d.among(e.Groups); len(groups) > 0 {
			notes = append(notes, fmt.Sprintf("user %q is in %s as well, by mapUsers in %s", e.Username, strings.Join(groups, ", "), m.configMap()))
		}
	}
	return notes
}

// among are those of groups that are desired and have rights.
func (d desired) among(groups []string) []string {
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return members(d, g) == 0 })
}
