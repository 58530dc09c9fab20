package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/internal/dag"
)

// kind is the way of referring to something.
type kind string

const (
	ref       kind = "Ref"
	getAtt    kind = "Fn::GetAtt"
	sub       kind = "Fn::Sub"
	findInMap kind = "Fn::FindInMap"
	condition kind = "Condition"
	dependsOn kind = "DependsOn"
)

// reference is one place that names something else of the template.
type reference struct {
	kind         kind
	target       string   // a logical id, a parameter, a condition or a mapping
	attribute    bool     // of a Sub: ${A.B}
	keys         []string // of FindInMap: the literal keys, up to the first computed one
	maybe        bool     // within an Fn::If, so that it may never be followed
	line, column int
	section      string // where it stands: Resources
	owner        string // and in what of it
}

// ReferenceError is a reference to something that is not there.
type ReferenceError struct {
	Line, Column int
	In           string // what holds the reference, such as "resource Alb"
	Err          error
}

func (e *ReferenceError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s: %v", e.Line, e.Column, e.In, e.Err)
}

// Unwrap returns what is wrong with the reference.
func (e *ReferenceError) Unwrap() error { return e.Err }

// keep remembers a reference where references mean anything.
func (r *reader) keep(at *yaml.Node, one reference) {
	if r.section == "" || one.target == "" {
		return
	}
	one.section, one.owner, one.maybe = r.section, r.owner, r.maybe > 0
	one.line, one.column = at.Line, at.Column
	r.template.references = append(r.template.references, one)
}

// refer keeps what a call refers to.
func (r *reader) refer(at *yaml.Node, name string, arg any) {
	list, _ := arg.([]any)
	text, isText := arg.(string)
	switch name {
	case "Ref":
		if !isText {
			r.faults.at(at, "Ref wants the name of a parameter or a resource")
			return
		}
		r.keep(at, reference{kind: ref, target: text})
	case "Condition":
		// Elsewhere it is data: the statement of a policy may have such a key.
		if isText && r.section == "Conditions" {
			r.keep(at, reference{kind: condition, target: text})
		}
	case "Fn::GetAtt":
		if len(list) == 2 {
			id, _ := list[0].(string)
			r.keep(at, reference{kind: getAtt, target: id})
		}
	case "Fn::Sub":
		r.referSub(at, arg)
	case "Fn::If":
		if len(list) != 3 {
			r.faults.at(at, "Fn::If wants a condition, and what it is then and else")
			return
		}
		id, _ := list[0].(string)
		r.keep(at, reference{kind: condition, target: id})
	case "Fn::FindInMap":
		r.referMap(at, list)
	}
}

func (r *reader) referSub(at *yaml.Node, arg any) {
	text, values, err := subArguments(arg)
	if err != nil {
		r.faults.at(at, "%w", err)
		return
	}
	parts, err := parseSub(text)
	if err != nil {
		r.faults.at(at, "Fn::Sub: %w", err)
		return
	}
	for _, p := range parts {
		if _, given := values[p.name]; p.name == "" || given {
			continue
		}
		id, _, attribute := strings.Cut(p.name, ".")
		r.keep(at, reference{kind: sub, target: id, attribute: attribute})
	}
}

func (r *reader) referMap(at *yaml.Node, list []any) {
	if len(list) != 3 && (len(list) != 4 || len(r.template.Transforms) == 0) {
		r.faults.at(at, "Fn::FindInMap wants a mapping and its two keys")
		return
	}
	name, _ := list[0].(string)
	one := reference{kind: findInMap, target: name}
	for _, key := range list[1:3] {
		text, ok := Text(key)
		if !ok {
			break
		}
		one.keys = append(one.keys, text)
	}
	r.keep(at, one)
}

// CheckReferences reports each reference to something that is not there, as a
// [*ReferenceError], and each cycle of resources, as a [*dag.CycleError] within one.
// What only some Fn::If brings into a cycle is left to CloudFormation. A template
// with transforms or macros passes, since these may add anything.
func (t *Template) CheckReferences() error {
	if len(t.Transforms) > 0 || t.macros {
		return nil
	}
	names := t.names()
	var found faults
	for _, one := range t.references {
		if err := names.check(one); err != nil {
			found.add(one.line, one.column, &ReferenceError{Line: one.line, Column: one.column, In: one.where(), Err: err})
		}
	}
	t.checkCycles(&found)
	return found.join()
}

func (one reference) where() string {
	if one.owner == "" {
		return one.section
	}
	return strings.ToLower(strings.TrimSuffix(one.section, "s")) + " " + one.owner
}

// names is what a template has, by name.
type names struct {
	parameters, resources, conditions map[string]bool
	mappings                          map[string]any
}

func (t *Template) names() names {
	n := names{map[string]bool{}, map[string]bool{}, map[string]bool{}, t.Mappings}
	for _, p := range t.Parameters {
		n.parameters[p.Name] = true
	}
	for _, r := range t.Resources {
		n.resources[r.Name] = true
	}
	for c := range t.Conditions {
		n.conditions[c] = true
	}
	return n
}

func (n names) check(one reference) error {
	switch one.kind {
	case condition:
		if !n.conditions[one.target] {
			return fmt.Errorf("there is no condition %q", one.target)
		}
		return nil
	case findInMap:
		return n.checkMap(one)
	case dependsOn:
		if !n.resources[one.target] {
			return fmt.Errorf("DependsOn %q, which is no resource", one.target)
		}
	case getAtt:
		if !n.resources[one.target] {
			return fmt.Errorf("Fn::GetAtt of %q, which is no resource", one.target)
		}
	}
	return n.checkName(one)
}

// checkName looks at what Ref, Fn::GetAtt and Fn::Sub name.
func (n names) checkName(one reference) error {
	switch {
	case n.resources[one.target]:
		if one.section == "Conditions" || one.section == "Rules" {
			return fmt.Errorf("%s to resource %q: %s know parameters only", one.kind, one.target, one.section)
		}
		return nil
	case one.attribute:
		return fmt.Errorf("%s takes an attribute of %q, which is no resource", one.kind, one.target)
	case n.parameters[one.target] || isPseudo(one.target):
		return nil
	case strings.HasPrefix(one.target, "AWS::"):
		return fmt.Errorf("%s to %q, which is no pseudo parameter", one.kind, one.target)
	}
	return fmt.Errorf("%s to %q, which is neither a parameter nor a resource", one.kind, one.target)
}

// isPseudo reports whether name is one of the parameters that AWS gives. Source:
// CloudFormation template reference, "Pseudo parameters reference".
func isPseudo(name string) bool {
	switch name {
	case "AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition",
		"AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix":
		return true
	}
	return false
}

func (n names) checkMap(one reference) error {
	tree, ok := n.mappings[one.target]
	if !ok {
		return fmt.Errorf("there is no mapping %q", one.target)
	}
	for _, key := range one.keys {
		level, _ := tree.(map[string]any)
		if tree, ok = level[key]; !ok {
			return fmt.Errorf("mapping %s has no key %q", one.target, key)
		}
	}
	return nil
}

// Needs returns the logical ids on which the resource depends, sorted, each once:
// those that its Ref, Fn::GetAtt, Fn::Sub and DependsOn name, be it within an Fn::If.
func (t *Template) Needs(resource string) []string {
	resources := t.names().resources
	var needs []string
	for _, one := range t.references {
		if one.needed(resource) && resources[one.target] {
			needs = append(needs, one.target)
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// needed reports whether one makes resource depend on its target.
func (one reference) needed(resource string) bool {
	return one.section == "Resources" && one.owner == resource &&
		(one.kind == ref || one.kind == getAtt || one.kind == sub || one.kind == dependsOn)
}

// checkCycles finds the cycles of resources and of conditions.
func (t *Template) checkCycles(found *faults) {
	resources := make([]dag.Node, len(t.Resources))
	lines := make(map[string]int, len(t.Resources))
	for i, r := range t.Resources {
		resources[i], lines[r.Name] = dag.Node{Name: r.Name}, r.Line
	}
	cycles(found, "resource ", lines, resources, t.references, func(one reference) bool {
		return !one.maybe && one.needed(one.owner)
	})
	conditions := make([]dag.Node, 0, len(t.Conditions))
	for _, name := range slices.Sorted(maps.Keys(t.Conditions)) {
		conditions = append(conditions, dag.Node{Name: name})
	}
	lines = make(map[string]int, len(t.Conditions))
	for _, one := range t.references {
		if one.section == "Conditions" && lines[one.owner] == 0 {
			lines[one.owner] = one.line
		}
	}
	cycles(found, "condition ", lines, conditions, t.references, func(one reference) bool {
		return one.section == "Conditions" && one.kind == condition
	})
}

// cycles adds the cycles that those references close which count among nodes.
func cycles(found *faults, kind string, lines map[string]int, nodes []dag.Node, references []reference, counts func(reference) bool) {
	index := make(map[string]int, len(nodes))
	for i, n := range nodes {
		index[n.Name] = i
	}
	for _, one := range references {
		from, known := index[one.owner]
		if _, there := index[one.target]; known && there && counts(one) {
			nodes[from].Needs = append(nodes[from].Needs, one.target)
		}
	}
	_, err := dag.New(nodes) // names are unique and needs known, so that there is nothing but cycles
	for _, cycle := range dag.Cycles(err) {
		first := cycle.Path[0]
		found.add(lines[first], 1, &ReferenceError{Line: lines[first], Column: 1, In: kind + first, Err: cycle})
	}
}
