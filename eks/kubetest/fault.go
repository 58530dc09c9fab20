package kubetest

import (
	"cmp"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/control"
)

// FaultKind is a way in which a workload goes wrong.
type FaultKind string

// The kinds of a Fault.
const (
	// ImageMissing: the image cannot be pulled; ErrImagePull, then ImagePullBackOff.
	ImageMissing FaultKind = control.ImageMissing
	// ConfigMissing: the container cannot be made; CreateContainerConfigError.
	// Pods whose Secrets or ConfigMaps are missing get there without a Fault.
	ConfigMissing FaultKind = control.ConfigMissing
	// Crash: the container ends with ExitCode soon after each start;
	// CrashLoopBackOff, or a failed pod where it is not to be restarted.
	Crash FaultKind = control.Crash
	// Unschedulable: no node has room for the pod.
	Unschedulable FaultKind = control.Unschedulable
	// NeverReady: the container runs, and its readiness probe fails.
	NeverReady FaultKind = control.NeverReady
	// Pending: the claim gets no volume, the Service no load balancer, the Ingress no address.
	Pending FaultKind = control.Pending
)

// Fault is what goes wrong with what belongs to a workload.
type Fault struct {
	Kind      FaultKind
	Container string // the one that it harms, an init container too; "" is the first
	Image     string // harms only pods that run this image; "" is any
	ExitCode  int32  // of a Crash; 0 is 1, and 137 is shown as OOMKilled
	Message   string // what the status and events say; "" is what the real ones say
	Log       string // what the container has written
}

// Inject gives fault to what belongs to a workload, and is made from now on:
// the pods and claims of the Deployment, StatefulSet, DaemonSet or Job of that
// name, or the pod, claim, Service or Ingress itself. What is there already
// stays sound, so that a rollback can succeed. A zero Fault heals the workload
// and all that belongs to it.
func (c *Cluster) Inject(namespace, workload string, fault Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return // each request says so
	}
	c.catchUp()
	c.control.Inject(namespace, workload, control.Fault{
		Kind: string(fault.Kind), Container: fault.Container, Image: fault.Image,
		ExitCode: cmp.Or(fault.ExitCode, 1), Message: fault.Message, Log: fault.Log,
	})
}
