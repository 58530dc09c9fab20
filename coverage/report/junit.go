package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/internal/junit"
)

// WriteJUnit writes a test case for each gate and module, in a suite a gate. A verdict
// that fails is a failure; a report that cannot be read is an error, since nothing was
// judged; a module that may have no data is skipped.
func WriteJUnit(w io.Writer, r coverage.Result) error {
	out := junit.Suites{Name: "coverage"}
	index := map[coverage.GateName]int{}
	for _, v := range r.All() {
		i, known := index[v.Gate]
		if !known {
			i = len(out.Suites)
			index[v.Gate] = i
			out.Suites = append(out.Suites, junit.Suite{Name: "coverage: " + string(v.Gate)})
		}
		out.Suites[i].Cases = append(out.Suites[i].Cases, testCase(v))
	}
	return junit.Write(w, out)
}

func testCase(v coverage.Verdict) junit.Case {
	c := junit.Case{
		Name:  v.Subject(),
		Class: "coverage." + strings.ReplaceAll(string(v.Gate), " ", "-"),
	}
	m := &junit.Message{Type: string(v.Outcome), Text: v.Message, Body: details(v)}
	switch {
	case v.Outcome == coverage.Pass:
		c.Output = v.Message
	case v.Pass():
		c.Skipped = m
	case v.Err != nil && (v.Outcome == coverage.Unreadable || v.Outcome == coverage.Incomplete):
		c.Error = m
	default:
		c.Failure = m
	}
	return c
}

// details lists the files behind v, one a line.
func details(v coverage.Verdict) string {
	var b strings.Builder
	for _, f := range v.Worst {
		fmt.Fprintf(&b, "%s: %d/%d, %d not covered\n", f.Path, f.Covered, f.Total, uncovered(f))
	}
	for _, u := range v.Uncovered {
		fmt.Fprintf(&b, "%s:%s\n", u.Path, joined(u.Lines))
	}
	for _, path := range v.Absent {
		fmt.Fprintf(&b, "%s: in no report\n", path)
	}
	return b.String()
}

// joined returns "7-9, 12".
func joined(ranges []coverage.LineRange) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = r.String()
	}
	return strings.Join(texts, ", ")
}
