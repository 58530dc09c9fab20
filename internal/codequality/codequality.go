// Package codequality writes findings as GitLab's Code Quality report, which a
// merge request shows beside the lines.
//
// The format is that of https://docs.gitlab.com/ci/testing/code_quality/ under
// "Code Quality report format", a part of the Code Climate specification.
package codequality

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity string

// The severities, the least first.
const (
	Info     Severity = "info"
	Minor    Severity = "minor"
	Major    Severity = "major"
	Critical Severity = "critical"
	Blocker  Severity = "blocker"
)

// Issue is one finding.
type Issue struct {
	Description string
	Check       string   // name of the rule
	Severity    Severity // "" is Major
	Path        string   // relative to the repository; a leading "./" is dropped
	Line        int      // from 1; anything less is written as 1, since GitLab wants a line
	// Fingerprint identifies the finding from one commit to the next. Where it is
	// empty, it is made of the check, the path and the description, not of the
	// line, which moves when something above it changes.
	Fingerprint string
}

// Write writes issues as a JSON array, sorted by path, line, check and
// description, an issue a line; "[]" where there are none. GitLab shows only the
// first of several issues with one fingerprint, so those of equal findings are
// made to differ. It fails before it writes where an issue has no path or an
// unknown severity.
func Write(w io.Writer, issues []Issue) error {
	sorted := make([]Issue, len(issues))
	for i, issue := range issues {
		normal, err := normalize(issue)
		if err != nil {
			return fmt.Errorf("write Code Quality report: issue %q: %w", issue.Description, err)
		}
		sorted[i] = normal
	}
	slices.SortFunc(sorted, compare)
	distinguish(sorted)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteString("[")
	for i, issue := range sorted {
		if i > 0 {
			b.Truncate(b.Len() - 1) // the newline of the encoder
			b.WriteString(",\n")
		}
		if err := enc.Encode(wire(issue)); err != nil {
			return fmt.Errorf("write Code Quality report: %w", err)
		}
	}
	if len(sorted) > 0 {
		b.Truncate(b.Len() - 1)
	}
	b.WriteString("]\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write Code Quality report: %w", err)
	}
	return nil
}

func normalize(issue Issue) (Issue, error) {
	if issue.Path == "" {
		return issue, fmt.Errorf("it has no path")
	}
	issue.Path = path.Clean(strings.ReplaceAll(issue.Path, `\`, "/"))
	issue.Line = max(1, issue.Line)
	issue.Severity = cmp.Or(issue.Severity, Major)
	if !slices.Contains([]Severity{Info, Minor, Major, Critical, Blocker}, issue.Severity) {
		return issue, fmt.Errorf("unknown severity %q", issue.Severity)
	}
	return issue, nil
}

func compare(a, b Issue) int {
	return cmp.Or(
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Check, b.Check),
		cmp.Compare(a.Description, b.Description),
		cmp.Compare(a.Severity, b.Severity),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// distinguish gives every issue a fingerprint of its own. The n-th of equal
// findings gets the same one each time, wherever in the file they are.
func distinguish(issues []Issue) {
	used := make(map[string]int, len(issues)) // how often
	for i := range issues {
		issue := &issues[i]
		if issue.Fingerprint == "" {
			issue.Fingerprint = hash(issue.Check, issue.Path, issue.Description)
		}
		for used[issue.Fingerprint] > 0 {
			first := issue.Fingerprint
			used[first]++
			issue.Fingerprint = hash(first, fmt.Sprint(used[first]))
		}
		used[issue.Fingerprint]++
	}
}

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

type wireIssue struct {
	Description string   `json:"description"`
	Check       string   `json:"check_name"`
	Fingerprint string   `json:"fingerprint"`
	Severity    Severity `json:"severity"`
	Location    location `json:"location"`
}

type location struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

func wire(issue Issue) wireIssue {
	out := wireIssue{
		Description: issue.Description, Check: issue.Check,
		Fingerprint: issue.Fingerprint, Severity: issue.Severity,
		Location: location{Path: issue.Path},
	}
	out.Location.Lines.Begin = issue.Line
	return out
}
