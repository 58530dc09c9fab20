package validate

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/validate/internal/parse"
)

// Format is how a program prints its findings.
type Format string

// The formats.
const (
	// LinesFormat is a line for each finding: "path:line:column: text"; the
	// column may be missing. Other lines are left out. It is the default.
	LinesFormat Format = "lines"
	// CheckstyleFormat is checkstyle XML, which most linters can print.
	CheckstyleFormat Format = "checkstyle"
	// SARIFFormat is SARIF 2.1.0.
	SARIFFormat Format = "sarif"
	// ESLintFormat is the JSON of eslint --format json.
	ESLintFormat Format = "eslint"
	// ExitCodeFormat is no format: the exit code alone says whether there is
	// something to mend, and that is one finding for the module.
	ExitCodeFormat Format = "exit-code"
)

// ParseFormat returns the Format called s. It fails where there is none.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case LinesFormat, CheckstyleFormat, SARIFFormat, ESLintFormat, ExitCodeFormat:
		return f, nil
	}
	return "", fmt.Errorf("parse format %q: want lines, checkstyle, sarif, eslint or exit-code", s)
}

func (f Format) parse(data []byte) ([]parse.Message, error) {
	switch f {
	case LinesFormat, "":
		return parse.Lines(data), nil
	case CheckstyleFormat:
		return parse.Checkstyle(data)
	case SARIFFormat:
		return parse.SARIF(data)
	case ESLintFormat:
		return parse.ESLint(data)
	case ExitCodeFormat:
		return nil, nil
	}
	return nil, fmt.Errorf("format %q is not known", string(f))
}

// partial reports whether what is left of cut output can still be read.
func (f Format) partial() bool { return f == LinesFormat || f == "" || f == ExitCodeFormat }

// findings makes messages findings: their paths are made relative to the root.
func findings(t Target, ms []parse.Message) []Finding {
	var fs []Finding
	roots := rootsOf(t.Root)
	for _, m := range ms {
		f := Finding{
			Path: relative(roots, t.Module.Dir, m.Path), Line: m.Line, Column: m.Column, EndLine: m.EndLine, EndColumn: m.EndColumn,
			Rule: m.Rule, Severity: Severity(m.Level), Message: m.Text, // the levels are the same
		}
		if m.Fatal {
			f.Scope = OfFile
		}
		fs = append(fs, f)
	}
	return fs
}

// rootsOf returns root as it is given and as the system resolves it: programs
// report either.
func rootsOf(root string) []string {
	roots := []string{root}
	if resolved, err := filepath.EvalSymlinks(root); err == nil && resolved != root {
		roots = append(roots, resolved)
	}
	return roots
}

// relative returns p, as a tool that ran in dir gives it, relative to the root.
// A finding without a path is one of the module.
func relative(roots []string, dir, p string) string {
	if p == "" {
		return dir
	}
	if filepath.IsAbs(p) {
		for _, root := range roots {
			if rel, err := filepath.Rel(root, p); err == nil && filepath.IsLocal(rel) {
				return filepath.ToSlash(rel)
			}
		}
		return filepath.ToSlash(filepath.Clean(p))
	}
	return path.Join(dir, strings.ReplaceAll(filepath.ToSlash(p), "//", "/"))
}

// isFile reports whether name is a file, or a link to one.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
