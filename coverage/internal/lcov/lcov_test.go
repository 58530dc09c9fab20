package lcov

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		report string
		want   []string
	}{
		"the DA lines count": {
			report: "TN:\nSF:a.js\nDA:1,1\nDA:2,0\nend_of_record\n",
			want:   []string{"a.js 1/2"},
		},
		"functions, branches and keys of later versions are passed over": {
			report: "TN:x\nSF:a.js\nVER:1\nFN:1,5,f\nFNDA:0,f\nFNF:1\nFNH:0\nBRDA:1,0,0,-\nBRF:1\nBRH:0\nMCDC:1,2,t,1,0,a\nDA:1,1\nend_of_record\n",
			want:   []string{"a.js 1/1"},
		},
		"a checksum may follow the count": {
			report: "SF:a.c\nDA:3,1,OMTlepwIAkzv5aVozeKzdw\nDA:5,0,7+qVMQ3WOsiRQ5oaGl+bKA==\nend_of_record\n",
			want:   []string{"a.c 1/2"},
		},
		"negative counts are zero, as lcov takes them": {
			report: "SF:a.c\nDA:1,-7\nDA:2,18446744073709551615\nDA:3,1e3\nend_of_record\n",
			want:   []string{"a.c 2/3", "warning: counts beyond 2^63, as of counters that fell below zero: 1; their lines count as covered, as llvm-cov takes them itself"},
		},
		"a header that two objects include is one file": {
			report: "SF:a.h\nDA:1,1\nDA:2,0\nDA:3,0\nend_of_record\nSF:a.c\nDA:1,1\nend_of_record\nTN:\nSF:a.h\nDA:1,0\nDA:2,4\nDA:3,0\nend_of_record\n",
			want:   []string{"a.c 1/1", "a.h 2/3"},
		},
		"a path may hold colons, commas and spaces": {
			report: "SF:C:\\src\\a, b.js\nDA:1,1\nend_of_record\n",
			want:   []string{"C:\\src\\a, b.js 1/1"},
		},
		"a line that is listed twice in a record counts once": {
			report: "SF:a.c\nDA:1,0\nDA:1,1\nLF:1\nLH:1\nend_of_record\n",
			want:   []string{"a.c 1/1"},
		},
		"LF and LH are not needed, and warn where they are wrong": {
			report: "SF:a.py\nDA:1,1\nDA:2,0\nLF:1\nLH:1\nend_of_record\nSF:b.py\nDA:1,1\nLF:1\nLH:0\nend_of_record\nSF:c.py\nDA:1,1\nLF:1\nLH:1\nend_of_record\n",
			want: []string{
				"a.py 1/2", "b.py 1/1", "c.py 1/1",
				"warning: LF and LH disagree with the DA lines in 2 of the records, first a.py (LH/LF 1/1, DA 1/2); the DA lines count",
			},
		},
		"a record may list no lines": {
			report: "SF:a.js\nLF:0\nLH:0\nend_of_record\n",
			want:   []string{"a.js 0/0"},
		},
		"comments, blank lines and carriage returns are passed over": {
			report: "# by hand\r\nTN:\r\n\r\nSF:a.js\r\nDA:1,1\r\nend_of_record\r\n",
			want:   []string{"a.js 1/1"},
		},
		"the last line needs no end, and may be cut": {
			report: "SF:a.js\nDA:1,1\nend_of_record",
			want:   []string{"a.js 1/1", "warning: line 3, the last one, has no line end: the report may have been cut behind it"},
		},
		"a report that ends in the name of a test may be cut": {
			report: "TN:a\nSF:a.js\nDA:1,1\nend_of_record\nTN:b\n\n",
			want:   []string{"a.js 1/1", "warning: line 6, the last one, begins a record (TN) that does not follow: the report may have been cut"},
		},
		"TN may stand within a record": {report: "SF:a.js\nTN:a\nDA:1,1\nend_of_record\n", want: []string{"a.js 1/1"}},
		"a report without records is empty": {
			report: "TN:\n",
			want:   []string{"warning: line 1, the last one, begins a record (TN) that does not follow: the report may have been cut"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(hitstest.Reader([]byte(tt.report)))
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
	tests := map[string]struct {
		report    string
		want      string
		truncated bool
	}{
		"a report that ends within a record": {
			report:    "SF:a.js\nDA:1,1\n",
			want:      "line 2: report is truncated: the record of a.js has no end_of_record",
			truncated: true,
		},
		"a report that ends within end_of_record": {
			report:    "SF:a.js\nDA:1,1\nend_of_rec",
			want:      `line 3: report is truncated in its last line: "end_of_rec" is no line`,
			truncated: true,
		},
		"a report that ends within a count": {
			report:    "SF:a.js\nDA:1,1\nDA:2,",
			want:      `line 3: report is truncated in its last line: DA: count ""`,
			truncated: true,
		},
		"a cut report with another behind it": {
			report:    "SF:a.js\nDA:1,1\nTN:\nSF:b.js\nDA:1,1\nend_of_record\n",
			want:      "line 4: report is truncated: the record of a.js has no end_of_record before the next SF",
			truncated: true,
		},
		"a record without a file":          {report: "SF:\n", want: "line 1: SF names no file"},
		"lines outside of a record":        {report: "TN:\nDA:1,1\n", want: "line 2: DA:1,1 stands outside of a record"},
		"an end outside of a record":       {report: "TN:\nend_of_record\n", want: "line 2: end_of_record stands outside of a record"},
		"a line without a count":           {report: "SF:a\nDA:1\nend_of_record\n", want: "line 2: DA:1 has no count"},
		"a count that is no number":        {report: "SF:a\nDA:1,many\nend_of_record\n", want: `line 2: DA: count "many" is not a number`},
		"a line number that is no number":  {report: "SF:a\nDA:-1,1\nend_of_record\n", want: `line 2: DA: line number "-1"`},
		"text of another kind":             {report: "TN:\nSegmentation fault\n", want: `line 2: "Segmentation fault" is no line`},
		"text of another kind with colons": {report: "TN:\nerror: no\n", want: `line 2: "error: no" is no line`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(hitstest.Reader([]byte(tt.report)))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s...", err, tt.want)
			}
			if errors.Is(err, hits.ErrTruncated) != tt.truncated {
				t.Errorf("truncated is %v, want %v: %v", !tt.truncated, tt.truncated, err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*.info")
	f.Add([]byte("SF:a:b\nDA:1,-1,x\nDA:64,1e9\nLF:x\nend_of_record"))
	f.Add([]byte("TN:\nSF:a\nDA:1,1\nSF:a\n"))
	f.Fuzz(func(t *testing.T, text []byte) { hitstest.Check(t, Parse, text) })
}

// FuzzPlainAgrees holds the short way that almost all lines take to the long one,
// which a space before the line forces.
func FuzzPlainAgrees(f *testing.F) {
	for _, s := range []string{"1,1", "12,0", "1,", ",1", "1", "1,1,x", "999999999,99999999", "9999999999,1", "1,-1", "1,1e3", "0,00", "1, 1", "+1,1", ""} {
		f.Add(s)
	}
	describe := func(line string) string {
		set, err := Parse(hitstest.Reader([]byte("SF:a\n" + line + "\nend_of_record\n")))
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(hitstest.Summary(set), maps.Collect(set.File("a").Lines()))
	}
	f.Fuzz(func(t *testing.T, value string) {
		if short, long := describe("DA:"+value), describe(" DA:"+value); short != long {
			t.Errorf("DA:%q is %s in short and %s at length", value, short, long)
		}
	})
}
