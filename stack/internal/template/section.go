package template

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader makes a Template of a document.
type reader struct {
	template *Template
	faults   faults
	section  string // such as Resources, while what is in it is read
	owner    string // the name of the entry that is read
	maybe    int    // how many Fn::If one is in
}

// sections reads the whole document.
func (r *reader) sections(root *yaml.Node) {
	pairs := r.pairs(root)
	for _, p := range pairs {
		if p.name == "Transform" {
			r.transforms(p.value)
		}
	}
	read := map[string]func(*yaml.Node){
		"Parameters": r.parameters, "Mappings": r.mappings, "Conditions": r.conditions,
		"Rules": r.rules, "Resources": r.resources, "Outputs": r.outputs,
	}
	var resources *yaml.Node
	for _, p := range pairs {
		r.section, r.owner = p.name, ""
		switch p.name {
		case "AWSTemplateFormatVersion":
			if p.value.Value != "2010-09-09" {
				r.faults.at(p.value, "AWSTemplateFormatVersion can only be 2010-09-09")
			}
		case "Description":
			r.template.Description = r.text(p.value, "the description")
		case "Transform":
		case "Metadata":
			r.section = "" // nothing in it is evaluated
			r.value(p.value)
		case "Globals", "Hooks":
			r.value(p.value)
		default:
			if read[p.name] == nil {
				r.faults.at(p.key, "unknown section %q", p.name)
				continue
			}
			read[p.name](p.value)
			if p.name == "Resources" {
				resources = p.value
			}
		}
	}
	switch {
	case resources == nil:
		r.faults.at(root, "%w", ErrNoResources)
	case resources.Kind == yaml.MappingNode && len(resources.Content) == 0:
		r.faults.at(resources, "%w", ErrNoResources)
	}
}

func (r *reader) transforms(n *yaml.Node) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, one := range list {
		if one.Kind == yaml.MappingNode { // {Name: AWS::Include, Parameters: ...}
			for _, p := range r.pairs(one) {
				if p.name == "Name" {
					one = p.value
					break
				}
			}
		}
		if name := r.text(one, "a transform"); name != "" {
			r.template.Transforms = append(r.template.Transforms, name)
		}
	}
}

// entries returns what a section holds by name. The names are alphanumeric, but
// those that a transform replaces.
func (r *reader) entries(n *yaml.Node, kind string) []pair {
	if n.Kind != yaml.MappingNode {
		r.faults.at(n, "%s is a mapping of names", r.section)
		return nil
	}
	return slices.DeleteFunc(r.pairs(n), func(p pair) bool {
		if strings.HasPrefix(p.name, "Fn::") {
			if len(r.template.Transforms) == 0 {
				r.faults.at(p.key, "%s needs a Transform", p.name)
			}
			r.template.macros = true
			return true
		}
		if !alphanumeric(p.name) {
			r.faults.at(p.key, "%s %q: names have up to 255 letters and digits, and nothing else", kind, p.name)
			return true
		}
		return false
	})
}

func alphanumeric(name string) bool {
	return name != "" && len(name) <= 255 && !strings.ContainsFunc(name, func(c rune) bool {
		return ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9')
	})
}

func (r *reader) mappings(n *yaml.Node) {
	r.section = "" // there are no functions in it
	r.template.Mappings = map[string]any{}
	for _, p := range r.entries(n, "mapping") {
		top, ok := r.value(p.value).(map[string]any)
		if !ok {
			r.faults.at(p.value, "mapping %s: it has two levels of keys", p.name)
			continue
		}
		for key, second := range top {
			if _, ok := second.(map[string]any); !ok {
				r.faults.at(p.value, "mapping %s: %q has no second level of keys", p.name, key)
			}
		}
		r.template.Mappings[p.name] = top
	}
}

func (r *reader) conditions(n *yaml.Node) {
	r.template.Conditions = map[string]any{}
	for _, p := range r.entries(n, "condition") {
		r.owner = p.name
		r.template.Conditions[p.name] = r.value(p.value)
	}
}

func (r *reader) rules(n *yaml.Node) {
	r.template.Rules = map[string]any{}
	for _, p := range r.entries(n, "rule") {
		r.owner = p.name
		r.template.Rules[p.name] = r.value(p.value)
	}
}

func (r *reader) resources(n *yaml.Node) {
	for _, p := range r.entries(n, "resource") {
		r.owner = p.name
		if res, ok := r.resource(p); ok {
			r.template.Resources = append(r.template.Resources, res)
		}
	}
}

func (r *reader) resource(p pair) (Resource, bool) {
	res := Resource{Name: p.name, Line: p.key.Line}
	before := r.faults.count()
	if p.value.Kind != yaml.MappingNode {
		r.faults.at(p.value, "resource %s: it is a mapping with a Type", p.name)
		return res, false
	}
	for _, a := range r.pairs(p.value) {
		what := "resource " + p.name + ": " + a.name
		switch a.name {
		case "Type":
			res.Type = r.text(a.value, what)
			r.template.macros = r.template.macros || strings.HasSuffix(res.Type, "::MODULE")
		case "Condition":
			res.Condition = r.text(a.value, what)
			r.keep(a.value, reference{kind: condition, target: res.Condition})
		case "DependsOn":
			res.DependsOn = r.dependsOn(a.value, what)
		case "DeletionPolicy":
			res.DeletionPolicy = r.policy(a.value, what, "Delete", "Retain", "Snapshot", "RetainExceptOnCreate")
		case "UpdateReplacePolicy":
			res.UpdateReplacePolicy = r.policy(a.value, what, "Delete", "Retain", "Snapshot")
		case "Properties":
			res.Properties = r.object(a.value, what)
		case "Metadata":
			res.Metadata = r.object(a.value, what)
		case "CreationPolicy", "UpdatePolicy":
			r.object(a.value, what)
		default:
			if len(r.template.Transforms) == 0 {
				r.faults.at(a.key, "resource %s: unknown attribute %q; properties stand under Properties", p.name, a.name)
			}
		}
	}
	if res.Type == "" && r.faults.count() == before {
		r.faults.at(p.key, "resource %s: it has no Type", p.name)
	}
	return res, res.Type != ""
}

func (r *reader) dependsOn(n *yaml.Node, what string) []string {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var names []string
	for _, one := range list {
		if name := r.text(one, what); name != "" {
			names = append(names, name)
			r.keep(one, reference{kind: dependsOn, target: name})
		}
	}
	return names
}

// policy is one of the words of a policy. AWS::LanguageExtensions lets it be computed.
func (r *reader) policy(n *yaml.Node, what string, words ...string) string {
	if len(r.template.Transforms) > 0 && (n.Kind == yaml.MappingNode || isCall(n)) {
		return ""
	}
	word := r.text(n, what)
	if word != "" && !slices.Contains(words, word) {
		r.faults.at(n, "%s is one of %s, not %q", what, strings.Join(words, ", "), word)
	}
	return word
}

func (r *reader) outputs(n *yaml.Node) {
	for _, p := range r.entries(n, "output") {
		r.owner = p.name
		out := Output{Name: p.name, Line: p.key.Line}
		before := r.faults.count()
		if p.value.Kind != yaml.MappingNode {
			r.faults.at(p.value, "output %s: it is a mapping with a Value", p.name)
			continue
		}
		for _, a := range r.pairs(p.value) {
			what := "output " + p.name + ": " + a.name
			switch a.name {
			case "Value":
				out.Value = r.value(a.value)
			case "Description":
				out.Description = r.text(a.value, what)
			case "Condition":
				out.Condition = r.text(a.value, what)
				r.keep(a.value, reference{kind: condition, target: out.Condition})
			case "Export":
				out.Export = r.object(a.value, what)["Name"]
				if out.Export == nil && r.faults.count() == before {
					r.faults.at(a.value, "%s has no Name", what)
				}
			default:
				r.faults.at(a.key, "output %s: unknown attribute %q", p.name, a.name)
			}
		}
		if out.Value == nil && r.faults.count() == before {
			r.faults.at(p.key, "output %s: it has no Value", p.name)
		}
		r.template.Outputs = append(r.template.Outputs, out)
	}
}

// text is the text of a scalar that takes no function.
func (r *reader) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || isCall(n) {
		r.faults.at(n, "%s is plain text", what)
		return ""
	}
	v, err := scalar(n)
	if err != nil {
		r.faults.at(n, "%s: %w", what, err)
		return ""
	}
	text, _ := Text(v)
	return text
}

// object is a mapping of any values.
func (r *reader) object(n *yaml.Node, what string) map[string]any {
	before := r.faults.count()
	m, ok := r.value(n).(map[string]any)
	if !ok && r.faults.count() == before {
		r.faults.at(n, "%s is a mapping", what)
	}
	return m
}
