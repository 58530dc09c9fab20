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

// repository writes the files that the tests name into the working directory.
func repository(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"net/main.tf":  "locals {\n  a = var.b\n}\n",
		"good/main.tf": "locals {\n  a = 1\n}\n",
		"web/app.js":   "1\n",
		"cut.diff":     "--- a/net/main.tf\n+++ b/net/main.tf\n@@ -3,2 +3 @@\n }\n-variable \"b\" {}\n",
		"top.diff":     "--- a/x/net/main.tf\n+++ b/x/net/main.tf\n@@ -1,0 +2 @@\n+  a = var.b\n",
		"more.json":    `{"files":[],"modules":[]} }`,
		"all.json":     `{"files":[{"path":"net/main.tf"}],"modules":[{"name":"net","reasons":[{"kind":"file"}]},{"name":"good","reasons":[{"kind":"dependency"}]}]}`,
		"old.json":     `{"files":[{"path":"old/main.tf"}],"modules":[{"name":"old","reasons":[{"kind":"file"}]}]}`,
		"other.json":   `{"files":[],"modules":[{"name":"billing","reasons":[{"kind":"file"}]}]}`,
		"empty.json":   `{"files":[],"modules":[]}`,
		"page.json":    "<html>",
		"some.json":    "{}",
		"else.diff":    "--- a/web/app.js\n+++ b/web/app.js\n@@ -1,0 +1 @@\n+1\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func job1(t *testing.T, args string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Run(t.Context(), "validate", run, strings.Fields(args), &out, &errs)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	repository(t)
	const finding = "net/main.tf:2:7: error: variable \"b\" is not declared in this module (terraform/undeclared)\n"
	tests := map[string]struct {
		args           string
		code           int
		stdout, stderr string // a part of each; "" is anything
	}{
		"a clean module":                         {"-module good=good -check terraform", 0, "good    terraform  clean", ""},
		"a finding":                              {"-module net=net -check terraform", 1, finding, "1 of 1 checks failed: terraform of net (findings)\n"},
		"nothing to validate":                    {"-module web=web -check terraform,pep8,npm", 0, "nothing to validate: no Terraform file", ""},
		"a missing linter":                       {"-module web=web -check terraform -command x:lines=./no-such-program", 1, "missing tool: ./no-such-program is not installed", "x of web (missing tool)"},
		"a changed module":                       {"-module net=net -module good=good -module web=web -check terraform -changes all.json", 1, "good    terraform  clean", "1 of 2 checks failed"},
		"a module that was deleted":              {"-module old=old -check terraform -changes old.json", 0, "nothing to validate: old no longer exists", ""},
		"no changed module":                      {"-module net=net -check terraform -changes empty.json", 0, "no module selected: ", ""},
		"no changed module, with reports":        {"-module net=net -check terraform -changes empty.json -codequality none.json", 0, "no module selected: ", ""},
		"a deleted line that a module needs":     {"-module net=net -check terraform -diff cut.diff", 1, finding, ""},
		"a finding that is not on changed lines": {"-module net=net -check terraform -diff else.diff", 0, "note: no changed file is in module net, so no finding in it counts", ""},
		"help":                                   {"-h", 0, "-module NAME=DIR", ""},
		"milder findings":                        {"-module net=net -check terraform -fail-on error", 1, finding, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := job1(t, tt.args)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d; stdout\n%s\nstderr\n%s", code, tt.code, stdout, stderr)
			}
		})
	}
}

func TestWrongUse(t *testing.T) {
	repository(t)
	for name, tt := range map[string]struct{ args, want string }{
		"no module":                         {"", "-module is required"},
		"a module without a directory":      {"-module net", "want NAME=DIR"},
		"a directory that does not exist":   {"-module net=nett", "run checks of module net: directory nett does not exist"},
		"an unknown check":                  {"-module net=net -check lint", `there is no check "lint"`},
		"a check with a detail":             {"-module net=net -check terraform=1", `there is no check "terraform=1"`},
		"no check":                          {"-module net=net -check ,", "run checks: none are given"},
		"a command without a format":        {"-module net=net -command x=y", "want NAME:FORMAT=PROGRAM"},
		"a command of an unknown format":    {"-module net=net -command x:yaml=y", `parse format "yaml"`},
		"an unknown severity":               {"-module net=net -fail-on bad", "want note, warning or error"},
		"a timeout of nothing":              {"-module net=net -timeout 0s", "must be above 0"},
		"changes that are not there":        {"-module net=net -changes none.json", "none.json"},
		"changes that are a page":           {"-module net=net -changes page.json", "page.json: read changes: invalid character"},
		"changes and more":                  {"-module net=net -changes more.json", "more.json: read changes: there is something behind the JSON"},
		"a diff of another directory":       {"-module net=net -diff top.diff", "no changed file, such as x/net/main.tf, is below the root"},
		"a baseline of no module":           {"-module net=net -changes empty.json -write-baseline none.json", "make baseline: nothing was validated"},
		"changes that are something else":   {"-module net=net -changes some.json", `some.json: read changes: there are no "files" and "modules" in it`},
		"a changed module without a flag":   {"-module net=net -changes other.json", "module billing is selected, but there is no -module for it"},
		"a baseline that is something else": {"-module net=net -baseline some.json", "some.json: read baseline: version 0"},
		"a report in no directory":          {"-module good=good -check terraform -sarif no/such/dir.sarif", "no/such/dir.sarif"},
		"an argument":                       {"-module net=net more", `unexpected argument "more"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := job1(t, tt.args)
			if code != 2 || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, stderr %q, want 2 and %q", code, stderr, tt.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	repository(t)
	_, stdout, _ := job1(t, "-module net=net -module web=web -check terraform -json")
	var got map[string]any
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	verdicts := got["verdicts"].([]any)
	first := verdicts[0].(map[string]any)
	finding := first["findings"].([]any)[0].(map[string]any)
	if fp, _ := finding["fingerprint"].(string); len(fp) != 32 {
		t.Errorf("fingerprint is %q", fp)
	}
	delete(finding, "fingerprint")
	want := map[string]any{
		"module": "net", "check": "terraform", "dir": "net", "outcome": "findings", "known": []any{}, "elsewhere": []any{}, "output": []any{},
		"notes": []any{"types, functions and the arguments of resources are not checked; terraform validate does that"},
		"findings": []any{map[string]any{
			"check": "terraform", "module": "net", "path": "net/main.tf", "line": 2.0, "column": 7.0, "endLine": 2.0, "endColumn": 12.0,
			"rule": "undeclared", "severity": "error", "message": `variable "b" is not declared in this module`, "scope": "module",
		}},
	}
	if d := cmp.Diff(want, first); d != "" {
		t.Error(d)
	}
	if second := verdicts[1].(map[string]any); second["outcome"] != "nothing" || second["reason"] != "no Terraform file" {
		t.Errorf("second verdict is %v", second)
	}
	if got["pass"] != false || cmp.Diff([]any{}, got["stale"]) != "" {
		t.Errorf("answer is %v", got)
	}
	if _, stdout, _ = job1(t, "-module net=net -check terraform -changes empty.json -json"); stdout != "{\n  \"pass\": true,\n  \"verdicts\": [],\n  \"stale\": [],\n  \"notes\": [\n    \""+noModule+"\"\n  ]\n}\n" {
		t.Errorf("answer of nothing is %s", stdout)
	}
}

// TestReports: all files come from one run, beside the text.
func TestReports(t *testing.T) {
	repository(t)
	code, stdout, stderr := job1(t, "-module net=net -check terraform -sarif r.sarif -codequality q.json -junit j.xml")
	if code != 1 || !strings.Contains(stdout, "1 finding") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	for name, want := range map[string]string{"r.sarif": `"ruleId": "undeclared"`, "q.json": `"check_name":"terraform/undeclared"`, "j.xml": "<failure"} {
		data, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v: %s", name, err, data)
		}
	}
}

func TestBaseline(t *testing.T) {
	repository(t)
	if code, _, stderr := job1(t, "-module net=net -check terraform -write-baseline known.json"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if code, stdout, _ := job1(t, "-module net=net -check terraform -baseline known.json"); code != 0 || !strings.Contains(stdout, "clean, 1 known") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	if err := os.WriteFile("net/main.tf", []byte("locals {\n  a = 1\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := job1(t, "-module net=net -check terraform -baseline known.json"); code != 0 || !strings.Contains(stdout, "note: not found any more, take it out of the baseline: net/main.tf:") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	if code, _, stderr := job1(t, "-module web=web -check terraform -command x:lines=./none -write-baseline other.json"); code != 2 || !strings.Contains(stderr, "make baseline: x of module web: missing tool") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestChecks(t *testing.T) {
	checks, err := checksOf("terraform, terraform-fmt,terraform-validate,pep8,eslint,npm=lint:css")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range checks {
		names = append(names, c.Name())
	}
	if d := cmp.Diff([]string{"terraform", "terraform-fmt", "terraform-validate", "pep8", "eslint", "npm:lint:css"}, names); d != "" {
		t.Error(d)
	}
}
