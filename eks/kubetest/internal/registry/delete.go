package registry

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

func metaKind(kind string) schema.GroupKind {
	return schema.GroupKind{Group: metav1.GroupName, Kind: kind}
}

// Delete begins or finishes the deletion of an object. Gone reports whether it
// is no longer there; the object is what it was or has become.
func (g *Registry) Delete(q Request, opts metav1.DeleteOptions) (_ Object, gone bool, _ error) {
	if errs := metavalidation.ValidateDeleteOptions(&opts); len(errs) > 0 {
		return nil, false, apierrors.NewInvalid(metaKind("DeleteOptions"), "", errs)
	}
	live, err := g.Get(q)
	if err != nil {
		return nil, false, err
	}
	if err := preconditions(q, live, opts.Preconditions); err != nil {
		return nil, false, err
	}
	if q.Resource.Storage() == "namespaces" {
		return g.deleteNamespace(q, live)
	}
	return g.begin(q, live, opts)
}

// begin marks an object as being deleted, or takes it away at once where
// nothing holds it.
func (g *Registry) begin(q Request, live Object, opts metav1.DeleteOptions) (_ Object, gone bool, _ error) {
	o := live.DeepCopy()
	graceful, pending := g.grace(q, o, opts.GracePeriodSeconds)
	if pending {
		return live, false, nil
	}
	g.warnOfOrphans(q, opts)
	setFinalizers(o, propagationFinalizers(q, o, opts))
	if q.Resource.Storage() == "customresourcedefinitions.apiextensions.k8s.io" && live.GetDeletionTimestamp() == nil {
		setFinalizers(o, append(o.GetFinalizers(), apiextensions.CustomResourceCleanupFinalizer))
	}
	if len(o.GetFinalizers()) > 0 && !graceful {
		markDeleting(q, o)
	}
	if len(o.GetFinalizers()) > 0 || (graceful && *o.GetDeletionGracePeriodSeconds() > 0) {
		if q.DryRun || same(live, o) {
			return o, false, nil
		}
		return g.Store.Put(q.key(), o), false, nil
	}
	if q.DryRun {
		return o, true, nil
	}
	return g.remove(q.key(), o), true, nil
}

// remove takes o away, in its last form.
func (g *Registry) remove(k store.Key, o Object) Object {
	last := g.Store.Delete(k)
	o.SetResourceVersion(last.GetResourceVersion())
	return o
}

func preconditions(q Request, live Object, p *metav1.Preconditions) error {
	if p == nil {
		return nil
	}
	conflict := func(format string, args ...any) error {
		gr := schema.GroupResource{Group: q.Resource.Group, Resource: q.Resource.Kind}
		return apierrors.NewConflict(gr, q.Name, fmt.Errorf(format, args...))
	}
	if p.UID != nil && *p.UID != live.GetUID() {
		return conflict("the UID in the precondition (%s) does not match the UID in record (%s). The object might have been deleted and then recreated", *p.UID, live.GetUID())
	}
	if p.ResourceVersion != nil && *p.ResourceVersion != live.GetResourceVersion() {
		return conflict("the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The object might have been modified", *p.ResourceVersion, live.GetResourceVersion())
	}
	return nil
}

// grace applies the grace period, which only pods have. Pending reports that a
// deletion is under way which this one does not shorten.
func (g *Registry) grace(q Request, o Object, wanted *int64) (graceful, pending bool) {
	if q.Resource.Storage() != "pods" {
		return false, false
	}
	if at := o.GetDeletionTimestamp(); at != nil {
		left := o.GetDeletionGracePeriodSeconds()
		if left == nil || *left == 0 {
			return false, false
		}
		if wanted == nil || *wanted >= *left {
			return false, true
		}
		begun := at.Add(-time.Duration(*left) * time.Second)
		moved := stamp(begun.Add(time.Duration(*wanted) * time.Second))
		o.SetDeletionTimestamp(&moved)
		o.SetDeletionGracePeriodSeconds(wanted)
		return true, false
	}
	period := podGrace(o, wanted)
	at := stamp(q.Now.Add(time.Duration(period) * time.Second))
	o.SetDeletionTimestamp(&at)
	o.SetDeletionGracePeriodSeconds(&period)
	o.SetGeneration(o.GetGeneration() + 1)
	return true, false
}

// podGrace is how long a pod may take to stop: at once where it is on no node
// or has ended. Source: podStrategy.CheckGracefulDelete.
func podGrace(o Object, wanted *int64) int64 {
	period := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if wanted != nil {
		period = *wanted
	} else if own, ok, _ := unstructured.NestedInt64(o.Object, "spec", "terminationGracePeriodSeconds"); ok {
		period = own
	}
	node, _, _ := unstructured.NestedString(o.Object, "spec", "nodeName")
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	if node == "" || phase == string(corev1.PodFailed) || phase == string(corev1.PodSucceeded) {
		return 0
	}
	if period < 0 {
		return 1
	}
	return period
}

// graceOver reports whether nothing but finalizers holds o back.
func graceOver(o Object) bool {
	left := o.GetDeletionGracePeriodSeconds()
	return left == nil || *left == 0
}

func markDeleting(q Request, o Object) {
	if o.GetDeletionTimestamp() == nil {
		if o.GetGeneration() > 0 {
			o.SetGeneration(o.GetGeneration() + 1)
		}
		now := stamp(q.Now)
		o.SetDeletionTimestamp(&now)
	}
	zero := int64(0)
	o.SetDeletionGracePeriodSeconds(&zero)
}

// propagationFinalizers are those of o with the one that its dependents need.
// Source: deletionFinalizersForGarbageCollection of k8s.io/apiserver.
func propagationFinalizers(q Request, o Object, opts metav1.DeleteOptions) []string {
	var kept []string
	had := ""
	for _, f := range o.GetFinalizers() {
		if f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents {
			had = f
			continue
		}
		kept = append(kept, f)
	}
	add := had
	switch policy := opts.PropagationPolicy; {
	case policy != nil && *policy == metav1.DeletePropagationOrphan:
		add = metav1.FinalizerOrphanDependents
	case policy != nil && *policy == metav1.DeletePropagationForeground:
		add = metav1.FinalizerDeleteDependents
	case policy != nil:
		add = ""
	case had == "" && orphansByDefault(q):
		add = metav1.FinalizerOrphanDependents
	}
	if add != "" {
		kept = append(kept, add)
	}
	return kept
}

func orphansByDefault(q Request) bool {
	switch q.Resource.Storage() {
	case "jobs.batch", "cronjobs.batch", "replicationcontrollers":
		return true
	}
	return false
}

func (g *Registry) warnOfOrphans(q Request, opts metav1.DeleteOptions) {
	if q.Resource.Storage() == "jobs.batch" && opts.PropagationPolicy == nil {
		q.warn("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning")
	}
}

// setFinalizers avoids an empty list where there was none.
func setFinalizers(o Object, fs []string) {
	if !slices.Equal(o.GetFinalizers(), fs) {
		o.SetFinalizers(fs)
	}
}
