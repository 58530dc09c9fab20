package rbac

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// policy holds the objects of a manifest.
func policy(t *testing.T, manifest string) Policy {
	t.Helper()
	s := store.New(nil)
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		resource := strings.ToLower(o.GetKind()) + "s." + rbacv1.GroupName
		s.Put(store.Key{Resource: resource, Namespace: o.GetNamespace(), Name: o.GetName()}, o)
	}
	return Policy{s}
}

const roles = `
{kind: ClusterRole, metadata: {name: reader}, rules: [{apiGroups: [""], resources: [configmaps, pods/log, "*/status"], verbs: [get, list]}, {nonResourceURLs: [/healthz, "/logs/*"], verbs: [get]}]}
---
{kind: ClusterRole, metadata: {name: named}, rules: [{apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: ["*"]}]}
---
{kind: ClusterRole, metadata: {name: sum}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {part: "1"}}]}}
---
{kind: ClusterRole, metadata: {name: part, labels: {part: "1"}}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]}
---
{kind: Role, metadata: {name: local, namespace: shop}, rules: [{apiGroups: ["*"], resources: ["*"], verbs: [watch]}]}
---
{kind: ClusterRoleBinding, metadata: {name: reader}, roleRef: {kind: ClusterRole, name: reader}, subjects: [{kind: Group, name: readers}]}
---
{kind: ClusterRoleBinding, metadata: {name: sum}, roleRef: {kind: ClusterRole, name: sum}, subjects: [{kind: User, name: ann}]}
---
{kind: RoleBinding, metadata: {name: named, namespace: shop}, roleRef: {kind: ClusterRole, name: named}, subjects: [{kind: ServiceAccount, name: robot}, {kind: ServiceAccount, name: other, namespace: ops}]}
---
{kind: RoleBinding, metadata: {name: local, namespace: shop}, roleRef: {kind: Role, name: local}, subjects: [{kind: User, name: bob}]}
---
{kind: RoleBinding, metadata: {name: lost, namespace: shop}, roleRef: {kind: ClusterRole, name: lost}, subjects: [{kind: User, name: cid}]}
---
{kind: RoleBinding, metadata: {name: lost2, namespace: shop}, roleRef: {kind: Role, name: lost}, subjects: [{kind: User, name: cid}]}`

func TestAllows(t *testing.T) {
	readers := User{"ann", []string{"readers"}}
	robot := User{Name: "system:serviceaccount:shop:robot"}
	tests := map[string]struct {
		user   User
		action Action
		want   bool
		reason string
	}{
		"a member of system:masters may do all": {User{"x", []string{Masters}}, Action{Verb: "zap", Resource: "all"}, true, ""},
		"by a group": {
			readers,
			Action{Verb: "get", Resource: "configmaps", Namespace: "shop"},
			true,
			`RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "readers"`,
		},
		"another verb":               {readers, Action{Verb: "delete", Resource: "configmaps"}, false, ""},
		"another group":              {readers, Action{Verb: "get", Group: "x", Resource: "configmaps"}, false, ""},
		"a subresource by name":      {readers, Action{Verb: "get", Resource: "pods", Subresource: "log"}, true, `RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "readers"`},
		"not what it is a part of":   {readers, Action{Verb: "get", Resource: "pods"}, false, ""},
		"a subresource of all":       {readers, Action{Verb: "get", Resource: "things", Subresource: "status"}, true, `RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "readers"`},
		"a path":                     {readers, Action{Verb: "get", Path: "/healthz"}, true, `RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "readers"`},
		"a path below one":           {readers, Action{Verb: "get", Path: "/logs/x"}, true, `RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to Group "readers"`},
		"a path that is not":         {readers, Action{Verb: "get", Path: "/healthz/x"}, false, ""},
		"an aggregated role":         {User{Name: "ann"}, Action{Verb: "get", Resource: "secrets"}, true, `RBAC: allowed by ClusterRoleBinding "sum" of ClusterRole "sum" to User "ann"`},
		"a named object":             {robot, Action{Verb: "patch", Group: "apps", Resource: "deployments", Namespace: "shop", Name: "web"}, true, `RBAC: allowed by RoleBinding "named/shop" of ClusterRole "named" to ServiceAccount "robot/shop"`},
		"one of another name":        {robot, Action{Verb: "patch", Group: "apps", Resource: "deployments", Namespace: "shop", Name: "db"}, false, ""},
		"one of another namespace":   {robot, Action{Verb: "patch", Group: "apps", Resource: "deployments", Namespace: "ops", Name: "web"}, false, ""},
		"an account of another one":  {User{Name: "system:serviceaccount:ops:other"}, Action{Verb: "get", Group: "apps", Resource: "deployments", Namespace: "shop", Name: "web"}, true, `RBAC: allowed by RoleBinding "named/shop" of ClusterRole "named" to ServiceAccount "other/ops"`},
		"a role of the namespace":    {User{Name: "bob"}, Action{Verb: "watch", Resource: "pods", Namespace: "shop"}, true, `RBAC: allowed by RoleBinding "local/shop" of Role "local" to User "bob"`},
		"roles that are not there":   {User{Name: "cid"}, Action{Verb: "get", Resource: "pods", Namespace: "shop"}, false, `RBAC: [clusterrole.rbac.authorization.k8s.io "lost" not found, role.rbac.authorization.k8s.io "lost" not found]`},
		"somebody whom nobody knows": {User{Name: "eve"}, Action{Verb: "get", Resource: "pods"}, false, ""},
	}
	p := policy(t, roles)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, reason := p.Allows(tt.user, tt.action)
			if got != tt.want || reason != tt.reason {
				t.Errorf("%v %q, want %v %q", got, reason, tt.want, tt.reason)
			}
		})
	}
}

func TestDenied(t *testing.T) {
	tests := map[string]Action{
		`User "ann" cannot get resource "pods/log" in API group "" in the namespace "shop"`: {Verb: "get", Resource: "pods", Subresource: "log", Namespace: "shop"},
		`User "ann" cannot list resource "nodes" in API group "" at the cluster scope`:      {Verb: "list", Resource: "nodes"},
		`User "ann" cannot get path "/metrics"`:                                             {Verb: "get", Path: "/metrics"},
	}
	for want, action := range tests {
		if got := action.Denied(User{Name: "ann"}); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestEscalates(t *testing.T) {
	p := policy(t, roles)
	rule := func(verbs, resources, names string) rbacv1.PolicyRule {
		r := rbacv1.PolicyRule{APIGroups: []string{""}, Verbs: strings.Fields(verbs), Resources: strings.Fields(resources)}
		if names != "" {
			r.ResourceNames = strings.Fields(names)
		}
		return r
	}
	tests := map[string]struct {
		rule rbacv1.PolicyRule
		want string // missing rules
	}{
		"what one holds":           {rule("get list", "configmaps", ""), ""},
		"a part of what one holds": {rule("get", "configmaps", "one"), ""},
		"more verbs":               {rule("get delete", "configmaps", ""), `{APIGroups:[""], Resources:["configmaps"], Verbs:["delete"]}`},
		"all verbs":                {rule("*", "configmaps", ""), `{APIGroups:[""], Resources:["configmaps"], Verbs:["*"]}`},
		"more resources":           {rule("get", "configmaps secrets", "a b"), `{APIGroups:[""], Resources:["secrets"], ResourceNames:["a"], Verbs:["get"]}` + "\n" + `{APIGroups:[""], Resources:["secrets"], ResourceNames:["b"], Verbs:["get"]}`},
		"a path":                   {rbacv1.PolicyRule{NonResourceURLs: []string{"/healthz", "/x"}, Verbs: []string{"get"}}, `{NonResourceURLs:["/x"], Verbs:["get"]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want := ""
			if tt.want != "" {
				want = `user "dan" (groups=["readers"]) is attempting to grant RBAC permissions not currently held:` + "\n" + tt.want
			}
			got := p.Escalates(User{"dan", []string{"readers"}}, "", []rbacv1.PolicyRule{tt.rule})
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	if got := p.Escalates(User{"x", []string{Masters}}, "", []rbacv1.PolicyRule{rule("*", "*", "")}); got != "" {
		t.Errorf("masters escalate: %s", got)
	}
}
