package report

import (
	"fmt"
	"io"

	"github.com/mettel-automation/delivery/internal/codequality"
	"github.com/mettel-automation/delivery/validate"
)

// WriteCodeQuality writes the findings as GitLab's Code Quality report: a JSON
// array, "[]" where there are none. Known findings and those elsewhere are left
// out. A check that did not do its work is a blocker in the directory of its module.
// Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
func WriteCodeQuality(w io.Writer, r validate.Result) error {
	var issues []codequality.Issue
	for _, f := range r.Findings() {
		issues = append(issues, codequality.Issue{
			Description: f.Message, Check: ruleName(f), Severity: severity(f.Severity),
			Path: f.Path, Line: f.Line, Fingerprint: f.Fingerprint,
		})
	}
	for _, v := range failures(r) {
		issues = append(issues, codequality.Issue{
			Description: complaint(v), Check: v.Check, Severity: codequality.Blocker, Path: v.Dir,
		})
	}
	return codequality.Write(w, issues)
}

func ruleName(f validate.Finding) string {
	if f.Rule == "" {
		return f.Check
	}
	return fmt.Sprintf("%s/%s", f.Check, f.Rule)
}

func severity(s validate.Severity) codequality.Severity {
	switch s {
	case validate.Note:
		return codequality.Info
	case validate.Warning:
		return codequality.Minor
	}
	return codequality.Major
}
