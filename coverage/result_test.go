package coverage

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyGate is a result that has all gates, and something to say in each.
func everyGate(t testing.TB) Result {
	sixty, half := percent(t, "60"), percent(t, "0.5")
	gate := Gate{
		Minimum: percent(t, "50"), AllowNoData: []string{"types"}, Expected: map[string][]string{"docs": {"docs/a.js", "docs/b.js"}},
		Total:    &sixty,
		Baseline: &Baseline{Modules: map[string]Mark{"web": {Lines, Count{3, 4}}, "mail": {Lines, Count{1, 2}}, "types": {Lines, Count{1, 2}}}}, Tolerance: &half,
		Changed:        LineRanges{"web/cart.js": {{First: 1, Last: 5}}, "README.md": {{First: 1, Last: 1}}},
		ChangedMinimum: percent(t, "90"),
		Sources:        Sources{Files: []string{"web/cart.js", "web/price.js", "api/a.js", "docs/a.js", "README.md"}},
	}
	return gate.Conclude([]Verdict{
		lcovModule(t, gate, "web", cart+price),
		gate.Judge("types", Report{Format: LCOV, Metric: Lines}),
		lcovModule(t, gate, "api", "SF:api/a.js\nDA:1,1\nend_of_record\n"),
		lcovModule(t, gate, "docs", "SF:docs/a.js\nDA:1,1\nend_of_record\n"),
	})
}

func TestResultStringWithEveryGate(t *testing.T) {
	want := `MODULE       COVERED    PERCENT  MINIMUM  VERDICT
web          4/7 lines  57.14%   50%      pass
types        -          -        50%      pass: no data: the report lists no lines, which is allowed
api          1/1 lines  100.00%  50%      pass
docs         1/1 lines  100.00%  50%      incomplete: no report has one of the 2 expected files: docs/b.js
all modules  -          -        60%      no total: there is no whole report of docs

BASELINE  BEFORE        NOW            VERDICT
web       75.00% (3/4)  57.14% (4/7)   below: 2 more lines needed
types     50.00% (1/2)  -              no data, and baseline 50.00% (1/2) less 0.5
api       -             100.00% (1/1)  pass: new
mail      -             -              not in this run

CHANGED LINES  COVERED    PERCENT  MINIMUM  VERDICT
web            2/4 lines  50.00%   90%      below: 2 more lines needed
api            -          -        90%      pass: nothing to cover
docs           -          -        90%      pass: nothing to cover
all modules    2/4 lines  50.00%   90%      below: 2 more lines needed

changed and not covered:
  web/cart.js:2, 5

changed and in no report, so not measured (map paths by the root of the report, or allow them as unreported):
  README.md
`
	if d := cmp.Diff(want, everyGate(t).String()); d != "" {
		t.Errorf("tables (-want +got):\n%s", d)
	}
}

func TestResultAllAndFailed(t *testing.T) {
	r := everyGate(t)
	names := func(verdicts []Verdict) []string {
		var out []string
		for _, v := range verdicts {
			out = append(out, string(v.Gate)+" "+v.Subject())
		}
		return out
	}
	all := []string{
		"module web", "module types", "module api", "module docs", "total all modules",
		"baseline web", "baseline types", "baseline api",
		"changed lines web", "changed lines api", "changed lines docs", "changed lines all modules",
	}
	if d := cmp.Diff(all, names(r.All())); d != "" {
		t.Errorf("all (-want +got):\n%s", d)
	}
	failed := []string{"module docs", "total all modules", "baseline web", "baseline types", "changed lines web", "changed lines all modules"}
	if d := cmp.Diff(failed, names(r.Failed())); d != "" {
		t.Errorf("failed (-want +got):\n%s", d)
	}
	if r.Pass() {
		t.Error("it passes")
	}
	if len(r.Verdicts) != 4 {
		t.Errorf("asking changed the verdicts: %d of them", len(r.Verdicts))
	}
}

// TestEachGateFailsTheResult: what no other gate finds, each of them does.
func TestEachGateFailsTheResult(t *testing.T) {
	all := percent(t, "100")
	for name, gate := range map[string]Gate{
		"module":   {Minimum: all},
		"total":    {Total: &all},
		"baseline": {Baseline: &Baseline{Modules: map[string]Mark{"web": {Lines, Count{99, 100}}}}},
		"changed":  {Changed: LineRanges{"web/cart.js": {{First: 2, Last: 2}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "module" {
				gate.Minimum = percent(t, "1")
			}
			if gate.Conclude([]Verdict{lcovModule(t, gate, "web", cart)}).Pass() {
				t.Error("it passes")
			}
			if gate := (Gate{Minimum: percent(t, "1")}); !gate.Conclude([]Verdict{lcovModule(t, gate, "web", cart)}).Pass() {
				t.Error("without the gate it fails")
			}
		})
	}
}

func TestResultJSONWithEveryGate(t *testing.T) {
	text, err := json.Marshal(everyGate(t))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Pass    bool
		Modules []struct {
			Name   string
			Pass   bool
			Absent []string
		}
		Total    struct{ Name, Outcome string }
		Baseline struct {
			Modules []map[string]any
			Gone    []string
		}
		Changed struct {
			Modules    []map[string]any
			Total      struct{ Uncovered []Uncovered }
			Unreported []string
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Pass || len(got.Modules) != 4 || !got.Modules[1].Pass || len(got.Modules[3].Absent) != 1 {
		t.Errorf("modules are %+v", got.Modules)
	}
	if got.Total.Name != "all modules" || got.Total.Outcome != "incomplete" {
		t.Errorf("total is %+v", got.Total)
	}
	web := got.Baseline.Modules[0]
	if _, has := web["minimum"]; has || len(got.Baseline.Modules) != 3 || len(got.Baseline.Gone) != 1 {
		t.Errorf("baseline is %+v", got.Baseline)
	}
	if d := cmp.Diff(map[string]any{"covered": 3.0, "total": 4.0}, web["before"]); d != "" {
		t.Errorf("before (-want +got):\n%s", d)
	}
	want := []Uncovered{{"web/cart.js", []LineRange{{First: 2, Last: 2}, {First: 5, Last: 5}}}}
	if d := cmp.Diff(want, got.Changed.Total.Uncovered); d != "" || len(got.Changed.Modules) != 3 || len(got.Changed.Unreported) != 1 {
		t.Errorf("changed is %+v\n%s", got.Changed, d)
	}
	if strings.Contains(string(text), "null") {
		t.Errorf("there is a null in %s", text)
	}
}

func TestResultFiles(t *testing.T) {
	gate := Gate{}
	verdicts := []Verdict{lcovModule(t, gate, "web", cart), lcovModule(t, gate, "e2e", "SF:web/cart.js\nDA:2,7\nend_of_record\n"+price)}
	if files, err := gate.Conclude(verdicts).Files(); err == nil || files != nil ||
		err.Error() != "web/cart.js is in the reports of web and e2e, and may be two files: map the paths to those of the repository (Sources)" {
		t.Errorf("files are %v, %v", files, err)
	}
	gate.Sources.Files = []string{"web/cart.js"}
	files, err := gate.Conclude(verdicts).Files()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]File{{Path: "web/cart.js", Count: Count{3, 5}}, {Path: "web/price.js", Count: Count{2, 2}}}, files, numbers); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
}

func TestLongListsAreCut(t *testing.T) {
	changed := LineRanges{}
	var report strings.Builder
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		changed["in/"+string(c)] = []LineRange{{First: 1, Last: 2}}
		changed["out/"+string(c)+".md"] = []LineRange{{First: 1, Last: 2}}
		report.WriteString("SF:in/" + string(c) + "\nDA:1,0\nend_of_record\n")
	}
	gate := Gate{Changed: changed}
	text := gate.Conclude([]Verdict{lcovModule(t, gate, "m", report.String())}).String()
	if n := strings.Count(text, "  in/"); n != 25 || strings.Count(text, "  out/") != 20 || strings.Count(text, "  and 6 more\n") != 2 {
		t.Errorf("the lists are long (%d):\n%s", n, text)
	}
}
