package unittests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/examples/internal/stages/stagetest"
	"github.com/mettel-automation/delivery/examples/internal/stages/unittests"
	"github.com/mettel-automation/delivery/report"
)

const system = `
project: demo
modules:
  - {name: lib, paths: [src/lib]}
  - {name: api, paths: [api], depends_on: [lib]}
  - {name: img, paths: [img], labels: {coverage: none}}
coverage: {minimum: 75}
`

// lcov is a report in which so many of four lines of a file were executed.
func lcov(file string, covered int) string {
	var b strings.Builder
	b.WriteString("SF:" + file + "\n")
	for line := range 4 {
		hits := "0"
		if line < covered {
			hits = "1"
		}
		b.WriteString("DA:" + string(rune('1'+line)) + "," + hits + "\n")
	}
	return b.String() + "end_of_record\n"
}

var base = map[string]string{"delivery.yaml": system, "src/lib/a.py": "1\n", "api/a.py": "1\n", "img/Dockerfile": "FROM x\n"}

func TestTheGate(t *testing.T) {
	lib := map[string]string{"src/lib/a.py": "2\n"}
	tests := map[string]struct {
		changed map[string]string
		reports map[string]string
		options unittests.Options
		summary string
		err     string // "" passes
		log     string
	}{
		"dependants are held too": {
			changed: lib, reports: map[string]string{"lib/x.info": lcov("a.py", 3), "api.info": lcov("a.py", 4)},
			summary: "2 of 2 modules pass, 87.50% of lines in all", log: "TOTAL  7/8 lines  87.50%",
		},
		"several reports of a module are one": {
			changed: lib, reports: map[string]string{"lib/x.info": lcov("a.py", 3), "lib/y.info": lcov("a.py", 1), "lib/.coverage": "binary", "api.info": lcov("a.py", 4)},
			summary: "2 of 2 modules pass, 87.50% of lines in all",
		},
		"too little fails, and says where": {
			changed: lib, reports: map[string]string{"lib/x.info": lcov("a.py", 2), "api.info": lcov("a.py", 4)},
			summary: "1 of 2 modules pass, 75.00% of lines in all", log: "src/lib/a.py",
			err: "coverage gate failed: lib: 50.00% of lines (2/4), minimum 75%: 1 more line needed",
		},
		"a missing report fails": {
			changed: lib, reports: map[string]string{"api.info": lcov("a.py", 4)},
			summary: "1 of 2 modules pass", log: "TOTAL  unknown",
			err: "lib/*: the tests did not write it",
		},
		"no reports at all fail": {
			changed: lib, summary: "0 of 2 modules pass",
			err: "api: missing report",
		},
		"a damaged report is an error of the input": {
			changed: lib, reports: map[string]string{"lib/x.info": "SF:", "api.info": lcov("a.py", 4)},
			summary: "1 of 2 modules pass", err: "x.info",
		},
		"a module without tests needs none": {
			changed: map[string]string{"img/Dockerfile": "FROM y\n"}, summary: "no module with tests",
		},
		"nor does no module": {
			summary: "no module with tests",
		},
		"a job for one module looks at no other": {
			options: unittests.Options{Module: "lib"}, reports: map[string]string{"lib/x.info": lcov("a.py", 3)},
			summary: "1 of 1 modules pass, 75.00% of lines in all",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := stagetest.Repository(t, base, tt.changed)
			for name, text := range tt.reports {
				stagetest.Write(t, dir, map[string]string{".delivery/coverage/" + name: text})
			}
			tt.options.Detect = detect.Options{Base: "master"}
			o := stagetest.Do(t, dir, nil, unittests.Stage(tt.options))
			if (o.Err == nil) != (tt.err == "") || o.Err != nil && !strings.Contains(o.Err.Error(), tt.err) {
				t.Errorf("%v\nwant %q", o.Err, tt.err)
			}
			if !strings.Contains(o.Stdout, tt.log) {
				t.Errorf("the log lacks %q:\n%s", tt.log, o.Stdout)
			}
			stage := only(t, o)
			if stage.Summary != tt.summary {
				t.Errorf("summary %q, want %q", stage.Summary, tt.summary)
			}
			for _, file := range []string{".junit.xml", ".codequality.json", ".md", ".cobertura/cobertura-001.xml"} {
				if o.Read(t, stage.Name+file) == "" {
					t.Errorf("%s is empty", file)
				}
			}
		})
	}
}

// TestAFileThatHasChangedSinceIsNotDetectedBy runs the gate after a module was renamed: what
// was detected speaks of one that is gone.
func TestAFileThatHasChangedSinceIsNotDetectedBy(t *testing.T) {
	dir := stagetest.Repository(t, base, map[string]string{"api/a.py": "2\n"})
	detected := stagetest.Do(t, dir, nil, detect.Stage(detect.Options{Base: "master"}))
	if detected.Err != nil {
		t.Fatal(detected.Err)
	}
	stagetest.Write(t, dir, map[string]string{"delivery.yaml": strings.Replace(system, "name: api", "name: backend", 1)})
	o := stagetest.Do(t, dir, map[string]string{"CI_COMMIT_SHA": detected.Job.Run.Revision}, unittests.Stage(unittests.Options{}))
	if o.Err == nil || !strings.Contains(o.Err.Error(), "-base names the revision") {
		t.Errorf("error %v", o.Err)
	}
}

func TestTheRecordHasEachModule(t *testing.T) {
	dir := stagetest.Repository(t, base, map[string]string{
		"src/lib/a.py":                  "2\n",
		".delivery/coverage/lib/x.info": lcov("/somewhere/src/lib/a.py", 2), ".delivery/coverage/api.info": lcov("a.py", 4),
	})
	o := stagetest.Do(t, dir, nil, unittests.Stage(unittests.Options{Detect: detect.Options{Base: "master"}}))
	stage := only(t, o)
	want := report.Stage{
		Coverage: []report.Coverage{
			{Module: "api", Gate: "module", Covered: 4, Total: 4, Unit: "lines", Percent: "100.00%", Minimum: "75%", Pass: true, Message: "100.00% of lines, minimum 75%"},
			{Module: "lib", Gate: "module", Covered: 2, Total: 4, Unit: "lines", Percent: "50.00%", Minimum: "75%", Message: "50.00% of lines (2/4), minimum 75%: 1 more line needed"},
		},
		Failures: []report.Failure{{Subject: "lib", Cause: "50.00% of lines (2/4), minimum 75%: 1 more line needed", Logs: []string{"src/lib/a.py  2/4  50.00%"}}},
	}
	if d := cmp.Diff(want, report.Stage{Coverage: stage.Coverage, Failures: stage.Failures}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// Two modules have an a.py; GitLab must find each in its place.
	if xml := o.Read(t, "unit-coverage.cobertura/cobertura-001.xml"); !strings.Contains(xml, `filename="src/lib/a.py"`) || !strings.Contains(xml, `filename="api/a.py"`) {
		t.Errorf("paths are not those of the repository:\n%s", xml)
	}
}

func TestTheFileSaysWhereReportsAre(t *testing.T) {
	dir := stagetest.Repository(t, base, map[string]string{
		"delivery.yaml": strings.Replace(system, "{minimum: 75}", "{reports: out}", 1), "out/lib.info": lcov("a.py", 3),
	})
	o := stagetest.Do(t, dir, nil, unittests.Stage(unittests.Options{Module: "lib"}))
	if o.Err == nil || !strings.Contains(o.Err.Error(), "75.00% of lines (3/4), minimum 80%") {
		t.Errorf("%v", o.Err)
	}
}

func TestReportsThatCannotBeListed(t *testing.T) {
	dir := stagetest.Repository(t, base, nil)
	if err := os.MkdirAll(filepath.Join(dir, ".delivery"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".delivery", "coverage"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := stagetest.Do(t, dir, nil, unittests.Stage(unittests.Options{Module: "lib"}))
	if o.Err == nil || !strings.Contains(o.Err.Error(), "find the coverage of lib: ") {
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
