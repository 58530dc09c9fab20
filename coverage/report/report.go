// Package report writes the result of a coverage gate for those who read it:
// GitLab's widgets, a merge-request comment, programs, and a badge.
//
//	result, err := gate.Check(ctx, inputs)
//	if err != nil { ... }
//	err = report.Files{
//		JUnit:       "junit.xml",            // artifacts:reports:junit
//		CodeQuality: "gl-code-quality.json", // artifacts:reports:codequality
//		Cobertura:   "cobertura",            // artifacts:reports:coverage_report, cobertura/*.xml
//		Markdown:    "coverage.md",          // the body of a comment
//	}.Write(result)
//
// Each form has a function of its own too, which writes to an [io.Writer]. The table
// for a job's log is [coverage.Result.String], and the line that GitLab's coverage
// keyword reads is [coverage.Result.TotalLine]. It decides nothing, posts nothing, and
// knows no API.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/internal/atomicfile"
)

// Files are the paths to write to. An empty one is not written; what is there is
// replaced once the new one is whole, and directories are made. The zero value writes nothing.
type Files struct {
	JUnit       string // XML: see [WriteJUnit]
	CodeQuality string // JSON: see [WriteCodeQuality]
	Markdown    string // see [WriteMarkdown]
	JSON        string // the result as coverage.Result marshals
	Badge       string // SVG: see [WriteBadge]

	// Cobertura is a directory for XML files of at most CoberturaLimit bytes:
	// cobertura-001.xml and so on. Those of an earlier run with higher numbers are
	// removed, so that a pattern finds the parts of one run. See [WriteCobertura].
	Cobertura      string
	CoberturaLimit int // in bytes; default 10 MiB, which is GitLab's limit
}

// Write writes all files of f. One that fails does not keep the others from being
// written; the errors are joined.
func (f Files) Write(r coverage.Result) error {
	var errs []error
	for _, out := range []struct {
		path  string
		write func(io.Writer, coverage.Result) error
	}{
		{f.JUnit, WriteJUnit},
		{f.CodeQuality, WriteCodeQuality},
		{f.Markdown, WriteMarkdown},
		{f.JSON, WriteJSON},
		{f.Badge, WriteBadge},
	} {
		if out.path != "" {
			errs = append(errs, writeFile(out.path, func(w io.Writer) error { return out.write(w, r) }))
		}
	}
	if f.Cobertura != "" {
		errs = append(errs, f.writeCobertura(r))
	}
	return errors.Join(errs...)
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	file.Fail(write(file))
	if err := file.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func (f Files) part(n int) string {
	return filepath.Join(f.Cobertura, fmt.Sprintf("cobertura-%03d.xml", n))
}

func (f Files) writeCobertura(r coverage.Result) error {
	parts := 0
	err := WriteCobertura(r, f.CoberturaLimit, func(n int) (io.WriteCloser, error) {
		parts = n
		return atomicfile.Create(f.part(n))
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Cobertura, err)
	}
	return f.removeParts(parts)
}

// removeParts removes the parts with a number above last, and nothing that only
// looks like one.
func (f Files) removeParts(last int) error {
	entries, err := os.ReadDir(f.Cobertura)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		digits := strings.TrimSuffix(strings.TrimPrefix(e.Name(), "cobertura-"), ".xml")
		n, err := strconv.Atoi(digits)
		if err == nil && n > last && f.part(n) == filepath.Join(f.Cobertura, e.Name()) {
			errs = append(errs, os.Remove(f.part(n)))
		}
	}
	return errors.Join(errs...)
}

// WriteJSON writes r as indented JSON; [coverage.Result.MarshalJSON] lists the keys.
func WriteJSON(w io.Writer, r coverage.Result) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// uncovered says how much of f is left to cover.
func uncovered(f coverage.File) int64 { return f.Total - f.Covered }
