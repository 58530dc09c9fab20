package types

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func validateService(o *corev1.Service) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	types := []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort}
	switch s := &o.Spec; {
	case !slices.Contains(types, s.Type):
		errs = append(errs, field.NotSupported(spec.Child("type"), s.Type, types))
	case s.Type == corev1.ServiceTypeExternalName && s.ExternalName == "":
		errs = append(errs, field.Required(spec.Child("externalName"), ""))
	case s.Type != corev1.ServiceTypeExternalName && len(s.Ports) == 0 && s.ClusterIP != corev1.ClusterIPNone:
		errs = append(errs, field.Required(spec.Child("ports"), ""))
	case s.Type == corev1.ServiceTypeLoadBalancer && s.ClusterIP == corev1.ClusterIPNone:
		errs = append(errs, field.Invalid(spec.Child("clusterIPs").Index(0), s.ClusterIP, "may not be set to 'None' for LoadBalancer services"))
	}
	names, ports := sets.New[string](), sets.New[string]()
	for i := range o.Spec.Ports {
		errs = append(errs, validateServicePort(&o.Spec.Ports[i], spec.Child("ports").Index(i), len(o.Spec.Ports) > 1, names, ports)...)
	}
	for i, cidr := range o.Spec.LoadBalancerSourceRanges {
		if _, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err != nil {
			errs = append(errs, field.Invalid(spec.Child("LoadBalancerSourceRanges").Index(i), cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"))
		}
	}
	return errs
}

func validateServicePort(p *corev1.ServicePort, at *field.Path, named bool, names, ports sets.Set[string]) field.ErrorList {
	var errs field.ErrorList
	switch {
	case named && p.Name == "":
		errs = append(errs, field.Required(at.Child("name"), ""))
	case p.Name != "" && names.Has(p.Name):
		errs = append(errs, field.Duplicate(at.Child("name"), p.Name))
	case p.Name != "":
		errs = append(errs, dnsLabel(p.Name, at.Child("name"))...)
	}
	names.Insert(p.Name)
	for _, m := range validation.IsValidPortNum(int(p.Port)) {
		errs = append(errs, field.Invalid(at.Child("port"), p.Port, m))
	}
	protocols := []corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP}
	if !slices.Contains(protocols, p.Protocol) {
		errs = append(errs, field.NotSupported(at.Child("protocol"), p.Protocol, protocols))
	}
	var messages []string
	if p.TargetPort.Type == intstr.String {
		messages = validation.IsValidPortName(p.TargetPort.StrVal)
	} else {
		messages = validation.IsValidPortNum(p.TargetPort.IntValue())
	}
	for _, m := range messages {
		errs = append(errs, field.Invalid(at.Child("targetPort"), p.TargetPort, m))
	}
	key := fmt.Sprintf("%s/%d", p.Protocol, p.Port)
	if ports.Has(key) {
		// The server shows its internal type, whose fields have no other names.
		errs = append(errs, field.Duplicate(at, struct {
			Name        string
			Protocol    corev1.Protocol
			AppProtocol *string
			Port        int32
			TargetPort  int32
			NodePort    int32
		}{Protocol: p.Protocol, Port: p.Port}))
	}
	ports.Insert(key)
	return errs
}

func validateIngress(o *networkingv1.Ingress) field.ErrorList {
	spec := field.NewPath("spec")
	var errs field.ErrorList
	if len(o.Spec.Rules) == 0 && o.Spec.DefaultBackend == nil {
		errs = append(errs, field.Invalid(spec, o.Spec.Rules, "either `defaultBackend` or `rules` must be specified"))
	}
	if b := o.Spec.DefaultBackend; b != nil {
		errs = append(errs, validateBackend(b, spec.Child("defaultBackend"))...)
	}
	for i, rule := range o.Spec.Rules {
		at := spec.Child("rules").Index(i)
		errs = append(errs, validateHost(rule.Host, at.Child("host"))...)
		if rule.HTTP == nil {
			continue
		}
		if len(rule.HTTP.Paths) == 0 {
			errs = append(errs, field.Required(at.Child("http", "paths"), ""))
		}
		for j := range rule.HTTP.Paths {
			errs = append(errs, validatePath(&rule.HTTP.Paths[j], at.Child("http", "paths").Index(j))...)
		}
	}
	for i, tls := range o.Spec.TLS {
		for j, host := range tls.Hosts {
			errs = append(errs, validateHost(host, spec.Child("tls").Index(i).Child("hosts").Index(j))...)
		}
	}
	return errs
}

func validateHost(host string, at *field.Path) field.ErrorList {
	if host == "" {
		return nil
	}
	check := validation.IsDNS1123Subdomain
	if strings.Contains(host, "*") {
		check = validation.IsWildcardDNS1123Subdomain
	}
	var errs field.ErrorList
	for _, m := range check(host) {
		errs = append(errs, field.Invalid(at, host, m))
	}
	return errs
}

func validatePath(p *networkingv1.HTTPIngressPath, at *field.Path) field.ErrorList {
	if p.PathType == nil {
		return field.ErrorList{field.Required(at.Child("pathType"), "pathType must be specified")}
	}
	types := []networkingv1.PathType{networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific, networkingv1.PathTypePrefix}
	var errs field.ErrorList
	switch {
	case !slices.Contains(types, *p.PathType):
		errs = append(errs, field.NotSupported(at.Child("pathType"), *p.PathType, types))
	case !strings.HasPrefix(p.Path, "/") && (p.Path != "" || *p.PathType != networkingv1.PathTypeImplementationSpecific):
		errs = append(errs, field.Invalid(at.Child("path"), p.Path, "must be an absolute path"))
	}
	return append(errs, validateBackend(&p.Backend, at.Child("backend"))...)
}

func validateBackend(b *networkingv1.IngressBackend, at *field.Path) field.ErrorList {
	switch {
	case b.Resource != nil && b.Service != nil:
		return field.ErrorList{field.Invalid(at, "", "cannot set both resource and service backends")}
	case b.Resource != nil:
		return nil
	case b.Service == nil:
		return field.ErrorList{field.Invalid(at, "", "resource or service backend is required")}
	}
	var errs field.ErrorList
	if b.Service.Name == "" {
		errs = append(errs, field.Required(at.Child("service", "name"), ""))
	}
	switch port := b.Service.Port; {
	case port.Name != "" && port.Number != 0:
		errs = append(errs, field.Invalid(at, "", "cannot set both port name & port number"))
	case port.Name == "" && port.Number == 0:
		errs = append(errs, field.Required(at, "port name or number is required"))
	}
	return errs
}
