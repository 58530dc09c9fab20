package access_test

import (
	"errors"
	"strings"
	"testing"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/eks/ekstest"
	"github.com/mettel-automation/delivery/eks/kubetest"
)

// adminBinding binds the group devops to cluster-admin.
var adminBinding = strings.NewReplacer("name: view", "name: cluster-admin", "kind: User, name: joe", "kind: Group, name: devops").Replace(foreignBinding)

func TestLockoutKnowsWhatABindingReallyBinds(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.add(adminBinding)
	w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: new(role("eve")), KubernetesGroups: []string{"devops"}})
	groups := people()[1:]
	groups[0].Rules = rules.Developer()
	if d := cmp.Diff([]string{"devops"}, w.plan(access.Options{Adopt: true}, groups).Lockout); d != "" {
		t.Errorf("lockout (-want +got):\n%s", d)
	}
	groups[0].Rules = rules.DevOps()
	w.apply(access.Options{Adopt: true}, groups)
}

// A binding of another role has to be deleted and made anew. Wherever that is killed, the
// group keeps its rights, or nobody could go on.
func TestAReplacedBindingLeavesNoGap(t *testing.T) {
	for kill := 0; ; kill++ {
		n, armed := 0, false
		w := newFaultyWorld(t, types.AuthenticationModeApi, ekstest.Options{}, kubetest.Options{Before: func(r kubetest.Request) error {
			if armed && r.Write() && r.Resource == "clusterrolebindings" {
				if n++; n > kill {
					return errors.New("killed")
				}
			}
			return nil
		}})
		w.add(adminBinding)
		m := w.manager(access.Options{Adopt: true})
		plan, err := m.Plan(t.Context(), people()[1:])
		if err != nil {
			t.Fatal(err)
		}
		armed = true
		_, err = m.Apply(t.Context(), plan)
		armed = false
		if !may(t, w.client, []string{"devops"}, "create", "rbac.authorization.k8s.io", "clusterrolebindings") {
			t.Errorf("killed at write %d: the group has lost its rights", kill+1)
		}
		w.apply(access.Options{Adopt: true}, people()[1:])
		list, listErr := w.client.RbacV1().ClusterRoleBindings().List(t.Context(), metav1.ListOptions{LabelSelector: access.LabelOwner})
		if listErr != nil || len(list.Items) != 1 || list.Items[0].RoleRef.Name != "devops" {
			t.Errorf("killed at write %d: bindings %+v %v", kill+1, list.Items, listErr)
		}
		if err == nil {
			if kill != 4 {
				t.Errorf("%d writes", kill)
			}
			return
		}
	}
}

func TestAMappingThatAppearsMeanwhileIsNotAdoptedUnseen(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth(nodeMapping)
	w.meanwhile("PUT", "configmaps", func(w *world) { w.edit(func(s string) string { return s + anaMasters }) })
	m := w.manager(access.Options{Adopt: true})
	plan, err := m.Plan(t.Context(), people())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), plan); !isStale(err) {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff(nodeMapping+anaMasters, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
}

func TestTwoEntriesOfTheRoleOfNodesHinderNoEdit(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	nodes := nodeMapping + strings.Replace(nodeMapping, "- system:nodes", "- system:nodes\n  - eks:kube-proxy-windows", 1)
	w.addAuth(nodes)
	w.apply(access.Options{}, people()[1:])
	if d := cmp.Diff(nodes+eveMapping, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
}

func TestRestoreReadsAgainWhatItWrote(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth(nodeMapping)
	w.apply(access.Options{}, people()[1:])
	reads := 0
	other := *w
	w.meanwhileAt("GET", "configmaps", func() bool { reads++; return reads == 3 }, func() { other.edit(func(s string) string { return s + "# mine\n" }) })
	m := w.manager(access.Options{})
	r, err := m.PlanRestore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.ApplyRestore(t.Context(), r); !isStale(err) || !strings.Contains(err.Error(), "overwritten by somebody else") {
		t.Errorf("got %v", err)
	}
}

func TestRestoreWithoutAClient(t *testing.T) {
	m := access.New(access.Cluster{}, access.Options{})
	_, err := m.PlanRestore(t.Context())
	if again := m.ApplyRestore(t.Context(), access.Restoration{}); !errors.Is(err, access.ErrInvalid) || !errors.Is(again, access.ErrInvalid) {
		t.Errorf("got %v and %v", err, again)
	}
}
