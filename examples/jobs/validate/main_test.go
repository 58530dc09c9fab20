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
  - {name: net, paths: [net], labels: {kind: terraform}}
  - {name: bad, paths: [bad], labels: {kind: terraform}}
validation: {checks: {terraform: [terraform]}}
`

func TestValidate(t *testing.T) {
	dir := stagetest.Repository(t,
		map[string]string{"delivery.yaml": system, "net/main.tf": "locals {\n  a = 1\n}\n", "bad/main.tf": "locals {\n  a = var.b\n}\n"},
		map[string]string{"net/main.tf": "locals {\n  a = 2\n}\n"})
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
		"what changed is clean":  {"-base master", cli.OK, "0 findings in 1 module", ""},
		"what is bad fails":      {"-module bad", cli.ExitFailed, "bad/main.tf:2:7", "validation failed: bad: terraform: 1 finding"},
		"all of it fails":        {"-all", cli.ExitFailed, "1 finding in 2 modules", "bad: terraform"},
		"no such module":         {"-module x", cli.ExitUsage, "", `there is no module "x"; the modules are net, bad`},
		"no base":                {"", cli.ExitUsage, "", "-base names the revision"},
		"JSON has the findings":  {"-module bad -json", cli.ExitFailed, `"path": "bad/main.tf"`, ""},
		"help":                   {"-h", cli.OK, "-module NAME", ""},
		"a flag that is not one": {"-modules x", cli.ExitUsage, "", "-h lists the flags"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := cli.Run(t.Context(), "validate", newMain().Run, strings.Fields(tt.args), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("code %d\n%s\n%s", code, stdout.String(), stderr.String())
			}
		})
	}
}
