package access

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/eks/access/rules"
)

// Group is a group of people and what they may do in all namespaces: a ClusterRole and a
// ClusterRoleBinding of its name. Its principals are members by EKS access entries or, in a
// cluster with authentication mode CONFIG_MAP, by the aws-auth ConfigMap.
type Group struct {
	// Name is that of the Kubernetes group, its ClusterRole and its ClusterRoleBinding:
	// small letters, digits, hyphens and dots, at most 63, and none of the roles that
	// Kubernetes brings along (cluster-admin, admin, edit, view).
	Name string
	// Principals are ARNs of IAM roles, such as arn:aws:iam::111122223333:role/team/ana.
	// A principal may be in several groups. A group without any keeps its role and
	// has no binding. An access entry does not let in a role that was deleted and made
	// again under the same ARN: leave it out once, so that its entry goes.
	// Source: EKS User Guide, "Create access entries".
	Principals []string
	// Rules are what the group may do; package rules has usual lists.
	Rules []rbacv1.PolicyRule
}

// principal is a desired IAM role with all of its groups.
type principal struct {
	arn      string
	username string
	groups   []string // sorted
	admin    bool     // one of its groups has all rights
}

var (
	groupForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$`)
	roleForm  = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):role/(?:[\x21-\x7e]+/)?([\w+=,.@-]{1,64})$`)
)

// desired is what groups mean: checked, sorted, and turned round to principals.
type desired struct {
	groups     []Group
	principals map[string]principal // by canonical ARN
}

// has reports whether a group of this name is desired.
func (d desired) has(group string) bool {
	return slices.ContainsFunc(d.groups, func(g Group) bool { return g.Name == group })
}

// administers reports whether one of groups is to have all rights.
func (d desired) administers(groups []string) bool {
	return slices.ContainsFunc(d.groups, func(g Group) bool { return slices.Contains(groups, g.Name) && rules.Everything(g.Rules) })
}

// understand checks groups, and returns all of their faults, joined.
func (m *Manager) understand(groups []Group) (desired, error) {
	d := desired{groups: slices.Clone(groups), principals: map[string]principal{}}
	slices.SortFunc(d.groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	var errs []error
	for i, g := range d.groups {
		errs = append(errs, checkGroup(g))
		if i > 0 && d.groups[i-1].Name == g.Name {
			errs = append(errs, invalid("group %s: given twice", g.Name))
		}
		for _, arn := range g.Principals {
			errs = append(errs, m.addPrincipal(d.principals, arn, g))
		}
	}
	return d, errors.Join(errs...)
}

func checkGroup(g Group) error {
	var errs []error
	switch g.Name {
	case "cluster-admin", "admin", "edit", "view":
		errs = append(errs, invalid("group %s: Kubernetes has a role of this name; choose another", g.Name))
	default:
		if !groupForm.MatchString(g.Name) {
			errs = append(errs, invalid("group %q: want small letters, digits, hyphens and dots, at most 63", g.Name))
		}
	}
	if len(g.Rules) == 0 {
		errs = append(errs, invalid("group %s: no rules", g.Name))
	}
	for _, fault := range rules.Faults(g.Rules) {
		errs = append(errs, invalid("group %s: %s", g.Name, fault))
	}
	return errors.Join(errs...)
}

func (m *Manager) addPrincipal(all map[string]principal, arn string, g Group) error {
	found := roleForm.FindStringSubmatch(arn)
	switch {
	case found == nil && strings.Contains(arn, ":assumed-role/"):
		return invalid("group %s: principal %q is a session: want the ARN of its role, arn:aws:iam::<account>:role/<name>", g.Name, arn)
	case found == nil:
		return invalid("group %s: principal %q: want the ARN of an IAM role, arn:aws:iam::<account>:role/<name>", g.Name, arn)
	}
	key := awsauth.Canonical(arn)
	p, known := all[key]
	switch {
	case !known:
		p = principal{arn: arn, username: fmt.Sprintf("%s%s:%s:{{SessionName}}", m.prefix(), found[1], strings.ToLower(found[2]))}
	case !strings.EqualFold(p.arn, arn):
		return invalid("group %s: principals %s and %s: an account has one role of a name, and only one of the paths is right", g.Name, p.arn, arn)
	}
	if !slices.Contains(p.groups, g.Name) {
		p.groups = append(p.groups, g.Name)
	}
	p.admin = p.admin || rules.Everything(g.Rules)
	all[key] = p
	return nil
}

// mappings are the entries of aws-auth for all principals, sorted.
func (d desired) mappings() []awsauth.Entry {
	var list []awsauth.Entry
	for _, key := range slices.Sorted(maps.Keys(d.principals)) {
		p := d.principals[key]
		list = append(list, awsauth.Entry{RoleARN: withoutPath(p.arn), Username: p.username, Groups: p.groups})
	}
	return list
}

// withoutPath is the only form of an ARN that aws-auth matches.
// Source: EKS User Guide, "Troubleshoot IAM", "aws-auth ConfigMap does not grant access".
func withoutPath(arn string) string {
	head, rest, _ := strings.Cut(arn, ":role/")
	return head + ":role/" + rest[strings.LastIndexByte(rest, '/')+1:]
}
