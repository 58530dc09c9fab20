package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// deliver runs the main with args, on an ECS that is fast enough for a test.
func deliver(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, live strings.Builder
	t.Setenv("TMPDIR", t.TempDir())
	code = cli.Run(t.Context(), "pipeline", run, append([]string{"-speed", "2000"}, args...), &out, &live)
	return code, out.String(), live.String()
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

func TestTheSampleIsDelivered(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "timeline.svg")
	code, stdout, stderr := deliver(t, "-timeline", picture)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	contains(t, stdout,
		"branch dev/feature/velocloud-retries is the ephemeral environment automation-c721e158 (KRE dev)",
		"5 of 9 modules selected",
		"bruin-bridge            depends on python-utils, which changed",
		"velocloud-bridge/tests/test_retry.py deleted",
		"dispatch-portal-frontend (on demand: TEST_DISPATCH_PORTAL_FRONTEND=true)",
		"45/46 lines  97.82%   80%      pass",
		"28 to create, 0 to update, 0 unchanged, in 6 levels",
		"healthy (28):",
		"critical path: nats-server ",
		" > nats-server-2 ",
		"timeline: "+picture,
	)
	svg, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer svg.Close()
	for d := xml.NewDecoder(svg); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is malformed: %v", err)
		}
	}
}

func TestAFaultFailsTheRollout(t *testing.T) {
	tests := map[string]string{
		"crash":         "container velocloud-bridge exited with code 1",
		"image":         "CannotPullContainerError",
		"never-healthy": "failed container health checks",
		"no-capacity":   "unable to place a task",
	}
	for fault, cause := range tests {
		t.Run(fault, func(t *testing.T) {
			code, stdout, stderr := deliver(t, "-inject", "velocloud-bridge="+fault)
			if code != 1 {
				t.Errorf("exit code %d", code)
			}
			contains(t, stdout, "roll out velocloud-bridge: ", cause, "rolled back (11):", "never started (17):", "timeline: ")
			contains(t, stderr, "pipeline: roll out velocloud-bridge: ")
		})
	}
}

func TestTheGateStopsTheRollout(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string
	}{
		"a higher minimum":  {[]string{"-min", "98"}, []string{"service-outage-monitor  45/46 lines", "below"}},
		"a missing report":  {[]string{"-coverage", filepath.Dir(write(t, "empty", ""))}, []string{"missing report"}},
		"modules without":   {[]string{"-all", "-min", "67.5"}, []string{"notifier", "below"}},
		"an on-demand test": {[]string{"-all", "-min", "95"}, []string{"dispatch-portal-frontend"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := deliver(t, tt.args...)
			if code != 1 || strings.Contains(stdout, "rollout\n") {
				t.Errorf("exit code %d; want 1, before the rollout", code)
			}
			contains(t, stdout, tt.want...)
			contains(t, stderr, "pipeline: coverage gate failed: ")
		})
	}
	t.Setenv("CI_COMMIT_REF_NAME", "master")
	t.Setenv("CI_COMMIT_TAG", "master")
	modules := write(t, "m.yaml", "modules: [{name: a, paths: [a]}]")
	if code, _, stderr := deliver(t, "-repo", ".", "-base", "HEAD", "-modules", modules); code != 1 || !strings.Contains(stderr, "tags have no environment") {
		t.Errorf("a tag: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := deliver(t, "-branch", "wip"); code != 1 || !strings.Contains(stderr, `branch "wip"`) {
		t.Errorf("a branch without environment: exit code %d, %s", code, stderr)
	}
}

func TestBadInputIsOneLine(t *testing.T) {
	truncated := write(t, "velocloud-bridge/coverage.xml", `<?xml version="1.0"?><coverage version="6"><packages><package><classes><class filename="a.py"><lines><line number="1" hits="1"/>`)
	tests := map[string]struct {
		args []string
		want string
	}{
		"an unknown revision":            {[]string{"-base", "nope"}, `with nope: `},
		"a missing modules file":         {[]string{"-modules", "/none/modules.yaml"}, "/none/modules.yaml"},
		"a malformed modules file":       {[]string{"-modules", write(t, "m.yaml", "modules:\n  - name: [\n")}, "m.yaml:"},
		"a missing services file":        {[]string{"-services", "/none/services.yaml"}, "/none/services.yaml"},
		"a malformed services file":      {[]string{"-services", write(t, "s.yaml", "services:\n  - nam: x\n")}, "s.yaml:2:5"},
		"a cycle among services":         {[]string{"-services", write(t, "s.yaml", "services:\n  - {name: a, depends_on: [b]}\n  - {name: b, depends_on: [a]}\n")}, "a -> b -> a"},
		"a missing directory of reports": {[]string{"-coverage", "/none"}, "/none"},
		"a truncated report":             {[]string{"-coverage", filepath.Dir(filepath.Dir(truncated))}, "velocloud-bridge/coverage.xml:1"},
		"no repository":                  {[]string{"-repo", t.TempDir(), "-base", "a", "-modules", write(t, "m.yaml", "modules: [{name: a, paths: [a]}]"), "-branch", "master"}, "not a Git repository"},
		"a repository without a base":    {[]string{"-repo", "."}, "-base is required with -repo"},
		"a repository without modules":   {[]string{"-repo", ".", "-base", "a"}, "-modules is required with -repo"},
		"a fault of no service":          {[]string{"-inject", "ghost=crash"}, "there is no service ghost"},
		"a picture that cannot be":       {[]string{"-timeline", "/none/a.svg"}, "/none"},
		"a picture that is a directory":  {[]string{"-timeline", t.TempDir()}, "it is a directory"},
		"a minimum that is no percent":   {[]string{"-min", "800"}, `"800"`},
		"an unknown flag":                {[]string{"-bogus"}, "-bogus"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := deliver(t, tt.args...)
			if code != 2 || !strings.HasPrefix(stderr, "pipeline: ") || strings.Count(stderr, "\n") != 1 || strings.Contains(stdout, "healthy") {
				t.Errorf("exit code %d, stderr %q; want 2 and one line", code, stderr)
			}
			contains(t, stderr, tt.want)
		})
	}
}

func TestHelp(t *testing.T) {
	code, stdout, _ := deliver(t, "-h")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	contains(t, stdout, "pipeline delivers a branch", "-inject SERVICE=FAULT", "-services FILE")
}
