// Package kubelet plays, for tests, what a bare API server lacks: a scheduler and
// kubelets that run pods, load balancers with addresses, volumes for claims.
//
//	kubelet.Start(t, config, namespace, kubelet.Script{Rules: []kubelet.Rule{
//		{Prefix: "web-", Outcome: kubelet.Waits("ImagePullBackOff", "Back-off pulling image")},
//	}})
//
// What no rule is about goes well: pods run and are ready (those of Jobs
// succeed), Services of type LoadBalancer and Ingresses get a host name, claims are
// bound. Nothing is really run, and Deployments and their like need the real
// controllers beside it.
package kubelet

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// interval is the time between two rounds over a namespace.
const interval = 100 * time.Millisecond

// Script says what does not go well.
type Script struct {
	Rules []Rule // the first that fits an object counts
}

// Rule is what happens to some objects.
type Rule struct {
	Kind     string            // Pod (the default), Service, Ingress or PersistentVolumeClaim
	Prefix   string            // of the name; "" fits all
	Labels   map[string]string // that the object has
	Outcome  Outcome           // of a Pod; of another kind only the zero value and [Nothing] count
	Warnings []Warning         // events about the object, each written once
}

// Warning is a warning event.
type Warning struct {
	Reason, Message string
}

// Start runs the script until t ends. It fails t where it cannot.
func Start(t testing.TB, config *rest.Config, namespace string, script Script) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, config, namespace, script) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("kubelet of namespace %s: %v", namespace, err)
		}
	})
}

// Run plays the script in a namespace until ctx ends, which is no error. A
// second Run with another script takes over what the first has left.
func Run(ctx context.Context, config *rest.Config, namespace string, script Script) error {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return run(ctx, client, namespace, script)
}

func run(ctx context.Context, client kubernetes.Interface, namespace string, script Script) error {
	p := &player{client: client, namespace: namespace, script: script, done: make(map[types.UID]bool), warned: make(map[string]bool)}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		for _, round := range []func(context.Context) error{p.pods, p.services, p.ingresses, p.claims} {
			// Who else has written the object, or deleted it, was faster: the next round sees.
			err := round(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

type player struct {
	client    kubernetes.Interface
	namespace string
	script    Script
	done      map[types.UID]bool // objects whose status is as it shall be
	warned    map[string]bool    // by UID and reason
}

// rule is the one about an object, or one by which all goes well.
func (s Script) rule(kind string, o metav1.Object) Rule {
	for _, r := range s.Rules {
		if (r.Kind == kind || r.Kind == "" && kind == "Pod") && strings.HasPrefix(o.GetName(), r.Prefix) && hasLabels(o, r.Labels) {
			return r
		}
	}
	return Rule{}
}

func hasLabels(o metav1.Object, labels map[string]string) bool {
	for key, value := range labels {
		if o.GetLabels()[key] != value {
			return false
		}
	}
	return true
}

// play applies the rule about one object; write gives it its status.
func (p *player) play(ctx context.Context, kind string, o metav1.Object, write func(Outcome) error) error {
	if p.done[o.GetUID()] || o.GetDeletionTimestamp() != nil {
		return nil
	}
	rule := p.script.rule(kind, o)
	for _, w := range rule.Warnings {
		if err := p.warn(ctx, kind, o, w); err != nil {
			return err
		}
	}
	if rule.Outcome.kind != nothing {
		if err := write(rule.Outcome); err != nil {
			return err
		}
	}
	p.done[o.GetUID()] = true
	return nil
}

func (p *player) pods(ctx context.Context) error {
	list, err := p.client.CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		pod := &list.Items[i]
		err := p.play(ctx, "Pod", pod, func(o Outcome) error {
			pod.Status = podStatus(pod, o, metav1.Now())
			_, err := p.client.CoreV1().Pods(p.namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *player) services(ctx context.Context) error {
	list, err := p.client.CoreV1().Services(p.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		s := &list.Items[i]
		if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		err := p.play(ctx, "Service", s, func(Outcome) error {
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: host(s)}}
			_, err := p.client.CoreV1().Services(p.namespace).UpdateStatus(ctx, s, metav1.UpdateOptions{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *player) ingresses(ctx context.Context) error {
	list, err := p.client.NetworkingV1().Ingresses(p.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		in := &list.Items[i]
		err := p.play(ctx, "Ingress", in, func(Outcome) error {
			in.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{Hostname: host(in)}}
			_, err := p.client.NetworkingV1().Ingresses(p.namespace).UpdateStatus(ctx, in, metav1.UpdateOptions{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *player) claims(ctx context.Context) error {
	list, err := p.client.CoreV1().PersistentVolumeClaims(p.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		c := &list.Items[i]
		err := p.play(ctx, "PersistentVolumeClaim", c, func(Outcome) error {
			c.Status.Phase = corev1.ClaimBound
			_, err := p.client.CoreV1().PersistentVolumeClaims(p.namespace).UpdateStatus(ctx, c, metav1.UpdateOptions{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// host is the name of the load balancer of an object.
func host(o metav1.Object) string { return o.GetName() + "." + o.GetNamespace() + ".elb.test" }

func (p *player) warn(ctx context.Context, kind string, o metav1.Object, w Warning) error {
	key := string(o.GetUID()) + w.Reason
	if p.warned[key] {
		return nil
	}
	now := metav1.Now()
	_, err := p.client.CoreV1().Events(p.namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("%s.%s.%d", o.GetName(), strings.ToLower(w.Reason), now.UnixNano())},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID()},
		Type:           corev1.EventTypeWarning, Reason: w.Reason, Message: w.Message,
		Source: corev1.EventSource{Component: "kubelet"}, FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("write event %s about %s %s: %w", w.Reason, kind, o.GetName(), err)
	}
	p.warned[key] = true
	return nil
}
