package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const (
	eighty  = "mode: set\nm/a.go:1.1,2.2 4 1\nm/a.go:3.1,4.2 1 0\n"
	below   = "SF:web/app.js\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,0\nend_of_record\n"
	cut     = "SF:web/app.js\nDA:1,1\n"
	strange = "<!DOCTYPE html><title>502 Bad Gateway</title>"
)

// reports writes the reports that the tests name into the working directory.
func reports(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"eighty.out": eighty, "below.info": below, "cut.info": cut, "page.xml": strange, "empty.out": "", "types.out": "mode: set\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExitCodes(t *testing.T) {
	reports(t)
	tests := map[string]struct {
		args   string
		code   int
		stderr string // the whole of it, without the name of the main
		stdout string // a part of it; "" means that there is none
	}{
		"a module at the minimum passes": {
			args: "-report api=eighty.out", code: 0, stdout: "pass",
		},
		"-min moves the minimum": {
			args: "-min 80.5 -report api=eighty.out", code: 1,
			stderr: "1 of 1 modules failed: api (below)", stdout: "below: 1 more statement needed",
		},
		"a lower -min lets a module pass": {
			args: "-min 75 -report web=below.info", code: 0, stdout: "75.00%",
		},
		"each module that fails is named": {
			args: "-report api=eighty.out -report web=below.info -report ops=none.xml -report x=empty.out -report y=types.out", code: 1,
			stderr: "4 of 5 modules failed: web (below), ops (missing report), x (no data), y (no data)", stdout: "web/app.js",
		},
		"a cut report is no failed gate": {
			args: "-report web=cut.info", code: 2,
			stderr: "read coverage report cut.info:2 (lcov): report is truncated: the record of web/app.js has no end_of_record", stdout: "MODULE",
		},
		"nor is one of an unknown kind, beside a module that fails": {
			args: "-report web=below.info -report ops=page.xml", code: 2,
			stderr: "read coverage report page.xml: unknown report format: this is an HTML page, such as a download that failed or a report for people", stdout: "below: 1 more line needed",
		},
		"two broken reports share one line": {
			args: "-report a=cut.info -report b=cut.info", code: 2, stdout: "MODULE",
			stderr: "read coverage report cut.info:2 (lcov): report is truncated: the record of web/app.js has no end_of_record; " +
				"read coverage report cut.info:2 (lcov): report is truncated: the record of web/app.js has no end_of_record",
		},
		"a module may have several reports": {
			args: "-report api=eighty.out -report api=eighty.out", code: 0, stdout: "4/5 statements",
		},
		"help is no error": {
			args: "-h", code: 0, stdout: "-report MODULE=FILE",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := cli.Run(t.Context(), "coverage", run, strings.Fields(tt.args), &stdout, &stderr)
			want := ""
			if tt.stderr != "" {
				want = "coverage: " + tt.stderr + "\n"
			}
			if d := cmp.Diff(want, stderr.String()); code != tt.code || d != "" {
				t.Errorf("exit code %d, want %d; stderr (-want +got):\n%s", code, tt.code, d)
			}
			if !strings.Contains(stdout.String(), tt.stdout) {
				t.Errorf("%q is missing in\n%s", tt.stdout, stdout.String())
			}
		})
	}
}

func TestWrongUse(t *testing.T) {
	reports(t)
	tests := map[string]struct{ args, stderr string }{
		"no report":                   {"", "-report is required"},
		"a report without a module":   {"-report =a.out", `invalid value "=a.out" for flag -report: want MODULE=FILE`},
		"a module without a report":   {"-report api", `invalid value "api" for flag -report: want MODULE=FILE`},
		"one with an empty path":      {"-report api=", `invalid value "api=" for flag -report: want MODULE=FILE`},
		"a minimum that is no number": {"-min most -report api=eighty.out", `invalid value "most" for flag -min: parse percentage "most": not a number`},
		"a minimum of nothing":        {"-min 0 -report api=eighty.out", `invalid value "0" for flag -min: parse percentage "0": must be above 0`},
		"a minimum beyond all":        {"-min 101 -report api=eighty.out", "must be above 0 and at most 100"},
		"an argument":                 {"-report api=eighty.out more", `unexpected argument "more"`},
		"an unknown flag":             {"-maximum 3", "flag provided but not defined: -maximum"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := cli.Run(t.Context(), "coverage", run, strings.Fields(tt.args), &stdout, &stderr)
			if code != 2 || !strings.HasPrefix(stderr.String(), "coverage: ") || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("exit code %d, stderr %q, want 2 and %q", code, stderr.String(), tt.stderr)
			}
			if n := strings.Count(stderr.String(), "\n"); n != 1 {
				t.Errorf("%d lines on stderr, want one", n)
			}
			if strings.Contains(stdout.String(), "MODULE ") {
				t.Errorf("there are verdicts:\n%s", stdout.String())
			}
		})
	}
}

func TestJSON(t *testing.T) {
	reports(t)
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), "coverage", run, strings.Fields("-json -report web=below.info -report api=eighty.out -report ops=none.xml -report cut=cut.info"), &stdout, &stderr)
	if code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	want := `{
  "pass": false,
  "modules": [
    {
      "name": "web",
      "format": "lcov",
      "covered": 3,
      "total": 4,
      "percent": 75.00,
      "pass": false,
      "message": "75.00% of lines (3/4), minimum 80%: 1 more line needed"
    },
    {
      "name": "api",
      "format": "go",
      "covered": 4,
      "total": 5,
      "percent": 80.00,
      "pass": true,
      "message": "80.00% of statements, minimum 80%"
    },
    {
      "name": "ops",
      "format": "",
      "covered": 0,
      "total": 0,
      "percent": 0.00,
      "pass": false,
      "message": "missing report none.xml: the tests did not write it, or the path is wrong"
    },
    {
      "name": "cut",
      "format": "lcov",
      "covered": 0,
      "total": 0,
      "percent": 0.00,
      "pass": false,
      "message": "read coverage report cut.info:2 (lcov): report is truncated: the record of web/app.js has no end_of_record"
    }
  ]
}
`
	if d := cmp.Diff(want, stdout.String()); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
}

// TestJSONPercentIsFloored: the number that a program reads never shows a minimum
// as reached that is not.
func TestJSONPercentIsFloored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cover.out")
	if err := os.WriteFile(path, []byte("mode: set\na.go:1.1,2.2 3203 1\na.go:3.1,4.2 801 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := cli.Run(t.Context(), "coverage", run, []string{"-json", "-report", "api=" + path}, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1: %s", code, stderr.String())
	}
	var got struct {
		Modules []struct {
			Covered, Total int64
			Percent        float64
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Modules) != 1 || got.Modules[0].Percent != 79.99 || got.Modules[0].Covered != 3203 || got.Modules[0].Total != 4004 {
		t.Errorf("JSON is %+v, want 79.99 of 3203/4004", got)
	}
}
