package istanbul

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

const (
	place = `{"start": {"line": 1, "column": 0}, "end": {"line": 3, "column": 1}}`
	file  = `"/srv/a.js": {"path": "/srv/a.js", "statementMap": {"0": ` + place + `, "1": {"start": {"line": 2, "column": null}, "end": {"line": 2}}, "2": ` + place + `},` +
		`"fnMap": {"0": {"name": "f", "decl": ` + place + `}}, "branchMap": {"0": {"loc": ` + place + `, "type": "if", "locations": [` + place + `], "line": 2}, "1": {"type": "cond-expr", "loc": ` + place + `}},` +
		`"s": {"0": 0, "1": 0, "2": 7}, "f": {"0": 1}, "b": {"0": [1, 0], "1": [0, 0]}, "inputSourceMap": {"mappings": "AAAA"}, "hash": "x"}`
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
	}{
		"a line is covered where any statement that begins in it was executed": {
			report: "{" + file + "}",
			want:   []string{"/srv/a.js 1/2 branches 1/4"},
		},
		"counts may come before the statements": {
			report: `{"a.js": {"s": {"0": 1}, "statementMap": {"0": ` + place + `}}}`,
			want:   []string{"a.js 1/1"},
		},
		"some versions wrap all in data": {
			report: `{"a.js": {"data": {"path": "a.js", "s": {"0": 1}, "statementMap": {"0": ` + place + `}}}}`,
			want:   []string{"a.js 1/1"},
		},
		"what does not belong together is left out, with a warning": {
			report: `{"a.js": {"s": {"0": 1, "8": 1}, "statementMap": {"0": ` + place + `, "9": ` + place + `}}, "b.js": {"s": {"0": 1}, "statementMap": {}}}`,
			want:   []string{"a.js 1/1", "b.js 0/0", "warning: statements without a count, or counts without a statement: 3, first in a.js; they are left out, as istanbul does"},
		},
		"a statement may be on no line": {
			report: `{"a.js": {"s": {"0": 1}, "statementMap": {"0": {"start": {"line": null}}}}}`,
			want:   []string{"a.js 0/0", "warning: statements without a count, or counts without a statement: 1, first in a.js; they are left out, as istanbul does"},
		},
		"a file may be empty": {report: `{"a.js": {"s": {}, "statementMap": {}}}`, want: []string{"a.js 0/0"}},
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
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ report, want string }{
		"a file without a name":       {`{"": {}}`, "a file has no name"},
		"a file without statements":   {`{"a.js": {"s": {}}}`, "a.js has no statementMap or no s"},
		"a file without counts":       {`{"a.js": {"statementMap": {}}}`, "a.js has no statementMap or no s"},
		"a count that is no number":   {`{"a.js": {"s": {"0": true}}}`, "true where a number should be"},
		"a line that is no number":    {`{"a.js": {"statementMap": {"0": {"start": {"line": "1"}}}}}`, `string "1" where a number should be`},
		"a line below zero":           {`{"a.js": {"statementMap": {"0": {"start": {"line": -1}}}}}`, `line number "-1" is not a whole number`},
		"a statement that is a list":  {`{"a.js": {"statementMap": {"0": []}}}`, "[ where an object should be"},
		"branches that are no number": {`{"a.js": {"b": {"0": [null]}}}`, "null where a number should be"},
		"a report that was cut":       {"{" + file, "report is truncated"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(strings.NewReader(tt.report)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "byte ") {
				t.Errorf("error is %v, want byte ...: %s...", err, tt.want)
			}
		})
	}
}

const summary = `{"total": {"lines": {"total": 5, "covered": 3, "skipped": 0, "pct": 60}, "statements": {"total": 9, "covered": 9, "skipped": 0, "pct": 100}, "branchesTrue": {"total": 0, "covered": 0, "skipped": 0, "pct": "Unknown"}}
,"/srv/a.js": {"lines": {"total": 5, "covered": 3, "skipped": 0, "pct": 60}, "branches": {"total": 2, "covered": 1, "skipped": 0, "pct": 50}}
,"/srv/b.js": {"lines": {"total": 0, "covered": 0, "skipped": 0, "pct": "Unknown"}}}`

func TestParseSummary(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
	}{
		"the lines of each file count": {
			report: summary,
			want:   []string{"/srv/a.js 3/5 branches 1/2", "/srv/b.js 0/0"},
		},
		"a total that disagrees with the files gives a warning": {
			report: strings.Replace(summary, `"covered": 3`, `"covered": 5`, 1),
			want:   []string{"/srv/a.js 3/5 branches 1/2", "/srv/b.js 0/0", "warning: the total says 5/5 lines covered, the files are 3/5; the files count"},
		},
		"so does one that is not there": {
			report: `{"a.js": {"lines": {"total": 1, "covered": 1}}}`,
			want:   []string{"a.js 1/1", "warning: the report has no total, so it may lack files; its files count"},
		},
		"nothing may have been measured": {report: `{"total": {"lines": {"total": 0, "covered": 0, "pct": "Unknown"}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := ParseSummary(strings.NewReader(tt.report))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, hitstest.Summary(set)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseSummaryRefuses(t *testing.T) {
	tests := map[string]struct{ report, want string }{
		"a file without lines":        {`{"a.js": {"statements": {}}}`, `"a.js" has no lines`},
		"lines without a number":      {`{"a.js": {"lines": {"total": 3}}}`, "total and covered must both be given"},
		"more than there is":          {`{"a.js": {"lines": {"total": 3, "covered": 4}}}`, "lines of a.js: totals are 4 of 3"},
		"a number that is none":       {`{"a.js": {"lines": {"total": "3", "covered": 4}}}`, `string "3" where a number should be`},
		"a number beyond all":         {`{"a.js": {"lines": {"total": 3e9, "covered": 4}}}`, `"3e9" is no number of 0 to`},
		"a file that stands twice":    {`{"a.js": {"lines": {"total": 3, "covered": 1}}, "a.js": {"lines": {"total": 3, "covered": 1}}}`, "a.js: a report has its totals and not its lines"},
		"a report that lacks files":   {strings.Replace(summary, `"total": 5`, `"total": 100`, 1), "report contradicts itself: the total says 3/100 lines covered, the files are 3/5"},
		"a report that was cut":       {summary[:300], "report is truncated"},
		"a report with something odd": {summary + "x", "invalid character 'x'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseSummary(strings.NewReader(tt.report)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "byte ") {
				t.Errorf("error is %v, want byte ...: %s...", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*final.json")
	f.Add([]byte("{" + file + "}"))
	f.Add([]byte(`{"a":{"data":{"s":{"0":1},"statementMap":{"0":{"start":{"line":9}}},"b":{"7":[1]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		hitstest.Check(t, func(r *bufio.Reader) (*hits.Set, error) { return Parse(r) }, text)
	})
}

func FuzzParseSummary(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*summary.json")
	f.Add([]byte(summary))
	f.Fuzz(func(t *testing.T, text []byte) {
		hitstest.Check(t, func(r *bufio.Reader) (*hits.Set, error) { return ParseSummary(r) }, text)
	})
}
