package coverage

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	before := Baseline{Modules: map[string]Mark{"api": {Lines, Count{3203, 4004}}, "gone": {Lines, Count{1, 2}}, "left": {Lines, Count{1, 2}}}}
	half := percent(t, "0.5")
	tests := map[string]struct {
		tolerance *Percentage
		metric    Metric
		count     Count
		allowed   bool
		outcome   Outcome
		missing   int64
		message   string
	}{
		"the same": {
			metric: Lines, count: Count{3203, 4004}, outcome: Pass, message: "79.99% of lines, baseline 79.99% (3203/4004)",
		},
		"one line less fails, though it looks the same": {
			metric: Lines, count: Count{32029, 40040}, outcome: Below, missing: 1,
			message: "79.99% of lines (32029/40040), baseline 79.99% (3203/4004): 1 more line needed",
		},
		"more": {
			metric: Lines, count: Count{9, 10}, outcome: Pass, message: "90.00% of lines, baseline 79.99% (3203/4004)",
		},
		"less within the tolerance": {
			tolerance: &half, metric: Lines, count: Count{795, 1000}, outcome: Pass, message: "79.50% of lines, baseline 79.99% (3203/4004) less 0.5",
		},
		"less than that": {
			tolerance: &half, metric: Lines, count: Count{794, 1000}, outcome: Below, missing: 1,
			message: "79.40% of lines (794/1000), baseline 79.99% (3203/4004) less 0.5: 1 more line needed",
		},
		"another metric does not compare, however good": {
			metric: Statements, count: Count{10, 10}, outcome: Incomparable,
			message: "it counts statements, and the baseline lines, which do not compare: write a new baseline",
		},
		"no data is a fall, also where it may be none": {
			metric: Lines, allowed: true, outcome: NoData, message: "no data, and baseline 79.99% (3203/4004)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			gate := Gate{Minimum: percent(t, "1"), Baseline: &before, Tolerance: tt.tolerance}
			if tt.allowed {
				gate.AllowNoData = []string{"api"}
			}
			result := gate.Conclude(stated(gate, tt.metric, map[string]Count{"api": tt.count}))
			if len(result.Baseline.Modules) != 1 {
				t.Fatalf("verdicts are %+v", result.Baseline.Modules)
			}
			v := result.Baseline.Modules[0]
			if v.Outcome != tt.outcome || v.Missing != tt.missing || v.Message != tt.message {
				t.Errorf("verdict is %s, %d missing: %q", v.Outcome, v.Missing, v.Message)
			}
			if v.Gate != BaselineGate || v.Before != (Count{3203, 4004}) || v.Count != tt.count || v.Pass() != (tt.outcome == Pass) || result.Pass() != v.Pass() {
				t.Errorf("verdict is %+v", v)
			}
			if d := cmp.Diff([]string{"gone", "left"}, result.Baseline.Gone); d != "" {
				t.Errorf("gone (-want +got):\n%s", d)
			}
		})
	}
}

func TestCompareWithoutAMark(t *testing.T) {
	gate := Gate{Baseline: &Baseline{}}
	verdicts := append(stated(gate, Lines, map[string]Count{"api": {4, 5}}), Verdict{Module: "web", Outcome: MissingReport}, Verdict{Module: "ops", Outcome: Unreadable})
	c := gate.Conclude(verdicts).Baseline
	if len(c.Modules) != 1 || c.Modules[0].Outcome != Pass || c.Modules[0].Message != "new: the baseline does not have it" || len(c.Gone) > 0 {
		t.Errorf("comparison is %+v", c)
	}
	if c := (Gate{}).Conclude(verdicts).Baseline; c != nil {
		t.Errorf("there is a comparison that was not asked for: %+v", c)
	}
}

// TestFloorIsExact compares with fractions: n is enough, and n-1 is not.
func TestFloorIsExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 9))
	for range 3000 {
		before := Count{Total: 1 + rnd.Int64N(1<<rnd.IntN(50))}
		before.Covered = rnd.Int64N(before.Total + 1)
		total := 1 + rnd.Int64N(1<<rnd.IntN(50))
		gate := Gate{}
		least := big.NewRat(before.Covered, before.Total)
		if rnd.IntN(2) == 0 {
			gate.Tolerance = &Percentage{offset: 1 + rnd.Int64N(hundredPercent) - defaultPercent}
			points, _ := new(big.Rat).SetString(gate.Tolerance.String())
			least.Sub(least, points.Quo(points, big.NewRat(100, 1)))
		}
		enough := func(n int64) bool { return big.NewRat(n, total).Cmp(least) >= 0 }
		if n := gate.floor(before, total); !enough(n) || n > 0 && enough(n-1) || n > total {
			t.Fatalf("floor of %d after %v less %v is %d", total, before, gate.Tolerance, n)
		}
	}
}

func TestBaselineFile(t *testing.T) {
	b := Baseline{Modules: map[string]Mark{"web": {Lines, Count{14, 19}}, "a<b": {Statements, Count{0, 7}}}}
	var text strings.Builder
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 1,
  "modules": {
    "a<b": {
      "metric": "statements",
      "covered": 0,
      "total": 7
    },
    "web": {
      "metric": "lines",
      "covered": 14,
      "total": 19
    }
  }
}
`
	if d := cmp.Diff(want, text.String()); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
	back, err := ReadBaseline(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b, back); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
	if err := b.Write(full{}); !errors.Is(err, errFull) {
		t.Errorf("error is %v", err)
	}
	text.Reset()
	if err := (Baseline{}).Write(&text); err != nil || text.String() != "{\n  \"version\": 1,\n  \"modules\": {}\n}\n" {
		t.Errorf("an empty one is %q, %v", text.String(), err)
	}
}

type full struct{}

var errFull = errors.New("disk is full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestReadBaselineRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                       {"", "read baseline: it is empty"},
		"what is no JSON":               {"mode: set", "read baseline: invalid character"},
		"a file that is cut":            {`{"version": 1, "modules": {"a"`, "read baseline: unexpected EOF"},
		"another version":               {`{"version": 2, "modules": {}}`, "read baseline: its version is 2, and only 1 is known"},
		"no version":                    {`{"modules": {}}`, `read baseline: it has no "version"`},
		"other JSON":                    {`{"total": {}}`, `read baseline: unknown key "total"`},
		"two of them":                   {`{"version": 1} {"version": 1}`, "read baseline: there is more behind its end, at byte"},
		"a total of nothing":            {`{"version": 1, "modules": {"a": {"metric": "lines", "covered": 0, "total": 0}}}`, `read baseline: module "a": covered 0, total 0, metric "lines" make no sense`},
		"more covered than there is":    {`{"version": 1, "modules": {"a": {"metric": "lines", "covered": 2, "total": 1}}}`, "make no sense"},
		"less than nothing":             {`{"version": 1, "modules": {"a": {"metric": "lines", "covered": -2, "total": 1}}}`, "make no sense"},
		"a number that is no whole one": {`{"version": 1, "modules": {"a": {"metric": "lines", "covered": 0.5, "total": 1}}}`, "read baseline: json: cannot unmarshal number 0.5"},
		"no metric":                     {`{"version": 1, "modules": {"a": {"covered": 1, "total": 1}}}`, `read baseline: module "a": it has no "metric"`},
		"no modules":                    {`{"version": 1}`, `read baseline: it has no "modules"`},
		"modules that are null":         {`{"version": 1, "modules": null}`, "read baseline: modules: it is no object"},
		"a module that is null":         {`{"version": 1, "modules": {"a": null}}`, `read baseline: module "a": it is no object`},
		"a module that is there twice":  {`{"version": 1, "modules": {"a": {"metric": "lines", "covered": 9, "total": 9}, "a": {"metric": "lines", "covered": 0, "total": 9}}}`, `read baseline: modules: key "a" is there twice`},
		"modules twice":                 {`{"version": 1, "modules": {}, "modules": {}}`, `read baseline: key "modules" is there twice`},
		"modules in other letters":      {`{"version": 1, "modules": {}, "Modules": {}}`, `read baseline: unknown key "Modules"`},
		"a module without a name":       {`{"version": 1, "modules": {"": {"metric": "lines", "covered": 1, "total": 1}}}`, "make no sense"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := ReadBaseline(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "read baseline: ") {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if b.Modules != nil {
				t.Errorf("marks beside the error: %v", b.Modules)
			}
		})
	}
}

func FuzzReadBaseline(f *testing.F) {
	f.Add(`{"version": 1, "modules": {"a": {"metric": "lines", "covered": 1, "total": 2}}}`)
	f.Add(`{"version": 1}`)
	f.Add(`{"Version": 1, "modules": null}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ReadBaseline(strings.NewReader(text))
		if err != nil {
			return
		}
		var out strings.Builder
		if err := b.Write(&out); err != nil {
			t.Fatal(err)
		}
		back, err := ReadBaseline(strings.NewReader(out.String()))
		if err != nil || len(back.Modules) != len(b.Modules) {
			t.Fatalf("%v comes back as %v, %v", b, back, err)
		}
		for module, mark := range b.Modules {
			if back.Modules[module] != mark {
				t.Fatalf("%s: %v comes back as %v", module, mark, back.Modules[module])
			}
		}
	})
}

func TestBaselineWith(t *testing.T) {
	old := Baseline{Modules: map[string]Mark{"api": {Lines, Count{1, 2}}, "web": {Lines, Count{1, 2}}, "gone": {Lines, Count{1, 2}}}}
	gate := Gate{}
	verdicts := append(stated(gate, Lines, map[string]Count{"api": {1, 5}, "ops": {5, 5}}), Verdict{Module: "web", Outcome: MissingReport}, Verdict{Module: "new", Outcome: NoData, Allowed: true})
	got := old.With(gate.Conclude(verdicts))
	want := Baseline{Modules: map[string]Mark{"api": {Lines, Count{1, 5}}, "ops": {Lines, Count{5, 5}}, "web": {Lines, Count{1, 2}}, "gone": {Lines, Count{1, 2}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("baseline (-want +got):\n%s", d)
	}
	if old.Modules["api"] != (Mark{Lines, Count{1, 2}}) {
		t.Error("the old baseline changed")
	}
}

// TestBaselineDoesNotDrift lets a module fall within the tolerance, run after run.
func TestBaselineDoesNotDrift(t *testing.T) {
	two := percent(t, "2")
	b := Baseline{Modules: map[string]Mark{"api": {Lines, Count{900, 1000}}}}
	for n, want := range map[int64]Mark{
		890:  {Lines, Count{900, 1000}},
		1000: {Lines, Count{1000, 1000}},
		900:  {Lines, Count{900, 1000}},
		870:  {Lines, Count{870, 1000}}, // who keeps it although it failed wants it so
	} {
		gate := Gate{Minimum: percent(t, "1"), Baseline: &b, Tolerance: &two}
		next := b.With(gate.Conclude(stated(gate, Lines, map[string]Count{"api": {n, 1000}})))
		if next.Modules["api"] != want {
			t.Errorf("the mark after %d is %v, want %v", n, next.Modules["api"], want)
		}
	}
}
