package kre_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
)

// files are those of a chart, by name.
type files map[string]string

// shop is a chart with a ConfigMap, a Secret, a Service and a Deployment.
func shop() files {
	return files{
		"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
		"values.yaml": `# how it greets
greeting: hello
replicas: 1
auth:
  password: ""
labels: {}
`,
		"templates/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config}
data:
  greeting: {{ .Values.greeting | quote }}
`,
		"templates/secret.yaml": `apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-auth}
stringData:
  password: {{ .Values.auth.password | quote }}
`,
		"templates/service.yaml": `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
`,
		"templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
      - name: web
        image: example.org/shop:1
        args: ["--password={{ .Values.auth.password }}"]
`,
	}
}

// small is a chart of one ConfigMap.
func small(name string) files {
	return files{
		"Chart.yaml":            "apiVersion: v2\nname: " + name + "\nversion: 1.0.0\n",
		"values.yaml":           "text: one\n",
		"templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {text: {{ .Values.text | quote }}}\n",
	}
}

// with returns f with other files.
func (f files) with(more files) files {
	out := maps.Clone(f)
	maps.Copy(out, more)
	return out
}

// dir writes the files and returns where.
func (f files) dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// release is one of a chart made of f.
func (f files) release(t testing.TB, name, namespace string) kre.Release {
	t.Helper()
	return kre.Release{Name: name, Namespace: namespace, Chart: kre.Chart{Path: f.dir(t)}}
}

func engine(t testing.TB, c *kubetest.Cluster, opts kre.Options) *kre.Engine {
	t.Helper()
	e, err := kre.New(c.Config(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func plan(t testing.TB, e *kre.Engine, releases ...kre.Release) kre.Plan {
	t.Helper()
	p, err := e.Plan(t.Context(), releases)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// apply plans and applies, and returns the only outcome.
func apply(t testing.TB, e *kre.Engine, r kre.Release) (kre.Outcome, error) {
	t.Helper()
	result, err := e.Apply(t.Context(), plan(t, e, r))
	return result.Releases[0], err
}

// unlabel takes away from records what this package adds, as if the helm command had
// made them.
func unlabel(t testing.TB, c *kubetest.Cluster) {
	t.Helper()
	secrets := clients(t, c).CoreV1().Secrets("market")
	list, err := secrets.List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list.Items {
		maps.DeleteFunc(s.Labels, func(key, _ string) bool { return strings.HasPrefix(key, "kre.delivery/") })
		if _, err := secrets.Update(t.Context(), &s, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}
