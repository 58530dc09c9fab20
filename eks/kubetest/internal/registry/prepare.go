package registry

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// prepareCreate sets what the server sets itself in a new object of some kinds,
// and clears what it does not take from users.
func (g *Registry) prepareCreate(q Request, o Object) error {
	if q.Resource.HasStatus() && q.Resource.Storage() != "nodes" {
		g.clearStatus(q, o)
	}
	switch q.Resource.Storage() {
	case "namespaces":
		return types.Change(o, func(ns *corev1.Namespace) {
			if len(ns.Spec.Finalizers) == 0 {
				ns.Spec.Finalizers = []corev1.FinalizerName{corev1.FinalizerKubernetes}
			}
			ns.Status.Phase = corev1.NamespaceActive
			if ns.Labels == nil {
				ns.Labels = make(map[string]string)
			}
			ns.Labels[corev1.LabelMetadataName] = ns.Name
		})
	case "pods":
		return types.Change(o, preparePod)
	case "persistentvolumeclaims":
		return types.Change(o, g.prepareClaim)
	case "persistentvolumes":
		return types.Change(o, func(pv *corev1.PersistentVolume) {
			pv.Status.Phase, pv.Status.LastPhaseTransitionTime = corev1.VolumePending, new(stamp(q.Now))
			protect(&pv.ObjectMeta, "kubernetes.io/pv-protection")
		})
	case "services":
		return types.Change(o, func(s *corev1.Service) { g.allocate(s, nil) })
	case "jobs.batch":
		return types.Change(o, selectOwnPods)
	case "daemonsets.apps":
		templateGeneration(o, "1")
	case "customresourcedefinitions.apiextensions.k8s.io":
		return types.Change(o, prepareDefinition)
	}
	return nil
}

// clearStatus drops the status of a new object: for built-in kinds it is there
// and empty, for custom ones it is not there.
func (g *Registry) clearStatus(q Request, o Object) {
	delete(o.Object, "status")
	if status, ok := g.Types.Empty(q.Resource).Object["status"]; ok {
		o.Object["status"] = status
	}
}

// preparePod does what the strategy of pods and the admission plugins
// ServiceAccount, Priority and DefaultTolerationSeconds do.
func preparePod(p *corev1.Pod) {
	p.Status = corev1.PodStatus{Phase: corev1.PodPending, QOSClass: types.QOS(&p.Spec)}
	if p.Spec.ServiceAccountName == "" {
		p.Spec.ServiceAccountName, p.Spec.DeprecatedServiceAccount = "default", "default"
	}
	if p.Spec.Priority == nil {
		priority, preempt := int32(0), corev1.PreemptLowerPriority
		p.Spec.Priority, p.Spec.PreemptionPolicy = &priority, &preempt
	}
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		tolerate(p, key)
	}
}

func tolerate(p *corev1.Pod, taint string) {
	for _, t := range p.Spec.Tolerations {
		if t.Key == taint || (t.Key == "" && t.Operator == corev1.TolerationOpExists) {
			return
		}
	}
	seconds := int64(300)
	p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{
		Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds,
	})
}

// prepareClaim gives a claim that names no storage class the default one, and
// protects it while it is in use.
func (g *Registry) prepareClaim(c *corev1.PersistentVolumeClaim) {
	c.Status = corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimPending}
	protect(&c.ObjectMeta, "kubernetes.io/pvc-protection")
	if c.Spec.StorageClassName != nil {
		return
	}
	for _, o := range g.Store.List("storageclasses.storage.k8s.io", "") {
		if class, err := types.Into[storagev1.StorageClass](o); err == nil && class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			c.Spec.StorageClassName = &class.Name
			return
		}
	}
}

func protect(meta *metav1.ObjectMeta, finalizer string) {
	if !slices.Contains(meta.Finalizers, finalizer) {
		meta.Finalizers = append(meta.Finalizers, finalizer)
	}
}

// selectOwnPods makes the selector of a job, by its identifier.
func selectOwnPods(j *batchv1.Job) {
	if j.Spec.ManualSelector != nil && *j.Spec.ManualSelector {
		return
	}
	tpl := &j.Spec.Template
	if tpl.Labels == nil {
		tpl.Labels = make(map[string]string)
	}
	for _, key := range []string{"job-name", batchv1.JobNameLabel} {
		setIfAbsent(tpl.Labels, key, j.Name)
	}
	for _, key := range []string{"controller-uid", batchv1.ControllerUidLabel} {
		setIfAbsent(tpl.Labels, key, string(j.UID))
	}
	if j.Spec.Selector == nil {
		j.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{}}
	}
	setIfAbsent(j.Spec.Selector.MatchLabels, batchv1.ControllerUidLabel, string(j.UID))
	if len(j.Labels) == 0 {
		j.Labels = maps.Clone(tpl.Labels)
	}
}

func setIfAbsent(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

func prepareDefinition(crd *apiextensions.CustomResourceDefinition) {
	crd.Status = apiextensions.CustomResourceDefinitionStatus{StoredVersions: []string{}}
	for _, v := range crd.Spec.Versions {
		if v.Storage {
			crd.Status.StoredVersions = []string{v.Name}
		}
	}
}

// prepareUpdate keeps what the path of the request does not write, and counts
// the generation on where what is desired has changed.
func (g *Registry) prepareUpdate(q Request, live, o Object) {
	switch {
	case q.Subresource == "status":
		keepAllButStatus(q, live, o)
		return
	case q.Resource.HasStatus() && q.Resource.Storage() != "nodes":
		keep(live, o, "status")
	}
	switch q.Resource.Storage() {
	case "services":
		keepAllocated(g, live, o)
	case "daemonsets.apps":
		n, _ := strconv.Atoi(live.GetAnnotations()[appsv1.DeprecatedTemplateGeneration]) // none is 0
		if !reflect.DeepEqual(template(live), template(o)) {
			n++
		}
		templateGeneration(o, strconv.Itoa(n))
	}
	if q.Resource.Generation && desireChanged(q, live, o) {
		o.SetGeneration(live.GetGeneration() + 1)
	}
}

// templateGeneration sets how often the template of a DaemonSet has changed.
func templateGeneration(o Object, n string) {
	notes := o.GetAnnotations()
	if notes == nil {
		notes = make(map[string]string)
	}
	notes[appsv1.DeprecatedTemplateGeneration] = n
	o.SetAnnotations(notes)
}

func template(o Object) any {
	v, _, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "template")
	return v
}

func keepAllButStatus(q Request, live, o Object) {
	status, given := o.Object["status"]
	managed := o.GetManagedFields()
	annotations := o.GetAnnotations()
	finalizers := o.GetFinalizers()
	o.Object = live.DeepCopy().Object
	if given {
		o.Object["status"] = status
	} else {
		delete(o.Object, "status")
	}
	o.SetManagedFields(managed)
	if q.Resource.Custom == nil {
		if len(annotations) > 0 || len(o.GetAnnotations()) > 0 {
			o.SetAnnotations(annotations)
		}
		setFinalizers(o, finalizers)
	}
}

func keep(live, o Object, name string) {
	if v, ok := live.DeepCopy().Object[name]; ok {
		o.Object[name] = v
	} else {
		delete(o.Object, name)
	}
}

// desireChanged reports whether o desires something else than live: in custom
// objects all but metadata and status counts, in built-in ones the spec (and in
// Deployments the annotations, as in their strategy).
func desireChanged(q Request, live, o Object) bool {
	if q.Resource.Custom == nil {
		if q.Resource.Storage() == "deployments.apps" && !reflect.DeepEqual(live.GetAnnotations(), o.GetAnnotations()) {
			return true
		}
		if _, ok := o.Object["spec"]; ok {
			return !reflect.DeepEqual(live.Object["spec"], o.Object["spec"])
		}
	}
	a, b := live.DeepCopy(), o.DeepCopy()
	for _, x := range []*unstructured.Unstructured{a, b} {
		delete(x.Object, "metadata")
		if q.Resource.HasStatus() {
			delete(x.Object, "status")
		}
	}
	return !reflect.DeepEqual(a.Object, b.Object)
}
