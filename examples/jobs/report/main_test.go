package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/stagetest"
)

func TestReport(t *testing.T) {
	dir := stagetest.Repository(t, map[string]string{"delivery.yaml": "project: demo\nmodules: [{name: a, paths: [a]}]\n"}, nil)
	t.Chdir(dir)
	for _, name := range []string{"build", "deploy"} {
		o := stagetest.Do(t, dir, nil, job.Stage{Name: name, Do: func(_ context.Context, _ *job.Job, r *job.Record) error {
			r.Summary = "of " + name + " <b>"
			return nil
		}})
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	stagetest.Write(t, dir, map[string]string{".delivery/validation.codequality.json": "[]", "empty/x": "x"})
	tests := map[string]struct {
		args   string
		code   int
		stdout string
		stderr string
		file   string
	}{
		"beside the records":        {"", cli.OK, ".delivery/report.html\n", "", ".delivery/report.html"},
		"elsewhere":                 {"-run .delivery -out x/y.html", cli.OK, "x/y.html\n", "", "x/y.html"},
		"as JSON too":               {"-json", cli.OK, `"branch": "dev/feature/login"`, "", ".delivery/report.html"},
		"no record":                 {"-run empty", cli.ExitUsage, "", "empty: no stage has left a record", ""},
		"a file that cannot be":     {"-out empty/x/y.html", cli.ExitUsage, "", "write the report: ", ""},
		"an argument is no flag":    {"x", cli.ExitUsage, "", `unexpected argument "x"`, ""},
		"help says what it is":      {"-h", cli.OK, "one HTML page", "", ""},
		"a directory that is gone":  {"-run gone", cli.ExitUsage, "", "gone: no stage has left a record", ""},
		"a page over another one":   {"-out empty/page.html", cli.OK, "empty/page.html\n", "", "empty/page.html"},
		"no flag of other jobs' is": {"-branch x", cli.ExitUsage, "", "-branch", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := cli.Run(t.Context(), "report", run, strings.Fields(tt.args), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Fatalf("code %d\n%s\n%s", code, stdout.String(), stderr.String())
			}
			if tt.file == "" {
				return
			}
			page, err := os.ReadFile(tt.file)
			if err != nil || !strings.Contains(string(page), "of build &lt;b&gt;") || !strings.Contains(string(page), "of deploy &lt;b&gt;") {
				t.Errorf("the page lacks what the stages said: %v", err)
			}
		})
	}
}
