package control

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

const volumes = "persistentvolume-controller"

// claim binds a claim to a volume, and lets one go that nobody uses.
func (m *Manager) claim(k store.Key) {
	c := read[corev1.PersistentVolumeClaim](m, k)
	used := m.usedBy(c)
	switch {
	case c.DeletionTimestamp != nil:
		if len(used) == 0 {
			m.dropFinalizer(k, "kubernetes.io/pvc-protection")
		}
		return
	case c.Status.Phase == corev1.ClaimBound:
		return
	}
	if f := m.claimFault(c, used); f != nil && f.Kind == Pending {
		message := f.Message
		if message == "" {
			message = "failed to provision volume: rpc error: code = ResourceExhausted desc = the volume limit is reached"
		}
		m.warn(k, "ebs.csi.aws.com", "ProvisioningFailed", "%s", message)
		return
	}
	if pv := m.matching(c); pv != nil {
		m.bind(k, c, pv)
		return
	}
	class := ptr.Value(c.Spec.StorageClassName)
	if class == "" {
		m.event(k, volumes, "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
		return
	}
	sc := read[storagev1.StorageClass](m, store.Key{Resource: "storageclasses.storage.k8s.io", Name: class})
	switch {
	case sc == nil:
		m.warn(k, volumes, "ProvisioningFailed", "storageclass.storage.k8s.io %q not found", class)
	case ptr.Value(sc.VolumeBindingMode) == storagev1.VolumeBindingWaitForFirstConsumer && len(used) == 0:
		m.event(k, volumes, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
	case m.age(c) < m.opts.Timing.Volume:
		m.event(k, volumes, "ExternalProvisioning", "Waiting for a volume to be created either by the external provisioner '%s' or manually by the system administrator.", sc.Provisioner)
		m.at(k, m.now.Add(m.opts.Timing.Volume-m.age(c)))
	default:
		m.provision(k, c, sc)
	}
}

// usedBy are the pods that mount a claim and have not ended.
func (m *Manager) usedBy(c *corev1.PersistentVolumeClaim) []*corev1.Pod {
	pods := list[corev1.Pod](m, "pods", c.Namespace)
	return slices.DeleteFunc(pods, func(p *corev1.Pod) bool {
		ended := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
		return ended || !slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == c.Name
		})
	})
}

// claimFault is the fault of a claim by its own name, or by that of a workload
// whose pods use it.
func (m *Manager) claimFault(c *corev1.PersistentVolumeClaim, used []*corev1.Pod) *Fault {
	if f := m.faultOf(c, c.Name); f != nil {
		return f
	}
	for _, p := range used {
		if f := m.faultOf(c, m.workload(p)); f != nil {
			return f
		}
	}
	return nil
}

// matching is a volume that is there already and fits a claim; nil is none.
func (m *Manager) matching(c *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	want := c.Spec.Resources.Requests[corev1.ResourceStorage]
	for _, pv := range list[corev1.PersistentVolume](m, "persistentvolumes", "") {
		size := pv.Spec.Capacity[corev1.ResourceStorage]
		ref := pv.Spec.ClaimRef
		switch {
		case pv.DeletionTimestamp != nil || pv.Status.Phase == corev1.VolumeReleased:
		case ref != nil && (ref.Namespace != c.Namespace || ref.Name != c.Name):
		case c.Spec.VolumeName != "" && c.Spec.VolumeName != pv.Name:
		case pv.Spec.StorageClassName != ptr.Value(c.Spec.StorageClassName) || size.Cmp(want) < 0:
		case !slices.ContainsFunc(c.Spec.AccessModes, func(a corev1.PersistentVolumeAccessMode) bool {
			return !slices.Contains(pv.Spec.AccessModes, a)
		}):
			return pv
		}
	}
	return nil
}

// provision makes a volume for a claim.
func (m *Manager) provision(k store.Key, c *corev1.PersistentVolumeClaim, sc *storagev1.StorageClass) {
	pv := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        fmt.Sprintf("pvc-%s", c.UID),
			Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": sc.Provisioner},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: c.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   c.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: ptr.Value(sc.ReclaimPolicy),
			StorageClassName:              sc.Name,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				CSI: &corev1.CSIPersistentVolumeSource{Driver: sc.Provisioner, VolumeHandle: fmt.Sprintf("vol-%s", c.UID)},
			},
		},
	}
	m.create("persistentvolumes", pv)
	m.event(k, sc.Provisioner, "ProvisioningSucceeded", "Successfully provisioned volume %s", pv.Name)
	m.bind(k, c, pv)
}

func (m *Manager) bind(k store.Key, c *corev1.PersistentVolumeClaim, pv *corev1.PersistentVolume) {
	modify(m, store.Key{Resource: "persistentvolumes", Name: pv.Name}, func(pv *corev1.PersistentVolume) {
		pv.Spec.ClaimRef = &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: c.Namespace, Name: c.Name, UID: c.UID}
		m.phase(pv, corev1.VolumeBound)
	})
	modify(m, k, func(c *corev1.PersistentVolumeClaim) {
		c.Spec.VolumeName = pv.Name
		metav1.SetMetaDataAnnotation(&c.ObjectMeta, "pv.kubernetes.io/bind-completed", "yes")
		c.Status.Phase, c.Status.AccessModes, c.Status.Capacity = corev1.ClaimBound, pv.Spec.AccessModes, pv.Spec.Capacity
	})
}

// volume makes a volume available, releases one whose claim is gone, and
// deletes it where it is to be deleted then.
func (m *Manager) volume(k store.Key) {
	pv := read[corev1.PersistentVolume](m, k)
	var claim *corev1.PersistentVolumeClaim
	if ref := pv.Spec.ClaimRef; ref != nil {
		claim = read[corev1.PersistentVolumeClaim](m, store.Key{Resource: "persistentvolumeclaims", Namespace: ref.Namespace, Name: ref.Name})
		if claim != nil && ref.UID != "" && claim.UID != ref.UID {
			claim = nil
		}
	}
	switch {
	case claim != nil:
	case pv.DeletionTimestamp != nil:
		m.dropFinalizer(k, "kubernetes.io/pv-protection")
	case pv.Spec.ClaimRef == nil || pv.Spec.ClaimRef.UID == "":
		modify(m, k, func(pv *corev1.PersistentVolume) { m.phase(pv, corev1.VolumeAvailable) })
	case pv.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete:
		m.remove(k)
	default:
		modify(m, k, func(pv *corev1.PersistentVolume) { m.phase(pv, corev1.VolumeReleased) })
	}
}

func (m *Manager) phase(pv *corev1.PersistentVolume, phase corev1.PersistentVolumePhase) {
	if pv.Status.Phase != phase {
		pv.Status.Phase, pv.Status.LastPhaseTransitionTime = phase, new(m.stamp())
	}
}
