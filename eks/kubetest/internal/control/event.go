package control

import (
	"fmt"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

// event tells something about an object, once.
func (m *Manager) event(k store.Key, component, reason, format string, args ...any) {
	m.tell(k, corev1.EventTypeNormal, component, reason, fmt.Sprintf(format, args...))
}

// warn tells what goes wrong; told again, it counts on.
func (m *Manager) warn(k store.Key, component, reason, format string, args ...any) {
	m.tell(k, corev1.EventTypeWarning, component, reason, fmt.Sprintf(format, args...))
}

func (m *Manager) tell(k store.Key, kind, component, reason, message string) {
	about := m.reg.Store.Get(k)
	if about == nil {
		return
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(about.GetUID()) + " " + reason + " " + message)) // never fails
	namespace := about.GetNamespace()
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	key := store.Key{Resource: "events", Namespace: namespace, Name: fmt.Sprintf("%s.%016x", about.GetName(), h.Sum64())}
	if m.reg.Store.Get(key) != nil {
		modify(m, key, func(e *corev1.Event) {
			if kind == corev1.EventTypeWarning && e.LastTimestamp.Time.Before(m.stamp().Time) {
				e.Count++
				e.LastTimestamp = m.stamp()
			}
		})
		return
	}
	m.create("events", &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: key.Name, Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: about.GetAPIVersion(), Kind: about.GetKind(), Namespace: about.GetNamespace(), Name: about.GetName(),
			UID: about.GetUID(), ResourceVersion: about.GetResourceVersion(),
		},
		Type: kind, Reason: reason, Message: message, Count: 1, FirstTimestamp: m.stamp(), LastTimestamp: m.stamp(),
		Source: corev1.EventSource{Component: component}, ReportingController: component,
	})
}
