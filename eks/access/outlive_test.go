package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access"
)

// The tests of this file are about rights that stay, or come back, when ours go.

const anaMasters = "- {rolearn: 'arn:aws:iam::123456789012:role/ana', username: admin, groups: ['system:masters']}\n"

// anaLeaves are people without Ana.
func anaLeaves() []access.Group {
	groups := people()
	groups[0].Principals = groups[0].Principals[1:]
	return groups
}

func TestAMappingThatWouldCountAgainIsRefused(t *testing.T) {
	const want = "plan access to cluster kre-dev: ConfigMap kube-system/aws-auth maps arn:aws:iam::123456789012:role/ana to username " +
		`"admin", groups [system:masters], which is not ours and would count again, since nothing of ours overrules it any more: remove it first`
	tests := map[string]struct {
		mode, then types.AuthenticationMode
		edit       func(string) string
	}{
		"when the access entry goes":                    {mode: types.AuthenticationModeApiAndConfigMap, edit: func(s string) string { return s + anaMasters }},
		"when our mapping goes":                         {mode: types.AuthenticationModeConfigMap, edit: func(s string) string { return anaMasters + s }},
		"when it goes for access entries of the others": {mode: types.AuthenticationModeConfigMap, then: types.AuthenticationModeApiAndConfigMap, edit: func(s string) string { return anaMasters + s }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
			w.mode = tt.mode
			w.addAuth(nodeMapping)
			w.apply(access.Options{}, people())
			w.edit(tt.edit)
			if tt.then != "" {
				w.mode = tt.then
			}
			_, err := w.manager(access.Options{Adopt: true}).Plan(t.Context(), anaLeaves())
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			w.edit(func(s string) string { return strings.Replace(s, anaMasters, "", 1) })
			w.apply(access.Options{}, anaLeaves())
		})
	}
	t.Run("not one whose ARN has a path, which never counts", func(t *testing.T) {
		w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
		w.addAuth(nodeMapping + strings.Replace(anaMasters, "role/", "role/team/", 1))
		w.apply(access.Options{}, people())
		w.apply(access.Options{}, anaLeaves())
	})
	t.Run("nor one that counts already, of which the plan tells", func(t *testing.T) {
		w := newWorld(t, types.AuthenticationModeConfigMap)
		w.addAuth(nodeMapping)
		w.apply(access.Options{}, people())
		w.edit(func(s string) string { return s + anaMasters })
		plan := w.apply(access.Options{}, anaLeaves())
		want := []string{`stays in by a mapping in aws-auth that is not ours (username "admin", groups [system:masters])`}
		if d := cmp.Diff(want, plan.Principals[0].Detail); d != "" {
			t.Errorf("detail (-want +got):\n%s", d)
		}
	})
	t.Run("nor that of a node, which is to join again", func(t *testing.T) {
		w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
		w.addAuth("")
		w.apply(access.Options{}, people())
		w.edit(func(string) string { return strings.Replace(nodeMapping, "role/nodes", "role/ana", 1) })
		plan := w.apply(access.Options{}, anaLeaves())
		if d := cmp.Diff([]string{"joins as a node again, by a mapping in aws-auth that is not ours"}, plan.Principals[0].Detail); d != "" {
			t.Errorf("detail (-want +got):\n%s", d)
		}
	})
}

func TestPlanSaysWhoElseHasTheRightsOfAGroup(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
	w.add(`
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapUsers: "- {userarn: 'arn:aws:iam::123456789012:user/tim', username: tim, groups: [devops, x]}"
  mapRoles: |
    - {rolearn: 'arn:aws:iam::123456789012:role/kim', username: kim, groups: [developer, devops]}
    - {rolearn: 'arn:aws:iam::123456789012:role/joe', username: joe, groups: [devops]}
    - {rolearn: 'arn:aws:iam::123456789012:role/may', username: may, groups: [x]}`)
	w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: new(role("joe")), KubernetesGroups: []string{"developer"}, Username: new("joe")})
	w.add(strings.NewReplacer("name: devops,", "name: devops-performer,", "name: view", "name: devops").Replace(foreignBinding))
	want := []string{
		"User joe: bound to ClusterRole devops as well, by ClusterRoleBinding devops-performer, which is not ours",
		"arn:aws:iam::123456789012:role/joe is in developer as well, by an access entry that is not ours",
		"arn:aws:iam::123456789012:role/kim is in developer, devops as well, by a mapping in kube-system/aws-auth that is not ours",
		`user "tim" is in devops as well, by mapUsers in kube-system/aws-auth`,
	}
	if d := cmp.Diff(want, w.apply(access.Options{}, people()).Notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	// An emptied group has no binding of ours, so being in it gives nothing.
	groups := people()
	groups[1].Principals = nil
	if d := cmp.Diff([]string{
		want[0], want[1], strings.Replace(want[2], ", devops", "", 1),
	}, w.apply(access.Options{AllowLockout: true}, groups).Notes); d != "" {
		t.Errorf("notes about an emptied group (-want +got):\n%s", d)
	}
	// The binding that is not ours gives nothing without the role, until it is made again.
	if d := cmp.Diff(want[:1], w.apply(access.Options{AllowLockout: true}, nil).Notes); d != "" {
		t.Errorf("notes about nobody (-want +got):\n%s", d)
	}
}

const adminPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

func (w *world) makeAdmin(principal string) {
	w.t.Helper()
	if _, err := w.cloud.Client().AssociateAccessPolicy(w.t.Context(), &awseks.AssociateAccessPolicyInput{
		ClusterName: new(clusterName), PrincipalArn: &principal, PolicyArn: new(adminPolicy), AccessScope: &types.AccessScope{Type: types.AccessScopeTypeCluster},
	}); err != nil {
		w.t.Fatal(err)
	}
}

func TestPlanSaysWhoIsAdministratorByAnAccessPolicy(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.apply(access.Options{}, people())
	w.makeAdmin(role("ana"))
	plan := w.plan(access.Options{}, people())
	want := []string{"arn:aws:iam::123456789012:role/ana may do everything whatever its groups, since its access entry has AmazonEKSClusterAdminPolicy"}
	if d := cmp.Diff(want, plan.Notes); d != "" || !plan.Empty() {
		t.Errorf("notes (-want +got):\n%s%s", d, plan)
	}
	plan = w.plan(access.Options{}, anaLeaves())
	if d := cmp.Diff([]string{"AmazonEKSClusterAdminPolicy"}, plan.Lockout); d != "" {
		t.Errorf("lockout, where she is the only one (-want +got):\n%s", d)
	}
	if got := plan.String(); !strings.Contains(got, "    its access entry has AmazonEKSClusterAdminPolicy, which goes with it\n") ||
		!strings.Contains(got, "lockout: nobody who has all rights by AmazonEKSClusterAdminPolicy now would keep them\n") {
		t.Errorf("plan:\n%s", got)
	}
	w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: new(role("creator"))})
	w.makeAdmin(role("creator"))
	w.apply(access.Options{}, anaLeaves())
}

func TestAnAdoptedRoleStopsAddingItsRulesToOthers(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	const label = "rbac.authorization.k8s.io/aggregate-to-view"
	w.add(strings.Replace(foreignRole, "team: x", label+": 'true', team: x", 1))
	plan := w.apply(access.Options{Adopt: true}, people()[1:])
	if d := cmp.Diff([]string{"ClusterRole adopted", "ClusterRole no longer adds its rules to view"}, plan.Groups[0].Detail); d != "" {
		t.Errorf("detail (-want +got):\n%s", d)
	}
	adopted, err := w.client.RbacV1().ClusterRoles().Get(t.Context(), "devops", metav1.GetOptions{})
	if err != nil || adopted.Labels[label] != "" || adopted.Labels["team"] != "x" {
		t.Errorf("labels %v %v", adopted.Labels, err)
	}
}

func TestWhatKubernetesMadeIsNotOursWhateverItsLabels(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.add(strings.Replace(foreignRole, "team: x", "kubernetes.io/bootstrapping: rbac-defaults, access.delivery/owner: delivery", 1))
	if plan := w.plan(access.Options{}, people()[:1]); len(plan.Groups) != 1 {
		t.Errorf("plan:\n%s", plan)
	}
	_, err := w.manager(access.Options{}).Plan(t.Context(), people()[1:])
	if err == nil || !strings.Contains(err.Error(), "ClusterRole devops belongs to Kubernetes itself") {
		t.Errorf("got %v", err)
	}
}

// missing is an EKS that does not know the role of a principal.
type missing struct {
	*awseks.Client
	principal string
}

func (m missing) CreateAccessEntry(ctx context.Context, in *awseks.CreateAccessEntryInput, _ ...func(*awseks.Options)) (*awseks.CreateAccessEntryOutput, error) {
	if *in.PrincipalArn == m.principal {
		return nil, &types.InvalidParameterException{Message: new("The specified principalArn is invalid: invalid principal.")}
	}
	return m.Client.CreateAccessEntry(ctx, in)
}

func TestAnEntryThatCannotBeMadeKeepsNobodyInWhoHasLeft(t *testing.T) {
	tests := map[string]struct {
		group int // that the missing role is to be in
		left  string
	}{
		"a developer": {group: 0, left: "eve " + username("eve") + " [devops]\nteam/bob " + username("bob") + " [developer]\n"},
		"an administrator, whom others may wait for": {group: 1, left: "ana " + username("ana") + " [developer]\neve " + username("eve") + " [devops]\nteam/bob " + username("bob") + " [developer]\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, types.AuthenticationModeApi)
			w.apply(access.Options{}, people())
			m := access.New(access.Cluster{Name: clusterName, Mode: w.mode, Entries: missing{w.cloud.Client(), role("zoe")}, Kubernetes: w.client}, access.Options{})
			groups := anaLeaves()
			groups[tt.group].Principals = append(groups[tt.group].Principals, role("zoe"))
			plan, err := m.Plan(t.Context(), groups)
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Apply(t.Context(), plan)
			if failed, ok := errors.AsType[*access.StepError](err); !ok || failed.Step.Name != role("zoe") || !strings.Contains(err.Error(), "does the IAM role exist?") {
				t.Errorf("got %v", err)
			}
			if d := cmp.Diff(tt.left, w.entries()); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
		})
	}
}

func TestAPathThatIsWrongTakesNothingAway(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.apply(access.Options{}, people())
	before := w.entries()
	groups := people()
	groups[0].Principals[0] = role("wrong/ana")
	m := access.New(access.Cluster{Name: clusterName, Mode: w.mode, Entries: missing{w.cloud.Client(), role("wrong/ana")}, Kubernetes: w.client}, access.Options{})
	plan, err := m.Plan(t.Context(), groups)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.Apply(t.Context(), plan); err == nil {
		t.Error("no error")
	}
	if d := cmp.Diff(before, w.entries()); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
}
