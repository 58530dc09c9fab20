package control

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// podStatus writes where the containers stand.
func (m *Manager) podStatus(p *corev1.Pod, inits, states []state, initialized, mounted bool) {
	p.Status.InitContainerStatuses = statuses(p.Spec.InitContainers, inits)
	p.Status.ContainerStatuses = statuses(p.Spec.Containers, states)
	p.Status.ObservedGeneration = p.Generation
	if phase := phase(inits, states); phase != "" {
		p.Status.Phase = phase
		n := m.born[p.UID].serial
		p.Status.HostIP, p.Status.HostIPs = "10.1.0.1", []corev1.HostIP{{IP: "10.1.0.1"}}
		p.Status.PodIP = fmt.Sprintf("10.2.%d.%d", n/250%250, n%250+1)
		p.Status.PodIPs = []corev1.PodIP{{IP: p.Status.PodIP}}
	}
	ready, reason, message := true, "", ""
	if names := unready(p.Spec.Containers, states); names != "" {
		ready, reason, message = false, "ContainersNotReady", "containers with unready status: ["+names+"]"
	}
	if p.Status.Phase == corev1.PodSucceeded {
		reason, message = "PodCompleted", ""
	}
	incomplete := ""
	if !initialized {
		incomplete = "ContainersNotInitialized"
	}
	m.podCondition(p, corev1.PodReadyToStartContainers, mounted, "", "")
	m.podCondition(p, corev1.PodInitialized, initialized, incomplete, "")
	m.podCondition(p, corev1.PodReady, ready, reason, message)
	m.podCondition(p, corev1.ContainersReady, ready, reason, message)
}

// phase is that of a pod by its containers; "" where none has started yet.
func phase(inits, states []state) corev1.PodPhase {
	started, ended, failed := false, true, false
	for _, s := range states {
		started = started || s.Running != nil || s.Terminated != nil || s.last != nil
		ended = ended && s.Terminated != nil
		failed = failed || (s.Terminated != nil && s.Terminated.ExitCode != 0)
	}
	for _, s := range inits {
		if s.Terminated != nil && s.Terminated.ExitCode != 0 {
			ended, failed = true, true
		}
	}
	switch {
	case ended && failed:
		return corev1.PodFailed
	case ended:
		return corev1.PodSucceeded
	case started:
		return corev1.PodRunning
	}
	return ""
}

func unready(containers []corev1.Container, states []state) string {
	text := ""
	for i, s := range states {
		if s.ready {
			continue
		}
		if text != "" {
			text += " "
		}
		text += containers[i].Name
	}
	return text
}

func statuses(containers []corev1.Container, states []state) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for i, c := range containers {
		s := states[i]
		status := corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, State: s.ContainerState, Ready: s.ready, RestartCount: s.restarts,
			Started: new(s.Running != nil),
		}
		if s.last != nil {
			status.LastTerminationState.Terminated = s.last
		}
		if s.Running != nil || s.Terminated != nil {
			status.ImageID = c.Image
			status.ContainerID = fmt.Sprintf("containerd://%s-%d", c.Name, s.restarts)
		}
		out = append(out, status)
	}
	return out
}

// mount reports whether all that the volumes of a pod need is there, and tells
// what is not.
func (m *Manager) mount(k store.Key, p *corev1.Pod) bool {
	ok := true
	for _, v := range p.Spec.Volumes {
		resource, name, optional := "", "", false
		switch {
		case v.Secret != nil:
			resource, name, optional = "secret", v.Secret.SecretName, ptr.Value(v.Secret.Optional)
		case v.ConfigMap != nil:
			resource, name, optional = "configmap", v.ConfigMap.Name, ptr.Value(v.ConfigMap.Optional)
		}
		if resource == "" || optional {
			continue
		}
		if m.reg.Store.Get(store.Key{Resource: resource + "s", Namespace: p.Namespace, Name: name}) == nil {
			m.warn(k, kubelet, "FailedMount", "MountVolume.SetUp failed for volume %q : %s %q not found", v.Name, resource, name)
			ok = false
		}
	}
	return ok
}

// missing says which object, or key of one, the environment of a container
// needs that is not there; "" is none.
func (m *Manager) missing(p *corev1.Pod, c corev1.Container) string {
	for _, r := range references(c) {
		if !ptr.Value(r.optional) {
			if why := m.lacks(r.kind, p.Namespace, r.name, r.key); why != "" {
				return why
			}
		}
	}
	return ""
}

// reference is what an environment takes from elsewhere.
type reference struct {
	kind, name, key string
	optional        *bool
}

func references(c corev1.Container) []reference {
	var out []reference
	for _, from := range c.EnvFrom {
		if r := from.SecretRef; r != nil {
			out = append(out, reference{"secret", r.Name, "", r.Optional})
		}
		if r := from.ConfigMapRef; r != nil {
			out = append(out, reference{"configmap", r.Name, "", r.Optional})
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		if r := e.ValueFrom.SecretKeyRef; r != nil {
			out = append(out, reference{"secret", r.Name, r.Key, r.Optional})
		}
		if r := e.ValueFrom.ConfigMapKeyRef; r != nil {
			out = append(out, reference{"configmap", r.Name, r.Key, r.Optional})
		}
	}
	return out
}

func (m *Manager) lacks(kind, namespace, name, key string) string {
	o := m.reg.Store.Get(store.Key{Resource: kind + "s", Namespace: namespace, Name: name})
	if o == nil {
		return fmt.Sprintf("%s %q not found", kind, name)
	}
	if key == "" {
		return ""
	}
	for _, part := range []string{"data", "binaryData"} {
		if data, ok := o.Object[part].(map[string]any); ok {
			if _, ok := data[key]; ok {
				return ""
			}
		}
	}
	label := map[string]string{"secret": "Secret", "configmap": "ConfigMap"}[kind]
	return fmt.Sprintf("couldn't find key %s in %s %s/%s", key, label, namespace, name)
}
