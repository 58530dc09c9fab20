package kubetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

func TestRequestsAreRecorded(t *testing.T) {
	cluster, client := start(t, kubetest.Options{})
	ctx := t.Context()
	maps := client.CoreV1().ConfigMaps("default")
	_, _ = maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	_, _ = maps.Create(ctx, configMap("b", nil), metav1.CreateOptions{DryRun: []string{"All"}})
	_, _ = maps.Get(ctx, "none", metav1.GetOptions{})
	_, _ = maps.List(ctx, metav1.ListOptions{})
	_, _ = maps.Patch(ctx, "a", types.MergePatchType, []byte(`{"data":{"k":"v"}}`), metav1.PatchOptions{})
	_ = maps.Delete(ctx, "a", metav1.DeleteOptions{DryRun: []string{"All"}})
	_ = maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
	_, _ = client.AppsV1().Deployments("default").GetScale(ctx, "web", metav1.GetOptions{})
	_, _ = client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
	_, _ = client.Discovery().ServerVersion()
	var got []string
	for _, r := range cluster.Requests() {
		mark := ""
		if r.Write() {
			mark = "*"
		}
		got = append(got, fmt.Sprint(r.Code, " ", r, mark))
	}
	want := []string{
		"201 create configmaps default/a*", "201 create configmaps default/b (dry run)", "404 get configmaps default/none",
		"200 list configmaps default/", "200 patch configmaps default/a*", "200 delete configmaps default/a (dry run)",
		"200 deletecollection configmaps default/*", "404 get deployments.apps/scale default/web", "200 get namespaces default", "200 get /version",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	if n := len(cluster.Writes()); n != 3 {
		t.Errorf("%d writes, want 3", n)
	}
	cluster.Forget()
	if n := len(cluster.Requests()); n > 0 {
		t.Errorf("%d requests after Forget", n)
	}
}

func TestFailures(t *testing.T) {
	is := func(check func(error) bool) func(error) bool { return check }
	tests := map[string]struct {
		err  error
		want func(error) bool
	}{
		"an expired token":      {kubetest.Unauthorized(), is(apierrors.IsUnauthorized)},
		"an internal error":     {kubetest.InternalError(), is(apierrors.IsInternalError)},
		"a server that starts":  {kubetest.Unavailable(), is(apierrors.IsServiceUnavailable)},
		"a conflict":            {kubetest.Conflict("configmaps", "a"), is(apierrors.IsConflict)},
		"nothing that listens":  {kubetest.Refused(), func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		"a broken connection":   {kubetest.Reset(), func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		"an unknown host":       {kubetest.UnknownHost(), func(err error) bool { return strings.Contains(err.Error(), "kubernetes.test: no such host") }},
		"an error of one's own": {io.ErrUnexpectedEOF, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cluster, client := start(t, kubetest.Options{})
			maps := client.CoreV1().ConfigMaps("default")
			cluster.Fail(kubetest.Match{Verb: "write", Resource: "configmaps", Skip: 1, Times: 1}, tt.err)
			if _, err := maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}); err != nil {
				t.Errorf("the first request: %v", err)
			}
			if _, err := maps.Create(t.Context(), configMap("b", nil), metav1.CreateOptions{}); err == nil || !tt.want(err) {
				t.Errorf("the second request: %v", err)
			}
			if _, err := maps.Get(t.Context(), "b", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("the second request took effect: %v", err)
			}
			if _, err := maps.Create(t.Context(), configMap("b", nil), metav1.CreateOptions{}); err != nil {
				t.Errorf("the third request: %v", err)
			}
		})
	}
}

func TestAnAnswerCanBeLost(t *testing.T) {
	cluster, client := start(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	cluster.FailAfter(kubetest.Match{Verb: "create", Namespace: "default", Times: 1}, kubetest.Reset())
	if _, err := maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("create: %v", err)
	}
	if _, err := maps.Get(t.Context(), "a", metav1.GetOptions{}); err != nil {
		t.Errorf("it has taken effect all the same: %v", err)
	}
}

func TestHooksSeeRequests(t *testing.T) {
	var before, after []string
	_, client := start(t, kubetest.Options{
		Before: func(r kubetest.Request) error {
			before = append(before, fmt.Sprint(r, r.Code))
			return nil
		},
		After: func(r kubetest.Request) error {
			after = append(after, fmt.Sprint(r, r.Code))
			return nil
		},
	})
	_, _ = client.CoreV1().ConfigMaps("default").Get(t.Context(), "a", metav1.GetOptions{})
	if d := cmp.Diff([]string{"get configmaps default/a 0"}, before); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"get configmaps default/a 404"}, after); d != "" {
		t.Error(d)
	}
}

func TestTooManyRequestsAreRepeatedLater(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		w.cluster.Fail(kubetest.Match{Times: 2}, kubetest.TooManyRequests(3))
		begun := time.Now()
		_, err := w.client.CoreV1().Namespaces().Get(w.Context(), "default", metav1.GetOptions{})
		w.ok(err)
		if took := time.Since(begun); took != 6*time.Second {
			t.Errorf("the client took %v, want twice 3 s", took)
		}
	})
}

func TestARequestCanHang(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		w.cluster.Fail(kubetest.Match{}, kubetest.ErrHang)
		ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		_, err := w.client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// next returns the next events of a watch, in short.
func next(t *testing.T, w watch.Interface, n int) []string {
	t.Helper()
	var got []string
	for range n {
		e, ok := <-w.ResultChan()
		if !ok {
			return append(got, "end")
		}
		text := string(e.Type)
		if o, ok := e.Object.(metav1.Object); ok {
			text += " " + o.GetName()
		} else {
			text += " " + apierrors.FromObject(e.Object).Error()
		}
		got = append(got, text)
	}
	return got
}

func TestWatch(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		ctx := w.Context()
		maps := w.client.CoreV1().ConfigMaps("default")
		first, err := maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
		w.ok(err)
		_, err = maps.Create(ctx, configMap("b", nil), metav1.CreateOptions{})
		w.ok(err)
		watching, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: first.ResourceVersion, LabelSelector: "mine"})
		w.ok(err)
		go func() {
			time.Sleep(time.Minute)
			_, _ = maps.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"mine":null}}}`), metav1.PatchOptions{})
			_, _ = maps.Patch(ctx, "b", types.MergePatchType, []byte(`{"data":{"k":"v"}}`), metav1.PatchOptions{})
			_ = maps.Delete(ctx, "b", metav1.DeleteOptions{})
			time.Sleep(time.Second)
			watching.Stop()
		}()
		want := []string{"ADDED b", "DELETED a", "MODIFIED b", "DELETED b", "end"}
		if d := cmp.Diff(want, next(t, watching, 5)); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestAWatchSeesWhatControllersDo(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		watching, err := w.client.AppsV1().Deployments("shop").Watch(w.Context(), metav1.ListOptions{})
		w.ok(err)
		defer watching.Stop()
		w.ok(w.cluster.Add(deployment))
		begun := time.Now()
		for e := range watching.ResultChan() {
			if o, ok := e.Object.(interface{ GetGeneration() int64 }); !ok || o.GetGeneration() != 1 {
				t.Fatalf("event: %+v", e)
			}
			if numbers(w.deployment()) == "3/3/3/3/3" {
				break
			}
		}
		// Nobody asked for anything in the meantime: the watch itself let time pass.
		if took := time.Since(begun); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("ready after %v", took)
		}
	})
}

func TestAWatchOfAForgottenPastFails(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		maps := w.client.CoreV1().ConfigMaps("default")
		old, err := maps.Create(w.Context(), configMap("a", nil), metav1.CreateOptions{})
		w.ok(err)
		_, err = maps.Create(w.Context(), configMap("b", nil), metav1.CreateOptions{})
		w.ok(err)
		w.cluster.Compact()
		watching, err := maps.Watch(w.Context(), metav1.ListOptions{ResourceVersion: old.ResourceVersion})
		w.ok(err)
		got := next(t, watching, 2)
		if len(got) != 2 || !strings.HasPrefix(got[0], "ERROR The provided resource version") || got[1] != "end" {
			t.Errorf("events: %q", got)
		}
		_, err = maps.List(w.Context(), metav1.ListOptions{ResourceVersion: old.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
		if !apierrors.IsResourceExpired(err) {
			t.Errorf("list: %v", err)
		}
	})
}

func TestAWatchEnds(t *testing.T) {
	tests := map[string]struct {
		end  func(context.CancelFunc, watch.Interface)
		want string
	}{
		"with its context":      {func(cancel context.CancelFunc, _ watch.Interface) { cancel() }, "context canceled"},
		"when it is stopped":    {func(_ context.CancelFunc, w watch.Interface) { w.Stop() }, "end"},
		"when the server wants": {func(context.CancelFunc, watch.Interface) { time.Sleep(time.Hour) }, "end"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in(t, "{}", kubetest.Options{}, func(w world) {
				ctx, cancel := context.WithCancel(w.Context())
				defer cancel()
				seconds := int64(1800)
				watching, err := w.client.CoreV1().Secrets("default").Watch(ctx, metav1.ListOptions{TimeoutSeconds: &seconds})
				w.ok(err)
				done := make(chan bool)
				go func() {
					time.Sleep(time.Minute)
					tt.end(cancel, watching)
					close(done)
				}()
				if got := next(t, watching, 1); !strings.Contains(got[0], tt.want) {
					t.Errorf("%q, want %q", got, tt.want)
				}
				<-done
			})
		})
	}
}

func TestAListHasPages(t *testing.T) {
	_, client := start(t, kubetest.Options{NoControllers: true})
	maps := client.CoreV1().ConfigMaps("default")
	for i := range 7 {
		if _, err := maps.Create(t.Context(), configMap(fmt.Sprint("a", i), nil), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	opts := metav1.ListOptions{Limit: 3}
	for pages := 1; ; pages++ {
		list, err := maps.List(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			names = append(names, o.Name)
		}
		if opts.Continue = list.Continue; opts.Continue == "" {
			if pages != 3 || list.RemainingItemCount != nil {
				t.Errorf("%d pages, remaining %v", pages, list.RemainingItemCount)
			}
			break
		}
		// What changes between pages does not show: a list is of one revision.
		_ = maps.Delete(t.Context(), "a6", metav1.DeleteOptions{})
		_, _ = maps.Create(t.Context(), configMap("a1b", nil), metav1.CreateOptions{})
	}
	if d := cmp.Diff([]string{"a0", "a1", "a2", "a3", "a4", "a5", "a6"}, names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
}

func TestUsersMayDoWhatTheirRolesSay(t *testing.T) {
	cluster, admin := start(t, kubetest.Options{})
	if err := cluster.Add(`
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader}, rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: reader}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}, subjects: [{kind: Group, name: readers}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: viewer}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: [{kind: User, name: vic}]}
`); err != nil {
		t.Fatal(err)
	}
	client := func(user string, groups ...string) *kubernetes.Clientset {
		c, err := kubernetes.NewForConfig(cluster.ConfigFor(user, groups...))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ann := client("ann", "readers").CoreV1()
	if _, err := ann.ConfigMaps("default").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Error(err)
	}
	_, err := ann.ConfigMaps("default").Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	want := `configmaps is forbidden: User "ann" cannot create resource "configmaps" in API group "" in the namespace "default"`
	if !apierrors.IsForbidden(err) || err.Error() != want {
		t.Errorf("create: %v\nwant %s", err, want)
	}
	if _, err := client("vic").AppsV1().Deployments("default").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("by an aggregated role: %v", err)
	}
	if _, err := client("vic").CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a viewer sees no secrets: %v", err)
	}
	config := cluster.Config()
	config.Impersonate = rest.ImpersonationConfig{UserName: "bob", Groups: []string{"readers"}}
	bob, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `User "bob"`) {
		t.Errorf("impersonated: %v", err)
	}
	config = cluster.ConfigFor("ann", "readers")
	config.Impersonate = rest.ImpersonationConfig{UserName: "bob"}
	if bob, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `cannot impersonate resource "users"`) {
		t.Errorf("impersonation without leave: %v", err)
	}
	last := slices.Collect(slices.Values(cluster.Requests()))
	if r := last[len(last)-2]; r.User != "bob" || !slices.Contains(r.Groups, "readers") {
		t.Errorf("recorded: %+v", r)
	}
	_ = admin
}

func TestTokensCanBeAuthenticated(t *testing.T) {
	cluster := kubetest.New(kubetest.Options{Authenticate: func(token string) (string, []string, error) {
		if token != "good" {
			return "", nil, errors.New("unknown token")
		}
		return "ann", []string{"system:masters"}, nil
	}})
	for token, want := range map[string]func(error) bool{
		"good": func(err error) bool { return err == nil }, "bad": apierrors.IsUnauthorized, "": apierrors.IsUnauthorized,
	} {
		client, err := kubernetes.NewForConfig(&rest.Config{Host: kubetest.Host, Transport: cluster, BearerToken: token})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{}); !want(err) {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestItCanBeServedToOthers(t *testing.T) {
	cluster := kubetest.New(kubetest.Options{Timing: kubetest.Quick()})
	server := httptest.NewServer(cluster)
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	watching, err := client.CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{LabelSelector: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	defer watching.Stop()
	if _, err := client.CoreV1().ConfigMaps("default").Create(ctx, configMap("a", nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := next(t, watching, 1); got[0] != "ADDED a" {
		t.Errorf("event %q", got)
	}
	cluster.Fail(kubetest.Match{Verb: "update"}, kubetest.Reset())
	if _, err := client.CoreV1().ConfigMaps("default").Update(ctx, configMap("a", nil), metav1.UpdateOptions{}); err == nil || apierrors.ReasonForError(err) != "" {
		t.Errorf("a broken connection is none: %v", err)
	}
}

func TestSubresources(t *testing.T) {
	in(t, deployment, kubetest.Options{}, func(w world) {
		time.Sleep(10 * time.Second)
		deployments := w.client.AppsV1().Deployments("shop")
		scale, err := deployments.GetScale(w.Context(), "web", metav1.GetOptions{})
		w.ok(err)
		if scale.Spec.Replicas != 3 || scale.Status.Replicas != 3 || scale.Status.Selector != "app=web" {
			t.Errorf("scale: %+v", scale)
		}
		scale.Spec.Replicas = 1
		_, err = deployments.UpdateScale(w.Context(), "web", scale, metav1.UpdateOptions{})
		w.ok(err)
		_, err = deployments.UpdateScale(w.Context(), "web", scale, metav1.UpdateOptions{})
		if !apierrors.IsConflict(err) {
			t.Errorf("a second update of the same revision: %v", err)
		}
		_, err = deployments.UpdateScale(w.Context(), "web", &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: autoscalingv1.ScaleSpec{Replicas: -1}}, metav1.UpdateOptions{})
		if !apierrors.IsBadRequest(err) {
			t.Errorf("a negative scale: %v", err)
		}
		time.Sleep(10 * time.Second)
		pods := w.pods()
		if len(pods) != 1 {
			t.Fatalf("%d pods", len(pods))
		}
		w.ok(w.client.PolicyV1().Evictions("shop").Evict(w.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pods[0].Name, Namespace: "shop"}}))
		time.Sleep(10 * time.Second)
		if again := w.pods(); len(again) != 1 || again[0].UID == pods[0].UID {
			t.Errorf("after the eviction: %s", w.podNames())
		}
	})
}

func TestLogsSayWhatTheFaultSays(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		w.cluster.Inject("shop", "web", kubetest.Fault{Kind: kubetest.Crash, Log: "panic: no database\n"})
		w.ok(w.cluster.Add(deployment))
		time.Sleep(10 * time.Second)
		text, err := w.client.CoreV1().Pods("shop").GetLogs(w.pods()[0].Name, &corev1.PodLogOptions{}).DoRaw(w.Context())
		w.ok(err)
		if string(text) != "panic: no database\n" {
			t.Errorf("log: %q", text)
		}
	})
}

func TestAddNamesTheDocumentThatFails(t *testing.T) {
	tests := map[string]struct{ manifest, want string }{
		"YAML that does not parse":    {"a: [", "add objects: document 1: "},
		"a kind that is not served":   {"{}\n---\n{apiVersion: v1, kind: Gadget, metadata: {name: a}}", `add objects: document 2: Gadget a: no kind "Gadget" is served in "v1"`},
		"a field that does not exist": {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dater: {}}", `unknown field "dater"`},
		"an object that is wrong":     {"{apiVersion: v1, kind: ConfigMap, metadata: {name: A}}", `add objects: document 1: ConfigMap A: ConfigMap "A" is invalid`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := kubetest.New(kubetest.Options{}).Add(tt.manifest); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestARequestMustEndInTime(t *testing.T) {
	cluster := kubetest.New(kubetest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, kubetest.Host+"/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context canceled", err)
	}
}

func TestNothingRunsInTheBackground(t *testing.T) {
	// Synctest fails a bubble in which a goroutine is left.
	synctest.Test(t, func(t *testing.T) {
		cluster, client := start(t, kubetest.Options{})
		if err := cluster.Add(deployment); err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAListCanBeATable(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		_, err := w.client.CoreV1().ConfigMaps("default").Create(w.Context(), configMap("a", map[string]string{"k": "v"}), metav1.CreateOptions{})
		w.ok(err)
		time.Sleep(3 * time.Hour)
		for include, object := range map[string]string{"": `"kind":"PartialObjectMetadata"`, "Object": `"data":{"k":"v"}`, "None": `"object":null`} {
			text, err := w.client.CoreV1().RESTClient().Get().AbsPath("/api/v1/namespaces/default/configmaps").
				Param("labelSelector", "mine").Param("includeObject", include).
				SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").Do(w.Context()).Raw()
			w.ok(err)
			for _, part := range []string{`"kind":"Table"`, `"cells":["a","3h"]`, object} {
				if !strings.Contains(string(text), part) {
					t.Errorf("includeObject %q: no %s in %s", include, part, text)
				}
			}
		}
	})
}

func TestReviewsOfOneself(t *testing.T) {
	cluster := kubetest.New(kubetest.Options{})
	client, err := kubernetes.NewForConfig(cluster.ConfigFor("ann", "readers"))
	if err != nil {
		t.Fatal(err)
	}
	me, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || me.Status.UserInfo.Username != "ann" || !slices.Contains(me.Status.UserInfo.Groups, "system:authenticated") {
		t.Errorf("%+v, %v", me, err)
	}
	rules, err := client.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(), &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: "default"},
	}, metav1.CreateOptions{})
	if err != nil || len(rules.Status.ResourceRules) == 0 || len(rules.Status.NonResourceRules) == 0 {
		t.Errorf("%+v, %v", rules, err)
	}
	_, err = client.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(), &authorizationv1.SelfSubjectRulesReview{}, metav1.CreateOptions{})
	if !apierrors.IsBadRequest(err) {
		t.Errorf("without a namespace: %v", err)
	}
}

func TestAServiceAccountGetsAToken(t *testing.T) {
	in(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}}", kubetest.Options{}, func(w world) {
		seconds := int64(600)
		accounts := w.client.CoreV1().ServiceAccounts("default")
		r, err := accounts.CreateToken(w.Context(), "robot", &authenticationv1.TokenRequest{
			Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
		}, metav1.CreateOptions{})
		w.ok(err)
		if r.Status.Token == "" || time.Until(r.Status.ExpirationTimestamp.Time) != 10*time.Minute {
			t.Errorf("%+v", r.Status)
		}
		if _, err := accounts.CreateToken(w.Context(), "none", &authenticationv1.TokenRequest{}, metav1.CreateOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("of an account that is not there: %v", err)
		}
	})
}

func TestWhatNeedsAContainerIsNotServed(t *testing.T) {
	_, client := start(t, kubetest.Options{})
	err := client.CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces/default/pods/a/exec").Do(t.Context()).Error()
	if err == nil || !strings.Contains(err.Error(), "no container runs in this cluster") {
		t.Errorf("exec: %v", err)
	}
}

func TestANamespaceIsFinalizedByHand(t *testing.T) {
	_, client := start(t, kubetest.Options{NoControllers: true})
	namespaces := client.CoreV1().Namespaces()
	if _, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := namespaces.Delete(t.Context(), "shop", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ns, err := namespaces.Get(t.Context(), "shop", metav1.GetOptions{})
	if err != nil || ns.Status.Phase != corev1.NamespaceTerminating {
		t.Fatalf("%+v, %v", ns, err)
	}
	ns.Spec.Finalizers = nil
	if _, err := namespaces.Finalize(t.Context(), ns, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := namespaces.Get(t.Context(), "shop", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("finalized: %v", err)
	}
}
