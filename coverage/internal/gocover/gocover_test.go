package gocover

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/cover"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		profile string
		want    []string
	}{
		"statements weigh, not blocks": {
			profile: "mode: set\nm/a.go:1.1,3.2 5 1\nm/a.go:4.1,5.2 2 0\n",
			want:    []string{"m/a.go 5/7"},
		},
		"a block that two test binaries list counts once, covered where either ran it": {
			profile: "mode: atomic\nm/a.go:1.1,3.2 5 0\nm/b.go:1.1,2.2 1 0\nm/a.go:1.1,3.2 5 9\nm/b.go:1.1,2.2 1 0\n",
			want:    []string{"m/a.go 5/5", "m/b.go 0/1"},
		},
		"profiles that were put one behind the other repeat the mode": {
			profile: "mode: count\nm/a.go:1.1,3.2 5 0\nmode: count\nm/a.go:1.1,3.2 5 2\n",
			want:    []string{"m/a.go 5/5"},
		},
		"the name ends at the last colon": {
			profile: "mode: set\nC:\\src\\a b.go:1.1,2.2 1 1\nm/odd:1.go:1.1,2.2 1 0\n",
			want:    []string{"C:\\src\\a b.go 1/1", "m/odd:1.go 0/1"},
		},
		"a count may exceed every integer": {
			profile: "mode: count\nm/a.go:1.1,2.2 1 99999999999999999999999\n",
			want:    []string{"m/a.go 1/1"},
		},
		"blank lines and carriage returns are passed over": {
			profile: "mode: set\r\n\r\nm/a.go:1.1,2.2 1 1\r\n\n",
			want:    []string{"m/a.go 1/1"},
		},
		"a block without statements changes nothing": {
			profile: "mode: set\nm/a.go:1.1,2.2 0 1\n",
			want:    []string{"m/a.go 0/0"},
		},
		"a package without statements has a mode line alone": {
			profile: "mode: set\n",
		},
		"a whole last line without its end is read, with a warning": {
			profile: "mode: set\nm/a.go:1.1,2.2 1 1",
			want:    []string{"m/a.go 1/1", "warning: line 2, the last one, has no line end: the report may have been cut within its count"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(hitstest.Reader([]byte(tt.profile)))
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
		profile   string
		want      string
		truncated bool
	}{
		"a last line that was cut before its count": {
			profile:   "mode: set\nm/a.go:1.1,2.2 3 1\nm/a.go:4.1,5.2 3",
			want:      `line 3: report is truncated in its last line: "4.1,5.2 3" is no block`,
			truncated: true,
		},
		"a last line that was cut within its name": {
			profile:   "mode: set\nm/a",
			want:      `line 2: report is truncated in its last line: "m/a" is no block of a profile`,
			truncated: true,
		},
		"a mode line that was cut": {
			profile:   "mode: se",
			want:      `line 1: report is truncated in its last line: mode is "se"`,
			truncated: true,
		},
		"the same block with another number of statements": {
			profile: "mode: set\nm/a.go:1.1,2.2 3 1\nm/a.go:1.1,2.2 4 1\n",
			want:    "line 3: block 1.1,2.2 has 4 statements here and 3 before",
		},
		"modes that differ": {
			profile: "mode: set\nmode: atomic\n",
			want:    "line 2: mode changes from set to atomic",
		},
		"an unknown mode":              {profile: "mode: fast\n", want: `line 1: mode is "fast"`},
		"blocks before the mode":       {profile: "m/a.go:1.1,2.2 3 1\n", want: "line 1: no mode line before the first block"},
		"a block without a file":       {profile: "mode: set\n:1.1,2.2 3 1\n", want: "line 2: "},
		"text of another kind":         {profile: "mode: set\npanic: oh no\n", want: `line 2: " oh no" is no block`},
		"a negative number":            {profile: "mode: set\nm/a.go:1.1,2.2 -3 1\n", want: "line 2: "},
		"a negative count":             {profile: "mode: set\nm/a.go:1.1,2.2 3 -1\n", want: "line 2: "},
		"a position without a column":  {profile: "mode: set\nm/a.go:1,2.2 3 1\n", want: "line 2: "},
		"a position without an end":    {profile: "mode: set\nm/a.go:1.1 3 1\n", want: "line 2: "},
		"a fourth field":               {profile: "mode: set\nm/a.go:1.1,2.2 3 1 1\n", want: "line 2: "},
		"statements beyond every file": {profile: "mode: set\nm/a.go:1.1,2.2 9999999999 1\n", want: "line 2: "},
		"a line without end": {
			profile: "mode: set\n" + strings.Repeat("x", 1<<21),
			want:    "line 2: line is longer than",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(hitstest.Reader([]byte(tt.profile)))
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
	hitstest.Seed(f, "../../testdata/*.out")
	f.Add([]byte("mode: set\nm/a.go:1.1,2.2 3 1\nm/a.go:1.1,2.2 3"))
	f.Add([]byte("mode: count\r\nC:\\a b.go:1.1,2.2 3 99999999999999999999\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) { hitstest.Check(t, Parse, text) })
}

// FuzzAgreesWithXTools: what golang.org/x/tools/cover reads as well, it counts alike.
func FuzzAgreesWithXTools(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*.out")
	f.Add([]byte("mode: count\nm/a.go:9.1,9.2 3 1\nm/a.go:1.1,2.2 1 0\nm/a.go:9.1,9.2 3 0\nm/b.go:1.1,2.2 1 5\nm/a.go:1.1,2.2 1 7\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := Parse(hitstest.Reader(text))
		if err != nil {
			return
		}
		profiles, err := cover.ParseProfilesFromReader(bytes.NewReader(text))
		if err != nil {
			return // it takes one mode line, and counts that fit its integers
		}
		var covered, total int64
		for _, p := range profiles {
			for i, b := range p.Blocks {
				if i > 0 && b.StartLine == p.Blocks[i-1].StartLine && b.StartCol == p.Blocks[i-1].StartCol {
					return // it sorts by starts alone, so it may not notice a block that it has
				}
				total += int64(b.NumStmt)
				if b.Count > 0 {
					covered += int64(b.NumStmt)
				}
			}
		}
		if c, n := set.Count(); c != covered || n != total {
			t.Errorf("%q is %d/%d, x/tools says %d/%d", text, c, n, covered, total)
		}
	})
}
