package kubetest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

const statefulSet = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: disk}
provisioner: example.com/disk
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {storageClassName: disk, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`

// podNames shows the pods with their images, in order of name.
func (w world) podNames() string {
	var names []string
	for _, p := range w.pods() {
		text := p.Name + "=" + p.Spec.Containers[0].Image
		if p.DeletionTimestamp != nil {
			text += "(ending)"
		}
		names = append(names, text)
	}
	return strings.Join(names, " ")
}

func TestAStatefulSetGoesOneByOne(t *testing.T) {
	in(t, statefulSet, kubetest.Options{}, func(w world) {
		course := func(during time.Duration) (seen []string) {
			for range int(during / (100 * time.Millisecond)) {
				if now := w.podNames(); len(seen) == 0 || seen[len(seen)-1] != now {
					seen = append(seen, now)
				}
				time.Sleep(100 * time.Millisecond)
			}
			return seen
		}
		want := []string{"", "db-0=db:1", "db-0=db:1 db-1=db:1", "db-0=db:1 db-1=db:1 db-2=db:1"}
		if d := cmp.Diff(want, course(40*time.Second)); d != "" {
			w.Errorf("start (-want +got):\n%s", d)
		}
		sets := w.client.AppsV1().StatefulSets("shop")
		s, err := sets.Get(w.Context(), "db", metav1.GetOptions{})
		w.ok(err)
		if s.Status.ReadyReplicas != 3 || s.Status.CurrentRevision != s.Status.UpdateRevision {
			w.Errorf("status: %+v", s.Status)
		}
		s.Spec.Template.Spec.Containers[0].Image = "db:2"
		s.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(1))
		_, err = sets.Update(w.Context(), s, metav1.UpdateOptions{})
		w.ok(err)
		want = []string{
			"db-0=db:1 db-1=db:1 db-2=db:1", "db-0=db:1 db-1=db:1 db-2=db:1(ending)", "db-0=db:1 db-1=db:1", "db-0=db:1 db-1=db:1 db-2=db:2",
			"db-0=db:1 db-1=db:1(ending) db-2=db:2", "db-0=db:1 db-1=db:2 db-2=db:2",
		}
		if d := cmp.Diff(want, course(40*time.Second)); d != "" {
			w.Errorf("update of a part (-want +got):\n%s", d)
		}
		s, err = sets.Get(w.Context(), "db", metav1.GetOptions{})
		w.ok(err)
		if s.Status.UpdatedReplicas != 2 || s.Status.CurrentRevision == s.Status.UpdateRevision {
			w.Errorf("status: %+v", s.Status)
		}
		s.Spec.Replicas = new(int32(1))
		_, err = sets.Update(w.Context(), s, metav1.UpdateOptions{})
		w.ok(err)
		time.Sleep(30 * time.Second)
		if got := w.podNames(); got != "db-0=db:1" {
			w.Errorf("after shrinking: %s", got)
		}
		claims, err := w.client.CoreV1().PersistentVolumeClaims("shop").List(w.Context(), metav1.ListOptions{})
		w.ok(err)
		if len(claims.Items) != 3 {
			w.Errorf("%d claims, want all 3 to stay", len(claims.Items))
		}
	})
}

func TestADaemonSetHasAPodOnEachNode(t *testing.T) {
	const manifest = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent:1"}]}
`
	in(t, manifest, kubetest.Options{Nodes: 3}, func(w world) {
		time.Sleep(10 * time.Second)
		var nodes []string
		for _, p := range w.pods() {
			nodes = append(nodes, p.Spec.NodeName)
		}
		slices.Sort(nodes)
		if d := cmp.Diff([]string{"node-1", "node-2", "node-3"}, nodes); d != "" {
			w.Errorf("nodes (-want +got):\n%s", d)
		}
		sets := w.client.AppsV1().DaemonSets("shop")
		d, err := sets.Get(w.Context(), "agent", metav1.GetOptions{})
		w.ok(err)
		d.Spec.Template.Spec.Containers[0].Image = "agent:2"
		_, err = sets.Update(w.Context(), d, metav1.UpdateOptions{})
		w.ok(err)
		least := int32(3)
		for range 400 {
			d, err = sets.Get(w.Context(), "agent", metav1.GetOptions{})
			w.ok(err)
			least = min(least, d.Status.NumberReady)
			time.Sleep(100 * time.Millisecond)
		}
		if least != 2 || d.Status.UpdatedNumberScheduled != 3 || d.Status.NumberAvailable != 3 {
			w.Errorf("at least %d ready (want 2), in the end %+v", least, d.Status)
		}
	})
}

func TestJobs(t *testing.T) {
	const job = `
apiVersion: batch/v1
kind: Job
metadata: {name: work, namespace: shop}
spec: {SPEC, template: {spec: {restartPolicy: POLICY, containers: [{name: work, image: work}]}}}
`
	tests := map[string]struct {
		spec, policy string
		fault        kubetest.Fault
		after        time.Duration
		want         string // succeeded, failed, active, conditions
	}{
		"a job completes": {
			spec: "completions: 3, parallelism: 2", policy: "Never", after: 30 * time.Second,
			want: "3/0/0 SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached",
		},
		"a job fails when its pods have failed too often": {
			spec: "backoffLimit: 1", policy: "Never", fault: kubetest.Fault{Kind: kubetest.Crash}, after: 5 * time.Minute,
			want: "0/2/0 FailureTarget:BackoffLimitExceeded Failed:BackoffLimitExceeded",
		},
		"restarts of a container count as well": {
			spec: "backoffLimit: 1", policy: "OnFailure", fault: kubetest.Fault{Kind: kubetest.Crash}, after: 5 * time.Minute,
			want: "0/0/0 FailureTarget:BackoffLimitExceeded Failed:BackoffLimitExceeded",
		},
		"a job that is retried goes on": {
			spec: "backoffLimit: 6", policy: "Never", fault: kubetest.Fault{Kind: kubetest.Crash}, after: 18 * time.Second,
			want: "0/2/0",
		},
		"a job may take only so long": {
			spec: "activeDeadlineSeconds: 20", policy: "Never", fault: kubetest.Fault{Kind: kubetest.NeverReady}, after: 40 * time.Second,
			want: "0/0/0 FailureTarget:DeadlineExceeded Failed:DeadlineExceeded",
		},
		"a suspended job does nothing": {
			spec: "suspend: true", policy: "Never", after: time.Minute, want: "0/0/0 Suspended:JobSuspended",
		},
		"a job goes some time after its end": {
			spec: "ttlSecondsAfterFinished: 60", policy: "Never", after: 2 * time.Minute, want: "gone",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in(t, "{}", kubetest.Options{}, func(w world) {
				if tt.fault.Kind != "" {
					w.cluster.Inject("shop", "work", tt.fault)
				}
				w.ok(w.cluster.Add(strings.NewReplacer("SPEC", tt.spec, "POLICY", tt.policy).Replace(job)))
				time.Sleep(tt.after)
				j, err := w.client.BatchV1().Jobs("shop").Get(w.Context(), "work", metav1.GetOptions{})
				got := "gone"
				if !apierrors.IsNotFound(err) {
					w.ok(err)
					got = jobState(j)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("job (-want +got):\n%s", d)
				}
			})
		})
	}
}

func jobState(j *batchv1.Job) string {
	text := fmt.Sprintf("%d/%d/%d", j.Status.Succeeded, j.Status.Failed, j.Status.Active)
	for _, c := range j.Status.Conditions {
		if c.Status == corev1.ConditionTrue {
			text += fmt.Sprintf(" %s:%s", c.Type, c.Reason)
		}
	}
	return text
}

func TestClaims(t *testing.T) {
	const class = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: disk}
provisioner: example.com/disk
reclaimPolicy: POLICY
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {storageClassName: CLASS, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`
	tests := map[string]struct {
		class, policy string
		fault         kubetest.Fault
		phase         corev1.PersistentVolumeClaimPhase
		warnings      []string
		volume        corev1.PersistentVolumePhase // after the claim is gone; "" is none
	}{
		"a claim gets a volume, which goes with it": {class: "disk", policy: "Delete", phase: corev1.ClaimBound},
		"a volume that is to be kept is kept":       {class: "disk", policy: "Retain", phase: corev1.ClaimBound, volume: corev1.VolumeReleased},
		"without a class there is none":             {class: `""`, policy: "Delete", phase: corev1.ClaimPending},
		"nor of a class that is not there":          {class: "none", policy: "Delete", phase: corev1.ClaimPending, warnings: []string{`ProvisioningFailed: storageclass.storage.k8s.io "none" not found`}},
		"nor where the provisioner fails":           {class: "disk", policy: "Delete", fault: kubetest.Fault{Kind: kubetest.Pending, Message: "quota"}, phase: corev1.ClaimPending, warnings: []string{"ProvisioningFailed: quota"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in(t, "{}", kubetest.Options{}, func(w world) {
				w.ok(w.cluster.Add("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"))
				if tt.fault.Kind != "" {
					w.cluster.Inject("shop", "data", tt.fault)
				}
				w.ok(w.cluster.Add(strings.NewReplacer("CLASS", tt.class, "POLICY", tt.policy).Replace(class)))
				time.Sleep(10 * time.Second)
				claims := w.client.CoreV1().PersistentVolumeClaims("shop")
				c, err := claims.Get(w.Context(), "data", metav1.GetOptions{})
				w.ok(err)
				if c.Status.Phase != tt.phase {
					t.Errorf("phase %s, want %s", c.Status.Phase, tt.phase)
				}
				if d := cmp.Diff(tt.warnings, w.warnings()); d != "" {
					t.Errorf("warnings (-want +got):\n%s", d)
				}
				w.ok(claims.Delete(w.Context(), "data", metav1.DeleteOptions{}))
				time.Sleep(10 * time.Second)
				if _, err := claims.Get(w.Context(), "data", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
					t.Errorf("claim after its deletion: %v", err)
				}
				volumes, err := w.client.CoreV1().PersistentVolumes().List(w.Context(), metav1.ListOptions{})
				w.ok(err)
				got := corev1.PersistentVolumePhase("")
				if len(volumes.Items) > 0 {
					got = volumes.Items[0].Status.Phase
				}
				if got != tt.volume {
					t.Errorf("volume %q, want %q", got, tt.volume)
				}
			})
		})
	}
}

func TestAClaimInUseStays(t *testing.T) {
	in(t, statefulSet, kubetest.Options{}, func(w world) {
		time.Sleep(40 * time.Second)
		claims := w.client.CoreV1().PersistentVolumeClaims("shop")
		w.ok(claims.Delete(w.Context(), "data-db-0", metav1.DeleteOptions{}))
		time.Sleep(time.Minute)
		c, err := claims.Get(w.Context(), "data-db-0", metav1.GetOptions{})
		w.ok(err)
		if c.DeletionTimestamp == nil {
			w.Error("no deletionTimestamp")
		}
		w.ok(w.client.AppsV1().StatefulSets("shop").Delete(w.Context(), "db", metav1.DeleteOptions{}))
		time.Sleep(time.Minute)
		if _, err := claims.Get(w.Context(), "data-db-0", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			w.Errorf("claim after its pod has gone: %v", err)
		}
	})
}

func TestAddresses(t *testing.T) {
	const manifest = `
apiVersion: v1
kind: Service
metadata: {name: entry, namespace: shop}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: entry-rules, namespace: shop}
spec: {rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: entry, port: {number: 80}}}}]}}]}
`
	in(t, "{}", kubetest.Options{}, func(w world) {
		w.cluster.Inject("shop", "entry", kubetest.Fault{Kind: kubetest.Pending})
		w.ok(w.cluster.Add(manifest))
		time.Sleep(time.Minute)
		service := func() *corev1.Service {
			s, err := w.client.CoreV1().Services("shop").Get(w.Context(), "entry", metav1.GetOptions{})
			w.ok(err)
			return s
		}
		if got := service().Status.LoadBalancer.Ingress; len(got) > 0 || len(w.warnings()) != 1 || !strings.Contains(w.warnings()[0], "could not find any suitable subnets") {
			w.Errorf("with a fault: %v, %q", got, w.warnings())
		}
		w.cluster.Inject("shop", "entry", kubetest.Fault{})
		time.Sleep(time.Minute)
		if got := service().Status.LoadBalancer.Ingress; len(got) != 1 || !strings.HasSuffix(got[0].Hostname, ".elb.amazonaws.com") {
			w.Errorf("healed: %v", got)
		}
		var i *networkingv1.Ingress
		i, err := w.client.NetworkingV1().Ingresses("shop").Get(w.Context(), "entry-rules", metav1.GetOptions{})
		w.ok(err)
		if len(i.Status.LoadBalancer.Ingress) != 1 {
			w.Errorf("Ingress: %+v", i.Status)
		}
		w.ok(w.client.CoreV1().Services("shop").Delete(w.Context(), "entry", metav1.DeleteOptions{}))
		if s := service(); s.DeletionTimestamp == nil || !slices.Contains(s.Finalizers, "service.kubernetes.io/load-balancer-cleanup") {
			w.Errorf("a load balancer is to be taken away first: %+v", s.ObjectMeta)
		}
		time.Sleep(time.Minute)
		if _, err := w.client.CoreV1().Services("shop").Get(w.Context(), "entry", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			w.Errorf("Service after its deletion: %v", err)
		}
	})
}

func TestANamespaceGoesWithAllThatIsInIt(t *testing.T) {
	in(t, deployment+"---"+statefulSet, kubetest.Options{}, func(w world) {
		time.Sleep(time.Minute)
		w.ok(w.client.CoreV1().Namespaces().Delete(w.Context(), "shop", metav1.DeleteOptions{}))
		time.Sleep(time.Second)
		ns, err := w.client.CoreV1().Namespaces().Get(w.Context(), "shop", metav1.GetOptions{})
		w.ok(err)
		if ns.Status.Phase != corev1.NamespaceTerminating || !strings.Contains(fmt.Sprint(ns.Status.Conditions), "Some resources are remaining: ") {
			w.Errorf("status: %+v", ns.Status)
		}
		time.Sleep(time.Minute)
		if _, err := w.client.CoreV1().Namespaces().Get(w.Context(), "shop", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			w.Errorf("namespace after a minute: %v", err)
		}
		if left := w.pods(); len(left) > 0 {
			w.Errorf("%d pods are left", len(left))
		}
	})
}

func TestANewNamespaceHasAServiceAccount(t *testing.T) {
	in(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", kubetest.Options{}, func(w world) {
		time.Sleep(time.Second)
		_, err := w.client.CoreV1().ServiceAccounts("shop").Get(w.Context(), "default", metav1.GetOptions{})
		w.ok(err)
	})
}
