//go:build integration

package readiness_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/kre/internal/kubelet"
	"github.com/mettel-automation/delivery/kre/readiness"
	"github.com/mettel-automation/delivery/kre/readiness/status"
	"github.com/mettel-automation/delivery/progress"
)

const template = "{metadata: {labels: {app: NAME}}, spec: {initContainers: [{name: init, image: 'i:1'}], containers: [{name: app, image: 'a:1'}]}}"

func workload(kind, name, more string) string {
	text := "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: NAME}\nspec: {selector: {matchLabels: {app: NAME}}, template: " + template + more + "}"
	return strings.ReplaceAll(text, "NAME", name)
}

func jobOf(name, more string) string {
	return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: " + name + "}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: 'a:1'}]}}" + more + "}"
}

const (
	balancer = "apiVersion: v1\nkind: Service\nmetadata: {name: lb}\nspec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}"
	entry    = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: entry}\nspec: {defaultBackend: {service: {name: lb, port: {number: 80}}}}"
	volume   = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: none, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"
	podAlone = "apiVersion: v1\nkind: Pod\nmetadata: {name: alone}\nspec: {containers: [{name: app, image: 'a:1'}]}"
)

func TestLiveEachKindBecomesReady(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	node := l.applyForAll("apiVersion: v1\nkind: Node\nmetadata: {name: NS, labels: {test: NS}}\nspec: {taints: [{key: test, value: NS, effect: NoSchedule}]}")
	agent := strings.Replace(workload("DaemonSet", "agent", ""), "spec: {init", "spec: {nodeSelector: {test: NS}, tolerations: [{operator: Exists}], init", 1)
	l.kubelet()
	all := l.apply(
		workload("Deployment", "web", ", replicas: 3"), workload("StatefulSet", "db", ", serviceName: db, replicas: 2"),
		workload("ReplicaSet", "old", ", replicas: 1"), agent, jobOf("migrate", ""), podAlone, balancer, entry, volume,
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}",
	)
	all = append(all, node, l.read("apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}"),
		l.read("apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.apps}"))
	if err := l.wait(2*time.Minute, status.Rules{}, all...); err != nil {
		t.Fatal(err)
	}
	done := make(map[string]string)
	for _, e := range l.events.Events() {
		if e.State == progress.Done {
			done[strings.Replace(e.Subject, l.namespace+"/", "", 1)] = e.Message
		}
	}
	for subject, want := range map[string]string{
		"Deployment web": "3 of 3 replicas available", "StatefulSet db": "2 of 2 replicas available", "ReplicaSet old": "1 of 1 replicas available",
		"DaemonSet agent": "available on 1 of 1 nodes", "Job migrate": "complete", "Pod alone": "", "PersistentVolumeClaim data": "bound",
		"Service lb": "lb." + l.namespace + ".elb.test", "Ingress entry": "entry." + l.namespace + ".elb.test", "APIService v1.apps": "",
	} {
		if got, ok := done[subject]; !ok || got != want {
			t.Errorf("%s is done with %q (told: %t), want %q", subject, got, ok, want)
		}
	}
}

func TestLiveEachReasonIsShown(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	warned := func(r kubelet.Rule, reason, message string) kubelet.Rule {
		r.Warnings = []kubelet.Warning{{Reason: reason, Message: message}}
		return r
	}
	l.kubelet(
		warned(kubelet.Rule{Prefix: "image-", Outcome: kubelet.Waits("ImagePullBackOff", "Back-off pulling image \"a:1\"")}, "Failed", "a:1: not found"),
		kubelet.Rule{Prefix: "crash-", Outcome: kubelet.Crashes(3)},
		kubelet.Rule{Prefix: "config-", Outcome: kubelet.Waits("CreateContainerConfigError", "secret \"db\" not found")},
		kubelet.Rule{Prefix: "room-", Outcome: kubelet.Unschedulable("0/3 nodes are available: 3 Insufficient cpu.")},
		kubelet.Rule{Prefix: "init-", Outcome: kubelet.InitCrashes(4)},
		kubelet.Rule{Prefix: "probe-", Outcome: kubelet.NotReady()},
		kubelet.Rule{Prefix: "db-", Outcome: kubelet.Waits("ErrImagePull", "unauthorized")},
		kubelet.Rule{Prefix: "retry-", Outcome: kubelet.Fails(5)},
		kubelet.Rule{Prefix: "alone", Outcome: kubelet.Waits("InvalidImageName", "")},
		warned(kubelet.Rule{Kind: "Service", Outcome: kubelet.Nothing()}, "SyncLoadBalancerFailed", "no subnets"),
		warned(kubelet.Rule{Kind: "PersistentVolumeClaim", Outcome: kubelet.Nothing()}, "ProvisioningFailed", "storageclass \"none\" not found"),
		kubelet.Rule{Kind: "Ingress", Outcome: kubelet.Nothing()},
	)
	var texts []string
	for _, name := range []string{"image", "crash", "config", "room", "init", "probe"} {
		texts = append(texts, workload("Deployment", name, ", replicas: 2"))
	}
	texts = append(texts, workload("StatefulSet", "db", ", serviceName: db"), jobOf("retry", ", backoffLimit: 5"), podAlone, balancer, entry, volume)
	got := l.unready(15*time.Second, context.DeadlineExceeded, l.apply(texts...)...)
	for name, want := range map[string][]string{
		"Deployment/image":           {"0 of 2 replicas available", "and 1 more: container app: ImagePullBackOff: Back-off pulling image \"a:1\"", "event Failed: a:1: not found (2 times)"},
		"Deployment/crash":           {"container app: CrashLoopBackOff, last exit code 3 (Error)"},
		"Deployment/config":          {`container app: CreateContainerConfigError: secret "db" not found`},
		"Deployment/room":            {"Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."},
		"Deployment/init":            {"init container init: CrashLoopBackOff, last exit code 4 (Error)"},
		"Deployment/probe":           {"container app: NotReady: runs, and is not ready"},
		"StatefulSet/db":             {"pod db-0: container app: ErrImagePull: unauthorized"},
		"Job/retry":                  {"0 of 1 completions", "container app: Error, last exit code 5"},
		"Pod/alone":                  {"NotReady: not ready; container app: InvalidImageName"},
		"Service/lb":                 {"NoAddress: its load balancer has no address", "event SyncLoadBalancerFailed: no subnets"},
		"Ingress/entry":              {"no ingress controller has given it an address"},
		"PersistentVolumeClaim/data": {"no volume of storage class none is bound", `event ProvisioningFailed: storageclass "none" not found`},
	} {
		for _, w := range want {
			if !strings.Contains(got[name], w) {
				t.Errorf("%s is told as\n\t%s\nwhich lacks\n\t%s", name, got[name], w)
			}
		}
	}
}

func TestLiveFailuresEndTheWait(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		object string
		rule   kubelet.Rule
		want   []string
	}{
		"a Job beyond its back-off limit": {
			object: jobOf("once", ", backoffLimit: 0"), rule: kubelet.Rule{Outcome: kubelet.Fails(3)},
			want: []string{"Job has reached the specified backoff limit", "container app: Error, last exit code 3"},
		},
		"a Deployment past its progress deadline": {
			object: workload("Deployment", "slow", ", progressDeadlineSeconds: 2"), rule: kubelet.Rule{Outcome: kubelet.NotReady()},
			want: []string{"ProgressDeadlineExceeded: 0 of 1 replicas available", "container app: NotReady"},
		},
		"a Pod that has failed": {
			object: strings.Replace(podAlone, "spec: {", "spec: {restartPolicy: Never, ", 1), rule: kubelet.Rule{Outcome: kubelet.Fails(7)},
			want: []string{"Pod", "container app: Error, last exit code 7"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, "")
			l.kubelet(tt.rule)
			for _, text := range l.unready(time.Minute, readiness.ErrFailed, l.apply(tt.object)...) {
				for _, want := range tt.want {
					if !strings.Contains(text, want) {
						t.Errorf("it is told as\n\t%s\nwhich lacks\n\t%s", text, want)
					}
				}
			}
		})
	}
}

// The API server itself refuses the pods; only the ReplicaSet knows.
func TestLivePodsThatMayNotBeMade(t *testing.T) {
	t.Parallel()
	l := newLive(t, "pod-security.kubernetes.io/enforce: restricted")
	got := l.unready(8*time.Second, context.DeadlineExceeded, l.apply(workload("Deployment", "web", ""), workload("StatefulSet", "db", ", serviceName: db"))...)
	for name, want := range map[string]string{
		"Deployment/web": `FailedCreate: 0 of 1 replicas updated, 0 available: pods "web-`, "StatefulSet/db": "event FailedCreate: Create Pod db-0 in StatefulSet db failed",
	} {
		if !strings.Contains(got[name], want) || !strings.Contains(got[name], "violates PodSecurity") {
			t.Errorf("%s is told as %s", name, got[name])
		}
	}
}

func TestLiveCancelReturnsAtOnce(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	all := l.apply(workload("Deployment", "web", ""), volume)
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	time.AfterFunc(2500*time.Millisecond, func() { cancelled = time.Now(); cancel() })
	err := readiness.New(l.client, l.mapper, readiness.Options{}).Wait(ctx, all)
	if d := time.Since(cancelled); d > 500*time.Millisecond {
		t.Errorf("it returned %s after the cancel", d)
	}
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "Deployment "+l.namespace+"/web: ") || !strings.Contains(err.Error(), "no kubelet has reported on it yet") {
		t.Errorf("error is %v", err)
	}
}

func TestLiveRolloutIsWaitedFor(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	l.kubelet()
	first := workload("Deployment", "web", ", replicas: 3")
	if err := l.wait(time.Minute, status.Rules{}, l.apply(first)...); err != nil {
		t.Fatal(err)
	}
	next := l.apply(strings.ReplaceAll(first, "a:1", "a:2"))
	if err := l.wait(time.Minute, status.Rules{}, next...); err != nil {
		t.Fatal(err)
	}
	o, err := l.resource(next[0]).Get(t.Context(), "web", getOptions)
	if err != nil {
		t.Fatal(err)
	}
	if n, _, _ := unstructured.NestedInt64(o.Object, "status", "replicas"); n != 3 {
		t.Errorf("there are %d replicas after the wait, old ones among them", n)
	}
}

func TestLiveWhatIsReadyEnough(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	l.applyForAll("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: NS}\nprovisioner: example.test/none\nvolumeBindingMode: WaitForFirstConsumer")
	all := l.apply(workload("Deployment", "web", ", paused: true"), jobOf("later", ", suspend: true"), strings.Replace(volume, "none", "NS", 1), entry)
	if err := l.wait(time.Minute, status.Rules{IngressWithoutAddress: true}, all...); err != nil {
		t.Fatal(err)
	}
	told := fmt.Sprint(l.events.Events())
	for _, want := range []string{"paused, so that it is not rolled out", "suspended, so that it does not run", "bound when a pod uses it (storage class " + l.namespace} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told: %s", want, told)
		}
	}
}

func TestLiveRefusals(t *testing.T) {
	t.Parallel()
	l := newLive(t, "")
	all := l.apply(workload("Deployment", "web", ""))
	nobody := rest.CopyConfig(l.config)
	nobody.Impersonate.UserName = "nobody"
	stranger := rest.AnonymousClientConfig(l.config)
	stranger.BearerToken = "expired"
	unknown := rest.CopyConfig(l.config)
	unknown.CAData, unknown.CAFile = nil, ""
	away := rest.AnonymousClientConfig(l.config)
	away.Host = "https://127.0.0.1:1"
	for name, tt := range map[string]struct {
		config *rest.Config
		is     func(error) bool
		text   string
	}{
		"a missing right":         {config: nobody, is: apierrors.IsForbidden, text: `User "nobody" cannot get resource "deployments" in API group "apps"`},
		"an expired token":        {config: stranger, is: apierrors.IsUnauthorized, text: "Unauthorized"},
		"a server without our CA": {config: unknown, is: func(err error) bool { return !errors.Is(err, context.DeadlineExceeded) }, text: "certificate signed by unknown authority"},
		"a server that is not up": {config: away, is: func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, text: "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := l.clients(tt.config)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			err := readiness.New(client, l.mapper, readiness.Options{}).Wait(ctx, all)
			t.Log(err)
			if err == nil || !tt.is(err) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
