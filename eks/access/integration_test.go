//go:build integration

package access_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/eks/ekstest"
)

// live is an API server that others use as well: all names have a suffix of their own.
type live struct {
	client *kubernetes.Clientset
	cloud  *ekstest.Cloud
	suffix string
	opts   access.Options
}

func newReal(t *testing.T, mode types.AuthenticationMode) *live {
	t.Helper()
	path := os.Getenv("DELIVERY_KUBECONFIG")
	if path == "" {
		t.Fatal("DELIVERY_KUBECONFIG is not set: run scripts/integration")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 200, 400
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	suffix := fmt.Sprintf("%08x", rand.Uint32())
	w := &live{client: client, cloud: ekstest.New(ekstest.Options{}), suffix: suffix}
	w.cloud.AddCluster(clusterName, mode)
	w.opts = access.Options{Owner: "test-" + suffix, Namespace: "access-" + suffix, AllowLockout: true}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.opts.Namespace}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context()) // which is over by now
		if err := client.CoreV1().Namespaces().Delete(ctx, w.opts.Namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		for _, prefix := range []string{w.opts.Owner, "owner-"} {
			selector := metav1.ListOptions{LabelSelector: access.LabelOwner}
			roles, err := client.RbacV1().ClusterRoles().List(ctx, selector)
			if err != nil {
				t.Error(err)
				return
			}
			for _, r := range roles.Items {
				owner := r.Labels[access.LabelOwner]
				if strings.HasPrefix(owner, prefix) && strings.HasSuffix(owner, suffix) {
					_ = client.RbacV1().ClusterRoles().Delete(ctx, r.Name, metav1.DeleteOptions{})
					_ = client.RbacV1().ClusterRoleBindings().Delete(ctx, r.Name, metav1.DeleteOptions{})
				}
			}
		}
	})
	return w
}

func (w *live) manager(mode types.AuthenticationMode, opts access.Options) *access.Manager {
	return access.New(access.Cluster{Name: clusterName, Mode: mode, Entries: w.cloud.Client(), Kubernetes: w.client}, opts)
}

func (w *live) addAuth(t *testing.T, mapRoles string) {
	t.Helper()
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": mapRoles, "mapUsers": "[]"}}
	if _, err := w.client.CoreV1().ConfigMaps(w.opts.Namespace).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// groups are the usual three, under names of this test.
func (w *live) groups() []access.Group {
	return []access.Group{
		{Name: "developer-" + w.suffix, Principals: []string{role("ana")}, Rules: rules.Developer()},
		{Name: "developer-ops-privileged-" + w.suffix, Principals: []string{role("joe")}, Rules: rules.DeveloperOpsPrivileged()},
		{Name: "devops-" + w.suffix, Principals: []string{role("eve")}, Rules: rules.DevOps()},
	}
}

func TestRealAccess(t *testing.T) {
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeConfigMap} {
		t.Run(string(mode), func(t *testing.T) {
			w := newReal(t, mode)
			w.addAuth(t, nodeMapping)
			m := w.manager(mode, w.opts)
			applyReal(t, m, w.groups())
			for _, tt := range []struct {
				group, verb, api, resource string
				want                       bool
			}{
				{"developer", "get", "", "pods", true},
				{"developer", "get", "", "pods/log", true},
				{"developer", "create", "", "pods/exec", true},
				{"developer", "update", "", "secrets", true},
				{"developer", "list", "apps", "deployments", true},
				{"developer", "list", "rbac.authorization.k8s.io", "roles", true},
				{"developer", "get", "metrics.k8s.io", "pods", true},
				{"developer", "delete", "apps", "deployments", false},
				{"developer", "create", "rbac.authorization.k8s.io", "clusterrolebindings", false},
				{"developer", "delete", "", "nodes", false},
				{"developer-ops-privileged", "delete", "apps", "deployments", true},
				{"developer-ops-privileged", "delete", "", "services", true},
				{"developer-ops-privileged", "create", "rbac.authorization.k8s.io", "clusterroles", false},
				{"devops", "create", "rbac.authorization.k8s.io", "clusterroles", true},
				{"devops", "delete", "", "nodes", true},
				{"devops-of-nobody", "get", "", "pods", false},
			} {
				if got := may(t, w.client, []string{tt.group + "-" + w.suffix}, tt.verb, tt.api, tt.resource); got != tt.want {
					t.Errorf("%s may %s %s.%s: %t", tt.group, tt.verb, tt.resource, tt.api, got)
				}
			}
			groups := w.groups()
			groups[0].Principals = nil
			groups[1].Rules = rules.Developer()
			applyReal(t, m, groups[:2])
			if may(t, w.client, []string{groups[0].Name}, "get", "", "pods") || may(t, w.client, []string{groups[2].Name}, "get", "", "pods") ||
				may(t, w.client, []string{groups[1].Name}, "delete", "", "services") || !may(t, w.client, []string{groups[1].Name}, "get", "", "services") {
				t.Error("the second plan has not reached the cluster")
			}
			applyReal(t, m, nil)
		})
	}
}

func applyReal(t *testing.T, m *access.Manager, groups []access.Group) {
	t.Helper()
	plan, err := m.Plan(t.Context(), groups)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := m.Apply(t.Context(), plan); err != nil {
		t.Fatalf("%v\n%s", err, result)
	}
	if plan, err = m.Plan(t.Context(), groups); err != nil || !plan.Empty() {
		t.Fatalf("a second plan is not empty: %v\n%s", err, plan)
	}
}

func TestRealDiscoveryRefusesASlip(t *testing.T) {
	w := newReal(t, types.AuthenticationModeApi)
	groups := w.groups()[:1]
	groups[0].Rules = append(groups[0].Rules,
		rbacv1.PolicyRule{APIGroups: []string{"rbac.authorization.k8s.ioo"}, Resources: []string{"roles"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/logs"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments/scale"}, Verbs: []string{"delete"}},
	)
	_, err := w.manager(types.AuthenticationModeApi, w.opts).Plan(t.Context(), groups)
	name := groups[0].Name
	want := "plan access to cluster kre-dev: group " + name + `: rule 12: unknown API group "rbac.authorization.k8s.ioo": did you mean "rbac.authorization.k8s.io"?
group ` + name + `: rule 13: unknown resource "pods/logs" of the core group: did you mean "pods/log"?
group ` + name + `: rule 14: unknown verb "delete" of deployments/scale: there are get, patch, update`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestRealConcurrentWriters(t *testing.T) {
	const mode = types.AuthenticationModeConfigMap
	w := newReal(t, mode)
	w.addAuth(t, nodeMapping)
	const owners, rounds = 8, 3
	var group sync.WaitGroup
	for i := range owners {
		group.Go(func() {
			opts := w.opts
			opts.Owner = fmt.Sprintf("owner-%d-%s", i, w.suffix)
			m := w.manager(mode, opts)
			for round := range rounds {
				name := fmt.Sprintf("owner-%d", i)
				groups := []access.Group{{Name: opts.Owner, Principals: []string{role(fmt.Sprintf("%s-%d", name, round)), role(name)}, Rules: rules.Developer()}}
				plan, err := m.Plan(t.Context(), groups)
				if err == nil {
					_, err = m.Apply(t.Context(), plan)
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	group.Go(func() { stranger(t, w.client, w.opts.Namespace, "aws-auth", 10) })
	group.Wait()
	object, err := w.client.CoreV1().ConfigMaps(w.opts.Namespace).Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkMappings(t, object.Data["mapRoles"], owners, rounds, 10)
	if object.Data["mapUsers"] != "[]" {
		t.Errorf("mapUsers: %q", object.Data["mapUsers"])
	}
}

func TestRealRoleRefIsReplaced(t *testing.T) {
	w := newReal(t, types.AuthenticationModeApi)
	name := w.groups()[0].Name
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{access.LabelOwner: w.opts.Owner}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "joe-" + w.suffix}},
	}
	if _, err := w.client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	applyReal(t, w.manager(types.AuthenticationModeApi, w.opts), w.groups()[:1])
	if !may(t, w.client, []string{name}, "create", "", "pods/exec") {
		t.Error("the group has not got its role")
	}
}

// Who replaces a binding may have the right to do so by nothing else.
func TestRealBindingOfOneselfIsReplaced(t *testing.T) {
	w := newReal(t, types.AuthenticationModeApi)
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("DELIVERY_KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	groups := w.groups()[2:]
	name := groups[0].Name
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: name}},
	}
	if _, err := w.client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config.Impersonate = rest.ImpersonationConfig{UserName: "me-" + w.suffix, Groups: []string{name, "system:authenticated"}}
	mine := *w
	if mine.client, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	opts := w.opts
	opts.Adopt = true
	applyReal(t, mine.manager(types.AuthenticationModeApi, opts), groups)
	list, err := w.client.RbacV1().ClusterRoleBindings().List(t.Context(), metav1.ListOptions{LabelSelector: access.LabelOwner + "=" + opts.Owner})
	if err != nil || len(list.Items) != 1 || list.Items[0].RoleRef.Name != name {
		t.Errorf("bindings %+v %v", list.Items, err)
	}
}

func TestRealForbidden(t *testing.T) {
	w := newReal(t, types.AuthenticationModeApi)
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("DELIVERY_KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	// May read and write roles, and yet not grant what it does not have.
	clerk := "clerk-" + w.suffix
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: clerk, Labels: map[string]string{access.LabelOwner: "owner-x-" + w.suffix}},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"clusterroles", "clusterrolebindings"}, Verbs: []string{"get", "list", "create", "update", "delete"}}},
	}
	if _, err := w.client.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config.Impersonate.UserName = clerk
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	m := access.New(access.Cluster{Name: clusterName, Mode: types.AuthenticationModeApi, Entries: w.cloud.Client(), Kubernetes: client}, w.opts)
	_, err = m.Plan(t.Context(), w.groups()[:1])
	want := `plan access to cluster kre-dev: list ClusterRoles: it is not allowed: clusterroles.rbac.authorization.k8s.io is forbidden: User "` + clerk + `" cannot list resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: clerk},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: clerk},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: clerk}},
	}
	if _, err := w.client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	plan, err := m.Plan(t.Context(), w.groups()[2:])
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), plan)
	if err == nil || strings.Count(err.Error(), "apply access") != 1 || strings.Contains(err.Error(), "ClusterRoleBinding") || !strings.Contains(err.Error(), "nobody may grant what they may not do themselves") {
		t.Errorf("got %v", err)
	}
}

func TestRealCredentialsAndConnection(t *testing.T) {
	w := newReal(t, types.AuthenticationModeApi)
	tests := map[string]struct {
		change func(*rest.Config)
		is     error
	}{
		"a token of nobody": {func(c *rest.Config) {
			c.CertData, c.KeyData, c.CertFile, c.KeyFile, c.BearerToken = nil, nil, "", "", "k8s-aws-v1.expired"
		}, access.ErrUnauthorized},
		"a port at which nobody listens": {func(c *rest.Config) { c.Host = "https://127.0.0.1:1" }, access.ErrUnreachable},
		"a certificate of somebody else": {func(c *rest.Config) { c.CAData, c.CAFile = nil, "" }, access.ErrUnreachable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("DELIVERY_KUBECONFIG"))
			if err != nil {
				t.Fatal(err)
			}
			tt.change(config)
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			m := access.New(access.Cluster{Name: clusterName, Mode: types.AuthenticationModeApi, Entries: w.cloud.Client(), Kubernetes: client}, w.opts)
			if _, err = m.Plan(t.Context(), w.groups()); !errors.Is(err, tt.is) {
				t.Errorf("got %v", err)
			}
			t.Log(err)
		})
	}
}
