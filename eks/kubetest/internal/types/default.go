package types

import (
	"math"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// or sets *p to v where it is the zero value.
func or[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// orNew points *p at v where it is nil.
func orNew[T any](p **T, v T) {
	if *p == nil {
		*p = &v
	}
}

// setDefaults fills in what the server's own defaulting does for the types that
// deployments meet. Source: zz_generated.defaults.go and defaults.go of
// k8s.io/kubernetes/pkg/apis, release 1.36.
func setDefaults(o runtime.Object) {
	switch o := o.(type) {
	case *corev1.Pod:
		defaultPod(&o.Spec)
	case *corev1.PodTemplate:
		defaultPodSpec(&o.Template.Spec)
	case *corev1.Service:
		defaultService(o)
	case *corev1.Secret:
		or(&o.Type, corev1.SecretTypeOpaque)
		mergeStringData(o)
	case *corev1.Namespace:
		defaultNamespace(o)
	case *corev1.PersistentVolumeClaim:
		defaultClaim(&o.Spec)
		or(&o.Status.Phase, corev1.ClaimPending)
	case *corev1.PersistentVolume:
		or(&o.Spec.PersistentVolumeReclaimPolicy, corev1.PersistentVolumeReclaimRetain)
		orNew(&o.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
		or(&o.Status.Phase, corev1.VolumePending)
		if o.Spec.HostPath != nil {
			orNew(&o.Spec.HostPath.Type, corev1.HostPathUnset)
		}
	case *corev1.ReplicationController:
		orNew(&o.Spec.Replicas, 1)
		if o.Spec.Template != nil {
			defaultPodSpec(&o.Spec.Template.Spec)
		}
	case *networkingv1.NetworkPolicy:
		defaultNetworkPolicy(o)
	case *autoscalingv2.HorizontalPodAutoscaler:
		orNew(&o.Spec.MinReplicas, 1)
	case *storagev1.StorageClass:
		orNew(&o.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
		orNew(&o.VolumeBindingMode, storagev1.VolumeBindingImmediate)
	case *apiextensions.CustomResourceDefinition:
		defaultDefinition(o)
	default:
		defaultWorkload(o)
		defaultAccess(o)
	}
}

func defaultWorkload(o runtime.Object) {
	switch o := o.(type) {
	case *appsv1.Deployment:
		orNew(&o.Spec.Replicas, 1)
		defaultDeploymentStrategy(&o.Spec.Strategy)
		orNew(&o.Spec.RevisionHistoryLimit, 10)
		orNew(&o.Spec.ProgressDeadlineSeconds, 600)
		defaultPodSpec(&o.Spec.Template.Spec)
	case *appsv1.ReplicaSet:
		orNew(&o.Spec.Replicas, 1)
		defaultPodSpec(&o.Spec.Template.Spec)
	case *appsv1.StatefulSet:
		defaultStatefulSet(o)
	case *appsv1.DaemonSet:
		if _, ok := o.Annotations[appsv1.DeprecatedTemplateGeneration]; !ok {
			metav1.SetMetaDataAnnotation(&o.ObjectMeta, appsv1.DeprecatedTemplateGeneration, "0")
		}
		or(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateDaemonSetStrategyType)
		if o.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType {
			orNew(&o.Spec.UpdateStrategy.RollingUpdate, appsv1.RollingUpdateDaemonSet{})
			orNew(&o.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable, intstr.FromInt32(1))
			orNew(&o.Spec.UpdateStrategy.RollingUpdate.MaxSurge, intstr.FromInt32(0))
		}
		orNew(&o.Spec.RevisionHistoryLimit, 10)
		defaultPodSpec(&o.Spec.Template.Spec)
	case *batchv1.Job:
		if len(o.Labels) == 0 {
			o.Labels = o.Spec.Template.Labels
		}
		defaultJob(&o.Spec)
	case *batchv1.CronJob:
		or(&o.Spec.ConcurrencyPolicy, batchv1.AllowConcurrent)
		orNew(&o.Spec.Suspend, false)
		orNew(&o.Spec.SuccessfulJobsHistoryLimit, 3)
		orNew(&o.Spec.FailedJobsHistoryLimit, 1)
		defaultPodSpec(&o.Spec.JobTemplate.Spec.Template.Spec)
	}
}

func defaultDeploymentStrategy(s *appsv1.DeploymentStrategy) {
	or(&s.Type, appsv1.RollingUpdateDeploymentStrategyType)
	if s.Type == appsv1.RollingUpdateDeploymentStrategyType {
		orNew(&s.RollingUpdate, appsv1.RollingUpdateDeployment{})
		orNew(&s.RollingUpdate.MaxUnavailable, intstr.FromString("25%"))
		orNew(&s.RollingUpdate.MaxSurge, intstr.FromString("25%"))
	}
}

func defaultStatefulSet(o *appsv1.StatefulSet) {
	or(&o.Spec.PodManagementPolicy, appsv1.OrderedReadyPodManagement)
	or(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateStatefulSetStrategyType)
	if o.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType {
		orNew(&o.Spec.UpdateStrategy.RollingUpdate, appsv1.RollingUpdateStatefulSetStrategy{})
		orNew(&o.Spec.UpdateStrategy.RollingUpdate.Partition, 0)
	}
	orNew(&o.Spec.PersistentVolumeClaimRetentionPolicy, appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{})
	or(&o.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted, appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
	or(&o.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled, appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
	orNew(&o.Spec.Replicas, 1)
	orNew(&o.Spec.RevisionHistoryLimit, 10)
	defaultPodSpec(&o.Spec.Template.Spec)
	for i := range o.Spec.VolumeClaimTemplates {
		c := &o.Spec.VolumeClaimTemplates[i]
		c.APIVersion, c.Kind = "v1", "PersistentVolumeClaim"
		defaultClaim(&c.Spec)
		or(&c.Status.Phase, corev1.ClaimPending)
	}
}

func defaultJob(s *batchv1.JobSpec) {
	if s.Completions == nil && s.Parallelism == nil {
		orNew(&s.Completions, 1)
	}
	orNew(&s.Parallelism, 1)
	if s.BackoffLimitPerIndex != nil {
		orNew(&s.BackoffLimit, math.MaxInt32)
	}
	orNew(&s.BackoffLimit, 6)
	orNew(&s.CompletionMode, batchv1.NonIndexedCompletion)
	orNew(&s.Suspend, false)
	if s.PodReplacementPolicy == nil {
		policy := batchv1.TerminatingOrFailed
		if s.PodFailurePolicy != nil {
			policy = batchv1.Failed
		}
		s.PodReplacementPolicy = &policy
	}
	orNew(&s.ManualSelector, false)
	defaultPodSpec(&s.Template.Spec)
}

func defaultAccess(o runtime.Object) {
	switch o := o.(type) {
	case *rbacv1.ClusterRoleBinding:
		or(&o.RoleRef.APIGroup, rbacv1.GroupName)
		defaultSubjects(o.Subjects)
	case *rbacv1.RoleBinding:
		or(&o.RoleRef.APIGroup, rbacv1.GroupName)
		defaultSubjects(o.Subjects)
	}
}

func defaultSubjects(subjects []rbacv1.Subject) {
	for i := range subjects {
		if subjects[i].Kind == rbacv1.UserKind || subjects[i].Kind == rbacv1.GroupKind {
			or(&subjects[i].APIGroup, rbacv1.GroupName)
		}
	}
}

func defaultNamespace(o *corev1.Namespace) {
	if o.Name == "" {
		return
	}
	if o.Labels == nil {
		o.Labels = make(map[string]string)
	}
	o.Labels[corev1.LabelMetadataName] = o.Name
}

func defaultNetworkPolicy(o *networkingv1.NetworkPolicy) {
	if len(o.Spec.PolicyTypes) > 0 {
		return
	}
	o.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(o.Spec.Egress) > 0 {
		o.Spec.PolicyTypes = append(o.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
}

func defaultClaim(s *corev1.PersistentVolumeClaimSpec) {
	orNew(&s.VolumeMode, corev1.PersistentVolumeFilesystem)
}

func defaultDefinition(o *apiextensions.CustomResourceDefinition) {
	n := &o.Spec.Names
	or(&o.Spec.Scope, apiextensions.NamespaceScoped)
	if n.Singular == "" {
		n.Singular = lower(n.Kind)
	}
	if n.ListKind == "" && n.Kind != "" {
		n.ListKind = n.Kind + "List"
	}
	orNew(&o.Spec.Conversion, apiextensions.CustomResourceConversion{Strategy: apiextensions.NoneConverter})
}

// mergeStringData moves what was given as text to data, where it is kept.
func mergeStringData(o *corev1.Secret) {
	for key, value := range o.StringData {
		if o.Data == nil {
			o.Data = make(map[string][]byte)
		}
		o.Data[key] = []byte(value)
	}
	o.StringData = nil
}
