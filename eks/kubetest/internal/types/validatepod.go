package types

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func labelSet(m map[string]string) labels.Set { return m }

func validatePod(s *corev1.PodSpec, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	volumes := sets.New[string]()
	for i, v := range s.Volumes {
		p := at.Child("volumes").Index(i)
		wrong := validateVolume(&v, p)
		if v.Name == "" {
			wrong = append(wrong, field.Required(p.Child("name"), ""))
		} else {
			wrong = append(wrong, dnsLabel(v.Name, p.Child("name"))...)
		}
		if volumes.Has(v.Name) {
			wrong = append(wrong, field.Duplicate(p.Child("name"), v.Name))
		}
		if len(wrong) == 0 {
			volumes.Insert(v.Name)
		}
		errs = append(errs, wrong...)
	}
	if len(s.Containers) == 0 {
		errs = append(errs, field.Required(at.Child("containers"), ""))
	}
	names := sets.New[string]()
	for i := range s.Containers {
		errs = append(errs, validateContainer(&s.Containers[i], at.Child("containers").Index(i), volumes, names)...)
	}
	for i := range s.InitContainers {
		errs = append(errs, validateContainer(&s.InitContainers[i], at.Child("initContainers").Index(i), volumes, names)...)
	}
	if s.RestartPolicy != "" {
		policies := []corev1.RestartPolicy{corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}
		if !slices.Contains(policies, s.RestartPolicy) {
			errs = append(errs, field.NotSupported(at.Child("restartPolicy"), s.RestartPolicy, policies))
		}
	}
	return errs
}

func validateVolume(v *corev1.Volume, p *field.Path) field.ErrorList {
	switch {
	case v.Secret != nil && v.Secret.SecretName == "":
		return field.ErrorList{field.Required(p.Child("secret", "secretName"), "")}
	case v.ConfigMap != nil && v.ConfigMap.Name == "":
		return field.ErrorList{field.Required(p.Child("configMap", "name"), "")}
	case v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == "":
		return field.ErrorList{field.Required(p.Child("persistentVolumeClaim", "claimName"), "")}
	case v.HostPath != nil && v.HostPath.Path == "":
		return field.ErrorList{field.Required(p.Child("hostPath", "path"), "")}
	}
	return nil
}

func validateContainer(c *corev1.Container, at *field.Path, volumes, names sets.Set[string]) field.ErrorList {
	var errs field.ErrorList
	switch {
	case c.Name == "":
		errs = append(errs, field.Required(at.Child("name"), ""))
	case names.Has(c.Name):
		errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
	default:
		errs = append(errs, dnsLabel(c.Name, at.Child("name"))...)
	}
	names.Insert(c.Name)
	if c.Image == "" {
		errs = append(errs, field.Required(at.Child("image"), ""))
	}
	for i, p := range c.Ports {
		errs = append(errs, port(int64(p.ContainerPort), at.Child("ports").Index(i).Child("containerPort"))...)
	}
	for i := range c.Env {
		errs = append(errs, validateEnv(&c.Env[i], at.Child("env").Index(i))...)
	}
	for i, m := range c.VolumeMounts {
		p := at.Child("volumeMounts").Index(i)
		if m.Name == "" {
			errs = append(errs, field.Required(p.Child("name"), ""))
		}
		if !volumes.Has(m.Name) {
			errs = append(errs, field.NotFound(p.Child("name"), m.Name))
		}
		if m.MountPath == "" {
			errs = append(errs, field.Required(p.Child("mountPath"), ""))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Resources.Limits)) {
		limit := c.Resources.Limits[name]
		if request, ok := c.Resources.Requests[name]; ok && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(at.Child("resources", "requests"), request.String(),
				fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

func validateEnv(e *corev1.EnvVar, at *field.Path) field.ErrorList {
	if e.Name == "" {
		return field.ErrorList{field.Required(at.Child("name"), "")}
	}
	var errs field.ErrorList
	from := e.ValueFrom
	if from == nil {
		return nil
	}
	at = at.Child("valueFrom")
	sources := 0
	if r := from.SecretKeyRef; r != nil {
		sources++
		errs = append(errs, keyRef(r.Name, r.Key, at.Child("secretKeyRef"))...)
	}
	if r := from.ConfigMapKeyRef; r != nil {
		sources++
		errs = append(errs, keyRef(r.Name, r.Key, at.Child("configMapKeyRef"))...)
	}
	if from.FieldRef != nil || from.ResourceFieldRef != nil || from.FileKeyRef != nil {
		sources++
	}
	switch {
	case sources == 0:
		errs = append(errs, field.Invalid(at, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"))
	case e.Value != "":
		errs = append(errs, field.Invalid(at, "", "may not be specified when `value` is not empty"))
	case sources > 1:
		errs = append(errs, field.Invalid(at, "", "may not have more than one field specified at a time"))
	}
	return errs
}

func keyRef(name, key string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, m := range apivalidation.NameIsDNSSubdomain(name, false) {
		errs = append(errs, field.Invalid(at.Child("name"), name, m))
	}
	if key == "" {
		return append(errs, field.Required(at.Child("key"), ""))
	}
	for _, m := range validation.IsConfigMapKey(key) {
		errs = append(errs, field.Invalid(at.Child("key"), key, m))
	}
	return errs
}

func dnsLabel(name string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, m := range validation.IsDNS1123Label(name) {
		errs = append(errs, field.Invalid(at, name, m))
	}
	return errs
}

func port(n int64, at *field.Path) field.ErrorList {
	if n == 0 {
		return field.ErrorList{field.Required(at, "")}
	}
	var errs field.ErrorList
	for _, m := range validation.IsValidPortNum(int(n)) {
		errs = append(errs, field.Invalid(at, n, m))
	}
	return errs
}
