package coverage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lcovModule is the verdict on a module with an LCOV report of text.
func lcovModule(t testing.TB, g Gate, module, text string) Verdict {
	t.Helper()
	report, err := Parse(strings.NewReader("TN:\n" + text))
	if err != nil {
		t.Fatal(err)
	}
	return g.Judge(module, report)
}

const (
	cart  = "SF:web/cart.js\nDA:1,1\nDA:2,0\nDA:4,1\nDA:5,0\nDA:6,0\nend_of_record\n"
	price = "SF:web/price.js\nDA:1,1\nDA:2,1\nend_of_record\n"
)

func TestChanged(t *testing.T) {
	tests := map[string]struct {
		changed    LineRanges
		minimum    string
		report     string
		outcome    Outcome
		count      Count
		missing    int64
		message    string
		uncovered  []Uncovered
		unreported []string
		absent     []string
		allow      []string
		files      []string
	}{
		"nothing was changed": {
			changed: LineRanges{}, report: cart, outcome: Pass, message: "the diff is empty",
		},
		"only changed lines count, and of them only those of the report": {
			changed: LineRanges{"web/cart.js": {{First: 1, Last: 3}}}, minimum: "50", report: cart, outcome: Pass, count: Count{1, 2},
			message:   "50.00% of the changed lines, minimum 50%",
			uncovered: []Uncovered{{"web/cart.js", []LineRange{{First: 2, Last: 2}}}},
		},
		"the minimum is 80": {
			changed: LineRanges{"web/cart.js": {{First: 1, Last: 99}}}, report: cart, outcome: Below, count: Count{2, 5}, missing: 2,
			message:   "40.00% of the changed lines (2/5), minimum 80%: 2 more lines needed",
			uncovered: []Uncovered{{"web/cart.js", []LineRange{{First: 2, Last: 2}, {First: 5, Last: 6}}}},
		},
		"files add up": {
			changed: LineRanges{"web/cart.js": {{First: 1, Last: 2}}, "web/price.js": {{First: 1, Last: 2}}}, minimum: "75", report: cart + price, outcome: Pass, count: Count{3, 4},
			message:   "75.00% of the changed lines, minimum 75%",
			uncovered: []Uncovered{{"web/cart.js", []LineRange{{First: 2, Last: 2}}}},
		},
		"a change beside all lines": {
			changed: LineRanges{"web/cart.js": {{First: 3, Last: 3}}}, report: cart, outcome: Pass, message: "no line that a report lists was changed",
		},
		"files that lost lines alone": {
			changed: LineRanges{"web/cart.js": {}, "web/new.js": nil}, report: cart, outcome: Pass, message: "no line that a report lists was changed",
		},
		"files that no report has are said": {
			changed: LineRanges{"README.md": {{First: 1, Last: 1}}, "web/price.js": {{First: 1, Last: 1}}, "Makefile": {{First: 1, Last: 1}}}, report: price, outcome: Pass, count: Count{1, 1},
			message: "100.00% of the changed lines, minimum 80%", unreported: []string{"Makefile", "README.md"},
		},
		"and where they end like one of the report they fail, however well others are covered": {
			changed: LineRanges{"README.md": {{First: 1, Last: 1}}, "web/price.js": {{First: 1, Last: 1}}, "web/new.js": {{First: 1, Last: 9}}, "web/empty.js": nil}, report: price, outcome: Incomplete, count: Count{1, 1},
			message: "incomplete: no report has web/new.js, which changed; of the other changed lines 100.00% (1/1), minimum 80%", unreported: []string{"web/new.js", "README.md"},
			absent: []string{"web/new.js"},
		},
		"also where nothing else was changed": {
			changed: LineRanges{"src/new.js": {{First: 1, Last: 9}}}, report: cart, outcome: Incomplete, unreported: []string{"src/new.js"}, absent: []string{"src/new.js"},
			message: "incomplete: no report has src/new.js, which changed",
		},
		"the prefixes of a diff of its own make others of them": {
			changed: LineRanges{"new/lib/cart.js": {{First: 1, Last: 1}}}, report: "SF:lib/price.js\nDA:1,1\nend_of_record\n", outcome: Incomplete,
			unreported: []string{"new/lib/cart.js"}, absent: []string{"new/lib/cart.js"}, message: "incomplete: no report has new/lib/cart.js, which changed",
		},
		"an import path that was not mapped": {
			changed: LineRanges{"services/billing/handler/h.go": {{First: 1, Last: 1}}}, report: "SF:example.com/billing/handler/h.go\nDA:1,1\nend_of_record\n", outcome: Incomplete,
			unreported: []string{"services/billing/handler/h.go"}, absent: []string{"services/billing/handler/h.go"}, message: "incomplete: no report has services/billing/handler/h.go, which changed",
		},
		"what may be unreported does not fail": {
			changed: LineRanges{"web/gen/a.js": {{First: 1, Last: 1}}, "web/cart.test.js": {{First: 1, Last: 1}}, "web/types.d.ts": {{First: 1, Last: 1}}}, allow: []string{"web/gen/**", "*.test.js"},
			report: cart + "SF:web/a.ts\nDA:1,1\nend_of_record\n", outcome: Pass, message: "no line that a report lists was changed",
			unreported: []string{"web/cart.test.js", "web/gen/a.js", "web/types.d.ts"},
		},
		"nor do the tests of Go, which are in no profile": {
			changed: LineRanges{"a_test.go": {{First: 1, Last: 1}}}, report: "SF:a.go\nDA:1,1\nend_of_record\n", outcome: Pass, message: "no line that a report lists was changed",
			unreported: []string{"a_test.go"},
		},
		"a report of which no file is one of the repository": {
			changed: LineRanges{"services/web/src/app.js": {{First: 1, Last: 1}}}, files: []string{"services/web/src/app.js"},
			report: "SF:/app/src/app.js\nDA:1,1\nend_of_record\n", outcome: NoData, unreported: []string{"services/web/src/app.js"},
			message: "no data: no file of its report is one of the repository, first /app/src/app.js: give the root of the report, or a prefix",
		},
		"a report that calls the file otherwise is not believed": {
			changed: LineRanges{"shop/web/cart.js": {{First: 1, Last: 1}}}, report: cart, outcome: NoData, unreported: []string{"shop/web/cart.js"},
			message: "no data: shop/web/cart.js was changed, and the report calls a file web/cart.js: give the root of the report or the files of the repository, so that the two can be told for one",
		},
		"also where its paths are longer": {
			changed: LineRanges{"cart.js": {{First: 1, Last: 1}}}, report: cart, outcome: NoData, unreported: []string{"cart.js"},
			message: "no data: cart.js was changed, and the report calls a file web/cart.js: give the root of the report or the files of the repository, so that the two can be told for one",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			gate := Gate{Minimum: percent(t, "1"), Changed: tt.changed, AllowUnreported: tt.allow, Sources: Sources{Files: tt.files}}
			if tt.minimum != "" {
				gate.ChangedMinimum = percent(t, tt.minimum)
			}
			result := gate.Conclude([]Verdict{lcovModule(t, gate, "web", tt.report)})
			v := result.Changed.Modules[0]
			if v.Outcome != tt.outcome || v.Count != tt.count || v.Missing != tt.missing || v.Message != tt.message {
				t.Errorf("verdict is %s, %v, %d missing: %q", v.Outcome, v.Count, v.Missing, v.Message)
			}
			if v.Gate != ChangedGate || v.Module != "web" || v.Metric != Lines || result.Pass() != (tt.outcome == Pass) {
				t.Errorf("verdict is %+v", v)
			}
			if total := result.Changed.Total; total.Count != v.Count || total.Module != "" || total.Gate != ChangedGate {
				t.Errorf("total is %+v", total)
			}
			if d := cmp.Diff(tt.uncovered, v.Uncovered); d != "" {
				t.Errorf("uncovered (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.absent, v.Absent); d != "" {
				t.Errorf("absent (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.unreported, result.Changed.Unreported); d != "" {
				t.Errorf("unreported (-want +got):\n%s", d)
			}
		})
	}
	if c := (Gate{}).Conclude(nil).Changed; c != nil {
		t.Errorf("there are verdicts that were not asked for: %+v", c)
	}
}

func TestChangedOverModules(t *testing.T) {
	gate := Gate{Minimum: percent(t, "1"), Changed: LineRanges{"web/cart.js": {{First: 1, Last: 6}}}, ChangedMinimum: percent(t, "60")}
	result := gate.Conclude([]Verdict{
		lcovModule(t, gate, "web", cart),
		lcovModule(t, gate, "e2e", "SF:web/cart.js\nDA:2,7\nDA:4,0\nend_of_record\n"),
		lcovModule(t, gate, "api", price),
		gate.fail("ops", &ParseError{File: "ops.xml", Err: ErrTruncated}),
	})
	c := result.Changed
	var got []string
	for _, v := range append(slices.Clone(c.Modules), c.Total) {
		got = append(got, fmt.Sprintf("%s %s %d/%d", v.Subject(), v.Outcome, v.Covered, v.Total))
	}
	want := []string{"web below 2/5", "e2e below 1/2", "api pass 0/0", "all modules pass 3/5"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("verdicts (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Uncovered{{"web/cart.js", []LineRange{{First: 5, Last: 6}}}}, c.Total.Uncovered); d != "" {
		t.Errorf("what no module covers (-want +got):\n%s", d)
	}
}

func TestChangedWithReportsThatHaveNoLines(t *testing.T) {
	gate := Gate{Changed: LineRanges{"web/cart.js": {{First: 1, Last: 6}}}}
	v := gate.Judge("web", Report{Metric: Lines, Files: []File{{Path: "web/cart.js", Count: Count{9, 9}}}})
	c := gate.Conclude([]Verdict{v}).Changed
	if got := c.Modules[0]; got.Outcome != NoData || got.Message != "no data: web/cart.js was changed, and the report has its numbers and not its lines" {
		t.Errorf("verdict is %s: %q", got.Outcome, got.Message)
	}
	if d := cmp.Diff([]string{"web/cart.js"}, c.Unreported); d != "" {
		t.Errorf("unreported (-want +got):\n%s", d)
	}
}

func TestChangedBelievesPathsOfTheRepository(t *testing.T) {
	gate := Gate{
		Changed: LineRanges{"web/tests/app.js": {{First: 1, Last: 6}}},
		Sources: Sources{Files: []string{"app.js", "web/tests/app.js"}},
	}
	c := gate.Conclude([]Verdict{lcovModule(t, gate, "web", "SF:app.js\nDA:1,1\nend_of_record\n")}).Changed
	if v := c.Modules[0]; v.Outcome != Incomplete || v.Message != "incomplete: no report has web/tests/app.js, which changed" {
		t.Errorf("verdict is %s: %q, though app.js is another file", v.Outcome, v.Message)
	}
}

func TestChangedOfGo(t *testing.T) {
	report, err := Parse(strings.NewReader("mode: set\na.go:3.9,4.9 1 1\na.go:4.9,6.3 1 0\na.go:7.2,7.12 1 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	gate := Gate{Minimum: percent(t, "1"), Changed: LineRanges{"a.go": {{First: 4, Last: 7}}}}
	v := gate.Conclude([]Verdict{gate.Judge("m", report)}).Changed.Modules[0]
	if v.Count != (Count{2, 4}) || v.Metric != Lines {
		t.Errorf("changed lines are %v %s, want 2/4 lines", v.Count, v.Metric)
	}
	if d := cmp.Diff([]Uncovered{{"a.go", []LineRange{{First: 5, Last: 6}}}}, v.Uncovered); d != "" {
		t.Errorf("uncovered (-want +got):\n%s", d)
	}
}

// TestChangedIsTheIntersection holds random runs and changes against maps.
func TestChangedIsTheIntersection(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 10))
	for range 100 {
		run := randomRun(rnd, 1+rnd.IntN(4), 1+rnd.IntN(60))
		changed, model := LineRanges{}, map[string]map[int]bool{}
		for path := range run {
			model[path] = map[int]bool{}
			for n := 1; n < 130; n++ {
				if rnd.IntN(3) == 0 {
					model[path][n] = true
					if last := len(changed[path]) - 1; last >= 0 && changed[path][last].Last == n-1 {
						changed[path][last].Last = n
					} else {
						changed[path] = append(changed[path], LineRange{First: n, Last: n})
					}
				}
			}
		}
		var want Count
		left := map[string]int{}
		for path, lines := range run {
			for n, hit := range lines {
				if model[path][n] {
					want.Total++
					if hit {
						want.Covered++
					} else {
						left[path]++
					}
				}
			}
		}
		gate := Gate{Changed: changed}
		v := gate.Conclude([]Verdict{lcovModule(t, gate, "m", run.lcov(rnd))}).Changed.Total
		if v.Count != want {
			t.Fatalf("changed lines are %v, want %v", v.Count, want)
		}
		for _, u := range v.Uncovered {
			for _, r := range u.Lines {
				left[u.Path] -= r.Last - r.First + 1
				for n := r.First; n <= r.Last; n++ {
					if !model[u.Path][n] || run[u.Path][n] {
						t.Fatalf("%s:%d is said to be changed and not covered", u.Path, n)
					}
				}
			}
		}
		for path, n := range left {
			if n != 0 {
				t.Fatalf("%s: %d lines more or less than there are", path, n)
			}
		}
	}
}
