package template

import (
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxDepth bounds how deep a template may be nested.
const maxDepth = 100

var errTooDeep = errors.New("it is nested too deep")

// inspect finds what would make reading the tree under n go on for long: it is
// nested too deep, or has aliases.
func (r *reader) inspect(n *yaml.Node, depth int) {
	if n.Kind == yaml.AliasNode {
		r.faults.at(n, "CloudFormation takes no YAML aliases (*%s): write it out", n.Value)
		return
	}
	if depth > maxDepth {
		r.faults.at(n, "%w: more than %d levels", errTooDeep, maxDepth)
		return
	}
	for _, child := range n.Content {
		r.inspect(child, depth+1)
	}
}

// value turns a node into a plain tree, its short tags into the long form, and
// keeps what it refers to.
func (r *reader) value(n *yaml.Node) any {
	if isCall(n) {
		return r.short(n, strings.TrimPrefix(n.Tag, "!"))
	}
	switch n.Kind {
	case yaml.MappingNode:
		if !r.standard(n, "!!map") {
			return nil
		}
		return r.mapping(n)
	case yaml.SequenceNode:
		if !r.standard(n, "!!seq") {
			return nil
		}
		return r.sequence(n)
	}
	v, err := scalar(n)
	if err != nil {
		r.faults.at(n, "%w", err)
	}
	return v
}

// isCall reports whether n has a tag of its author's, such as !Sub.
func isCall(n *yaml.Node) bool {
	return strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!"
}

// standard reports whether a collection has the tag that it has by itself.
func (r *reader) standard(n *yaml.Node, tag string) bool {
	if t := n.ShortTag(); t != tag && t != "!" {
		r.faults.at(n, "CloudFormation does not know the YAML tag %s", t)
		return false
	}
	return true
}

func (r *reader) sequence(n *yaml.Node) []any {
	list := make([]any, 0, len(n.Content))
	for _, child := range n.Content {
		list = append(list, r.value(child))
	}
	return list
}

func (r *reader) mapping(n *yaml.Node) map[string]any {
	if len(n.Content) == 2 && isFunction(n.Content[0].Value) {
		return r.function(n, n.Content[0].Value, n.Content[1])
	}
	m := make(map[string]any, len(n.Content)/2)
	for _, p := range r.pairs(n) {
		m[p.name] = r.value(p.value)
	}
	return m
}

// pair is one entry of a mapping.
type pair struct {
	name       string
	key, value *yaml.Node
}

// pairs returns the entries of a mapping, in order, without those whose key is at fault.
func (r *reader) pairs(n *yaml.Node) []pair {
	pairs := make([]pair, 0, len(n.Content)/2)
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		line, twice := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.faults.at(key, "a key is one word, not a list or a mapping")
		case key.Value == "<<" && key.Style == 0:
			r.faults.at(key, "CloudFormation takes no YAML merges (<<): write the keys out")
		case isCall(key):
			r.faults.at(key, "a key cannot be computed (%s)", key.Tag)
		case twice:
			r.faults.at(key, "key %q is given twice, first in line %d", key.Value, line)
		default:
			seen[key.Value] = key.Line
			pairs = append(pairs, pair{key.Value, key, n.Content[i+1]})
		}
	}
	return pairs
}

// scalar is the value of a scalar as CloudFormation reads it: booleans of YAML 1.1,
// and numbers. A number whose text would not survive, such as the account 012345678901
// or the version 7.10, stays text, and so do dates.
func scalar(n *yaml.Node) (any, error) {
	tag := n.ShortTag()
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch {
	case quoted && n.Style&yaml.TaggedStyle == 0, tag == "!!str" && n.Style&yaml.TaggedStyle != 0, tag == "!":
		return n.Value, nil
	case tag == "!!null":
		return nil, errors.New("a value is missing, and CloudFormation takes no null")
	case tag != "!!str" && tag != "!!bool" && tag != "!!int" && tag != "!!float" && tag != "!!timestamp" && tag != "!!merge",
		tag == "!!timestamp" && n.Style&yaml.TaggedStyle != 0:
		return nil, errors.New("CloudFormation does not know the YAML tag " + tag)
	}
	switch n.Value {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return true, nil
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return false, nil
	}
	return number(n.Value), nil
}

// number is text as a number where that loses nothing, and else text itself.
func number(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(i, 10) == text {
		return i
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && formatFloat(f) == text {
		return f
	}
	return text
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Text is a scalar of a tree as CloudFormation writes it where it wants a string.
func Text(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return formatFloat(v), true
	}
	return "", false
}
