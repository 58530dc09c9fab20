package build_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	dockerbuild "github.com/docker/docker/api/types/build"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/internal/stages/build"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

const system = `
project: automation
modules:
  - {name: bridge, paths: [bridge]}
  - {name: notifier, paths: [notifier]}
  - {name: terraform, paths: [terraform]}
images:
  epoch: "1"
  modules: [{module: bridge}, {module: notifier}]
services:
  - {name: bridge-1, module: bridge}
  - {name: bridge-2, module: bridge}
  - {name: notifier}
  - {name: nats, image: nats:2.10}
`

func files() map[string]string {
	return map[string]string{
		"delivery.yaml":       system,
		"bridge/Dockerfile":   "FROM python:3.11\nCOPY . /app/\n",
		"bridge/app.py":       "print(1)\n",
		"notifier/Dockerfile": "FROM python:3.11\nRUN true\n",
	}
}

// newSystem has the repositories already.
func newSystem(t *testing.T) *systemtest.System {
	s := systemtest.Of(t, localcloud.Options{Repositories: []string{"automation/bridge", "automation/notifier"}}, files())
	s.Variables = map[string]string{"CI_PIPELINE_ID": "131", "CI_COMMIT_SHA": "c0ffee"}
	return s
}

// do builds with the engine of the account.
func do(t *testing.T, s *systemtest.System, branch string, o build.Options) systemtest.Run {
	t.Helper()
	o.Engine = func(context.Context) (ecr.Engine, error) { return s.Cloud.Engine(), nil }
	return s.Run(branch, build.Stage(s.Connect, o))
}

// account is the one that s is in.
func account(t *testing.T, s *systemtest.System) *cloud.Cloud {
	t.Helper()
	c, err := s.Connect(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// outcomes are those of the images of a stage.
func outcomes(s report.Stage) map[string]string {
	all := map[string]string{}
	for _, i := range s.Images {
		all[i.Module] = i.Outcome
	}
	return all
}

func TestOnlyWhatHasChangedIsBuilt(t *testing.T) {
	s := newSystem(t)
	first := do(t, s, systemtest.Branch, build.Options{})
	if first.Err != nil {
		t.Fatalf("%v\n%s", first.Err, first.Printed)
	}
	stage := first.Stages[build.Name]
	if d := cmp.Diff(map[string]string{"bridge": "built", "notifier": "built"}, outcomes(stage)); d != "" || stage.Summary != "2 built" {
		t.Errorf("first run (-want +got):\n%s%s", d, stage.Summary)
	}
	if d := cmp.Diff([]string{"8527fec8-131", "latest-8527fec8"}, stage.Images[0].Tags); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
	second := do(t, s, systemtest.Branch, build.Options{})
	if got := second.Stages[build.Name]; second.Err != nil || got.Summary != "2 unchanged" || len(second.Writes) != 0 {
		t.Errorf("second run: %v, %s, writes %v\n%s", second.Err, got.Summary, second.Writes, second.Printed)
	}
	s.Write("bridge/app.py", "print(2)\n")
	third := do(t, s, "dev/fix/bridge", build.Options{})
	if d := cmp.Diff(map[string]string{"bridge": "built", "notifier": "retagged"}, outcomes(third.Stages[build.Name])); third.Err != nil || d != "" {
		t.Errorf("on another branch: %v (-want +got):\n%s%s", third.Err, d, third.Printed)
	}
	if got := third.Stages[build.Name]; got.Summary != "1 built, 1 retagged" || !strings.Contains(third.Printed, "1 to build") {
		t.Errorf("%s\n%s", got.Summary, third.Printed)
	}
}

func TestOneModule(t *testing.T) {
	s := newSystem(t)
	tests := map[string]struct {
		module, stage, summary, err string
		state                       progress.State
	}{
		"with an image":    {"bridge", "build-bridge", "1 built", "", progress.Done},
		"without an image": {"terraform", "build-terraform", "terraform has no image", "", progress.Skipped},
		"that is none":     {"x/y", "build-x%2Fy", "", `delivery.yaml has no module "x/y"`, progress.Failed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			run := do(t, s, systemtest.Branch, build.Options{Module: tt.module})
			if (run.Err == nil) != (tt.err == "") || run.Err != nil && run.Err.Error() != tt.err {
				t.Fatalf("%v, want %q", run.Err, tt.err)
			}
			if got := run.Stages[tt.stage]; got.Summary != tt.summary || got.State != tt.state {
				t.Errorf("%s: %s", got.State, got.Summary)
			}
		})
	}
}

// chatty is an engine whose step fails in one image, and says why.
type chatty struct{ ecr.Engine }

func (e chatty) ImageBuild(ctx context.Context, archive io.Reader, o dockerbuild.ImageBuildOptions) (dockerbuild.ImageBuildResponse, error) {
	text, err := io.ReadAll(archive)
	if err != nil || !bytes.Contains(text, []byte("RUN pytest")) {
		return e.Engine.ImageBuild(ctx, bytes.NewReader(text), o)
	}
	const answer = `{"stream":"Step 1/2 : FROM python:3.11\n"}
{"stream":"Step 2/2 : RUN pytest\n"}
{"stream":"collected 1 item\n"}
{"stream":"E assert 1 == 2\n"}
{"errorDetail":{"code":3,"message":"The command '/bin/sh -c pytest' returned a non-zero code: 3"},"error":"The command '/bin/sh -c pytest' returned a non-zero code: 3"}
`
	return dockerbuild.ImageBuildResponse{Body: io.NopCloser(strings.NewReader(answer))}, nil
}

func TestAStepThatFails(t *testing.T) {
	s := newSystem(t)
	s.Write("bridge/Dockerfile", "FROM python:3.11\nRUN pytest\n")
	run := s.Run(systemtest.Branch, build.Stage(s.Connect, build.Options{Engine: func(context.Context) (ecr.Engine, error) { return chatty{s.Cloud.Engine()}, nil }}))
	if code, line := run.Exit(t.Context()); code != cli.ExitFailed || !strings.Contains(line, "build bridge: step 2 of 2 (RUN pytest): exit code 3") {
		t.Errorf("exit code %d: %s", code, line)
	}
	stage := run.Stages[build.Name]
	if d := cmp.Diff(map[string]string{"bridge": "failed", "notifier": "built"}, outcomes(stage)); d != "" || stage.Summary != "1 built, 1 failed" {
		t.Errorf("(-want +got):\n%s%s", d, stage.Summary)
	}
	if len(stage.Failures) != 1 || stage.Failures[0].Subject != "bridge" || !strings.Contains(stage.Failures[0].Cause, "exit code 3") {
		t.Fatalf("failures: %+v", stage.Failures)
	}
	if d := cmp.Diff([]string{"collected 1 item", "E assert 1 == 2"}, stage.Failures[0].Logs); d != "" {
		t.Errorf("log lines (-want +got):\n%s", d)
	}
	if !strings.Contains(run.Printed, "\nlast lines of bridge:\n  collected 1 item\n  E assert 1 == 2\n") {
		t.Errorf("the log is not shown:\n%s", run.Printed)
	}
}

func TestWhatCannotBeBuilt(t *testing.T) {
	tests := map[string]struct {
		file, text string // of the repository
		prepare    func(s *systemtest.System)
		engine     error
		code       int
		want       string
	}{
		"no repository": {
			"delivery.yaml", strings.Replace(system, "images:\n", "images:\n  prefix: other/\n", 1), nil, nil, cli.ExitFailed,
			"job: there is no repository other/bridge, other/notifier: run the job basic-infra first, which makes those of all modules\n",
		},
		"no Dockerfile":             {"delivery.yaml", strings.Replace(system, "{module: bridge}", "{module: bridge, dockerfile: Containerfile}", 1), nil, nil, cli.ExitUsage, "Containerfile"},
		"a base that is not pinned": {"delivery.yaml", strings.Replace(system, `epoch: "1"`, "", 1), nil, nil, cli.ExitUsage, "python:3.11"},
		"an engine that is away":    {"bridge/app.py", "print(3)\n", nil, errors.New("reach the Docker Engine: no such host"), cli.ExitFailed, "build 2 images: reach the Docker Engine: no such host"},
		"a registry that refuses": {
			"bridge/app.py", "print(4)\n", func(s *systemtest.System) { s.Cloud.Images().Inject("automation/bridge", ecrtest.Denied, -1) }, nil, cli.ExitFailed,
			"publish image bridge: ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			s.Write(tt.file, tt.text)
			if tt.prepare != nil {
				tt.prepare(s)
			}
			run := s.Run(systemtest.Branch, build.Stage(s.Connect, build.Options{Engine: func(context.Context) (ecr.Engine, error) { return s.Cloud.Engine(), tt.engine }}))
			code, line := run.Exit(t.Context())
			if code != tt.code || !strings.Contains(line, tt.want) || strings.Contains(run.Printed+line, ecrtest.Password) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.want, line)
			}
		})
	}
}

func TestAPlanAlone(t *testing.T) {
	s := newSystem(t)
	run := do(t, s, systemtest.Branch, build.Options{PlanOnly: true})
	if got := run.Stages[build.Name]; run.Err != nil || len(run.Writes) != 0 || got.Summary != "planned: 2 not begun" || s.Cloud.Engine().Calls("build") != 0 {
		t.Errorf("%v, writes %v, %s", run.Err, run.Writes, got.Summary)
	}
}

func TestWhatIsDeployed(t *testing.T) {
	s := newSystem(t)
	_, err := build.Deployed(t.Context(), account(t, s), s.Job(systemtest.Branch, t.TempDir()))
	if err == nil || !strings.Contains(err.Error(), "the registry has no image of the present inputs of bridge (automation/bridge:inputs-") ||
		!strings.HasSuffix(err.Error(), ": run the job build first") {
		t.Fatalf("before anything is built: %v", err)
	}
	if run := do(t, s, systemtest.Branch, build.Options{}); run.Err != nil {
		t.Fatal(run.Err)
	}
	calls := s.Cloud.Calls()
	got, err := build.Deployed(t.Context(), account(t, s), s.Job(systemtest.Branch, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, module := range []string{"bridge", "notifier"} {
		want[module] = ecrtest.DefaultHost + "/automation/" + module + "@" + s.Cloud.Images().Images("automation/" + module)[0].Digest
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("images (-want +got):\n%s", d)
	}
	after := s.Cloud.Calls()
	maps.DeleteFunc(after, func(action string, n int) bool { return n == calls[action] })
	if after["ecr:PutImage"] != 0 || after["ecr:GetAuthorizationToken"] != 0 {
		t.Errorf("it is not read only: %v", after)
	}
	s.Write("notifier/Dockerfile", "FROM python:3.11\nRUN false\n")
	if _, err := build.Deployed(t.Context(), account(t, s), s.Job(systemtest.Branch, t.TempDir())); err == nil || strings.Contains(err.Error(), "bridge") || !strings.Contains(err.Error(), "of notifier (") {
		t.Errorf("after a change: %v", err)
	}
}
