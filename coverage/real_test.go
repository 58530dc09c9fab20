package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRealReports holds the totals to those that the tools printed themselves;
// see testdata/README.md.
func TestRealReports(t *testing.T) {
	docstrings := []string{"LF and LH disagree with the DA lines in 2 of the records, " +
		"first invoice/__init__.py (LH/LF 1/0, DA 1/1); the DA lines count"}
	docstringsInJSON := []string{"summary and lists disagree in 1 of the files, first invoice/__init__.py; the summaries count"}
	tests := map[string]struct {
		format   Format
		metric   Metric
		count    Count
		branches Count
		warnings []string
	}{
		"go-set.out":              {format: GoProfile, metric: Statements, count: Count{7, 16}},
		"go-coverpkg.out":         {format: GoProfile, metric: Statements, count: Count{10, 16}},
		"go-count.out":            {format: GoProfile, metric: Statements, count: Count{3, 11}},
		"go-nostatements.out":     {format: GoProfile, metric: Statements},
		"coveragepy.xml":          {format: Cobertura, metric: Lines, count: Count{8, 16}},
		"coveragepy-branch.xml":   {format: Cobertura, metric: LinesAndBranches, count: Count{11, 26}, branches: Count{3, 10}},
		"coveragepy-absolute.xml": {format: Cobertura, metric: LinesAndBranches, count: Count{11, 26}, branches: Count{3, 10}},
		"coveragepy-6.5.info":     {format: LCOV, metric: Lines, count: Count{10, 18}, warnings: docstrings},
		"nyc.xml":                 {format: Cobertura, metric: Lines, count: Count{14, 19}, branches: Count{3, 6}},
		"nyc.info":                {format: LCOV, metric: Lines, count: Count{14, 19}},
		"c8.xml":                  {format: Cobertura, metric: Lines, count: Count{37, 45}, branches: Count{7, 10}},
		"c8.info":                 {format: LCOV, metric: Lines, count: Count{37, 45}},
		"lcov.info":               {format: LCOV, metric: Lines, count: Count{11, 16}},
		"lcov-checksum.info":      {format: LCOV, metric: Lines, count: Count{11, 16}},
		"gcovr.xml":               {format: Cobertura, metric: Lines, count: Count{11, 16}, branches: Count{4, 6}},
		"phpunit.xml":             {format: Cobertura, metric: Lines, count: Count{4, 6}},
		"gocover-cobertura.xml":   {format: Cobertura, metric: Lines, count: Count{12, 27}},
		"coveragepy.json":         {format: CoveragePyJSON, metric: Lines, count: Count{18, 23}, warnings: docstringsInJSON},
		"coveragepy-branch.json":  {format: CoveragePyJSON, metric: LinesAndBranches, count: Count{23, 31}, branches: Count{5, 8}, warnings: docstringsInJSON},
		"nyc-clover.xml":          {format: Clover, metric: Lines, count: Count{15, 20}},
		"nyc-final.json":          {format: IstanbulJSON, metric: Lines, count: Count{15, 20}, branches: Count{4, 8}},
		"nyc-summary.json":        {format: IstanbulSummary, metric: Lines, count: Count{15, 20}, branches: Count{4, 8}},
		"c8-clover.xml":           {format: Clover, metric: Lines, count: Count{38, 49}},
		"c8-final.json":           {format: IstanbulJSON, metric: Lines, count: Count{38, 49}, branches: Count{8, 12}},
		"c8-summary.json":         {format: IstanbulSummary, metric: Lines, count: Count{38, 49}, branches: Count{8, 12}},
		"phpunit-clover.xml":      {format: Clover, metric: Lines, count: Count{4, 6}},
		"jacoco.xml":              {format: JaCoCo, metric: Lines, count: Count{11, 16}, branches: Count{2, 4}},
		"jacoco-groups.xml":       {format: JaCoCo, metric: Lines, count: Count{11, 16}, branches: Count{2, 4}},
		"jacoco-nolines.xml": {
			format: JaCoCo, metric: Instructions, count: Count{50, 72},
			warnings: []string{"all classes were compiled without line numbers (javac -g:lines,source adds them): instructions are counted"},
		},
		"simplecov.json":       {format: SimpleCov, metric: Lines, count: Count{8, 9}},
		"simplecov-nocov.json": {format: SimpleCov, metric: Lines, count: Count{9, 12}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseFiles(t.Context(), filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			if got.Format != tt.format || got.Metric != tt.metric {
				t.Errorf("read as %s of %s, want %s of %s", got.Format, got.Metric, tt.format, tt.metric)
			}
			if d := cmp.Diff(tt.count, got.Count()); d != "" {
				t.Errorf("count (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.branches, got.Branches()); d != "" {
				t.Errorf("branches (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.warnings, got.Warnings); d != "" {
				t.Errorf("warnings (-want +got):\n%s", d)
			}
		})
	}
	for _, path := range realReports(t) {
		if _, ok := tests[filepath.Base(path)]; !ok {
			t.Errorf("%s is not tested", path)
		}
	}
}

func realReports(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.out", "*.xml", "*.info", "*.json"} {
		paths, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no report matches %s: %v", pattern, err)
		}
		all = append(all, paths...)
	}
	return all
}

// complete says by a rule other than the parsers' own which prefixes of a
// report can be whole: where its text ends at a place at which a whole report
// can end too. It holds what the documentation of Parse promises.
var complete = map[string]func([]byte) bool{
	".out":  regexp.MustCompile(`^mode: (set|count|atomic)\s*(\n\S+ \d+ \d+\s*)*$`).Match,
	".xml":  regexp.MustCompile(`(?s)</(coverage|report)>\s*$`).Match,
	".info": regexp.MustCompile(`(?s)(^TN:\w*\s*|end_of_record\s*(TN:\s*)?)$`).Match,
	".json": json.Valid,
}

// TestEveryPrefix cuts each real report at each byte, XML and JSON at each 13th but for its
// beginning and end: it is long, and there is little to tell apart in between.
func TestEveryPrefix(t *testing.T) {
	for _, path := range realReports(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for n := range text {
				if ext := filepath.Ext(path); (ext == ".xml" || ext == ".json") && n > 200 && n < len(text)-50 && n%13 != 0 {
					continue
				}
				report, err := Parse(bytes.NewReader(text[:n]))
				whole := complete[filepath.Ext(path)](text[:n])
				if (err == nil) != whole {
					t.Errorf("first %d of %d bytes, ending %q: error is %v, want one: %v", n, len(text), tail(text[:n]), err, !whole)
				}
				if err != nil && report.Count() != (Count{}) {
					t.Errorf("first %d bytes: %+v beside the error %v", n, report.Count(), err)
				}
				if _, ok := errors.AsType[*ParseError](err); err != nil && !ok {
					t.Errorf("first %d bytes: %T is no *ParseError", n, err)
				}
			}
		})
	}
}

// TestCutsAreTruncated checks that cuts at the ends of lines, where a full disk
// or a killed process leaves them too, are called by their name.
func TestCutsAreTruncated(t *testing.T) {
	for _, name := range []string{"nyc.xml", "coveragepy.xml", "phpunit.xml", "phpunit-clover.xml", "nyc.info", "c8.info", "c8-summary.json", "simplecov.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		for n := 2; n < len(lines)-1; n++ {
			head := strings.Join(lines[:n], "")
			if complete[filepath.Ext(name)]([]byte(head)) {
				continue
			}
			if _, err := Parse(strings.NewReader(head)); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s after line %d: error is %v, want %v", name, n, err, ErrTruncated)
			}
		}
	}
}

func tail(text []byte) []byte { return text[max(0, len(text)-30):] }

func FuzzParse(f *testing.F) {
	for _, path := range realReports(f) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(packed(f, text))
	}
	for _, s := range []string{"", " ", "\xef\xbb\xbf", "\xff\xfem\x00", "<html>", "# x\nTN:\n", "{}", "\x1f\x8b", "PK\x03\x04"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := Parse(bytes.NewReader(text))
		again, err2 := Parse(bytes.NewReader(text))
		if d := cmp.Diff(report, again, numbers); d != "" || (err == nil) != (err2 == nil) {
			t.Fatalf("two results (%v, %v):\n%s", err, err2, d)
		}
		if err != nil {
			if e, ok := errors.AsType[*ParseError](err); !ok || e.Err == nil {
				t.Fatalf("%T is no *ParseError with a cause", err)
			}
			return
		}
		c := report.Count()
		if c.Covered < 0 || c.Covered > c.Total {
			t.Fatalf("count is %+v", c)
		}
		v := Gate{}.Judge("m", report)
		if passes := c.Total > 0 && c.Covered*100 >= c.Total*80; c.Total < 1<<50 && passes != (v.Outcome == Pass) {
			t.Fatalf("%+v is judged %s", c, v.Outcome)
		}
	})
}
