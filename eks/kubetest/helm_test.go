package kubetest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/mettel-automation/delivery/eks/kubetest"
)

// getter hands a cluster to helm.
type getter struct {
	config    *rest.Config
	namespace string
}

func (g getter) ToRESTConfig() (*rest.Config, error) { return g.config, nil }

func (g getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	d, err := discovery.NewDiscoveryClientForConfig(g.config)
	if err != nil {
		return nil, err
	}
	return memory.NewMemCacheClient(d), nil
}

func (g getter) ToRESTMapper() (meta.RESTMapper, error) {
	d, err := g.ToDiscoveryClient()
	if err != nil {
		return nil, err
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(d), nil
}

func (g getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(clientcmdapi.Config{}, &clientcmd.ConfigOverrides{
		Context: clientcmdapi.Context{Namespace: g.namespace},
	})
}

// web is a chart of a Deployment, a Service and a ConfigMap.
func web() *chart.Chart {
	return &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "web", Version: "1.0.0"},
		Values:   map[string]any{"replicas": 2, "text": "one"},
		Templates: []*chart.File{
			{Name: "templates/config.yaml", Data: []byte(`apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {text: {{ .Values.text | quote }}}
`)},
			{Name: "templates/deployment.yaml", Data: []byte(`apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {text: {{ .Values.text | quote }}}}
    spec:
      containers:
      - {name: web, image: "example.org/web:1", ports: [{containerPort: 80}]}
`)},
			{Name: "templates/service.yaml", Data: []byte(`apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`)},
		},
	}
}

func helm(t testing.TB, cluster *kubetest.Cluster, namespace string) *action.Configuration {
	t.Helper()
	cfg := new(action.Configuration)
	if err := cfg.Init(getter{cluster.Config(), namespace}, namespace, "secret", t.Logf); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// released shows the status of a release and the text of its ConfigMap.
func released(t *testing.T, w world) string {
	t.Helper()
	history, err := action.NewHistory(helm(t, w.cluster, "shop")).Run("web")
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, r := range history {
		states = append(states, fmt.Sprintf("%d %s", r.Version, r.Info.Status))
	}
	config, err := w.client.CoreV1().ConfigMaps("shop").Get(w.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(states, ", ") + ": " + config.Data["text"]
}

func TestHelmInstallsUpgradesRollsBackAndUninstalls(t *testing.T) {
	in(t, "{}", kubetest.Options{}, func(w world) {
		install := action.NewInstall(helm(t, w.cluster, "shop"))
		install.ReleaseName, install.Namespace, install.CreateNamespace = "web", "shop", true
		install.Wait, install.Timeout = true, time.Minute
		_, err := install.RunWithContext(w.Context(), web(), nil)
		w.ok(err)
		if got := released(t, w); got != "1 deployed: one" {
			t.Errorf("installed: %s", got)
		}
		if got := numbers(w.deployment()); got != "2/2/2/2/2" {
			t.Errorf("helm has waited for %s", got)
		}

		upgrade := action.NewUpgrade(helm(t, w.cluster, "shop"))
		upgrade.Namespace, upgrade.Wait, upgrade.Timeout = "shop", true, time.Minute
		_, err = upgrade.RunWithContext(w.Context(), "web", web(), map[string]any{"text": "two"})
		w.ok(err)
		if got := released(t, w); got != "1 superseded, 2 deployed: two" {
			t.Errorf("upgraded: %s", got)
		}

		w.cluster.Inject("shop", "web", kubetest.Fault{Kind: kubetest.Crash})
		_, err = upgrade.RunWithContext(w.Context(), "web", web(), map[string]any{"text": "three"})
		if err == nil || !strings.Contains(err.Error(), "context deadline exceeded") {
			t.Errorf("upgrade to what crashes: %v", err)
		}
		if got := released(t, w); got != "1 superseded, 2 deployed, 3 failed: three" {
			t.Errorf("failed: %s", got)
		}

		rollback := action.NewRollback(helm(t, w.cluster, "shop"))
		rollback.Version, rollback.Wait, rollback.Timeout = 2, true, time.Minute
		w.ok(rollback.Run("web"))
		if got := released(t, w); got != "1 superseded, 2 superseded, 3 failed, 4 deployed: two" {
			t.Errorf("rolled back: %s", got)
		}

		uninstall := action.NewUninstall(helm(t, w.cluster, "shop"))
		_, err = uninstall.Run("web")
		w.ok(err)
		time.Sleep(10 * time.Second)
		if pods := w.podNames(); pods != "" {
			t.Errorf("uninstalled, and there are %s", pods)
		}
	})
}

func TestHelmHearsOfWhatIsRefused(t *testing.T) {
	in(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", kubetest.Options{}, func(w world) {
		install := action.NewInstall(helm(t, w.cluster, "shop"))
		install.ReleaseName, install.Namespace = "web", "shop"
		wrong := web()
		wrong.Templates[1].Data = []byte(strings.Replace(string(wrong.Templates[1].Data), "matchLabels: {app: web}", "matchLabels: {app: wrong}", 1))
		_, err := install.RunWithContext(w.Context(), wrong, nil)
		if err == nil || !strings.Contains(err.Error(), "`selector` does not match template `labels`") {
			t.Errorf("install of a wrong selector: %v", err)
		}
		unknown := web()
		unknown.Templates[2].Data = []byte("apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\n")
		install = action.NewInstall(helm(t, w.cluster, "shop"))
		install.ReleaseName, install.Namespace = "other", "shop"
		_, err = install.RunWithContext(w.Context(), unknown, nil)
		if err == nil || !strings.Contains(err.Error(), `no matches for kind "Gadget" in version "example.com/v1"`) {
			t.Errorf("install of an unknown kind: %v", err)
		}
	})
}
