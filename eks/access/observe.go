package access

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

// observed is what there is: all of ours, and what stands where ours is to be.
type observed struct {
	roles    map[string]*rbacv1.ClusterRole
	bindings map[string]*rbacv1.ClusterRoleBinding
	others   []rbacv1.ClusterRoleBinding // all that are neither ours nor in our way
	entries  []entry
	auth     auth
}

// auth is the aws-auth ConfigMap. The zero value is none.
type auth struct {
	object  *corev1.ConfigMap
	entries []awsauth.Entry
	users   []awsauth.Entry // of mapUsers: without ARNs
	err     error           // why entries could not be parsed
}

func (a auth) text() string {
	if a.object == nil {
		return ""
	}
	return a.object.Data[mapRoles]
}

const mapRoles = "mapRoles"

func (m *Manager) observe(ctx context.Context, d desired) (observed, error) {
	var o observed
	var err error
	if o.roles, err = m.clusterRoles(ctx, d); err != nil {
		return o, err
	}
	if o.bindings, o.others, err = m.clusterRoleBindings(ctx, d); err != nil {
		return o, err
	}
	if m.byEntries() {
		if o.entries, err = m.accessEntries(ctx); err != nil {
			return o, err
		}
	}
	if m.byConfigMap() {
		o.auth, err = m.awsAuth(ctx)
	}
	return o, err
}

func (m *Manager) clusterRoles(ctx context.Context, d desired) (map[string]*rbacv1.ClusterRole, error) {
	list, err := m.cluster.Kubernetes.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list ClusterRoles: %w", explain(err))
	}
	found := map[string]*rbacv1.ClusterRole{}
	for i := range list.Items {
		if role := &list.Items[i]; m.isOwned(role) || d.has(role.Name) {
			found[role.Name] = role
		}
	}
	return found, nil
}

// clusterRoleBindings are those that are ours or in our way, and others by the role that
// they bind.
func (m *Manager) clusterRoleBindings(ctx context.Context, d desired) (found map[string]*rbacv1.ClusterRoleBinding, others []rbacv1.ClusterRoleBinding, _ error) {
	list, err := m.cluster.Kubernetes.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list ClusterRoleBindings: %w", explain(err))
	}
	found = map[string]*rbacv1.ClusterRoleBinding{}
	for i := range list.Items {
		if binding := &list.Items[i]; m.isOwned(binding) || d.has(binding.Name) {
			found[binding.Name] = binding
		} else {
			others = append(others, *binding)
		}
	}
	return found, others, nil
}

// configMap is the name of aws-auth as people say it.
func (m *Manager) configMap() string { return m.opts.Namespace + "/" + m.opts.ConfigMap }

// awsAuth reads the ConfigMap. What does not parse is for the caller to judge.
func (m *Manager) awsAuth(ctx context.Context) (auth, error) {
	object, err := m.cluster.Kubernetes.CoreV1().ConfigMaps(m.opts.Namespace).Get(ctx, m.opts.ConfigMap, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return auth{}, nil
	case err != nil:
		return auth{}, fmt.Errorf("get ConfigMap %s: %w", m.configMap(), explain(err))
	}
	a := auth{object: object}
	a.entries, a.err = awsauth.Parse(a.text())
	a.users, _ = awsauth.Parse(object.Data["mapUsers"]) // what cannot be read lets nobody in
	return a, nil
}

// hold returns the entries of ours, by canonical ARN; of several the last one counts.
func (m *Manager) hold(entries []awsauth.Entry) map[string]awsauth.Entry {
	edit := awsauth.Edit{Prefix: m.prefix()}
	held := map[string]awsauth.Entry{}
	for _, e := range entries {
		if edit.Ours(e) {
			held[awsauth.Canonical(e.RoleARN)] = e
		}
	}
	return held
}

// isOwned reports whether an object of Kubernetes is ours.
func (m *Manager) isOwned(o metav1.Object) bool {
	return o.GetLabels()[LabelOwner] == m.opts.Owner && !bootstrapped(o)
}

// bootstrapped reports whether Kubernetes itself made o, whatever other labels it has.
func bootstrapped(o metav1.Object) bool { return o.GetLabels()["kubernetes.io/bootstrapping"] != "" }

// clash is what an object that is not ours means for one that is to be.
func (m *Manager) clash(kind Kind, o metav1.Object) error {
	owner := o.GetLabels()[LabelOwner]
	reason := "is not ours: name the group otherwise, or adopt it"
	switch {
	case m.isOwned(o):
		return nil
	case bootstrapped(o):
		return &ClashError{Kind: kind, Name: o.GetName(), Reason: "belongs to Kubernetes itself: name the group otherwise"}
	case m.opts.Adopt:
		return nil
	case owner != "":
		reason = fmt.Sprintf("belongs to owner %s: name the group otherwise, or adopt it", owner)
	}
	return &ClashError{Kind: kind, Name: o.GetName(), Reason: reason}
}
