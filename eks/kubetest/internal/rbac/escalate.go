package rbac

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Escalates says what u would grant by rules without holding it, in the words
// of the server; "" where u holds all of it.
func (p Policy) Escalates(u User, namespace string, rules []rbacv1.PolicyRule) string {
	if u.In(Masters) {
		return ""
	}
	own := p.Rules(u, namespace)
	var missing []string
	for _, rule := range rules {
		for _, single := range breakdown(rule) {
			if !slices.ContainsFunc(own, func(r rbacv1.PolicyRule) bool { return includes(&r, single) }) {
				missing = append(missing, compact(single))
			}
		}
	}
	if len(missing) == 0 {
		return ""
	}
	slices.Sort(missing)
	return fmt.Sprintf("user %q (groups=%q) is attempting to grant RBAC permissions not currently held:\n%s",
		u.Name, u.Groups, strings.Join(slices.Compact(missing), "\n"))
}

// breakdown splits a rule into those of one verb, group, resource and name each.
func breakdown(r rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for _, verb := range r.Verbs {
		for _, url := range r.NonResourceURLs {
			out = append(out, rbacv1.PolicyRule{NonResourceURLs: []string{url}, Verbs: []string{verb}})
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				single := rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}}
				if len(r.ResourceNames) == 0 {
					out = append(out, single)
				}
				for _, name := range r.ResourceNames {
					single.ResourceNames = []string{name}
					out = append(out, single)
				}
			}
		}
	}
	return out
}

// includes reports whether a rule allows at least what single does.
func includes(r *rbacv1.PolicyRule, single rbacv1.PolicyRule) bool {
	a := Action{Verb: single.Verbs[0]}
	if len(single.NonResourceURLs) > 0 {
		a.Path = single.NonResourceURLs[0]
		return covers(r, a)
	}
	a.Group = single.APIGroups[0]
	a.Resource, a.Subresource, _ = strings.Cut(single.Resources[0], "/")
	if len(single.ResourceNames) == 0 {
		return len(r.ResourceNames) == 0 && covers(r, a)
	}
	a.Name = single.ResourceNames[0]
	return covers(r, a)
}

func compact(r rbacv1.PolicyRule) string {
	var parts []string
	add := func(name string, values []string) {
		if len(values) > 0 {
			parts = append(parts, fmt.Sprintf("%s:%q", name, values))
		}
	}
	add("APIGroups", r.APIGroups)
	add("Resources", r.Resources)
	add("NonResourceURLs", r.NonResourceURLs)
	add("ResourceNames", r.ResourceNames)
	add("Verbs", r.Verbs)
	return "{" + strings.Join(parts, ", ") + "}"
}
