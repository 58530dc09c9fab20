package coveragepy

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

// doc is a report of files and totals.
func doc(branch bool, files, totals string) string {
	return fmt.Sprintf(`{"meta": {"format": 3, "version": "7.6.1", "timestamp": "2026-11-22T10:00:00", "branch_coverage": %v, "show_contexts": false}, "files": {%s}, "totals": {%s}}`, branch, files, totals)
}

const (
	lines   = `"a.py": {"executed_lines": [1, 2], "summary": {"covered_lines": 2, "num_statements": 3, "percent_covered": 66.6, "percent_covered_display": "67", "missing_lines": 1, "excluded_lines": 1}, "missing_lines": [5], "excluded_lines": [9]}`
	sums    = `"covered_lines": 2, "num_statements": 3`
	arms    = `"a.py": {"executed_lines": [1, 2], "summary": {"covered_lines": 2, "num_statements": 3, "num_branches": 4, "covered_branches": 1}, "missing_lines": [5], "executed_branches": [[2, 3]], "missing_branches": [[2, 5], [3, -1], [3, 4]]}`
	armless = `"a.py": {"executed_lines": [1, 2], "summary": {"covered_lines": 2, "num_statements": 3, "num_branches": 4, "covered_branches": 1}, "missing_lines": [5]}`
	armSums = sums + `, "num_branches": 4, "covered_branches": 1`
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
		metric hits.Metric
	}{
		"lines are executed or missing; excluded ones are none, even where they were executed": {
			report: doc(false, strings.Replace(lines, "[1, 2]", "[1, 2, 9]", 1), sums),
			want:   []string{"a.py 2/3"}, metric: hits.MetricLines,
		},
		"with branches both count": {
			report: doc(true, arms, armSums),
			want:   []string{"a.py 3/7 branches 1/4"}, metric: hits.MetricLinesAndBranches,
		},
		"older versions do not list the branches": {
			report: doc(true, armless, armSums),
			want:   []string{"a.py 3/7 branches 1/4"}, metric: hits.MetricLinesAndBranches,
		},
		"the order of the keys is no matter": {
			report: `{"totals": {` + armSums + `}, "files": {` + arms + `}, "meta": {"branch_coverage": true}}`,
			want:   []string{"a.py 3/7 branches 1/4"}, metric: hits.MetricLinesAndBranches,
		},
		"functions and classes repeat what their file has": {
			report: doc(false, strings.Replace(lines, `"excluded_lines": [9]`, `"functions": {"f": {"executed_lines": [70], "summary": {"num_statements": 9}}}, "classes": {}`, 1), sums),
			want:   []string{"a.py 2/3"}, metric: hits.MetricLines,
		},
		"a summary that disagrees with the lists counts, with a warning": {
			report: doc(false, strings.Replace(lines, `"num_statements": 3`, `"num_statements": 9`, 1), `"covered_lines": 2, "num_statements": 9`),
			want:   []string{"a.py 2/9", "warning: summary and lists disagree in 1 of the files, first a.py; the summaries count"}, metric: hits.MetricLines,
		},
		"also about branches": {
			report: doc(true, strings.Replace(arms, `"num_branches": 4`, `"num_branches": 6`, 1), `"covered_lines": 2, "num_statements": 3, "num_branches": 6, "covered_branches": 1`),
			want:   []string{"a.py 3/9 branches 1/4", "warning: summary and lists disagree in 1 of the files, first a.py; the summaries count"}, metric: hits.MetricLinesAndBranches,
		},
		"totals that disagree with the files give a warning": {
			report: doc(false, lines, `"covered_lines": 3, "num_statements": 3`),
			want:   []string{"a.py 2/3", "warning: the totals say 3/3 lines covered, the files are 2/3; the files count"}, metric: hits.MetricLines,
		},
		"so do totals that are not there": {
			report: `{"meta": {}, "files": {` + lines + `}}`,
			want:   []string{"a.py 2/3", "warning: the report has no totals, so it may lack files; its files count"}, metric: hits.MetricLines,
		},
		"a file may have a summary alone": {
			report: doc(false, `"a.py": {"summary": {`+sums+`}}`, sums),
			want:   []string{"a.py 2/3", "warning: summary and lists disagree in 1 of the files, first a.py; the summaries count"}, metric: hits.MetricLines,
		},
		"a report may have no files": {report: doc(false, "", ""), metric: hits.MetricLines},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(strings.NewReader(tt.report))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, hitstest.Summary(set)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if set.Metric() != tt.metric {
				t.Errorf("metric is %s, want %s", set.Metric(), tt.metric)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ report, want string }{
		"a file without a name":        {doc(false, `"": {}`, ""), "a file has no name"},
		"a file without anything":      {doc(false, `"a.py": {}`, ""), "a.py has neither executed_lines nor a summary"},
		"a line that is no number":     {doc(false, `"a.py": {"executed_lines": ["x"]}`, ""), `string "x" where a number should be`},
		"a line below zero":            {doc(false, `"a.py": {"executed_lines": [-4]}`, ""), `line number "-4" is not a whole number`},
		"lines that are no array":      {doc(false, `"a.py": {"executed_lines": 4}`, ""), "number 4 where an array should be"},
		"a branch that is no pair":     {doc(false, `"a.py": {"executed_branches": [4]}`, ""), "a branch is no pair of lines"},
		"a branch from nowhere":        {doc(false, `"a.py": {"executed_branches": [[null, 4]]}`, ""), "null where a number should be"},
		"a summary beyond 100 %":       {doc(false, `"a.py": {"summary": {"covered_lines": 4, "num_statements": 3}}`, ""), "the summary has 4 of 3 lines and 0 of 0 branches covered"},
		"a summary of half lines":      {doc(false, `"a.py": {"summary": {"covered_lines": 1e3}}`, ""), `"1e3" is no number of 0 to`},
		"totals below zero":            {doc(false, "", `"covered_lines": -1`), `"-1" is no number of 0 to`},
		"a report that lacks files":    {doc(false, lines, `"covered_lines": 2, "num_statements": 500`), "report contradicts itself: the totals say 2/500 lines covered, the files are 2/3"},
		"one that lacks missing lines": {doc(false, lines, `"covered_lines": 0, "num_statements": 3`), "report contradicts itself: the totals say 0/3 lines covered, the files are 2/3"},
		"a report that was cut":        {doc(false, lines, sums)[:200], "report is truncated"},
		"a second report":              {doc(false, lines, sums) + "{}", "{ behind the end of the report"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(strings.NewReader(tt.report)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "byte ") {
				t.Errorf("error is %v, want byte ...: %s...", err, tt.want)
			}
		})
	}
}

// TestShards: lists are merged, not numbers.
func TestShards(t *testing.T) {
	one, err := Parse(strings.NewReader(doc(true, arms, armSums)))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Parse(strings.NewReader(doc(true, strings.NewReplacer(`"executed_lines": [1, 2]`, `"executed_lines": [1, 5]`, `"missing_lines": [5]`, `"missing_lines": [2]`).Replace(arms), armSums)))
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Merge(two); err != nil {
		t.Fatal(err)
	}
	if got := hitstest.Summary(one)[0]; got != "a.py 4/7 branches 1/4" {
		t.Errorf("merged it is %s", got)
	}
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/coveragepy*.json")
	for _, s := range []string{doc(false, lines, sums), doc(true, arms, armSums), doc(true, armless, sums), `{"files":{"a":{"summary":{}}},"totals":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		hitstest.Check(t, func(r *bufio.Reader) (*hits.Set, error) { return Parse(r) }, text)
	})
}
