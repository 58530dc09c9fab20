//go:build integration

package gitlab

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

// TestGitLabCILocalRunsThePipeline runs child pipelines by gitlab-ci-local.
func TestGitLabCILocalRunsThePipeline(t *testing.T) {
	program := gitLabCILocal(t)
	now, before, selection := selectSample(t, "libs/lib/a.go", "old/x")
	empty := changes.Selection{}
	jobs := `
stages: [test, build, deploy]
.record: {variables: {GREETING: hello}}
prepare: {stage: .pre, script: [echo prepare >>"$RECORD"]}
test $MODULE: {stage: test, extends: .record, script: ['echo "test $MODULE" >>"$RECORD"; test "$GREETING" = hello']}
build $MODULE:
  for: {labels: {kind: [go, python]}}
  stage: build
  rules: [{if: $CI}]
  script: ['echo "build $MODULE" >>"$RECORD"; test "$MODULE_DIR" != ""']
deploy $MODULE: {stage: deploy, script: ['echo "deploy $MODULE" >>"$RECORD"; test "$MODULE_STATUS" != ""']}
destroy $MODULE: {for: {deleted: true}, stage: deploy, script: ['echo "destroy $MODULE" >>"$RECORD"']}
`
	template := parse(t, jobs)
	for name, s := range map[string]changes.Selection{"of the sample": selection, "of nothing": empty} {
		t.Run(name, func(t *testing.T) {
			pipeline, err := template.Pipeline(now, s, Options{Before: &before})
			if err != nil {
				t.Fatal(err)
			}
			expected := checked(t, pipeline)
			ran, output := runLocally(t, program, pipeline)
			for name, j := range expected {
				if name == "nothing to do" {
					if !strings.Contains(output, "No selected module has a job.") {
						t.Errorf("%q did not run:\n%s", name, output)
					}
					continue
				}
				at := slices.Index(ran, name)
				if at < 0 {
					t.Errorf("%q did not run:\n%s", name, output)
				}
				for _, n := range j.needs {
					if slices.Index(ran, n) > at {
						t.Errorf("%q ran before %q, which it needs: %q", name, n, ran)
					}
				}
			}
		})
	}
}

// TestGitLabCILocalEvaluatesRulesOfModules holds that rules see the variables of
// a module, and no value of one as code.
func TestGitLabCILocalEvaluatesRulesOfModules(t *testing.T) {
	program := gitLabCILocal(t)
	template := parse(t, `
.go: {rules: [{if: $MODULE_GO}]}
equal $MODULE: {rules: [{if: '$MODULE_GO == "go.mod"'}], script: ['echo "equal $MODULE" >>"$RECORD"']}
set $MODULE: {extends: .go, script: ['echo "set $MODULE" >>"$RECORD"']}
match $MODULE: {rules: [{if: '$MODULE =~ /^pl/ && $MODULE_STATUS != null'}], script: ['echo "match $MODULE" >>"$RECORD"']}
always $MODULE: {script: ['echo "always $MODULE" >>"$RECORD"']}
`)
	s := chosen("plain", "evil", "without")
	s.Modules[0].Labels = map[string]string{"go": "go.mod"}
	s.Modules[1].Labels = map[string]string{"go": `x" || "a" == "a`}
	pipeline, err := template.Pipeline(changes.Config{}, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checked(t, pipeline)
	ran, output := runLocally(t, program, pipeline)
	slices.Sort(ran)
	want := []string{"always evil", "always plain", "always without", "equal plain", "match plain", "set evil", "set plain"}
	if d := cmp.Diff(want, ran); d != "" {
		t.Errorf("jobs that ran (-want +got):\n%s\n%s", d, output)
	}
}

// TestGitLabCILocalRunsNothing holds that a pipeline of no module has the
// variables that decide about it.
func TestGitLabCILocalRunsNothing(t *testing.T) {
	program := gitLabCILocal(t)
	template := parse(t, `
variables: {DEPLOY_ON: "yes"}
workflow: {rules: [{if: $DEPLOY_ON == "yes"}]}
t $MODULE: {script: [x]}
`)
	pipeline, err := template.Pipeline(changes.Config{}, changes.Selection{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, output := runLocally(t, program, pipeline); !strings.Contains(output, "No selected module has a job.") {
		t.Errorf("it did not run:\n%s", output)
	}
}

// gitLabCILocal is the program that the variable DELIVERY_GITLAB_CI_LOCAL names.
// It needs git, rsync and node.
func gitLabCILocal(t *testing.T) string {
	t.Helper()
	program := os.Getenv("DELIVERY_GITLAB_CI_LOCAL")
	if program == "" {
		t.Fatal("DELIVERY_GITLAB_CI_LOCAL is not set; scripts/integration installs gitlab-ci-local and sets it")
	}
	for _, needed := range []string{program, "git", "rsync", "node"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Fatal(err)
		}
	}
	return program
}

// runLocally runs a pipeline in a new repository and returns the names of its
// jobs in the order in which they recorded them.
func runLocally(t *testing.T, program string, pipeline []byte) (ran []string, output string) {
	t.Helper()
	dir, record := t.TempDir(), filepath.Join(t.TempDir(), "record")
	if err := os.WriteFile(filepath.Join(dir, ".gitlab-ci.yml"), pipeline, 0o644); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "HOME="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	for _, args := range [][]string{
		{"git", "init", "-q", "-b", "main"},
		{"git", "add", "."},
		{"git", "commit", "-q", "-m", "x"},
		{"git", "remote", "add", "origin", "git@gitlab.example.com:group/project.git"},
		{program, "--variable", "RECORD=" + record},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s\n%s", strings.Join(args, " "), err, out, pipeline)
		}
		output = string(out)
	}
	content, err := os.ReadFile(record)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n"), output
}
