package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/progress"
)

// TestMain hides the CI that the tests may run in, once for all of them, so that they
// can run beside one another.
func TestMain(m *testing.M) {
	for _, name := range []string{"CI", "GITLAB_CI", "GITHUB_ACTIONS", "CI_COMMIT_REF_NAME", "CI_COMMIT_SHA", "GITHUB_SHA", "PAPERTRAIL_URL", "TEST_DISPATCH_PORTAL_FRONTEND"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// deliver runs the main with args, on an AWS that is fast enough for a test, and with the
// run directory dir.
func deliver(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, live strings.Builder
	if !slices.Contains(args, "-aws") && !slices.Contains(args, "-speed") {
		args = append(args, "-speed", "5000")
	}
	code = cli.Run(t.Context(), "pipeline", run, append(args, "-run", dir), &out, &live)
	return code, out.String(), live.String()
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

// state is what the record of a stage says; "" where there is none.
func state(t *testing.T, dir, stage string) progress.State {
	t.Helper()
	run, err := job.Directory(dir).Report()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range run.Stages {
		if s.Name == stage {
			return s.State
		}
	}
	return ""
}

func TestTheSampleIsDelivered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, stdout, stderr := deliver(t, dir)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout,
		"branch dev/feature/velocloud-retries\nis the ephemeral environment automation-c721e158, in an AWS in memory",
		"5 of 9 modules selected",
		"depends on python-utils, which changed",
		"45/46 lines", "97.82%",
		"3 built, 4 retagged",
		"28 to create, 0 to update, 0 unchanged, in 6 levels",
		"critical path: nats-server ",
		"summary\n-------\ndetect           5 of 9 modules selected\nvalidation       0 findings in 5 modules\n",
		"rollout          28 healthy\n",
		"report: "+filepath.Join(dir, "report.html"),
	)
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(page), "automation-c721e158", "service-outage-monitor-triage", "97.82%", "<svg")
}

func TestWhatGoesWrongStopsTheDelivery(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		failed string // stage
		stderr string
		stdout []string
	}{
		"a service that crashes": {
			[]string{"-inject", "velocloud-bridge=crash"},
			"rollout", "pipeline: roll out velocloud-bridge: ",
			[]string{"rolled back (11):", "never started (17):", "container velocloud-bridge exited with code 1"},
		},
		"a service that is never healthy": {[]string{"-inject", "notifier=never-healthy"}, "rollout", "pipeline: roll out notifier: ", []string{"failed container health checks"}},
		"a resource that cannot be made":  {[]string{"-inject", "stack:Cluster"}, "stack", "Cluster", nil},
		"an image that cannot be pushed":  {[]string{"-inject", "image:automation/velocloud-bridge=denied"}, "build", "velocloud-bridge", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			code, stdout, stderr := deliver(t, dir, tt.args...)
			if code != 1 {
				t.Errorf("exit code %d", code)
			}
			contains(t, stdout, append(tt.stdout, "report: ")...)
			contains(t, stderr, tt.stderr)
			if s := state(t, dir, tt.failed); s != progress.Failed {
				t.Errorf("stage %s is %q", tt.failed, s)
			}
			if s := state(t, dir, "logs"); s != "" {
				t.Errorf("the log searches are %q, after a failure", s)
			}
		})
	}
}

func TestTheGateStopsTheDelivery(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, stdout, stderr := deliver(t, dir, "-all") // notifier covers too little
	if code != 1 || state(t, dir, "unit-coverage") != progress.Failed || state(t, dir, "network") != "" {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	contains(t, stdout, "notifier")
	contains(t, stderr, "notifier")
}

func TestARunGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, _, stderr := deliver(t, dir, "-until", "build"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	code, stdout, stderr := deliver(t, dir, "-resume", "-inject", "notifier=crash")
	if code != 1 || !strings.Contains(stderr, "roll out notifier") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "build: was done before", "stack: done", "rollout: failed")
	code, stdout, stderr = deliver(t, dir, "-resume")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "unit-coverage: was done before", "stack: was done before", "28 to create", "rollout: done", "logs: done")
	code, stdout, _ = deliver(t, dir, "-from", "deploy", "-until", "deploy")
	if code != 0 || strings.Contains(stdout, "\nbuild: ") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	if code, stdout, _ = deliver(t, dir, "-until", "validate"); code != 0 || state(t, dir, "rollout") != "" {
		t.Errorf("a new run has the records of the one before, exit code %d:\n%s", code, stdout)
	}
}

func TestAnEnvironmentThatWasDestroyedIsDeliveredAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, _, stderr := deliver(t, dir); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if _, err := job.Directory(dir).Write("stacks.json", []byte("{}")); err != nil { // as the job destroy leaves it, also one that was killed
		t.Fatal(err)
	}
	code, stdout, stderr := deliver(t, dir, "-resume", "-until", "detect")
	if code != 0 || state(t, dir, "rollout") != "" || job.Directory(dir).Has("stacks") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "the job destroy was run since: the run begins anew")
}

func TestAnInterruptedRunIsResumed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	stop := &tripwire{word: "ecs.rollout", then: cancel}
	code := cli.Run(ctx, "pipeline", run, []string{"-speed", "1000", "-run", dir}, io.Discard, stop)
	if code == 0 || state(t, dir, "stack") != progress.Done || state(t, dir, "rollout") != progress.Failed {
		t.Fatalf("exit code %d, rollout %q", code, state(t, dir, "rollout"))
	}
	code, stdout, stderr := deliver(t, dir, "-resume")
	if code != 0 || state(t, dir, "rollout") != progress.Done {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "stack: was done before\n\nrollout\n", "summary\n-------\ndetect  ")
	if strings.Contains(stderr, "rolling back") {
		t.Errorf("went on from a rollout of a cloud that is gone:\n%s", stderr)
	}
}

// tripwire does something once a word was written.
type tripwire struct {
	word string
	then func()
}

func (w *tripwire) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.word) {
		w.then()
	}
	return len(p), nil
}

func TestDestroyLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, stdout, stderr := deliver(t, dir, "-destroy")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout, "28 services destroyed", "nothing of automation-c721e158 is left")
	code, _, stderr = deliver(t, t.TempDir(), "-destroy", "-branch", "master")
	if code != 1 || !strings.Contains(stderr, "-allow-production automation-master") {
		t.Errorf("production: exit code %d: %s", code, stderr)
	}
}

func TestJSONIsOneObject(t *testing.T) {
	t.Parallel()
	_, stdout, _ := deliver(t, t.TempDir(), "-json", "-until", "unit-coverage")
	var out struct {
		Stages []struct{ Name, State, Summary string }
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	var names []string
	for _, s := range out.Stages {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"detect", "validation", "unit-coverage"}) {
		t.Errorf("stages %v", names)
	}
}

func TestBadInputIsOneLine(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "delivery.yaml")
	if err := os.WriteFile(bad, []byte("project: a\nmodulse: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"a stage that is none":         {[]string{"-until", "x"}, 2, "-until x: want one of detect, validate, unit-coverage, basic-infra, "},
		"from after until":             {[]string{"-from", "deploy", "-until", "build"}, 2, "-from deploy comes after -until build"},
		"AWS without a file":           {[]string{"-aws"}, 2, "-aws needs -file"},
		"AWS without an engine":        {[]string{"-aws", "-file", bad}, 2, "-aws needs -docker"},
		"a fault of no service":        {[]string{"-inject", "nobody=crash"}, 2, `there is no "nobody"`},
		"a fault that is none":         {[]string{"-inject", "notifier=x"}, 2, `unknown fault "x"`},
		"a speed of nothing":           {[]string{"-speed", "NaN"}, 2, "-speed NaN: want a number above 0"},
		"a file with an unknown key":   {[]string{"-file", bad}, 2, bad + ":2:1: "},
		"a file that is not there":     {[]string{"-file", "none.yaml"}, 2, "none.yaml"},
		"a branch without environment": {[]string{"-branch", "wip"}, 1, `branch "wip"`},
		"a base that is not there":     {[]string{"-base", "nope"}, 2, "nope"},
		"destroy from a stage":         {[]string{"-destroy", "-from", "build"}, 2, "-destroy does not go with"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := deliver(t, filepath.Join(t.TempDir(), "run"), tt.args...)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if code != tt.code || !strings.Contains(lines[len(lines)-1], tt.want) {
				t.Errorf("exit code %d, want %d: %s\n%s", code, tt.code, stderr, stdout)
			}
		})
	}
}
