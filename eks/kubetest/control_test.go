package kubetest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
`

// world is a cluster with a client of it, on virtual time.
type world struct {
	*testing.T
	cluster *kubetest.Cluster
	client  *kubernetes.Clientset
}

// in runs a test on virtual time, in a cluster that holds a manifest.
func in(t *testing.T, manifest string, opts kubetest.Options, test func(w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cluster, client := start(t, opts)
		if err := cluster.Add(manifest); err != nil {
			t.Fatal(err)
		}
		test(world{t, cluster, client})
	})
}

func (w world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w world) deployment() *appsv1.Deployment {
	w.Helper()
	d, err := w.client.AppsV1().Deployments("shop").Get(w.Context(), "web", metav1.GetOptions{})
	w.ok(err)
	return d
}

// image lets the Deployment run another image.
func (w world) image(name string) {
	w.Helper()
	d := w.deployment()
	d.Spec.Template.Spec.Containers[0].Image = name
	_, err := w.client.AppsV1().Deployments("shop").Update(w.Context(), d, metav1.UpdateOptions{})
	w.ok(err)
}

// numbers shows a Deployment: wanted, pods, updated, ready, available.
func numbers(d *appsv1.Deployment) string {
	s := d.Status
	return fmt.Sprintf("%d/%d/%d/%d/%d", *d.Spec.Replicas, s.Replicas, s.UpdatedReplicas, s.ReadyReplicas, s.AvailableReplicas)
}

// course watches the Deployment for a time and shows each different state.
func (w world) course(during time.Duration) []string {
	w.Helper()
	var seen []string
	for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if now := numbers(w.deployment()); len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
	}
	return seen
}

func (w world) condition(kind appsv1.DeploymentConditionType) string {
	w.Helper()
	for _, c := range w.deployment().Status.Conditions {
		if c.Type == kind {
			return string(c.Status) + " " + c.Reason
		}
	}
	return ""
}

func (w world) pods() []corev1.Pod {
	w.Helper()
	list, err := w.client.CoreV1().Pods("shop").List(w.Context(), metav1.ListOptions{})
	w.ok(err)
	return list.Items
}

// warnings are the reasons and messages of all Warning events, each once.
func (w world) warnings() []string {
	w.Helper()
	list, err := w.client.CoreV1().Events("shop").List(w.Context(), metav1.ListOptions{FieldSelector: "type=Warning"})
	w.ok(err)
	var out []string
	for _, e := range list.Items {
		out = append(out, e.Reason+": "+e.Message)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestARolloutKeepsWithinItsBounds(t *testing.T) {
	in(t, deployment, kubetest.Options{}, func(w world) {
		want := []string{"3/0/0/0/0", "3/3/3/0/0", "3/3/3/3/3"}
		if d := cmp.Diff(want, w.course(10*time.Second)); d != "" {
			w.Errorf("first rollout (-want +got):\n%s", d)
		}
		w.image("web:2")
		if d := w.deployment(); d.Status.ObservedGeneration >= d.Generation || numbers(d) != "3/3/3/3/3" {
			w.Errorf("a controller has seen the change at once: %+v", d.Status)
		}
		for _, state := range w.course(time.Minute) {
			var wanted, all, updated, ready, available int
			if _, err := fmt.Sscanf(state, "%d/%d/%d/%d/%d", &wanted, &all, &updated, &ready, &available); err != nil {
				w.Fatal(err)
			}
			if all > 4 || available < 3 {
				w.Errorf("%s: more than 4 pods, or fewer than 3 available", state)
			}
		}
		if got := numbers(w.deployment()); got != "3/3/3/3/3" {
			w.Errorf("after a minute: %s", got)
		}
		sets, err := w.client.AppsV1().ReplicaSets("shop").List(w.Context(), metav1.ListOptions{})
		w.ok(err)
		if len(sets.Items) != 2 || w.deployment().Annotations["deployment.kubernetes.io/revision"] != "2" {
			w.Errorf("%d ReplicaSets, revision %q", len(sets.Items), w.deployment().Annotations["deployment.kubernetes.io/revision"])
		}
		w.image("web:1")
		w.course(time.Minute)
		if got := w.deployment().Annotations["deployment.kubernetes.io/revision"]; got != "3" {
			w.Errorf("revision after going back: %q, want 3", got)
		}
	})
}

func TestABadImageStopsARolloutAndLeavesTheOldPods(t *testing.T) {
	in(t, deployment, kubetest.Options{}, func(w world) {
		w.course(10 * time.Second)
		w.cluster.Inject("shop", "web", kubetest.Fault{Kind: kubetest.ImageMissing})
		w.image("web:2")
		w.course(20 * time.Second)
		if got := numbers(w.deployment()); got != "3/4/1/3/3" {
			w.Errorf("%s, want 3/4/1/3/3", got)
		}
		if got := w.condition(appsv1.DeploymentProgressing); got != "True ReplicaSetUpdated" {
			w.Errorf("Progressing: %s", got)
		}
		time.Sleep(10 * time.Minute)
		if got := w.condition(appsv1.DeploymentProgressing); got != "False ProgressDeadlineExceeded" {
			w.Errorf("Progressing after the deadline: %s", got)
		}
		w.image("web:1")
		w.course(20 * time.Second)
		if got := numbers(w.deployment()) + " " + w.condition(appsv1.DeploymentProgressing); got != "3/3/3/3/3 True NewReplicaSetAvailable" {
			w.Errorf("after going back: %s", got)
		}
	})
}

func TestAHealedWorkloadGoesOn(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		w.cluster.Inject("shop", "web", kubetest.Fault{Kind: kubetest.Unschedulable})
		w.ok(w.cluster.Add(deployment))
		w.course(time.Minute)
		if got := numbers(w.deployment()); got != "3/3/3/0/0" {
			w.Errorf("%s, want 3/3/3/0/0", got)
		}
		w.cluster.Inject("shop", "web", kubetest.Fault{})
		w.course(20 * time.Second)
		if got := numbers(w.deployment()); got != "3/3/3/3/3" {
			w.Errorf("after healing: %s", got)
		}
	})
}

func TestRecreateEndsTheOldPodsFirst(t *testing.T) {
	manifest := strings.Replace(deployment, "  replicas: 3", "  replicas: 2\n  strategy: {type: Recreate}", 1)
	in(t, manifest, kubetest.Options{}, func(w world) {
		w.course(10 * time.Second)
		w.image("web:2")
		course := w.course(20 * time.Second)
		if !slices.Contains(course, "2/0/0/0/0") || course[len(course)-1] != "2/2/2/2/2" {
			w.Errorf("course: %q", course)
		}
	})
}

func TestFaultsOfPods(t *testing.T) {
	const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: prepare, image: prepare}]
      containers: [{name: web, image: "web:1"}, {name: side, image: side}]
`
	tests := map[string]struct {
		fault    kubetest.Fault
		phase    corev1.PodPhase
		states   string
		warnings []string
	}{
		"a sound pod runs": {
			phase: corev1.PodRunning, states: "prepare=Completed web=running side=running",
		},
		"an image that is missing is pulled again and again": {
			fault: kubetest.Fault{Kind: kubetest.ImageMissing, Message: "no such image"},
			phase: corev1.PodRunning, states: "prepare=Completed web=ImagePullBackOff side=running",
			warnings: []string{"Failed: Error: ErrImagePull", "Failed: Error: ImagePullBackOff", `Failed: Failed to pull image "web:1": no such image`},
		},
		"a container that crashes is restarted after longer and longer pauses": {
			fault: kubetest.Fault{Kind: kubetest.Crash, ExitCode: 3},
			phase: corev1.PodRunning, states: "prepare=Completed web=CrashLoopBackOff(3 Error, 2 restarts) side=running",
			warnings: []string{"BackOff: Back-off restarting failed container web in pod (name)"},
		},
		"one that is killed for its memory says so": {
			fault: kubetest.Fault{Kind: kubetest.Crash, ExitCode: 137, Container: "side"},
			phase: corev1.PodRunning, states: "prepare=Completed web=running side=CrashLoopBackOff(137 OOMKilled, 2 restarts)",
			warnings: []string{"BackOff: Back-off restarting failed container side in pod (name)"},
		},
		"an init container that crashes lets nothing start": {
			fault: kubetest.Fault{Kind: kubetest.Crash, Container: "prepare"},
			phase: corev1.PodPending, states: "prepare=CrashLoopBackOff(1 Error, 2 restarts) web=PodInitializing side=PodInitializing",
			warnings: []string{"BackOff: Back-off restarting failed container prepare in pod (name)"},
		},
		"a container whose configuration is missing is not made": {
			fault: kubetest.Fault{Kind: kubetest.ConfigMissing, Message: `secret "db" not found`},
			phase: corev1.PodRunning, states: "prepare=Completed web=CreateContainerConfigError side=running",
			warnings: []string{`Failed: Error: secret "db" not found`},
		},
		"a pod for which there is no room gets no node": {
			fault: kubetest.Fault{Kind: kubetest.Unschedulable, Message: "0/1 nodes are available: 1 Insufficient memory."},
			phase: corev1.PodPending, warnings: []string{"FailedScheduling: 0/1 nodes are available: 1 Insufficient memory."},
		},
		"a container that is never ready runs": {
			fault: kubetest.Fault{Kind: kubetest.NeverReady},
			phase: corev1.PodRunning, states: "prepare=Completed web=running(unready) side=running",
			warnings: []string{"Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503"},
		},
		"a fault of another image does no harm": {
			fault: kubetest.Fault{Kind: kubetest.Crash, Image: "web:2"},
			phase: corev1.PodRunning, states: "prepare=Completed web=running side=running",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in(t, "{}", kubetest.Options{}, func(w world) {
				if tt.fault.Kind != "" {
					w.cluster.Inject("shop", "web", tt.fault)
				}
				w.ok(w.cluster.Add(manifest))
				time.Sleep(40 * time.Second)
				p := w.pods()[0]
				if p.Status.Phase != tt.phase {
					t.Errorf("phase %s, want %s", p.Status.Phase, tt.phase)
				}
				if d := cmp.Diff(tt.states, states(p)); d != "" {
					t.Errorf("containers (-want +got):\n%s", d)
				}
				got := w.warnings()
				for i := range got {
					got[i] = strings.ReplaceAll(got[i], p.Name, "(name)")
				}
				if d := cmp.Diff(tt.warnings, got); d != "" {
					t.Errorf("warnings (-want +got):\n%s", d)
				}
			})
		})
	}
}

// states shows where the containers of a pod stand.
func states(p corev1.Pod) string {
	var out []string
	for _, s := range append(p.Status.InitContainerStatuses, p.Status.ContainerStatuses...) {
		text := ""
		switch {
		case s.State.Waiting != nil:
			text = s.State.Waiting.Reason
		case s.State.Terminated != nil:
			text = s.State.Terminated.Reason
		case s.Ready:
			text = "running"
		default:
			text = "running(unready)"
		}
		if last := s.LastTerminationState.Terminated; last != nil {
			text += fmt.Sprintf("(%d %s, %d restarts)", last.ExitCode, last.Reason, s.RestartCount)
		}
		out = append(out, s.Name+"="+text)
	}
	return strings.Join(out, " ")
}

func TestAPodWaitsForWhatItNeeds(t *testing.T) {
	const manifest = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  volumes: [{name: data, secret: {secretName: data}}]
  containers: [{name: web, image: web, envFrom: [{configMapRef: {name: settings}}], env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: a}}}]}]
`
	in(t, manifest, kubetest.Options{}, func(w world) {
		steps := []struct{ state, add string }{
			{"web=ContainerCreating", "{apiVersion: v1, kind: Secret, metadata: {name: data, namespace: shop}}"},
			{"web=CreateContainerConfigError", "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}}"},
			{"web=CreateContainerConfigError", "{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: shop}, stringData: {b: c}}"},
			{"web=CreateContainerConfigError", ""},
		}
		for _, step := range steps {
			time.Sleep(10 * time.Second)
			if got := states(w.pods()[0]); got != step.state {
				w.Errorf("%s, want %s", got, step.state)
			}
			if step.add != "" {
				w.ok(w.cluster.Add(step.add))
			}
		}
		want := []string{
			`Failed: Error: configmap "settings" not found`, `Failed: Error: couldn't find key a in Secret shop/keys`, `Failed: Error: secret "keys" not found`,
			`FailedMount: MountVolume.SetUp failed for volume "data" : secret "data" not found`,
		}
		if d := cmp.Diff(want, w.warnings()); d != "" {
			w.Errorf("warnings (-want +got):\n%s", d)
		}
		secret, err := w.client.CoreV1().Secrets("shop").Get(w.Context(), "keys", metav1.GetOptions{})
		w.ok(err)
		secret.Data["a"] = []byte("v")
		_, err = w.client.CoreV1().Secrets("shop").Update(w.Context(), secret, metav1.UpdateOptions{})
		w.ok(err)
		time.Sleep(10 * time.Second)
		if got := states(w.pods()[0]); got != "web=running" {
			w.Errorf("with all it needs: %s", got)
		}
	})
}

func TestADeletedPodTakesItsTime(t *testing.T) {
	in(t, "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: a, image: a}]}}",
		kubetest.Options{Timing: kubetest.Timing{Stop: 7 * time.Second}}, func(w world) {
			time.Sleep(10 * time.Second)
			w.ok(w.client.CoreV1().Pods("shop").Delete(w.Context(), "a", metav1.DeleteOptions{}))
			begun := time.Now()
			for {
				p, err := w.client.CoreV1().Pods("shop").Get(w.Context(), "a", metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					break
				}
				w.ok(err)
				if p.DeletionTimestamp == nil {
					w.Fatal("no deletionTimestamp")
				}
				time.Sleep(time.Second)
			}
			if took := time.Since(begun); took < 7*time.Second || took > 9*time.Second {
				w.Errorf("gone after %v, want 7 to 9 s", took)
			}
		})
}

func TestWithoutNodesPodsArePending(t *testing.T) {
	in(t, deployment, kubetest.Options{Nodes: -1}, func(w world) {
		time.Sleep(time.Hour)
		if got := numbers(w.deployment()); got != "3/3/3/0/0" {
			w.Errorf("%s, want 3/3/3/0/0", got)
		}
		if p := w.pods()[0]; p.Status.Phase != corev1.PodPending || len(p.Status.Conditions) > 0 {
			w.Errorf("pod: %+v", p.Status)
		}
	})
}

func TestWithoutControllersNothingMoves(t *testing.T) {
	in(t, deployment, kubetest.Options{NoControllers: true}, func(w world) {
		time.Sleep(time.Hour)
		if got := numbers(w.deployment()); got != "3/0/0/0/0" || len(w.pods()) > 0 {
			w.Errorf("%s, %d pods", got, len(w.pods()))
		}
	})
}

func TestRunsAreAlike(t *testing.T) {
	run := func() (names []string) {
		in(t, deployment, kubetest.Options{Nodes: 3}, func(w world) {
			w.course(10 * time.Second)
			for _, p := range w.pods() {
				names = append(names, p.Name+" "+string(p.UID)+" "+p.Spec.NodeName+" "+p.ResourceVersion)
			}
		})
		return names
	}
	if d := cmp.Diff(run(), run()); d != "" {
		t.Errorf("two runs differ:\n%s", d)
	}
}
