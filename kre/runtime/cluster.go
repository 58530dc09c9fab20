package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// LabelEnvironment and LabelRuntime are the labels of a namespace that this package
// made. They say whose it is and for which runtime.
const (
	LabelEnvironment = "kre.delivery/environment"
	LabelRuntime     = "kre.delivery/runtime"
)

// Namespaces is what is needed of the namespaces of a cluster.
type Namespaces interface {
	// Namespace reads one; one that does not exist is no error.
	Namespace(ctx context.Context, name string) (Namespace, error)
	// CreateNamespace makes one with labels. One that exists is no error.
	CreateNamespace(ctx context.Context, name string, labels map[string]string) error
	// DeleteNamespace begins to delete the one with a uid, with all that is in it. One
	// that is gone, or another of its name, is no error.
	DeleteNamespace(ctx context.Context, name, uid string) error
}

// Contents is what is needed of what is in a namespace.
type Contents interface {
	// Volumes are its persistent volume claims, sorted by name.
	Volumes(ctx context.Context, namespace string) ([]Volumed, error)
	// Exposed are what external-dns makes records for: its ingresses, and its services
	// with a load balancer, sorted.
	Exposed(ctx context.Context, namespace string) ([]Object, error)
	// Unexpose begins to delete objects that Exposed returned. What is gone is no error.
	Unexpose(ctx context.Context, namespace string, objects []Object) error
}

// Cluster is all that this package uses of a cluster beside releases. [Kubernetes]
// is one.
type Cluster interface {
	Namespaces
	Contents
}

// Namespace is the state of one.
type Namespace struct {
	Exists      bool
	Terminating bool
	UID         string
	Labels      map[string]string
	// Remaining is why one that is going is still there, as Kubernetes says it.
	Remaining []string
}

// Volumed is a persistent volume claim and its volume.
type Volumed struct {
	Claim  string `json:"claim"`
	Size   string `json:"size"`             // as asked for: "10Gi"
	Class  string `json:"class,omitempty"`  // storage class
	Volume string `json:"volume,omitempty"` // empty where the claim is not bound
	// Policy is what becomes of the volume when its claim is deleted: Delete or Retain.
	Policy string `json:"policy,omitempty"`
	// Release is the helm release that the claim is part of, with which it is deleted;
	// empty for those that stay, such as those of a StatefulSet, or by a resource policy.
	Release string `json:"release,omitempty"`
	// Owner is what takes the claim with it when it goes, such as "StatefulSet mongo"
	// where its claims are retained no longer than itself; empty for none.
	Owner string `json:"owner,omitempty"`
}

// Object is an ingress or a service with a load balancer.
type Object struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"-"`
	// Hosts are those of an ingress, as its rules name them.
	Hosts []string `json:"hosts,omitempty"`
	// Release is the helm release that it is part of; empty for none.
	Release string `json:"release,omitempty"`
	// Going is that it is being deleted.
	Going bool `json:"-"`
}

// String is "Service influxdb".
func (o Object) String() string { return o.Kind + " " + o.Name }

// annotationRelease is that of every object that helm made, and annotationPolicy says
// "keep" where it is to stay. Source: helm.sh/helm/v3/pkg/action, validate.go, and
// pkg/kube, resource_policy.go.
const (
	annotationRelease = "meta.helm.sh/release-name"
	annotationPolicy  = "helm.sh/resource-policy"
)

// Kubernetes is a Cluster that is reached by client-go.
type Kubernetes struct {
	Client kubernetes.Interface
}

var _ Cluster = Kubernetes{}

// Namespace implements [Namespaces].
func (k Kubernetes) Namespace(ctx context.Context, name string) (Namespace, error) {
	ns, err := k.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Namespace{}, nil
	}
	if err != nil {
		return Namespace{}, fmt.Errorf("get namespace %s: %w", name, err)
	}
	out := Namespace{
		Exists: true, UID: string(ns.UID), Labels: ns.Labels,
		Terminating: ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating,
	}
	for _, c := range ns.Status.Conditions { // all of them are about what is in the way
		if out.Terminating && c.Status == corev1.ConditionTrue && c.Message != "" {
			out.Remaining = append(out.Remaining, c.Message)
		}
	}
	return out, nil
}

// CreateNamespace implements [Namespaces].
func (k Kubernetes) CreateNamespace(ctx context.Context, name string, labels map[string]string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := k.Client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}

// DeleteNamespace implements [Namespaces].
func (k Kubernetes) DeleteNamespace(ctx context.Context, name, uid string) error {
	if err := gone(k.Client.CoreV1().Namespaces().Delete(ctx, name, only(uid))); err != nil {
		return fmt.Errorf("delete namespace %s: %w", name, err)
	}
	return nil
}

// Volumes implements [Contents].
func (k Kubernetes) Volumes(ctx context.Context, namespace string) ([]Volumed, error) {
	claims, err := k.Client.CoreV1().PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list volume claims of namespace %s: %w", namespace, err)
	}
	var volumes []Volumed
	for _, c := range claims.Items {
		v := Volumed{Claim: c.Name, Volume: c.Spec.VolumeName, Release: c.Annotations[annotationRelease]}
		if c.Annotations[annotationPolicy] == "keep" {
			v.Release = ""
		}
		if owners := c.OwnerReferences; len(owners) > 0 {
			v.Owner = owners[0].Kind + " " + owners[0].Name
		}
		if c.Spec.StorageClassName != nil {
			v.Class = *c.Spec.StorageClassName
		}
		if size, ok := c.Spec.Resources.Requests[corev1.ResourceStorage]; ok {
			v.Size = size.String()
		}
		if v.Volume != "" {
			pv, err := k.Client.CoreV1().PersistentVolumes().Get(ctx, v.Volume, metav1.GetOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return nil, fmt.Errorf("get persistent volume %s of claim %s/%s: %w", v.Volume, namespace, c.Name, err)
			}
			if err == nil {
				v.Policy = string(pv.Spec.PersistentVolumeReclaimPolicy)
			}
		}
		volumes = append(volumes, v)
	}
	slices.SortFunc(volumes, func(a, b Volumed) int { return strings.Compare(a.Claim, b.Claim) })
	return volumes, nil
}

// The kinds of what is exposed.
const (
	kindIngress = "Ingress"
	kindService = "Service"
)

// Exposed implements [Contents].
func (k Kubernetes) Exposed(ctx context.Context, namespace string) ([]Object, error) {
	ingresses, err := k.Client.NetworkingV1().Ingresses(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list ingresses of namespace %s: %w", namespace, err)
	}
	services, err := k.Client.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list services of namespace %s: %w", namespace, err)
	}
	var objects []Object
	for _, i := range ingresses.Items {
		o := exposed(kindIngress, i.ObjectMeta)
		for _, rule := range i.Spec.Rules {
			if rule.Host != "" {
				o.Hosts = append(o.Hosts, rule.Host)
			}
		}
		objects = append(objects, o)
	}
	for _, s := range services.Items {
		if s.Spec.Type == corev1.ServiceTypeLoadBalancer {
			objects = append(objects, exposed(kindService, s.ObjectMeta))
		}
	}
	slices.SortFunc(objects, func(a, b Object) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return objects, nil
}

func exposed(kind string, m metav1.ObjectMeta) Object {
	return Object{Kind: kind, Name: m.Name, UID: string(m.UID), Release: m.Annotations[annotationRelease], Going: m.DeletionTimestamp != nil}
}

// Unexpose implements [Contents].
func (k Kubernetes) Unexpose(ctx context.Context, namespace string, objects []Object) error {
	var errs []error
	for _, o := range objects {
		var err error
		switch o.Kind {
		case kindIngress:
			err = k.Client.NetworkingV1().Ingresses(namespace).Delete(ctx, o.Name, only(o.UID))
		case kindService:
			err = k.Client.CoreV1().Services(namespace).Delete(ctx, o.Name, only(o.UID))
		}
		if gone(err) != nil {
			errs = append(errs, fmt.Errorf("delete %s/%s: %w", namespace, o, err))
		}
	}
	return errors.Join(errs...)
}

// only lets an object be deleted that has a uid, and none that took its name since.
func only(uid string) metav1.DeleteOptions {
	return metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: new(types.UID(uid))}}
}

// gone passes over the answers that say that there is nothing to delete: a conflict
// is that of the uid.
func gone(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
