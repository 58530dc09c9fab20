package types

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// same is the fault of changing a field that must stay.
func same(now, before any, path *field.Path) field.ErrorList {
	return apivalidation.ValidateImmutableField(now, before, path)
}

// immutable returns the faults of changing before into now.
func immutable(now, before runtime.Object) field.ErrorList {
	spec := field.NewPath("spec")
	switch now := now.(type) {
	case *corev1.ConfigMap:
		return immutableConfigMap(now, before.(*corev1.ConfigMap))
	case *corev1.Secret:
		return immutableSecret(now, before.(*corev1.Secret))
	case *corev1.Service:
		return immutableService(now, before.(*corev1.Service))
	case *corev1.Pod:
		return immutablePod(now, before.(*corev1.Pod))
	case *corev1.PersistentVolumeClaim:
		return immutableClaim(now, before.(*corev1.PersistentVolumeClaim))
	case *appsv1.Deployment:
		return same(now.Spec.Selector, before.(*appsv1.Deployment).Spec.Selector, spec.Child("selector"))
	case *appsv1.ReplicaSet:
		return same(now.Spec.Selector, before.(*appsv1.ReplicaSet).Spec.Selector, spec.Child("selector"))
	case *appsv1.DaemonSet:
		return same(now.Spec.Selector, before.(*appsv1.DaemonSet).Spec.Selector, spec.Child("selector"))
	case *appsv1.StatefulSet:
		return immutableStatefulSet(now, before.(*appsv1.StatefulSet))
	case *batchv1.Job:
		return immutableJob(now, before.(*batchv1.Job))
	case *rbacv1.RoleBinding:
		return immutableRoleRef(now.RoleRef, before.(*rbacv1.RoleBinding).RoleRef)
	case *rbacv1.ClusterRoleBinding:
		return immutableRoleRef(now.RoleRef, before.(*rbacv1.ClusterRoleBinding).RoleRef)
	case *storagev1.StorageClass:
		return immutableStorageClass(now, before.(*storagev1.StorageClass))
	}
	return nil
}

func immutableRoleRef(now, before rbacv1.RoleRef) field.ErrorList {
	if now == before {
		return nil
	}
	// The server shows its internal type, whose fields have no other names.
	shown := struct{ APIGroup, Kind, Name string }(now)
	return field.ErrorList{field.Invalid(field.NewPath("roleRef"), shown, "cannot change roleRef")}
}

func immutableConfigMap(now, before *corev1.ConfigMap) field.ErrorList {
	if before.Immutable == nil || !*before.Immutable {
		return nil
	}
	errs := frozen("immutable", now.Immutable != nil && *now.Immutable)
	errs = append(errs, frozen("data", equality.Semantic.DeepEqual(now.Data, before.Data))...)
	return append(errs, frozen("binaryData", equality.Semantic.DeepEqual(now.BinaryData, before.BinaryData))...)
}

func immutableSecret(now, before *corev1.Secret) field.ErrorList {
	errs := same(now.Type, before.Type, field.NewPath("type"))
	if before.Immutable == nil || !*before.Immutable {
		return errs
	}
	errs = append(errs, frozen("immutable", now.Immutable != nil && *now.Immutable)...)
	return append(errs, frozen("data", equality.Semantic.DeepEqual(now.Data, before.Data))...)
}

// frozen is the fault of a part that changed though the object was immutable.
func frozen(name string, kept bool) field.ErrorList {
	if kept {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath(name), "field is immutable when `immutable` is set")}
}

func immutableService(now, before *corev1.Service) field.ErrorList {
	external := corev1.ServiceTypeExternalName
	if now.Spec.Type == external || before.Spec.Type == external || before.Spec.ClusterIP == "" {
		return nil
	}
	if now.Spec.ClusterIP == before.Spec.ClusterIP {
		return nil
	}
	ips := []string{}
	if now.Spec.ClusterIP != "" {
		ips = append(ips, now.Spec.ClusterIP)
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "clusterIPs").Index(0), ips, "may not change once set")}
}

func immutablePod(now, before *corev1.Pod) field.ErrorList {
	spec := now.Spec.DeepCopy()
	// Source: ValidatePodUpdate.
	spec.NodeName = before.Spec.NodeName
	spec.ActiveDeadlineSeconds = before.Spec.ActiveDeadlineSeconds
	spec.TerminationGracePeriodSeconds = before.Spec.TerminationGracePeriodSeconds
	spec.Tolerations = before.Spec.Tolerations
	spec.SchedulingGates = before.Spec.SchedulingGates
	copyImages(spec.Containers, before.Spec.Containers)
	copyImages(spec.InitContainers, before.Spec.InitContainers)
	if equality.Semantic.DeepEqual(spec, &before.Spec) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec"), "pod updates may not change fields other than "+
		"`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"+
		"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")}
}

func copyImages(to, from []corev1.Container) {
	if len(to) != len(from) {
		return
	}
	for i := range to {
		to[i].Image = from[i].Image
	}
}

func immutableClaim(now, before *corev1.PersistentVolumeClaim) field.ErrorList {
	was, is := before.Spec.DeepCopy(), now.Spec.DeepCopy()
	if was.VolumeName == "" {
		was.VolumeName = is.VolumeName
	}
	if now.Status.Phase == corev1.ClaimBound {
		is.Resources.Requests = was.Resources.Requests
		is.VolumeAttributesClassName = was.VolumeAttributesClassName
	}
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if !equality.Semantic.DeepEqual(is, was) {
		errs = append(errs, field.Forbidden(spec, "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"))
	}
	size, granted := now.Spec.Resources.Requests[corev1.ResourceStorage], now.Status.Capacity[corev1.ResourceStorage]
	if old := before.Spec.Resources.Requests[corev1.ResourceStorage]; size.Cmp(old) < 0 && size.Cmp(granted) <= 0 {
		errs = append(errs, field.Forbidden(spec.Child("resources", "requests", "storage"), "field can not be less than status.capacity"))
	}
	return errs
}

func immutableStatefulSet(now, before *appsv1.StatefulSet) field.ErrorList {
	is := now.Spec.DeepCopy()
	is.Replicas = before.Spec.Replicas
	is.Template = before.Spec.Template
	is.UpdateStrategy = before.Spec.UpdateStrategy
	is.MinReadySeconds = before.Spec.MinReadySeconds
	is.Ordinals = before.Spec.Ordinals
	is.RevisionHistoryLimit = before.Spec.RevisionHistoryLimit
	is.PersistentVolumeClaimRetentionPolicy = before.Spec.PersistentVolumeClaimRetentionPolicy
	if equality.Semantic.DeepEqual(is, &before.Spec) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec"), "updates to statefulset spec for fields other than "+
		"'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")}
}

func immutableJob(now, before *batchv1.Job) field.ErrorList {
	spec := field.NewPath("spec")
	errs := same(now.Spec.Completions, before.Spec.Completions, spec.Child("completions"))
	errs = append(errs, same(now.Spec.Selector, before.Spec.Selector, spec.Child("selector"))...)
	if before.Spec.Suspend == nil || !*before.Spec.Suspend {
		errs = append(errs, same(now.Spec.Template, before.Spec.Template, spec.Child("template"))...)
	} else {
		errs = append(errs, same(now.Spec.Template.Spec, placed(now, before), spec.Child("template.spec"))...)
	}
	return append(errs, same(now.Spec.CompletionMode, before.Spec.CompletionMode, spec.Child("completionMode"))...)
}

// placed is the template of a suspended job with what may change until it
// starts: where its pods run, and with how much room.
func placed(now, before *batchv1.Job) corev1.PodSpec {
	is, s := now.Spec.Template.Spec, before.Spec.Template.Spec.DeepCopy()
	s.NodeSelector, s.Tolerations, s.SchedulingGates, s.Affinity = is.NodeSelector, is.Tolerations, is.SchedulingGates, is.Affinity
	for i := range min(len(s.Containers), len(is.Containers)) {
		s.Containers[i].Resources = is.Containers[i].Resources
	}
	return *s
}

func immutableStorageClass(now, before *storagev1.StorageClass) field.ErrorList {
	errs := same(now.Parameters, before.Parameters, field.NewPath("parameters"))
	errs = append(errs, same(now.Provisioner, before.Provisioner, field.NewPath("provisioner"))...)
	errs = append(errs, same(now.ReclaimPolicy, before.ReclaimPolicy, field.NewPath("reclaimPolicy"))...)
	return append(errs, same(now.VolumeBindingMode, before.VolumeBindingMode, field.NewPath("volumeBindingMode"))...)
}
