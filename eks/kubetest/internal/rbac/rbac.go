// Package rbac decides who may do what, by the roles and bindings of a cluster.
// The rules are those of the RBAC authorizer of k8s.io/kubernetes.
package rbac

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// Bootstrap holds the roles and bindings that a new cluster has, as YAML documents.
//
//go:embed bootstrap.yaml
var Bootstrap string

// Masters is the group that may do everything.
const Masters = "system:masters"

// User is who asks.
type User struct {
	Name   string
	Groups []string
}

// In reports whether u is in a group.
func (u User) In(group string) bool { return slices.Contains(u.Groups, group) }

// Action is what somebody wants to do: with a resource, or with a path.
type Action struct {
	Verb, Group, Resource, Subresource, Namespace, Name string
	Path                                                string // of what is no resource
}

// Denied says that an action is not allowed, in the words of the server.
func (a Action) Denied(u User) string {
	if a.Resource == "" {
		return fmt.Sprintf("User %q cannot %s path %q", u.Name, a.Verb, a.Path)
	}
	where := "at the cluster scope"
	if a.Namespace != "" {
		where = fmt.Sprintf("in the namespace %q", a.Namespace)
	}
	return fmt.Sprintf("User %q cannot %s resource %q in API group %q %s", u.Name, a.Verb, a.full(), a.Group, where)
}

func (a Action) full() string {
	if a.Subresource == "" {
		return a.Resource
	}
	return a.Resource + "/" + a.Subresource
}

// Policy reads roles and bindings from a store.
type Policy struct{ Store *store.Store }

// Allows reports whether u may do a, and because of which binding. Where it
// does not, reason names roles that bindings of u refer to and that are not there.
func (p Policy) Allows(u User, a Action) (allowed bool, reason string) {
	if u.In(Masters) {
		return true, ""
	}
	var missing []string
	for _, g := range p.grants(u, a.Namespace, &missing) {
		for i := range g.rules {
			if covers(&g.rules[i], a) {
				return true, "RBAC: allowed by " + g.source
			}
		}
	}
	if len(missing) == 1 {
		return false, "RBAC: " + missing[0]
	}
	if len(missing) > 1 {
		return false, "RBAC: [" + strings.Join(missing, ", ") + "]"
	}
	return false, ""
}

// Rules are all that u may do in a namespace.
func (p Policy) Rules(u User, namespace string) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, g := range p.grants(u, namespace, nil) {
		rules = append(rules, g.rules...)
	}
	return rules
}

// grant is the rules that one binding gives.
type grant struct {
	source string
	rules  []rbacv1.PolicyRule
}

// grants are those of u, cluster-wide and in a namespace. Missing collects the
// roles that are not there.
func (p Policy) grants(u User, namespace string, missing *[]string) []grant {
	var out []grant
	add := func(source string, ref rbacv1.RoleRef, in string) {
		rules, err := p.RulesOf(ref, in)
		if err != nil {
			if missing != nil {
				*missing = append(*missing, err.Error())
			}
			return
		}
		out = append(out, grant{source, rules})
	}
	for _, o := range p.Store.List("clusterrolebindings."+rbacv1.GroupName, "") {
		b, err := types.Into[rbacv1.ClusterRoleBinding](o)
		if err != nil {
			continue
		}
		if s, ok := subject(b.Subjects, u, ""); ok {
			add(fmt.Sprintf("ClusterRoleBinding %q of %s %q to %s", b.Name, b.RoleRef.Kind, b.RoleRef.Name, s), b.RoleRef, "")
		}
	}
	if namespace == "" {
		return out
	}
	for _, o := range p.Store.List("rolebindings."+rbacv1.GroupName, namespace) {
		b, err := types.Into[rbacv1.RoleBinding](o)
		if err != nil {
			continue
		}
		if s, ok := subject(b.Subjects, u, namespace); ok {
			add(fmt.Sprintf("RoleBinding %q of %s %q to %s", b.Name+"/"+namespace, b.RoleRef.Kind, b.RoleRef.Name, s), b.RoleRef, namespace)
		}
	}
	return out
}

// RulesOf returns the rules of the role that a binding refers to.
func (p Policy) RulesOf(ref rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	if ref.Kind == "Role" {
		o := p.Store.Get(store.Key{Resource: "roles." + rbacv1.GroupName, Namespace: namespace, Name: ref.Name})
		if o == nil {
			return nil, fmt.Errorf("role.rbac.authorization.k8s.io %q not found", ref.Name)
		}
		role, err := types.Into[rbacv1.Role](o)
		if err != nil {
			return nil, err
		}
		return role.Rules, nil
	}
	o := p.Store.Get(store.Key{Resource: "clusterroles." + rbacv1.GroupName, Name: ref.Name})
	if o == nil {
		return nil, fmt.Errorf("clusterrole.rbac.authorization.k8s.io %q not found", ref.Name)
	}
	role, err := types.Into[rbacv1.ClusterRole](o)
	if err != nil {
		return nil, err
	}
	return p.aggregated(role, map[string]bool{}), nil
}

// aggregated are the rules of a role and of those that it aggregates.
func (p Policy) aggregated(role *rbacv1.ClusterRole, seen map[string]bool) []rbacv1.PolicyRule {
	if seen[role.Name] || role.AggregationRule == nil {
		return role.Rules
	}
	seen[role.Name] = true
	rules := slices.Clone(role.Rules)
	for _, o := range p.Store.List("clusterroles."+rbacv1.GroupName, "") {
		if o.GetName() == role.Name || !selected(role.AggregationRule, o.GetLabels()) {
			continue
		}
		if other, err := types.Into[rbacv1.ClusterRole](o); err == nil {
			rules = append(rules, p.aggregated(other, seen)...)
		}
	}
	return rules
}

func selected(rule *rbacv1.AggregationRule, of map[string]string) bool {
	return slices.ContainsFunc(rule.ClusterRoleSelectors, func(s metav1.LabelSelector) bool {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		return err == nil && selector.Matches(labels.Set(of))
	})
}

// subject returns which of the subjects u is.
func subject(subjects []rbacv1.Subject, u User, namespace string) (string, bool) {
	for _, s := range subjects {
		switch s.Kind {
		case rbacv1.UserKind:
			if s.Name == u.Name {
				return fmt.Sprintf("User %q", s.Name), true
			}
		case rbacv1.GroupKind:
			if u.In(s.Name) {
				return fmt.Sprintf("Group %q", s.Name), true
			}
		case rbacv1.ServiceAccountKind:
			in := s.Namespace
			if in == "" {
				in = namespace
			}
			if u.Name == "system:serviceaccount:"+in+":"+s.Name {
				return fmt.Sprintf("ServiceAccount %q", s.Name+"/"+in), true
			}
		}
	}
	return "", false
}

// covers reports whether a rule allows an action.
func covers(r *rbacv1.PolicyRule, a Action) bool {
	if !has(r.Verbs, a.Verb) {
		return false
	}
	if a.Resource == "" {
		return slices.ContainsFunc(r.NonResourceURLs, func(url string) bool {
			return url == "*" || url == a.Path || (strings.HasSuffix(url, "*") && strings.HasPrefix(a.Path, strings.TrimRight(url, "*")))
		})
	}
	named := len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, a.Name)
	resource := has(r.Resources, a.full()) || (a.Subresource != "" && slices.Contains(r.Resources, "*/"+a.Subresource))
	return named && resource && has(r.APIGroups, a.Group)
}

func has(list []string, v string) bool { return slices.Contains(list, "*") || slices.Contains(list, v) }
