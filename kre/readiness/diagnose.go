package readiness

import (
	"context"
	"errors"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// podsKept is how many reasons of pods are kept for each object.
	podsKept = 10
	// podsRead is how many unready pods of an object are looked at.
	podsRead = 100
	// revisionAnnotation is on a Deployment and its ReplicaSets.
	revisionAnnotation = "deployment.kubernetes.io/revision"
)

// What reasons are read from.
var (
	podResource        = corev1.SchemeGroupVersion.WithResource("pods")
	eventResource      = corev1.SchemeGroupVersion.WithResource("events")
	replicaSetResource = appsv1.SchemeGroupVersion.WithResource("replicasets")
	classResource      = storagev1.SchemeGroupVersion.WithResource("storageclasses")
)

// The kinds that are not like others.
var (
	kindDeployment = appsv1.SchemeGroupVersion.WithKind("Deployment").GroupKind()
	kindPod        = corev1.SchemeGroupVersion.WithKind("Pod").GroupKind()
	kindClaim      = corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim").GroupKind()
)

// runsPods reports whether objects of a kind own pods, directly or through others.
func runsPods(kind schema.GroupKind) bool {
	switch kind.Kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet":
		return kind.Group == appsv1.GroupName
	case "Job":
		return kind.Group == batchv1.GroupName
	case "ReplicationController":
		return kind.Group == corev1.GroupName
	}
	return false
}

// diagnosis is why the unready objects of one namespace are so. Objects find
// each other by UID: a pod its ReplicaSet, and that its Deployment.
type diagnosis struct {
	*run
	namespace string
	targets   []*target
	owners    map[types.UID]*target // by the UID of a target, its ReplicaSets and its unready pods
	old       map[types.UID]bool    // ReplicaSets of older revisions
	pods      map[*target][]PodReason
	oldPods   map[*target][]PodReason // of old ReplicaSets
	warnings  map[*target]warnings
}

// diagnose finds the reasons of what is unready. What cannot be read leaves
// reasons out and stops nothing: they are help, not the matter itself.
func (r *run) diagnose(ctx context.Context) {
	byNamespace := make(map[string][]*target)
	for _, t := range r.unready() {
		if t.uid != "" {
			// Events about what is in no namespace are in "default".
			namespace := t.namespace
			if namespace == "" {
				namespace = metav1.NamespaceDefault
			}
			byNamespace[namespace] = append(byNamespace[namespace], t)
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		d := &diagnosis{
			run: r, namespace: namespace, targets: byNamespace[namespace],
			owners: make(map[types.UID]*target), old: make(map[types.UID]bool),
			pods: make(map[*target][]PodReason), oldPods: make(map[*target][]PodReason), warnings: make(map[*target]warnings),
		}
		for _, t := range d.targets {
			d.owners[t.uid] = t
		}
		for _, read := range []func(context.Context) error{d.readReplicaSets, d.readPods, d.readEvents} {
			if err := read(ctx); err != nil && ctx.Err() == nil {
				r.undiagnosed = errors.Join(r.undiagnosed, err)
			}
		}
		if ctx.Err() != nil {
			return // keep what was known
		}
		d.conclude()
	}
}

func (d *diagnosis) readReplicaSets(ctx context.Context) error {
	options, some := d.listOptions(func(t *target) bool { return t.gvk.GroupKind() == kindDeployment })
	if !some {
		return nil
	}
	return d.each(ctx, replicaSetResource, d.namespace, options, func(o *unstructured.Unstructured) {
		if t := d.owner(o); t != nil {
			d.owners[o.GetUID()] = t
			d.old[o.GetUID()] = o.GetAnnotations()[revisionAnnotation] != t.revision
		}
	})
}

func (d *diagnosis) readPods(ctx context.Context) error {
	options, some := d.listOptions(func(t *target) bool { return runsPods(t.gvk.GroupKind()) })
	if !some {
		return nil
	}
	return d.each(ctx, podResource, d.namespace, options, func(o *unstructured.Unstructured) {
		var p corev1.Pod
		t := d.owner(o)
		if t == nil || runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &p) != nil {
			return
		}
		found := d.pods
		if d.old[metav1.GetControllerOf(o).UID] {
			found = d.oldPods
		}
		reasons := podReasons(&p)
		if len(reasons) == 0 || len(found[t]) >= podsRead {
			return
		}
		found[t] = append(found[t], d.quote(reasons)...)
		d.owners[p.UID] = t
	})
}

// listOptions narrows a LIST to the pods of the only target that wants it, where
// there is just one. Some is whether there is one at all.
func (d *diagnosis) listOptions(wanted func(*target) bool) (options metav1.ListOptions, some bool) {
	var all []*target
	for _, t := range d.targets {
		if wanted(t) {
			all = append(all, t)
		}
	}
	if len(all) == 1 {
		options.LabelSelector = all[0].selector
	}
	return options, len(all) > 0
}

// owner is the target to which the controller of o belongs.
func (d *diagnosis) owner(o *unstructured.Unstructured) *target {
	if c := metav1.GetControllerOf(o); c != nil {
		return d.owners[c.UID]
	}
	return nil
}

// conclude hands what was found to the targets. Pods of an older revision are
// told only where the newest has nothing to tell.
func (d *diagnosis) conclude() {
	for _, t := range d.targets {
		if t.gvk.GroupKind() != kindPod {
			t.pods = d.pods[t]
			if len(t.pods) == 0 {
				t.pods = d.oldPods[t]
			}
		}
		slices.SortStableFunc(t.pods, func(a, b PodReason) int {
			switch at, bt := a.telling(), b.telling(); {
			case at == bt:
				return 0
			case at:
				return -1
			}
			return 1
		})
		t.pods = t.pods[:min(podsKept, len(t.pods))]
		t.warnings = d.warnings[t].newest(d.opts.Warnings)
	}
}

// selectorOf returns which pods a workload selects, as text; "" is all.
func selectorOf(o *unstructured.Unstructured) string {
	fields, found, err := unstructured.NestedMap(o.Object, "spec", "selector")
	if err != nil || !found || !runsPods(o.GroupVersionKind().GroupKind()) {
		return ""
	}
	if o.GroupVersionKind().Group == corev1.GroupName { // a ReplicationController's is plain labels
		fields = map[string]any{"matchLabels": fields}
	}
	var s metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &s) != nil {
		return ""
	}
	selector, err := metav1.LabelSelectorAsSelector(&s)
	if err != nil {
		return ""
	}
	return selector.String()
}

// lateBinding lists the storage classes that wait for a first consumer.
func (r *run) lateBinding(ctx context.Context) []string {
	var names []string
	err := r.each(ctx, classResource, "", metav1.ListOptions{}, func(o *unstructured.Unstructured) {
		if mode, _, _ := unstructured.NestedString(o.Object, "volumeBindingMode"); mode == string(storagev1.VolumeBindingWaitForFirstConsumer) {
			names = append(names, o.GetName())
		}
	})
	if err != nil && ctx.Err() == nil {
		r.undiagnosed = errors.Join(r.undiagnosed, err)
	}
	return names
}
