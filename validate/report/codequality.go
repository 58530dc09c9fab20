package report

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/codequality"
	"github.com/mettel-automation/delivery/validate"
)

// WriteCodeQuality writes the findings as GitLab's Code Quality report: a JSON
// array, "[]" where there are none. Known findings and those elsewhere are left
// out. A check that did not do its work is a blocker. GitLab shows an issue beside
// a file, so what is about a module, or about a file outside the root, stands at
// [validate.Verdict.File].
// Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
func WriteCodeQuality(w io.Writer, r validate.Result) error {
	var issues []codequality.Issue
	for _, v := range r.Verdicts {
		for _, f := range v.Findings {
			issues = append(issues, issue(v, f))
		}
	}
	for _, v := range failures(r) {
		issues = append(issues, codequality.Issue{
			Description: complaint(v), Check: v.Check, Severity: codequality.Blocker, Path: place(v),
		})
	}
	return codequality.Write(w, issues)
}

func issue(v validate.Verdict, f validate.Finding) codequality.Issue {
	i := codequality.Issue{
		Description: f.Message, Check: ruleName(f), Severity: severity(f.Severity),
		Path: f.Path, Line: f.Line, Fingerprint: f.Fingerprint,
	}
	switch {
	case f.Path == v.Dir:
		i.Path = place(v)
	case path.IsAbs(f.Path) || strings.HasPrefix(f.Path, "../"):
		i.Path, i.Line, i.Description = place(v), 0, clean.Text(f.Path)+": "+f.Message
	}
	return i
}

// place is where what is about a module stands.
func place(v validate.Verdict) string { return cmp.Or(v.File, v.Dir) }

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
