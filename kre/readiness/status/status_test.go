package status

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// object reads one from YAML.
func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	b, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	var o unstructured.Unstructured
	if err := o.UnmarshalJSON(b); err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	return &o
}

type statusCase struct {
	object string
	rules  Rules
	want   Status
}

func testStatus(t *testing.T, tests map[string]statusCase) {
	t.Helper()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := object(t, tt.object)
			before := o.DeepCopy()
			if d := cmp.Diff(tt.want, Assess(o, tt.rules)); d != "" {
				t.Errorf("status (-want +got):\n%s", d)
			}
			if d := cmp.Diff(before, o); d != "" {
				t.Errorf("the object was changed (-before +after):\n%s", d)
			}
		})
	}
}

func TestDeployment(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, generation: 2}\n"
	testStatus(t, map[string]statusCase{
		"is in progress until its controller has seen the spec": {
			object: head + "spec: {replicas: 2}\nstatus: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2}",
			want:   Status{InProgress, "NotObserved", "its controller has not seen generation 2 yet"},
		},
		"is ready when all replicas are updated and available": {
			object: head + "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2}",
			want:   Status{Ready, "", "2 of 2 replicas available"},
		},
		"has one replica by default": {
			object: head + "spec: {}\nstatus: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1}",
			want:   Status{InProgress, "Progressing", "0 of 1 replicas available"},
		},
		"is ready with none where none is wanted": {
			object: head + "spec: {replicas: 0}\nstatus: {observedGeneration: 2}",
			want:   Status{Ready, "", "0 of 0 replicas available"},
		},
		"is not ready with as many pods as maxUnavailable lets pass": {
			object: head + "spec: {replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 1}}}\nstatus: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 1, unavailableReplicas: 1, conditions: [{type: Available, status: 'True'}]}",
			want:   Status{InProgress, "Progressing", "1 of 2 replicas available"},
		},
		"is not ready while replicas are of the old revision, though they are available": {
			object: head + "spec: {replicas: 3}\nstatus: {observedGeneration: 2, replicas: 3, updatedReplicas: 1, availableReplicas: 3}",
			want:   Status{InProgress, "Progressing", "1 of 3 replicas updated, 3 available"},
		},
		"is not ready while old replicas run beside the new": {
			object: head + "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 3}",
			want:   Status{InProgress, "Progressing", "1 old replicas still running"},
		},
		"that is paused in the middle is ready, and says so": {
			object: head + "spec: {replicas: 2, paused: true}\nstatus: {observedGeneration: 2, replicas: 2, updatedReplicas: 0, availableReplicas: 2}",
			want:   Status{Ready, "Paused", "paused, so that it is not rolled out: 0 of 2 replicas updated, 2 available"},
		},
		"past its progress deadline has failed": {
			object: head + "spec: {replicas: 1}\nstatus: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, unavailableReplicas: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: ReplicaSet web-1 has timed out progressing.}]}",
			want:   Status{Failed, "ProgressDeadlineExceeded", "0 of 1 replicas available: ReplicaSet web-1 has timed out progressing."},
		},
		"of an older generation past its deadline has not failed": {
			object: head + "spec: {replicas: 1}\nstatus: {observedGeneration: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}",
			want:   Status{InProgress, "NotObserved", "its controller has not seen generation 2 yet"},
		},
		"whose pods may not be made says why": {
			object: head + "spec: {replicas: 1}\nstatus: {observedGeneration: 2, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: 'pods \"web-1\" is forbidden: exceeded quota'}]}",
			want:   Status{InProgress, "FailedCreate", `0 of 1 replicas updated, 0 available: pods "web-1" is forbidden: exceeded quota`},
		},
		"with a status of the wrong type has failed": {
			object: head + "status: {observedGeneration: 2, replicas: many}",
			want:   Status{Failed, "Unreadable", "is not as its kind should be: unrecognized type: int32"},
		},
		"that is being deleted has failed": {
			object: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, deletionTimestamp: '2026-01-02T03:04:05Z'}",
			want:   Status{Failed, "Terminating", "is being deleted since 03:04:05 UTC"},
		},
	})
}

func TestReplicaSet(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web, generation: 1}\nspec: {replicas: 2}\n"
	testStatus(t, map[string]statusCase{
		"is in progress until its controller has seen the spec": {
			object: head + "status: {}", want: Status{InProgress, "NotObserved", "its controller has not seen generation 1 yet"},
		},
		"is ready when its replicas are available": {
			object: head + "status: {observedGeneration: 1, replicas: 2, availableReplicas: 2}", want: Status{Ready, "", "2 of 2 replicas available"},
		},
		"is not ready when they only exist": {
			object: head + "status: {observedGeneration: 1, replicas: 2, availableReplicas: 1}", want: Status{InProgress, "Unavailable", "1 of 2 replicas available"},
		},
		"is not ready with too many": {
			object: head + "status: {observedGeneration: 1, replicas: 3, availableReplicas: 3}", want: Status{InProgress, "Scaling", "1 replicas too many"},
		},
		"says why it may not make pods": {
			object: head + "status: {observedGeneration: 1, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: no quota}]}",
			want:   Status{InProgress, "FailedCreate", "0 of 2 replicas available: no quota"},
		},
		"of the old kind is the same": {
			object: "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: web, generation: 1}\nspec: {replicas: 1}\nstatus: {observedGeneration: 1, replicas: 1, availableReplicas: 1}",
			want:   Status{Ready, "", "1 of 1 replicas available"},
		},
	})
}

func TestStatefulSet(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, generation: 3}\n"
	testStatus(t, map[string]statusCase{
		"is in progress until its controller has seen the spec": {
			object: head + "spec: {replicas: 1}\nstatus: {observedGeneration: 2, replicas: 1, readyReplicas: 1, updatedReplicas: 1}",
			want:   Status{InProgress, "NotObserved", "its controller has not seen generation 3 yet"},
		},
		"is ready when all replicas are": {
			object: head + "spec: {replicas: 3}\nstatus: {observedGeneration: 3, replicas: 3, readyReplicas: 3, updatedReplicas: 3}",
			want:   Status{Ready, "", "3 of 3 replicas available"},
		},
		"is not ready while replicas are of the old revision": {
			object: head + "spec: {replicas: 3}\nstatus: {observedGeneration: 3, replicas: 3, readyReplicas: 3, updatedReplicas: 2}",
			want:   Status{InProgress, "Progressing", "2 of 3 replicas updated, 3 available"},
		},
		"is not ready with a replica that is not": {
			object: head + "spec: {replicas: 2}\nstatus: {observedGeneration: 3, replicas: 2, readyReplicas: 1, updatedReplicas: 2}",
			want:   Status{InProgress, "Unavailable", "1 of 2 replicas available"},
		},
		"with minReadySeconds wants them available": {
			object: head + "spec: {replicas: 1, minReadySeconds: 10}\nstatus: {observedGeneration: 3, replicas: 1, readyReplicas: 1, availableReplicas: 0, updatedReplicas: 1}",
			want:   Status{InProgress, "Unavailable", "0 of 1 replicas available"},
		},
		"is not ready while it scales down": {
			object: head + "spec: {replicas: 1}\nstatus: {observedGeneration: 3, replicas: 2, readyReplicas: 2, updatedReplicas: 2}",
			want:   Status{InProgress, "Scaling", "1 replicas too many"},
		},
		"with a partition is ready when those above it are updated": {
			object: head + "spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}}\nstatus: {observedGeneration: 3, replicas: 3, readyReplicas: 3, updatedReplicas: 1}",
			want:   Status{Ready, "Partition", "partition 2: 1 of 3 replicas updated"},
		},
		"with a partition is not ready before": {
			object: head + "spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 1}}}\nstatus: {observedGeneration: 3, replicas: 3, readyReplicas: 3, updatedReplicas: 1}",
			want:   Status{InProgress, "Progressing", "1 of 2 replicas updated, 3 available"},
		},
		"with a partition beyond its replicas updates none": {
			object: head + "spec: {replicas: 1, updateStrategy: {rollingUpdate: {partition: 9}}}\nstatus: {observedGeneration: 3, replicas: 1, readyReplicas: 1}",
			want:   Status{Ready, "Partition", "partition 1: 0 of 1 replicas updated"},
		},
		"with OnDelete does not wait for the new revision, and says so": {
			object: head + "spec: {replicas: 2, updateStrategy: {type: OnDelete}}\nstatus: {observedGeneration: 3, replicas: 2, readyReplicas: 2, updatedReplicas: 1}",
			want:   Status{Ready, "OnDelete", "update strategy OnDelete: 1 of 2 replicas keep the old revision until they are deleted"},
		},
		"with OnDelete waits for its replicas": {
			object: head + "spec: {replicas: 2, updateStrategy: {type: OnDelete}}\nstatus: {observedGeneration: 3, replicas: 2, readyReplicas: 1}",
			want:   Status{InProgress, "Unavailable", "1 of 2 replicas available"},
		},
	})
}

func TestDaemonSet(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, generation: 1}\n"
	testStatus(t, map[string]statusCase{
		"is in progress until its controller has seen the spec": {
			object: head, want: Status{InProgress, "NotObserved", "its controller has not seen generation 1 yet"},
		},
		"is ready when it is available on each node": {
			object: head + "status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2}",
			want:   Status{Ready, "", "available on 2 of 2 nodes"},
		},
		"is ready where no node matches, and says so": {
			object: head + "status: {observedGeneration: 1, desiredNumberScheduled: 0}",
			want:   Status{Ready, "NoNodes", "no node matches it"},
		},
		"is not ready while old pods run": {
			object: head + "status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2}",
			want:   Status{InProgress, "Progressing", "updated on 1 of 2 nodes, available on 2"},
		},
		"is not ready with a node less": {
			object: head + "status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1}",
			want:   Status{InProgress, "Unavailable", "available on 1 of 2 nodes"},
		},
		"with OnDelete does not wait for the new pods, and says so": {
			object: head + "spec: {updateStrategy: {type: OnDelete}}\nstatus: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 0, numberAvailable: 2}",
			want:   Status{Ready, "OnDelete", "update strategy OnDelete: old pods on 2 of 2 nodes until they are deleted"},
		},
	})
}

func TestJob(t *testing.T) {
	const head = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\n"
	testStatus(t, map[string]statusCase{
		"that has not begun is in progress": {
			object: head, want: Status{InProgress, "Running", "0 of 1 completions, 0 active, 0 failed"},
		},
		"tells its counts": {
			object: head + "spec: {completions: 5}\nstatus: {active: 2, succeeded: 1, failed: 3}",
			want:   Status{InProgress, "Running", "1 of 5 completions, 2 active, 3 failed"},
		},
		"is ready when complete": {
			object: head + "status: {succeeded: 1, conditions: [{type: SuccessCriteriaMet, status: 'True'}, {type: Complete, status: 'True'}]}",
			want:   Status{Ready, "", "complete"},
		},
		"beyond its back-off limit has failed": {
			object: head + "status: {failed: 7, conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: Job has reached the specified backoff limit}]}",
			want:   Status{Failed, "BackoffLimitExceeded", "failed: Job has reached the specified backoff limit"},
		},
		"that is about to fail has failed": {
			object: head + "status: {conditions: [{type: FailureTarget, status: 'True', reason: PodFailurePolicy, message: exit code 42}]}",
			want:   Status{Failed, "PodFailurePolicy", "failed: exit code 42"},
		},
		"is in progress where a condition is false": {
			object: head + "status: {conditions: [{type: Failed, status: 'False'}, {type: Complete, status: 'False'}]}",
			want:   Status{InProgress, "Running", "0 of 1 completions, 0 active, 0 failed"},
		},
		"that is suspended is ready, and says so": {
			object: head + "spec: {suspend: true}\nstatus: {conditions: [{type: Suspended, status: 'True'}]}",
			want:   Status{Ready, "Suspended", "suspended, so that it does not run"},
		},
	})
}

func TestPod(t *testing.T) {
	const head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
	testStatus(t, map[string]statusCase{
		"without a status is in progress": {object: head, want: Status{InProgress, "NotReady", "not ready"}},
		"that runs is not ready yet":      {object: head + "status: {phase: Running}", want: Status{InProgress, "NotReady", "not ready"}},
		"that is ready is":                {object: head + "status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}", want: Status{State: Ready}},
		"that has succeeded is ready":     {object: head + "status: {phase: Succeeded}", want: Status{Ready, "", "succeeded"}},
		"that was evicted has failed":     {object: head + "status: {phase: Failed, reason: Evicted, message: 'no memory'}", want: Status{Failed, "Evicted", "failed: no memory"}},
		"that has failed has a reason":    {object: head + "status: {phase: Failed, conditions: [{type: Ready, status: 'True'}]}", want: Status{Failed, "Failed", "failed"}},
	})
}

func TestOtherKinds(t *testing.T) {
	const (
		claim   = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
		service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
		ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n"
		crd     = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\n"
	)
	testStatus(t, map[string]statusCase{
		"a claim that is bound is ready": {object: claim + "status: {phase: Bound}", want: Status{Ready, "", "bound"}},
		"a claim that is lost has failed": {
			object: claim + "status: {phase: Lost}", want: Status{Failed, "Lost", "the volume that it was bound to is gone"},
		},
		"a claim that waits is in progress": {
			object: claim + "spec: {storageClassName: fast}\nstatus: {phase: Pending}", want: Status{InProgress, "Pending", "no volume of storage class fast is bound"},
		},
		"a claim that waits for its first consumer is ready, and says so": {
			object: claim + "spec: {storageClassName: fast}\nstatus: {phase: Pending}", rules: Rules{LateBinding: []string{"slow", "fast"}},
			want: Status{Ready, "WaitForFirstConsumer", "bound when a pod uses it (storage class fast)"},
		},
		"a claim without a class is in progress": {
			object: claim + "status: {phase: Pending}", rules: Rules{LateBinding: []string{""}},
			want: Status{InProgress, "Pending", "no volume is bound, and it names no storage class"},
		},
		"a service within the cluster is ready":     {object: service + "spec: {type: ClusterIP}", want: Status{State: Ready, Reason: "Exists"}},
		"a load balancer without address is not":    {object: service + "spec: {type: LoadBalancer}", want: Status{InProgress, "NoAddress", "its load balancer has no address"}},
		"a load balancer with a host name is ready": {object: service + "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: [{hostname: a.elb.test}]}}", want: Status{Ready, "", "a.elb.test"}},
		"a load balancer with an IP is ready":       {object: service + "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}", want: Status{Ready, "", "192.0.2.1"}},
		"a load balancer with an address of the user's is ready": {
			object: service + "spec: {type: LoadBalancer, externalIPs: [192.0.2.9]}", want: Status{Ready, "", "external address 192.0.2.9"},
		},
		"an ingress waits for its address": {object: ingress, want: Status{InProgress, "NoAddress", "no ingress controller has given it an address"}},
		"an ingress does not where it need not": {
			object: ingress, rules: Rules{IngressWithoutAddress: true}, want: Status{State: Ready, Reason: "Exists"},
		},
		"an ingress with an address is ready": {object: ingress + "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}", want: Status{Ready, "", "192.0.2.1"}},
		"a definition without conditions is in progress": {
			object: crd, want: Status{InProgress, "NoEstablished", "has no condition Established yet"},
		},
		"a definition that is established is ready": {
			object: crd + "status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'True'}]}", want: Status{State: Ready},
		},
		"a definition whose names are taken has failed": {
			object: crd + "status: {conditions: [{type: NamesAccepted, status: 'False', reason: PluralConflict, message: '\"a\" is already in use'}]}",
			want:   Status{Failed, "PluralConflict", `its names are taken: "a" is already in use`},
		},
		"an API service that is not available says why": {
			object: "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.a}\nstatus: {conditions: [{type: Available, status: 'False', reason: MissingEndpoints, message: no endpoints}]}",
			want:   Status{InProgress, "MissingEndpoints", "Available is False, not True: no endpoints"},
		},
		"an API service that is available is ready": {
			object: "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.a}\nstatus: {conditions: [{type: Available, status: 'True'}]}",
			want:   Status{State: Ready},
		},
		"a namespace is ready when active":           {object: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\nstatus: {phase: Active}", want: Status{State: Ready}},
		"a namespace without a phase is not":         {object: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}", want: Status{InProgress, "NotActive", "not active"}},
		"a namespace that is terminating has failed": {object: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\nstatus: {phase: Terminating}", want: Status{Failed, "Terminating", "is being deleted"}},
		"an autoscaler is ready as it exists":        {object: "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}", want: Status{State: Ready, Reason: "Exists"}},
		"so is what nobody knows":                    {object: "apiVersion: example.test/v1\nkind: Thing\nmetadata: {name: a}\nstatus: {conditions: [{type: Ready, status: 'False'}]}", want: Status{State: Ready, Reason: "Exists"}},
		"and a kind of the same name in another group": {
			object: "apiVersion: example.test/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3}", want: Status{State: Ready, Reason: "Exists"},
		},
	})
}
