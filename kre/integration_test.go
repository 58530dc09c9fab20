//go:build integration

package kre_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/internal/kubelet"
)

func TestRealLifeOfARelease(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "life")
	e := c.engine(t, kre.Options{})
	r := shop().release(t, "shop", ns)
	r.Secrets = map[string]any{"auth": map[string]any{"password": "hunter2"}}
	kubelet.Start(t, c.config, ns, kubelet.Script{})

	first, err := apply(t, e, r)
	if err != nil || first.After != "deployed" || first.Revision != 1 || first.Action != kre.Install {
		t.Fatalf("install: %+v, %v", first, err)
	}
	before := c.settled(t, ns)
	same := plan(t, e, r)
	if !same.Empty() {
		t.Errorf("a second plan has changes:\n%s", same)
	}
	if o, err := apply(t, e, r); err != nil || o.Changed {
		t.Errorf("a second run changed something: %+v, %v", o, err)
	}
	if after := c.versions(t, ns); !maps.Equal(before, after) {
		t.Errorf("a second run wrote: %v, then %v", before, after)
	}

	r.Values = map[string]any{"greeting": "goodbye", "replicas": 2}
	p := plan(t, e, r)
	for _, want := range []string{"~ ConfigMap " + ns + "/shop-config", "+  greeting: goodbye", "+  replicas: 2"} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("the plan lacks %q:\n%s", want, p)
		}
	}
	second, err := apply(t, e, r)
	if err != nil || second.Revision != 2 || second.After != "deployed" {
		t.Fatalf("upgrade: %+v, %v", second, err)
	}
	c.holds(t, ns, "shop-config", "greeting", "goodbye")

	back, err := e.Rollback(t.Context(), r, 0)
	if err != nil || back.Revision != 3 || back.RolledBack != 1 || back.After != "deployed" {
		t.Fatalf("roll back: %+v, %v", back, err)
	}
	c.holds(t, ns, "shop-config", "greeting", "hello")

	gone, err := e.PlanUninstall(t.Context(), []kre.Release{r})
	if err != nil || len(gone.Changes[0].Objects) != 4 {
		t.Fatalf("plan to uninstall: %v, %v", gone, err)
	}
	if _, err := e.ApplyUninstall(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	left := c.versions(t, ns)
	delete(left, "ConfigMap kube-root-ca.crt")
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRealFailedFirstInstallationIsTakenUp(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "failed")
	e := c.engine(t, kre.Options{})
	r := shop().release(t, "shop", ns)
	r.Timeout = 15 * time.Second
	script, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- kubelet.Run(script, c.config, ns, kubelet.Script{Rules: []kubelet.Rule{{Outcome: kubelet.Waits("ImagePullBackOff", "Back-off pulling image")}}})
	}()
	o, err := apply(t, e, r)
	cancel()
	if failed := <-ended; failed != nil {
		t.Fatal(failed)
	}
	if err == nil || o.After != "failed" || !errors.Is(err, context.DeadlineExceeded) || len(o.Unready) == 0 || !strings.Contains(err.Error(), "ImagePullBackOff") {
		t.Fatalf("the first installation: %+v, %v", o, err)
	}
	kubelet.Start(t, c.config, ns, kubelet.Script{})
	r.Timeout = time.Minute
	if o, err = apply(t, e, r); err != nil || o.Before != "failed" || o.After != "deployed" || o.Revision != 2 {
		t.Fatalf("the next run: %+v, %v", o, err)
	}
}

// TestRealHelper is the process that is killed. It is no test of its own.
func TestRealHelper(t *testing.T) {
	ns := os.Getenv("KRE_TEST_KILLED_NAMESPACE")
	if ns == "" {
		return
	}
	e := cluster(t).engine(t, kre.Options{Run: "job-1"})
	r := shop().release(t, "shop", ns)
	_, err := apply(t, e, r)
	t.Fatalf("it was not killed: %v", err)
}

func TestRealKilledInTheMiddle(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "killed")
	job := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRealHelper$", "-test.timeout=100s")
	job.Env = append(os.Environ(), "KRE_TEST_KILLED_NAMESPACE="+ns)
	if err := job.Start(); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ { // until it waits for the Deployment
		_, err := c.objects.Resource(deployments).Namespace(ns).Get(t.Context(), "shop", metav1.GetOptions{})
		if err == nil {
			break
		}
		if n == 300 {
			t.Fatalf("the Deployment does not come: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := job.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = job.Wait() // it was killed

	r := shop().release(t, "shop", ns)
	stranger := c.engine(t, kre.Options{Run: "job-2", LockWait: -1})
	_, err := apply(t, stranger, r)
	if locked, is := errors.AsType[*kre.LockedError](err); !is || locked.Run != "job-1" || locked.Status != "pending-install" {
		t.Fatalf("a stranger did not meet the lock: %v", err)
	}
	kubelet.Start(t, c.config, ns, kubelet.Script{})
	again := c.engine(t, kre.Options{Run: "job-1"})
	o, err := apply(t, again, r)
	if err != nil || o.Before != "pending-install" || o.After != "deployed" || o.Revision != 2 {
		t.Fatalf("the repeated job: %+v, %v", o, err)
	}
}

func TestRealParallelReleases(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "many")
	e := c.engine(t, kre.Options{Parallel: 8})
	kubelet.Start(t, c.config, ns, kubelet.Script{})
	var releases []kre.Release
	for i := range 8 {
		releases = append(releases, shop().release(t, fmt.Sprintf("shop-%d", i), ns))
	}
	result, err := e.Apply(t.Context(), plan(t, e, releases...))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range result.Releases {
		if o.After != "deployed" {
			t.Errorf("%s", o)
		}
	}
}

// TestRealIndependentReleasesTakeAsLongAsTheSlowest has four charts, the slowest of which
// has a pod that takes 8 seconds.
func TestRealIndependentReleasesTakeAsLongAsTheSlowest(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "even")
	e := c.engine(t, kre.Options{})
	slow := small("slow").with(files{"templates/pod.yaml": `apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}}
spec: {containers: [{name: a, image: example.org/a:1}]}
`})
	pods := c.objects.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(ns)
	// took applies releases, among which is one whose pod runs 8 seconds after it was made.
	took := func(name string, releases ...kre.Release) time.Duration {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			for ctx.Err() == nil {
				if _, err := pods.Get(ctx, name, metav1.GetOptions{}); err == nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			time.Sleep(8 * time.Second)
			ended <- kubelet.Run(ctx, c.config, ns, kubelet.Script{})
		}()
		started := time.Now()
		_, err := e.Apply(t.Context(), plan(t, e, releases...))
		wall := time.Since(started)
		cancel()
		if err := errors.Join(err, <-ended); err != nil {
			t.Fatal(err)
		}
		return wall
	}
	alone := took("alone", slow.release(t, "alone", ns))
	releases := []kre.Release{slow.release(t, "together", ns)}
	for _, name := range []string{"a", "b", "c"} {
		releases = append(releases, small(name).release(t, name, ns))
	}
	together := took("together", releases...)
	t.Logf("the slowest alone took %v, four took %v, or %.2f of it", alone, together, float64(together)/float64(alone))
	if together > alone*13/10 {
		t.Errorf("four independent releases took %v, the slowest alone %v", together, alone)
	}
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	if p := plan(t, e, releases...); !p.Empty() {
		t.Errorf("a second plan has changes:\n%s", p)
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	if cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()); cpu > 3*time.Second {
		t.Errorf("a run without changes took %v of CPU", cpu)
	} else {
		t.Logf("a run without changes took %v of CPU", cpu)
	}
}

// widgets is a chart that defines a kind in its crds folder.
func widgets(group, version string, more string) files {
	return files{
		"Chart.yaml":  "apiVersion: v2\nname: widgets\nversion: " + version + "\n",
		"values.yaml": "{}\n",
		"crds/widget.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.` + group + `}
spec:
  group: ` + group + `
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {size: {type: integer}` + more + `}}}
`,
		"templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: widgets}\n",
	}
}

func widget(group, fields string) files {
	return files{
		"Chart.yaml":            "apiVersion: v2\nname: widget\nversion: 1.0.0\n",
		"templates/widget.yaml": "apiVersion: " + group + "/v1\nkind: Widget\nmetadata: {name: one}\n" + fields,
	}
}

func TestRealDefinitionsComeFirstAndAreUpgraded(t *testing.T) {
	c := cluster(t)
	ns, group := c.namespace(t, "crds"), c.suffix+".example.test"
	t.Cleanup(func() {
		_ = c.objects.Resource(crds).Delete(context.Background(), "widgets."+group, metav1.DeleteOptions{})
	})
	e := c.engine(t, kre.Options{})
	kinds := widgets(group, "1.0.0", "").release(t, "kinds", ns)
	user := widget(group, "size: 3\n").release(t, "user", ns)
	user.Needs = []string{"kinds"}
	p := plan(t, e, user, kinds)
	if !strings.Contains(p.String(), "new kind, known after kinds") {
		t.Errorf("the plan does not say where the kind comes from:\n%s", p)
	}
	if _, err := e.Apply(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	kinds.Chart.Path = widgets(group, "1.1.0", ", colour: {type: string}").dir(t)
	user.Chart.Path = widget(group, "size: 3\ncolour: red\n").dir(t)
	if _, err := e.Apply(t.Context(), plan(t, e, user, kinds)); err != nil {
		t.Fatal(err)
	}
	o, err := c.objects.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: "widgets"}).Namespace(ns).Get(t.Context(), "one", metav1.GetOptions{})
	if err != nil || o.Object["colour"] != "red" {
		t.Fatalf("the upgraded definition is not there: %v, %v", o, err)
	}
	gone, err := e.PlanUninstall(t.Context(), []kre.Release{user, kinds})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ApplyUninstall(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if _, err := c.objects.Resource(crds).Get(t.Context(), "widgets."+group, metav1.GetOptions{}); err != nil {
		t.Errorf("the definition did not stay: %v", err)
	}
}

func TestRealNamespaceBeingDeleted(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "ending")
	e := c.engine(t, kre.Options{})
	r := small("one").with(files{"templates/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: one, finalizers: [example.test/hold]}
`}).release(t, "one", ns)
	if _, err := apply(t, e, r); err != nil {
		t.Fatal(err)
	}
	held := c.objects.Resource(configMaps).Namespace(ns)
	t.Cleanup(func() {
		o, err := held.Get(context.Background(), "one", metav1.GetOptions{})
		if err == nil {
			o.SetFinalizers(nil)
			_, err = held.Update(context.Background(), o, metav1.UpdateOptions{})
		}
		if err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	r.Values = map[string]any{"text": "two"}
	p := plan(t, e, r)
	if err := c.objects.Resource(namespaces).Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Apply(t.Context(), p); !errors.Is(err, kre.ErrTerminating) {
		t.Errorf("applying into it: %v", err)
	}
	if _, err := e.Plan(t.Context(), []kre.Release{r}); !errors.Is(err, kre.ErrTerminating) {
		t.Errorf("planning into it: %v", err)
	}
}

func TestRealForbiddenUser(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "forbidden")
	config := rest.CopyConfig(c.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "visitor-" + c.suffix}
	e, err := kre.New(config, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Plan(t.Context(), []kre.Release{small("one").release(t, "one", ns)})
	forbidden, is := errors.AsType[*kre.ForbiddenError](err)
	if !is || forbidden.Verb != "list" || forbidden.Resource != "secrets" || forbidden.Namespace != ns {
		t.Fatalf("planning: %v", err)
	}
	t.Log(err)
}

func TestRealCancelledRunLeavesATrueStatusAndNothingGoesOn(t *testing.T) {
	c := cluster(t)
	ns := c.namespace(t, "cancelled")
	e := c.engine(t, kre.Options{})
	r := shop().release(t, "shop", ns)
	p := plan(t, e, r)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if _, err := c.objects.Resource(deployments).Namespace(ns).Get(t.Context(), "shop", metav1.GetOptions{}); err == nil || t.Context().Err() != nil {
				cancel()
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	result, err := e.Apply(ctx, p)
	if !errors.Is(err, context.Canceled) || result.Releases[0].After != "failed" {
		t.Fatalf("cancelled: %v, %v", result, err)
	}
	kubelet.Start(t, c.config, ns, kubelet.Script{}) // now it would become ready
	before := c.settled(t, ns)
	time.Sleep(3 * time.Second)
	record := "Secret sh.helm.release.v1.shop.v1"
	if after := c.versions(t, ns); before[record] == "" || before[record] != after[record] {
		t.Errorf("somebody wrote after Apply had returned: %v, then %v", before, after)
	}
	if names := slices.Collect(maps.Keys(before)); len(names) == 0 {
		t.Error("nothing was made")
	}
}
