package kre_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/progress"
)

func TestPlanShowsWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := secretShop(t)
		first := plan(t, e, r)
		want := `install market/shop: shop 1.0.0
  ! namespace market is made first
  + ConfigMap market/shop-config
  + Deployment market/shop
  + Secret market/shop-auth
  + Service market/shop
`
		if d := cmp.Diff(want, first.String()); d != "" {
			t.Errorf("first plan (-want +got):\n%s", d)
		}
		if len(c.Writes()) > 0 {
			t.Errorf("planning wrote: %v", c.Writes())
		}
		if _, err := e.Apply(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		next := shop().with(files{
			"Chart.yaml":            "apiVersion: v2\nname: shop\nversion: 1.1.0\ndeprecated: true\n",
			"templates/extra.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n",
			"templates/config.yaml": "",
		})
		r.Chart.Path = next.dir(t)
		r.Values = map[string]any{"replicas": 2}
		r.Secrets = map[string]any{"auth": map[string]any{"password": "another-secret"}}
		want = `upgrade market/shop: shop 1.0.0 -> shop 1.1.0 (revision 1 is deployed)
  ! the chart is deprecated by its makers
  + ConfigMap market/extra
  - ConfigMap market/shop-config
  ~ Deployment market/shop
      @@ -5,5 +5,5 @@
         namespace: market
       spec:
      -  replicas: 1
      +  replicas: 2
         selector:
           matchLabels:
      @@ -16,5 +16,5 @@
             containers:
             - args:
      -        - --password=(secret)
      +        - --password=(secret, changed)
               image: example.org/shop:1
               name: web
  ~ Secret market/shop-auth
      @@ -5,3 +5,3 @@
         namespace: market
       stringData:
      -  password: (secret)
      +  password: (secret, changed)
`
		if d := cmp.Diff(want, plan(t, e, r).String()); d != "" {
			t.Errorf("second plan (-want +got):\n%s", d)
		}
	})
}

// TestSecretsAreNowhere has the password in plans of all kinds, in the errors of
// templates, of the schema and of the API server, in events and results.
func TestSecretsAreNowhere(t *testing.T) {
	leaky := map[string]string{
		"a template that fails":       `{{ fail (printf "bad password %s" .Values.auth.password) }}`,
		"a template that is no YAML":  "kind: {{ .Values.auth.password }}: [",
		"an object that is refused":   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Values.auth.password }} !\"}\n",
		"a kind that does not exist":  "apiVersion: example.test/v1\nkind: Thing\nmetadata: {name: {{ .Values.auth.password }}}\n",
		"a name that is a secret":     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.auth.password }}}\n",
		"a key and a list of secrets": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k{{ .Values.auth.password }}: {{ .Values.auth.password | b64enc }}, j: {{ .Values.auth.password | upper | quote }}}\n",
	}
	for name, template := range leaky {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubetest.New(kubetest.Options{})
				events := &progress.Recorder{}
				e := engine(t, c, kre.Options{Progress: events.Record, Rollback: true})
				r := secretShop(t)
				var said []any
				all := func(r kre.Release) {
					p, err := e.Plan(t.Context(), []kre.Release{r})
					text, _ := json.Marshal(p)
					said = append(said, p.String(), string(text), err)
					if err == nil {
						result, err := e.Apply(t.Context(), p)
						text, _ := json.Marshal(result)
						said = append(said, result, string(text), err)
					}
				}
				all(r)
				r.Chart.Path = shop().with(files{"templates/leak.yaml": template}).dir(t)
				r.Timeout = time.Minute
				all(r)
				r.Secrets = nil // the old one is in what is deployed
				all(r)
				p, err := e.PlanUninstall(t.Context(), []kre.Release{r})
				said = append(said, p, err, fmt.Sprintf("%v %+v %#v", secretShop(t), secretShop(t), secretShop(t)))
				for _, event := range events.Events() {
					said = append(said, event)
				}
				if text := fmt.Sprintf("%+v", said); strings.Contains(text, secret) {
					at := strings.Index(text, secret)
					t.Errorf("the secret is shown: ...%s...", text[max(0, at-300):min(len(text), at+100)])
				}
			})
		})
	}
}

func TestValuesThatCannotBeMeant(t *testing.T) {
	e, err := kre.New(nil, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := shop().release(t, "shop", "market")
	r.Values = map[string]any{"greting": "hi", "replicas": map[string]any{"n": 1}, "labels": map[string]any{"any": "thing"}, "auth": map[string]any{"Password": 1}}
	_, err = e.Render(t.Context(), r)
	want := `render release market/shop: value auth.Password: the chart does not know it: did you mean auth.password? (shop/values.yaml:5)
value greting: the chart does not know it: did you mean greeting? (shop/values.yaml:2)
value replicas: the chart has a number there, and a map was given (shop/values.yaml:3)`
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
	v, is := errors.AsType[*kre.ValueError](err)
	if !is || v.Key != "auth.Password" || v.Meant != "auth.password" || v.File != "shop/values.yaml" || v.Line != 5 {
		t.Errorf("first error: %+v", v)
	}
	r.AllowUnknown = []string{"greting", "auth.Password", "replicas"}
	if _, err := e.Render(t.Context(), r); err != nil {
		t.Errorf("although allowed: %v", err)
	}
}

func TestChartsThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct {
		chart files
		want  string
	}{
		"a template that does not parse": {
			small("c").with(files{"templates/a.yaml": "a: 1\nb: {{ if }}\n"}),
			`render release market/r: render chart c: c/templates/a.yaml:2: parse error at (c/templates/a.yaml:2): missing value for if`,
		},
		"a template that fails in another": {
			small("c").with(files{
				"templates/_help.tpl": "{{ define \"help\" }}\n{{ .Values.text.deep.er }}\n{{ end }}",
				"templates/a.yaml":    "a: 1\nb: 2\nc: {{ include \"help\" . }}\n",
			}),
			`c/templates/_help.tpl:2:`,
		},
		"a value that is required": {
			small("c").with(files{"templates/a.yaml": "a: {{ required \"text is needed\" .Values.none }}\n"}),
			`render chart c: c/templates/a.yaml:1: execution error at (c/templates/a.yaml:1:6): text is needed`,
		},
		"what is rendered is no YAML": {
			small("c").with(files{"templates/a.yaml": "apiVersion: v1\nkind: [ConfigMap\n"}),
			`render chart c: c/templates/a.yaml:`,
		},
		"values of another type than the schema has": {
			small("c").with(files{"values.schema.json": `{"properties": {"text": {"type": "integer"}}}`}),
			`values don't meet the specifications of the schema(s)`,
		},
		"a missing subchart": {
			small("c").with(files{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: kapacitor, version: 1.x, repository: https://example.test}]\n"}),
			`c/Chart.yaml: dependencies found in Chart.yaml, but missing in charts/ directory: kapacitor: vendor them`,
		},
		"a missing subchart of a subchart": {
			small("c").with(files{
				"Chart.yaml":               "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: sub, version: 1.x}]\n",
				"charts/sub/Chart.yaml":    "apiVersion: v2\nname: sub\nversion: 1.0.0\ndependencies: [{name: common, version: 1.x}]\n",
				"charts/sub/templates/a.y": "",
			}),
			`c/charts/sub/Chart.yaml: dependencies found in Chart.yaml, but missing in charts/ directory: common`,
		},
		"a library": {
			small("c").with(files{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: library\n"}),
			`it is a library`,
		},
		"a newer Kubernetes": {
			small("c").with(files{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\nkubeVersion: \">=99.0.0\"\n"}),
			`it is for Kubernetes >=99.0.0, and the cluster has v`,
		},
		"values.yaml that is none": {
			small("c").with(files{"values.yaml": "a: [\n"}),
			`cannot load values.yaml`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := kre.New(nil, kre.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.Render(t.Context(), tt.chart.release(t, "r", "market"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error:\n%v\nwant:\n%s", err, tt.want)
			}
		})
	}
}

func TestReleasesThatCannotBe(t *testing.T) {
	good := small("c").release(t, "c", "market")
	tests := map[string]struct {
		change func(*kre.Release)
		want   string
	}{
		"no name":                   {func(r *kre.Release) { r.Name = "" }, `empty name`},
		"a name with large letters": {func(r *kre.Release) { r.Name = "Shop" }, `name "Shop": invalid`},
		"a name of 54 letters":      {func(r *kre.Release) { r.Name = strings.Repeat("a", 54) }, `at most 53 of them`},
		"no namespace":              {func(r *kre.Release) { r.Namespace = "" }, `namespace "": invalid`},
		"no chart":                  {func(r *kre.Release) { r.Chart = kre.Chart{} }, `neither a Path nor Files nor a Repository`},
		"two charts":                {func(r *kre.Release) { r.Chart.Repository = "https://example.test" }, `several of Path, Files and Repository`},
		"no version":                {func(r *kre.Release) { r.Chart = kre.Chart{Repository: "https://example.test", Name: "c"} }, `it has no Version`},
		"a negative timeout":        {func(r *kre.Release) { r.Timeout = -1 }, `it is negative`},
		"a chart that is not there": {func(r *kre.Release) { r.Chart.Path += "/none" }, `no such chart`},
		"values that do not encode": {func(r *kre.Release) { r.Values = map[string]any{"f": func() {}} }, `read values: json: unsupported type`},
		"secrets that do not":       {func(r *kre.Release) { r.Secrets = map[string]any{"f": func() {}} }, `read secrets: they do not encode as JSON`},
		"an unknown need":           {func(r *kre.Release) { r.Needs = []string{"other"} }, `c: depends on unknown "other"`},
		"a need of itself":          {func(r *kre.Release) { r.Needs = []string{"c"} }, `dependency cycle: c -> c`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := kubetest.New(kubetest.Options{})
			r := good
			tt.change(&r)
			_, err := engine(t, c, kre.Options{}).Plan(t.Context(), []kre.Release{r})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error:\n%v\nwant:\n%s", err, tt.want)
			}
			if n := len(c.Requests()); n > 0 {
				t.Errorf("%d requests before it was refused", n)
			}
		})
	}
	_, err := engine(t, kubetest.New(kubetest.Options{}), kre.Options{}).Plan(t.Context(), []kre.Release{good, good})
	if _, is := errors.AsType[*dag.DuplicateError](err); !is {
		t.Errorf("two of a name: %v", err)
	}
}

func TestKindsThatAreNotServed(t *testing.T) {
	issuer := files{
		"Chart.yaml":            "apiVersion: v2\nname: issuers\nversion: 1.0.0\n",
		"templates/issuer.yaml": "apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: one}\n",
	}
	old := files{
		"Chart.yaml":            "apiVersion: v2\nname: old\nversion: 1.0.0\n",
		"templates/deploy.yaml": "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: one}\n",
	}
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		alone := issuer.release(t, "issuers", "default")
		_, err := e.Plan(t.Context(), []kre.Release{alone, old.release(t, "old", "default")})
		want := `plan release default/issuers: Widget one (issuers/templates/issuer.yaml): unknown kind Widget of example.test/v1: install what brings it, and name that in Needs
plan release default/old: Deployment one (old/templates/deploy.yaml): unknown kind Deployment of apps/v1beta1: the cluster serves it as apps/v1`
		if !errors.Is(err, kre.ErrUnknownKind) || err.Error() != want {
			t.Errorf("error:\n%v\nwant:\n%s", err, want)
		}
		own := issuer.with(files{"templates/crd.yaml": widgetKind["crds/widget.yaml"]}).release(t, "own", "default")
		if _, err = e.Plan(t.Context(), []kre.Release{own}); err == nil || !strings.Contains(err.Error(), "the same chart defines it as a template") {
			t.Errorf("error: %v", err)
		}
		kinds := small("kinds").with(widgetKind).release(t, "kinds", "default")
		between := small("between").release(t, "between", "default")
		between.Needs = []string{"kinds"}
		alone.Needs = []string{"between"}
		p := plan(t, e, alone, between, kinds)
		if text := p.String(); !strings.Contains(text, "+ Widget one: new kind, known after kinds") || !strings.Contains(text, "custom resource definitions are applied first: widgets.example.test") {
			t.Errorf("plan:\n%s", text)
		}
		if _, err := e.Apply(t.Context(), p); err != nil {
			t.Error(err)
		}
	})
}

func TestCapabilitiesOfWhatComesFirst(t *testing.T) {
	asks := files{
		"Chart.yaml":            "apiVersion: v2\nname: asks\nversion: 1.0.0\n",
		"templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: asks}\ndata: {widgets: \"{{ .Capabilities.APIVersions.Has \"example.test/v1/Widget\" }}\", version: {{ .Capabilities.KubeVersion.Version }}}\n",
	}
	synctest.Test(t, func(t *testing.T) {
		e := engine(t, kubetest.New(kubetest.Options{}), kre.Options{})
		kinds, user := small("kinds").with(widgetKind).release(t, "kinds", "default"), asks.release(t, "asks", "default")
		user.Needs = []string{"kinds"}
		diff := plan(t, e, kinds, user).Changes[1].Objects[0].Diff
		if !strings.Contains(diff, `widgets: "true"`) || !strings.Contains(diff, "version: v1.36.3") {
			t.Errorf("plan:\n%s", diff)
		}
	})
}

func TestReleaseThatIsTooLarge(t *testing.T) {
	seed := [32]byte{7}
	noise := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8(seed).Read(noise) // never fails
	r := small("c").release(t, "large", "market")
	if err := os.WriteFile(filepath.Join(r.Chart.Path, "noise.bin"), noise, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := engine(t, kubetest.New(kubetest.Options{}), kre.Options{}).Plan(t.Context(), []kre.Release{r})
	if !errors.Is(err, kre.ErrTooLarge) || !strings.Contains(err.Error(), "KiB of the 1024 KiB that a Secret holds") {
		t.Errorf("error: %v", err)
	}
}

func TestAReleaseOfTheHelmCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := shop().release(t, "shop", "market")
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		unlabel(t, c)
		p := plan(t, e, r)
		if text := p.String(); !strings.Contains(text, "made without the labels of this package: it is upgraded once") || len(p.Changes[0].Objects) > 0 {
			t.Errorf("plan:\n%s", text)
		}
		if _, err := e.Apply(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if p := plan(t, e, r); !p.Empty() {
			t.Errorf("plan:\n%s", p)
		}
	})
}
