package types

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func lower(s string) string { return strings.ToLower(s) }

// defaultPod is for pods alone: their templates do not show these defaults.
func defaultPod(s *corev1.PodSpec) {
	defaultPodSpec(s)
	orNew(&s.EnableServiceLinks, corev1.DefaultEnableServiceLinks)
	for i := range s.InitContainers {
		defaultRequests(&s.InitContainers[i].Resources)
	}
	for i := range s.Containers {
		defaultRequests(&s.Containers[i].Resources)
	}
}

func defaultPodSpec(s *corev1.PodSpec) {
	or(&s.RestartPolicy, corev1.RestartPolicyAlways)
	or(&s.DNSPolicy, corev1.DNSClusterFirst)
	or(&s.SchedulerName, corev1.DefaultSchedulerName)
	orNew(&s.SecurityContext, corev1.PodSecurityContext{})
	orNew(&s.TerminationGracePeriodSeconds, int64(corev1.DefaultTerminationGracePeriodSeconds))
	if s.ServiceAccountName != "" {
		s.DeprecatedServiceAccount = s.ServiceAccountName
	} else {
		s.ServiceAccountName = s.DeprecatedServiceAccount
	}
	for i := range s.InitContainers {
		defaultContainer(&s.InitContainers[i])
	}
	for i := range s.Containers {
		defaultContainer(&s.Containers[i])
	}
	for i := range s.Volumes {
		defaultVolume(&s.Volumes[i].VolumeSource)
	}
}

func defaultContainer(c *corev1.Container) {
	or(&c.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	or(&c.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
	if c.ImagePullPolicy == "" && c.Image != "" {
		c.ImagePullPolicy = corev1.PullIfNotPresent
		if tag(c.Image) == "latest" {
			c.ImagePullPolicy = corev1.PullAlways
		}
	}
	for i := range c.Ports {
		or(&c.Ports[i].Protocol, corev1.ProtocolTCP)
	}
	for i := range c.Env {
		if f := c.Env[i].ValueFrom; f != nil && f.FieldRef != nil {
			or(&f.FieldRef.APIVersion, "v1")
		}
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		defaultProbe(p)
	}
}

// tag is that of an image reference: "latest" where it has neither tag nor digest.
func tag(image string) string {
	if strings.Contains(image, "@") {
		return ""
	}
	name := image[strings.LastIndexByte(image, '/')+1:]
	if _, t, ok := strings.Cut(name, ":"); ok {
		return t
	}
	return "latest"
}

func defaultProbe(p *corev1.Probe) {
	if p == nil {
		return
	}
	or(&p.TimeoutSeconds, 1)
	or(&p.PeriodSeconds, 10)
	or(&p.SuccessThreshold, 1)
	or(&p.FailureThreshold, 3)
	if p.HTTPGet != nil {
		or(&p.HTTPGet.Path, "/")
		or(&p.HTTPGet.Scheme, corev1.URISchemeHTTP)
	}
	if p.GRPC != nil {
		orNew(&p.GRPC.Service, "")
	}
}

// defaultRequests makes limits the requests where only limits are given.
func defaultRequests(r *corev1.ResourceRequirements) {
	for name, quantity := range r.Limits {
		if _, ok := r.Requests[name]; !ok {
			if r.Requests == nil {
				r.Requests = make(corev1.ResourceList)
			}
			r.Requests[name] = quantity
		}
	}
}

func defaultVolume(v *corev1.VolumeSource) {
	const readable = 0o644
	switch {
	case v.Secret != nil:
		orNew(&v.Secret.DefaultMode, readable)
	case v.ConfigMap != nil:
		orNew(&v.ConfigMap.DefaultMode, readable)
	case v.DownwardAPI != nil:
		orNew(&v.DownwardAPI.DefaultMode, readable)
	case v.Projected != nil:
		orNew(&v.Projected.DefaultMode, readable)
	case v.HostPath != nil:
		orNew(&v.HostPath.Type, corev1.HostPathUnset)
	case *v == corev1.VolumeSource{}:
		v.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
}

func defaultService(o *corev1.Service) {
	s := &o.Spec
	or(&s.SessionAffinity, corev1.ServiceAffinityNone)
	or(&s.Type, corev1.ServiceTypeClusterIP)
	for i := range s.Ports {
		p := &s.Ports[i]
		or(&p.Protocol, corev1.ProtocolTCP)
		if p.TargetPort == intstr.FromInt32(0) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
	if s.Type == corev1.ServiceTypeExternalName {
		return
	}
	orNew(&s.InternalTrafficPolicy, corev1.ServiceInternalTrafficPolicyCluster)
	if s.Type == corev1.ServiceTypeNodePort || s.Type == corev1.ServiceTypeLoadBalancer {
		or(&s.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyCluster)
	}
	if s.Type == corev1.ServiceTypeLoadBalancer {
		orNew(&s.AllocateLoadBalancerNodePorts, true)
	}
}

// QOS is the class of a pod by its requests and limits of CPU and memory.
func QOS(s *corev1.PodSpec) corev1.PodQOSClass {
	guaranteed, some := true, false
	for _, c := range append(append([]corev1.Container{}, s.InitContainers...), s.Containers...) {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			request, limit := quantity(c.Resources.Requests, name), quantity(c.Resources.Limits, name)
			some = some || !request.IsZero() || !limit.IsZero()
			guaranteed = guaranteed && !limit.IsZero() && request.Cmp(limit) == 0
		}
	}
	switch {
	case !some:
		return corev1.PodQOSBestEffort
	case guaranteed:
		return corev1.PodQOSGuaranteed
	}
	return corev1.PodQOSBurstable
}

func quantity(list corev1.ResourceList, name corev1.ResourceName) resource.Quantity {
	return maps.Clone(list)[name]
}
