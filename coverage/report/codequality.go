package report

import (
	"fmt"
	"io"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/internal/codequality"
)

// CodeQuality writes GitLab's Code Quality report. A run of changed lines that no
// module covers is a minor issue at its first line, whether the gate passes or not. A module
// below its minimum or baseline is a major issue at its worst file; one without a whole
// report is a critical issue at the report, or at each file that was expected in it.
// Gates over all modules are about no file, and have no issue.
func CodeQuality(w io.Writer, r coverage.Result) error {
	var issues []codequality.Issue
	for _, v := range r.All() {
		if v.Module != "" && v.Gate != coverage.ChangedGate && !v.Pass() {
			issues = append(issues, moduleIssues(v)...)
		}
	}
	if c := r.Changed; c != nil {
		issues = append(issues, lineIssues(c.Total.Uncovered)...)
	}
	return codequality.Write(w, issues)
}

func lineIssues(uncovered []coverage.Uncovered) []codequality.Issue {
	var issues []codequality.Issue
	for _, u := range uncovered {
		for _, lines := range u.Lines {
			text := "This changed line is not covered by tests"
			if n := lines.Last - lines.First + 1; n > 1 {
				text = fmt.Sprintf("%d changed lines from here on are not covered by tests", n)
			}
			issues = append(issues, codequality.Issue{
				Description: text, Check: "coverage/changed-lines", Severity: codequality.Minor, Path: u.Path, Line: lines.First,
			})
		}
	}
	return issues
}

func moduleIssues(v coverage.Verdict) []codequality.Issue {
	issue := codequality.Issue{
		Description: fmt.Sprintf("%s: %s", v.Module, v.Message),
		Check:       "coverage/" + string(v.Gate),
		Severity:    codequality.Critical,
		Path:        v.Module,
	}
	switch {
	case v.Outcome == coverage.Below && len(v.Worst) > 0:
		issue.Severity, issue.Path = codequality.Major, v.Worst[0].Path
	case len(v.Absent) > 0:
		var issues []codequality.Issue
		for _, path := range v.Absent {
			issue.Path, issue.Description = path, fmt.Sprintf("%s: no coverage report has this file", v.Module)
			issues = append(issues, issue)
		}
		return issues
	case len(v.Reports) > 0:
		issue.Path = v.Reports[0]
	}
	// The message changes with every count; the issue is the same one.
	issue.Fingerprint = fmt.Sprintf("coverage/%s/%s/%s", v.Gate, v.Module, v.Outcome)
	return []codequality.Issue{issue}
}
