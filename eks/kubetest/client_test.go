package kubetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

// start returns a cluster, and a client of it that may do everything.
func start(t testing.TB, opts kubetest.Options) (*kubetest.Cluster, *kubernetes.Clientset) {
	t.Helper()
	cluster := kubetest.New(opts)
	client, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		t.Fatal(err)
	}
	return cluster, client
}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"mine": ""}}, Data: data}
}

func TestTypedClient(t *testing.T) {
	_, client := start(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	made, err := maps.Create(t.Context(), configMap("a", map[string]string{"k": "v"}), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made.UID == "" || made.ResourceVersion == "" || made.CreationTimestamp.IsZero() || made.Data["k"] != "v" {
		t.Errorf("created: %+v", made)
	}
	stale := made.DeepCopy()
	made.Data["k"] = "w"
	if made, err = maps.Update(t.Context(), made, metav1.UpdateOptions{}); err != nil || made.Data["k"] != "w" {
		t.Errorf("update: %v, %v", made, err)
	}
	if _, err := maps.Update(t.Context(), stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("update of an old revision: %v, want a conflict", err)
	}
	if _, err := maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("second creation: %v, want already exists", err)
	}
	if _, err := maps.Create(t.Context(), configMap("A", nil), metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("creation with a wrong name: %v, want invalid", err)
	}
	if err := maps.Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := maps.Get(t.Context(), "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("get of what was deleted: %v, want not found", err)
	}
}

func TestAClientMaySpeakProtobuf(t *testing.T) {
	cluster := kubetest.New(kubetest.Options{})
	config := cluster.Config()
	config.ContentType, config.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a", map[string]string{"k": "v"}), metav1.CreateOptions{})
	if err != nil || made.Data["k"] != "v" {
		t.Errorf("%v, %v", made, err)
	}
}

func TestServerSideApply(t *testing.T) {
	_, client := start(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	apply := func(manager, value string, force bool) error {
		_, err := maps.Apply(t.Context(), applycore.ConfigMap("a", "default").WithData(map[string]string{"k": value}),
			metav1.ApplyOptions{FieldManager: manager, Force: force})
		return err
	}
	if err := apply("ann", "v", false); err != nil {
		t.Fatal(err)
	}
	if err := apply("bob", "w", false); !apierrors.IsConflict(err) {
		t.Errorf("apply of another's field: %v, want a conflict", err)
	}
	if err := apply("bob", "w", true); err != nil {
		t.Errorf("forced: %v", err)
	}
	got, err := maps.Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil || got.Data["k"] != "w" || len(got.ManagedFields) != 1 || got.ManagedFields[0].Manager != "bob" {
		t.Errorf("%+v, %v", got, err)
	}
}

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {size: {type: integer, default: 1}}}}}
  - {name: v1beta1, served: true, storage: false, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

func widget(name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("example.com/v1")
	o.SetKind("Widget")
	o.SetName(name)
	return o
}

func TestDynamicClientOfACustomResource(t *testing.T) {
	in(t, definition, kubetest.Options{}, func(w world) {
		client, err := dynamic.NewForConfig(w.cluster.Config())
		w.ok(err)
		widgets := client.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}).Namespace("default")
		if _, err := widgets.Create(w.Context(), widget("a"), metav1.CreateOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("before the definition is established: %v, want not found", err)
		}
		time.Sleep(time.Second)
		o, err := widgets.Create(w.Context(), widget("a"), metav1.CreateOptions{})
		w.ok(err)
		if size, _, _ := unstructured.NestedInt64(o.Object, "size"); size != 1 || o.GetGeneration() != 1 {
			t.Errorf("created: %v", o.Object)
		}
		old := client.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1beta1", Resource: "widgets"}).Namespace("default")
		if o, err = old.Get(w.Context(), "a", metav1.GetOptions{}); err != nil || o.GetAPIVersion() != "example.com/v1beta1" {
			t.Errorf("in another version: %v, %v", o, err)
		}
		list, err := widgets.List(w.Context(), metav1.ListOptions{})
		if err != nil || len(list.Items) != 1 || list.GetKind() != "WidgetList" || list.Items[0].GetKind() != "Widget" {
			t.Errorf("list: %v, %v", list, err)
		}
	})
}

func TestTwoDefinitionsCannotShareAKind(t *testing.T) {
	in(t, definition, kubetest.Options{}, func(w world) {
		time.Sleep(time.Second)
		w.ok(w.cluster.Add(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec: {group: example.com, scope: Cluster, names: {plural: gadgets, kind: Widget}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}
`))
		time.Sleep(time.Second)
		client, err := dynamic.NewForConfig(w.cluster.Config())
		w.ok(err)
		crd, err := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}).
			Get(w.Context(), "gadgets.example.com", metav1.GetOptions{})
		w.ok(err)
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		got := map[string]any{}
		for _, c := range conditions {
			got[c.(map[string]any)["type"].(string)] = c.(map[string]any)["reason"]
		}
		if d := cmp.Diff(map[string]any{"NamesAccepted": "NamesConflict", "Established": "NotAccepted"}, got); d != "" {
			t.Errorf("conditions (-want +got):\n%s", d)
		}
	})
}

func TestDiscovery(t *testing.T) {
	in(t, definition, kubetest.Options{Version: "v1.31.2"}, func(w world) {
		client, err := discovery.NewDiscoveryClientForConfig(w.cluster.Config())
		w.ok(err)
		version, err := client.ServerVersion()
		if err != nil || version.Major != "1" || version.Minor != "31" || version.GitVersion != "v1.31.2" {
			t.Errorf("version %v, %v", version, err)
		}
		time.Sleep(time.Second)
		cached := memory.NewMemCacheClient(client)
		mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
		for short, want := range map[string]string{
			"deploy": "apps/v1, Resource=deployments", "cm": "/v1, Resource=configmaps", "wd": "example.com/v1, Resource=widgets",
			"crd": "apiextensions.k8s.io/v1, Resource=customresourcedefinitions",
		} {
			got, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: short})
			if err != nil || got.String() != want {
				t.Errorf("%s is %v (%v), want %s", short, got, err, want)
			}
		}
		// The legacy documents say the same as the aggregated one.
		_, aggregated, err := client.ServerGroupsAndResources()
		w.ok(err)
		legacy := discovery.NewDiscoveryClient(client.RESTClient())
		legacy.UseLegacyDiscovery = true
		_, plain, err := legacy.ServerGroupsAndResources()
		w.ok(err)
		verbs := func(lists []*metav1.APIResourceList) map[string][]string {
			out := map[string][]string{}
			for _, l := range lists {
				for _, r := range l.APIResources {
					out[l.GroupVersion+" "+r.Name+" "+r.Kind] = r.Verbs
				}
			}
			return out
		}
		if d := cmp.Diff(verbs(aggregated), verbs(plain)); d != "" {
			t.Errorf("discovery (-aggregated +legacy):\n%s", d)
		}
	})
}

func TestMetadataClient(t *testing.T) {
	cluster, client := start(t, kubetest.Options{})
	if _, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a", map[string]string{"k": "v"}), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	meta, err := metadata.NewForConfig(cluster.Config())
	if err != nil {
		t.Fatal(err)
	}
	maps := meta.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace("default")
	list, err := maps.List(t.Context(), metav1.ListOptions{LabelSelector: "mine"})
	if err != nil || len(list.Items) != 1 || list.Items[0].Name != "a" {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAnInformerSeesAllChanges(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		ctx, cancel := context.WithCancel(w.Context())
		defer cancel()
		factory := informers.NewSharedInformerFactoryWithOptions(w.client, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.LabelSelector = "mine"
		}))
		events := make(chan string, 100)
		_, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { events <- "add " + o.(*corev1.ConfigMap).Name },
			UpdateFunc: func(_, o any) { events <- "update " + o.(*corev1.ConfigMap).Name },
			DeleteFunc: func(o any) { events <- "delete " + o.(*corev1.ConfigMap).Name },
		})
		w.ok(err)
		maps := w.client.CoreV1().ConfigMaps("default")
		_, err = maps.Create(ctx, configMap("before", nil), metav1.CreateOptions{})
		w.ok(err)
		factory.Start(ctx.Done())
		factory.WaitForCacheSync(ctx.Done())
		cm, err := maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
		w.ok(err)
		time.Sleep(time.Hour) // bookmarks, and watches that the server ends, are no events
		cm.Data = map[string]string{"k": "v"}
		_, err = maps.Update(ctx, cm, metav1.UpdateOptions{})
		w.ok(err)
		time.Sleep(time.Second)
		w.cluster.Compact()
		w.ok(maps.Delete(ctx, "a", metav1.DeleteOptions{}))
		time.Sleep(time.Minute)
		cancel()
		factory.Shutdown()
		close(events)
		var got []string
		for e := range events {
			got = append(got, e)
		}
		if d := cmp.Diff([]string{"add before", "add a", "update a", "delete a"}, got); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}
