package coverage

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sampleResult(t *testing.T) Result {
	gate := Gate{ByModule: map[string]Percentage{"orders": percent(t, "62.5")}}
	billing := Report{Format: GoProfile, Metric: Statements, Files: []File{
		{Path: "billing/invoice.go", Count: Count{3000, 3100}},
		{Path: "billing/tax.go", Count: Count{203, 904}},
	}}
	cut := &ParseError{File: "ops/lcov.info", Line: 7, Format: LCOV, Err: ErrTruncated}
	orders := counted(130, 200)
	orders.Warnings = []string{"the root says otherwise"}
	return Result{Verdicts: []Verdict{
		gate.Judge("billing", billing),
		gate.Judge("orders", orders),
		gate.fail("web", &ParseError{File: "web/lcov.info", Err: fs.ErrNotExist}),
		gate.fail("ops", cut),
	}}
}

func TestResultString(t *testing.T) {
	want := `MODULE   COVERED               PERCENT  MINIMUM  VERDICT
billing  3203/4004 statements  79.99%   80%      below: 1 more statement needed
orders   130/200 lines         65.00%   62.5%    pass
web      -                     -        80%      missing report web/lcov.info: the tests did not write it, or the path is wrong
ops      -                     -        80%      read coverage report ops/lcov.info:7 (lcov): report is truncated

billing has most left to cover in:
  billing/tax.go      203/904    701 statements not covered
  billing/invoice.go  3000/3100  100 statements not covered

warning: orders: the root says otherwise
`
	if d := cmp.Diff(want, sampleResult(t).String()); d != "" {
		t.Errorf("table (-want +got):\n%s", d)
	}
}

func TestResultStringIsSafe(t *testing.T) {
	report := counted(0, 1)
	report.Files[0].Path = "\x1b[2Jgone\n\tü"
	report.Warnings = []string{"path \x07"}
	text := Result{Verdicts: []Verdict{Gate{}.Judge("mod\x1b[31m", report)}}.String()
	if strings.ContainsAny(text, "\x1b\x07\t") {
		t.Errorf("control characters of a report reach the terminal:\n%q", text)
	}
	for _, want := range []string{`mod\x1b[31m`, `\x1b[2Jgone\n\tü`, `path \a`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not shown in\n%s", want, text)
		}
	}
}

func TestResultPass(t *testing.T) {
	pass, below := Verdict{Outcome: Pass}, Verdict{Outcome: Below}
	tests := map[string]struct {
		verdicts []Verdict
		pass     bool
		failed   int
	}{
		"all pass":             {[]Verdict{pass, pass}, true, 0},
		"one does not":         {[]Verdict{pass, below}, false, 1},
		"no verdict, no pass":  {nil, false, 0},
		"no data does not":     {[]Verdict{{Outcome: NoData}}, false, 1},
		"missing does not":     {[]Verdict{pass, {Outcome: MissingReport}}, false, 1},
		"unreadable does not":  {[]Verdict{{Outcome: Unreadable}, pass, below}, false, 2},
		"the zero value fails": {[]Verdict{{}}, false, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := Result{Verdicts: tt.verdicts}
			if r.Pass() != tt.pass || len(r.Failed()) != tt.failed {
				t.Errorf("pass is %v with %d failed, want %v with %d", r.Pass(), len(r.Failed()), tt.pass, tt.failed)
			}
			if len(r.Verdicts) != len(tt.verdicts) || !cmp.Equal(r.Verdicts, tt.verdicts, cmp.AllowUnexported(Percentage{}), numbers) {
				t.Error("asking changed the verdicts")
			}
		})
	}
}

func TestResultErr(t *testing.T) {
	r := sampleResult(t)
	err := r.Err()
	if !errors.Is(err, ErrTruncated) {
		t.Errorf("error is %v, want that of ops", err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a report that is missing is no broken one: %v", err)
	}
	e, ok := errors.AsType[*ParseError](err)
	if !ok || e.File != "ops/lcov.info" || e.Line != 7 {
		t.Errorf("error is %+v, want file and line", e)
	}
	r.Verdicts = r.Verdicts[:3]
	if err := r.Err(); err != nil {
		t.Errorf("error is %v, want none", err)
	}
}

func TestResultJSON(t *testing.T) {
	got, err := json.MarshalIndent(sampleResult(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
 "pass": false,
 "modules": [
  {
   "name": "billing",
   "outcome": "below",
   "format": "go",
   "metric": "statements",
   "covered": 3203,
   "total": 4004,
   "percent": 79.99,
   "minimum": 80,
   "missing": 1,
   "pass": false,
   "message": "79.99% of statements (3203/4004), minimum 80%: 1 more statement needed",
   "worst": [
    {
     "path": "billing/tax.go",
     "covered": 203,
     "total": 904
    },
    {
     "path": "billing/invoice.go",
     "covered": 3000,
     "total": 3100
    }
   ]
  },
  {
   "name": "orders",
   "outcome": "pass",
   "format": "lcov",
   "metric": "lines",
   "covered": 130,
   "total": 200,
   "percent": 65.00,
   "minimum": 62.5,
   "missing": 0,
   "pass": true,
   "message": "65.00% of lines, minimum 62.5%",
   "warnings": [
    "the root says otherwise"
   ]
  },
  {
   "name": "web",
   "outcome": "missing report",
   "format": "",
   "metric": "",
   "covered": 0,
   "total": 0,
   "percent": 0.00,
   "minimum": 80,
   "missing": 0,
   "pass": false,
   "message": "missing report web/lcov.info: the tests did not write it, or the path is wrong"
  },
  {
   "name": "ops",
   "outcome": "incomplete",
   "format": "lcov",
   "metric": "",
   "covered": 0,
   "total": 0,
   "percent": 0.00,
   "minimum": 80,
   "missing": 0,
   "pass": false,
   "message": "read coverage report ops/lcov.info:7 (lcov): report is truncated"
  }
 ]
}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	if got, err := json.Marshal(Result{}); err != nil || string(got) != `{"pass":false,"modules":[]}` {
		t.Errorf("JSON of nothing is %s, %v", got, err)
	}
}
