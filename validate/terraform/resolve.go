package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/mettel-automation/delivery/internal/nearest"
	"github.com/mettel-automation/delivery/validate"
)

// resolve finds references of a module to what it does not declare.
func (r *run) resolve(m *module) {
	for _, b := range m.blocks {
		w := walker{run: r, module: m, file: b.file, natively: b.file.kind == native}
		switch b.typ {
		case "terraform", "moved", "removed":
			// Backends take no references, and moves are from what is gone.
		case "import":
			w.attributes(b.body, "to", "provider")
		case "module":
			w.attributes(b.body, "providers")
			r.call(m, b)
		case "variable":
			w.attributes(b.body, "type")
			w.blocks(b.body)
		case "resource", "data", "ephemeral", "action":
			w.attributes(b.body, "provider")
			w.blocks(b.body)
		default:
			w.attributes(b.body)
			w.blocks(b.body)
		}
	}
	r.cycles(m)
}

// walker looks at the references in one block.
type walker struct {
	run      *run
	module   *module
	file     source
	natively bool
	scope    []string // names that dynamic blocks bring
}

// attributes looks at the arguments of a body but those that are no references.
func (w walker) attributes(body hcl.Body, except ...string) {
	for _, a := range attributes(body) {
		if !slices.Contains(except, a.Name) {
			w.expression(a.Expr)
		}
	}
}

// blocks looks at the blocks within a body, at any depth. JSON has none: they
// look like arguments there.
func (w walker) blocks(body hcl.Body) {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, b := range native.Blocks {
		switch b.Type {
		case "dynamic":
			w.dynamic(b)
		case "lifecycle":
			w.attributes(b.Body, "ignore_changes")
			w.blocks(b.Body)
		case "data": // of a check block
			w.attributes(b.Body, "provider")
			w.blocks(b.Body)
		default:
			w.attributes(b.Body)
			w.blocks(b.Body)
		}
	}
}

// dynamic looks at a dynamic block: in its content there is an iterator, named
// like the block unless it says otherwise.
func (w walker) dynamic(b *hclsyntax.Block) {
	iterator := ""
	if len(b.Labels) > 0 {
		iterator = b.Labels[0]
	}
	if a := b.Body.Attributes["iterator"]; a != nil {
		if word := hcl.ExprAsKeyword(a.Expr); word != "" {
			iterator = word
		}
	}
	inner := w
	inner.scope = append(append([]string(nil), w.scope...), iterator)
	for _, a := range inOrder(b.Body.Attributes) {
		switch a.Name {
		case "iterator":
		case "labels":
			inner.expression(a.Expr)
		default:
			w.expression(a.Expr)
		}
	}
	inner.blocks(b.Body)
}

func (w walker) expression(e hcl.Expression) {
	for _, t := range e.Variables() {
		if w.reference(t) && !guarded(e, t.SourceRange()) {
			w.run.output(w.module, w.file, t)
		}
	}
}

// guarded reports whether a place in e is an argument of try or can, which catch
// the error of an attribute that is not there. In JSON there is no telling.
func guarded(e hcl.Expression, at hcl.Range) bool {
	native, ok := e.(hclsyntax.Expression)
	if !ok {
		return true
	}
	found := false
	_ = hclsyntax.VisitAll(native, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		found = found || ok && (call.Name == "try" || call.Name == "can") && call.Range().ContainsPos(at.Start)
		return nil
	})
	return found
}

// reference finds a traversal such as var.a.b whose beginning is not declared.
// It reports whether t refers to a module that is.
func (w walker) reference(t hcl.Traversal) bool {
	if t.IsRelative() || slices.Contains(w.scope, t.RootName()) {
		return false
	}
	names := leading(t)
	root := names[0]
	if root == "resource" { // resource.type.name is type.name
		names = names[1:]
		if len(names) == 0 {
			return false
		}
		root = ""
	}
	at := t.SourceRange()
	switch root {
	case "var", "local", "module":
		if len(names) > 1 {
			return w.declared(at, strings.Join(names[:2], ".")) && root == "module"
		}
	case "data", "ephemeral", "action":
		if len(names) > 2 {
			w.declared(at, strings.Join(names[:3], "."))
		}
	case "each", "count", "self", "path", "terraform", "run", "provider", "list":
	default:
		// The arguments of a JSON block may be dynamic blocks and hence bring names.
		if len(names) > 1 && w.natively {
			w.declared(at, strings.Join(names[:2], "."))
		}
	}
	return false
}

// leading returns the names that a traversal begins with, up to an index.
func leading(t hcl.Traversal) []string {
	var names []string
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			names = append(names, s.Name)
		case hcl.TraverseAttr:
			names = append(names, s.Name)
		default:
			return names
		}
	}
	return names
}

// declared reports whether address is declared, and adds a finding where not.
func (w walker) declared(at hcl.Range, address string) bool {
	if _, ok := w.module.names[address]; ok {
		return true
	}
	kind, name, _ := strings.Cut(address, ".")
	what := map[string]string{"var": "variable", "local": "local", "module": "module", "data": "data source", "ephemeral": "ephemeral resource", "action": "action"}[kind]
	prefix := kind + "."
	if what == "" {
		what, name = "resource", address
		prefix = kind + "."
	}
	message := fmt.Sprintf("%s %q is not declared in this module", what, name)
	var names []string
	for known := range w.module.names {
		if rest, ok := strings.CutPrefix(known, prefix); ok {
			names = append(names, rest)
		}
	}
	if near := nearest.Of(strings.TrimPrefix(address, prefix), names); near != "" {
		message += fmt.Sprintf("; did you mean %s%s?", prefix, near)
	}
	w.run.add(w.file.path, at, RuleUndeclared, message, validate.OfModule)
	return false
}
