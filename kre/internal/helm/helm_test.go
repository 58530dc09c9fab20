package helm

import (
	"bytes"
	"context"
	"errors"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
)

// TestOnlyOneFileKnowsHelm looks at the imports of all files of the module.
func TestOnlyOneFileKnowsHelm(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	var found []string
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range parsed.Imports {
			rel, _ := filepath.Rel(root, file)
			if strings.HasPrefix(i.Path.Value, `"helm.sh/`) && !strings.HasPrefix(rel, "internal/tmpdeps") && !slices.Contains(found, rel) {
				found = append(found, rel)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{filepath.Join("kre", "internal", "helm", "helm.go")}, found); d != "" {
		t.Errorf("files that import helm (-want +got):\n%s", d)
	}
}

// write makes a chart of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var family = map[string]string{
	"Chart.yaml":                   "apiVersion: v2\nname: top\nversion: 1.0.0\ndependencies: [{name: sub, version: 1.x, alias: other, condition: other.enabled, tags: [extras]}]\n",
	"values.yaml":                  "a: {b: 1}\nother: {enabled: true}\n",
	"crds/kind.yaml":               "kind: A\n",
	"templates/a.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-{{ .Release.Revision }}-{{ .Release.IsUpgrade }}}\ndata: {a: {{ .Values.a | toJson | quote }}}\n",
	"templates/hook.yaml":          "apiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: \"pre-install,post-upgrade\"}}\n",
	"templates/NOTES.txt":          "read me",
	"charts/sub/Chart.yaml":        "apiVersion: v2\nname: sub\nversion: 1.2.0\n",
	"charts/sub/values.yaml":       "size: 1\n",
	"charts/sub/templates/b.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sub}\ndata: {size: \"{{ .Values.size }}\"}\n",
	"charts/sub/crds/another.yaml": "kind: B\n",
}

func TestLoadAndRender(t *testing.T) {
	c, err := Load(write(t, family))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.CRDs) != 2 || c.Values.Subcharts["other"] == nil || c.Values.Subcharts["other"] != c.Values.Subcharts["sub"] ||
		!slices.Equal(c.Values.Conditions, []string{"other.enabled"}) || !slices.Equal(c.Values.Tags, []string{"extras"}) {
		t.Errorf("chart %+v, values %+v", c, c.Values)
	}
	// A text for a map makes helm print a warning with the value: nothing may.
	var printed bytes.Buffer
	log.SetOutput(&printed)
	got, err := Render(c, Rendering{Name: "r", Namespace: "n", Revision: 4, Upgrade: true, Values: map[string]any{"a": "text", "other": map[string]any{"size": map[string]any{"x": 1}}}}, nil)
	log.SetOutput(os.Stderr)
	if err != nil || printed.Len() > 0 {
		t.Fatalf("error %v, printed %s", err, printed.String())
	}
	want := "---\n# Source: top/charts/other/templates/b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: sub}\ndata: {size: \"map[x:1]\"}\n" +
		"---\n# Source: top/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: r-4-true}\ndata: {a: \"\\\"text\\\"\"}\n"
	if d := cmp.Diff(want, got.Manifest); d != "" {
		t.Errorf("manifest (-want +got):\n%s", d)
	}
	hooks := []Hook{{Name: "hook", Kind: "Pod", Path: "top/templates/hook.yaml", Manifest: strings.TrimSpace(family["templates/hook.yaml"]), Events: []string{"pre-install", "post-upgrade"}}}
	if d := cmp.Diff(hooks, got.Hooks); d != "" {
		t.Errorf("hooks (-want +got):\n%s", d)
	}
	if got.Stored < 500 || got.Stored > 5000 {
		t.Errorf("its record has %d bytes", got.Stored)
	}
	off, err := Render(c, Rendering{Name: "r", Namespace: "n", Values: map[string]any{"other": map[string]any{"enabled": false}}}, nil)
	if err != nil || strings.Contains(off.Manifest, "charts/") || !strings.Contains(off.Manifest, "r-1-false") {
		t.Errorf("without the subchart: %v\n%s", err, off.Manifest)
	}
}

func TestDigestIsThatOfTheFiles(t *testing.T) {
	load := func(files map[string]string) string {
		c, err := Load(write(t, files))
		if err != nil {
			t.Fatal(err)
		}
		return c.Digest()
	}
	one := load(family)
	if one != load(family) || len(one) != 64 {
		t.Errorf("digest %s", one)
	}
	for name, text := range family {
		if name == "Chart.yaml" {
			continue
		}
		family[name] = text + "\n# more"
		if load(family) == one {
			t.Errorf("another %s is the same chart", name)
		}
		family[name] = text
	}
}

// endless is a server that does not answer before a request is given up.
type endless struct{ requests chan *http.Request }

func (e endless) RoundTrip(r *http.Request) (*http.Response, error) {
	e.requests <- r
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestBoundRequestsEndWithTheirWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := endless{make(chan *http.Request, 10)}
		gone := errors.New("the work is over")
		work, end := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { end(gone) })
		do := func(method string, bind func(context.Context, *rest.Config) *rest.Config) (time.Duration, error) {
			client, err := rest.HTTPClientFor(bind(work, &rest.Config{Transport: server}))
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(t.Context(), method, "http://a.test/b", nil)
			if err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			resp, err := client.Do(r)
			if err == nil {
				resp.Body.Close()
			}
			return time.Since(started), err
		}
		if took, err := do("GET", Bind); took != time.Minute || !errors.Is(err, gone) {
			t.Errorf("a request under way: %v after %v", err, took)
		}
		sent := len(server.requests)
		if took, err := do("POST", Bind); took != 0 || !errors.Is(err, gone) || len(server.requests) != sent {
			t.Errorf("a request afterwards: %v after %v, %d sent", err, took, len(server.requests))
		}
		for _, method := range []string{"GET", "PUT"} {
			if took, err := do(method, bindRecords); took != recordGrace || err == nil {
				t.Errorf("%s of a record afterwards: %v after %v", method, err, took)
			}
		}
	})
}

func TestRates(t *testing.T) {
	c := Bind(t.Context(), &rest.Config{})
	if c.QPS != 50 || c.Burst != 300 {
		t.Errorf("%v requests a second, bursts of %d", c.QPS, c.Burst)
	}
	if c = Bind(t.Context(), &rest.Config{QPS: 7, Burst: 8}); c.QPS != 7 || c.Burst != 8 {
		t.Errorf("%v requests a second, bursts of %d", c.QPS, c.Burst)
	}
}
