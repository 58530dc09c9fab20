package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/mettel-automation/delivery/validate"
)

// run is one run of Check over the directories of a module.
type run struct {
	check    Check
	root     string
	findings []validate.Finding
	callee   map[string]*callee // local modules that were looked at, by directory
	parsed   map[string]parsed  // files, by path: those of a local module are asked for twice
}

// parsed is what came of reading and parsing a file.
type parsed struct {
	data  []byte
	body  hcl.Body // nil where it cannot be parsed
	fault *fault   // why it cannot be checked, or nil
	diags hcl.Diagnostics
}

// fault is what is wrong with a file before it is parsed.
type fault struct{ rule, message string }

// source is a file of a module.
type source struct {
	path string // relative to the root
	name string
	kind kind
	data []byte
	body hcl.Body // nil where it cannot be parsed
}

// directory checks one directory: each file, then all together.
func (r *run) directory(d directory) error {
	var files []source
	broken := false
	for _, name := range d.files {
		f := source{path: path.Join(d.path, name), name: name, kind: kindOf(name)}
		ok, err := r.load(&f)
		if err != nil {
			return err
		}
		if !ok {
			broken = broken || f.kind == native || f.kind == asJSON
			continue
		}
		if f.kind != asJSON && f.kind != valueJSON && !r.check.SkipFormat {
			r.format(f)
		}
		if (f.kind == native || f.kind == asJSON) && !hidden(name, d.files) {
			files = append(files, f)
		}
	}
	if len(files) > 0 {
		m := r.declare(d.path, files)
		r.callee[d.path] = &callee{names: m.names, whole: !broken, found: true}
		if !broken { // what seems undeclared may stand in the file that cannot be parsed
			r.resolve(m)
		}
	}
	for _, name := range d.files { // nobody asks for them again
		delete(r.parsed, path.Join(d.path, name))
	}
	return nil
}

// load reads and parses f, and reports whether it could be parsed.
func (r *run) load(f *source) (bool, error) {
	p, known := r.parsed[f.path]
	if !known {
		var err error
		if p, err = r.read(*f); err != nil {
			return false, fmt.Errorf("read %s: %w", f.path, err)
		}
		r.parsed[f.path] = p
	}
	if p.fault != nil {
		r.add(f.path, hcl.Range{}, p.fault.rule, p.fault.message, validate.OfFile)
	}
	r.diagnostics(f.path, p.diags)
	f.data, f.body = p.data, p.body
	return p.body != nil, nil
}

func (r *run) read(f source) (parsed, error) {
	name := filepath.Join(r.root, filepath.FromSlash(f.path))
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return parsed{fault: &fault{RuleSyntax, "this is a link to nothing"}}, nil
	case err != nil:
		return parsed{}, err
	case !info.Mode().IsRegular():
		return parsed{fault: &fault{RuleSyntax, "this is no file, but named like one of Terraform"}}, nil
	case info.Size() > maxFile:
		return parsed{fault: &fault{RuleLimit, fmt.Sprintf("the file is larger than %d MiB and was not checked", maxFile>>20)}}, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return parsed{}, err
	}
	if tooDeep(f.kind, data) {
		return parsed{fault: &fault{RuleLimit, fmt.Sprintf("expressions are nested more than %d levels deep, or have more than %d operators; the file was not checked", maxDepth, maxChain)}}, nil
	}
	body, diags := parse(f.path, f.kind, data)
	return parsed{data: data, body: body, diags: diags}, nil
}

// parse parses one file of any kind. Its body is nil where it has faults.
func parse(path string, k kind, data []byte) (hcl.Body, hcl.Diagnostics) {
	var file *hcl.File
	var diags hcl.Diagnostics
	if k == asJSON || k == valueJSON {
		file, diags = json.Parse(data, path)
	} else {
		file, diags = hclsyntax.ParseConfig(data, path, hcl.InitialPos)
	}
	if file == nil || diags.HasErrors() {
		return nil, diags
	}
	if k == values || k == valueJSON {
		_, more := file.Body.JustAttributes()
		diags = append(diags, more...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return file.Body, nil
}

// add adds a finding of severity error at a place in a file.
func (r *run) add(file string, at hcl.Range, rule, message string, scope validate.Scope) {
	f := validate.Finding{Path: file, Rule: rule, Severity: validate.Error, Message: message, Scope: scope}
	if at.Start.Line > 0 {
		f.Line, f.Column, f.EndLine, f.EndColumn = at.Start.Line, at.Start.Column, at.End.Line, at.End.Column
	}
	r.findings = append(r.findings, f)
}

// diagnostics adds what the parser says. It often goes on after the first error
// with errors that this one caused; those on the same line say nothing new.
func (r *run) diagnostics(file string, diags hcl.Diagnostics) {
	lines := map[int]bool{}
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		at := hcl.Range{}
		if d.Subject != nil {
			at = *d.Subject
		}
		if lines[at.Start.Line] {
			continue
		}
		lines[at.Start.Line] = true
		message := d.Summary
		if d.Detail != "" {
			message += ": " + d.Detail
		}
		r.add(file, at, RuleSyntax, message, validate.OfFile)
	}
}
