package kubetest_test

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

// Nobody gives away what he does not hold.
func TestNobodyGivesMoreThanHeHas(t *testing.T) {
	cluster, _ := start(t, kubetest.Options{})
	if err := cluster.Add(`
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: deployer}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: ["*"], verbs: ["create", "update", "get"]}, {apiGroups: [""], resources: [pods], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: pods}, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: secrets}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: deployer}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}, subjects: [{kind: User, name: dee}]}
`); err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cluster.ConfigFor("dee"))
	if err != nil {
		t.Fatal(err)
	}
	dee := client.RbacV1()
	bind := func(role string) error {
		_, err := dee.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "give-" + role},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: "User", Name: "friend", APIGroup: rbacv1.GroupName}},
		}, metav1.CreateOptions{})
		return err
	}
	define := func(resource string) error {
		_, err := dee.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: "made-" + resource},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{resource}, Verbs: []string{"get"}}},
		}, metav1.CreateOptions{})
		return err
	}
	for name, tt := range map[string]struct {
		err  error
		want string // "" where it is allowed
	}{
		"to bind what one holds":           {bind("pods"), ""},
		"to bind what one does not hold":   {bind("secrets"), "is attempting to grant RBAC permissions not currently held"},
		"to define what one holds":         {define("pods"), ""},
		"to define what one does not hold": {define("secrets"), "is attempting to grant RBAC permissions not currently held"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.want == "" && tt.err != nil || tt.want != "" && (!apierrors.IsForbidden(tt.err) || !strings.Contains(tt.err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", tt.err, tt.want)
			}
		})
	}
}
