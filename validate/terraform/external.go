package terraform

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/validate"
)

const remedy = "see https://developer.hashicorp.com/terraform/install"

// Fmt runs terraform fmt -check -recursive over a module. [Check] finds the same
// and more without it.
type Fmt struct {
	Program string // default "terraform"
}

// Name returns "terraform-fmt".
func (Fmt) Name() string { return "terraform-fmt" }

// Run runs terraform fmt. Its exit codes are 0 for a module that is fine, 3 for
// files that are to be formatted, and 2 for those that cannot be parsed.
func (f Fmt) Run(ctx context.Context, t validate.Target) (validate.Report, error) {
	if reason, err := nothingToRun(t, f.Program); err != nil || reason != "" {
		return validate.Report{Nothing: reason}, err
	}
	out, err := program(ctx, t, f.Program, "fmt", "-check", "-recursive", "-list=true", "-no-color", ".")
	if err != nil {
		return validate.Report{}, err
	}
	var rep validate.Report
	lines := bufio.NewScanner(bytes.NewReader(out.Stdout))
	for lines.Scan() {
		file := path.Join(t.Module.Dir, filepath.ToSlash(lines.Text()))
		text, err := os.ReadFile(filepath.Join(t.Root, filepath.FromSlash(file)))
		rep.Findings = append(rep.Findings, validate.Finding{
			Path: file, Rule: RuleFormat, Severity: validate.Error, Message: "not in canonical format; terraform fmt mends it",
			// It does not say where in the file, so the finding is about this very text.
			Scope: validate.OfFile, Source: string(text), Blanket: err != nil || len(text) == 0,
		})
	}
	switch {
	case out.Code == 0 && len(rep.Findings) == 0, out.Code == 3 && len(rep.Findings) > 0:
		return rep, nil
	case out.Code == 2:
		syntax := diagnosticsOf(t.Module.Dir, string(out.Stderr))
		rep.Findings = append(rep.Findings, syntax...)
		if len(syntax) > 0 {
			return rep, nil
		}
	}
	return rep, validate.NewCrash("terraform fmt", out, "")
}

// place is how terraform says where a diagnostic is: "  on main.tf line 2, in ...:".
var place = regexp.MustCompile(`^\W*on (.+) line (\d+)(?:,.*)?:`)

// diagnosticsOf reads what terraform prints for people: a line with the summary,
// then one with the place.
func diagnosticsOf(dir, stderr string) []validate.Finding {
	var fs []validate.Finding
	summary := ""
	for line := range strings.Lines(stderr) {
		if _, text, ok := strings.Cut(line, "Error: "); ok {
			summary = strings.TrimSpace(text)
		}
		if m := place.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil && summary != "" {
			n, err := strconv.Atoi(m[2])
			if err != nil {
				continue
			}
			fs = append(fs, validate.Finding{Path: path.Join(dir, filepath.ToSlash(m[1])), Line: n, Rule: RuleSyntax, Severity: validate.Error, Message: summary, Scope: validate.OfFile})
			summary = ""
		}
	}
	return fs
}

// Validate runs terraform validate in the directory of a module, which knows
// types, functions and the arguments of resources. It needs the module's
// providers, so the module must have been initialised.
type Validate struct {
	Program string // default "terraform"
	// Init runs terraform init -backend=false before. It downloads providers and
	// modules, and writes .terraform and a lock file into the module.
	Init bool
}

// Name returns "terraform-validate".
func (Validate) Name() string { return "terraform-validate" }

// Run runs terraform validate -json.
func (v Validate) Run(ctx context.Context, t validate.Target) (validate.Report, error) {
	if reason, err := nothingToRun(t, v.Program); err != nil || reason != "" {
		return validate.Report{Nothing: reason}, err
	}
	if v.Init {
		out, err := program(ctx, t, v.Program, "init", "-backend=false", "-input=false", "-no-color")
		if err != nil {
			return validate.Report{}, err
		}
		if out.Code != 0 {
			return validate.Report{Findings: diagnosticsOf(t.Module.Dir, string(out.Stderr))}, validate.NewCrash("terraform init", out, "")
		}
	}
	out, err := program(ctx, t, v.Program, "validate", "-json", "-no-color")
	if err != nil {
		return validate.Report{}, err
	}
	return v.report(t, out)
}

func (v Validate) report(t validate.Target, out validate.Output) (validate.Report, error) {
	type position struct{ Line, Column int }
	var answer struct {
		Valid       *bool
		Diagnostics []struct {
			Severity, Summary, Detail string
			Range                     *struct {
				Filename   string
				Start, End position
			}
		}
	}
	if err := json.Unmarshal(out.Stdout, &answer); err != nil || answer.Valid == nil || out.Code > 1 {
		return validate.Report{}, validate.NewCrash("terraform validate", out, "")
	}
	var rep validate.Report
	for _, d := range answer.Diagnostics {
		f := validate.Finding{Path: t.Module.Dir, Rule: "validate", Severity: validate.Error, Message: strings.TrimSuffix(d.Summary+": "+d.Detail, ": "), Scope: validate.OfModule}
		if d.Severity == "warning" {
			f.Severity = validate.Warning
		}
		if d.Range != nil {
			f.Path = path.Join(t.Module.Dir, filepath.ToSlash(d.Range.Filename))
			f.Line, f.Column, f.EndLine, f.EndColumn = d.Range.Start.Line, d.Range.Start.Column, d.Range.End.Line, d.Range.End.Column
		}
		rep.Findings = append(rep.Findings, f)
		if notInitialised(d.Summary) && !v.Init {
			return rep, validate.NewCrash("terraform validate", out, "the module is not initialised: run terraform init, or set Init")
		}
	}
	if !*answer.Valid && len(rep.Findings) == 0 {
		return rep, validate.NewCrash("terraform validate", out, "it says that the module is not valid, and not why")
	}
	return rep, nil
}

// notInitialised tells what terraform validate says where init has not run, which
// is no fault of the module.
func notInitialised(summary string) bool {
	for _, s := range []string{"Missing required provider", "Module not installed", "Could not load plugin", "Required plugins are not installed", "Inconsistent dependency lock file"} {
		if strings.HasPrefix(summary, s) {
			return true
		}
	}
	return false
}

// nothingToRun says why there is nothing for a program, which reads the files of
// OpenTofu only where it is tofu.
func nothingToRun(t validate.Target, name string) (string, error) {
	if reason := nothingChanged(t.Module); reason != "" {
		return reason, nil
	}
	dirs, err := Check{}.directories(t)
	if err != nil {
		return "", fmt.Errorf("list Terraform files: %w", err)
	}
	tofu := strings.HasPrefix(filepath.Base(name), "tofu")
	for _, d := range dirs {
		if slices.ContainsFunc(d.files, func(f string) bool { return tofu || !strings.Contains(f, ".tofu") }) {
			return "", nil
		}
	}
	return "no Terraform file", nil
}

func program(ctx context.Context, t validate.Target, name string, args ...string) (validate.Output, error) {
	if name == "" {
		name = "terraform"
	}
	out, err := t.Exec.Run(ctx, validate.Program{
		Name: name, Args: args, Dir: t.Dir(),
		Env: []string{"TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1"},
	})
	if missing, ok := errors.AsType[*validate.MissingToolError](err); ok && missing.Remedy == "" {
		missing.Remedy = remedy
	}
	if reason := out.Incomplete(); err == nil && reason != "" {
		err = validate.NewCrash(name, out, reason)
	}
	return out, err
}
