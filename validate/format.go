package validate

import (
	"cmp"
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
	// column may be missing. The path is relative to the module or to the root.
	// Other lines are left out, and so are those with a word before the line that
	// is no file ("server:8080: started"). What looks like a path and is not there
	// makes the check crash, since it may be a finding. It is the default.
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

func (f Format) lines() bool { return f == LinesFormat || f == "" }

// existing returns the messages about what is there, below the module or else
// below the root, and those that name what only looks like a file; it fails where
// there are such.
func existing(t Target, ms []parse.Message) ([]parse.Message, error) {
	var kept []parse.Message
	var gone string
	found := map[string]string{} // path as it was printed -> path, or "" where there is none
	for _, m := range ms {
		p, known := found[m.Path]
		if !known {
			p = find(t, m.Path)
			found[m.Path] = p
		}
		switch {
		case p != "":
			m.Path = p
			kept = append(kept, m)
		case likePath(m.Path):
			kept = append(kept, m)
			gone = cmp.Or(gone, m.Path)
		}
	}
	if gone != "" {
		return kept, fmt.Errorf("it names a file that is not there: %s", gone)
	}
	return kept, nil
}

// find returns p where it is a path from the module, or else the path of what it
// names from the root; "" where nothing is there.
func find(t Target, p string) string {
	name := filepath.FromSlash(p)
	for _, dir := range []string{t.Dir(), t.Root} {
		full := name
		if !filepath.IsAbs(name) {
			full = filepath.Join(dir, name)
		}
		if !isFile(full) {
			continue
		}
		if dir == t.Dir() {
			return p
		}
		return full
	}
	return ""
}

// likePath tells a path from a word that stands before a number in what programs
// print for people: it has a slash or the suffix of a file, and no space.
func likePath(s string) bool {
	suffix := strings.TrimPrefix(path.Ext(s), ".")
	letter := suffix != "" && (suffix[0]|0x20) >= 'a' && (suffix[0]|0x20) <= 'z'
	return !strings.ContainsAny(s, " \t") && (strings.ContainsAny(s, `/\`) || letter)
}

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
