package rules

import rbacv1 "k8s.io/api/rbac/v1"

// Developer returns what developers usually may do in all namespaces: change pods,
// configuration, secrets and namespaces, read logs and run commands in pods, and read
// what else tells how their services fare. Each call returns a list of its own.
func Developer() []rbacv1.PolicyRule {
	read := []string{"get", "list", "watch"}
	write := []string{"get", "list", "watch", "create", "patch", "update", "delete"}
	rule := func(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: append([]string(nil), verbs...)}
	}
	return []rbacv1.PolicyRule{
		rule("", write, "configmaps", "namespaces", "pods", "secrets"),
		rule("", []string{"get"}, "pods/log"),
		rule("", []string{"create", "get"}, "pods/exec"),
		rule("", read, "events", "nodes", "persistentvolumeclaims", "persistentvolumes", "services"),
		rule("apiextensions.k8s.io", read, "customresourcedefinitions"),
		rule("apps", read, "*"),
		rule("autoscaling", read, "horizontalpodautoscalers"),
		rule("metrics.k8s.io", []string{"get", "list"}, "nodes", "pods"),
		rule("networking.k8s.io", read, "ingresses"),
		rule("rbac.authorization.k8s.io", read, "clusterrolebindings", "clusterroles", "rolebindings", "roles"),
		rule("storage.k8s.io", read, "*"),
	}
}

// DeveloperOpsPrivileged returns the rules of developers who also operate: everything in
// the core group and in apps.
func DeveloperOpsPrivileged() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{"", "apps"}, Resources: []string{"*"}, Verbs: []string{"*"}}}
}

// DevOps returns the rules of administrators: everything.
func DevOps() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}}
}
