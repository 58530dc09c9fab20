package control

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kinds "k8s.io/apimachinery/pkg/types"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// The kinds of a Fault.
const (
	ImageMissing  = "ImageMissing"
	ConfigMissing = "ConfigMissing"
	Crash         = "Crash"
	Unschedulable = "Unschedulable"
	NeverReady    = "NeverReady"
	Pending       = "Pending"
)

// Fault is what goes wrong with what belongs to a workload.
type Fault struct {
	Kind      string
	Container string // the one that it harms; "" is the first
	Image     string // harms only what runs this image; "" is any
	ExitCode  int32
	Message   string
	Log       string
}

// injection is a fault of all that was made after it.
type injection struct {
	Fault
	after int // serial
}

// Inject gives a fault to what belongs to a workload and is made from now on;
// one without a kind heals all of it.
func (m *Manager) Inject(namespace, name string, f Fault) {
	k := store.Key{Namespace: namespace, Name: name}
	if f.Kind == "" {
		delete(m.faults, k)
	} else {
		m.faults[k] = injection{f, m.serial}
	}
	for _, resource := range []string{"pods", "persistentvolumeclaims", "services", "ingresses.networking.k8s.io"} {
		for _, o := range m.reg.Store.List(resource, namespace) {
			m.soon(keyOf(resource, o))
		}
	}
}

// faultOf is the fault of an object by the name of its workload; nil is none.
func (m *Manager) faultOf(o metav1.Object, workload string) *Fault {
	f, ok := m.faults[store.Key{Namespace: o.GetNamespace(), Name: workload}]
	if !ok || m.born[o.GetUID()].serial <= f.after {
		return nil
	}
	return &f.Fault
}

// podFault is the fault of a pod; nil is none.
func (m *Manager) podFault(p *corev1.Pod) *Fault {
	f := m.faultOf(p, m.workload(p))
	if f == nil || f.Image == "" {
		return f
	}
	for _, c := range append(append([]corev1.Container{}, p.Spec.InitContainers...), p.Spec.Containers...) {
		if c.Image == f.Image {
			return f
		}
	}
	return nil
}

// workload is the name of what a pod belongs to in the end: of its Deployment
// rather than its ReplicaSet.
func (m *Manager) workload(o metav1.Object) string {
	for {
		ref := metav1.GetControllerOf(o)
		if ref == nil {
			return o.GetName()
		}
		k, ok := m.owner(o.GetNamespace(), *ref)
		owner := m.reg.Store.Get(k)
		if !ok || owner == nil {
			return ref.Name
		}
		o = owner
	}
}

// Log is what a pod has written, as its fault says.
func (m *Manager) Log(namespace, name string) string {
	p := read[corev1.Pod](m, store.Key{Resource: "pods", Namespace: namespace, Name: name})
	if p == nil {
		return ""
	}
	if f := m.podFault(p); f != nil {
		return f.Log
	}
	return ""
}

// forget drops what is kept of an object that is gone.
func (m *Manager) forget(uid kinds.UID) {
	delete(m.born, uid)
	delete(m.runs, uid)
}
