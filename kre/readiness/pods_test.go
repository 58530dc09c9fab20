package readiness

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func readPod(t testing.TB, text string) *corev1.Pod {
	t.Helper()
	var p corev1.Pod
	if err := yaml.UnmarshalStrict([]byte(text), &p); err != nil {
		t.Fatalf("read pod: %v", err)
	}
	return &p
}

func TestPodReasons(t *testing.T) {
	const head = "metadata: {name: web-1}\n"
	tests := map[string]struct {
		pod  string
		want []string // as they are shown
	}{
		"a ready pod has none":           {pod: head + "status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}"},
		"nor has one that has succeeded": {pod: head + "status: {phase: Succeeded}"},
		"a pod that nobody has seen": {
			pod: head, want: []string{"pod web-1: Pending: no kubelet has reported on it yet"},
		},
		"a pod for which there is no room": {
			pod:  head + "status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/3 nodes are available: 3 Insufficient cpu.'}]}",
			want: []string{"pod web-1: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."},
		},
		"a pod that is not scheduled without a reason": {
			pod:  head + "status: {conditions: [{type: PodScheduled, status: 'False'}]}",
			want: []string{"pod web-1: Unschedulable"},
		},
		"a pod behind a scheduling gate": {
			pod:  head + "status: {conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated, message: Scheduling is blocked due to non-empty scheduling gates}]}",
			want: []string{"pod web-1: SchedulingGated: Scheduling is blocked due to non-empty scheduling gates"},
		},
		"an image that cannot be pulled": {
			pod:  head + "status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff, message: Back-off pulling image \"x:1\"}}}]}",
			want: []string{`pod web-1: container app: ImagePullBackOff: Back-off pulling image "x:1"`},
		},
		"a crash loop tells the last exit code, and nothing of what the container wrote": {
			pod: head + `status: {phase: Running, containerStatuses: [{name: app, restartCount: 4,
  state: {waiting: {reason: CrashLoopBackOff, message: 'back-off 1m20s restarting failed container=app pod=web-1_shop(uid)'}},
  lastState: {terminated: {exitCode: 3, reason: Error, message: 'password is hunter2'}}}]}`,
			want: []string{"pod web-1: container app: CrashLoopBackOff, last exit code 3 (Error)"},
		},
		"a container that was killed for its memory": {
			pod:  head + "status: {phase: Running, containerStatuses: [{name: app, state: {terminated: {exitCode: 137, reason: OOMKilled}}}]}",
			want: []string{"pod web-1: container app: OOMKilled, last exit code 137"},
		},
		"a Secret that does not exist": {
			pod:  head + "status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: CreateContainerConfigError, message: secret \"db\" not found}}}]}",
			want: []string{`pod web-1: container app: CreateContainerConfigError: secret "db" not found`},
		},
		"an init container that fails, and not those that wait for it": {
			pod: head + `status: {phase: Pending,
  initContainerStatuses: [{name: first, ready: true, state: {terminated: {exitCode: 0, reason: Completed}}}, {name: second, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}}],
  containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]}`,
			want: []string{"pod web-1: init container second: CrashLoopBackOff, last exit code 1 (Error)"},
		},
		"an init container that runs": {
			pod: head + `status: {phase: Pending,
  initContainerStatuses: [{name: wait, state: {running: {}}}],
  containerStatuses: [{name: app, state: {waiting: {reason: PodInitializing}}}]}`,
			want: []string{"pod web-1: init container wait: Running: has not ended yet"},
		},
		"a sidecar runs for good": {
			pod: "metadata: {name: web-1}\nspec: {containers: [], initContainers: [{name: proxy, restartPolicy: Always}]}\n" + `status: {phase: Pending,
  initContainerStatuses: [{name: proxy, ready: true, state: {running: {}}}],
  containerStatuses: [{name: app, state: {running: {}}}]}`,
			want: []string{"pod web-1: container app: NotReady: runs, and is not ready"},
		},
		"a sidecar that is not ready": {
			pod: "metadata: {name: web-1}\nspec: {containers: [], initContainers: [{name: proxy, restartPolicy: Always}]}\n" +
				`status: {phase: Pending, initContainerStatuses: [{name: proxy, state: {running: {}}}]}`,
			want: []string{"pod web-1: init container proxy: NotReady: runs, and is not ready"},
		},
		"each container that tells something": {
			pod: head + `status: {phase: Running, containerStatuses: [
  {name: a, state: {waiting: {reason: ErrImagePull}}}, {name: b, state: {running: {}}}, {name: c, ready: true, state: {running: {}}}, {name: d, state: {waiting: {reason: InvalidImageName}}}]}`,
			want: []string{"pod web-1: container a: ErrImagePull", "pod web-1: container d: InvalidImageName"},
		},
		"a probe that has not passed since the last restart": {
			pod:  head + "status: {phase: Running, containerStatuses: [{name: app, state: {running: {}}, lastState: {terminated: {exitCode: 2, reason: Error}}}]}",
			want: []string{"pod web-1: container app: NotReady, last exit code 2 (Error): runs, and is not ready"},
		},
		"a container that ends well where it should stay": {
			pod:  head + "status: {phase: Running, containerStatuses: [{name: app, state: {terminated: {exitCode: 0, reason: Completed}}}]}",
			want: []string{"pod web-1: container app: Completed, last exit code 0: has ended, and the pod has not"},
		},
		"a container without a state": {
			pod: head + "status: {phase: Pending, containerStatuses: [{name: app}]}", want: []string{"pod web-1: container app: Pending"},
		},
		"a readiness gate": {
			pod: head + `status: {phase: Running, containerStatuses: [{name: app, ready: true, state: {running: {}}}],
  conditions: [{type: Ready, status: 'False', reason: ReadinessGatesNotReady, message: 'corresponding condition of pod readiness gate "lb" does not exist.'}]}`,
			want: []string{`pod web-1: ReadinessGatesNotReady: corresponding condition of pod readiness gate "lb" does not exist.`},
		},
		"a pod that was evicted": {
			pod: head + "status: {phase: Failed, reason: Evicted, message: 'The node was low on memory.'}", want: []string{"pod web-1: Evicted: The node was low on memory."},
		},
		"a pod that has failed with an exit code": {
			pod:  head + "status: {phase: Failed, containerStatuses: [{name: app, state: {terminated: {exitCode: 9, reason: Error}}}]}",
			want: []string{"pod web-1: container app: Error, last exit code 9"},
		},
		"a pod that is being deleted": {
			pod: "metadata: {name: web-1, deletionTimestamp: '2026-01-02T03:04:05Z'}\nstatus: {phase: Running}", want: []string{"pod web-1: Terminating: is being deleted"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range podReasons(readPod(t, tt.pod)) {
				got = append(got, r.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("reasons (-want +got):\n%s", d)
			}
		})
	}
}

// FuzzPodReasons holds that a pod that is not ready always has a reason with a name.
func FuzzPodReasons(f *testing.F) {
	f.Add([]byte(`{"metadata":{"name":"a"},"status":{"phase":"Failed","containerStatuses":[{"name":"b","state":{"waiting":{}}}]}}`))
	f.Add([]byte(`{"status":{"conditions":[{"type":"Ready","status":"False","reason":"X"}],"initContainerStatuses":[{"state":{"terminated":{"exitCode":1}}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p corev1.Pod
		if json.Unmarshal(text, &p) != nil {
			return
		}
		reasons := podReasons(&p)
		fine := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase != corev1.PodFailed && isReady(&p) && p.DeletionTimestamp == nil
		if fine != (len(reasons) == 0) {
			t.Errorf("%d reasons for a pod in phase %q, ready %t", len(reasons), p.Status.Phase, isReady(&p))
		}
		for _, r := range reasons {
			if r.Reason == "" {
				t.Errorf("a reason without a name: %+v", r)
			}
		}
	})
}
