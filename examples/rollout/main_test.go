package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const services = `
services:
  - {name: nats, port: 4222}
  - {name: notifier, depends_on: [nats], health_check: "true", count: 2}
  - {name: portal, depends_on: [notifier]}
`

func rollout(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "services.yaml")
	if err := os.WriteFile(path, []byte(services), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	var out, live strings.Builder
	given := []string{"-services", path}
	if slices.Contains(args, "-local") {
		given = append(given, "-speed", "2000")
	}
	verb := 0
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb = 1
	}
	args = slices.Insert(slices.Clone(args), verb, given...)
	code = cli.Run(t.Context(), "rollout", run, args, &out, &live)
	return code, out.String(), live.String()
}

func TestRollout(t *testing.T) {
	tests := map[string]struct {
		args           []string
		code           int
		stdout, stderr []string
		not            string // in stdout
	}{
		"the services are rolled out": {
			args:   []string{"-local", "-image", "registry/{module}:7"},
			stdout: []string{"cluster local: 3 to create", "registry/notifier:7, 2 tasks", "healthy (3):\n  nats, notifier, portal\n"},
			stderr: []string{"done          ecs.rollout portal"},
		},
		"a plan changes nothing": {
			args:   []string{"plan", "-local", "-cluster", "demo"},
			stdout: []string{"cluster demo: 3 to create"},
			not:    "healthy",
		},
		"a fault fails it": {
			args:   []string{"-local", "-inject", "notifier=image"},
			code:   1,
			stdout: []string{"roll out notifier: tasks fail: CannotPullContainerError", "rolled back (2):\n  nats, notifier\n", "never started (1):\n  portal\n"},
			stderr: []string{"rollout: roll out notifier: tasks fail"},
		},
		"an unknown command":          {args: []string{"deploy", "-local"}, code: 2, stderr: []string{`unknown command "deploy"`}},
		"a rollback without journal":  {args: []string{"rollback", "-cluster", "x"}, code: 2, stderr: []string{"-journal is required to rollback"}},
		"a status of what is local":   {args: []string{"status", "-local", "-journal", "j"}, code: 2, stderr: []string{"status does not go with -local"}},
		"a fault for a real cluster":  {args: []string{"-cluster", "x", "-inject", "nats=crash"}, code: 2, stderr: []string{"they need -local"}},
		"neither a cluster nor local": {code: 2, stderr: []string{"-cluster is required, or -local"}},
		"no services":                 {args: []string{"-services", ""}, code: 2, stderr: []string{"-services is required"}},
		"a missing file":              {args: []string{"-services", "/none.yaml", "-local"}, code: 2, stderr: []string{"/none.yaml"}},
		"a fault of no service":       {args: []string{"-local", "-inject", "x=crash"}, code: 2, stderr: []string{"no service x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := rollout(t, tt.args...)
			if code != tt.code || tt.not != "" && strings.Contains(stdout, tt.not) {
				t.Errorf("exit code %d, want %d; stdout:\n%s\nstderr:\n%s", code, tt.code, stdout, stderr)
			}
			for _, want := range tt.stdout {
				if !strings.Contains(stdout, want) {
					t.Errorf("stdout lacks %q:\n%s", want, stdout)
				}
			}
			for _, want := range tt.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, stderr)
				}
			}
		})
	}
}

func TestJSON(t *testing.T) {
	code, stdout, _ := rollout(t, "-local", "-json", "-inject", "portal=crash")
	var out struct {
		Plan struct {
			Cluster string
			Changes []struct{ Service, Action string }
			Levels  [][]string
		}
		Result struct {
			Services []struct{ Service, Action, State, Deployment string }
		}
		Error string
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil {
		t.Fatalf("%v:\n%s", err, stdout)
	}
	if code != 1 || !strings.Contains(out.Error, "portal") || len(out.Plan.Levels) != 3 || out.Plan.Changes[0].Action != "create" {
		t.Errorf("exit code %d, %+v", code, out)
	}
	if s := out.Result.Services[2]; s.Service != "portal" || s.State != "rolled back" || s.Deployment == "" {
		t.Errorf("result %+v", out.Result)
	}
}

// TestARolloutOverASocket drives every command against an ECS that outlives it.
func TestARolloutOverASocket(t *testing.T) {
	cloud := ecstest.New(ecstest.Options{Timing: func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(1e-4) }})
	cloud.AddCluster("demo")
	server := httptest.NewServer(cloud)
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	journal := filepath.Join(t.TempDir(), "rollout.json")
	steps := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"status"}, 2, "the journal holds no rollout"},
		{[]string{"plan"}, 0, "cluster demo: 3 to create"},
		{[]string{"plan", "-cluster", "none"}, 1, "Cluster not found"},
		{[]string{"apply", "-image", "{module}:1"}, 0, "healthy (3)"},
		{[]string{"status"}, 0, "portal    create     healthy      runs new (demo-portal:1), 1 of 1 tasks"},
		{[]string{"resume"}, 2, "is finished; apply begins a new one"},
		{[]string{"apply", "-image", "{module}:2"}, 0, "3 to update"},
		{[]string{"rollback"}, 0, "rolled back (3)"},
		{[]string{"plan", "-image", "{module}:1"}, 0, "3 unchanged"},
	}
	for _, step := range steps {
		args := append([]string{step.args[0], "-cluster", "demo", "-journal", journal, "-poll", "2ms"}, step.args[1:]...)
		code, stdout, stderr := rollout(t, args...)
		if code != step.code || !strings.Contains(stdout+stderr, step.want) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s%s", step.args, code, step.code, step.want, stdout, stderr)
		}
	}
}
