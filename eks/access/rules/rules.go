// Package rules says what a group of people may do in a Kubernetes cluster: usual lists
// of RBAC rules, whether a cluster knows what they name, and how two of them differ.
//
//	catalog, err := rules.Discover(ctx, client.Discovery())
//	if err != nil { ... }
//	for _, p := range catalog.Check(rules.Developer()) {
//		fmt.Println(p) // unknown API group "rbac.authorization.k8s.ioo": did you mean "rbac.authorization.k8s.io"?
//	}
//	for _, change := range rules.Diff(old, rules.Developer()) {
//		fmt.Println(change) // pods/exec: + create
//	}
//
// An API server takes a rule with a slip of the pen without a word, and it grants nothing.
// That is why Check is there. It does not say whether a rule is wise, and Diff takes a
// wildcard for a name like any other: "*" and "pods" differ.
package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Change is what two lists of rules grant otherwise for one resource.
type Change struct {
	// Resource is such as "pods/log", "deployments.apps", "*.*" (all of all groups),
	// "secrets named a" or, for what is no resource, the path "/metrics".
	Resource string   `json:"resource"`
	Gains    []string `json:"gains,omitempty"` // verbs, sorted
	Loses    []string `json:"loses,omitempty"`
}

// String shows the change as people read it: "pods/log: + get, - watch".
func (c Change) String() string {
	var parts []string
	if len(c.Gains) > 0 {
		parts = append(parts, "+ "+strings.Join(c.Gains, " "))
	}
	if len(c.Loses) > 0 {
		parts = append(parts, "- "+strings.Join(c.Loses, " "))
	}
	return c.Resource + ": " + strings.Join(parts, ", ")
}

// Diff compares what two lists of rules grant, resource by resource and sorted. How they
// are cut into rules, and in which order, makes no difference.
func Diff(before, after []rbacv1.PolicyRule) []Change {
	had, has := grants(before), grants(after)
	var changes []Change
	for _, t := range slices.SortedFunc(maps.Keys(union(had, has)), target.compare) {
		c := Change{Resource: t.String(), Gains: missing(had[t], has[t]), Loses: missing(has[t], had[t])}
		if len(c.Gains)+len(c.Loses) > 0 {
			changes = append(changes, c)
		}
	}
	return changes
}

// Everything reports whether rules grant all verbs on all resources of all groups, as an
// administrator has them.
func Everything(rules []rbacv1.PolicyRule) bool {
	return grants(rules)[target{group: "*", resource: "*"}]["*"]
}

// target is what a verb is granted on.
type target struct{ group, resource, name, url string }

func (t target) compare(u target) int {
	return cmp.Or(cmp.Compare(t.url, u.url), cmp.Compare(t.group, u.group), cmp.Compare(t.resource, u.resource), cmp.Compare(t.name, u.name))
}

func (t target) String() string {
	s := t.url + t.resource
	if t.group != "" {
		s += "." + t.group
	}
	if t.name != "" {
		s += " named " + t.name
	}
	return s
}

type verbs map[string]bool

func grants(rules []rbacv1.PolicyRule) map[target]verbs {
	all := map[target]verbs{}
	grant := func(t target, granted []string) {
		if all[t] == nil {
			all[t] = verbs{}
		}
		for _, v := range granted {
			all[t][v] = true
		}
	}
	for _, r := range rules {
		names := r.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, name := range names {
					grant(target{group: group, resource: resource, name: name}, r.Verbs)
				}
			}
		}
		for _, url := range r.NonResourceURLs {
			grant(target{url: url}, r.Verbs)
		}
	}
	return all
}

func union(a, b map[target]verbs) map[target]verbs {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// missing are the verbs of b that a has not, sorted.
func missing(a, b verbs) []string {
	var list []string
	for v := range b {
		if !a[v] {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return list
}

// Faults returns what is wrong with rules in themselves, without asking a cluster: a rule
// without verbs, or one that is about nothing or about two things.
// Source: Kubernetes, pkg/apis/rbac/validation, ValidatePolicyRule.
func Faults(rules []rbacv1.PolicyRule) []string {
	var faults []string
	for i, r := range rules {
		add := func(fault string) { faults = append(faults, fmt.Sprintf("rule %d: %s", i+1, fault)) }
		if len(r.Verbs) == 0 {
			add("no verbs")
		}
		resources := len(r.APIGroups)+len(r.Resources)+len(r.ResourceNames) > 0
		switch {
		case resources && len(r.NonResourceURLs) > 0:
			add("resources and URLs in one rule: make two of it")
		case resources && len(r.APIGroups) == 0:
			add(`no API groups (the core group is "")`)
		case resources && len(r.Resources) == 0:
			add("no resources")
		case !resources && len(r.NonResourceURLs) == 0:
			add("neither resources nor URLs")
		}
		for _, url := range r.NonResourceURLs {
			if url != "*" && !strings.HasPrefix(url, "/") {
				add(fmt.Sprintf("URL %q does not begin with a slash", url))
			}
		}
	}
	return faults
}
