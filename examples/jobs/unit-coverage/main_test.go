package main

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/stages/stagetest"
)

const system = `
project: demo
modules:
  - {name: good, paths: [good]}
  - {name: bad, paths: [bad]}
`

func TestUnitCoverage(t *testing.T) {
	dir := stagetest.Repository(t,
		map[string]string{"delivery.yaml": system, "good/a.js": "1\n", "bad/a.js": "1\n"},
		map[string]string{"good/a.js": "2\n"})
	stagetest.Write(t, dir, map[string]string{
		".delivery/coverage/good/lcov.info": "SF:a.js\nDA:1,1\nend_of_record\n",
		".delivery/coverage/bad.info":       "SF:a.js\nDA:1,0\nend_of_record\n",
	})
	t.Chdir(dir)
	for _, name := range []string{"GITLAB_CI", "GITHUB_ACTIONS", "CI_COMMIT_REF_NAME", "CI_COMMIT_SHA", "GITHUB_REF_NAME", "GITHUB_HEAD_REF", "GITHUB_SHA"} {
		t.Setenv(name, "")
	}
	tests := map[string]struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		"what changed passes":   {"-base master", cli.OK, "TOTAL  1/1 lines  100.00%\n", ""},
		"what is below fails":   {"-module bad", cli.ExitFailed, "TOTAL  0/1 lines  0.00%\n", "coverage gate failed: bad: 0.00% of lines (0/1), minimum 80%"},
		"all of it fails":       {"-all", cli.ExitFailed, "1 of 2 modules pass", "bad"},
		"no such module":        {"-module x", cli.ExitUsage, "", `there is no module "x"`},
		"no base":               {"", cli.ExitUsage, "", "-base names the revision"},
		"JSON has the verdicts": {"-module good -json", cli.OK, `"percent": "100.00%"`, ""},
		"help":                  {"-h", cli.OK, "-module NAME", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := cli.Run(t.Context(), "unit-coverage", newMain().Run, strings.Fields(tt.args), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("code %d\n%s\n%s", code, stdout.String(), stderr.String())
			}
		})
	}
}
