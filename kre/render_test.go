package kre_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mettel-automation/delivery/kre"
)

// Charts of today are for versions that helm does not assume without a cluster.
func TestRenderForTodaysKubernetes(t *testing.T) {
	engine, err := kre.New(nil, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"Chart.yaml":       {Data: []byte("apiVersion: v2\nname: modern\nversion: 1.0.0\nkubeVersion: \">=1.30.0-0\"\n")},
		"templates/a.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  version: {{ .Capabilities.KubeVersion | quote }}\n")},
	}
	text, err := engine.Render(t.Context(), kre.Release{Name: "modern", Namespace: "n", Chart: kre.Chart{Files: files}})
	if err != nil || !strings.Contains(string(text), kre.RenderVersion) {
		t.Errorf("got %v\n%s", err, text)
	}
}
