// Package githubactions holds the workflow of this directory to what makes it safe.
package githubactions

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// workflow is what is looked at in one.
type workflow struct {
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]job    `yaml:"jobs"`
}

type job struct {
	If          string            `yaml:"if"`
	Needs       any               `yaml:"needs"`
	Permissions map[string]string `yaml:"permissions"`
	Environment string            `yaml:"environment"`
	Concurrency struct {
		Group  string `yaml:"group"`
		Cancel *bool  `yaml:"cancel-in-progress"`
	} `yaml:"concurrency"`
	Steps []step `yaml:"steps"`
}

type step struct {
	Uses string         `yaml:"uses"`
	Run  string         `yaml:"run"`
	If   string         `yaml:"if"`
	With map[string]any `yaml:"with"`
}

func read(t *testing.T) workflow {
	t.Helper()
	text, err := os.ReadFile("delivery.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Load(text, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWhenItRuns(t *testing.T) {
	w := read(t)
	if d := cmp.Diff([]string{"delete", "push", "workflow_dispatch"}, slices.Sorted(maps.Keys(w.On))); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if !strings.Contains(w.Jobs["by-hand"].If, "github.event_name == 'delete'") || strings.Contains(w.Jobs["deliver"].If, "delete") {
		t.Error("a branch that is deleted does not lead to destroy alone")
	}
	if w.Jobs["modules"].If != `needs.detect.outputs.matrix != '{"include":[]}'` {
		t.Error("GitHub fails a job whose matrix is empty")
	}
	if !strings.Contains(w.Jobs["deliver"].If, "!contains(needs.*.result, 'failure')") || !strings.Contains(w.Jobs["deliver"].If, "needs.detect.outputs.kind != ''") {
		t.Errorf("deliver does not wait for the gates, or for an environment: %s", w.Jobs["deliver"].If)
	}
}

// TestNoScriptTakesText is about text that others choose, such as the name of a branch:
// what an expression puts into a script is code.
func TestNoScriptTakesText(t *testing.T) {
	for name, j := range read(t).Jobs {
		for _, s := range j.Steps {
			if strings.Contains(s.Run, "${{") {
				t.Errorf("%s: an expression is part of a script; hand it over by env: %s", name, s.Run)
			}
		}
	}
}

func TestOnlyWhatTalksToAWSHasAToken(t *testing.T) {
	w := read(t)
	if d := cmp.Diff(map[string]string{"contents": "read"}, w.Permissions); d != "" {
		t.Errorf("permissions of all (-want +got):\n%s", d)
	}
	for name, j := range w.Jobs {
		asks := slices.ContainsFunc(j.Steps, func(s step) bool { return strings.HasPrefix(s.Uses, "aws-actions/configure-aws-credentials@") })
		if (j.Permissions["id-token"] == "write") != asks {
			t.Errorf("%s: token %q, and asks AWS for credentials: %v", name, j.Permissions["id-token"], asks)
		}
		if !asks {
			continue
		}
		if j.Concurrency.Group == "" || j.Concurrency.Cancel == nil || *j.Concurrency.Cancel || j.Environment == "" {
			t.Errorf("%s: two of it may run for one environment, or one be cancelled: %+v", name, j)
		}
	}
}

func TestWhatComparesHasTheHistory(t *testing.T) {
	for name, j := range read(t).Jobs {
		for _, s := range j.Steps {
			if strings.HasPrefix(s.Uses, "actions/checkout@") && name != "by-hand" && s.With["fetch-depth"] != 0 {
				t.Errorf("%s: the merge base is not there: %v", name, s.With)
			}
		}
	}
}

func TestItRunsTheMainsOfJobs(t *testing.T) {
	installed := regexp.MustCompile(`\$JOBS/([a-z-]+)@`)
	by := regexp.MustCompile(`main=([a-z-]+)`)
	want := map[string]bool{}
	for _, j := range read(t).Jobs {
		for _, s := range j.Steps {
			for _, m := range slices.Concat(installed.FindAllStringSubmatch(s.Run, -1), by.FindAllStringSubmatch(s.Run, -1)) {
				want[m[1]] = true
			}
		}
	}
	inputs, _ := read(t).On["workflow_dispatch"].(map[string]any)["inputs"].(map[string]any)
	for _, action := range inputs["action"].(map[string]any)["options"].([]any) {
		if action != "deliver" && action != "network" { // which are no names of mains
			want[action.(string)] = true
		}
	}
	if len(want) != 12 {
		t.Errorf("%d mains: %v", len(want), want)
	}
	for name := range want {
		if _, err := os.Stat(filepath.Join("../jobs", name, "main.go")); err != nil {
			t.Errorf("%s is no job: %v", name, err)
		}
	}
}
