package coverage

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func percent(t testing.TB, s string) Percentage {
	t.Helper()
	p, err := ParsePercentage(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// counted is a report of lines with one file.
func counted(covered, total int64) Report {
	return Report{Format: LCOV, Metric: Lines, Files: []File{{Path: "f", Count: Count{covered, total}}}}
}

func TestJudge(t *testing.T) {
	tests := map[string]struct {
		minimum string // "" is the zero value
		report  Report
		outcome Outcome
		missing int64
		message string
	}{
		"exactly the default passes": {
			report: counted(4, 5), outcome: Pass, message: "80.00% of lines, minimum 80%",
		},
		"35/44 rounds to 80 and fails": {
			report: counted(35, 44), outcome: Below, missing: 1, message: "79.54% of lines (35/44), minimum 80%: 1 more line needed",
		},
		"323/404 rounds to 80.0 and fails": {
			report: counted(323, 404), outcome: Below, missing: 1, message: "79.95% of lines (323/404), minimum 80%: 1 more line needed",
		},
		"1599/2000 rounds to 80.0 and fails": {
			report: counted(1599, 2000), outcome: Below, missing: 1, message: "79.95% of lines (1599/2000), minimum 80%: 1 more line needed",
		},
		"3203/4004 rounds to 80.00 and fails": {
			report: counted(3203, 4004), outcome: Below, missing: 1, message: "79.99% of lines (3203/4004), minimum 80%: 1 more line needed",
		},
		"79.995 fails": {
			report: counted(15999, 20000), outcome: Below, missing: 1, message: "79.99% of lines (15999/20000), minimum 80%: 1 more line needed",
		},
		"29/100 reaches 29, which floats deny": {
			minimum: "29", report: counted(29, 100), outcome: Pass, message: "29.00% of lines, minimum 29%",
		},
		"a decimal minimum is exact": {
			minimum: "80.5", report: counted(161, 200), outcome: Pass, message: "80.50% of lines, minimum 80.5%",
		},
		"and fails by one": {
			minimum: "80.5", report: counted(160, 200), outcome: Below, missing: 1, message: "80.00% of lines (160/200), minimum 80.5%: 1 more line needed",
		},
		"all but one is not all": {
			minimum: "100", report: counted(999999, 1000000), outcome: Below, missing: 1, message: "99.99% of lines (999999/1000000), minimum 100%: 1 more line needed",
		},
		"far below needs many": {
			report: counted(0, 10), outcome: Below, missing: 8, message: "0.00% of lines (0/10), minimum 80%: 8 more lines needed",
		},
		"counts as large as there are do not overflow": {
			report: counted(math.MaxInt64-1, math.MaxInt64), outcome: Pass, message: "99.99% of lines, minimum 80%",
		},
		"0 of 0 is no data, however low the minimum": {
			minimum: "0.000001", report: counted(0, 0), outcome: NoData, message: "no data: the report lists no lines",
		},
		"nor does a Go module without statements pass": {
			report: Report{Format: GoProfile, Metric: Statements}, outcome: NoData, message: "no data: the report lists no statements",
		},
		"a report that was never read is no data": {
			outcome: NoData, message: "no data: the report lists no units",
		},
		"the unit is that of the report": {
			report:  Report{Format: GoProfile, Metric: Statements, Files: []File{{Count: Count{1, 2}}, {Count: Count{0, 2}}}},
			outcome: Below, missing: 3, message: "25.00% of statements (1/4), minimum 80%: 3 more statements needed",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var gate Gate
			if tt.minimum != "" {
				gate.Minimum = percent(t, tt.minimum)
			}
			v := gate.Judge("billing", tt.report)
			if v.Outcome != tt.outcome || v.Missing != tt.missing || v.Message != tt.message {
				t.Errorf("verdict is %s, %d missing: %q\nwant %s, %d missing: %q", v.Outcome, v.Missing, v.Message, tt.outcome, tt.missing, tt.message)
			}
			if v.Module != "billing" || v.Format != tt.report.Format || v.Metric != tt.report.Metric || v.Count != tt.report.Count() || v.Minimum != gate.Minimum || v.Err != nil {
				t.Errorf("verdict does not repeat its input: %+v", v)
			}
		})
	}
}

// TestJudgeAgreesWithItsMessage: with the units that a failing module misses it
// passes, and with one less it does not.
func TestJudgeAgreesWithItsMessage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	for range 3000 {
		gate := Gate{Minimum: Percentage{offset: 1 + rnd.Int64N(hundredPercent) - defaultPercent}}
		total := 1 + rnd.Int64N(1<<rnd.IntN(40))
		covered := rnd.Int64N(total + 1)
		v := gate.Judge("m", counted(covered, total))
		if (v.Outcome == Pass) != (v.Missing == 0) {
			t.Fatalf("%d/%d against %s: %s with %d missing", covered, total, gate.Minimum, v.Outcome, v.Missing)
		}
		if v.Missing == 0 {
			continue
		}
		if enough := gate.Judge("m", counted(covered+v.Missing, total)); enough.Outcome != Pass {
			t.Fatalf("%d/%d against %s: %d more are not enough", covered, total, gate.Minimum, v.Missing)
		}
		if less := gate.Judge("m", counted(covered+v.Missing-1, total)); less.Outcome != Below {
			t.Fatalf("%d/%d against %s: less than %d more is enough", covered, total, gate.Minimum, v.Missing)
		}
	}
}

func TestJudgeByModule(t *testing.T) {
	gate := Gate{Minimum: percent(t, "90"), ByModule: map[string]Percentage{"legacy": percent(t, "40"), "usual": {}}}
	for module, want := range map[string]string{"legacy": "40", "usual": "80", "other": "90"} {
		if got := gate.Judge(module, counted(1, 2)).Minimum.String(); got != want {
			t.Errorf("the minimum of %s is %s, want %s", module, got, want)
		}
	}
}

func TestJudgeNamesTheWorstFiles(t *testing.T) {
	file := func(path string, covered, total int64) File { return File{Path: path, Count: Count{covered, total}} }
	report := Report{Format: LCOV, Metric: Lines, Files: []File{
		file("a", 10, 10), file("b", 0, 3), file("c", 90, 100), file("d", 0, 3), file("e", 0, 0), file("f", 1, 3), file("g", 0, 1), file("h", 8, 9),
	}}
	v := Gate{Minimum: percent(t, "99")}.Judge("m", report)
	want := []File{file("c", 90, 100), file("b", 0, 3), file("d", 0, 3), file("f", 1, 3), file("g", 0, 1)}
	if d := cmp.Diff(want, v.Worst, numbers); d != "" {
		t.Errorf("worst files (-want +got):\n%s", d)
	}
	if v := (Gate{Minimum: percent(t, "1")}).Judge("m", report); len(v.Worst) > 0 {
		t.Errorf("a module that passes has worst files: %v", v.Worst)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "none.xml")
	empty := write(t, "empty.out", "")
	cut := write(t, "cut.info", lcovText[:20])
	page := write(t, "page.xml", "<!doctype html>")
	golang := filepath.Join("testdata", "go-coverpkg.out")
	nyc := filepath.Join("testdata", "nyc.info")
	none := filepath.Join("testdata", "go-nostatements.out")

	gate := Gate{ByModule: map[string]Percentage{"golang": percent(t, "62.5"), "absent": {}}}
	result, err := gate.Check(t.Context(), []Input{
		{Module: "web", Path: nyc},
		{Module: "golang", Path: golang},
		{Module: "gone", Path: missing},
		{Module: "empty", Path: empty},
		{Module: "types", Path: none},
		{Module: "cut", Path: cut},
		{Module: "page", Path: page},
		{Module: "golang", Path: golang},
		{Module: "half", Path: nyc},
		{Module: "half", Path: missing},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Verdict{
		{
			Gate: ModuleGate, Module: "web", Outcome: Below, Format: LCOV, Metric: Lines, Count: Count{14, 19}, Missing: 2, Reports: []string{nyc},
			Message: "73.68% of lines (14/19), minimum 80%: 2 more lines needed",
			Worst:   []File{{Path: "lib/cart.js", Count: Count{11, 15}}, {Path: "lib/price/format.js", Count: Count{3, 4}}},
		},
		{
			Gate: ModuleGate, Module: "golang", Outcome: Pass, Format: GoProfile, Metric: Statements, Count: Count{10, 16}, Minimum: percent(t, "62.5"), Reports: []string{golang, golang},
			Message: "62.50% of statements, minimum 62.5%",
		},
		{
			Gate: ModuleGate, Module: "gone", Outcome: MissingReport, Reports: []string{missing},
			Message: "missing report " + missing + ": the tests did not write it, or the path is wrong",
		},
		{
			Gate: ModuleGate, Module: "empty", Outcome: NoData, Reports: []string{empty},
			Message: "no data: " + empty + ": report is empty (0 bytes)",
		},
		{
			Gate: ModuleGate, Module: "types", Outcome: NoData, Format: GoProfile, Metric: Statements, Reports: []string{none},
			Message: "no data: the report lists no statements",
		},
		{
			Gate: ModuleGate, Module: "cut", Outcome: Incomplete, Format: LCOV, Reports: []string{cut},
			Message: "read coverage report " + cut + `:4 (lcov): report is truncated in its last line: "D" is no line of an LCOV report`,
		},
		{
			Gate: ModuleGate, Module: "page", Outcome: Unreadable, Reports: []string{page},
			Message: "read coverage report " + page + ": unknown report format: this is an HTML page, such as a download that failed or a report for people",
		},
		{
			Gate: ModuleGate, Module: "half", Outcome: MissingReport, Reports: []string{nyc, missing},
			Message: "missing report " + missing + ": the tests did not write it, or the path is wrong",
		},
	}
	causes := map[string]error{"gone": fs.ErrNotExist, "empty": ErrEmpty, "cut": ErrTruncated, "page": ErrUnknownFormat, "half": fs.ErrNotExist}
	for i, v := range result.Verdicts {
		if !errors.Is(v.Err, causes[v.Module]) {
			t.Errorf("%s: error is %v, want %v", v.Module, v.Err, causes[v.Module])
		}
		result.Verdicts[i].Err = nil
	}
	if d := cmp.Diff(want, result.Verdicts, cmp.AllowUnexported(Percentage{}), numbers, cmpopts.IgnoreFields(Verdict{}, "Files")); d != "" {
		t.Errorf("verdicts (-want +got):\n%s", d)
	}
	if result.Pass() {
		t.Error("the result passes")
	}
}

func TestCheckRefusesWrongUse(t *testing.T) {
	tests := map[string]struct {
		inputs []Input
		want   string
	}{
		"nothing to check":          {nil, "check coverage: no report given"},
		"an input without module":   {[]Input{{Module: "a", Path: "x"}, {Module: "", Path: "b.out"}}, `check coverage: input 2: module "", report "b.out": both must be given`},
		"an input without a report": {[]Input{{Module: "a", Path: ""}}, `check coverage: input 1: module "a", report "": both must be given`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := Gate{}.Check(t.Context(), tt.inputs)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if result.Pass() || len(result.Verdicts) > 0 {
				t.Errorf("result is %+v, want nothing", result)
			}
		})
	}
	if _, err := (Gate{}).Check(t.Context(), nil); !errors.Is(err, ErrNoInput) {
		t.Errorf("error is %v, want %v", err, ErrNoInput)
	}
}

func TestCheckStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := Gate{}.Check(ctx, []Input{{Module: "web", Path: filepath.Join("testdata", "nyc.info")}})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "check coverage of web: ") {
		t.Errorf("error is %v, want %v of web", err, context.Canceled)
	}
	if len(result.Verdicts) != 0 || result.Pass() {
		t.Errorf("a module that was not read has a verdict: %+v", result)
	}
}
