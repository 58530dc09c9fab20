package kre_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

func objects(t testing.TB, c *kubetest.Cluster) dynamic.Interface {
	t.Helper()
	client, err := dynamic.NewForConfig(c.Config())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// without returns f without the file of that name.
func (f files) without(name string) files {
	out := maps.Clone(f)
	delete(out, name)
	return out
}

// TestDefinitionsSurviveUpgrades has a chart that stops to define a kind. Helm would
// delete the definition, and all objects of the kind with it.
func TestDefinitionsSurviveUpgrades(t *testing.T) {
	definition := widgetKind["crds/widget.yaml"]
	before := small("kinds").with(files{"templates/crd.yaml": definition})
	tests := map[string]struct {
		opts  kre.Options
		after files
		note  string
		stays bool
	}{
		"by default":                           {kre.Options{}, small("kinds"), "stays in the cluster", true},
		"moved to the crds folder":             {kre.Options{}, small("kinds").with(widgetKind), "stays in the cluster", true},
		"moved to the crds folder, and asked":  {kre.Options{DeleteCRDs: true}, small("kinds").with(widgetKind), "stays in the cluster", true},
		"but are deleted where that was asked": {kre.Options{DeleteCRDs: true}, small("kinds"), "all objects of its kind go with it", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubetest.New(kubetest.Options{})
				e := engine(t, c, tt.opts)
				r := before.release(t, "kinds", "default")
				if _, err := apply(t, e, r); err != nil {
					t.Fatal(err)
				}
				r.Chart.Path = tt.after.dir(t)
				p := plan(t, e, r)
				if want := "- CustomResourceDefinition widgets.example.test: " + tt.note; !strings.Contains(p.String(), want) {
					t.Errorf("want %q in the plan:\n%s", want, p)
				}
				if _, err := e.Apply(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute) // a definition goes after the last object of its kind
				_, err := objects(t, c).Resource(definitions).Get(t.Context(), "widgets.example.test", metav1.GetOptions{})
				if stays := err == nil; stays != tt.stays {
					t.Errorf("the definition stays: %v, want %v (%v)", stays, tt.stays, err)
				}
			})
		})
	}
}

func TestDefinitionsSurviveARollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := small("kinds").release(t, "kinds", "default")
		for _, chart := range []files{small("kinds"), small("kinds").with(files{"templates/crd.yaml": widgetKind["crds/widget.yaml"]})} {
			r.Chart.Path = chart.dir(t)
			if _, err := apply(t, e, r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Rollback(t.Context(), r, 1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // a definition goes after the last object of its kind
		if _, err := objects(t, c).Resource(definitions).Get(t.Context(), "widgets.example.test", metav1.GetOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// TestTheRemovalOfAnotherIsFinishedWithoutDefinitions has a removal that the helm
// command had begun.
func TestTheRemovalOfAnotherIsFinishedWithoutDefinitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := small("kinds").with(files{"templates/crd.yaml": widgetKind["crds/widget.yaml"]}).release(t, "shop", "market")
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		had, err := objects(t, c).Resource(definitions).Get(t.Context(), "widgets.example.test", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		left(t, c, "uninstalling")
		time.Sleep(time.Hour)
		if o, err := apply(t, e, r); err != nil || o.After != "deployed" {
			t.Fatalf("%+v, %v", o, err)
		}
		has, err := objects(t, c).Resource(definitions).Get(t.Context(), "widgets.example.test", metav1.GetOptions{})
		if err != nil || has.GetUID() != had.GetUID() {
			t.Errorf("the definition was deleted: %v", err)
		}
	})
}

// TestADeletionThatFailsIsSaid has an upgrade that may not delete what its chart has no
// more: helm says nothing of that.
func TestADeletionThatFailsIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		chart := small("one").with(files{"templates/old.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: old}\n"})
		r := chart.release(t, "one", "market")
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		r.Chart.Path = chart.without("templates/old.yaml").dir(t)
		c.Fail(kubetest.Match{Verb: "delete", Resource: "serviceaccounts", Times: 1}, kubetest.InternalError())
		o, err := apply(t, e, r)
		if err == nil || o.After != "failed" || !strings.Contains(err.Error(), "which the chart has no more") {
			t.Fatalf("%+v, %v", o, err)
		}
		if o, err = apply(t, e, r); err != nil || o.After != "deployed" {
			t.Fatalf("the next run: %+v, %v", o, err)
		}
		_, err = objects(t, c).Resource(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}).Namespace("market").Get(t.Context(), "old", metav1.GetOptions{})
		if err == nil {
			t.Error("it is still there")
		}
	})
}

// TestATroubleOfPodsIsNotOneOfTheCluster has pods whose events read like errors of the
// API server.
func TestATroubleOfPodsIsNotOneOfTheCluster(t *testing.T) {
	for _, message := range []string{
		"Readiness probe failed: dial tcp 10.0.0.5:8080: connect: connection refused",
		`leases is forbidden: User "system:serviceaccount:market:shop" cannot get resource "leases" in API group "" in the namespace "market"`,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := kubetest.New(kubetest.Options{})
			c.Inject("market", "shop", kubetest.Fault{Kind: kubetest.NeverReady, Message: message})
			r := shop().release(t, "shop", "market")
			r.Timeout = time.Hour // the Deployment gives up before
			_, err := apply(t, engine(t, c, kre.Options{}), r)
			if err == nil || errors.Is(err, kre.ErrUnreachable) || errors.Is(err, kre.ErrForbidden) {
				t.Errorf("%v", err)
			}
			if err != nil && (!strings.Contains(err.Error(), message) || !strings.Contains(err.Error(), "Deployment market/shop")) {
				t.Errorf("what is wrong is not said: %v", err)
			}
		})
	}
}

// TestKindsThatAreNoLongerServed has a release with an object whose kind the cluster has
// lost, as the versions that Kubernetes stops to serve. Helm does no more with it.
func TestKindsThatAreNoLongerServed(t *testing.T) {
	widget := small("one").with(files{"templates/widget.yaml": "apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: one}\n"})
	for _, act := range []string{"upgrade", "uninstall"} {
		t.Run(act, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubetest.New(kubetest.Options{})
				e := engine(t, c, kre.Options{})
				r := widget.with(widgetKind).release(t, "one", "market")
				if _, err := apply(t, e, r); err != nil {
					t.Fatal(err)
				}
				if err := objects(t, c).Resource(definitions).Delete(t.Context(), "widgets.example.test", metav1.DeleteOptions{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if act == "upgrade" {
					r.Chart.Path = small("one").dir(t)
					if o, err := apply(t, e, r); err != nil || o.After != "deployed" {
						t.Fatalf("%+v, %v", o, err)
					}
				}
				p, err := e.PlanUninstall(t.Context(), []kre.Release{r})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := e.ApplyUninstall(t.Context(), p); err != nil || len(stored(t, c, "market")) > 0 {
					t.Errorf("%v, records %v", err, stored(t, c, "market"))
				}
			})
		})
	}
}

// TestDefinitionsThatAreLeftAreDeletedByTheNextRun has a removal that ends between the
// objects of the release and its definitions.
func TestDefinitionsThatAreLeftAreDeletedByTheNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{DeleteCRDs: true})
		r := small("one").with(widgetKind).release(t, "one", "market")
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		c.Fail(kubetest.Match{Verb: "delete", Resource: "customresourcedefinitions.apiextensions.k8s.io", Times: 1}, kubetest.InternalError())
		for _, fails := range []bool{true, false} {
			p, err := e.PlanUninstall(t.Context(), []kre.Release{r})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.ApplyUninstall(t.Context(), p); (err != nil) != fails {
				t.Errorf("%v", err)
			}
		}
		if _, err := objects(t, c).Resource(definitions).Get(t.Context(), "widgets.example.test", metav1.GetOptions{}); err == nil {
			t.Error("the definition is still there")
		}
		if left := stored(t, c, "market"); len(left) > 0 {
			t.Errorf("records are left: %v", left)
		}
	})
}

func TestAPlanSaysWhatIsLostWithAnObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine(t, kubetest.New(kubetest.Options{}), kre.Options{})
		r := small("one").with(files{
			"templates/claim.yaml": "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], storageClassName: late, resources: {requests: {storage: 1Gi}}}\n",
			"templates/class.yaml": "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: late}\nprovisioner: example.test/late\nvolumeBindingMode: WaitForFirstConsumer\n",
			"templates/space.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: space}\n",
		}).release(t, "one", "market")
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		p, err := e.PlanUninstall(t.Context(), []kre.Release{r})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"- PersistentVolumeClaim market/data: its data goes with it, unless the storage class retains it",
			"- Namespace space: all that is in it goes with it",
		} {
			if !strings.Contains(p.String(), want) {
				t.Errorf("want %q in\n%s", want, p)
			}
		}
	})
}

func TestAnAddressWithCredentialsIsNotShown(t *testing.T) {
	e, err := kre.New(nil, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []kre.Chart{
		{Repository: "https://bot:hunter2secret@charts.example.test", Name: "a", Version: "1.0.0"},
		{Repository: "https://bot:hunter2secret@charts.example.test", Name: "a"},
		{Repository: "oci://bot:hunter2secret@charts.example.test/x", Name: "a", Version: "1.0.0"},
		{Repository: "https://bot:hunter2secret@charts.example.test:port", Name: "a", Version: "1.0.0"},
	} {
		_, err := e.Render(t.Context(), kre.Release{Name: "a", Namespace: "a", Chart: c})
		if err == nil || strings.Contains(err.Error()+c.String(), "hunter2secret") {
			t.Errorf("%s: %v", c, err)
		}
	}
}
