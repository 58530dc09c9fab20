package simplecov

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

type parseFunc func(io.Reader) (*hits.Set, error)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		parse  parseFunc
		report string
		want   []string
	}{
		"lines are counted from 1, and null is no code": {
			parse:  ParseResultset,
			report: `{"RSpec": {"coverage": {"/srv/a.rb": {"lines": [null, 1, 0, 12, null], "branches": {"[:if, 0, 3, 4]": {"[:then, 1]": 1}}}}, "timestamp": 1}}`,
			want:   []string{"/srv/a.rb 2/3"},
		},
		"old versions write the counts alone": {
			parse:  ParseResultset,
			report: `{"RSpec": {"coverage": {"/srv/a.rb": [null, 1, 0]}, "timestamp": 1}}`,
			want:   []string{"/srv/a.rb 1/2"},
		},
		"commands are merged, and what one has as no code and none ran is none": {
			parse:  ParseResultset,
			report: `{"RSpec": {"coverage": {"a.rb": [1, 0, 0, null, null, 0]}}, "Minitest": {"coverage": {"a.rb": [0, 0, null, 1, null], "b.rb": [0]}}, "Other": {"coverage": {"a.rb": [0, 0, 0, 0, 0, 0]}}}`,
			want:   []string{"a.rb 2/3", "b.rb 0/1"},
		},
		"lines may not have been measured": {
			parse:  ParseResultset,
			report: `{"RSpec": {"coverage": {"a.rb": {"lines": null, "branches": {}}}}}`,
			want:   []string{"a.rb 0/0"},
		},
		"counts may be large": {
			parse:  ParseResultset,
			report: `{"RSpec": {"coverage": {"a.rb": [99999999999999999999, 1e3, -1]}}}`,
			want:   []string{"a.rb 2/3"},
		},
		"coverage.json tells the lines between marks": {
			parse:  ParseFormatted,
			report: `{"meta": {"simplecov_version": "0.22.0"}, "coverage": {"/srv/a.rb": {"lines": [null, 1, 0, "ignored", "ignored"]}}, "groups": {"Models": {"lines": {"covered_percent": 1}}}}`,
			want:   []string{"/srv/a.rb 1/2"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := tt.parse(strings.NewReader(tt.report))
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
		"a file without a name":     {`{"R": {"coverage": {"": []}}}`, "a file has no name"},
		"a file without lines":      {`{"R": {"coverage": {"a": {}}}}`, "a has no lines"},
		"a file that is a number":   {`{"R": {"coverage": {"a": 5}}}`, "a has no lines"},
		"lines that are a number":   {`{"R": {"coverage": {"a": {"lines": 5}}}}`, "lines are no array"},
		"a count that is no number": {`{"R": {"coverage": {"a": [1, "x"]}}}`, `string "x" where a number should be`},
		"a count that is a list":    {`{"R": {"coverage": {"a": [1, []]}}}`, "[ where a number should be"},
		"a command that is a list":  {`{"R": []}`, "[ where an object should be"},
		"a report that was cut":     {`{"R": {"coverage": {"a": [1, 1`, "report is truncated"},
		"two reports":               {`{}{}`, "{ behind the end of the report"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseResultset(strings.NewReader(tt.report)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "byte ") {
				t.Errorf("error is %v, want byte ...: %s...", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/simplecov*.json")
	f.Add([]byte(`{"R": {"coverage": {"a": [1, null, 0]}}, "S": {"coverage": {"a": {"lines": [0, 0, null, "ignored"]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range []parseFunc{ParseResultset, ParseFormatted} {
			hitstest.Check(t, func(r *bufio.Reader) (*hits.Set, error) { return parse(r) }, text)
		}
	})
}
