package readiness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	clienttesting "k8s.io/client-go/testing"
)

func replicaSetOf(deployment, name, revision string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: %s
  namespace: shop
  labels: {app: %s}
  annotations: {deployment.kubernetes.io/revision: "%s"}
  ownerReferences: [{controller: true, apiVersion: apps/v1, kind: Deployment, name: %s, uid: Deployment/%s}]`, name, deployment, revision, deployment, deployment)
}

// podOf is a pod of an owner such as "ReplicaSet/web-2" with one container that waits.
func podOf(owner, app, name, waiting string) string {
	kind, ownerName, _ := strings.Cut(owner, "/")
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: %s
  namespace: shop
  labels: {app: %s}
  ownerReferences: [{controller: true, apiVersion: apps/v1, kind: %s, name: %s, uid: %s}]
status: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: %s}}}]}`, name, app, kind, ownerName, owner, waiting)
}

// eventOn is an event about an object such as "Pod/web-2-a", at a second.
func eventOn(object, name, kind, reason, message string, second, count int) string {
	_, about, _ := strings.Cut(object, "/")
	return fmt.Sprintf(`
apiVersion: v1
kind: Event
metadata: {name: %s, namespace: shop}
involvedObject: {name: %s, uid: %s}
type: %s
reason: %s
message: %q
count: %d
lastTimestamp: "2026-01-01T00:00:%02dZ"`, name, about, object, kind, reason, message, count, second)
}

// unreadyAfter waits ten seconds for objects and returns the error.
func unreadyAfter(t *testing.T, c *cluster, opts Options, texts ...string) *NotReadyError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return notReady(t, c.waiter(opts).Wait(ctx, objects(t, texts...)))
}

func TestDiagnosisFollowsOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 1), deploy("other", 2),
			replicaSetOf("web", "web-1", "1"), replicaSetOf("web", "web-2", "2"), replicaSetOf("other", "other-1", "2"),
			podOf("ReplicaSet/web-1", "web", "web-1-a", "CrashLoopBackOff"),
			podOf("ReplicaSet/web-2", "web", "web-2-a", "ContainerCreating"),
			podOf("ReplicaSet/web-2", "web", "web-2-b", "ImagePullBackOff"),
			podOf("ReplicaSet/other-1", "other", "other-1-a", "ErrImagePull"),
			podOf("Job/web", "web", "web-job", "ErrImagePull"), // has the labels, and another owner
			eventOn("Pod/web-2-b", "e1", "Warning", "Failed", "Failed to pull image \"x:1\"", 20, 4),
			eventOn("ReplicaSet/web-2", "e2", "Warning", "FailedCreate", "quota", 10, 1),
			eventOn("Pod/web-2-b", "e3", "Normal", "Pulling", "Pulling image", 30, 1),
			eventOn("Pod/other-1-a", "e4", "Warning", "Failed", "not ours", 40, 1),
		)
		e := unreadyAfter(t, c, Options{}, deploy("web", 0), deploy("other", 0))
		want := []Unready{{
			Kind: "Deployment", Namespace: "shop", Name: "web", Reason: "Progressing", Message: "1 of 2 replicas available",
			Pods: []PodReason{
				{Pod: "web-2-b", Container: "app", Reason: "ImagePullBackOff"},
				{Pod: "web-2-a", Container: "app", Reason: "ContainerCreating"},
			},
			Warnings: []string{"FailedCreate: quota", `Failed: Failed to pull image "x:1" (4 times)`},
		}}
		if d := cmp.Diff(want, e.Unready); d != "" {
			t.Errorf("unready (-want +got):\n%s", d)
		}
		told := []string{
			"running Deployment shop/web: 1 of 2 replicas available; pod web-2-b: container app: ImagePullBackOff",
			"done Deployment shop/other: 2 of 2 replicas available",
		}
		if d := cmp.Diff(told, c.told()[:2]); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}

// A back-off that is counted down is no news.
func TestTheSameReasonIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), replicaSetOf("web", "web-2", "2"))
		for second := range 10 {
			time.AfterFunc(time.Duration(second)*time.Second, func() {
				waiting := fmt.Sprintf("ImagePullBackOff, message: back-off %ds", second)
				c.put(podOf("ReplicaSet/web-2", "web", "web-2-a", waiting))
			})
		}
		unready := unreadyAfter(t, c, Options{}, deploy("web", 0)).Unready[0]
		if m := unready.Pods[0].Message; m == "" || m == "back-off 0s" {
			t.Errorf("the last message is %q", m)
		}
		told := c.told()
		if n := len(told); n > 3 { // without the pod, with it, the end
			t.Errorf("%d events: %q", n, told)
		}
	})
}

// Where nobody answers, no reasons are asked for, and those that were known stay.
func TestReasonsOutliveTheirServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), replicaSetOf("web", "web-2", "2"), podOf("ReplicaSet/web-2", "web", "web-2-a", "ErrImagePull"))
		begun := time.Now()
		c.fail("*", "*", func() error {
			if time.Since(begun) > time.Second/2 {
				return apierrors.NewServiceUnavailable("gone")
			}
			return nil
		})
		e := unreadyAfter(t, c, Options{}, deploy("web", 0))
		if e.LastLook == nil || e.Undiagnosed != nil || len(e.Unready[0].Pods) != 1 {
			t.Errorf("error is %v", e)
		}
		if n := c.requests()["list pods"]; n != 1 {
			t.Errorf("pods were asked for %d times", n)
		}
	})
}

func TestPodsOfTheOldRevisionAreTheLastWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 1), replicaSetOf("web", "web-1", "1"), podOf("ReplicaSet/web-1", "web", "web-1-a", "CrashLoopBackOff"))
		e := unreadyAfter(t, c, Options{}, deploy("web", 0))
		if pods := e.Unready[0].Pods; len(pods) != 1 || pods[0].Pod != "web-1-a" {
			t.Errorf("pods are %v", pods)
		}
	})
}

func TestDiagnosisOfOtherKinds(t *testing.T) {
	const (
		set   = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop, generation: 1}\nspec: {replicas: 1, selector: {matchLabels: {app: db}}}\nstatus: {observedGeneration: 1, replicas: 1, updatedReplicas: 1}"
		alone = "apiVersion: v1\nkind: Pod\nmetadata: {name: alone, namespace: shop}\nstatus: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: InvalidImageName}}}]}"
		lb    = "apiVersion: v1\nkind: Service\nmetadata: {name: lb, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: db}}"
		space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}"
	)
	tests := map[string]struct {
		object   string
		others   []string
		pods     []string
		warnings []string
	}{
		"a StatefulSet":    {object: set, others: []string{podOf("StatefulSet/db", "db", "db-0", "CreateContainerConfigError")}, pods: []string{"pod db-0: container app: CreateContainerConfigError"}},
		"a Job":            {object: migrate(""), others: []string{podOf("Job/migrate", "m", "migrate-x", "ErrImagePull")}, pods: []string{"pod migrate-x: container app: ErrImagePull"}},
		"a Pod":            {object: alone, pods: []string{"pod alone: container app: InvalidImageName"}},
		"a load balancer":  {object: lb, others: []string{eventOn("Service/lb", "e", "Warning", "SyncLoadBalancerFailed", "no subnets", 1, 2)}, warnings: []string{"SyncLoadBalancerFailed: no subnets (2 times)"}},
		"of the cluster":   {object: space, others: []string{strings.Replace(eventOn("Namespace/shop", "e", "Warning", "Odd", "very", 1, 1), "namespace: shop", "namespace: default", 1)}, warnings: []string{"Odd: very"}},
		"without any help": {object: lb},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := unreadyAfter(t, newCluster(t, append(tt.others, tt.object)...), Options{}, tt.object)
				var pods []string
				for _, p := range e.Unready[0].Pods {
					pods = append(pods, p.String())
				}
				if d := cmp.Diff(tt.pods, pods); d != "" {
					t.Errorf("pods (-want +got):\n%s", d)
				}
				if d := cmp.Diff(tt.warnings, e.Unready[0].Warnings); d != "" {
					t.Errorf("warnings (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestWarningsAreFewAndDistinct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), replicaSetOf("web", "web-2", "2"),
			podOf("ReplicaSet/web-2", "web", "web-2-a", "X"), podOf("ReplicaSet/web-2", "web", "web-2-b", "X"),
			eventOn("Pod/web-2-a", "e1", "Warning", "BackOff", "restarting app in web-2-a(Pod/web-2-a)", 30, 5),
			eventOn("Pod/web-2-b", "e2", "Warning", "BackOff", "restarting app in web-2-b(Pod/web-2-b)", 40, 2),
			eventOn("ReplicaSet/web-2", "e6", "Warning", "FailedCreate", "pods \"web-2-x1y2z\" is forbidden", 44, 1),
			eventOn("ReplicaSet/web-2", "e7", "Warning", "FailedCreate", "pods \"web-2-abcde\" is forbidden", 43, 1),
			eventOn("Pod/web-2-a", "e3", "Warning", "Oldest", "one", 1, 1),
			eventOn("Pod/web-2-a", "e4", "Warning", "Older", "two", 2, 1),
			eventOn("Pod/web-2-a", "e5", "Warning", "Newest", "three", 50, 1),
		)
		e := unreadyAfter(t, c, Options{}, deploy("web", 0))
		want := []string{"BackOff: restarting app in web-2-b(Pod/web-2-b) (7 times)", `FailedCreate: pods "web-2-x1y2z" is forbidden (2 times)`, "Newest: three"}
		if d := cmp.Diff(want, e.Unready[0].Warnings); d != "" {
			t.Errorf("warnings (-want +got):\n%s", d)
		}
	})
}

func TestTextsOfTheClusterAreSafeAndShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0),
			eventOn("Deployment/web", "e1", "Warning", "Odd", "the token is hunter2\x1b[31m\nred", 1, 1),
			eventOn("Deployment/web", "e2", "Warning", "Long", strings.Repeat("ä", 1000), 2, 1),
		)
		opts := Options{Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "***") }}
		e := unreadyAfter(t, c, opts, deploy("web", 0))
		warnings := e.Unready[0].Warnings
		if len(warnings) != 2 || warnings[0] != `Odd: the token is ***\x1b[31m\nred` {
			t.Errorf("warnings are %q", warnings)
		}
		if n := len(warnings[1]); n > longest+len("...") || !strings.HasSuffix(warnings[1], "ä...") {
			t.Errorf("the long one has %d bytes: %q", n, warnings[1])
		}
	})
}

func TestWhatCannotBeDiagnosedIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), replicaSetOf("web", "web-2", "2"), podOf("ReplicaSet/web-2", "web", "a", "ErrImagePull"))
		forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "", errors.New("no"))
		c.fail("list", "events", func() error { return forbidden })
		e := unreadyAfter(t, c, Options{}, deploy("web", 0))
		if !errors.Is(e, context.DeadlineExceeded) || !errors.Is(e.Undiagnosed, forbidden) || len(e.Unready[0].Pods) != 1 {
			t.Errorf("error is %v", e)
		}
		if want := "\nreasons may be missing: list events in namespace shop: events is forbidden: no"; !strings.HasSuffix(e.Error(), want) {
			t.Errorf("text is %s", e)
		}
	})
}

func TestClaimsThatWaitForTheirFirstConsumer(t *testing.T) {
	const (
		claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {storageClassName: fast}\nstatus: {phase: Pending}"
		class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nvolumeBindingMode: "
	)
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, claim, class+"WaitForFirstConsumer")
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, claim)); err != nil {
			t.Fatal(err)
		}
		want := []string{"done PersistentVolumeClaim shop/data: bound when a pod uses it (storage class fast)"}
		if d := cmp.Diff(want, c.told()); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := unreadyAfter(t, newCluster(t, claim, class+"Immediate"), Options{}, claim)
		if e.Unready[0].Message != "no volume of storage class fast is bound" {
			t.Errorf("error is %v", e)
		}
	})
}

// What a look costs does not grow with the number of objects.
func TestRequestsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var all []string
		for i := range 50 {
			all = append(all, deploy(fmt.Sprintf("web-%d", i), 0))
		}
		other := strings.Replace(secret, "db", "other", 1)
		c.put(append(all, secret, other)...)
		if e := unreadyAfter(t, c, Options{PollInterval: 20 * time.Second}, append(all, secret, other)...); len(e.Unready) != 50 {
			t.Errorf("%d objects are unready", len(e.Unready))
		}
		want := map[string]int{"list deployments": 1, "list replicasets": 1, "list pods": 1, "list events": 1, "get secrets": 2}
		if d := cmp.Diff(want, c.requests()); d != "" {
			t.Errorf("requests of one look (-want +got):\n%s", d)
		}
	})
}

func TestSelectors(t *testing.T) {
	const head = "metadata: {name: a}\n"
	for name, tt := range map[string]struct{ object, want string }{
		"labels and expressions":           {"apiVersion: apps/v1\nkind: Deployment\n" + head + "spec: {selector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d, e]}]}}", "a=b,c in (d,e)"},
		"the plain labels of the old kind": {"apiVersion: v1\nkind: ReplicationController\n" + head + "spec: {selector: {a: b}}", "a=b"},
		"of a kind without pods":           {"apiVersion: v1\nkind: Service\n" + head + "spec: {selector: {a: b}}", ""},
		"none":                             {"apiVersion: apps/v1\nkind: Deployment\n" + head, ""},
		"that is empty":                    {"apiVersion: apps/v1\nkind: Deployment\n" + head + "spec: {selector: {}}", ""},
		"of the wrong type":                {"apiVersion: apps/v1\nkind: Deployment\n" + head + "spec: {selector: [a]}", ""},
		"with labels of the wrong type":    {"apiVersion: apps/v1\nkind: Deployment\n" + head + "spec: {selector: {matchLabels: [a]}}", ""},
		"with an operator that is none":    {"apiVersion: apps/v1\nkind: Deployment\n" + head + "spec: {selector: {matchExpressions: [{key: c, operator: Near}]}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := selectorOf(object(t, tt.object)); got != tt.want {
				t.Errorf("selector is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestListsOfOneWorkloadAreNarrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0))
		if e := unreadyAfter(t, c, Options{PollInterval: 20 * time.Second}, deploy("web", 0)); len(e.Unready) != 1 {
			t.Errorf("error is %v", e)
		}
		var got []string
		for _, a := range c.Actions() {
			if l, ok := a.(clienttesting.ListActionImpl); ok {
				got = append(got, fmt.Sprintf("%s %s%s %d", a.GetResource().Resource, l.ListOptions.LabelSelector, l.ListOptions.FieldSelector, l.ListOptions.Limit))
			}
		}
		want := []string{"replicasets app=web 500", "pods app=web 500", "events type=Warning 500"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("lists (-want +got):\n%s", d)
		}
	})
}

func TestListsAreReadPageByPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := []string{deploy("a", 2), deploy("b", 2), deploy("c", 2)}
		c := newCluster(t, all...)
		var asked []string
		c.PrependReactor("list", "deployments", func(action clienttesting.Action) (bool, runtime.Object, error) {
			from := action.(clienttesting.ListActionImpl).ListOptions.Continue
			asked = append(asked, from)
			next := map[string]string{"": "b", "b": "c", "c": ""}[from]
			name := map[string]string{"": "a", "b": "b", "c": "c"}[from]
			list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "apps/v1", "kind": "DeploymentList"}}
			list.SetContinue(next)
			list.Items = append(list.Items, *object(t, deploy(name, 2)))
			return true, list, nil
		})
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, all...)); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]string{"", "b", "c"}, asked); d != "" {
			t.Errorf("pages (-want +got):\n%s", d)
		}
	})
}

// mute is a client whose requests get no answer.
type mute struct{ dynamic.Interface }

func (m mute) Resource(r schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return muteResource{m.Interface.Resource(r)}
}

type muteResource struct {
	dynamic.NamespaceableResourceInterface
}

func (m muteResource) Namespace(string) dynamic.ResourceInterface { return m }

func (m muteResource) Get(ctx context.Context, _ string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestARequestWithoutAnAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		timeout time.Duration
		said    string
	}{
		"is given up, and said": {timeout: 50 * time.Second, said: "; the last look failed: read Deployment shop/web: no answer within 30s\n"},
		"ends with the context": {timeout: 5 * time.Second, said: "after 5s: context deadline exceeded\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, deploy("web", 0))
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				begun := time.Now()
				err := New(mute{c}, c.mapper, Options{}).Wait(ctx, objects(t, deploy("web", 0)))
				if d := time.Since(begun); d != tt.timeout {
					t.Errorf("it ended after %s", d)
				}
				if !strings.Contains(err.Error(), tt.said) {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
}
