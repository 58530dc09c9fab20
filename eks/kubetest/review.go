package kubetest

import (
	"net/http"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/rbac"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// review answers what is computed rather than stored: who one is, and what one may do.
func (c *Cluster) review(k *call) (answer, error) {
	data, err := c.registry.Types.JSON(k.body, k.mediaType())
	if err != nil {
		return answer{}, err
	}
	o, err := c.registry.Review(k.request(), data)
	if err != nil {
		return answer{}, err
	}
	switch k.Resource {
	case "subjectaccessreviews":
		return reviewed(o, func(r *authorizationv1.SubjectAccessReview) error {
			if r.Spec.User == "" && len(r.Spec.Groups) == 0 {
				return apierrors.NewBadRequest("spec.user: at least one of user or group must be specified")
			}
			r.Status = c.decide(rbac.User{Name: r.Spec.User, Groups: r.Spec.Groups}, r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes)
			return nil
		})
	case "localsubjectaccessreviews":
		return reviewed(o, func(r *authorizationv1.LocalSubjectAccessReview) error {
			if a := r.Spec.ResourceAttributes; a != nil && a.Namespace != k.Namespace {
				return apierrors.NewBadRequest("spec.resourceAttributes.namespace must match namespace: " + k.Namespace)
			}
			r.Namespace = k.Namespace
			r.Status = c.decide(rbac.User{Name: r.Spec.User, Groups: r.Spec.Groups}, r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes)
			return nil
		})
	case "selfsubjectaccessreviews":
		return reviewed(o, func(r *authorizationv1.SelfSubjectAccessReview) error {
			r.Status = c.decide(k.user(), r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes)
			return nil
		})
	case "selfsubjectrulesreviews":
		return reviewed(o, func(r *authorizationv1.SelfSubjectRulesReview) error {
			if r.Spec.Namespace == "" {
				return apierrors.NewBadRequest("no namespace on request")
			}
			r.Status = c.rulesOf(k.user(), r.Spec.Namespace)
			return nil
		})
	case "selfsubjectreviews":
		return reviewed(o, func(r *authenticationv1.SelfSubjectReview) error {
			r.Status.UserInfo = authenticationv1.UserInfo{Username: k.User, Groups: k.Groups}
			return nil
		})
	}
	return notFound(), nil
}

// reviewed lets fill complete a review and answers with it.
func reviewed[T any](o store.Object, fill func(*T) error) (answer, error) {
	var wrong error
	if err := types.Change(o, func(r *T) { wrong = fill(r) }); err != nil {
		return answer{}, err
	}
	return answer{code: http.StatusCreated, value: o.Object}, wrong
}

func (c *Cluster) decide(u rbac.User, a *authorizationv1.ResourceAttributes, path *authorizationv1.NonResourceAttributes) authorizationv1.SubjectAccessReviewStatus {
	var action rbac.Action
	switch {
	case a != nil:
		action = rbac.Action{Verb: a.Verb, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace, Name: a.Name}
	case path != nil:
		action = rbac.Action{Verb: path.Verb, Path: path.Path}
	}
	allowed, reason := c.policy().Allows(u, action)
	return authorizationv1.SubjectAccessReviewStatus{Allowed: allowed, Reason: reason}
}

func (c *Cluster) rulesOf(u rbac.User, namespace string) authorizationv1.SubjectRulesReviewStatus {
	status := authorizationv1.SubjectRulesReviewStatus{
		ResourceRules: []authorizationv1.ResourceRule{}, NonResourceRules: []authorizationv1.NonResourceRule{},
	}
	rules := c.policy().Rules(u, namespace)
	for _, r := range rules {
		if len(r.NonResourceURLs) > 0 {
			status.NonResourceRules = append(status.NonResourceRules, authorizationv1.NonResourceRule{
				Verbs: slices.Clone(r.Verbs), NonResourceURLs: slices.Clone(r.NonResourceURLs),
			})
			continue
		}
		status.ResourceRules = append(status.ResourceRules, authorizationv1.ResourceRule{
			Verbs: r.Verbs, APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames,
		})
	}
	return status
}
