package control

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

const (
	balancers = "service-controller"
	cleanup   = "service.kubernetes.io/load-balancer-cleanup"
)

// service gives a service of type LoadBalancer an address, and takes its load
// balancer away before it goes.
func (m *Manager) service(k store.Key) {
	s := read[corev1.Service](m, k)
	if s.DeletionTimestamp != nil {
		if slices.Contains(s.Finalizers, cleanup) {
			m.event(k, balancers, "DeletingLoadBalancer", "Deleting load balancer")
			m.dropFinalizer(k, cleanup)
		}
		return
	}
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		m.dropFinalizer(k, cleanup)
		return
	}
	if len(s.Status.LoadBalancer.Ingress) > 0 {
		return
	}
	m.event(k, balancers, "EnsuringLoadBalancer", "Ensuring load balancer")
	modify(m, k, func(s *corev1.Service) {
		if !slices.Contains(s.Finalizers, cleanup) {
			s.Finalizers = append(s.Finalizers, cleanup)
		}
	})
	if f := m.faultOf(s, s.Name); f != nil && f.Kind == Pending {
		message := f.Message
		if message == "" {
			message = "Error syncing load balancer: failed to ensure load balancer: could not find any suitable subnets for creating the ELB"
		}
		m.warn(k, balancers, "SyncLoadBalancerFailed", "%s", message)
		return
	}
	if wait := m.opts.Timing.Balance - m.age(s); wait > 0 {
		m.at(k, m.now.Add(wait))
		return
	}
	modify(m, k, func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: m.opts.Hostname("Service", k.Namespace, k.Name)}}
	})
	m.event(k, balancers, "EnsuredLoadBalancer", "Ensured load balancer")
}

// ingress gives an Ingress the address of a controller.
func (m *Manager) ingress(k store.Key) {
	i := read[networkingv1.Ingress](m, k)
	if i.DeletionTimestamp != nil || len(i.Status.LoadBalancer.Ingress) > 0 {
		return
	}
	if f := m.faultOf(i, i.Name); f != nil && f.Kind == Pending {
		message := f.Message
		if message == "" {
			message = "no IngressClass found"
		}
		m.warn(k, "ingress-controller", "SyncFailed", "%s", message)
		return
	}
	if wait := m.opts.Timing.Ingress - m.age(i); wait > 0 {
		m.at(k, m.now.Add(wait))
		return
	}
	modify(m, k, func(i *networkingv1.Ingress) {
		i.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{Hostname: m.opts.Hostname("Ingress", k.Namespace, k.Name)}}
	})
}
