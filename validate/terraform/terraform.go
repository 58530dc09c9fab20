// Package terraform checks Terraform in process, without a terraform binary,
// providers or a network.
//
//	runner := validate.Runner{Checks: []validate.Check{terraform.Check{}}}
//
// [Check] looks at each directory of a module that holds Terraform: the syntax
// of .tf, .tf.json, .tfvars, .tfvars.json, .tftest.hcl, .tfmock.hcl and .tfquery.hcl,
// and OpenTofu's .tofu, .tofu.json and .tofutest.hcl; the
// canonical format as terraform fmt has it, which blocks there may be and with
// how many labels, duplicates, references to what is not declared (variables,
// locals, modules and their outputs, resources, data sources), cycles of locals,
// and calls of modules in the same repository.
//
// It does not know types, functions or the arguments of providers' resources;
// those stay with terraform validate, which [Validate] runs where its providers
// can be had. [Fmt] runs terraform fmt -check for those who want the original.
package terraform

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/validate"
)

// The rules of Check, as they stand in findings.
const (
	RuleSyntax     = "syntax"          // cannot be parsed, or is nothing that Terraform has
	RuleFormat     = "format"          // not in canonical format
	RuleBlock      = "block"           // unknown block, or one with the wrong labels
	RuleArgument   = "argument"        // unknown or missing argument of a variable, output or module
	RuleDuplicate  = "duplicate"       // declared twice
	RuleUndeclared = "undeclared"      // referred to and not declared
	RuleCycle      = "cycle"           // locals that need one another
	RuleModule     = "module-source"   // the directory of a local module is not there
	RuleCall       = "module-argument" // a local module has no such variable, or needs one that is not given
	RuleLimit      = "limit"           // too large or too deeply nested to be checked
)

// Check checks Terraform in process. The zero value checks all that the package
// comment says.
type Check struct {
	SkipFormat bool // leave out the canonical format
	// Skip are directories to leave out, relative to the root, as patterns of
	// path.Match for the whole path: "services/*/fixtures". Hidden ones, such as
	// .terraform, always are.
	Skip []string
}

// Name returns "terraform".
func (Check) Name() string { return "terraform" }

// maxFile is far more than a file that people write.
const maxFile = 4 << 20

// Run checks all directories of the module that hold Terraform, if the module is
// to be validated as a whole or a Terraform file in it changed. A deleted file
// counts: what it declared may be missing elsewhere.
func (c Check) Run(ctx context.Context, t validate.Target) (validate.Report, error) {
	if reason := nothingChanged(t.Module); reason != "" {
		return validate.Report{Nothing: reason}, nil
	}
	dirs, err := c.directories(t)
	if err != nil {
		return validate.Report{}, fmt.Errorf("list Terraform files: %w", err)
	}
	if len(dirs) == 0 {
		return validate.Report{Nothing: "no Terraform file"}, nil
	}
	run := &run{check: c, root: t.Root, callee: map[string]*callee{}, parsed: map[string]parsed{}}
	for _, d := range dirs {
		if err := ctx.Err(); err != nil {
			return validate.Report{Findings: run.findings}, err
		}
		if err := run.directory(d); err != nil {
			return validate.Report{Findings: run.findings}, err
		}
	}
	return validate.Report{
		Findings: run.findings,
		Notes:    []string{"types, functions and the arguments of resources are not checked; terraform validate does that"},
	}, nil
}

// nothingChanged says why the changes of a module are no concern of Terraform's.
func nothingChanged(m validate.Module) string {
	if len(m.Files) == 0 || slices.ContainsFunc(m.Files, func(f string) bool { return kindOf(path.Base(f)) != none }) {
		return ""
	}
	return "no changed Terraform file"
}

// directory is a directory and the names of the Terraform files in it, sorted.
type directory struct {
	path  string // slash-separated, relative to the root
	files []string
}

// directories lists those of the module that hold Terraform files.
func (c Check) directories(t validate.Target) ([]directory, error) {
	var dirs []directory
	pending := []string{t.Module.Dir}
	for len(pending) > 0 {
		dir := pending[0]
		pending = pending[1:]
		entries, err := os.ReadDir(filepath.Join(t.Root, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		d := directory{path: dir}
		for _, e := range entries {
			switch name := e.Name(); {
			case ignored(name) || c.skips(path.Join(dir, name)):
			case e.IsDir():
				pending = append(pending, path.Join(dir, name))
			case kindOf(name) != none:
				d.files = append(d.files, name)
			}
		}
		if len(d.files) > 0 {
			dirs = append(dirs, d)
		}
	}
	slices.SortFunc(dirs, func(a, b directory) int { return strings.Compare(a.path, b.path) })
	return dirs, nil
}

func (c Check) skips(p string) bool {
	return slices.ContainsFunc(c.Skip, func(pattern string) bool {
		ok, _ := path.Match(pattern, p) // a malformed pattern matches nothing
		return ok
	})
}

// kind is what a file is, by its name.
type kind int

const (
	none      kind = iota
	native         // .tf, .tofu
	asJSON         // .tf.json, .tofu.json
	values         // .tfvars
	valueJSON      // .tfvars.json
	other          // .tftest.hcl and the like: syntax and format alone
)

func kindOf(name string) kind {
	if ignored(name) {
		return none
	}
	for _, k := range []struct {
		suffix string
		kind   kind
	}{
		{".tf", native},
		{".tf.json", asJSON},
		{".tfvars", values},
		{".tfvars.json", valueJSON},
		{".tftest.hcl", other},
		{".tfmock.hcl", other},
		{".tfquery.hcl", other},
		{".tofu", native},
		{".tofu.json", asJSON},
		{".tofutest.hcl", other},
	} {
		if strings.HasSuffix(name, k.suffix) {
			return k.kind
		}
	}
	return none
}

// ignored tells the names that Terraform itself leaves out: hidden ones, and
// those that editors leave behind.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") ||
		strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#")
}

// isOverride tells the files whose blocks Terraform merges into those of others.
func isOverride(name string) bool {
	base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".tf"), ".tofu")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// hidden reports whether OpenTofu leaves the file out for one of names that it
// reads in its place: a.tofu for a.tf, a.tofu.json for a.tf.json.
// Source: https://opentofu.org/docs/language/files/
func hidden(name string, names []string) bool {
	for _, suffix := range []string{"", ".json"} {
		if base, ok := strings.CutSuffix(name, ".tf"+suffix); ok {
			return slices.Contains(names, base+".tofu"+suffix)
		}
	}
	return false
}
