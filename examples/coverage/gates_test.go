package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// repository writes a small repository, its reports and a diff into the working directory.
func repository(t *testing.T) {
	t.Helper()
	reports(t)
	for name, text := range map[string]string{
		"src/web/app.js": "", "src/web/new.js": "", "src/api/app.js": "", "src/go.mod": "module example.com/shop\n", "src/cart/a.go": "",
		"app.info":   "SF:app.js\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,1\nDA:5,0\nend_of_record\n",
		"docker.out": "mode: set\nexample.com/shop/cart/a.go:1.1,2.2 4 1\nexample.com/shop/cart/a.go:3.1,4.2 1 0\n",
		"change.diff": "--- a/web/app.js\n+++ b/web/app.js\n@@ -3,0 +4,2 @@\n+a\n+b\n" +
			"--- /dev/null\n+++ b/web/new.js\n@@ -0,0 +1 @@\n+a\n",
		"empty.diff": "", "nothing": "\n", "new.info": "SF:web/new.js\nDA:1,1\nend_of_record\n",
		"log.diff":  "fatal: bad revision\n",
		"list":      "web/app.js\r\nweb/new.js\n",
		"base.json": `{"version": 1, "modules": {"web": {"metric": "lines", "covered": 9, "total": 10}, "old": {"metric": "lines", "covered": 1, "total": 2}}}`,
		"bad.json":  `{"version": 7, "modules": {}}`,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGates(t *testing.T) {
	repository(t)
	tests := map[string]struct {
		args   string
		code   int
		stderr string // the whole of it, without the name of the main
		stdout string // a part of it
	}{
		"-module-min is of one module": {
			args: "-module-min web=75 -report web=below.info -report api=eighty.out", code: 0, stdout: "web     3/4 lines       75.00%   75%      pass",
		},
		"-total-min is of all": {
			args: "-min 1 -total-min 80 -report a=below.info -report b=app.info", code: 1,
			stderr: "total: all modules (below)", stdout: "all modules  7/9 lines  77.77%   80%      below: 1 more line needed",
		},
		"it does not add lines and statements": {
			args: "-min 1 -total-min 1 -report web=below.info -report api=eighty.out", code: 1,
			stderr: "total: all modules (incomparable)", stdout: "TOTAL  unknown: web counts lines, api counts statements, which do not add up\n",
		},
		"-allow-no-data is of one module": {
			args: "-allow-no-data types -report types=types.out -report api=eighty.out", code: 0, stdout: "which is allowed",
		},
		"the line for GitLab is the last": {
			args: "-report api=eighty.out", code: 0, stdout: "pass\n\nTOTAL  4/5 statements  80.00%\n",
		},
		"-expect names files that must be there": {
			args: "-root src -module-root web=web -expect web=list -report web=app.info", code: 1,
			stderr: "1 of 1 modules failed: web (incomplete)", stdout: "incomplete: no report has one of the 2 expected files: web/new.js",
		},
		"-diff asks for the changed lines": {
			args: "-root src -module-root web=web -diff change.diff -report web=app.info", code: 1,
			stderr: "changed lines: web (incomplete), all modules (incomplete)", stdout: "changed and not covered:\n  web/app.js:5\n\nchanged and in no report, so not measured (map paths by the root of the report, or allow them as unreported):\n  web/new.js\n",
		},
		"-allow-unreported leaves the changed lines of the rest": {
			args: "-root src -module-root web=web -diff change.diff -allow-unreported new.js -report web=app.info", code: 1,
			stderr: "changed lines: web (below), all modules (below)", stdout: "web/new.js",
		},
		"a diff taken elsewhere does not pass": {
			args: "-root src/web -diff change.diff -report web=app.info", code: 1,
			stderr: "changed lines: web (incomplete), all modules (incomplete)", stdout: "no report has web/app.js, web/new.js, which changed",
		},
		"a diff of nothing is said": {
			args: "-diff empty.diff -report web=app.info", code: 0, stdout: "the diff is empty",
		},
		"the report of another module does not pass": {
			args: "-root src -module-root web=api -report web=new.info", code: 1,
			stderr: "1 of 1 modules failed: web (no data)", stdout: "no file of its report is below api, first web/new.js",
		},
		"-tolerance may be 0": {
			args: "-baseline base.json -tolerance 0.0% -report web=app.info", code: 1, stderr: "baseline: web (below)",
		},
		"-diff-min moves their minimum": {
			args: "-root src -module-root web=web -diff change.diff -diff-min 50 -allow-unreported web/new.* -report web=app.info", code: 0, stdout: "1/2 lines  50.00%   50%      pass",
		},
		"paths that are not mapped do not pass": {
			args: "-diff change.diff -report web=app.info", code: 1,
			stderr: "changed lines: web (no data), all modules (incomplete)", stdout: "no data: web/app.js was changed, and the report calls a file app.js",
		},
		"an ambiguous path is an error": {
			args: "-root src -report web=app.info", code: 2, stdout: "MODULE",
			stderr: "read coverage report app.info (lcov): map app.js: it may be any of api/app.js, web/app.js: name the root of the report, or a prefix",
		},
		"-root knows the modules of Go": {
			args: "-root src -expect cart=cart.list -report cart=docker.out", code: 0, stdout: "pass",
		},
		"-prefix is a directory elsewhere": {
			args: "-prefix example.com/shop=. -expect cart=cart.list -report cart=docker.out", code: 0, stdout: "pass",
		},
		"-baseline keeps a module from falling": {
			args: "-baseline base.json -report web=app.info", code: 1,
			stderr: "baseline: web (below)", stdout: "web       90.00% (9/10)  80.00% (4/5)  below: 1 more line needed\nold       -              -             not in this run",
		},
		"-tolerance lets it fall a little": {
			args: "-baseline base.json -tolerance 10 -report web=app.info", code: 0, stdout: "pass",
		},
		"all gates that fail are named": {
			args: "-baseline base.json -total-min 81 -min 81 -root src -module-root web=web -diff change.diff -report web=app.info", code: 1,
			stderr: "1 of 1 modules failed: web (below); total: all modules (below); baseline: web (below); changed lines: web (incomplete), all modules (incomplete)", stdout: "TOTAL",
		},
	}
	if err := os.WriteFile("cart.list", []byte("cart/a.go\n"), 0o600); err != nil {
		t.Fatal(err)
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

// TestEdges holds the decision at the numbers that displays round up.
func TestEdges(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := map[string]struct {
		covered, total int
		code           int
		shown          string
	}{
		"35/44 rounds to 80":           {35, 44, 1, "79.54%   80%      below: 1 more line needed"},
		"323/404 rounds to 80.0":       {323, 404, 1, "79.95%   80%      below: 1 more line needed"},
		"1599/2000 rounds to 80.0":     {1599, 2000, 1, "79.95%   80%      below: 1 more line needed"},
		"3203/4004 rounds to 80.00":    {3203, 4004, 1, "79.99%   80%      below: 1 more line needed"},
		"80 is 80":                     {80, 100, 0, "80.00%   80%      pass"},
		"and 4/5 is":                   {4, 5, 0, "80.00%   80%      pass"},
		"a line more than 3203 is not": {3204, 4004, 0, "80.01%   80%      pass"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var report strings.Builder
			report.WriteString("SF:a.js\n")
			for n := range tt.total {
				hit := 0
				if n < tt.covered {
					hit = 1
				}
				fmt.Fprintf(&report, "DA:%d,%d\n", n+1, hit)
			}
			report.WriteString("end_of_record\n")
			if err := os.WriteFile("edge.info", []byte(report.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := cli.Run(t.Context(), "coverage", run, []string{"-report", "web=edge.info"}, &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.shown) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, tt.code, tt.shown, stdout.String(), stderr.String())
			}
		})
	}
}

func TestWrongUseOfGates(t *testing.T) {
	repository(t)
	tests := map[string]struct{ args, stderr string }{
		"a minimum of no module":         {"-module-min 80", "want MODULE=PERCENTAGE"},
		"a module's minimum of nothing":  {"-module-min web=0", "must be above 0"},
		"a total beyond all":             {"-total-min 101", "must be above 0 and at most 100"},
		"a baseline that is not there":   {"-baseline none.json", "-baseline: open none.json: no such file or directory (-write-baseline makes one)"},
		"one that cannot be read":        {"-baseline bad.json", "bad.json: read baseline: its version is 7, and only 1 is known"},
		"a diff that is none":            {"-diff log.diff", "log.diff: read diff: there is no diff in it"},
		"one that is not there":          {"-diff none.diff", "-diff: open none.diff: no such file"},
		"a list that is not there":       {"-expect web=none", "-expect: open none: no such file"},
		"a root that is not there":       {"-root none", "find sources in none: "},
		"a list of nothing":              {"-expect web=nothing", "-expect: nothing lists no file"},
		"a minimum of no report":         {"-module-min wbe=100", `-module-min names module "wbe", which has no -report`},
		"a list of no report":            {"-expect wbe=list", `-expect names module "wbe", which has no -report`},
		"no data of no report":           {"-allow-no-data wbe", `-allow-no-data names module "wbe", which has no -report`},
		"a root of no report":            {"-module-root wbe=web", `-module-root names module "wbe", which has no -report`},
		"an odd tolerance":               {"-tolerance x", "not a number"},
		"a pattern that matches nothing": {"-allow-unreported [", "syntax error in pattern"},
		"a prefix of nothing":            {"-prefix =web", "want PREFIX=DIR"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			args := append(strings.Fields(tt.args), "-report", "web=app.info")
			code := cli.Run(t.Context(), "coverage", run, args, &stdout, &stderr)
			if code != 2 || !strings.HasPrefix(stderr.String(), "coverage: ") || !strings.Contains(stderr.String(), tt.stderr) || strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("exit code %d, stderr %q, want 2 and %q", code, stderr.String(), tt.stderr)
			}
			if stdout.Len() > 0 {
				t.Errorf("there are verdicts:\n%s", stdout.String())
			}
		})
	}
}

func TestWriteBaseline(t *testing.T) {
	repository(t)
	baseline := func(args string) (int, string) {
		var stdout, stderr bytes.Buffer
		code := cli.Run(t.Context(), "coverage", run, strings.Fields(args), &stdout, &stderr)
		text, err := os.ReadFile("new.json")
		if err != nil {
			return code, ""
		}
		return code, strings.Join(strings.Fields(string(text)), "")
	}
	if code, text := baseline("-report web=below.info -write-baseline new.json"); code != 1 || text != "" {
		t.Errorf("a run that fails has exit code %d and writes %q", code, text)
	}
	web := `"web":{"metric":"lines","covered":4,"total":5}`
	if code, text := baseline("-report web=app.info -write-baseline new.json"); code != 0 || text != `{"version":1,"modules":{`+web+`}}` {
		t.Errorf("exit code %d, baseline %s", code, text)
	}
	both := `{"version":1,"modules":{"api":{"metric":"statements","covered":4,"total":5},` + web + `}}`
	if code, text := baseline("-report api=eighty.out -write-baseline new.json"); code != 0 || text != both {
		t.Errorf("exit code %d, baseline %s", code, text)
	}
	if code, text := baseline("-min 1 -report web=below.info -baseline new.json -write-baseline new.json"); code != 1 || text != both {
		t.Errorf("a module that fell has exit code %d and writes %s", code, text)
	}
	if code, _ := baseline("-report web=app.info -write-baseline bad.json"); code != 2 {
		t.Errorf("a baseline that cannot be read has exit code %d", code)
	}
	if code, _ := baseline("-report web=app.info -write-baseline app.info/new.json"); code != 2 {
		t.Errorf("a baseline that cannot be written has exit code %d", code)
	}
}

func TestFilesAreWritten(t *testing.T) {
	repository(t)
	args := "-root src -module-root web=web -diff change.diff -report web=app.info " +
		"-junit out/junit.xml -codequality out/quality.json -cobertura-dir out/cobertura -markdown out/comment.md -json-file out/result.json -badge out/badge.svg"
	var stdout, stderr bytes.Buffer
	if code := cli.Run(t.Context(), "coverage", run, strings.Fields(args), &stdout, &stderr); code != 1 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	for name, want := range map[string]string{
		"junit.xml": `classname="coverage.changed-lines"`, "quality.json": `"path":"web/app.js","lines":{"begin":5}`,
		"cobertura/cobertura-001.xml": `filename="web/app.js"`, "comment.md": "- `web/app.js`: 5",
		"result.json": `"uncovered": [`, "badge.svg": "80.00%",
	} {
		text, err := os.ReadFile(filepath.Join("out", name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, want %s in\n%s", name, err, want, text)
		}
	}
	stderr.Reset()
	if code := cli.Run(t.Context(), "coverage", run, []string{"-report", "web=app.info", "-junit", "src"}, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "src") {
		t.Errorf("a file that cannot be written has exit code %d: %s", code, stderr.String())
	}
}

func TestJSONOfGates(t *testing.T) {
	repository(t)
	args := "-json -root src -module-root web=web -diff change.diff -allow-unreported new.js -total-min 80 -baseline base.json -tolerance 20 -report web=app.info"
	var stdout, stderr bytes.Buffer
	if code := cli.Run(t.Context(), "coverage", run, strings.Fields(args), &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d", code)
	}
	object := func(name, format, covered, percent, pass, message string) string {
		return fmt.Sprintf(`{"name":%q,"format":%q,"covered":%s,"percent":%s,"pass":%s,"message":%q}`, name, format, strings.Replace(covered, "/", `,"total":`, 1), percent, pass, message)
	}
	want := `{"pass":false,"modules":[` + object("web", "lcov", "4/5", "80.00", "true", "80.00% of lines, minimum 80%") +
		`],"total":` + object("all modules", "", "4/5", "80.00", "true", "80.00% of lines, minimum 80%") +
		`,"baseline":[` + object("web", "lcov", "4/5", "80.00", "true", "80.00% of lines, baseline 90.00% (9/10) less 20") +
		`],"changed":[` + object("web", "", "1/2", "50.00", "false", "50.00% of the changed lines (1/2), minimum 80%: 1 more line needed") +
		`,` + object("all modules", "", "1/2", "50.00", "false", "50.00% of the changed lines (1/2), minimum 80%: 1 more line needed") + `]}`
	got := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(stdout.String())
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	wantErr := "coverage: warning: web/new.js was changed and is in no report\n" +
		"coverage: changed lines: web (below), all modules (below)\n"
	if d := cmp.Diff(wantErr, stderr.String()); d != "" {
		t.Errorf("stderr (-want +got):\n%s", d)
	}
}
