package types

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
)

// Validate returns the faults of a new or changed object, as the server words
// them. It knows the rules that deployments run into, not all of them.
func (t *Types) Validate(r *catalog.Resource, o Object) (field.ErrorList, error) {
	errs := apivalidation.ValidateObjectMetaAccessor(o, r.Namespaced, nameRule(r), field.NewPath("metadata"))
	if r.Custom != nil {
		return append(errs, validateCustom(r, o)...), nil
	}
	typed, err := t.typed(r, o)
	if err != nil || typed == nil {
		return errs, err
	}
	return append(errs, validateSpec(typed)...), nil
}

// ValidateUpdate returns the faults of changing old into o: those of o, and
// changes of fields that must stay.
func (t *Types) ValidateUpdate(r *catalog.Resource, o, old Object) (field.ErrorList, error) {
	meta := field.NewPath("metadata")
	errs := apivalidation.ValidateObjectMetaAccessor(o, r.Namespaced, pathSegment, meta)
	errs = append(errs, apivalidation.ValidateObjectMetaAccessorUpdate(o, old, meta)...)
	if r.Custom != nil {
		return append(errs, validateCustom(r, o)...), nil
	}
	now, err := t.typed(r, o)
	if err != nil || now == nil {
		return errs, err
	}
	before, err := t.typed(r, old)
	if err != nil {
		return errs, err
	}
	// The server finds the faults of the metadata twice, and says so.
	errs = append(errs, apivalidation.ValidateObjectMetaAccessorUpdate(o, old, meta)...)
	errs = append(errs, validateSpec(now)...)
	return append(errs, immutable(now, before)...), nil
}

// nameRule says what a name of a resource must look like.
func nameRule(r *catalog.Resource) apivalidation.ValidateNameFunc {
	switch r.Storage() {
	case "namespaces":
		return apivalidation.ValidateNamespaceName
	case "services":
		return apivalidation.NameIsDNSLabel
	case "roles." + rbacv1.GroupName, "clusterroles." + rbacv1.GroupName,
		"rolebindings." + rbacv1.GroupName, "clusterrolebindings." + rbacv1.GroupName:
		return pathSegment
	}
	return apivalidation.NameIsDNSSubdomain
}

// pathSegment is the rule for names that only need to fit into a path.
func pathSegment(name string, prefix bool) []string {
	if prefix {
		return content.IsPathSegmentPrefix(name)
	}
	return content.IsPathSegmentName(name)
}

func validateSpec(o runtime.Object) field.ErrorList {
	spec := field.NewPath("spec")
	switch o := o.(type) {
	case *corev1.Pod:
		return validatePod(&o.Spec, spec)
	case *corev1.ConfigMap:
		return validateConfigMap(o)
	case *corev1.Secret:
		return validateSecret(o)
	case *corev1.Service:
		return validateService(o)
	case *corev1.PersistentVolumeClaim:
		return validateClaim(&o.Spec, spec)
	case *networkingv1.Ingress:
		return validateIngress(o)
	case *rbacv1.Role:
		return validateRules(o.Rules, true)
	case *rbacv1.ClusterRole:
		return validateRules(o.Rules, false)
	case *rbacv1.RoleBinding:
		return validateBinding(o.RoleRef, o.Subjects, true)
	case *rbacv1.ClusterRoleBinding:
		return validateBinding(o.RoleRef, o.Subjects, false)
	case *apiextensions.CustomResourceDefinition:
		return validateDefinition(o)
	}
	return validateWorkload(o, spec)
}

func validateWorkload(o runtime.Object, spec *field.Path) field.ErrorList {
	switch o := o.(type) {
	case *appsv1.Deployment:
		errs := nonnegative(o.Spec.Replicas, spec.Child("replicas"))
		return append(errs, validateTemplate(o.Spec.Selector, &o.Spec.Template, spec, "deployment")...)
	case *appsv1.ReplicaSet:
		errs := nonnegative(o.Spec.Replicas, spec.Child("replicas"))
		return append(errs, validateTemplate(o.Spec.Selector, &o.Spec.Template, spec, "deployment")...)
	case *appsv1.StatefulSet:
		errs := nonnegative(o.Spec.Replicas, spec.Child("replicas"))
		tpl := o.Spec.Template.DeepCopy()
		for _, c := range o.Spec.VolumeClaimTemplates {
			tpl.Spec.Volumes = append(tpl.Spec.Volumes, corev1.Volume{Name: c.Name})
		}
		return append(errs, validateTemplate(o.Spec.Selector, tpl, spec, "statefulset")...)
	case *appsv1.DaemonSet:
		return validateTemplate(o.Spec.Selector, &o.Spec.Template, spec, "daemonset")
	case *batchv1.Job:
		return validateJob(&o.Spec, spec)
	case *batchv1.CronJob:
		return validateCronJob(o, spec)
	}
	return nil
}

func nonnegative(n *int32, at *field.Path) field.ErrorList {
	if n == nil {
		return nil
	}
	return apivalidation.ValidateNonnegativeField(int64(*n), at)
}

// validateTemplate checks a template of pods and that its selector selects it.
func validateTemplate(selector *metav1.LabelSelector, tpl *corev1.PodTemplateSpec, spec *field.Path, kind string) field.ErrorList {
	var errs field.ErrorList
	at := spec.Child("template")
	switch s, err := metav1.LabelSelectorAsSelector(selector); {
	case selector == nil:
		errs = append(errs, field.Required(spec.Child("selector"), ""),
			field.Invalid(at.Child("metadata", "labels"), tpl.Labels, "`selector` does not match template `labels`"))
	case err != nil:
		errs = append(errs, field.Invalid(spec.Child("selector"), selector, "invalid label selector"))
	default:
		errs = append(errs, metavalidation.ValidateLabelSelector(selector, metavalidation.LabelSelectorValidationOptions{}, spec.Child("selector"))...)
		if len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
			errs = append(errs, field.Invalid(spec.Child("selector"), selector, "empty selector is invalid for "+kind))
		} else if !s.Matches(labelSet(tpl.Labels)) {
			errs = append(errs, field.Invalid(at.Child("metadata", "labels"), tpl.Labels, "`selector` does not match template `labels`"))
		}
	}
	errs = append(errs, metavalidation.ValidateLabels(tpl.Labels, at.Child("labels"))...)
	errs = append(errs, apivalidation.ValidateAnnotations(tpl.Annotations, at.Child("annotations"))...)
	errs = append(errs, validatePod(&tpl.Spec, at.Child("spec"))...)
	if tpl.Spec.RestartPolicy != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(at.Child("spec", "restartPolicy"), tpl.Spec.RestartPolicy, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	return errs
}

func validateJob(s *batchv1.JobSpec, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	errs = append(errs, nonnegative(s.Parallelism, spec.Child("parallelism"))...)
	errs = append(errs, nonnegative(s.Completions, spec.Child("completions"))...)
	errs = append(errs, nonnegative(s.BackoffLimit, spec.Child("backoffLimit"))...)
	at := spec.Child("template", "spec")
	errs = append(errs, validatePod(&s.Template.Spec, at)...)
	if p := s.Template.Spec.RestartPolicy; p != corev1.RestartPolicyOnFailure && p != corev1.RestartPolicyNever {
		errs = append(errs, field.Required(at.Child("restartPolicy"),
			fmt.Sprintf("valid values: %q, %q", corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)))
	}
	return errs
}

func validateCronJob(o *batchv1.CronJob, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	if o.Spec.Schedule == "" {
		errs = append(errs, field.Required(spec.Child("schedule"), ""))
	}
	return append(errs, validateJob(&o.Spec.JobTemplate.Spec, spec.Child("jobTemplate", "spec"))...)
}
