package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/report"
)

const system = `
project: automation
account: "123456789012"
region: us-east-1
modules:
  - {name: bridge, paths: [bridge]}
  - {name: notifier, paths: [notifier]}
images:
  epoch: "1"
  modules: [{module: bridge}, {module: notifier}]
`

// repo is a repository, and an account with a Docker Engine that mains find by their
// environment variables.
func repo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range map[string]string{
		"delivery.yaml": system, "bridge/Dockerfile": "FROM python:3.11\nCOPY . /app/\n", "notifier/Dockerfile": "FROM python:3.11\n",
	} {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = localcloud.New(localcloud.Options{
		RegistryHost: server.Listener.Addr().String(), Repositories: []string{"automation/bridge", "automation/notifier"},
	})
	server.Start()
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"DOCKER_HOST": "tcp://" + server.Listener.Addr().String(), "CI_PIPELINE_ID": "131", "GITLAB_CI": "", "GITHUB_ACTIONS": "",
	} {
		t.Setenv(name, value)
	}
	return dir
}

// do runs the main for a feature branch.
func do(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, live strings.Builder
	args = append([]string{"-file", filepath.Join(dir, "delivery.yaml"), "-branch", "dev/feature/login"}, args...)
	code = cli.Run(t.Context(), "build", newMain(cloud.AWS()).Run, args, &out, &live)
	return code, out.String(), live.String()
}

func TestBuild(t *testing.T) {
	dir := repo(t)
	steps := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-plan"}, 0, "build: done, planned: 2 not begun"},
		{[]string{"-module", "bridge"}, 0, "build-bridge: done, 1 built"},
		{nil, 0, "build: done, 1 built, 1 unchanged"},
		{nil, 0, "build: done, 2 unchanged"},
	}
	for _, step := range steps {
		if code, stdout, stderr := do(t, dir, step.args...); code != step.code || !strings.Contains(stdout, step.want) {
			t.Fatalf("%v: exit code %d, want %q:\n%s%s", step.args, code, step.want, stdout, stderr)
		}
	}
	code, stdout, _ := do(t, dir, "-json")
	var document struct{ Stages []report.Stage }
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || code != 0 || len(document.Stages) != 1 || len(document.Stages[0].Images) != 2 {
		t.Fatalf("exit code %d, %v: %s", code, err, stdout)
	}
	if i := document.Stages[0].Images[0]; i.Module != "bridge" || i.Outcome != "unchanged" || !strings.HasPrefix(i.Digest, "sha256:") {
		t.Errorf("%+v", i)
	}
	for _, name := range []string{"build.json", "build-bridge.json"} {
		if _, err := os.Stat(filepath.Join(dir, ".delivery", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongUse(t *testing.T) {
	dir := repo(t)
	tests := map[string]struct {
		args []string
		env  map[string]string
		code int
		want string
	}{
		"help":                     {args: []string{"-h"}, code: cli.OK, want: "-module NAME"},
		"fewer than one at once":   {args: []string{"-parallel", "-1"}, code: cli.ExitUsage, want: "-parallel -1: want at least 1"},
		"a module that is none":    {args: []string{"-module", "utils"}, code: cli.ExitUsage, want: `delivery.yaml has no module "utils"`},
		"an engine that is none":   {env: map[string]string{"DOCKER_HOST": "nonsense"}, code: cli.ExitFailed, want: "build 2 images: configure the Docker Engine (DOCKER_HOST, DOCKER_CERT_PATH): unable to parse docker host"},
		"an engine that is away":   {env: map[string]string{"DOCKER_HOST": "tcp://127.0.0.1:1"}, code: cli.ExitFailed, want: "build 2 images: reach the Docker Engine: "},
		"an AWS that is away":      {env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, code: cli.ExitFailed, want: "ask AWS who we are: "},
		"a branch without its own": {args: []string{"-branch", "docs"}, code: cli.ExitFailed, want: `"docs"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for key, value := range tt.env {
				t.Setenv(key, value)
			}
			code, stdout, stderr := do(t, dir, tt.args...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, tt.code, tt.want, stdout, stderr)
			}
		})
	}
}
