package control

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// deployment rolls a Deployment towards its template.
func (m *Manager) deployment(k store.Key) {
	d := read[appsv1.Deployment](m, k)
	if d.DeletionTimestamp != nil {
		return
	}
	current, old := m.replicaSets(d)
	if current == nil && !d.Spec.Paused {
		m.newReplicaSet(k, d, old)
		current, old = m.replicaSets(d)
	}
	if current != nil {
		m.raise(k, d, current, old)
	}
	switch {
	case d.Spec.Paused || current == nil:
	case d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType:
		m.recreate(d, current, old)
	default:
		m.roll(d, current, old)
	}
	current, old = m.replicaSets(d)
	m.prune(d, old)
	m.deploymentStatus(k, current, old)
}

// replicaSets returns the ReplicaSet of the present template, or nil, and those
// of former ones, oldest first.
func (m *Manager) replicaSets(d *appsv1.Deployment) (current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) {
	var all []*appsv1.ReplicaSet
	for _, k := range m.owned("replicasets.apps", d.Namespace, d.UID) {
		if rs := read[appsv1.ReplicaSet](m, k); rs != nil && rs.DeletionTimestamp == nil {
			all = append(all, rs)
		}
	}
	slices.SortFunc(all, func(a, b *appsv1.ReplicaSet) int { return cmp.Compare(m.born[a.UID].serial, m.born[b.UID].serial) })
	for _, rs := range all {
		tpl := rs.Spec.Template.DeepCopy()
		delete(tpl.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		if current == nil && equality.Semantic.DeepEqual(tpl, &d.Spec.Template) {
			current = rs
		} else {
			old = append(old, rs)
		}
	}
	return current, old
}

// newReplicaSet makes the ReplicaSet of a template, without pods.
func (m *Manager) newReplicaSet(k store.Key, d *appsv1.Deployment, old []*appsv1.ReplicaSet) {
	tpl := d.Spec.Template.DeepCopy()
	name := hash(tpl)
	tpl.Labels = with(tpl.Labels, name)
	selector := d.Spec.Selector.DeepCopy()
	selector.MatchLabels = with(selector.MatchLabels, name)
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: d.Name + "-" + name, Namespace: d.Namespace, Labels: tpl.Labels,
			Annotations:     map[string]string{revisionAnnotation: strconv.Itoa(lastRevision(old) + 1)},
			OwnerReferences: controlledBy("apps/v1", "Deployment", d),
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), MinReadySeconds: d.Spec.MinReadySeconds, Selector: selector, Template: *tpl},
	}
	m.create("replicasets.apps", rs)
	modify(m, k, func(d *appsv1.Deployment) {
		m.deploymentCondition(d, appsv1.DeploymentProgressing, true, "NewReplicaSetCreated", fmt.Sprintf("Created new replica set %q", rs.Name), true)
	})
}

func with(labels map[string]string, name string) map[string]string {
	labels = maps.Clone(labels)
	if labels == nil {
		labels = make(map[string]string)
	}
	labels[appsv1.DefaultDeploymentUniqueLabelKey] = name
	return labels
}

func revision(o metav1.Object) int {
	n, _ := strconv.Atoi(o.GetAnnotations()[revisionAnnotation]) // none is 0
	return n
}

func lastRevision(old []*appsv1.ReplicaSet) int {
	last := 0
	for _, rs := range old {
		last = max(last, revision(rs))
	}
	return last
}

// raise gives the present ReplicaSet the highest revision, and the Deployment the same.
func (m *Manager) raise(k store.Key, d *appsv1.Deployment, current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) {
	n := max(revision(current), lastRevision(old)+1)
	key := store.Key{Resource: "replicasets.apps", Namespace: d.Namespace, Name: current.Name}
	modify(m, key, func(rs *appsv1.ReplicaSet) {
		metav1.SetMetaDataAnnotation(&rs.ObjectMeta, revisionAnnotation, strconv.Itoa(n))
	})
	modify(m, k, func(d *appsv1.Deployment) {
		metav1.SetMetaDataAnnotation(&d.ObjectMeta, revisionAnnotation, strconv.Itoa(n))
	})
}

// scale sets how many pods a ReplicaSet has.
func (m *Manager) scale(d *appsv1.Deployment, rs *appsv1.ReplicaSet, n int32) {
	if ptr.Value(rs.Spec.Replicas) == n {
		return
	}
	direction := "up"
	if n < ptr.Value(rs.Spec.Replicas) {
		direction = "down"
	}
	k := store.Key{Resource: "deployments.apps", Namespace: d.Namespace, Name: d.Name}
	m.event(k, "deployment-controller", "ScalingReplicaSet", "Scaled %s replica set %s from %d to %d", direction, rs.Name, ptr.Value(rs.Spec.Replicas), n)
	rs.Spec.Replicas = &n
	modify(m, store.Key{Resource: "replicasets.apps", Namespace: d.Namespace, Name: rs.Name}, func(rs *appsv1.ReplicaSet) {
		rs.Spec.Replicas = &n
		rs.Generation++
	})
}

// recreate ends all old pods before it starts new ones.
func (m *Manager) recreate(d *appsv1.Deployment, current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) {
	left := 0
	for _, rs := range old {
		m.scale(d, rs, 0)
		left += len(m.pods(rs.Namespace, rs.UID))
	}
	if left == 0 {
		m.scale(d, current, ptr.Value(d.Spec.Replicas))
	}
}

// roll starts as many new pods, and ends as many old ones, as the strategy allows.
func (m *Manager) roll(d *appsv1.Deployment, current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) {
	want := ptr.Value(d.Spec.Replicas)
	surge, unavailable := bounds(d.Spec.Strategy.RollingUpdate, want)
	total, available := ptr.Value(current.Spec.Replicas), m.available(current)
	for _, rs := range old {
		total += ptr.Value(rs.Spec.Replicas)
		available += m.available(rs)
	}
	switch have := ptr.Value(current.Spec.Replicas); {
	case have > want:
		m.scale(d, current, want)
	case have < want && len(old) == 0:
		m.scale(d, current, want)
	case have < want && total < want+surge:
		m.scale(d, current, min(want, have+want+surge-total))
	}
	// Old pods may go that are not available anyway, and as many others as leave enough.
	spare := available - (want - unavailable)
	for _, rs := range old {
		n := ptr.Value(rs.Spec.Replicas)
		broken := max(0, n-m.available(rs))
		down := min(broken, n)
		if healthy := min(n-down, max(0, spare)); healthy > 0 {
			down += healthy
			spare -= healthy
		}
		m.scale(d, rs, n-down)
	}
}

// bounds are how many pods more, and how many less than wanted there may be.
func bounds(r *appsv1.RollingUpdateDeployment, want int32) (surge, unavailable int32) {
	if r == nil {
		return 0, 1
	}
	s, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(r.MaxSurge, intstr.FromInt32(0)), int(want), true)
	u, _ := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(r.MaxUnavailable, intstr.FromInt32(0)), int(want), false)
	if s == 0 && u == 0 {
		u = 1
	}
	return int32(s), int32(u)
}

func (m *Manager) available(rs *appsv1.ReplicaSet) int32 {
	return m.count(active(m.pods(rs.Namespace, rs.UID)), rs.Spec.MinReadySeconds).available
}

// prune deletes old ReplicaSets without pods, beyond those that are kept for rollbacks.
func (m *Manager) prune(d *appsv1.Deployment, old []*appsv1.ReplicaSet) {
	empty := slices.DeleteFunc(slices.Clone(old), func(rs *appsv1.ReplicaSet) bool {
		return ptr.Value(rs.Spec.Replicas) > 0 || rs.Status.Replicas > 0
	})
	slices.SortFunc(empty, func(a, b *appsv1.ReplicaSet) int { return cmp.Compare(revision(a), revision(b)) })
	for _, rs := range empty[:max(0, len(empty)-int(ptr.Value(d.Spec.RevisionHistoryLimit)))] {
		m.remove(store.Key{Resource: "replicasets.apps", Namespace: rs.Namespace, Name: rs.Name})
	}
}

// deploymentStatus writes where a Deployment stands.
func (m *Manager) deploymentStatus(k store.Key, current *appsv1.ReplicaSet, old []*appsv1.ReplicaSet) {
	d := read[appsv1.Deployment](m, k)
	var all, updated []*corev1.Pod
	if current != nil {
		updated = active(m.pods(d.Namespace, current.UID))
		all = append(all, updated...)
	}
	for _, rs := range old {
		all = append(all, active(m.pods(rs.Namespace, rs.UID))...)
	}
	c := m.count(all, d.Spec.MinReadySeconds)
	want := ptr.Value(d.Spec.Replicas)
	_, unavailable := bounds(d.Spec.Strategy.RollingUpdate, want)
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		unavailable = 0
	}
	before := d.Status
	done := current != nil && int32(len(updated)) == want && c.all == want && c.available == want
	modify(m, k, func(d *appsv1.Deployment) {
		s := &d.Status
		s.ObservedGeneration = d.Generation
		s.Replicas, s.ReadyReplicas, s.AvailableReplicas = c.all, c.ready, c.available
		s.UpdatedReplicas, s.UnavailableReplicas = int32(len(updated)), max(0, max(c.all, want)-c.available)
		s.TerminatingReplicas = nil
		if c.available >= want-unavailable {
			m.deploymentCondition(d, appsv1.DeploymentAvailable, true, "MinimumReplicasAvailable", "Deployment has minimum availability.", false)
		} else {
			m.deploymentCondition(d, appsv1.DeploymentAvailable, false, "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", false)
		}
		m.progress(k, d, current, before, done)
	})
	if !c.later.IsZero() {
		m.at(k, c.later)
	}
}

// progress sets the condition that says whether a rollout moves, and when it
// has not moved for too long.
func (m *Manager) progress(k store.Key, d *appsv1.Deployment, current *appsv1.ReplicaSet, before appsv1.DeploymentStatus, done bool) {
	if current == nil || d.Spec.Paused {
		return
	}
	s := d.Status
	moved := s.UpdatedReplicas != before.UpdatedReplicas || s.ReadyReplicas > before.ReadyReplicas ||
		s.AvailableReplicas > before.AvailableReplicas || s.Replicas-s.UpdatedReplicas < before.Replicas-before.UpdatedReplicas
	last := deploymentCondition(d, appsv1.DeploymentProgressing)
	switch {
	case done:
		m.deploymentCondition(d, appsv1.DeploymentProgressing, true, "NewReplicaSetAvailable",
			fmt.Sprintf("ReplicaSet %q has successfully progressed.", current.Name), false)
		return
	case moved || last == nil || last.Reason == "NewReplicaSetAvailable":
		m.deploymentCondition(d, appsv1.DeploymentProgressing, true, "ReplicaSetUpdated", fmt.Sprintf("ReplicaSet %q is progressing.", current.Name), true)
		last = deploymentCondition(d, appsv1.DeploymentProgressing)
	case last.Reason == "ProgressDeadlineExceeded":
		return
	}
	deadline := last.LastUpdateTime.Add(time.Duration(ptr.Value(d.Spec.ProgressDeadlineSeconds)) * time.Second)
	if m.now.Before(deadline) {
		m.at(k, deadline)
		return
	}
	m.deploymentCondition(d, appsv1.DeploymentProgressing, false, "ProgressDeadlineExceeded",
		fmt.Sprintf("ReplicaSet %q has timed out progressing.", current.Name), true)
}

func deploymentCondition(d *appsv1.Deployment, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	for i := range d.Status.Conditions {
		if d.Status.Conditions[i].Type == kind {
			return &d.Status.Conditions[i]
		}
	}
	return nil
}

// deploymentCondition sets a condition. Its update time moves when it changes,
// and when touch asks for it.
func (m *Manager) deploymentCondition(d *appsv1.Deployment, kind appsv1.DeploymentConditionType, is bool, reason, message string, touch bool) {
	c := appsv1.DeploymentCondition{
		Type: kind, Status: corev1.ConditionFalse, Reason: reason, Message: message,
		LastUpdateTime: m.stamp(), LastTransitionTime: m.stamp(),
	}
	if is {
		c.Status = corev1.ConditionTrue
	}
	old := deploymentCondition(d, kind)
	if old == nil {
		d.Status.Conditions = append(d.Status.Conditions, c)
		return
	}
	if old.Status == c.Status {
		c.LastTransitionTime = old.LastTransitionTime
		if old.Reason == c.Reason && !touch {
			c.LastUpdateTime = old.LastUpdateTime
		}
	}
	*old = c
}
