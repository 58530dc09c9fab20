package kubelet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func pod(name, owner string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(name), Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "init"}},
		Containers:     []corev1.Container{{Name: "app"}, {Name: "proxy"}},
	}}
	if owner != "" {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: owner, Controller: new(true)}}
	}
	return p
}

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "shop", UID: types.UID(name)}
}

// shape is a pod's status in words: its phase, conditions and containers.
func shape(s corev1.PodStatus) string {
	words := []string{string(s.Phase)}
	for _, c := range s.Conditions {
		if c.Status == corev1.ConditionTrue {
			words = append(words, string(c.Type))
		}
	}
	for _, c := range append(s.InitContainerStatuses, s.ContainerStatuses...) {
		word := c.Name + "="
		switch {
		case c.State.Waiting != nil:
			word += c.State.Waiting.Reason
		case c.State.Terminated != nil:
			word += c.State.Terminated.Reason
		case c.Ready:
			word += "ready"
		default:
			word += "runs"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestPodStatus(t *testing.T) {
	tests := map[string]struct {
		owner   string
		outcome Outcome
		want    string
	}{
		"a pod runs and is ready":        {want: "Running PodScheduled Initialized ContainersReady Ready init=Completed app=ready proxy=ready"},
		"a pod of a Job succeeds":        {owner: "Job", want: "Succeeded PodScheduled Initialized init=Completed app=Completed proxy=Completed"},
		"a pod of a ReplicaSet does not": {owner: "ReplicaSet", want: "Running PodScheduled Initialized ContainersReady Ready init=Completed app=ready proxy=ready"},
		"a container waits":              {outcome: Waits("ImagePullBackOff", ""), want: "Pending PodScheduled Initialized init=Completed app=ImagePullBackOff proxy=ready"},
		"a container crashes":            {outcome: Crashes(1), want: "Running PodScheduled Initialized init=Completed app=CrashLoopBackOff proxy=ready"},
		"an init container crashes":      {outcome: InitCrashes(1), want: "Pending PodScheduled init=CrashLoopBackOff app=PodInitializing proxy=PodInitializing"},
		"there is no room":               {outcome: Unschedulable("no room"), want: "Pending"},
		"a probe does not pass":          {outcome: NotReady(), want: "Running PodScheduled Initialized init=Completed app=runs proxy=ready"},
		"a pod fails for good":           {owner: "Job", outcome: Fails(2), want: "Failed PodScheduled Initialized init=Completed app=Error proxy=Error"},
		"a pod succeeds":                 {outcome: Succeeds(), want: "Succeeded PodScheduled Initialized init=Completed app=Completed proxy=Completed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, shape(podStatus(pod("a", tt.owner), tt.outcome, metav1.Now()))); d != "" {
				t.Errorf("status (-want +got):\n%s", d)
			}
		})
	}
}

func TestACrashTellsItsExitCode(t *testing.T) {
	s := podStatus(pod("a", ""), Crashes(7), metav1.Now()).ContainerStatuses[0]
	if s.LastTerminationState.Terminated.ExitCode != 7 || s.RestartCount == 0 {
		t.Errorf("status is %+v", s)
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := pod("bad-1", "")
		bad.Labels = map[string]string{"app": "bad"}
		client := fake.NewSimpleClientset(pod("web-1", ""), bad,
			&corev1.Service{ObjectMeta: meta("lb"), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}},
			&corev1.Service{ObjectMeta: meta("slow"), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}},
			&corev1.Service{ObjectMeta: meta("inner"), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP}},
			&networkingv1.Ingress{ObjectMeta: meta("web")},
			&corev1.PersistentVolumeClaim{ObjectMeta: meta("data")},
		)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- run(ctx, client, "shop", Script{Rules: []Rule{
				{Labels: map[string]string{"app": "bad"}, Outcome: Waits("ErrImagePull", ""), Warnings: []Warning{{"Failed", "no such image"}}},
				{Kind: "Service", Prefix: "slow", Outcome: Nothing(), Warnings: []Warning{{"SyncLoadBalancerFailed", "no subnets"}}},
			}})
		}()
		time.Sleep(time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		ctx = t.Context()
		core := client.CoreV1()
		var got []string
		pods, _ := core.Pods("shop").List(ctx, metav1.ListOptions{})
		for _, p := range pods.Items {
			got = append(got, p.Name+" "+string(p.Status.Phase))
		}
		services, _ := core.Services("shop").List(ctx, metav1.ListOptions{})
		for _, s := range services.Items {
			for _, at := range s.Status.LoadBalancer.Ingress {
				got = append(got, s.Name+" "+at.Hostname)
			}
		}
		ingress, _ := client.NetworkingV1().Ingresses("shop").Get(ctx, "web", metav1.GetOptions{})
		claim, _ := core.PersistentVolumeClaims("shop").Get(ctx, "data", metav1.GetOptions{})
		got = append(got, ingress.Status.LoadBalancer.Ingress[0].Hostname, string(claim.Status.Phase))
		events, _ := core.Events("shop").List(ctx, metav1.ListOptions{})
		for _, e := range events.Items {
			got = append(got, e.Type+" "+string(e.InvolvedObject.UID)+" "+e.Reason)
		}
		want := []string{
			"bad-1 Pending", "web-1 Running", "lb lb.shop.elb.test", "web.shop.elb.test", "Bound",
			"Warning bad-1 Failed", "Warning slow SyncLoadBalancerFailed",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the namespace (-want +got):\n%s", d)
		}
	})
}

func TestRunAgainAfterAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewSimpleClientset(pod("web-1", ""))
		conflicts := 0
		client.PrependReactor("update", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			if conflicts++; conflicts > 2 {
				return false, nil, nil
			}
			return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "web-1", errors.New("changed"))
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := run(ctx, client, "shop", Script{}); err != nil {
			t.Fatal(err)
		}
		p, err := client.CoreV1().Pods("shop").Get(t.Context(), "web-1", metav1.GetOptions{})
		if err != nil || p.Status.Phase != corev1.PodRunning || conflicts != 3 {
			t.Errorf("the pod is %q after %d tries, %v", p.Status.Phase, conflicts, err)
		}
	})
}

func TestRunEndsWhereTheServerRefuses(t *testing.T) {
	client := fake.NewSimpleClientset()
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "", errors.New("no"))
	client.PrependReactor("list", "services", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, forbidden })
	if err := run(t.Context(), client, "shop", Script{}); !errors.Is(err, forbidden) {
		t.Errorf("error is %v", err)
	}
}
