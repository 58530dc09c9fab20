package validation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/examples/internal/stages/stagetest"
	"github.com/mettel-automation/delivery/examples/internal/stages/validation"
	"github.com/mettel-automation/delivery/report"
	"github.com/mettel-automation/delivery/validate"
)

const system = `
project: demo
modules:
  - {name: lib, paths: [src/lib], labels: {kind: python}}
  - {name: api, paths: ["api-*/**"], depends_on: [lib], labels: {kind: python, dir: api-a}}
  - {name: net, paths: [net], labels: {kind: terraform}}
  - {name: img, paths: [img], labels: {kind: docker}}
validation:
  checks: {python: [pep8], terraform: [terraform]}
`

var base = map[string]string{
	"delivery.yaml": system, "src/lib/a.py": "1\n", "src/lib/b.py": "1\n", "api-a/a.py": "1\n",
	"net/main.tf": "locals {\n  a = 1\n}\n", "img/Dockerfile": "FROM x\n",
}

// linters answers for pycodestyle, and keeps what it was called with.
type linters struct {
	mu     sync.Mutex
	output map[string]string // by the end of the directory
	calls  []string
}

func (l *linters) Run(_ context.Context, p validate.Program) (validate.Output, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	dir := p.Dir[strings.LastIndex(p.Dir, "/")+1:]
	l.calls = append(l.calls, dir+": "+p.Name+" "+strings.Join(p.Args, " "))
	out := l.output[dir]
	if out == "" {
		return validate.Output{}, nil
	}
	return validate.Output{Code: 1, Stdout: []byte(out)}, nil
}

func TestWhatIsValidated(t *testing.T) {
	tests := map[string]struct {
		changed map[string]string
		options validation.Options
		calls   []string
		want    report.Stage
	}{
		"a change of a library is validated in its files, its dependants as a whole": {
			changed: map[string]string{"src/lib/b.py": "2\n"},
			calls:   []string{"api-a: pycodestyle --format=default .", "lib: pycodestyle --format=default ./b.py"},
			want:    report.Stage{Summary: "0 findings in 2 modules"},
		},
		"a deleted file makes nobody look for it": {
			changed: map[string]string{"src/lib/b.py": ""},
			calls:   []string{"api-a: pycodestyle --format=default ."},
			want:    report.Stage{Summary: "0 findings in 2 modules"},
		},
		"a file outside of the module's directory makes it whole": {
			changed: map[string]string{"api-b/x.py": "1\n"},
			calls:   []string{"api-a: pycodestyle --format=default ."},
			want:    report.Stage{Summary: "0 findings in 1 module"},
		},
		"a kind without checks is noted": {
			changed: map[string]string{"img/Dockerfile": "FROM y\n"},
			want:    report.Stage{Summary: "no module to validate", Notes: []string{"nothing checks the kind of img"}},
		},
		"no change, no check": {
			want: report.Stage{Summary: "no module to validate"},
		},
		"one module is validated as a whole": {
			options: validation.Options{Module: "lib"},
			calls:   []string{"lib: pycodestyle --format=default ."},
			want:    report.Stage{Summary: "0 findings in 1 module"},
		},
		"all are": {
			options: validation.Options{Detect: detect.Options{All: "x"}},
			calls:   []string{"api-a: pycodestyle --format=default .", "lib: pycodestyle --format=default ."},
			want: report.Stage{Summary: "0 findings in 3 modules", Notes: []string{
				"nothing checks the kind of img",
			}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var l linters
			tt.options.Exec = &l
			if tt.options.Detect.All == "" {
				tt.options.Detect.Base = "master"
			}
			o := stagetest.Do(t, stagetest.Repository(t, base, tt.changed), nil, validation.Stage(tt.options))
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			stage := only(t, o)
			if d := cmp.Diff(tt.calls, slices.Sorted(slices.Values(l.calls))); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.want, report.Stage{Summary: stage.Summary, Notes: stage.Notes}); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, file := range []string{".codequality.json", ".sarif", ".junit.xml"} {
				if o.Read(t, stage.Name+file) == "" {
					t.Errorf("%s is empty", file)
				}
			}
		})
	}
}

func TestFindingsFailTheStage(t *testing.T) {
	l := linters{output: map[string]string{"lib": "./a.py:1:2: E225 missing whitespace\n./b.py:1:1: W291 trailing\n"}}
	dir := stagetest.Repository(t, base, nil)
	o := stagetest.Do(t, dir, nil, validation.Stage(validation.Options{Module: "lib", Exec: &l}))
	if o.Err == nil || o.Err.Error() != "validation failed: lib: pep8: 2 findings" {
		t.Errorf("%v", o.Err)
	}
	stage := only(t, o)
	want := report.Stage{
		Summary: "2 findings in 1 module",
		Findings: []report.Finding{
			{Module: "lib", Check: "pep8", Path: "src/lib/a.py", Line: 1, Rule: "E225", Severity: "warning", Message: "missing whitespace"},
			{Module: "lib", Check: "pep8", Path: "src/lib/b.py", Line: 1, Rule: "W291", Severity: "warning", Message: "trailing"},
		},
		Failures: []report.Failure{{Subject: "lib", Cause: "pep8: 2 findings", Logs: []string{
			"src/lib/a.py:1:2: warning: missing whitespace (pep8/E225)", "src/lib/b.py:1:1: warning: trailing (pep8/W291)",
		}}},
	}
	if d := cmp.Diff(want, report.Stage{Summary: stage.Summary, Findings: stage.Findings, Failures: stage.Failures}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if stage.Name != "validation-lib" || !strings.Contains(o.Read(t, "validation-lib.codequality.json"), "E225") {
		t.Errorf("stage %s", stage.Name)
	}
}

func TestManyFindingsAreCut(t *testing.T) {
	var output strings.Builder
	for i := range 30 {
		fmt.Fprintf(&output, "./a.py:%d:1: E225 missing whitespace\n", i+1)
	}
	l := linters{output: map[string]string{"lib": output.String()}}
	o := stagetest.Do(t, stagetest.Repository(t, base, nil), nil, validation.Stage(validation.Options{Module: "lib", Exec: &l}))
	logs := only(t, o).Failures[0].Logs
	if len(logs) != 11 || logs[10] != "and 20 more" {
		t.Errorf("%d lines: %q", len(logs), logs)
	}
}

func TestTheFileSaysWhatCounts(t *testing.T) {
	tests := map[string]struct {
		changed map[string]string
		want    string // of the error; "" passes
	}{
		"mild findings pass":  {changed: map[string]string{"delivery.yaml": system + "  fail_on: error\n"}},
		"others do not":       {changed: map[string]string{"delivery.yaml": system + "  fail_on: warning\n"}, want: "1 finding"},
		"a missing baseline":  {changed: map[string]string{"delivery.yaml": system + "  baseline: known.json\n"}, want: "known.json: no such file"},
		"a damaged baseline":  {changed: map[string]string{"delivery.yaml": system + "  baseline: known.json\n", "known.json": "{"}, want: "known.json: "},
		"a pattern as a path": {changed: map[string]string{"delivery.yaml": strings.Replace(system, "[src/lib]", `["src/l*/**"]`, 1)}, want: "module lib: its first path src/l*/** is a pattern: give it the label dir"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := linters{output: map[string]string{"lib": "./a.py:1:2: E225 missing whitespace\n"}}
			o := stagetest.Do(t, stagetest.Repository(t, base, tt.changed), nil, validation.Stage(validation.Options{Module: "lib", Exec: &l}))
			if tt.want == "" && o.Err != nil || tt.want != "" && (o.Err == nil || !strings.Contains(o.Err.Error(), tt.want)) {
				t.Errorf("%v, want %q", o.Err, tt.want)
			}
		})
	}
}

func TestAMissingLinterIsOneClearError(t *testing.T) {
	missing := validate.ExecFunc(func(_ context.Context, p validate.Program) (validate.Output, error) {
		return validate.Output{}, &validate.MissingToolError{Tool: p.Name}
	})
	dir := stagetest.Repository(t, base, map[string]string{"src/lib/a.py": "2\n"})
	options := validation.Options{Detect: detect.Options{Base: "master"}, Exec: missing}
	o := stagetest.Do(t, dir, nil, validation.Stage(options))
	const want = "validation failed: pep8: pycodestyle, flake8 or ruff is not installed: pip install pycodestyle, or apt-get install pycodestyle, so not validated: api, lib"
	if o.Err == nil || o.Err.Error() != want {
		t.Errorf("%v\nwant %s", o.Err, want)
	}
	stage := only(t, o)
	if len(stage.Failures) != 1 || stage.Summary != "0 findings in 2 modules, 2 checks not done" {
		t.Errorf("%q, %+v", stage.Summary, stage.Failures)
	}

	options.SkipMissing = true
	o = stagetest.Do(t, dir, nil, validation.Stage(options))
	if stage := only(t, o); o.Err != nil || len(stage.Failures) > 0 || len(stage.Notes) != 1 || !strings.HasPrefix(stage.Notes[0], "pep8 was skipped: ") {
		t.Errorf("%v, %+v", o.Err, stage)
	}
}

func TestALinterThatFailsSaysSo(t *testing.T) {
	broken := validate.ExecFunc(func(context.Context, validate.Program) (validate.Output, error) {
		return validate.Output{}, errors.New("out of memory")
	})
	o := stagetest.Do(t, stagetest.Repository(t, base, nil), nil, validation.Stage(validation.Options{Module: "lib", Exec: broken}))
	if o.Err == nil || !strings.Contains(o.Err.Error(), "lib: pep8: crashed: ") {
		t.Errorf("%v", o.Err)
	}
}

// only is the record of the one stage.
func only(t *testing.T, o stagetest.Outcome) report.Stage {
	t.Helper()
	run, err := o.Job.Dir.Report()
	if err != nil || len(run.Stages) != 1 {
		t.Fatalf("%+v, %v", run, err)
	}
	return run.Stages[0]
}
