package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/report"
)

const system = `
project: automation
account: "123456789012"
region: us-east-1
modules: [{name: bridge, paths: [bridge]}]
images: {modules: [{module: bridge}]}
services: [{name: bridge, count: 2}]
`

// served is an account in memory that mains find by their environment variables.
func served(t *testing.T) (*localcloud.Cloud, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "delivery.yaml")
	if err := os.WriteFile(path, []byte(system), 0o600); err != nil {
		t.Fatal(err)
	}
	account := localcloud.New(localcloud.Options{Speed: 1e6})
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"GITLAB_CI": "", "GITHUB_ACTIONS": "",
	} {
		t.Setenv(name, value)
	}
	return account, path
}

// fast is the account of the environment variables, which answers at once.
func fast() cloud.Connect {
	connect := cloud.AWS()
	return func(ctx context.Context, j *job.Job) (*cloud.Cloud, error) {
		c, err := connect(ctx, j)
		if err == nil {
			c.Speed = 1e6
		}
		return c, err
	}
}

// do runs the main for a feature branch.
func do(t *testing.T, path string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, live strings.Builder
	args = append([]string{"-file", path, "-branch", "dev/feature/login"}, args...)
	code = cli.Run(t.Context(), "basic-infra", newMain(fast()).Run, args, &out, &live)
	return code, out.String(), live.String()
}

func TestBasicInfra(t *testing.T) {
	account, path := served(t)
	steps := []struct {
		args []string
		code int
		want string
	}{
		{nil, 1, `basic-infra: read outputs of stack automation-ephemeral-network: there is no such stack: run the job "basic-infra -network" first, which makes it`},
		{[]string{"-network", "-plan"}, 0, "network: done, planned only"},
		{[]string{"-network"}, 0, "network: done, created, "},
		{nil, 0, "capacity: done, a rollout of 1 services fits"},
		{[]string{"-network"}, 0, "network: done, unchanged"},
	}
	for _, step := range steps {
		if code, stdout, stderr := do(t, path, step.args...); code != step.code || !strings.Contains(stdout+stderr, step.want) {
			t.Fatalf("%v: exit code %d, want %q:\n%s%s", step.args, code, step.want, stdout, stderr)
		}
	}
	if got, want := account.Stacks().Stacks(), []string{"automation-8527fec8-roles", "automation-ephemeral-network"}; !slices.Equal(got, want) {
		t.Errorf("the stacks are %q, want %q", got, want)
	}
	code, stdout, _ := do(t, path, "-json")
	var document struct{ Stages []report.Stage }
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || code != 0 || len(document.Stages) != 3 {
		t.Fatalf("exit code %d, %v: %s", code, err, stdout)
	}
	// The account has neither EC2 nor Service Quotas: that is a note.
	if notes := strings.Join(document.Stages[2].Notes, "\n"); !strings.Contains(notes, "not all limits of the account could be read: ") {
		t.Errorf("notes: %s", notes)
	}
}

func TestHelp(t *testing.T) {
	if code, stdout, _ := do(t, "delivery.yaml", "-h"); code != cli.OK || !strings.Contains(stdout, "-network") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

// TestAnAccountThatIsAway is a failure, and told in one line.
func TestAnAccountThatIsAway(t *testing.T) {
	_, path := served(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hidden")
	code, stdout, stderr := do(t, path)
	if code != cli.ExitFailed || !strings.HasPrefix(stderr, "basic-infra: ask AWS who we are: ") || strings.Count(stderr, "\n") != 1 || strings.Contains(stdout+stderr, "hidden") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
}
