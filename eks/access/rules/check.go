package rules

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/nearest"
)

// Discoverer is what learning the resources of a cluster needs of a
// [discovery.DiscoveryClient].
type Discoverer interface {
	ServerGroupsAndResourcesWithContext(context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error)
}

// Catalog is what can be named in a rule for one cluster: verbs by resource by group.
// The zero value knows nothing, so that nothing is right.
type Catalog struct {
	groups map[string]map[string]verbs
	broken map[string]error // groups whose server does not answer
	later  map[string]bool
}

// Discover asks a cluster what it serves. Groups in later, such as "cert-manager.io", are
// taken to come when somebody installs them: as long as the cluster does not serve them, or
// their server does not answer, all of their resources are right.
//
// An aggregated API whose server is down hides what it serves; a rule that names its group is
// then a [Problem] that says so, and all others are checked.
func Discover(ctx context.Context, client Discoverer, later ...string) (Catalog, error) {
	c := Catalog{groups: map[string]map[string]verbs{}, broken: map[string]error{}, later: map[string]bool{}}
	groups, lists, err := client.ServerGroupsAndResourcesWithContext(ctx)
	failed, partly := discovery.GroupDiscoveryFailedErrorGroups(err)
	if err != nil && !partly {
		return Catalog{}, err
	}
	for gv, cause := range failed {
		c.broken[gv.Group] = cause
	}
	for _, g := range groups {
		if c.groups[g.Name] == nil {
			c.groups[g.Name] = map[string]verbs{}
		}
	}
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return Catalog{}, fmt.Errorf("discover resources: %w", err)
		}
		for _, r := range list.APIResources {
			c.add(gv.Group, r.Name, r.Verbs...)
		}
	}
	c.addUndiscoverable()
	for _, g := range later {
		c.later[g] = true
	}
	return c, nil
}

// addUndiscoverable adds what is not in discovery: to groups that are served, and, of an
// add-on, to those that are not.
func (c Catalog) addUndiscoverable() {
	served := maps.Clone(c.groups)
	for _, k := range undiscoverable {
		_, there := served[k.group]
		there = there && c.broken[k.group] == nil
		if there != k.addOn {
			c.add(k.group, k.resource, k.verbs...)
		}
	}
	for _, k := range undiscoverable {
		if k.addOn {
			delete(c.broken, k.group)
		}
	}
}

func (c Catalog) add(group, resource string, names ...string) {
	if c.groups[group] == nil {
		c.groups[group] = map[string]verbs{}
	}
	if c.groups[group][resource] == nil {
		c.groups[group][resource] = verbs{}
	}
	for _, v := range names {
		c.groups[group][resource][v] = true
	}
}

// undiscoverable is what rules may name although discovery does not list it: verbs and
// resources that only authorisers know, and metrics, which an add-on serves.
// Source: Kubernetes documentation, "Authorization", "Using RBAC Authorization" (privilege
// escalation), "User impersonation", "Certificate Signing Requests", "Kubelet authorization".
var undiscoverable = []struct {
	group, resource string
	verbs           []string
	addOn           bool // only where the cluster does not serve the group
}{
	{"", "users", []string{"impersonate"}, false},
	{"", "groups", []string{"impersonate"}, false},
	{"", "serviceaccounts", []string{"impersonate"}, false},
	{"authentication.k8s.io", "uids", []string{"impersonate"}, false},
	{"authentication.k8s.io", "userextras", []string{"impersonate"}, false},
	{"authentication.k8s.io", "userextras/scopes", []string{"impersonate"}, false},
	{"rbac.authorization.k8s.io", "clusterroles", []string{"bind", "escalate"}, false},
	{"rbac.authorization.k8s.io", "roles", []string{"bind", "escalate"}, false},
	{"certificates.k8s.io", "signers", []string{"approve", "attest", "sign"}, false},
	{"", "nodes/configz", kubelet, false},
	{"", "nodes/healthz", kubelet, false},
	{"", "nodes/log", kubelet, false},
	{"", "nodes/metrics", kubelet, false},
	{"", "nodes/pods", kubelet, false},
	{"", "nodes/stats", kubelet, false},
	{"metrics.k8s.io", "nodes", []string{"get", "list"}, true},
	{"metrics.k8s.io", "pods", []string{"get", "list"}, true},
}

var kubelet = []string{"create", "delete", "get", "patch", "update"}

// Problem is something in a rule that a cluster does not know.
type Problem struct {
	Rule    int    `json:"rule"`              // from 1
	What    string `json:"what"`              // "API group", "resource" or "verb"
	Name    string `json:"name"`              // as the rule has it
	Where   string `json:"where,omitempty"`   // of what it is unknown: `of API group "apps"`
	Nearest string `json:"nearest,omitempty"` // what may be meant
	Hint    string `json:"hint,omitempty"`    // what else helps
}

// String is a sentence, such as: rule 2: unknown resource "pod" of the core group: did you mean "pods"?
func (p Problem) String() string {
	s := fmt.Sprintf("rule %d: unknown %s %q", p.Rule, p.What, p.Name)
	if p.Where != "" {
		s += " " + p.Where
	}
	switch {
	case p.Nearest != "":
		s += fmt.Sprintf(": did you mean %q?", p.Nearest)
	case p.Hint != "":
		s += ": " + p.Hint
	}
	return s
}

// Check returns what rules name and the cluster does not know, in the order of the rules.
//
// A rule of several groups, resources and verbs is right where each group is known, each
// resource is in one of the groups, and each verb can be used on one of the resources:
// [pods, pods/log] with [get, list] is usual, although logs cannot be listed. Wildcards are
// always right, also in "*/scale" where some resource has that subresource; "pods/*" is not, since
// RBAC does not know it.
func (c Catalog) Check(rules []rbacv1.PolicyRule) []Problem {
	var all []Problem
	for i, r := range rules {
		for _, p := range c.check(r) {
			p.Rule = i + 1
			all = append(all, p)
		}
	}
	return all
}

func (c Catalog) check(r rbacv1.PolicyRule) []Problem {
	known, open, problems := c.served(r.APIGroups)
	if open || len(r.APIGroups) == 0 {
		return problems
	}
	var groups []string
	for _, g := range r.APIGroups {
		groups = append(groups, groupName(g))
	}
	usable := verbs{}
	for _, resource := range r.Resources {
		found := match(known, resource)
		if found == nil {
			problems = append(problems, c.unknownResource(resource, "of "+strings.Join(groups, " or "), known))
		}
		maps.Copy(usable, found)
	}
	if len(usable) == 0 {
		return problems
	}
	for _, v := range r.Verbs {
		if v != "*" && !usable[v] {
			names := slices.Sorted(maps.Keys(usable))
			problems = append(problems, Problem{
				What: "verb", Name: v, Where: "of " + clean.Text(strings.Join(r.Resources, ", ")),
				Nearest: nearest.Of(v, names), Hint: "there are " + strings.Join(names, ", "),
			})
		}
	}
	return problems
}

// served are the resources of groups; open says that there may be more of them than
// is known, so that none can be called wrong.
func (c Catalog) served(groups []string) (known map[string]verbs, open bool, problems []Problem) {
	known = map[string]verbs{}
	for _, g := range groups {
		resources, served := c.groups[g]
		switch {
		case g == "*":
			for _, resources := range c.groups {
				merge(known, resources)
			}
			open = open || len(c.broken)+len(c.later) > 0
		case c.broken[g] != nil && c.later[g]:
			open = true
		case c.broken[g] != nil:
			open = true
			problems = append(problems, Problem{What: "API group", Name: g, Hint: "its server does not answer (allow it as one that comes later to go on): " + clean.Text(c.broken[g].Error())})
		case served:
			merge(known, resources)
		case c.later[g]:
			open = true
		default:
			open = true
			problems = append(problems, c.unknownGroup(g))
		}
	}
	return known, open, problems
}

func merge(into, resources map[string]verbs) {
	for name, v := range resources {
		if into[name] == nil {
			into[name] = verbs{}
		}
		maps.Copy(into[name], v)
	}
}

// match returns the verbs of the resources that pattern stands for, nil where it
// stands for none. Source: Kubernetes, pkg/apis/rbac/v1, ResourceMatches.
func match(known map[string]verbs, pattern string) verbs {
	var all verbs
	for name, v := range known {
		_, sub, isSub := strings.Cut(name, "/")
		if pattern == "*" || pattern == name || isSub && pattern == "*/"+sub {
			if all == nil {
				all = verbs{}
			}
			maps.Copy(all, v)
		}
	}
	return all
}

func (c Catalog) unknownGroup(g string) Problem {
	p := Problem{What: "API group", Name: g, Nearest: nearest.Of(g, slices.Collect(maps.Keys(c.groups)))}
	group, _, versioned := strings.Cut(g, "/")
	_, served := c.groups[group]
	switch {
	case versioned && served:
		p.Nearest = group
	case g == "core" || g == "v1":
		p.Nearest, p.Hint = "", `the core group is ""`
	case p.Nearest == "":
		p.Hint = "the cluster does not serve it; allow it where it will be installed later"
	}
	return p
}

func (c Catalog) unknownResource(resource, where string, known map[string]verbs) Problem {
	p := Problem{What: "resource", Name: resource, Where: where}
	if base, ok := strings.CutSuffix(resource, "/*"); ok {
		p.Hint = fmt.Sprintf("RBAC has no such wildcard; name the subresources of %s one by one", clean.Text(base))
		return p
	}
	p.Nearest = nearest.Of(resource, slices.Collect(maps.Keys(known)))
	if p.Nearest != "" {
		return p
	}
	var elsewhere []string
	for group, resources := range c.groups {
		if resources[resource] != nil {
			elsewhere = append(elsewhere, groupName(group))
		}
	}
	slices.Sort(elsewhere)
	p.Hint = "the cluster does not serve it"
	if len(elsewhere) > 0 {
		p.Hint = "it is in " + strings.Join(elsewhere, " and ")
	}
	return p
}

func groupName(g string) string {
	switch g {
	case "":
		return "the core group"
	case "*":
		return "any API group"
	}
	return fmt.Sprintf("API group %q", g)
}
