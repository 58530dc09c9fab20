package rules_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/mettel-automation/delivery/eks/access/rules"
)

// cluster is the discovery of a small cluster: resources by group and version, and
// verbs by resource.
type cluster struct {
	lists  map[string]map[string]list
	broken map[schema.GroupVersion]error
	err    error
}

func (c cluster) ServerGroupsAndResourcesWithContext(context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	if c.err != nil {
		return nil, nil, c.err
	}
	var groups []*metav1.APIGroup
	var lists []*metav1.APIResourceList
	for gv, resources := range c.lists {
		parsed, err := schema.ParseGroupVersion(gv)
		if err != nil {
			return nil, nil, err
		}
		groups = append(groups, &metav1.APIGroup{Name: parsed.Group})
		l := &metav1.APIResourceList{GroupVersion: gv}
		for name, verbs := range resources {
			l.APIResources = append(l.APIResources, metav1.APIResource{Name: name, Verbs: verbs})
		}
		lists = append(lists, l)
	}
	if len(c.broken) > 0 {
		return groups, lists, &discovery.ErrGroupDiscoveryFailed{Groups: c.broken}
	}
	return groups, lists, nil
}

var all = list{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

func small() cluster {
	return cluster{lists: map[string]map[string]list{
		"v1": {
			"pods": all, "pods/log": {"get"}, "pods/exec": {"create", "get"}, "configmaps": all, "namespaces": all, "secrets": all, "events": all, "nodes": all,
			"persistentvolumeclaims": all, "persistentvolumes": all, "services": all, "serviceaccounts": all,
		},
		"apps/v1":                      {"deployments": all, "deployments/scale": {"get", "patch", "update"}, "statefulsets": all},
		"rbac.authorization.k8s.io/v1": {"roles": all, "rolebindings": all, "clusterroles": all, "clusterrolebindings": all},
		"autoscaling/v1":               {"horizontalpodautoscalers": all},
		"autoscaling/v2":               {"horizontalpodautoscalers": all, "horizontalpodautoscalers/status": {"get"}},
		"networking.k8s.io/v1":         {"ingresses": all},
		"storage.k8s.io/v1":            {"storageclasses": all},
		"apiextensions.k8s.io/v1":      {"customresourcedefinitions": all},
	}}
}

func TestCheck(t *testing.T) {
	down := small()
	down.broken = map[schema.GroupVersion]error{
		{Group: "metrics.k8s.io", Version: "v1beta1"}: errors.New("503"),
		{Group: "custom.io", Version: "v1"}:           errors.New("the server is currently unable\nto handle the request"),
	}
	tests := map[string]struct {
		cluster cluster
		later   list
		rules   []rbacv1.PolicyRule
		want    list
	}{
		"the usual lists are right": {rules: append(append(rules.Developer(), rules.DeveloperOpsPrivileged()...), rules.DevOps()...)},
		"the slip that granted nothing": {
			rules: []rbacv1.PolicyRule{rule(list{"rbac.authorization.k8s.ioo"}, list{"roles"}, list{"get"})},
			want:  list{`rule 1: unknown API group "rbac.authorization.k8s.ioo": did you mean "rbac.authorization.k8s.io"?`},
		},
		"a group with its version": {
			rules: []rbacv1.PolicyRule{rule(list{"apps/v1"}, list{"deployments"}, list{"get"})},
			want:  list{`rule 1: unknown API group "apps/v1": did you mean "apps"?`},
		},
		"the core group by name": {
			rules: []rbacv1.PolicyRule{rule(list{"core"}, list{"pods"}, list{"get"})},
			want:  list{`rule 1: unknown API group "core": the core group is ""`},
		},
		"a group of nobody": {
			rules: []rbacv1.PolicyRule{rule(list{"cert-manager.io"}, list{"issuers"}, list{"get"})},
			want:  list{`rule 1: unknown API group "cert-manager.io": the cluster does not serve it; allow it where it will be installed later`},
		},
		"a group that comes later": {
			later: list{"cert-manager.io"},
			rules: []rbacv1.PolicyRule{rule(list{"cert-manager.io", ""}, list{"issuers"}, list{"get"})},
		},
		"a group that has come is checked": {
			later: list{"apps"},
			rules: []rbacv1.PolicyRule{rule(list{"apps"}, list{"deployment"}, list{"get"})},
			want:  list{`rule 1: unknown resource "deployment" of API group "apps": did you mean "deployments"?`},
		},
		"a group whose server is down": {
			cluster: down,
			rules:   []rbacv1.PolicyRule{rule(list{"custom.io"}, list{"things"}, list{"get"}), rule(list{"metrics.k8s.io"}, list{"pods"}, list{"get"})},
			want:    list{`rule 1: unknown API group "custom.io": its server does not answer (allow it as one that comes later to go on): the server is currently unable\nto handle the request`},
		},
		"one that is allowed to come later": {
			cluster: down, later: list{"custom.io"},
			rules: []rbacv1.PolicyRule{rule(list{"custom.io"}, list{"things"}, list{"get"})},
		},
		"singular, and letter case": {
			rules: []rbacv1.PolicyRule{rule(list{""}, list{"pod", "Secrets"}, list{"get"})},
			want:  list{`rule 1: unknown resource "pod" of the core group: did you mean "pods"?`, `rule 1: unknown resource "Secrets" of the core group: did you mean "secrets"?`},
		},
		"a resource of another group": {
			rules: []rbacv1.PolicyRule{rule(list{"", "apps"}, list{"ingresses"}, list{"get"})},
			want:  list{`rule 1: unknown resource "ingresses" of the core group or API group "apps": it is in API group "networking.k8s.io"`},
		},
		"a subresource": {
			rules: []rbacv1.PolicyRule{rule(list{""}, list{"pods/logs", "pods/*", "pods/nothing"}, list{"get"})},
			want: list{
				`rule 1: unknown resource "pods/logs" of the core group: did you mean "pods/log"?`,
				`rule 1: unknown resource "pods/*" of the core group: RBAC has no such wildcard; name the subresources of pods one by one`,
				`rule 1: unknown resource "pods/nothing" of the core group: the cluster does not serve it`,
			},
		},
		"a wildcard of subresources": {
			rules: []rbacv1.PolicyRule{rule(list{"apps"}, list{"*/scale"}, list{"get"}), rule(list{"apps"}, list{"*/log"}, list{"get"})},
			want:  list{`rule 2: unknown resource "*/log" of API group "apps": the cluster does not serve it`},
		},
		"a verb that no resource has": {
			rules: []rbacv1.PolicyRule{rule(list{""}, list{"pods/log"}, list{"get", "list"}), rule(list{""}, list{"pods"}, list{"read", "lists"})},
			want: list{
				`rule 1: unknown verb "list" of pods/log: there are get`,
				`rule 2: unknown verb "read" of pods: there are create, delete, deletecollection, get, list, patch, update, watch`,
				`rule 2: unknown verb "lists" of pods: did you mean "list"?`,
			},
		},
		"a verb that one of several resources has": {
			rules: []rbacv1.PolicyRule{rule(list{""}, list{"pods", "pods/log"}, list{"get", "list", "*"})},
		},
		"a verb on all resources": {
			rules: []rbacv1.PolicyRule{rule(list{"*"}, list{"*"}, list{"get", "gett"})},
			want:  list{`rule 1: unknown verb "gett" of *: did you mean "get"?`},
		},
		"a resource of any group": {
			rules: []rbacv1.PolicyRule{rule(list{"*"}, list{"deployments", "deploys"}, list{"get"})},
			want:  list{`rule 1: unknown resource "deploys" of any API group: the cluster does not serve it`},
		},
		"verbs that discovery does not list": {
			rules: []rbacv1.PolicyRule{
				rule(list{""}, list{"users", "groups", "serviceaccounts"}, list{"impersonate"}),
				rule(list{"rbac.authorization.k8s.io"}, list{"clusterroles"}, list{"bind", "escalate"}),
				rule(list{""}, list{"nodes/metrics"}, list{"get"}),
			},
		},
		"metrics, which an add-on serves": {
			rules: []rbacv1.PolicyRule{rule(list{"metrics.k8s.io"}, list{"pods", "nodes", "podds"}, list{"get", "list"})},
			want:  list{`rule 1: unknown resource "podds" of API group "metrics.k8s.io": did you mean "pods"?`},
		},
		"URLs are not looked up": {rules: []rbacv1.PolicyRule{{NonResourceURLs: list{"/any"}, Verbs: list{"get"}}}},
		"what steers a terminal": {
			rules: []rbacv1.PolicyRule{rule(list{"\x1b[2J"}, list{"pods"}, list{"get"})},
			want:  list{`rule 1: unknown API group "\x1b[2J": the cluster does not serve it; allow it where it will be installed later`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.cluster.lists == nil {
				tt.cluster = small()
			}
			catalog, err := rules.Discover(t.Context(), tt.cluster, tt.later...)
			if err != nil {
				t.Fatal(err)
			}
			var got list
			for _, p := range catalog.Check(tt.rules) {
				got = append(got, p.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
		})
	}
}

func TestDiscoverFails(t *testing.T) {
	gone := errors.New("connection refused")
	if _, err := rules.Discover(t.Context(), cluster{err: gone}); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	bad := cluster{lists: map[string]map[string]list{"v1": {"pods": all}, "apps/v1": {}}}
	if c, err := rules.Discover(t.Context(), bad); err != nil || len(c.Check([]rbacv1.PolicyRule{rule(list{"apps"}, list{"*"}, list{"get"})})) != 1 {
		t.Errorf("a group without resources has none, not even by a wildcard: %v", err)
	}
	if p := (rules.Catalog{}).Check(rules.DevOps()); len(p) != 1 {
		t.Errorf("the zero catalog knows nothing: %v", p)
	}
}

func ExampleCatalog_Check() {
	ctx := context.Background()
	catalog, err := rules.Discover(ctx, small()) // small() stands for client.Discovery()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range catalog.Check([]rbacv1.PolicyRule{
		{APIGroups: []string{"rbac.authorization.k8s.ioo"}, Resources: []string{"roles"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"pod"}, Verbs: []string{"get"}},
	}) {
		fmt.Println(p)
	}
	// Output:
	// rule 1: unknown API group "rbac.authorization.k8s.ioo": did you mean "rbac.authorization.k8s.io"?
	// rule 2: unknown resource "pod" of the core group: did you mean "pods"?
}

func ExampleDiff() {
	for _, change := range rules.Diff(rules.Developer(), rules.DeveloperOpsPrivileged())[:2] {
		fmt.Println(change)
	}
	// Output:
	// *: + *
	// configmaps: - create delete get list patch update watch
}
