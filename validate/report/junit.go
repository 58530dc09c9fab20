package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/internal/junit"
	"github.com/mettel-automation/delivery/validate"
)

// WriteJUnit writes a suite for each module, with a case for each check: a
// failure with the findings, an error where the check did not do its work, and
// skipped where there was nothing to validate.
func WriteJUnit(w io.Writer, r validate.Result) error {
	report := junit.Suites{Name: "validate"}
	suite := map[string]int{}
	for _, v := range r.Verdicts {
		i, ok := suite[v.Module]
		if !ok {
			i = len(report.Suites)
			suite[v.Module] = i
			report.Suites = append(report.Suites, junit.Suite{Name: v.Module})
		}
		report.Suites[i].Cases = append(report.Suites[i].Cases, testCase(v))
	}
	return junit.Write(w, report)
}

func testCase(v validate.Verdict) junit.Case {
	c := junit.Case{Name: v.Check, Class: v.Module, Time: v.Elapsed}
	text := lines(v)
	switch v.Outcome {
	case validate.Clean:
		c.Output = text // findings too mild to fail
	case validate.Nothing:
		c.Skipped = &junit.Message{Text: v.Reason}
	case validate.Findings:
		if len(v.Findings) > 0 {
			c.File, c.Line = v.Findings[0].Path, v.Findings[0].Line
		}
		c.Failure = &junit.Message{Type: string(v.Outcome), Text: v.Summary(), Body: text}
	default:
		c.Error = &junit.Message{Type: string(v.Outcome), Text: v.Reason, Body: text}
	}
	return c
}

// lines are the findings and what a program printed, a line each.
func lines(v validate.Verdict) string {
	var b strings.Builder
	for _, f := range v.Findings {
		fmt.Fprintln(&b, f)
	}
	for _, line := range v.Output {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}
