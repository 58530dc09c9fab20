package coverage

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parsed is the only file of a report.
func parsed(t testing.TB, text string) File {
	t.Helper()
	report, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Files) != 1 {
		t.Fatalf("%d files", len(report.Files))
	}
	return report.Files[0]
}

// lines writes "3+ 4-" for line 3 that was executed and line 4 that was not.
func lines(seq iter.Seq2[int, bool]) string {
	var out []string
	for n, hit := range seq {
		out = append(out, fmt.Sprintf("%d%s", n, map[bool]string{true: "+", false: "-"}[hit]))
	}
	return strings.Join(out, " ")
}

func TestFileLines(t *testing.T) {
	tests := map[string]struct{ report, want string }{
		"lines ascend, whatever their order in the report": {
			report: "SF:a\nDA:130,1\nDA:2,0\nDA:64,5\nend_of_record\n", want: "2- 64+ 130+",
		},
		"a file without lines": {
			report: "SF:a\nend_of_record\n", want: "",
		},
		"a block is the lines from its begin to its end": {
			report: "mode: set\na:3.9,5.2 1 1\na:7.1,7.9 1 0\n", want: "3+ 4+ 5+ 7-",
		},
		"the line of an if was executed where its condition was, its body is another block": {
			report: "mode: set\na:3.9,4.9 1 1\na:4.9,6.3 1 0\na:7.2,7.12 1 1\n", want: "3+ 4+ 5- 6- 7+",
		},
		"the order of the blocks changes nothing": {
			report: "mode: set\na:4.9,6.3 1 0\na:3.9,4.9 1 1\n", want: "3+ 4+ 5- 6-",
		},
		"a block without statements has no lines": {
			report: "mode: set\na:3.9,3.11 0 0\na:5.1,5.9 1 1\n", want: "5+",
		},
		"a block that ends before it begins has none either": {
			report: "mode: set\na:9.1,3.1 1 1\n", want: "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := lines(parsed(t, tt.report).Lines()); got != tt.want {
				t.Errorf("lines are %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFileLinesMayStopEarly(t *testing.T) {
	for name, report := range map[string]string{"lines": "SF:a\nDA:1,1\nDA:2,1\nend_of_record\n", "blocks": "mode: set\na:1.1,9.1 1 1\n"} {
		for n := range parsed(t, report).Lines() {
			if n != 1 {
				t.Errorf("%s: line %d after the break", name, n)
			}
			break
		}
	}
}

func TestFileLinesAreBounded(t *testing.T) {
	n := 0
	for range parsed(t, fmt.Sprintf("mode: set\na:1.1,%d.1 1 1\n", uint32(math.MaxUint32))).Lines() {
		n++
	}
	if n != maxBlockLines {
		t.Errorf("a block that claims to be endless has %d lines", n)
	}
	got := lines(parsed(t, "SF:a\nDA:7,1\nDA:18446744073709551615,1\nend_of_record\n").Lines())
	if got != "7+" {
		t.Errorf("lines are %q, want those that an int holds", got)
	}
}

func TestFileByHandHasNoLines(t *testing.T) {
	f := File{Path: "a", Count: Count{1, 2}}
	if got := lines(f.Lines()); got != "" || f.hasLines() || len(maps.Collect(f.LineBranches())) > 0 {
		t.Errorf("lines of nothing are %q", got)
	}
	if !(File{Path: "a"}).hasLines() {
		t.Error("a file of nothing has told all that it has")
	}
}

func TestFileLineBranches(t *testing.T) {
	f := parsed(t, `<coverage><packages><class filename="a"><lines><line number="3" hits="1" branch="true" condition-coverage="50% (1/2)"/>`+
		`<line number="4" hits="1"/><line number="9" hits="0" branch="true" condition-coverage="0% (0/4)"/></lines></class></packages></coverage>`)
	if d := cmp.Diff(map[int]Count{3: {1, 2}, 9: {0, 4}}, maps.Collect(f.LineBranches())); d != "" {
		t.Errorf("branches (-want +got):\n%s", d)
	}
	for n := range f.LineBranches() {
		if n != 3 {
			t.Errorf("line %d after the break", n)
		}
		break
	}
}
