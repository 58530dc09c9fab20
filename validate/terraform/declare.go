package terraform

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/mettel-automation/delivery/internal/nearest"
	"github.com/mettel-automation/delivery/validate"
)

// module is what the files of a directory declare.
type module struct {
	dir    string
	blocks []block
	// names are the addresses that are declared, each with its first place:
	// "var.a", "local.a", "module.a", "output.a", "data.t.a", "ephemeral.t.a", "t.a".
	names  map[string]declaration
	locals []local
}

type declaration struct {
	at       hcl.Range
	required bool // of a variable: it has no default
}

type local struct {
	name string
	file source
	attr *hcl.Attribute
}

// declare collects what files declare, and finds what is wrong with the
// declarations themselves.
func (r *run) declare(dir string, files []source) *module {
	m := &module{dir: dir, names: map[string]declaration{}}
	// Blocks of override files are merged into those of the others, so those come first.
	slices.SortStableFunc(files, func(a, b source) int { return rank(a) - rank(b) })
	for _, f := range files {
		for _, b := range r.blocks(f) {
			m.blocks = append(m.blocks, b)
			r.declareBlock(m, b)
		}
	}
	return m
}

func rank(f source) int {
	if isOverride(f.name) {
		return 1
	}
	return 0
}

func (r *run) declareBlock(m *module, b block) {
	switch b.typ {
	case "variable":
		r.checkArguments(b)
		r.declareName(m, b, "var."+b.labels[0], fmt.Sprintf("variable %q", b.labels[0]), declaration{at: b.at, required: attribute(b.body, "default") == nil})
		if meta(b.labels[0]) || b.labels[0] == "locals" {
			r.add(b.file.path, b.at, RuleBlock, fmt.Sprintf("no variable can be named %q: module calls have an argument of that name", b.labels[0]), validate.OfFile)
		}
	case "output":
		r.checkArguments(b)
		r.declareName(m, b, "output."+b.labels[0], fmt.Sprintf("output %q", b.labels[0]), declaration{at: b.at})
		if attribute(b.body, "value") == nil && !isOverride(b.file.name) {
			r.add(b.file.path, b.at, RuleArgument, fmt.Sprintf("output %q has no value", b.labels[0]), validate.OfFile)
		}
	case "locals":
		r.declareLocals(m, b)
	case "module", "check":
		r.declareName(m, b, b.typ+"."+b.labels[0], fmt.Sprintf("%s %q", b.typ, b.labels[0]), declaration{at: b.at})
	case "resource":
		r.declareName(m, b, b.labels[0]+"."+b.labels[1], fmt.Sprintf("resource %q %q", b.labels[0], b.labels[1]), declaration{at: b.at})
	case "data", "ephemeral", "action":
		r.declareName(m, b, b.typ+"."+b.labels[0]+"."+b.labels[1], fmt.Sprintf("%s %q %q", b.typ, b.labels[0], b.labels[1]), declaration{at: b.at})
	case "provider":
		r.declareProvider(m, b)
	}
	if b.typ == "check" {
		declareScoped(m, b)
	}
}

func (r *run) declareName(m *module, b block, address, what string, d declaration) {
	first, twice := m.names[address]
	switch {
	case !twice:
		m.names[address] = d
	case !isOverride(b.file.name):
		r.add(b.file.path, d.at, RuleDuplicate, fmt.Sprintf("%s is declared twice; first at %s:%d", what, first.at.Filename, first.at.Start.Line), validate.OfModule)
	case b.typ == "variable" && !d.required: // an override gives a default
		first.required = false
		m.names[address] = first
	}
}

func (r *run) declareLocals(m *module, b block) {
	for _, a := range attributes(b.body) {
		r.declareName(m, b, "local."+a.Name, fmt.Sprintf("local %q", a.Name), declaration{at: a.NameRange})
		m.locals = append(m.locals, local{name: a.Name, file: b.file, attr: a})
	}
	if body, ok := b.body.(*hclsyntax.Body); ok {
		for _, inner := range body.Blocks {
			r.add(b.file.path, inner.DefRange(), RuleBlock, fmt.Sprintf("there is no block %q in locals; write %s = { ... }", inner.Type, inner.Type), validate.OfFile)
		}
	}
}

// declareProvider finds provider configurations that are given twice: there is
// one default, and one for each alias.
func (r *run) declareProvider(m *module, b block) {
	name := b.labels[0]
	what := fmt.Sprintf("the default configuration of provider %q", name)
	if alias, ok := literal(attribute(b.body, "alias")); ok {
		what = fmt.Sprintf("provider %q with alias %q", name, alias)
		name += "." + alias
	} else if attribute(b.body, "alias") != nil {
		return
	}
	r.declareName(m, b, "provider."+name, what, declaration{at: b.at})
}

// declareScoped adds the data source that a check block may have of its own.
func declareScoped(m *module, b block) {
	body, ok := b.body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, inner := range body.Blocks {
		if inner.Type == "data" && len(inner.Labels) == 2 {
			m.names["data."+inner.Labels[0]+"."+inner.Labels[1]] = declaration{at: inner.DefRange()}
		}
	}
}

// checkArguments finds arguments that a variable or output does not have.
func (r *run) checkArguments(b block) {
	if b.file.kind == asJSON {
		return // blocks look like arguments there
	}
	known := arguments(b.typ)
	for _, a := range attributes(b.body) {
		if slices.Contains(known, a.Name) {
			continue
		}
		message := fmt.Sprintf("a %s has no argument %q", b.typ, a.Name)
		if near := nearest.Of(a.Name, known); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		r.add(b.file.path, a.NameRange, RuleArgument, message, validate.OfFile)
	}
}
