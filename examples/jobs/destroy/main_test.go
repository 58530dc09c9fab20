package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/stages/deploy"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
)

const system = `
project: automation
modules: [{name: a, paths: [a]}]
infrastructure: {template_bucket: templates}
services:
  - {name: nats, image: "nats:2", port: 4222}
papertrail: {wildcard: "*"}
`

func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "delivery.yaml")
	if err := os.WriteFile(path, []byte(system), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDestroy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const branch = "dev/feature/login"
		s := systemtest.New(t, file(t))
		s.Basics(branch)
		o := deploy.Options{Connect: s.Connect, Images: s.Images}
		if _, _, err := s.Do(t.Context(), s.Job(branch, t.TempDir()), deploy.Stages(o)...); err != nil {
			t.Fatal(err)
		}
		all := len(s.Cloud.Leftovers())
		steps := []struct {
			args []string
			code int
			want string // in stdout and stderr
			left int    // how many things
		}{
			{[]string{"-h"}, cli.OK, "-allow-production NAME", all},
			{[]string{"-branch", branch, "-force"}, cli.ExitUsage, "-force (-h lists the flags)", all},
			{[]string{"-branch", "master", "-yes"}, cli.ExitFailed, "destroy: destroy automation-", all},
			{[]string{"-branch", branch, "-allow-production", "x"}, cli.ExitUsage, "-allow-production x: the environment is automation-8527fec8", all},
			{[]string{"-branch", branch}, cli.OK, "services: done, 1 service to destroy", all},
			{[]string{"-branch", branch, "-yes"}, cli.OK, "stacks: done, 2 stacks destroyed", 1},
			{[]string{"-branch", branch, "-yes"}, cli.OK, "stacks: done, nothing to destroy", 1},
		}
		for _, step := range steps {
			var out, live strings.Builder
			args := append([]string{"-file", s.File}, step.args...)
			code := cli.Run(t.Context(), "destroy", newMain(s.Connect).Run, args, &out, &live)
			if text := out.String() + live.String(); code != step.code || !strings.Contains(text, step.want) {
				t.Errorf("%q: exit code %d, want %d and %q:\n%s", step.args, code, step.code, step.want, text)
			}
			if left := s.Cloud.Leftovers(); len(left) != step.left {
				t.Errorf("%q leaves %q", step.args, left)
			}
		}
	})
}
