package report

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestFindingsAreSortedAndSummedUp(t *testing.T) {
	r := Run{Stages: []Stage{{Findings: []Finding{
		{Module: "b", Path: "b.py", Line: 2, Severity: "warning"},
		{Module: "a", Path: "z.py", Severity: "error"},
		{Module: "x", Path: "x.py", Severity: "style"},
		{Module: "b", Path: "b.py", Line: 1, Severity: "warning"},
	}}, {Findings: []Finding{{Module: "c", Path: "c.tf", Line: 9, Severity: "error", Message: " not formatted\n"}}}}}
	f := findingsOf(r)
	var places []string
	for _, row := range f.Rows.Shown {
		places = append(places, row.Place)
	}
	if d := cmp.Diff([]string{"z.py", "c.tf:9", "b.py:1", "b.py:2", "x.py"}, places); d != "" {
		t.Errorf("places (-want +got):\n%s", d)
	}
	if want := "2 errors, 2 warnings, 1 other finding."; f.Summary != want || f.Figure != "2" || f.Label != "errors found" {
		t.Errorf("summary %q, figure %s %s", f.Summary, f.Figure, f.Label)
	}
	if findingsOf(Run{Stages: []Stage{{}}}) != nil {
		t.Error("no findings have a section")
	}
}

func TestCoverage(t *testing.T) {
	tests := map[string]struct {
		c    Coverage
		want covered
	}{
		"a gate that passed": {
			Coverage{Module: "m", Gate: "unit", Covered: 1834, Total: 1875, Unit: "lines", Percent: "97.81%", Minimum: "80%", Pass: true},
			covered{Mark: mark{"done", "pass"}, Module: "m", Gate: "unit", Percent: "97.81%", Minimum: "80%", Counted: "1,834 of 1,875 lines", Bar: "97.8%", Limit: "80.0%"},
		},
		"the share where the gate gives none": {
			Coverage{Covered: 1, Total: 3}, covered{Mark: mark{"failed", "fail"}, Percent: "33.33%", Counted: "1 of 3", Bar: "33.3%"},
		},
		"nothing counted and fine": {
			Coverage{Pass: true, Message: "no code"}, covered{Mark: mark{"unchanged", "pass"}, Message: "no code"},
		},
		"nothing counted and not fine": {Coverage{Minimum: "80 %"}, covered{Mark: mark{"failed", "fail"}, Minimum: "80 %", Limit: "80.0%"}},
		"more than all":                {Coverage{Covered: 9, Total: 3, Pass: true}, covered{Mark: mark{"done", "pass"}, Percent: "300.00%", Counted: "9 of 3", Bar: "100.0%"}},
		"a minimum in words":           {Coverage{Minimum: "high"}, covered{Mark: mark{"failed", "fail"}, Minimum: "high"}},
		"a minimum of no use":          {Coverage{Minimum: "NaN%"}, covered{Mark: mark{"failed", "fail"}, Minimum: "NaN%"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, coveredOf(tt.c)); d != "" {
				t.Errorf("coverage (-want +got):\n%s", d)
			}
		})
	}
}

func TestFailedGatesComeFirstAndAreNeverFolded(t *testing.T) {
	var s Stage
	for i := range 100 {
		s.Coverage = append(s.Coverage, Coverage{Module: fmt.Sprint("m", i), Covered: 1, Total: 2, Pass: i%2 == 0})
	}
	c := coverageOf(Run{Stages: []Stage{s}})
	if len(c.Rows.Shown) != 50 || c.Rows.Shown[0].Module != "m1" || c.Rows.Shown[49].Mark.Slug != "failed" || c.Rows.Folded[0].Module != "m0" {
		t.Errorf("%d in sight, the first %+v", len(c.Rows.Shown), c.Rows.Shown[0])
	}
	if c.Figure != "50 of 100" || c.Slug != "failed" {
		t.Errorf("figure %q, %q", c.Figure, c.Slug)
	}
}

func TestUnchangedImagesAreFolded(t *testing.T) {
	var s Stage
	for i := range 10 {
		outcome := "unchanged"
		switch i {
		case 4:
			outcome = "built"
		case 7:
			outcome = "failed"
		case 9:
			outcome = "not begun"
		}
		s.Images = append(s.Images, Image{Module: fmt.Sprint("m", i), Outcome: outcome})
	}
	i := imagesOf(Run{Stages: []Stage{s}})
	var shown []string
	for _, row := range i.Rows.Shown {
		shown = append(shown, row.Module)
	}
	if d := cmp.Diff([]string{"m7", "m9", "m4"}, shown); d != "" {
		t.Errorf("in sight (-want +got):\n%s", d)
	}
	if i.Rows.Fold != "7 images as they were" || i.Summary != "1 failed, 1 not begun, 1 built, 7 unchanged." || i.Label != "images failed" {
		t.Errorf("fold %q, summary %q, %s", i.Rows.Fold, i.Summary, i.Label)
	}
}

func TestModulesAreThereOnce(t *testing.T) {
	r := Run{Stages: []Stage{
		{Modules: []Module{{Name: "a", Selected: true, Status: "modified"}, {Name: "b"}}},
		{Modules: []Module{{Name: "a", Selected: true}, {Name: "c", Selected: true}}},
	}}
	m := modulesOf(r)
	if m.Figure != "2 of 3" || len(m.Selected.Shown) != 2 || len(m.Others.Shown) != 1 || m.Selected.Shown[1].Sign.Word != "" {
		t.Errorf("modules %+v", m)
	}
}

func TestFailures(t *testing.T) {
	var logs []string
	for i := range 300 {
		logs = append(logs, fmt.Sprint("line ", i))
	}
	r := Run{Stages: []Stage{
		{Name: "build", State: progress.Failed, Summary: "1 of 3 failed", Failures: []Failure{{Subject: "web", Logs: logs}, {Subject: "build", Cause: "a\nb"}}},
		{Name: "deploy", State: progress.Failed, Summary: "no image"},
		{Name: "trail", State: progress.Done, Failures: []Failure{{Subject: "search", Cause: "quota"}}},
	}}
	got := failuresOf(r)
	if len(got) != 4 {
		t.Fatalf("%d failures", len(got))
	}
	web := got[0]
	if web.Cause[0] != "No reason was given." || len(web.Logs) != logsInSight || len(web.Earlier) != mostLogLines-logsInSight ||
		web.Earlier[0] != "… (101 earlier lines)" || web.Earlier[1] != "line 101" || web.Logs[logsInSight-1] != "line 299" {
		t.Errorf("failure with a long log: %q, %d and %d lines, from %q", web.Cause, len(web.Earlier), len(web.Logs), web.Earlier[:2])
	}
	if d := cmp.Diff([]string{"a", "b"}, got[1].Cause); d != "" || got[1].Subject != "" {
		t.Errorf("failure of the stage itself: %+v", got[1])
	}
	if got[2].Stage != "deploy" || got[2].Cause[0] != "no image" || got[3].Cause[0] != "quota" {
		t.Errorf("other failures: %+v", got[2:])
	}
	if logs[0] != "line 0" || logs[100] != "line 100" {
		t.Error("the log of the run has changed")
	}
}
