package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
)

// system is a delivery.yaml that needs no image of its own.
const system = `
project: automation
modules: [{name: a, paths: [a]}]
infrastructure: {template_bucket: templates}
services:
  - {name: nats, image: "nats:2", port: 4222}
  - {name: portal, image: "nginx:1", depends_on: [nats], port: 80, route: {priority: 1}}
`

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "delivery.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWrongUse(t *testing.T) {
	for _, name := range []string{"CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME", "GITHUB_REF", "GITHUB_ACTIONS", "GITLAB_CI", "CI"} {
		t.Setenv(name, "")
	}
	path := file(t, system)
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"help":                         {[]string{"-h"}, cli.OK, "-consent LOGICALID"},
		"an unknown flag":              {[]string{"-force"}, cli.ExitUsage, "-force (-h lists the flags)"},
		"consent to nothing":           {[]string{"-consent", ""}, cli.ExitUsage, "want a logical id"},
		"no file":                      {[]string{"-file", "/none.yaml"}, cli.ExitUsage, "/none.yaml"},
		"no branch":                    {[]string{"-file", path}, cli.ExitUsage, "-branch names the branch"},
		"a branch without environment": {[]string{"-file", path, "-branch", "docs/typo"}, cli.ExitFailed, "docs/typo"},
		"a file with a fault": {
			[]string{"-branch", "master", "-file", file(t, strings.Replace(system, "image:", "imgae:", 1))}, cli.ExitUsage, "delivery.yaml:6:18: ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out, live strings.Builder
			code := cli.Run(t.Context(), "deploy", newMain(nil).Run, tt.args, &out, &live)
			if code != tt.code || !strings.Contains(out.String()+live.String(), tt.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, tt.code, tt.want, &out, &live)
			}
		})
	}
}

func TestDeploy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := systemtest.New(t, file(t, system))
		deploy := func(args ...string) (int, string, string) {
			var out, live strings.Builder
			args = append([]string{"-file", s.File, "-branch", "dev/feature/login"}, args...)
			code := cli.Run(t.Context(), "deploy", newMain(s.Connect).Run, args, &out, &live)
			return code, out.String(), live.String()
		}
		code, _, live := deploy()
		if code != cli.ExitFailed || !strings.Contains(live, `deploy: stack automation-ephemeral-network: `) && !strings.Contains(live, `run the job "basic-infra -network" first`) {
			t.Errorf("without a network: exit code %d:\n%s", code, live)
		}
		s.Basics("dev/feature/login")
		code, out, live := deploy()
		if code != cli.OK || !strings.Contains(out, "rollout: done, 2 healthy") {
			t.Errorf("exit code %d:\n%s%s", code, out, live)
		}
		code, out, _ = deploy("-json")
		var document struct {
			Stages []struct{ Name, State, Summary string }
		}
		if err := json.Unmarshal([]byte(out), &document); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if code != cli.OK || len(document.Stages) != 3 || document.Stages[1].Summary != "2 unchanged" || document.Stages[2].State != "skipped" {
			t.Errorf("exit code %d: %+v", code, document)
		}
	})
}
