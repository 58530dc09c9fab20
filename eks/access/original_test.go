package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/eks/access/rules"
)

// The tests of this file are the mistakes of the script that this package replaces.

func TestASlipInAnAPIGroupIsRefused(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	groups := people()
	groups[0].Rules = append(groups[0].Rules, rbacv1.PolicyRule{APIGroups: []string{"rbac.authorization.k8s.ioo"}, Resources: []string{"roles"}, Verbs: []string{"get"}})
	groups[1].Rules = []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pod"}, Verbs: []string{"get"}}}
	_, err := w.manager(access.Options{}).Plan(t.Context(), groups)
	want := `plan access to cluster kre-dev: group developer: rule 12: unknown API group "rbac.authorization.k8s.ioo": did you mean "rbac.authorization.k8s.io"?
group devops: rule 1: unknown resource "pod" of the core group: did you mean "pods"?`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if problem, ok := errors.AsType[*access.RulesError](err); !ok || problem.Group != "developer" || len(problem.Problems) != 1 {
		t.Errorf("got %+v", problem)
	}
	groups = people()
	groups[0].Rules = append(groups[0].Rules, rbacv1.PolicyRule{APIGroups: []string{"external-secrets.io"}, Resources: []string{"secretstores"}, Verbs: []string{"get"}})
	w.apply(access.Options{LaterGroups: []string{"external-secrets.io"}}, groups)
}

func TestChangedRulesReachTheCluster(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.apply(access.Options{}, people())
	groups := people()
	groups[0].Rules = append(groups[0].Rules, rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"delete"}})
	plan := w.apply(access.Options{}, groups)
	if got := plan.Groups[0].Rules; len(got) != 1 || got[0].String() != "deployments.apps: + delete" {
		t.Errorf("rules in the plan: %v", got)
	}
	if !may(t, w.client, []string{"developer"}, "delete", "apps", "deployments") {
		t.Error("developers may not yet delete deployments")
	}
}

func TestAnEmptiedGroupLosesItsBinding(t *testing.T) {
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeConfigMap} {
		w := newWorld(t, mode)
		w.addAuth(nodeMapping)
		w.apply(access.Options{}, people())
		groups := people()
		groups[0].Principals = nil
		plan := w.apply(access.Options{}, groups)
		want := `access to cluster kre-dev (` + string(mode) + `, owner delivery)
~ group developer, 0 principals
    ClusterRoleBinding deleted, since the group has no principal
- arn:aws:iam::123456789012:role/ana: - developer
- arn:aws:iam::123456789012:role/team/bob: - developer
`
		if mode == types.AuthenticationModeConfigMap {
			want = strings.ReplaceAll(want, "role/team/bob", "role/bob")
		}
		if d := cmp.Diff(want, plan.String()); d != "" {
			t.Errorf("plan (-want +got):\n%s", d)
		}
		_, err := w.client.RbacV1().ClusterRoleBindings().Get(t.Context(), "developer", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("%s: the binding is left: %v", mode, err)
		}
		if may(t, w.client, []string{"developer"}, "get", "", "pods") {
			t.Errorf("%s: developers may still read pods", mode)
		}
	}
}

func TestMappingsAreEditedAndNotAppended(t *testing.T) {
	tests := map[string]struct{ before, after string }{
		"no final line break": {
			before: strings.TrimSuffix(nodeMapping, "\n"),
			after:  strings.TrimSuffix(nodeMapping+eveMapping, "\n"),
		},
		"JSON": {
			before: `[{"rolearn":"arn:aws:iam::123456789012:role/nodes","username":"system:node:{{EC2PrivateDNSName}}","groups":["system:nodes"]}]`,
			after: `[{"rolearn":"arn:aws:iam::123456789012:role/nodes","username":"system:node:{{EC2PrivateDNSName}}","groups":["system:nodes"]},` +
				`{"rolearn":"arn:aws:iam::123456789012:role/eve","username":"delivery:123456789012:eve:{{SessionName}}","groups":["devops"]}]`,
		},
		"the same entry in another format": {
			before: "- {groups: [devops], username: '" + username("eve") + "', rolearn: '" + role("EVE") + "'}\n" + nodeMapping,
			after:  "- {groups: [devops], username: '" + username("eve") + "', rolearn: '" + role("EVE") + "'}\n" + nodeMapping,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, types.AuthenticationModeConfigMap)
			w.addAuth(tt.before)
			w.apply(access.Options{}, people()[1:])
			if d := cmp.Diff(tt.after, w.mapRoles()); d != "" {
				t.Errorf("mapRoles (-want +got):\n%s", d)
			}
			object, err := w.client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
			if err != nil || object.Data["mapUsers"] != "- userarn: x\n" {
				t.Errorf("mapUsers: %q %v", object.Data["mapUsers"], err)
			}
		})
	}
}

const eveMapping = `- rolearn: arn:aws:iam::123456789012:role/eve
  username: delivery:123456789012:eve:{{SessionName}}
  groups:
  - devops
`

func TestAnUnreadableMapRolesIsRefused(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth(nodeMapping + "- rolearn\n")
	_, err := w.manager(access.Options{}).Plan(t.Context(), people())
	want := "plan access to cluster kre-dev: ConfigMap kube-system/aws-auth: read mapRoles line 6 (entry 2): want rolearn, username and groups, got a string"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, ok := errors.AsType[*awsauth.ParseError](err); !ok {
		t.Errorf("%T is no ParseError", err)
	}
}

func TestAGroupIsNotTakenForOneWhoseNameHasItsOwn(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	groups := []access.Group{{Name: "developer-ops-privileged", Principals: []string{role("joe")}, Rules: rules.DeveloperOpsPrivileged()}}
	w.apply(access.Options{}, groups)
	plan := w.apply(access.Options{}, append(people(), groups...))
	want := []string{"create ClusterRole developer", "create ClusterRole devops", "create ClusterRoleBinding developer", "create ClusterRoleBinding devops"}
	for i, s := range plan.Steps[:4] {
		if s.String() != want[i] {
			t.Errorf("step %d: %s", i+1, s)
		}
	}
	plan = w.apply(access.Options{}, append(people()[1:], groups...))
	if d := cmp.Diff([]string{"devops", "developer-ops-privileged"}, func() (names []string) {
		for _, g := range plan.Groups {
			if g.Action != access.Delete {
				names = append([]string{g.Group}, names...)
			}
		}
		return names
	}()); d != "" {
		t.Errorf("groups that stay (-want +got):\n%s", d)
	}
}

func TestTheOrderOfPrincipalsMakesNoDifference(t *testing.T) {
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeConfigMap} {
		w := newWorld(t, mode)
		w.addAuth(nodeMapping)
		w.apply(access.Options{}, people())
		groups := people()
		groups[0].Principals = []string{role("team/bob"), role("ANA"), role("ana")}
		groups[0], groups[1] = groups[1], groups[0]
		if plan := w.plan(access.Options{}, groups); !plan.Empty() {
			t.Errorf("%s: %s", mode, plan)
		}
	}
}

func TestAMissingConfigMapIsNotMadeUnasked(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	_, err := w.manager(access.Options{}).Plan(t.Context(), people())
	if !errors.Is(err, access.ErrNoConfigMap) {
		t.Errorf("got %v", err)
	}
	if plan := w.plan(access.Options{}, nil); !plan.Empty() {
		t.Errorf("nobody needs it, and yet: %s", plan)
	}
	w.apply(access.Options{CreateConfigMap: true}, people()[1:])
	if d := cmp.Diff(eveMapping, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
}
