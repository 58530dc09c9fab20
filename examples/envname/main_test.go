package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

func TestEnvname(t *testing.T) {
	tests := map[string]struct {
		args, vars []string
		code       int
		stdout     string
		stderr     string // what the error says, among other things
	}{
		"a feature's name":         {args: []string{"-branch", "dev/feature/login"}, stdout: "automation-8527fec8\n"},
		"production's name":        {args: []string{"-branch", "master"}, stdout: "automation-master\n"},
		"the branch is the CI's":   {vars: []string{"CI_COMMIT_REF_NAME=master"}, stdout: "automation-master\n"},
		"-branch wins over the CI": {args: []string{"-branch", "dev/fix/a"}, vars: []string{"CI_COMMIT_REF_NAME=master"}, stdout: "automation-013f5fae\n"},
		"the object has five keys": {
			args: []string{"-branch", "dev/feature/a&b", "-json"},
			stdout: `{
  "name": "automation-aef5c80c",
  "id": "aef5c80c",
  "kind": "ephemeral",
  "kre": "dev",
  "branch": "dev/feature/a&b"
}
`,
		},
		"lines for GitLab": {
			args:   []string{"-branch", "master", "-dotenv"},
			stdout: "ENVIRONMENT=automation-master\nENVIRONMENT_ID=master\nENVIRONMENT_KIND=production\nENVIRONMENT_KRE=production\n",
		},
		"rules of one's own": {
			args: []string{"-branch", "main", "-project", "shop", "-production", "main,master", "-prefixes", "review/"}, stdout: "shop-master\n",
		},
		"a branch without an environment":  {args: []string{"-branch", "main"}, code: 1, stderr: "no environment: production is master; "},
		"a tag has none":                   {vars: []string{"CI_COMMIT_REF_NAME=master", "CI_COMMIT_TAG=master"}, code: 1, stderr: `runs for tag "master"`},
		"a request is never production":    {vars: []string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=master"}, code: 1, stderr: "a request never becomes production"},
		"an empty -branch is not the CI's": {args: []string{"-branch", ""}, vars: []string{"CI_COMMIT_REF_NAME=master"}, code: 2, stderr: "-branch is empty"},
		"neither a branch nor a CI":        {code: 2, stderr: "no variable of a CI is set, so give the branch itself"},
		"rules that cannot work":           {args: []string{"-branch", "master", "-prefixes", ""}, code: 2, stderr: "an ephemeral prefix is empty"},
		"two forms at once":                {args: []string{"-branch", "master", "-json", "-dotenv"}, code: 2, stderr: "-json and -dotenv exclude each other"},
		"a branch without its flag":        {args: []string{"master"}, code: 2, stderr: `unexpected argument "master"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			getenv := func(name string) string {
				for _, v := range tt.vars {
					if value, ok := strings.CutPrefix(v, name+"="); ok {
						return value
					}
				}
				return ""
			}
			var stdout, stderr bytes.Buffer
			code := cli.Run(t.Context(), "envname", job(getenv), tt.args, &stdout, &stderr)
			if code != tt.code {
				t.Errorf("exit %d, want %d; stderr: %s", code, tt.code, &stderr)
			}
			if d := cmp.Diff(tt.stdout, stdout.String()); d != "" {
				t.Errorf("stdout (-want +got):\n%s", d)
			}
			if (tt.stderr == "") != (stderr.Len() == 0) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("stderr = %q, want %q in it", &stderr, tt.stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), "envname", job(func(string) string { return "" }), []string{"-h"}, &stdout, &stderr)
	for _, flag := range []string{"-branch", "-json", "-dotenv", "-project", "-production", "-prefixes"} {
		if !strings.Contains(stdout.String(), flag) {
			t.Errorf("-h does not tell of %s", flag)
		}
	}
	if code != cli.OK || stderr.Len() > 0 {
		t.Errorf("exit %d, stderr %q", code, &stderr)
	}
}
