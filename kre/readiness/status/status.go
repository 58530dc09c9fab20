// Package status says from a Kubernetes object alone whether it is ready.
//
//	s := status.Assess(object, status.Rules{})
//	fmt.Println(s.State, s.Message) // in progress 1 of 3 replicas available
//
// [Assess] knows the kinds of Kubernetes that are more than data; a [Condition] or
// the annotation [ReadyWhen] tells about custom resources. It is pure: it
// reads no cluster, and so cannot tell why a pod does not start. Package
// readiness, which waits for objects, does.
package status

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// State is where an object stands.
type State string

// The states of an object.
const (
	Ready      State = "ready"
	InProgress State = "in progress" // not ready, and may become so
	Failed     State = "failed"      // will not become ready by waiting
)

// Status is what one look at an object says.
type Status struct {
	State State
	// Reason is one word for programs, where the API has one its own: "FailedCreate".
	Reason string
	// Message is the same for people: "1 of 3 replicas available". A ready object
	// has one where its readiness needs a word: the address that a Service has got,
	// or that a Deployment is paused.
	Message string
}

// Rules are what [Assess] cannot read from an object itself. The zero value
// knows the kinds of Kubernetes alone.
type Rules struct {
	// Conditions say which condition makes an object of a kind ready. They come
	// before what this package knows of the kind.
	Conditions []Condition
	// IngressWithoutAddress takes an Ingress as ready when it exists. By default
	// its controller must have given it an address.
	IngressWithoutAddress bool
	// LateBinding names the storage classes whose volumes are made when a pod
	// wants them (volumeBindingMode WaitForFirstConsumer): a claim of these is
	// ready while it waits. Package readiness adds those of the cluster.
	LateBinding []string
}

// Assess says where an object stands from the object alone. It is a pure
// function: object is as the API server returned it, and is not changed.
//
// An object that is being deleted has failed. Then the annotation
// [ReadyWhen] decides, then Rules.Conditions, then what is built in:
//
//   - Deployment, ReplicaSet, ReplicationController: the controller has seen the
//     newest spec, all replicas are of it and available, and none of an older one
//     is left. A paused Deployment is ready. Past its progress deadline it has failed.
//   - StatefulSet: all replicas are available, and of the newest revision from
//     the partition upwards (not asked with the update strategy OnDelete).
//   - DaemonSet: the same on each node that it wants.
//   - Job: complete, or suspended. Failed by its Failed or FailureTarget condition.
//   - Pod: ready or succeeded. Failed by its phase.
//   - PersistentVolumeClaim: bound, or waiting for its first consumer. Failed when Lost.
//   - Service of type LoadBalancer, Ingress: it has an address.
//   - CustomResourceDefinition: established. Failed where its names are taken.
//   - APIService: available. Namespace: active.
//
// All else is ready as it exists, with the reason [Exists].
func Assess(object *unstructured.Unstructured, rules Rules) Status {
	if at := object.GetDeletionTimestamp(); at != nil {
		return failed("Terminating", "is being deleted since %s", at.UTC().Format("15:04:05 MST"))
	}
	if text, ok := object.GetAnnotations()[ReadyWhen]; ok {
		return assessAnnotation(object, text)
	}
	kind := object.GroupVersionKind().GroupKind()
	for _, c := range rules.Conditions {
		if c.of(kind) {
			return assessCondition(object, c.Type, c.Status)
		}
	}
	if assess := builtIn(kind, rules); assess != nil {
		return assess(object)
	}
	return Status{State: Ready, Reason: Exists}
}

// Exists is the reason of what has nothing to become ready.
const Exists = "Exists"

type assessor func(*unstructured.Unstructured) Status

// builtIn returns how a kind of Kubernetes is assessed, or nil where it is ready
// as it exists. The version does not matter: what is read here is the same in all.
func builtIn(kind schema.GroupKind, rules Rules) assessor {
	switch kind {
	case schema.GroupKind{Group: appsv1.GroupName, Kind: "Deployment"}:
		return typed(deployment)
	case schema.GroupKind{Group: appsv1.GroupName, Kind: "ReplicaSet"}, schema.GroupKind{Kind: "ReplicationController"}:
		return typed(replicaSet)
	case schema.GroupKind{Group: appsv1.GroupName, Kind: "StatefulSet"}:
		return typed(statefulSet)
	case schema.GroupKind{Group: appsv1.GroupName, Kind: "DaemonSet"}:
		return typed(daemonSet)
	case schema.GroupKind{Group: batchv1.GroupName, Kind: "Job"}:
		return typed(job)
	case schema.GroupKind{Kind: "Pod"}:
		return typed(pod)
	case schema.GroupKind{Kind: "PersistentVolumeClaim"}:
		return typed(func(c *corev1.PersistentVolumeClaim) Status { return claim(c, rules.LateBinding) })
	case schema.GroupKind{Kind: "Service"}:
		return typed(service)
	case schema.GroupKind{Kind: "Namespace"}:
		return typed(namespace)
	case schema.GroupKind{Group: networkingv1.GroupName, Kind: "Ingress"}:
		return typed(func(i *networkingv1.Ingress) Status { return ingress(i, rules.IngressWithoutAddress) })
	case schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:
		return definition
	case schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}:
		return func(o *unstructured.Unstructured) Status { return assessCondition(o, "Available", "True") }
	}
	return nil
}

// Know reports whether more than existing is asked of a kind.
func (r Rules) Know(kind schema.GroupKind) bool {
	return builtIn(kind, r) != nil || slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.of(kind) })
}

// typed makes an assessor of one that wants the Go type of the kind.
func typed[T any](assess func(*T) Status) assessor {
	return func(object *unstructured.Unstructured) Status {
		var t T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &t); err != nil {
			return failed("Unreadable", "is not as its kind should be: %v", err)
		}
		return assess(&t)
	}
}

func ready(format string, args ...any) Status {
	return Status{State: Ready, Message: fmt.Sprintf(format, args...)}
}

func inProgress(reason, format string, args ...any) Status {
	return Status{State: InProgress, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func failed(reason, format string, args ...any) Status {
	return Status{State: Failed, Reason: reason, Message: fmt.Sprintf(format, args...)}
}
