package registry

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/types"
)

// The first addresses and ports that are given out. The ranges are those of a
// new cluster: 10.0.0.0/16 for services, 30000 to 32767 for node ports.
const (
	firstPort = 30000
	portRange = 2768
)

// allocate gives a service the addresses and ports of its type, where it has none.
func (g *Registry) allocate(s, before *corev1.Service) {
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		if before != nil && before.Spec.Type != corev1.ServiceTypeExternalName {
			s.Spec.ClusterIP, s.Spec.ClusterIPs, s.Spec.IPFamilies, s.Spec.IPFamilyPolicy = "", nil, nil, nil
		}
		return
	}
	if s.Spec.ClusterIP == "" {
		g.ips++
		s.Spec.ClusterIP = fmt.Sprintf("10.0.%d.%d", (g.ips+9)/250, (g.ips+9)%250+1)
	}
	s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	if len(s.Spec.IPFamilies) == 0 {
		s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
	}
	if s.Spec.IPFamilyPolicy == nil {
		policy := corev1.IPFamilyPolicySingleStack
		s.Spec.IPFamilyPolicy = &policy
	}
	g.allocatePorts(s)
}

func (g *Registry) allocatePorts(s *corev1.Service) {
	balanced := s.Spec.Type == corev1.ServiceTypeLoadBalancer &&
		(s.Spec.AllocateLoadBalancerNodePorts == nil || *s.Spec.AllocateLoadBalancerNodePorts)
	if s.Spec.Type != corev1.ServiceTypeNodePort && !balanced {
		return
	}
	for i := range s.Spec.Ports {
		if s.Spec.Ports[i].NodePort == 0 {
			s.Spec.Ports[i].NodePort = g.nextPort()
		}
	}
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer && s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal && s.Spec.HealthCheckNodePort == 0 {
		s.Spec.HealthCheckNodePort = g.nextPort()
	}
}

func (g *Registry) nextPort() int32 {
	g.ports++
	return firstPort + (g.ports*17)%portRange
}

// keepAllocated keeps the addresses and ports of a service that an update leaves out.
// Source: patchAllocatedValues of the registry of services.
func keepAllocated(g *Registry, live, o Object) {
	before, err := types.Into[corev1.Service](live)
	if err != nil {
		return
	}
	// An object that cannot be read fails in validation.
	_ = types.Change(o, func(s *corev1.Service) {
		external := corev1.ServiceTypeExternalName
		if before.Spec.Type != external && s.Spec.Type != external {
			if s.Spec.ClusterIP == "" && len(s.Spec.ClusterIPs) == 0 {
				s.Spec.ClusterIP = before.Spec.ClusterIP
			}
			if len(s.Spec.IPFamilies) == 0 {
				s.Spec.IPFamilies = before.Spec.IPFamilies
			}
			if s.Spec.IPFamilyPolicy == nil {
				s.Spec.IPFamilyPolicy = before.Spec.IPFamilyPolicy
			}
		}
		keepPorts(s, before)
		if s.Spec.HealthCheckNodePort == 0 && s.Spec.Type == corev1.ServiceTypeLoadBalancer {
			s.Spec.HealthCheckNodePort = before.Spec.HealthCheckNodePort
		}
		if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
			s.Spec.AllocateLoadBalancerNodePorts = nil
			s.Status.LoadBalancer = corev1.LoadBalancerStatus{}
			if s.Spec.Type == corev1.ServiceTypeClusterIP {
				s.Spec.ExternalTrafficPolicy = ""
			}
		}
		g.allocate(s, before)
	})
}

// keepPorts keeps the node ports of a type that has them, and drops those of
// one that has not.
func keepPorts(s, before *corev1.Service) {
	has := func(t corev1.ServiceType) bool {
		return t == corev1.ServiceTypeNodePort || t == corev1.ServiceTypeLoadBalancer
	}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		for _, old := range before.Spec.Ports {
			if old.Port != p.Port || old.Protocol != p.Protocol {
				continue
			}
			switch {
			case has(s.Spec.Type) && p.NodePort == 0:
				p.NodePort = old.NodePort
			case !has(s.Spec.Type) && p.NodePort == old.NodePort:
				p.NodePort = 0
			}
		}
	}
}
