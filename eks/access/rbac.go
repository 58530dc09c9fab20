package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// role is the ClusterRole that a group is to have.
func (m *Manager) role(g Group) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{ObjectMeta: m.meta(g.Name), Rules: g.Rules}
}

// binding is the ClusterRoleBinding that a group is to have. Its one subject is the
// group: who is a member of it is said by access entries or aws-auth.
func (m *Manager) binding(group string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: m.meta(group),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: group},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group}},
	}
}

func (m *Manager) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: map[string]string{LabelManagedBy: managedBy, LabelOwner: m.opts.Owner}}
}

// label adds our labels to those that an object has.
func label(has, want metav1.ObjectMeta) metav1.ObjectMeta {
	has.Labels = maps.Clone(has.Labels)
	if has.Labels == nil {
		has.Labels = map[string]string{}
	}
	maps.Copy(has.Labels, want.Labels)
	return has
}

// aggregateTo begins labels by which the rules of a role are added to another one, such as view.
// Source: Kubernetes documentation, "Using RBAC Authorization", "Aggregated ClusterRoles".
const aggregateTo = "rbac.authorization.k8s.io/aggregate-to-"

// aggregates are the roles to which the rules of role are added, sorted.
func aggregates(role *rbacv1.ClusterRole) (names []string) {
	for _, l := range slices.Sorted(maps.Keys(role.Labels)) {
		if name, ok := strings.CutPrefix(l, aggregateTo); ok {
			names = append(names, name)
		}
	}
	return names
}

func createRole(want *rbacv1.ClusterRole) Step {
	return Step{Action: Create, Kind: KindRole, Name: want.Name, write: func(ctx context.Context, m *Manager) error {
		_, err := m.cluster.Kubernetes.RbacV1().ClusterRoles().Create(ctx, want, metav1.CreateOptions{})
		return stale(err)
	}}
}

func updateRole(has, want *rbacv1.ClusterRole, takes bool) Step {
	return Step{Action: Update, Kind: KindRole, Name: has.Name, takes: takes, write: func(ctx context.Context, m *Manager) error {
		next := has.DeepCopy()
		next.ObjectMeta, next.Rules, next.AggregationRule = label(next.ObjectMeta, want.ObjectMeta), want.Rules, nil
		maps.DeleteFunc(next.Labels, func(l, _ string) bool { return strings.HasPrefix(l, aggregateTo) })
		_, err := m.cluster.Kubernetes.RbacV1().ClusterRoles().Update(ctx, next, metav1.UpdateOptions{})
		return stale(err)
	}}
}

func deleteRole(has *rbacv1.ClusterRole) Step {
	return Step{Action: Delete, Kind: KindRole, Name: has.Name, takes: true, write: func(ctx context.Context, m *Manager) error {
		return gone(m.cluster.Kubernetes.RbacV1().ClusterRoles().Delete(ctx, has.Name, exactly(has.ObjectMeta)))
	}}
}

func createBinding(want *rbacv1.ClusterRoleBinding) Step {
	return Step{Action: Create, Kind: KindBinding, Name: want.Name, write: func(ctx context.Context, m *Manager) error {
		_, err := m.cluster.Kubernetes.RbacV1().ClusterRoleBindings().Create(ctx, want, metav1.CreateOptions{})
		return stale(err)
	}}
}

func updateBinding(has, want *rbacv1.ClusterRoleBinding) Step {
	takes := !slices.Equal(has.Subjects, want.Subjects) && len(has.Subjects) > 0
	return Step{Action: Update, Kind: KindBinding, Name: has.Name, takes: takes, write: func(ctx context.Context, m *Manager) error {
		next := has.DeepCopy()
		next.ObjectMeta, next.Subjects = label(next.ObjectMeta, want.ObjectMeta), want.Subjects
		_, err := m.cluster.Kubernetes.RbacV1().ClusterRoleBindings().Update(ctx, next, metav1.UpdateOptions{})
		return stale(err)
	}}
}

// interim is the name of the binding that stands in for one that is being replaced. No group can
// have it; as it is ours, the next plan removes one that a killed run left.
func interim(group string) string { return group + ":interim" }

// replaceBinding is for a binding of another role, which the API server lets nobody
// change. Another one stands in meanwhile: who replaces a binding may have the right to do so by it.
func replaceBinding(has, want *rbacv1.ClusterRoleBinding) Step {
	return Step{Action: Replace, Kind: KindBinding, Name: has.Name, takes: true, write: func(ctx context.Context, m *Manager) error {
		client := m.cluster.Kubernetes.RbacV1().ClusterRoleBindings()
		next := want.DeepCopy()
		next.Name = interim(want.Name)
		held, err := client.Create(ctx, next, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) { // one that is left is in the plan, to be deleted
			return fmt.Errorf("make %s, to stand in: %w", next.Name, explain(err))
		}
		made := err == nil
		if err := gone(client.Delete(ctx, has.Name, exactly(has.ObjectMeta))); err != nil {
			return err
		}
		if _, err := client.Create(ctx, want, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("the old one is deleted, the new one is not made, and %s stands in; run again: %w", next.Name, stale(err))
		}
		if !made {
			return nil
		}
		return gone(client.Delete(ctx, next.Name, exactly(held.ObjectMeta)))
	}}
}

func deleteBinding(has *rbacv1.ClusterRoleBinding) Step {
	return Step{Action: Delete, Kind: KindBinding, Name: has.Name, takes: true, write: func(ctx context.Context, m *Manager) error {
		return gone(m.cluster.Kubernetes.RbacV1().ClusterRoleBindings().Delete(ctx, has.Name, exactly(has.ObjectMeta)))
	}}
}

// exactly lets only the object be deleted that was read.
func exactly(meta metav1.ObjectMeta) metav1.DeleteOptions {
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &meta.UID, ResourceVersion: &meta.ResourceVersion}}
}

// stale marks what fails because somebody else wrote meanwhile.
func stale(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return explain(err)
}

// gone is the error of a deletion: what is not there is deleted.
func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return stale(err)
}

func subjects(list []rbacv1.Subject) string {
	if len(list) == 0 {
		return "nobody"
	}
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Kind + " " + s.Name
	}
	return strings.Join(names, ", ")
}
