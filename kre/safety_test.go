package kre_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
)

// killed is a cluster whose first client dies at its n-th write: that one is the
// last to take effect, if after is set, and nothing is answered from then on.
func killed(n int, after bool) (*kubetest.Cluster, func()) {
	var mu sync.Mutex
	writes, alive := 0, true
	dead := func(r kubetest.Request, effect bool) error {
		mu.Lock()
		defer mu.Unlock()
		if !alive || r.User != "victim" {
			return nil
		}
		if r.Write() && effect == after {
			writes++
		}
		if writes > n || writes == n && effect == after && r.Write() {
			writes = n + 1 // and so is everything that follows
			return kubetest.Reset()
		}
		return nil
	}
	c := kubetest.New(kubetest.Options{
		Before: func(r kubetest.Request) error { return dead(r, false) },
		After:  func(r kubetest.Request) error { return dead(r, true) },
	})
	return c, func() {
		mu.Lock()
		defer mu.Unlock()
		alive = false
	}
}

func victim(t *testing.T, c *kubetest.Cluster, opts kre.Options) *kre.Engine {
	t.Helper()
	e, err := kre.New(c.ConfigFor("victim", "system:masters"), opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestKilledAnywhere stops a run at each of its writes, before and after the write
// takes effect, as a runner does that loses its machine. The next run of the same job
// finishes, whatever was left behind; and so it is with a removal.
func TestKilledAnywhere(t *testing.T) {
	hook := files{"templates/hook.yaml": `apiVersion: batch/v1
kind: Job
metadata: {name: prepare, annotations: {"helm.sh/hook": "pre-install,pre-upgrade"}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: example.org/a:1}]}}}
`}
	chart := shop().with(hook).with(widgetKind)
	lives := map[string]func(t *testing.T, e *kre.Engine, r kre.Release) error{
		"installing": func(t *testing.T, e *kre.Engine, r kre.Release) error {
			_, err := apply(t, e, r)
			return err
		},
		"upgrading": func(t *testing.T, e *kre.Engine, r kre.Release) error {
			r.Values = map[string]any{"greeting": "goodbye"}
			_, err := apply(t, e, r)
			return err
		},
		"removing": func(t *testing.T, e *kre.Engine, r kre.Release) error {
			p, err := e.PlanUninstall(t.Context(), []kre.Release{r})
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.ApplyUninstall(t.Context(), p)
			return err
		},
	}
	for name, act := range lives {
		t.Run(name, func(t *testing.T) {
			// kill reports whether the run has ended before its nth write.
			kill := func(n int, after bool) (ended bool) {
				synctest.Test(t, func(t *testing.T) {
					c, reborn := killed(n, after)
					r := chart.release(t, "shop", "market")
					r.Timeout = time.Minute
					if name != "installing" {
						if _, err := apply(t, engine(t, c, kre.Options{}), r); err != nil {
							t.Fatal(err)
						}
					}
					if err := act(t, victim(t, c, kre.Options{Run: "17"}), r); err == nil {
						ended = true
						return
					}
					reborn()
					recovers(t, c, r, name, n, after)
				})
				return ended
			}
			n := 1
			for !kill(n, false) {
				n++
			}
			// What is left behind after a write is what is there before the next one.
			kill(n-1, true)
			t.Logf("killed at %d writes", n-1)
			if n < 6 {
				t.Errorf("there were only %d writes to be killed at", n-1)
			}
		})
	}
}

// recovers checks that the next run ends as if nothing had happened.
func recovers(t *testing.T, c *kubetest.Cluster, r kre.Release, life string, n int, after bool) {
	t.Helper()
	next := victim(t, c, kre.Options{Run: "17"})
	if life != "installing" {
		r.Values = map[string]any{"greeting": "goodbye"}
	}
	o, err := apply(t, next, r)
	if err != nil || o.After != "deployed" && o.Action != kre.Keep {
		t.Fatalf("killed at write %d (after %v), the next run: %+v, %v, records %v", n, after, o, err, stored(t, c, "market"))
	}
	if p := plan(t, next, r); !p.Empty() {
		t.Errorf("killed at write %d (after %v), the run after the next has changes:\n%s", n, after, p)
	}
	want := "hello"
	if life != "installing" {
		want = "goodbye"
	}
	if got := greeting(t, c); got != want {
		t.Errorf("killed at write %d (after %v), greeting is %q", n, after, got)
	}
}

// widgetKind is a definition in a crds folder.
var widgetKind = files{"crds/widget.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`}

func TestARunThatWorksIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		first, second := engine(t, c, kre.Options{Run: "1"}), engine(t, c, kre.Options{Run: "2"})
		r := shop().release(t, "shop", "market")
		p := plan(t, first, r)
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := first.Apply(t.Context(), p); err != nil {
				t.Errorf("the first: %v", err)
			}
		})
		time.Sleep(time.Second) // it waits for its Deployment
		late := plan(t, second, r)
		if text := late.String(); !strings.Contains(text, "revision 1 is pending-install: Apply waits for who works on it") {
			t.Errorf("the plan does not say that somebody works on it:\n%s", text)
		}
		result, err := second.Apply(t.Context(), late)
		if o := result.Releases[0]; err != nil || o.Changed || o.Revision != 1 || o.After != "deployed" {
			t.Errorf("the second, which wants the same: %+v, %v", o, err)
		}
		all.Wait()
	})
}

func TestARunThatWorksForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		if err := c.Add("{apiVersion: v1, kind: Namespace, metadata: {name: market}}"); err != nil {
			t.Fatal(err)
		}
		c.Inject("market", "shop", kubetest.Fault{Kind: kubetest.NeverReady})
		r := shop().release(t, "shop", "market")
		r.Timeout = 30 * time.Minute
		ctx, kill := context.WithCancel(t.Context())
		var all sync.WaitGroup
		first := engine(t, c, kre.Options{Run: "pipeline/1 of main"})
		p := plan(t, first, r)
		all.Go(func() { _, _ = first.Apply(ctx, p) })
		time.Sleep(time.Second)
		started := time.Now()
		_, err := apply(t, engine(t, c, kre.Options{Run: "2", LockWait: time.Minute}), r)
		locked, is := errors.AsType[*kre.LockedError](err)
		if !is || !errors.Is(err, kre.ErrLocked) || locked.Run != "pipeline-1-of-main" || locked.Status != "pending-install" {
			t.Fatalf("error: %v", err)
		}
		if took := time.Since(started); took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("it waited %v, and was to wait a minute", took)
		}
		if left := locked.Until.Sub(locked.Since); left < 30*time.Minute || left > 32*time.Minute {
			t.Errorf("the lock holds for %v, the release may take 30 minutes", left)
		}
		kill()
		all.Wait()
	})
}

func TestAnAbandonedOperationIsTakenUpWhenItsTimeIsOver(t *testing.T) {
	for n, name := range map[int]string{2: "an installation", 5: "another moment of it"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, reborn := killed(n, true)
				r := shop().release(t, "shop", "market")
				r.Timeout = 10 * time.Minute
				if _, err := apply(t, victim(t, c, kre.Options{Run: "1"}), r); err == nil {
					t.Fatal("it was not killed")
				}
				reborn()
				started := time.Now()
				o, err := apply(t, engine(t, c, kre.Options{Run: "2", LockWait: time.Hour}), r)
				if err != nil || o.After != "deployed" {
					t.Fatalf("%+v, %v", o, err)
				}
				if took := time.Since(started); took < 10*time.Minute || took > 12*time.Minute {
					t.Errorf("it was taken up after %v, and may have been alive for 10 minutes", took)
				}
			})
		})
	}
}

func TestTwoRunsAtTheSameMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		r := shop().release(t, "shop", "market")
		other := r
		other.Values = map[string]any{"greeting": "goodbye"}
		engines := []*kre.Engine{engine(t, c, kre.Options{Run: "1"}), engine(t, c, kre.Options{Run: "2"}), engine(t, c, kre.Options{Run: "3"})}
		plans := []kre.Plan{plan(t, engines[0], r), plan(t, engines[1], r), plan(t, engines[2], other)}
		errs := make([]error, len(engines))
		results := make([]kre.Result, len(engines))
		var all sync.WaitGroup
		for i, e := range engines {
			all.Go(func() { results[i], errs[i] = e.Apply(t.Context(), plans[i]) })
		}
		all.Wait()
		stale := 0
		for i, err := range errs {
			switch {
			case errors.Is(err, kre.ErrStale):
				stale++
			case err != nil || results[i].Releases[0].After != "deployed":
				t.Errorf("run %d: %v, %v", i+1, results[i], err)
			}
		}
		if d := cmp.Diff([]string{"sh.helm.release.v1.shop.v1 deployed"}, stored(t, c, "market")); d != "" || stale == 0 || stale == 3 {
			t.Errorf("%d were stale, records (-want +got):\n%s", stale, d)
		}
	})
}

func TestAPlanThatIsNoLongerTrueWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := shop().release(t, "shop", "market")
		first := plan(t, e, r)
		mine := r
		mine.Values = map[string]any{"greeting": "mine"}
		if _, err := apply(t, e, mine); err != nil {
			t.Fatal(err)
		}
		c.Forget()
		_, err := e.Apply(t.Context(), first)
		if !errors.Is(err, kre.ErrStale) || !strings.Contains(err.Error(), "planned for revision 0 (not installed), and there is revision 1 (deployed)") {
			t.Errorf("error: %v", err)
		}
		gone, err := e.PlanUninstall(t.Context(), []kre.Release{r})
		if err != nil {
			t.Fatal(err)
		}
		if writes := c.Writes(); len(writes) > 0 {
			t.Errorf("writes: %v", writes)
		}
		mine.Values = map[string]any{"greeting": "mine again"}
		if _, err := apply(t, e, mine); err != nil {
			t.Fatal(err)
		}
		if _, err := e.ApplyUninstall(t.Context(), gone); !errors.Is(err, kre.ErrStale) {
			t.Errorf("uninstall: %v", err)
		}
		if _, err := e.Apply(t.Context(), gone); !errors.Is(err, kre.ErrInvalid) {
			t.Errorf("a removal is applied: %v", err)
		}
		if _, err := e.ApplyUninstall(t.Context(), plan(t, e, r)); !errors.Is(err, kre.ErrInvalid) {
			t.Errorf("an upgrade is removed: %v", err)
		}
	})
}

func TestWhatBelongsToSomebodyElseIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		if err := c.Add("{apiVersion: v1, kind: ConfigMap, metadata: {name: shop-config, namespace: market}, data: {greeting: theirs}}"); err != nil {
			t.Fatal(err)
		}
		o, err := apply(t, engine(t, c, kre.Options{}), shop().release(t, "shop", "market"))
		if err == nil || o.After != "" || !strings.Contains(err.Error(), `ConfigMap "shop-config" in namespace "market" exists and cannot be imported`) {
			t.Errorf("%+v, %v", o, err)
		}
		if got := greeting(t, c); got != "theirs" {
			t.Errorf("greeting is %q", got)
		}
	})
}

func TestDefinitionsStayUnlessAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		inFolder := small("folder").with(widgetKind).release(t, "folder", "default")
		inTemplates := small("templates").with(files{"templates/crd.yaml": strings.ReplaceAll(widgetKind["crds/widget.yaml"], "idget", "adget")})
		asTemplate := inTemplates.release(t, "template", "default")
		e := engine(t, c, kre.Options{})
		if _, err := e.Apply(t.Context(), plan(t, e, inFolder, asTemplate)); err != nil {
			t.Fatal(err)
		}
		_, err := e.PlanUninstall(t.Context(), []kre.Release{inFolder, asTemplate})
		if !errors.Is(err, kre.ErrDeletesCRDs) || !strings.Contains(err.Error(), "wadgets.example.test") {
			t.Errorf("a release with a definition is to be removed: %v", err)
		}
		p, err := e.PlanUninstall(t.Context(), []kre.Release{inFolder})
		if err != nil || !strings.Contains(p.String(), "custom resource definitions stay in the cluster: widgets.example.test") {
			t.Errorf("plan: %v, %v", p, err)
		}
		willing := engine(t, c, kre.Options{DeleteCRDs: true})
		p, err = willing.PlanUninstall(t.Context(), []kre.Release{inFolder, asTemplate})
		if err != nil || !strings.Contains(p.String(), "custom resource definitions are deleted, and all objects of their kinds with them: widgets.example.test") {
			t.Fatalf("plan: %v, %v", p, err)
		}
		if _, err := willing.ApplyUninstall(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		c.Forget()
		if o, err := apply(t, e, inFolder); err != nil || o.After != "deployed" { // makes it again
			t.Fatalf("%+v, %v", o, err)
		}
	})
}

func TestNamespaceThatIsBeingDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := small("one").with(files{"templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, finalizers: [example.test/hold]}\ndata: {text: {{ .Values.text }}}\n"}).release(t, "one", "ending")
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		r.Values = map[string]any{"text": "two"}
		p := plan(t, e, r)
		if err := clients(t, c).CoreV1().Namespaces().Delete(t.Context(), "ending", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Apply(t.Context(), p); !errors.Is(err, kre.ErrTerminating) {
			t.Errorf("applying: %v", err)
		}
		if _, err := e.Plan(t.Context(), []kre.Release{r}); !errors.Is(err, kre.ErrTerminating) {
			t.Errorf("planning: %v", err)
		}
	})
}
