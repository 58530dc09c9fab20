// Package gitlabci holds the pipeline of this directory to GitLab's schema, and to what
// makes it safe.
package gitlabci

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/gitlab"
	"github.com/mettel-automation/delivery/examples/internal/config"
)

// read is a YAML file as values.
func read(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var document map[string]any
	if err := yaml.Load(text, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// valid holds a pipeline to GitLab's own schema.
func valid(t *testing.T, document map[string]any) {
	t.Helper()
	definition, err := jsonschema.UnmarshalJSON(bytes.NewReader(file(t, "../../changes/gitlab/testdata/schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("ci.json", definition); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("ci.json")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(plain); err != nil {
		t.Errorf("the schema of GitLab refuses it: %v", err)
	}
}

// job is one of a pipeline with what it extends: as GitLab does it, the keys of a later
// one come first, and mappings are merged.
func job(document map[string]any, name string) map[string]any {
	body, _ := document[name].(map[string]any)
	whole := map[string]any{}
	switch from := body["extends"].(type) {
	case string:
		merge(whole, job(document, from))
	case []any:
		for _, parent := range from {
			merge(whole, job(document, parent.(string)))
		}
	}
	merge(whole, body)
	delete(whole, "extends")
	return whole
}

func merge(into, from map[string]any) {
	for key, value := range from {
		old, isMap := into[key].(map[string]any)
		if of, ok := value.(map[string]any); ok && isMap {
			old = maps.Clone(old)
			merge(old, of)
			value = old
		}
		into[key] = value
	}
}

// jobs are the names of all that are not hidden.
func jobs(document map[string]any) []string {
	var names []string
	for name, body := range document {
		of, ok := body.(map[string]any)
		if ok && !strings.HasPrefix(name, ".") && (of["script"] != nil || of["trigger"] != nil || of["extends"] != nil) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// at is the value below these keys; nil where there is none.
func at(value any, keys ...string) any {
	for _, key := range keys {
		of, _ := value.(map[string]any)
		value = of[key]
	}
	return value
}

func TestThePipelineIsOneOfGitLab(t *testing.T) {
	document := read(t, file(t, ".gitlab-ci.yml"))
	valid(t, document)
	want := []any{"validation", "unit_tests", "basic_infra", "basic_infra_kre", "deploy_kre_runtimes", "build", "deploy", "destroy"}
	if d := cmp.Diff(want, document["stages"]); d != "" {
		t.Errorf("stages (-want +got):\n%s", d)
	}
	for _, name := range jobs(document) {
		if stage := job(document, name)["stage"]; stage != ".post" && !slices.Contains(want, stage) {
			t.Errorf("%s is in the stage %v", name, stage)
		}
	}
}

// TestTheChildPipelineIsOneOfGitLab is of all modules of the full sample, and of none.
func TestTheChildPipelineIsOneOfGitLab(t *testing.T) {
	system, err := config.Load("../pipeline/automation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	template, err := gitlab.LoadTemplate("jobs.yml")
	if err != nil {
		t.Fatal(err)
	}
	asked := changes.SelectOptions{Variables: func(string) string { return "true" }}
	all, err := system.Modules.Select(changes.Diff{All: "x"}, asked)
	if err != nil {
		t.Fatal(err)
	}
	for name, selection := range map[string]changes.Selection{"all": all, "none": {}} {
		pipeline, err := template.Pipeline(system.Modules, selection, gitlab.Options{})
		if err != nil {
			t.Fatal(err)
		}
		document := read(t, pipeline)
		valid(t, document)
		if name == "none" {
			continue
		}
		want := []string{
			"front-end tests dispatch-portal-frontend", "report of the modules",
			"unit tests bruin-bridge", "unit tests notifier", "unit tests python-utils", "unit tests service-outage-monitor", "unit tests velocloud-bridge",
			"validate bruin-bridge", "validate notifier", "validate python-utils", "validate service-outage-monitor", "validate terraform", "validate velocloud-bridge",
		}
		if d := cmp.Diff(want, jobs(document)); d != "" {
			t.Errorf("jobs (-want +got):\n%s", d)
		}
		for _, m := range system.Modules.Modules {
			checked := slices.Contains(want, "validate "+m.Name)
			if has := len(system.Validation.Checks[m.Labels["kind"]]) > 0; has != checked {
				t.Errorf("module %s: has checks %v, has a job that runs them %v", m.Name, has, checked)
			}
		}
	}
}

func TestEachJobRunsItsMain(t *testing.T) {
	for _, name := range []string{".gitlab-ci.yml", "jobs.yml"} {
		document := read(t, file(t, name))
		for _, name := range jobs(document) {
			j := job(document, name)
			if j["trigger"] != nil {
				continue
			}
			program, _ := at(j, "variables", "MAIN").(string)
			if _, err := os.Stat(filepath.Join("../jobs", program, "main.go")); program == "" || err != nil {
				t.Errorf("%s: MAIN is %q, which is no job: %v", name, program, err)
			}
			script := j["script"].([]any)
			if last := script[len(script)-1].(string); strings.Fields(last)[0] != program {
				t.Errorf("%s runs %q, not %s", name, last, program)
			}
		}
	}
}

// TestWhatJobsMayDo is what protects an environment: who is alone, who waits for people,
// and who may be stopped in the middle.
func TestWhatJobsMayDo(t *testing.T) {
	const both, ephemeral = "production, ephemeral", "ephemeral"
	tests := map[string]struct {
		kinds, lock string
		manual      bool
		stoppable   bool // by a newer pipeline
	}{
		"basic infra":       {kinds: both, lock: "environment/$CI_COMMIT_REF_SLUG"},
		"network":           {kinds: both, lock: "network/$DELIVERY_KIND", manual: true},
		"basic infra kre":   {kinds: both, lock: "kre/$DELIVERY_KIND", manual: true},
		"kre runtimes":      {kinds: both, lock: "kre/$DELIVERY_KIND", manual: true},
		"build":             {kinds: both, stoppable: true},
		"deploy":            {kinds: ephemeral, lock: "environment/$CI_COMMIT_REF_SLUG"},
		"deploy production": {kinds: "production", lock: "environment/$CI_COMMIT_REF_SLUG"},
		"destroy":           {kinds: ephemeral, lock: "environment/$CI_COMMIT_REF_SLUG", manual: true},
		"destroy kre":       {kinds: ephemeral, lock: "kre/$DELIVERY_KIND", manual: true},
		"nuke config":       {kinds: ephemeral, manual: true},
	}
	document := read(t, file(t, ".gitlab-ci.yml"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j := job(document, name)
			var kinds []string
			for _, rule := range j["rules"].([]any) {
				kinds = append(kinds, at(rule, "variables", "DELIVERY_KIND").(string))
				if manual := at(rule, "when") == "manual" && at(rule, "allow_failure") == true; manual != tt.manual {
					t.Errorf("manual, and waited for by nobody: %v", manual)
				}
			}
			if got := strings.Join(kinds, ", "); got != tt.kinds {
				t.Errorf("for %s, want %s", got, tt.kinds)
			}
			if lock, _ := j["resource_group"].(string); lock != tt.lock {
				t.Errorf("resource_group %q, want %q", lock, tt.lock)
			}
			if j["interruptible"] != tt.stoppable {
				t.Errorf("interruptible: %v", j["interruptible"])
			}
			if at(j, "id_tokens", "AWS_ID_TOKEN") == nil {
				t.Error("it has no token for AWS")
			}
		})
	}
	for _, name := range jobs(document) {
		if _, listed := tests[name]; !listed && !slices.Contains([]string{"detect", "modules", "report"}, name) {
			t.Errorf("job %s is not looked at", name)
		}
	}
}

func TestAnEnvironmentIsStoppedByItsJob(t *testing.T) {
	document := read(t, file(t, ".gitlab-ci.yml"))
	deploy, production := job(document, "deploy"), job(document, "deploy production")
	stop, _ := at(deploy, "environment", "on_stop").(string)
	destroy := job(document, stop)
	if at(destroy, "environment", "action") != "stop" || at(destroy, "environment", "name") != at(deploy, "environment", "name") {
		t.Errorf("%s does not stop the environment of deploy: %v", stop, destroy["environment"])
	}
	if at(destroy["rules"].([]any)[0], "if") != at(deploy["rules"].([]any)[0], "if") {
		t.Error("there are pipelines with the one and not the other")
	}
	if at(production, "environment", "on_stop") != nil {
		t.Error("production can be stopped")
	}
	// The branch may be gone when it runs.
	needs, _ := destroy["needs"].([]any)
	kept, _ := at(job(document, "detect"), "artifacts", "paths").([]any)
	if at(destroy, "variables", "GIT_STRATEGY") != "none" || !slices.Contains(needs, any("detect")) || !slices.Contains(kept, any(config.Name)) {
		t.Errorf("destroy needs the branch: %v, %v", destroy, kept)
	}
}

func TestAFailingModuleStopsThePipeline(t *testing.T) {
	document := read(t, file(t, ".gitlab-ci.yml"))
	modules := job(document, "modules")
	if at(modules, "trigger", "strategy") != "depend" || modules["allow_failure"] != nil || modules["rules"] != nil {
		t.Errorf("the pipeline does not wait for its modules: %v", modules)
	}
	stages := document["stages"].([]any)
	gate := slices.Index(stages, modules["stage"])
	for _, name := range []string{"basic infra", "build", "deploy", "deploy production"} {
		j := job(document, name)
		if slices.Index(stages, j["stage"]) <= gate || j["needs"] != nil {
			t.Errorf("%s does not wait for the modules", name)
		}
	}
}

// TestTheBranchesAreThoseOfTheFile holds both places that tell them to each other.
func TestTheBranchesAreThoseOfTheFile(t *testing.T) {
	system, err := config.Load("../pipeline/automation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document := read(t, file(t, ".gitlab-ci.yml"))
	if at(document[".production"], "if") != `$CI_COMMIT_BRANCH == "master"` || !slices.Equal(system.Environments.Production, []string{"master"}) {
		t.Error("production is another branch")
	}
	if at(document[".ephemeral"], "if") != `$CI_COMMIT_BRANCH =~ /^dev\/(feature|fix)/` || !slices.Equal(system.Environments.Ephemeral, []string{"dev/feature", "dev/fix"}) {
		t.Error("ephemeral environments are of other branches")
	}
}
