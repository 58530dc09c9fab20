package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/stages/stagetest"
)

const system = `
project: demo
modules:
  - {name: lib, paths: [lib], labels: {kind: python}}
  - {name: web, paths: [web], on_demand: TEST_WEB}
`

const jobs = "test $MODULE: {script: ['make $MODULE']}\n"

// here makes a repository the working directory, without the variables of a CI.
func here(t *testing.T) {
	t.Helper()
	dir := stagetest.Repository(t, map[string]string{"delivery.yaml": system, "lib/a": "1", "web/a": "1", "jobs.yml": jobs}, map[string]string{"lib/a": "2"})
	t.Chdir(dir)
	for _, name := range []string{"GITLAB_CI", "GITHUB_ACTIONS", "CI_COMMIT_REF_NAME", "CI_COMMIT_SHA", "GITHUB_REF_NAME", "GITHUB_HEAD_REF", "GITHUB_SHA", "TEST_WEB"} {
		t.Setenv(name, "")
	}
}

func TestDetect(t *testing.T) {
	tests := map[string]struct {
		args      string
		variables map[string]string
		code      int
		stdout    string
		stderr    string
		files     map[string]string // what they hold
	}{
		"a branch with an environment": {
			args:   "-base master -branch dev/feature/login",
			stdout: "lib  changed  lib/a modified",
			files: map[string]string{
				".delivery/detect.env":  "CHANGED_MODULES=lib\nDELETED_MODULES=\nDELIVERY_ENVIRONMENT=demo-8527fec8\nDELIVERY_KIND=ephemeral\n",
				".delivery/detect.json": `"summary": "1 of 2 modules selected"`,
			},
		},
		"any other branch": {
			args:  "-base master -branch topic",
			files: map[string]string{".delivery/detect.env": "DELIVERY_ENVIRONMENT=\nDELIVERY_KIND=\n"},
		},
		"no branch": {
			args:  "-base master",
			files: map[string]string{".delivery/detect.env": "DELIVERY_ENVIRONMENT=\n"},
		},
		"a module on demand": {
			args: "-base master", variables: map[string]string{"TEST_WEB": "true"},
			files: map[string]string{".delivery/detect.env": "CHANGED_MODULES=lib web\n"},
		},
		"a job of GitLab that was run by hand": {
			variables: map[string]string{"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "web", "CI_COMMIT_REF_NAME": "master"},
			files:     map[string]string{".delivery/detect.env": "CHANGED_MODULES=lib\nDELETED_MODULES=\nDELIVERY_ENVIRONMENT=demo-master\nDELIVERY_KIND=production\n"},
		},
		"a child pipeline": {
			args:   "-base master -job-template jobs.yml -child-pipeline out/child.yml",
			stdout: "child pipeline: out/child.yml",
			files:  map[string]string{"out/child.yml": "test lib:"},
		},
		"the outputs of a step": {
			args:  "-base master -branch dev/feature/login -matrix out",
			files: map[string]string{"out": "matrix={\"include\":[{\"kind\":\"python\",\"module\":\"lib\",\"status\":\"changed\"}]}\nenvironment=demo-8527fec8\nkind=ephemeral\n"},
		},
		"another dotenv report": {
			args: "-base master -dotenv x.env", files: map[string]string{"x.env": "CHANGED_MODULES=lib\n"},
		},
		"JSON":                       {args: "-base master -json", stdout: `"name": "detect"`},
		"help":                       {args: "-h", stdout: "-job-template FILE"},
		"no base":                    {code: cli.ExitUsage, stderr: "-base names the revision"},
		"a base that is not there":   {args: "-base gone", code: cli.ExitUsage, stderr: "gone"},
		"a template without a child": {args: "-job-template jobs.yml", code: cli.ExitUsage, stderr: "need each other"},
		"a template that is missing": {args: "-base master -job-template x.yml -child-pipeline c.yml", code: cli.ExitUsage, stderr: "read job template: open x.yml"},
		"a file that is missing":     {args: "-file x.yaml -base master", code: cli.ExitUsage, stderr: "x.yaml"},
		"a matrix that cannot be":    {args: "-base master -matrix gone/out", code: cli.ExitUsage, stderr: "write the outputs of the step: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			here(t)
			for name, value := range tt.variables {
				t.Setenv(name, value)
			}
			var stdout, stderr strings.Builder
			code := cli.Run(t.Context(), "detect", newMain().Run, strings.Fields(tt.args), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("code %d\n%s\n%s", code, stdout.String(), stderr.String())
			}
			for name, want := range tt.files {
				content, err := os.ReadFile(filepath.FromSlash(name))
				if err != nil || !strings.Contains(string(content), want) {
					t.Errorf("%s lacks %q: %v\n%s", name, want, err, content)
				}
			}
		})
	}
}
