package terraform

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/validate"
)

// callee is what a local module offers to those who call it.
type callee struct {
	names map[string]declaration // as of module
	whole bool                   // all its files could be parsed
	found bool                   // there are Terraform files
}

// callee returns what the module in a directory declares. It is read once.
func (r *run) calleeAt(dir string) *callee {
	if c := r.callee[dir]; c != nil {
		return c
	}
	c := &callee{whole: true}
	r.callee[dir] = c
	entries, err := os.ReadDir(filepath.Join(r.root, filepath.FromSlash(dir)))
	if err != nil {
		return c
	}
	// What is wrong with that module is found where it is checked itself.
	quiet := &run{root: r.root, parsed: r.parsed}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	var files []source
	for _, e := range entries {
		f := source{path: path.Join(dir, e.Name()), name: e.Name(), kind: kindOf(e.Name())}
		if e.IsDir() || f.kind != native && f.kind != asJSON || hidden(f.name, names) {
			continue
		}
		c.found = true
		if ok, err := quiet.load(&f); err != nil || !ok {
			c.whole = false
			continue
		}
		files = append(files, f)
	}
	c.names = quiet.declare(dir, files).names
	return c
}

// call checks the call of a module: it has a source, and a local one is there,
// has the variables that are given, and is given those that it needs.
func (r *run) call(m *module, b block) {
	source := attribute(b.body, "source")
	if source == nil {
		if !isOverride(b.file.name) {
			r.add(b.file.path, b.at, RuleArgument, fmt.Sprintf("module %q has no source", b.labels[0]), validate.OfFile)
		}
		return
	}
	target := r.target(m, b)
	if target == nil {
		return
	}
	if !target.found {
		r.add(b.file.path, source.Range, RuleModule, fmt.Sprintf("there is no Terraform in the directory of module %q", b.labels[0]), validate.OfModule)
		return
	}
	if !target.whole {
		return
	}
	r.arguments(m, b, target)
}

// arguments checks those of the call of a local module against its variables.
func (r *run) arguments(m *module, b block, target *callee) {
	given := map[string]bool{}
	for _, a := range attributes(b.body) {
		given[a.Name] = true
		if _, ok := target.names["var."+a.Name]; !ok && !meta(a.Name) {
			r.add(b.file.path, a.NameRange, RuleCall, fmt.Sprintf("module %q has no variable %q", b.labels[0], a.Name), validate.OfModule)
		}
	}
	if isOverride(b.file.name) || m.overridden(b) {
		return // the arguments of both are merged
	}
	var missing []string
	for address, d := range target.names {
		if name, ok := strings.CutPrefix(address, "var."); ok && d.required && !given[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		r.add(b.file.path, b.at, RuleCall, fmt.Sprintf("module %q is not given %s, which it has no default for", b.labels[0], strings.Join(missing, ", ")), validate.OfModule)
	}
}

// overridden reports whether an override file has arguments for b.
func (m *module) overridden(b block) bool {
	return slices.ContainsFunc(m.blocks, func(o block) bool {
		return o.typ == b.typ && slices.Equal(o.labels, b.labels) && isOverride(o.file.name)
	})
}

// target returns the local module that b calls, or nil where it calls another.
func (r *run) target(m *module, b block) *callee {
	address, ok := literal(attribute(b.body, "source"))
	if !ok || !strings.HasPrefix(address, "./") && !strings.HasPrefix(address, "../") {
		return nil
	}
	dir := path.Join(m.dir, address)
	if !filepath.IsLocal(filepath.FromSlash(dir)) {
		return nil // outside the root
	}
	return r.calleeAt(dir)
}

// output checks that the x of module.name.x is an output, where the module is local.
func (r *run) output(m *module, f source, t hcl.Traversal) {
	name := leading(t)[1]
	for _, b := range m.blocks {
		if b.typ != "module" || b.labels[0] != name {
			continue
		}
		target := r.target(m, b)
		if target == nil || !target.found || !target.whole {
			return
		}
		attr, ok := outputOf(t)
		if !ok {
			return
		}
		if _, declared := target.names["output."+attr.Name]; !declared {
			r.add(f.path, attr.SrcRange, RuleUndeclared, fmt.Sprintf("module %q has no output %q", name, attr.Name), validate.OfModule)
		}
		return
	}
}

// outputOf returns the x of module.name.x and of module.name["key"].x.
func outputOf(t hcl.Traversal) (hcl.TraverseAttr, bool) {
	for _, step := range t[min(2, len(t)):] {
		switch s := step.(type) {
		case hcl.TraverseAttr:
			return s, true
		case hcl.TraverseIndex: // of a module with count or for_each
		default:
			return hcl.TraverseAttr{}, false
		}
	}
	return hcl.TraverseAttr{}, false
}

// cycles finds locals that need one another.
func (r *run) cycles(m *module) {
	nodes := make([]dag.Node, 0, len(m.locals))
	byName := map[string]local{}
	for _, l := range m.locals {
		if _, twice := byName[l.name]; twice {
			continue
		}
		byName[l.name] = l
		node := dag.Node{Name: l.name}
		for _, t := range l.attr.Expr.Variables() {
			names := leading(t)
			if len(names) > 1 && names[0] == "local" {
				if _, declared := m.names["local."+names[1]]; declared {
					node.Needs = append(node.Needs, names[1])
				}
			}
		}
		nodes = append(nodes, node)
	}
	_, err := dag.New(nodes)
	for _, cycle := range dag.Cycles(err) {
		l := byName[cycle.Path[0]]
		r.add(l.file.path, l.attr.NameRange, RuleCycle, "local."+strings.Join(cycle.Path, " needs local."), validate.OfModule)
	}
}
