package kre_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/progress"
)

// secret is what nobody may ever be shown.
const secret = "hunter2-is-no-password"

func secretShop(t testing.TB) kre.Release {
	r := shop().release(t, "shop", "market")
	r.Secrets = map[string]any{"auth": map[string]any{"password": secret}}
	return r
}

func TestLifeOfARelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := secretShop(t)

		o, err := apply(t, e, r)
		want := kre.Outcome{Release: "shop", Namespace: "market", Action: kre.Install, After: "deployed", Revision: 1, Changed: true, Took: o.Took}
		if d := cmp.Diff(want, o); err != nil || d != "" {
			t.Fatalf("install: %v, (-want +got):\n%s", err, d)
		}
		if o.Took < 5*time.Second { // the pod's image is pulled, and it starts
			t.Errorf("it did not wait: %v", o.Took)
		}

		c.Forget()
		same := plan(t, e, r)
		o, err = apply(t, e, r)
		if err != nil || o.Changed || !same.Empty() || len(c.Writes()) > 0 {
			t.Errorf("a second run: %v, %v, plan\n%s, writes %v", o, err, same, c.Writes())
		}

		r.Values = map[string]any{"greeting": "goodbye"}
		if o, err = apply(t, e, r); err != nil || o.Action != kre.Upgrade || o.Revision != 2 || o.Before != "deployed" {
			t.Errorf("upgrade: %+v, %v", o, err)
		}
		if got := greeting(t, c); got != "goodbye" {
			t.Errorf("greeting is %q", got)
		}

		gone, err := e.PlanUninstall(t.Context(), []kre.Release{{Name: "shop", Namespace: "market"}})
		if err != nil {
			t.Fatal(err)
		}
		result, err := e.ApplyUninstall(t.Context(), gone)
		if err != nil || result.Releases[0].After != "" {
			t.Fatalf("uninstall: %v, %v", result, err)
		}
		if left := stored(t, c, "market"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		gone, err = e.PlanUninstall(t.Context(), []kre.Release{{Name: "shop", Namespace: "market"}})
		if err != nil || !gone.Empty() {
			t.Errorf("what is gone is to be removed again: %v, %v", gone, err)
		}
	})
}

func clients(t testing.TB, c *kubetest.Cluster) kubernetes.Interface {
	t.Helper()
	k, err := kubernetes.NewForConfig(c.Config())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func greeting(t testing.TB, c *kubetest.Cluster) string {
	t.Helper()
	o, err := clients(t, c).CoreV1().ConfigMaps("market").Get(t.Context(), "shop-config", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o.Data["greeting"]
}

// stored are the records of releases: name and status.
func stored(t testing.TB, c *kubetest.Cluster, namespace string) []string {
	t.Helper()
	list, err := clients(t, c).CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range list.Items {
		out = append(out, s.Name+" "+s.Labels["status"])
	}
	slices.Sort(out)
	return out
}

func TestHistoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{MaxHistory: 3})
		r := small("one").release(t, "one", "default")
		for i := range 6 {
			r.Values = map[string]any{"text": fmt.Sprint("text ", i)}
			if _, err := apply(t, e, r); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"sh.helm.release.v1.one.v4 superseded", "sh.helm.release.v1.one.v5 superseded", "sh.helm.release.v1.one.v6 deployed"}
		if d := cmp.Diff(want, stored(t, c, "default")); d != "" {
			t.Errorf("records (-want +got):\n%s", d)
		}
	})
}

func TestFailedFirstInstallationIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		if err := c.Add("{apiVersion: v1, kind: Namespace, metadata: {name: market}}"); err != nil {
			t.Fatal(err)
		}
		c.Inject("market", "shop", kubetest.Fault{Kind: kubetest.ImageMissing})
		e := engine(t, c, kre.Options{Rollback: true})
		r := secretShop(t)
		r.Timeout = time.Minute
		o, err := apply(t, e, r)
		if !errors.Is(err, context.DeadlineExceeded) || o.After != "failed" || len(o.Unready) != 1 || o.Unready[0].Name != "shop" || o.Took != time.Minute {
			t.Fatalf("the first: %+v, %v", o, err)
		}
		for _, want := range []string{"install release market/shop:", "not done within 1m0s", "Deployment market/shop", "ImagePullBackOff"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error lacks %q: %v", want, err)
			}
		}
		c.Inject("market", "shop", kubetest.Fault{})
		if o, err = apply(t, e, r); err != nil || o.Revision != 2 || o.After != "deployed" || o.Before != "failed" {
			t.Fatalf("the next run: %+v, %v", o, err)
		}
	})
}

func TestRollbackAfterAFailedUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		events := &progress.Recorder{}
		e := engine(t, c, kre.Options{Rollback: true, Progress: events.Record})
		r := secretShop(t)
		r.Timeout = time.Minute
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		bad := shop()
		bad["templates/deployment.yaml"] = strings.Replace(bad["templates/deployment.yaml"], "shop:1", "shop:2", 1)
		r.Chart.Path = bad.dir(t)
		r.Values = map[string]any{"greeting": "goodbye"}
		c.Inject("market", "shop", kubetest.Fault{Kind: kubetest.Crash, Image: "example.org/shop:2", ExitCode: 3})
		o, err := apply(t, e, r)
		if err == nil || o.RolledBack != 1 || o.Revision != 3 || o.After != "deployed" || len(o.Unready) == 0 {
			t.Fatalf("%+v, %v", o, err)
		}
		if !strings.Contains(err.Error(), "CrashLoopBackOff") {
			t.Errorf("the reasons from before the rollback are lost: %v", err)
		}
		if got := greeting(t, c); got != "hello" {
			t.Errorf("greeting is %q", got)
		}
		want := []progress.State{progress.Waiting, progress.Running, progress.Done, progress.Waiting, progress.Running, progress.RollingBack, progress.RollingBack, progress.RolledBack}
		if d := cmp.Diff(want, states(events, "shop")); d != "" {
			t.Errorf("states (-want +got):\n%s", d)
		}
		// What was rolled back is tried again, and no revision is made of what is there.
		if p := plan(t, e, r); p.Changes[0].Action != kre.Upgrade {
			t.Errorf("the failed upgrade is not planned again:\n%s", p)
		}
		r.Chart.Path, r.Values = shop().dir(t), nil
		if p := plan(t, e, r); !p.Empty() {
			t.Errorf("what was returned to is not known again:\n%s", p)
		}
	})
}

func states(events *progress.Recorder, subject string) []progress.State {
	var out []progress.State
	for _, e := range events.Events() {
		if e.Op == kre.Op && e.Subject == subject {
			out = append(out, e.State)
		}
	}
	return out
}

func TestRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := secretShop(t)
		if _, err := e.Rollback(t.Context(), r, 0); !errors.Is(err, kre.ErrNotInstalled) {
			t.Errorf("of what is not there: %v", err)
		}
		for _, text := range []string{"one", "two", "three"} {
			r.Values = map[string]any{"greeting": text}
			if _, err := apply(t, e, r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Rollback(t.Context(), r, 9); !errors.Is(err, kre.ErrNoRevision) || !strings.Contains(err.Error(), "no such revision: 9; there is 1 to 3") {
			t.Errorf("to a revision that is not there: %v", err)
		}
		o, err := e.Rollback(t.Context(), r, 1)
		if err != nil || o.Revision != 4 || o.RolledBack != 1 || greeting(t, c) != "one" {
			t.Errorf("to the first: %+v, %v, greeting %q", o, err, greeting(t, c))
		}
		o, err = e.Rollback(t.Context(), r, 0)
		if err != nil || o.Revision != 5 || o.RolledBack != 3 || greeting(t, c) != "three" {
			t.Errorf("to the one before: %+v, %v, greeting %q", o, err, greeting(t, c))
		}
	})
}

func TestCancellingStopsAtOnceAndLeavesATrueStatus(t *testing.T) {
	hook := files{"templates/hook.yaml": `apiVersion: batch/v1
kind: Job
metadata: {name: prepare, annotations: {"helm.sh/hook": pre-install}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: example.org/a:1}]}}}
`}
	podHook := files{"templates/hook.yaml": `apiVersion: v1
kind: Pod
metadata: {name: prepare, annotations: {"helm.sh/hook": post-install}}
spec: {restartPolicy: Never, containers: [{name: a, image: example.org/a:1}]}
`}
	tests := map[string]struct {
		chart files
		never string // the workload that is never done
	}{
		"while a Deployment is waited for":  {shop(), "shop"},
		"while the Job of a hook runs":      {shop().with(hook), "prepare"},
		"while the Pod of a hook is waited": {small("shop").with(podHook), "prepare"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubetest.New(kubetest.Options{})
				c.Inject("market", tt.never, kubetest.Fault{Kind: kubetest.Unschedulable})
				e := engine(t, c, kre.Options{Rollback: true})
				p := plan(t, e, tt.chart.release(t, "shop", "market"))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(20*time.Second, cancel)
				started := time.Now()
				result, err := e.Apply(ctx, p)
				if !errors.Is(err, context.Canceled) || result.Releases[0].After != "failed" {
					t.Errorf("%v, %v", result, err)
				}
				if took := time.Since(started); took != 20*time.Second {
					t.Errorf("it returned after %v", took)
				}
				if d := cmp.Diff([]string{"sh.helm.release.v1.shop.v1 failed"}, stored(t, c, "market")); d != "" {
					t.Errorf("records (-want +got):\n%s", d)
				}
				c.Inject("market", tt.never, kubetest.Fault{}) // now all would go well
				c.Forget()
				time.Sleep(time.Hour)
				if requests := c.Requests(); len(requests) > 0 {
					t.Errorf("something went on: %v", requests)
				}
			})
		})
	}
}

func TestAFailedReleaseStopsOnlyThoseThatNeedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		c.Fail(kubetest.Match{Verb: "create", Resource: "configmaps", Namespace: "of-b"}, kubetest.InternalError())
		events := &progress.Recorder{}
		e := engine(t, c, kre.Options{Progress: events.Record})
		var releases []kre.Release
		for name, needs := range map[string][]string{"a": nil, "b": {"a"}, "c": {"b"}, "d": {"a"}, "e": nil} {
			r := small(name).release(t, name, "of-"+name)
			r.Needs = needs
			releases = append(releases, r)
		}
		result, err := e.Apply(t.Context(), plan(t, e, releases...))
		got := map[string]string{}
		for _, o := range result.Releases {
			got[o.Release] = o.After
			if o.Skipped {
				got[o.Release] = "skipped"
			}
		}
		if d := cmp.Diff(map[string]string{"a": "deployed", "b": "failed", "c": "skipped", "d": "deployed", "e": "deployed"}, got); d != "" {
			t.Errorf("releases (-want +got):\n%s", d)
		}
		if !errors.Is(err, kre.ErrSkipped) || !strings.Contains(err.Error(), "install release of-c/c: not begun: it needs b") {
			t.Errorf("error: %v", err)
		}
		if d := cmp.Diff([]progress.State{progress.Waiting, progress.Skipped}, states(events, "c")); d != "" {
			t.Errorf("states of c (-want +got):\n%s", d)
		}
	})
}

func TestIndependentReleasesTakeAsLongAsTheSlowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		var releases []kre.Release
		for _, name := range []string{"a", "b", "c", "d"} {
			releases = append(releases, shop().release(t, name, "default"))
		}
		started := time.Now()
		result, err := e.Apply(t.Context(), plan(t, e, releases...))
		if err != nil {
			t.Fatal(err)
		}
		slowest := time.Duration(0)
		for _, o := range result.Releases {
			slowest = max(slowest, o.Took)
		}
		if took := time.Since(started); took > slowest*13/10 {
			t.Errorf("four took %v, the slowest %v", took, slowest)
		}
	})
}

func TestNoMoreThanParallelAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		var mu sync.Mutex
		running, most := 0, 0
		e := engine(t, c, kre.Options{Parallel: 2, Progress: func(e progress.Event) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case e.Op != kre.Op:
			case e.State == progress.Running:
				running++
				most = max(most, running)
			case e.State == progress.Done:
				running--
			}
		}})
		var releases []kre.Release
		for i := range 6 {
			releases = append(releases, shop().release(t, fmt.Sprint("r", i), "default"))
		}
		if _, err := e.Apply(t.Context(), plan(t, e, releases...)); err != nil {
			t.Fatal(err)
		}
		if most != 2 {
			t.Errorf("%d at once, want 2", most)
		}
	})
}
