package kubetest

import (
	"errors"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/rbac"
)

// authenticated is the group of everybody who could say who they are.
const authenticated = "system:authenticated"

func (c *Cluster) policy() rbac.Policy { return rbac.Policy{Store: c.registry.Store} }

func (k *call) user() rbac.User { return rbac.User{Name: k.User, Groups: k.Groups} }

func (k *call) action() rbac.Action {
	a := rbac.Action{
		Verb: k.Verb, Group: k.Group, Resource: k.Resource, Subresource: k.Subresource,
		Namespace: k.Namespace, Name: k.Name, Path: k.Path,
	}
	if k.Verb == "watch" || k.Verb == "list" || k.Verb == "deletecollection" {
		a.Name = k.nameSelected()
	}
	return a
}

// nameSelected is the name that a list asks for by a field selector, which
// rules can name.
func (k *call) nameSelected() string {
	const prefix = "metadata.name="
	if s := k.http.URL.Query().Get("fieldSelector"); len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):]
	}
	return k.Name
}

// impersonate makes the call that of another user, where its headers say so.
func (c *Cluster) impersonate(k *call) error {
	as := k.http.Header.Get("Impersonate-User")
	groups := k.http.Header.Values("Impersonate-Group")
	if as == "" {
		if len(groups) > 0 {
			return apierrors.NewBadRequest("requested [{Group  " + groups[0] + "  authentication.k8s.io/v1  }] without impersonating a user")
		}
		return nil
	}
	actions := []rbac.Action{{Verb: "impersonate", Resource: "users", Name: as}}
	for _, g := range groups {
		actions = append(actions, rbac.Action{Verb: "impersonate", Resource: "groups", Name: g})
	}
	for _, a := range actions {
		if err := c.authorize(k.user(), a); err != nil {
			return err
		}
	}
	k.User, k.Groups = as, withAuthenticated(groups)
	return nil
}

func withAuthenticated(groups []string) []string {
	if slices.Contains(groups, authenticated) {
		return groups
	}
	return append(slices.Clone(groups), authenticated)
}

// authorize refuses what u may not do.
func (c *Cluster) authorize(u rbac.User, a rbac.Action) error {
	allowed, reason := c.policy().Allows(u, a)
	if allowed {
		return nil
	}
	text := a.Denied(u)
	if reason != "" {
		text += ": " + reason
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: a.Group, Resource: a.Resource}, a.Name, errors.New(text))
}

// confirm refuses a role or binding that would give what its author does not
// hold, unless the author may escalate or bind.
func (c *Cluster) confirm(k *call, data []byte) error {
	if k.Group != rbacv1.GroupName || k.user().In(rbac.Masters) {
		return nil
	}
	var o struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Rules   []rbacv1.PolicyRule `json:"rules"`
		RoleRef rbacv1.RoleRef      `json:"roleRef"`
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return nil // decoding says what is wrong with it
	}
	a := rbac.Action{Verb: "escalate", Group: k.Group, Resource: k.Resource, Namespace: k.Namespace, Name: o.Metadata.Name}
	rules := o.Rules
	if k.Resource == "rolebindings" || k.Resource == "clusterrolebindings" {
		a.Verb, a.Name, a.Resource = "bind", o.RoleRef.Name, "clusterroles"
		if o.RoleRef.Kind == "Role" {
			a.Resource = "roles"
		}
		var err error
		if rules, err = c.policy().RulesOf(o.RoleRef, k.Namespace); err != nil {
			return apierrors.NewNotFound(schema.GroupResource{Group: k.Group, Resource: a.Resource}, o.RoleRef.Name)
		}
	}
	if ok, _ := c.policy().Allows(k.user(), a); ok {
		return nil
	}
	if text := c.policy().Escalates(k.user(), k.Namespace, rules); text != "" {
		return apierrors.NewForbidden(k.resource.GroupResource(), o.Metadata.Name, errors.New(text))
	}
	return nil
}
