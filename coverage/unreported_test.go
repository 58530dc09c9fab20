package coverage

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUnreportedFilesAreOfTheNearestModule(t *testing.T) {
	const report = "SF:%s\nDA:1,1\nend_of_record\n"
	tests := map[string]struct {
		changed string
		want    []string
	}{
		"one that is beside files of a module": {"web/src/new.js", []string{"web incomplete", "api pass", "py pass", "all modules incomplete"}},
		"one that is somewhere below":          {"api/lib/deep/new.js", []string{"web pass", "api incomplete", "py pass", "all modules incomplete"}},
		"one that is beside none":              {"new.js", []string{"web incomplete", "api incomplete", "py pass", "all modules incomplete"}},
		"one of another language":              {"web/new.py", []string{"web pass", "api pass", "py incomplete", "all modules incomplete"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			gate := Gate{Changed: LineRanges{tt.changed: {{First: 1, Last: 1}}, "web/src/app.js": {{First: 1, Last: 1}}}}
			c := gate.Conclude([]Verdict{
				lcovModule(t, gate, "web", fmt.Sprintf(report, "web/src/app.js")),
				lcovModule(t, gate, "api", fmt.Sprintf(report, "api/app.js")),
				lcovModule(t, gate, "py", fmt.Sprintf(report, "tools/a.py")),
			}).Changed
			var got []string
			for _, v := range append(c.Modules, c.Total) {
				got = append(got, fmt.Sprintf("%s %s", v.Subject(), v.Outcome))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("verdicts (-want +got):\n%s", d)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	tests := map[string]struct {
		pattern string
		yes, no []string
	}{
		"a name":                {"*.pb.go", []string{"a.pb.go", "x/y/a.pb.go"}, []string{"a.go", "a.pb.go/x"}},
		"a path":                {"web/*.js", []string{"web/a.js"}, []string{"a.js", "x/web/a.js", "web/x/a.js"}},
		"a path from the top":   {"/a.js", []string{"a.js"}, []string{"web/a.js"}},
		"directories":           {"web/**/*.test.js", []string{"web/a.test.js", "web/x/y/a.test.js"}, []string{"web/a.js", "x/web/a.test.js"}},
		"all below a directory": {"gen/**", []string{"gen/a", "gen/x/y"}, []string{"agen/a", "x/gen/a"}},
		"that directory anywhere": {
			"**/gen/**", []string{"gen/a", "x/gen/y/a"}, []string{"x/genes/a"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, p := range tt.yes {
				if !matches(tt.pattern, p) {
					t.Errorf("%s does not match %s", tt.pattern, p)
				}
			}
			for _, p := range tt.no {
				if matches(tt.pattern, p) {
					t.Errorf("%s matches %s", tt.pattern, p)
				}
			}
		})
	}
	long := strings.Repeat("a/", 2000)
	start := time.Now()
	if matches(strings.Repeat("**/a/", 200)+"b", long+"c") || time.Since(start) > 5*time.Second {
		t.Errorf("a pattern of many stars took %v", time.Since(start))
	}
}

// writeAll makes files of texts in an own directory, which becomes the working one.
func writeAll(t testing.TB, texts map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range texts {
		if err := os.WriteFile(filepath.Clean(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckRefusesNamesOfNoModule(t *testing.T) {
	writeAll(t, map[string]string{"a.info": cart})
	tests := map[string]struct {
		gate Gate
		want string
	}{
		"an expectation":         {Gate{Expected: map[string][]string{"wbe": {"a"}}}, `check coverage: Expected names module "wbe", which no input has`},
		"one that may lack data": {Gate{AllowNoData: []string{"web", "wbe"}}, `check coverage: AllowNoData names module "wbe", which no input has`},
		"a pattern":              {Gate{AllowUnreported: []string{"a/[b"}}, `check coverage: AllowUnreported: pattern "a/[b": syntax error in pattern`},
		"a pattern of nothing":   {Gate{AllowUnreported: []string{""}}, `check coverage: AllowUnreported: pattern "": syntax error in pattern`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := tt.gate.Check(t.Context(), []Input{{Module: "web", Path: "a.info"}})
			if err == nil || err.Error() != tt.want || len(result.Verdicts) > 0 {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}

func TestCheckOfAReportOfAnotherModule(t *testing.T) {
	writeAll(t, map[string]string{"b.info": "SF:services/b/x.js\nDA:1,1\nend_of_record\n", "rel.info": "SF:x.js\nDA:1,1\nend_of_record\n"})
	tests := map[string]struct {
		input   Input
		outcome Outcome
	}{
		"its own":                      {Input{Path: "b.info", Root: "services/b"}, Pass},
		"that of another":              {Input{Path: "b.info", Root: "services/a"}, NoData},
		"relative to the root":         {Input{Path: "rel.info", Root: "services/a/"}, Pass},
		"the root of all has them all": {Input{Path: "b.info", Root: "."}, Pass},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.input.Module = "m"
			gate := Gate{Sources: Sources{Files: []string{"services/b/x.js", "services/a/x.js"}}, AllowNoData: []string{"m"}}
			result, err := gate.Check(t.Context(), []Input{tt.input})
			if err != nil {
				t.Fatal(err)
			}
			v := result.Verdicts[0]
			if v.Outcome != tt.outcome || result.Pass() != (tt.outcome == Pass) {
				t.Errorf("verdict is %s: %s", v.Outcome, v.Message)
			}
			const want = "no file of its report is below services/a, first services/b/x.js: it is the report of another module, or its paths are not mapped"
			if tt.outcome == NoData && (v.Message != "no data: "+want || !cmp.Equal(v.Warnings, []string{want}) || v.Count != (Count{})) {
				t.Errorf("verdict is %+v", v)
			}
		})
	}
}

func TestCountsByHandStayWithinTheirBounds(t *testing.T) {
	report := Report{Metric: Lines, Files: []File{{Path: "a", Count: Count{500, 10}}, {Path: "b", Count: Count{0, 90}}, {Path: "c", Count: Count{-5, -9}}}}
	if got := report.Count(); got != (Count{10, 100}) {
		t.Errorf("count is %v", got)
	}
	v := Gate{}.Judge("m", report)
	if v.Outcome != Below || v.Missing != 70 {
		t.Errorf("verdict is %s: %s", v.Outcome, v.Message)
	}
	if _, err := (Result{Verdicts: []Verdict{v}}).Files(); err != nil {
		t.Error(err)
	}
}

func TestBlocksCostWhatTheyAre(t *testing.T) {
	var b strings.Builder
	b.WriteString("mode: set\n")
	for n := range 2000 {
		fmt.Fprintf(&b, "a.go:%d.1,%d.2 1 %d\n", n+1, n+4_000_000, n%2)
	}
	f := parsed(t, b.String())
	start := time.Now()
	gate := Gate{Minimum: percent(t, "1"), Changed: LineRanges{"a.go": {{First: 1, Last: 3}}}}
	c := gate.Conclude([]Verdict{gate.Judge("m", Report{Metric: Statements, Files: []File{f}})}).Changed
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a small profile took %v", took)
	}
	if c.Total.Count != (Count{2, 3}) {
		t.Errorf("changed lines are %v", c.Total.Count)
	}
}
