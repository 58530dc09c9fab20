package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestBuiltInResources(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.All()); n < 50 {
		t.Errorf("%d resources", n)
	}
	seen := map[string]bool{}
	for _, r := range c.All() {
		id := r.GroupVersion().String() + " " + r.Plural
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if r.Kind == "" || r.Singular == "" || len(r.Verbs) == 0 {
			t.Errorf("%s is incomplete: %+v", id, r)
		}
		if c.Find(r.Group, r.Version, r.Plural) != r || c.OfKind(r.GroupVersion().String(), r.Kind) != r || c.Stored(r.Storage()) != r {
			t.Errorf("%s is not found by its names", id)
		}
	}
	d := c.Find("apps", "v1", "deployments")
	if !d.Namespaced || !d.Generation || d.NeedsVersion || !d.HasStatus() || d.Virtual() || d.Storage() != "deployments.apps" || d.ListKind() != "DeploymentList" {
		t.Errorf("deployments: %+v", d)
	}
	if got := d.Subresource("scale").Kind.String(); got != "autoscaling/v1, Kind=Scale" {
		t.Errorf("kind of their scale: %s", got)
	}
	if got := c.Find("", "v1", "pods").Subresource("exec").Kind.String(); got != "/v1, Kind=PodExecOptions" {
		t.Errorf("kind of exec: %s", got)
	}
	if !c.Find("authorization.k8s.io", "v1", "subjectaccessreviews").Virtual() || d.Subresource("log") != nil {
		t.Error("reviews are stored, or deployments have logs")
	}
}

func TestTablesThatDoNotParse(t *testing.T) {
	for _, line := range []string{"v1 pods", "a/b/c pods pod Pod N * - - - -", "v1 pods pod Pod N * - - - x=a/b/c.D:get"} {
		if _, err := parse(line); err == nil {
			t.Errorf("%q parses", line)
		}
	}
}

func definition(versions ...string) *apiextensions.CustomResourceDefinition {
	crd := &apiextensions.CustomResourceDefinition{}
	crd.Spec.Group = "example.com"
	crd.Spec.Scope = apiextensions.ClusterScoped
	crd.Spec.Names = apiextensions.CustomResourceDefinitionNames{Plural: "widgets", Kind: "Widget", ListKind: "Widgets"}
	for _, v := range versions {
		name, off := strings.CutPrefix(v, "-")
		crd.Spec.Versions = append(crd.Spec.Versions, apiextensions.CustomResourceDefinitionVersion{
			Name: name, Served: !off,
			Subresources: &apiextensions.CustomResourceSubresources{
				Status: &apiextensions.CustomResourceSubresourceStatus{}, Scale: &apiextensions.CustomResourceSubresourceScale{},
			},
		})
	}
	return crd
}

func TestCustomResources(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	before := len(c.All())
	c.SetCustom("widgets.example.com", Custom(definition("v1beta1", "v1", "-v3", "v2alpha1", "v2")))
	var versions []string
	for _, v := range c.Group("example.com").Versions {
		versions = append(versions, v.Version)
	}
	if d := cmp.Diff([]string{"v2", "v1", "v1beta1", "v2alpha1"}, versions); d != "" {
		t.Errorf("versions (-want +got):\n%s", d)
	}
	r := c.Find("example.com", "v1", "widgets")
	if r.Namespaced || r.Singular != "widget" || r.ListKind() != "Widgets" || !r.HasStatus() || r.Subresource("scale") == nil || c.Find("example.com", "v3", "widgets") != nil {
		t.Errorf("widgets: %+v", r)
	}
	if !c.Serves("example.com", "v1") || c.Serves("example.com", "v3") {
		t.Error("v1 is served, v3 is not")
	}
	c.SetCustom("widgets.example.com", nil)
	if len(c.All()) != before || c.Group("example.com") != nil {
		t.Error("the group outlives its definition")
	}
}

func TestDiscoveryDocuments(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	var groups []string
	for _, g := range c.Groups().Groups {
		groups = append(groups, g.Name)
		if g.PreferredVersion != g.Versions[0] {
			t.Errorf("%s prefers %v of %v", g.Name, g.PreferredVersion, g.Versions)
		}
	}
	if slices.Contains(groups, "") || !slices.Contains(groups, "apps") {
		t.Errorf("groups %q", groups)
	}
	if n := len(c.Aggregated(true).Items); n != 1 {
		t.Errorf("%d core groups", n)
	}
	if n := len(c.Aggregated(false).Items); n != len(groups) {
		t.Errorf("%d aggregated groups, %d others", n, len(groups))
	}
	if c.Resources(schema.GroupVersion{Group: "apps", Version: "v9"}) != nil || c.Group("none") != nil {
		t.Error("there are documents of what is not there")
	}
}
