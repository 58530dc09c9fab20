package coverage

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJudgeExpectedFiles(t *testing.T) {
	report := Report{Metric: Lines, Files: []File{{Path: "a.py", Count: Count{9, 10}}, {Path: "b.py"}, {Path: "d.py", Count: Count{0, 1}}}}
	tests := map[string]struct {
		expected []string
		outcome  Outcome
		absent   []string
		message  string
	}{
		"all are there, and a file of 0 lines is": {
			expected: []string{"b.py", "a.py"}, outcome: Pass, message: "81.81% of lines, minimum 80%",
		},
		"one is not": {
			expected: []string{"c.py", "a.py"}, outcome: Incomplete, absent: []string{"c.py"},
			message: "incomplete: no report has one of the 2 expected files: c.py",
		},
		"many are not": {
			expected: []string{"h", "g", "f", "e", "d", "c", "b", "a.py"}, outcome: Incomplete, absent: []string{"b", "c", "d", "e", "f", "g", "h"},
			message: "incomplete: no report has 7 of the 8 expected files: b, c, d, e, f and 2 more",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := Gate{Expected: map[string][]string{"m": tt.expected}}.Judge("m", report)
			if v.Outcome != tt.outcome || v.Message != tt.message || v.Missing != 0 || v.Count != (Count{9, 11}) {
				t.Errorf("verdict is %s %v, %d missing: %q", v.Outcome, v.Count, v.Missing, v.Message)
			}
			if d := cmp.Diff(tt.absent, v.Absent); d != "" {
				t.Errorf("absent (-want +got):\n%s", d)
			}
		})
	}
}

func TestAllowNoData(t *testing.T) {
	gate := Gate{AllowNoData: []string{"types", "kept"}, Expected: map[string][]string{"kept": {"a.py"}}}
	empty := &ParseError{File: "x", Err: ErrEmpty}
	tests := map[string]struct {
		verdict Verdict
		outcome Outcome
		pass    bool
	}{
		"a report that lists nothing passes by name": {gate.Judge("types", Report{Metric: Lines}), NoData, true},
		"not by another": {gate.Judge("web", Report{Metric: Lines}), NoData, false},
		"a report of 0 bytes does not, since it says nothing":   {gate.fail("types", empty), NoData, false},
		"and not by another name":                               {gate.fail("web", empty), NoData, false},
		"a report that is missing never does":                   {gate.fail("types", &ParseError{File: "x", Err: fs.ErrNotExist}), MissingReport, false},
		"nor one that cannot be read":                           {gate.fail("types", &ParseError{File: "x", Err: ErrUnknownFormat}), Unreadable, false},
		"nor one that was cut short":                            {gate.fail("types", &ParseError{File: "x", Err: ErrTruncated}), Incomplete, false},
		"a module that is measured is held to its minimum":      {gate.Judge("types", counted(1, 2)), Below, false},
		"and passes as others do":                               {gate.Judge("types", counted(4, 5)), Pass, true},
		"a module of which files are expected has to have data": {gate.Judge("kept", Report{Metric: Lines}), Incomplete, false},
		"also where the report is empty":                        {gate.fail("kept", empty), NoData, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := tt.verdict
			if v.Outcome != tt.outcome || v.Pass() != tt.pass {
				t.Errorf("verdict is %s, pass %v: %s", v.Outcome, v.Pass(), v.Message)
			}
			if v.Allowed && v.Outcome != NoData {
				t.Errorf("%s is allowed", v.Outcome)
			}
		})
	}
}

func TestFailOfAnErrorThatIsNoParseError(t *testing.T) {
	v := Gate{}.fail("m", errors.New("odd"))
	if v.Outcome != Unreadable || v.Message != "odd" || v.Err == nil {
		t.Errorf("verdict is %+v", v)
	}
}

func TestUnits(t *testing.T) {
	tests := map[Metric][2]string{
		Lines: {"line", "lines"}, Statements: {"statement", "statements"}, Instructions: {"instruction", "instructions"},
		LinesAndBranches: {"line or branch", "lines and branches"}, "": {"unit", "units"},
	}
	for m, want := range tests {
		if got := [2]string{m.unit(1), m.unit(2)}; got != want {
			t.Errorf("units of %q are %q, want %q", m, got, want)
		}
	}
}

func TestCheckMapsAndMergesTheReportsOfAModule(t *testing.T) {
	here := write(t, "1.info", "SF:app.js\nDA:1,1\nDA:2,0\nend_of_record\n")
	there := write(t, "2.info", "SF:/app/app.js\nDA:2,1\nDA:3,0\nend_of_record\n")
	gate := Gate{
		Minimum:  percent(t, "50"),
		Sources:  Sources{Files: []string{"web/app.js", "lib/app.js"}, Prefixes: map[string]string{"/app": "web"}},
		Expected: map[string][]string{"web": {"web/app.js"}},
	}
	result, err := gate.Check(t.Context(), []Input{{Module: "web", Path: here, Root: "web"}, {Module: "web", Path: there}})
	if err != nil {
		t.Fatal(err)
	}
	v := result.Verdicts[0]
	if v.Outcome != Pass || v.Message != "66.66% of lines, minimum 50%" {
		t.Errorf("verdict is %s: %s", v.Outcome, v.Message)
	}
	if d := cmp.Diff([]File{{Path: "web/app.js", Count: Count{2, 3}}}, v.Files, numbers); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{here, there}, v.Reports); d != "" {
		t.Errorf("reports (-want +got):\n%s", d)
	}
}

func TestCheckRefusesToMerge(t *testing.T) {
	lines := write(t, "1.info", lcovText)
	tests := map[string]struct {
		second  string
		message string
	}{
		"reports of different formats": {goText, " (go): its format is go, that of " + lines + " is lcov: the reports of one module must be of one format"},
		"an ambiguous path":            {"SF:x.js\nDA:1,1\nend_of_record\n", " (lcov): map x.js: it may be any of a/x.js, b/x.js: name the root of the report, or a prefix"},
		"one that is cut":              {lcovText[:20], ":4 (lcov): report is truncated"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			second := write(t, "2", tt.second)
			gate := Gate{Sources: Sources{Files: []string{"a/x.js", "b/x.js"}}}
			result, err := gate.Check(t.Context(), []Input{{Module: "m", Path: lines}, {Module: "m", Path: second}})
			if err != nil {
				t.Fatal(err)
			}
			v := result.Verdicts[0]
			want := "read coverage report " + second + tt.message
			if v.Pass() || v.Message[:min(len(want), len(v.Message))] != want {
				t.Errorf("verdict is %s: %s\nwant %s", v.Outcome, v.Message, want)
			}
			if e, ok := errors.AsType[*ParseError](result.Err()); !ok || e.File != second {
				t.Errorf("error is %v", result.Err())
			}
		})
	}
}

func TestCheckRefusesToMergeOtherMetrics(t *testing.T) {
	plain := write(t, "plain.xml", xmlText)
	branches := "testdata/coveragepy-branch.xml"
	result, err := Gate{}.Check(t.Context(), []Input{{Module: "m", Path: plain}, {Module: "m", Path: branches}})
	if err != nil {
		t.Fatal(err)
	}
	want := "read coverage report " + branches + " (cobertura): it counts lines+branches, and " + plain + " counts lines: the reports of one module must count the same"
	if v := result.Verdicts[0]; v.Outcome != Unreadable || v.Message != want {
		t.Errorf("verdict is %s: %s\nwant %s", v.Outcome, v.Message, want)
	}
}
