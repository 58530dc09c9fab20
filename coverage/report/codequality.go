package report

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/internal/codequality"
)

// WriteCodeQuality writes GitLab's Code Quality report. A run of changed lines that no
// module covers is a minor issue at its first line, whether the gate passes or not. A module
// below its minimum or baseline is a major issue at its worst file; one without a whole
// report is a critical issue at the report, or at each file that was expected in it. So
// are the total, and the changed lines of all modules.
//
// Paths are relative to the working directory, which GitLab takes for the repository.
// An issue whose own path cannot be told so stands at the name of its module, and one
// about all modules at a file of the run.
func WriteCodeQuality(w io.Writer, r coverage.Result) error {
	p := newPlaces(r)
	var issues []codequality.Issue
	for _, v := range r.All() {
		lines := v.Outcome == coverage.Below && len(v.Uncovered) > 0 // has an issue for each
		if v.Pass() || v.Gate == coverage.ChangedGate && (lines || v.Module != "" && len(v.Absent) > 0) {
			continue
		}
		issues = append(issues, p.issues(v)...)
	}
	if c := r.Changed; c != nil {
		issues = append(issues, lineIssues(c.Total.Uncovered)...)
	}
	return codequality.Write(w, issues)
}

// places are the paths that issues may have.
type places struct {
	dir   string // working directory; "" where it is not known
	first string // of all of them
}

func newPlaces(r coverage.Result) places {
	var p places
	p.dir, _ = os.Getwd() // without it only relative paths are any
	var all []string
	for _, v := range r.Verdicts {
		for _, f := range v.Files {
			all = append(all, f.Path)
		}
	}
	for _, v := range r.Verdicts {
		all = append(all, v.Reports...)
	}
	p.first = p.of(all...)
	return p
}

// of returns the first of paths that is one of the repository, or else any place.
func (p places) of(paths ...string) string {
	for _, path := range paths {
		if filepath.IsAbs(path) && p.dir != "" {
			if relative, err := filepath.Rel(p.dir, path); err == nil {
				path = relative
			}
		}
		if path = filepath.ToSlash(path); isLocal(path) {
			return path
		}
	}
	return cmp.Or(p.first, "coverage")
}

// isLocal reports whether p is a path of a repository: relative, and not out of it.
func isLocal(p string) bool {
	drive := len(p) > 1 && p[1] == ':'
	return p != "" && !drive && !path.IsAbs(p) && !strings.HasPrefix(p, `\`) && p != ".." && !strings.HasPrefix(path.Clean(p), "../")
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

func (p places) issues(v coverage.Verdict) []codequality.Issue {
	issue := codequality.Issue{
		Description: fmt.Sprintf("%s: %s", v.Subject(), v.Message),
		Check:       "coverage/" + strings.ReplaceAll(string(v.Gate), " ", "-"),
		Severity:    codequality.Critical,
	}
	if len(v.Absent) > 0 {
		var issues []codequality.Issue
		for _, absent := range v.Absent {
			issue.Path, issue.Description = p.of(absent), fmt.Sprintf("%s: no coverage report has this file", v.Subject())
			issues = append(issues, issue)
		}
		return issues
	}
	candidates := append(slices.Clone(v.Reports), v.Module)
	if v.Outcome == coverage.Below {
		issue.Severity = codequality.Major
		for _, f := range slices.Backward(v.Worst) {
			candidates = append([]string{f.Path}, candidates...)
		}
	}
	issue.Path = p.of(candidates...)
	// The message changes with every count; the issue is the same one.
	issue.Fingerprint = fmt.Sprintf("coverage/%s/%s/%s", v.Gate, v.Module, v.Outcome)
	return []codequality.Issue{issue}
}
