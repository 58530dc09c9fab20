package report

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mettel-automation/delivery/validate"
)

// check is a validate.Check that is a function.
type check struct {
	name string
	run  func(validate.Module) (validate.Report, error)
}

func (c check) Name() string { return c.name }
func (c check) Run(_ context.Context, t validate.Target) (validate.Report, error) {
	return c.run(t.Module)
}

// sample is a result with every outcome that a run can have but TimedOut.
func sample(t testing.TB) validate.Result {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.py"), []byte("x=1\nx=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	style := check{"pep8", func(m validate.Module) (validate.Report, error) {
		if m.Name == "other" {
			return validate.Report{Nothing: "no Python file"}, nil
		}
		return validate.Report{Findings: []validate.Finding{
			{Path: "a.py", Line: 1, Column: 2, Rule: "E225", Severity: validate.Warning, Message: "missing <whitespace>"},
			{Path: "a.py", Line: 2, Column: 2, EndLine: 2, EndColumn: 3, Rule: "E225", Severity: validate.Warning, Message: "missing <whitespace>"},
			{Path: "dir with space/ü:.py", Line: 3, EndLine: 2, Rule: "E999", Severity: validate.Error, Message: "syntax \x1b[31m"},
			{Path: "/usr/lib/x.py", Severity: validate.Note, Message: "far away"},
		}}, nil
	}}
	front := check{"eslint", func(m validate.Module) (validate.Report, error) {
		if m.Name == "other" {
			return validate.Report{Output: []string{"at x.js"}}, errors.New("TypeError: x")
		}
		return validate.Report{}, &validate.MissingToolError{Tool: "eslint"}
	}}
	clean := check{"terraform", func(validate.Module) (validate.Report, error) { return validate.Report{}, nil }}
	result, err := validate.Runner{Root: root, Checks: []validate.Check{style, front, clean}}.Run(t.Context(), []validate.Module{{Name: "app", Dir: "."}, {Name: "other", Dir: "."}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range result.Verdicts {
		result.Verdicts[i].Elapsed = 0
	}
	return result
}

// validateJSON holds data against a schema in a file.
func validateJSON(t testing.TB, schema string, data []byte) {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s: %v", schema, err)
	}
}

func write(t testing.TB, f func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sarif(t testing.TB, r validate.Result) []byte {
	t.Helper()
	return write(t, func(b *bytes.Buffer) error { return WriteSARIF(b, r) })
}

func TestSARIF(t *testing.T) {
	data := sarif(t, sample(t))
	validateJSON(t, "testdata/sarif-subset.schema.json", data)
	var log sarifLog
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, run := range log.Runs {
		line := run.Tool.Driver.Name
		if !run.Invocations[0].Successful {
			line += " failed"
		}
		for _, n := range run.Invocations[0].Notifications {
			line += "; " + n.Message.Text
		}
		got = append(got, line)
		for _, res := range run.Results {
			a := res.Locations[0].Physical.Artifact
			if res.RuleIndex != nil && run.Tool.Driver.Rules[*res.RuleIndex].ID != res.RuleID {
				t.Errorf("rule index of %s is wrong", res.RuleID)
			}
			got = append(got, strings.Join([]string{" ", res.RuleID, res.Level, a.Base, a.URI, res.Message.Text, res.Properties["module"]}, " "))
		}
	}
	want := []string{
		"pep8",
		"   note  file:///usr/lib/x.py far away app",
		"  E225 warning %SRCROOT% a.py missing <whitespace> app",
		"  E225 warning %SRCROOT% a.py missing <whitespace> app",
		"  E999 error %SRCROOT% dir%20with%20space/%C3%BC:.py syntax \\x1b[31m app",
		"eslint failed; eslint of module app: missing tool: eslint is not installed; eslint of module other: crashed: TypeError: x",
		"terraform",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("SARIF (-want +got):\n%s", d)
	}
	results := log.Runs[0].Results
	if d := cmp.Diff(&sarifRegion{2, 2, 2, 3}, results[2].Locations[0].Physical.Region); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&sarifRegion{StartLine: 3}, results[3].Locations[0].Physical.Region); d != "" {
		t.Errorf("an end before the start was written: %s", d)
	}
	if results[1].Fingerprints[fingerprintName] == results[2].Fingerprints[fingerprintName] {
		t.Error("equal findings have one fingerprint")
	}
}

func TestEmptyResult(t *testing.T) {
	var r validate.Result
	data := sarif(t, r)
	validateJSON(t, "testdata/sarif-subset.schema.json", data)
	if got := string(write(t, func(b *bytes.Buffer) error { return WriteCodeQuality(b, r) })); got != "[]\n" {
		t.Errorf("Code Quality of nothing is %q, want an empty array", got)
	}
	if got := string(write(t, func(b *bytes.Buffer) error { return WriteJUnit(b, r) })); !strings.Contains(got, `tests="0"`) {
		t.Errorf("JUnit of nothing is %s", got)
	}
}

func TestCodeQuality(t *testing.T) {
	data := write(t, func(b *bytes.Buffer) error { return WriteCodeQuality(b, sample(t)) })
	type issue struct {
		Description string
		CheckName   string `json:"check_name"`
		Fingerprint string
		Severity    string
		Location    struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	var issues []issue
	if err := json.Unmarshal(data, &issues); err != nil {
		t.Fatal(err)
	}
	var got []string
	seen := map[string]bool{}
	for _, i := range issues {
		if i.Fingerprint == "" || seen[i.Fingerprint] {
			t.Errorf("fingerprint %q of %q is empty or not unique", i.Fingerprint, i.Description)
		}
		seen[i.Fingerprint] = true
		got = append(got, strings.Join([]string{i.Location.Path, i.Severity, i.CheckName, i.Description}, " "))
	}
	want := []string{
		"a.py blocker eslint eslint of module app: missing tool: eslint is not installed",
		"a.py blocker eslint eslint of module other: crashed: TypeError: x",
		"a.py info pep8 /usr/lib/x.py: far away",
		"a.py minor pep8/E225 missing <whitespace>",
		"a.py minor pep8/E225 missing <whitespace>",
		"dir with space/ü:.py major pep8/E999 syntax \\x1b[31m",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Code Quality (-want +got):\n%s", d)
	}
}

func TestJUnit(t *testing.T) {
	data := write(t, func(b *bytes.Buffer) error { return WriteJUnit(b, sample(t)) })
	type message struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Body    string `xml:",chardata"`
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string   `xml:"name,attr"`
				Failure *message `xml:"failure"`
				Error   *message `xml:"error"`
				Skipped *message `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range report.Suites {
		for _, c := range s.Cases {
			line := s.Name + "/" + c.Name
			for kind, m := range map[string]*message{"failure": c.Failure, "error": c.Error, "skipped": c.Skipped} {
				if m != nil {
					line += " " + kind + " " + m.Type + ": " + m.Message
				}
			}
			got = append(got, line)
		}
	}
	want := []string{
		"app/pep8 failure findings: 4 findings", "app/eslint error missing tool: eslint is not installed", "app/terraform",
		"other/pep8 skipped : no Python file", "other/eslint error crashed: TypeError: x", "other/terraform",
	}
	if d := cmp.Diff(want, got); d != "" || report.Tests != 6 || report.Failures != 1 || report.Errors != 2 {
		t.Errorf("%d tests, %d failures, %d errors (-want +got):\n%s", report.Tests, report.Failures, report.Errors, d)
	}
	if body := report.Suites[0].Cases[0].Failure.Body; !strings.Contains(body, "a.py:1:2: warning: missing <whitespace> (pep8/E225)\n") {
		t.Errorf("body is %q", body)
	}
	if body := report.Suites[1].Cases[1].Error.Body; body != "at x.js\n" {
		t.Errorf("body is %q", body)
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("no space left")

func TestWritesPassOnErrors(t *testing.T) {
	r := sample(t)
	for name, err := range map[string]error{"SARIF": WriteSARIF(full{}, r), "Code Quality": WriteCodeQuality(full{}, r), "JUnit": WriteJUnit(full{}, r)} {
		if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "write "+name) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}
