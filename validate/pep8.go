package validate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/validate/internal/parse"
)

// PEP8 checks the style of Python by pycodestyle, flake8 or ruff. The zero value
// takes the first of them that is installed. Each reads its own configuration
// from the module (setup.cfg, tox.ini, pyproject.toml).
//
// Pycodestyle and flake8 leave out a few rules of PEP 8 by default, such as E121
// and W503; ruff is asked for its E and W rules beside those of its configuration.
type PEP8 struct {
	// Tool is pycodestyle, flake8 or ruff, or a path to one of them; default
	// whichever is there.
	Tool string
	Args []string // further arguments, such as "--max-line-length=100"
}

// Name returns "pep8".
func (PEP8) Name() string { return "pep8" }

// Run checks the Python files (.py) of the module: all, or those that changed.
// Stubs (.pyi) are left out, as pycodestyle and flake8 leave them out.
func (p PEP8) Run(ctx context.Context, t Target) (Report, error) {
	files, err := filesFor(t, "Python file", suffix(".py"))
	if err != nil || files.nothing != "" {
		return Report{Nothing: files.nothing}, err
	}
	names := files.names
	if len(t.Module.Files) == 0 {
		names = []string{"."} // the tool's own configuration says what to leave out
	}
	tools := []string{"pycodestyle", "flake8", "ruff"}
	if p.Tool != "" {
		tools = []string{p.Tool}
	}
	for _, tool := range tools {
		var rep Report
		if rep, err = p.runTool(ctx, t, tool, names); !errors.Is(err, ErrMissingTool) {
			return rep, err
		}
	}
	if p.Tool == "" {
		err = &MissingToolError{Tool: "pycodestyle, flake8 or ruff", Remedy: "pip install pycodestyle, or apt-get install pycodestyle", Err: err}
	}
	return Report{}, err
}

func (p PEP8) runTool(ctx context.Context, t Target, tool string, files []string) (Report, error) {
	var args []string
	switch name := strings.TrimSuffix(filepath.Base(tool), ".exe"); {
	case strings.HasPrefix(name, "pycodestyle"):
		args = []string{"--format=default"}
	case strings.HasPrefix(name, "flake8"):
		args = []string{"--format=default", "--no-show-source"}
	case strings.HasPrefix(name, "ruff"):
		args = []string{"check", "--quiet", "--no-fix", "--no-cache", "--force-exclude", "--output-format=concise", "--extend-select=E,W"}
	default:
		return Report{}, fmt.Errorf("run PEP 8 check: %q is not pycodestyle, flake8 or ruff", tool)
	}
	in := invocation{
		program: Program{Name: tool, Args: slices.Concat(args, p.Args), Dir: t.Dir()},
		remedy:  "pip install " + filepath.Base(tool),
		judge:   crashOfPython(tool),
	}
	rep, err := in.runOver(ctx, t, files)
	for i, f := range rep.Findings {
		rep.Findings[i] = grade(f)
	}
	return rep, err
}

// grade gives findings of Python tools a severity: what cannot run or is surely
// wrong is an error, style is a warning.
func grade(f Finding) Finding {
	name, rest, ok := strings.Cut(f.Message, ": ")
	if f.Rule == "" && ok && (name == "SyntaxError" || name == "invalid-syntax") { // ruff
		f.Rule, f.Message = "syntax", rest
	}
	switch {
	case strings.HasPrefix(f.Rule, "E9"), f.Rule == "syntax":
		f.Severity, f.Scope = Error, OfFile
	case strings.HasPrefix(f.Rule, "F63"), strings.HasPrefix(f.Rule, "F7"), strings.HasPrefix(f.Rule, "F82"):
		f.Severity = Error
	}
	return f
}

// crashOfPython tells a traceback from findings: both end with exit code 1.
// E902 is said of files that cannot be read; those were not checked.
func crashOfPython(tool string) func(Output, []parse.Message) error {
	return func(out Output, ms []parse.Message) error {
		stderr := string(out.Stderr)
		if strings.Contains(stderr, "Traceback (most recent call last)") {
			return &CrashError{Tool: tool, Code: out.Code, Reason: "traceback", Stderr: cleanLines(stderr, 1)}
		}
		for _, m := range ms {
			if m.Rule == "E902" && (strings.Contains(m.Text, "Error: [Errno") || strings.HasPrefix(m.Text, "IOError")) {
				return &CrashError{Tool: tool, Code: out.Code, Reason: clean.Text(fmt.Sprintf("it could not read %s: %s", m.Path, m.Text))}
			}
		}
		return nil
	}
}
