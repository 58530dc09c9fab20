package template

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// isFunction reports whether a mapping with name as its only key may be a call of
// an intrinsic function. Source: CloudFormation template reference, "Intrinsic
// functions" and "Rule functions"; AWS::LanguageExtensions adds Length, ToJsonString
// and ForEach.
func isFunction(name string) bool {
	if name == "Ref" || name == "Condition" {
		return true
	}
	short, ok := strings.CutPrefix(name, "Fn::")
	if !ok {
		return false
	}
	switch short {
	case "GetAtt", "Sub", "Join", "Split", "Select", "If", "FindInMap", "GetAZs", "Base64", "Cidr", "ImportValue",
		"And", "Or", "Not", "Equals", "Transform", "Length", "ToJsonString",
		"Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll":
		return true
	}
	return strings.HasPrefix(short, "ForEach::")
}

// short reads a call in the form of a tag: !Sub text.
func (r *reader) short(n *yaml.Node, name string) any {
	long := "Fn::" + name
	if name == "Ref" || name == "Condition" {
		long = name
	}
	if !isFunction(long) || strings.Contains(name, ":") {
		r.faults.at(n, "unknown function !%s", name)
		return nil
	}
	arg := *n
	arg.Tag, arg.Style = "", n.Style&^yaml.TaggedStyle
	if n.Kind == yaml.ScalarNode {
		arg.Tag = "!!str" // the text as it stands: !Ref 123 is no number
		if arg.Style == 0 {
			arg.Style = yaml.DoubleQuotedStyle
		}
	}
	return r.function(n, long, &arg)
}

// function reads a call, and keeps what it refers to.
func (r *reader) function(at *yaml.Node, name string, argument *yaml.Node) map[string]any {
	switch name {
	case "Fn::If":
		r.maybe++
		defer func() { r.maybe-- }()
	case "Fn::Transform":
		r.template.macros = true
	}
	arg := r.value(argument)
	if arg == nil {
		return nil // its fault is told
	}
	if name == "Fn::GetAtt" {
		arg = r.getAtt(at, arg)
	}
	r.refer(at, name, arg)
	return map[string]any{name: arg}
}

// getAtt returns the argument of Fn::GetAtt as a list of two.
func (r *reader) getAtt(at *yaml.Node, arg any) any {
	if text, ok := arg.(string); ok {
		id, attribute, found := strings.Cut(text, ".")
		if !found || id == "" || attribute == "" {
			r.faults.at(at, "Fn::GetAtt wants a resource and its attribute, as in LogicalID.Attribute, not %q", text)
		}
		return []any{id, attribute}
	}
	list, ok := arg.([]any)
	if !ok || len(list) != 2 {
		r.faults.at(at, "Fn::GetAtt wants a resource and its attribute, as in [LogicalID, Attribute]")
		return arg
	}
	if _, ok := list[0].(string); !ok {
		r.faults.at(at, "Fn::GetAtt wants a logical id first, which cannot be computed")
	}
	return arg
}
