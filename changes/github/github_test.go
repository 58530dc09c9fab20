package github_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/github"
	"github.com/mettel-automation/delivery/internal/depcheck"
)

func many(n int) []changes.Selected {
	modules := make([]changes.Selected, n)
	for i := range modules {
		modules[i] = changes.Selected{Name: fmt.Sprint("m", i), Status: changes.ModuleChanged}
	}
	return modules
}

func TestMatrix(t *testing.T) {
	labelled := func(label string) []changes.Selected {
		return []changes.Selected{{Name: "a", Labels: map[string]string{"kind": "go", label: "x"}}}
	}
	tests := map[string]struct {
		modules []changes.Selected
		want    string
		is      error
	}{
		"no module":                          {nil, github.Empty, nil},
		"a module, with its labels as keys":  {labelled("dir"), `{"include":[{"dir":"x","kind":"go","module":"a","status":""}]}`, nil},
		"a name that JSON must quote":        {[]changes.Selected{{Name: "a\"\n", Status: changes.ModuleAskedFor}}, `{"include":[{"module":"a\"\n","status":"asked for"}]}`, nil},
		"a label that is called as a key":    {labelled("module"), "", github.ErrLabel},
		"a label that is called as another":  {labelled("status"), "", github.ErrLabel},
		"more modules than GitHub has place": {many(257), "", github.ErrTooMany},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := github.Matrix(tt.modules)
			if string(got) != tt.want || !errors.Is(err, tt.is) {
				t.Errorf("= %s, %v; want %s, %v", got, err, tt.want, tt.is)
			}
		})
	}
	if got, err := github.Matrix(many(256)); err != nil || len(got) < 256*20 {
		t.Errorf("256 modules: %s, %v", got, err)
	}
}

func ExampleMatrix() {
	config := changes.Config{Modules: []changes.Module{
		{Name: "billing", Paths: []string{"services/billing"}, Labels: map[string]string{"dir": "services/billing"}},
		{Name: "portal", Paths: []string{"portal"}},
	}}
	selection, err := config.Select(changes.Diff{Files: []changes.File{{Path: "services/billing/app.py", Status: changes.Modified}}}, changes.SelectOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	matrix, err := github.Matrix(selection.Modules)
	fmt.Println(string(matrix), err)
	// Output:
	// {"include":[{"dir":"services/billing","module":"billing","status":"changed"}]} <nil>
}

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/bmatcuk/doublestar/v4",
		"github.com/cyphar/filepath-securejoin",
		"github.com/go-git/gcfg",
		"github.com/go-git/go-billy/v5",
		"github.com/go-git/go-git/v5",
		"github.com/jbenet/go-context",
		"github.com/pjbgf/sha1cd",
		"go.yaml.in/yaml/v4",
		"golang.org/x/net",
		"golang.org/x/sys",
		"gopkg.in/warnings.v0",
	)
}
