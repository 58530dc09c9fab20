package awsnuke

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The words that aws-nuke knows in a filter.
const (
	typeExact = "exact"
	typeNotIn = "NotIn"

	globalFilters = "__global__" // the filters of all types, v3 only
	defaultGroup  = "default"
)

// filter is one condition under which aws-nuke keeps an item.
type filter struct {
	line     int
	group    string
	kind     string // how value is compared; "" is exact
	property string // "" is the id
	value    string
	values   []string
	invert   bool
}

// filter reads one filter. A word alone is an id.
func (r *reader) filter(node *yaml.Node) filter {
	at := node.Line
	node = follow(node)
	f := filter{line: at, group: defaultGroup, kind: typeExact}
	switch {
	case node.Kind == yaml.ScalarNode:
		f.value = node.Value
	case node.Kind == yaml.MappingNode && r.major == 2:
		r.filter2(node, &f)
	case node.Kind == yaml.MappingNode:
		r.filter3(node, &f)
	default:
		r.fail(at, "a filter must be a word or a mapping")
	}
	return f
}

// filter2 reads a filter as v2 does: every value is taken as it is written.
func (r *reader) filter2(node *yaml.Node, f *filter) {
	f.kind = ""
	for _, p := range r.mapping(node, "a filter") {
		if p.value.Kind != yaml.ScalarNode {
			r.fail(p.key.line, "%s of a filter must be a word", p.key.value)
			continue
		}
		value := p.value.Value
		if isNull(p.value) {
			value = ""
		}
		switch p.key.value {
		case "type":
			f.kind = value
		case "value":
			f.value = value
		case "property":
			f.property = value
		case "invert":
			f.invert = strings.TrimSpace(strings.ToLower(value)) == "true"
			if !f.invert && strings.TrimSpace(strings.ToLower(value)) != "false" {
				r.warn(p.key.line, "invert: %s does not invert: aws-nuke v2 knows only true", value)
			}
		default:
			r.stranger(p.key, []string{"type", "value", "property", "invert"})
		}
	}
}

// filter3 reads a filter as v3 does, which ends with a crash where a word is
// not a string.
func (r *reader) filter3(node *yaml.Node, f *filter) {
	for _, p := range r.mapping(node, "a filter") {
		if p.key.value != "invert" && p.key.value != "values" && !isNull(p.value) && p.value.ShortTag() != "!!str" {
			if slices.Contains([]string{"type", "value", "property", "group"}, p.key.value) {
				r.fail(p.key.line, "%s of a filter must be a string: put it in quotes", p.key.value)
				continue
			}
		}
		switch p.key.value {
		case "type":
			f.kind = word(p.value, typeExact)
		case "value":
			f.value = word(p.value, "")
		case "property":
			f.property = word(p.value, "")
		case "group":
			f.group = word(p.value, defaultGroup)
		case "values":
			f.values = r.filterValues(p)
		case "invert":
			f.invert = r.inverted(p)
		default:
			r.stranger(p.key, []string{"type", "value", "values", "property", "invert", "group"})
		}
	}
}

func (r *reader) stranger(key text, known []string) {
	r.warn(key.line, "aws-nuke ignores the key %q of a filter%s", key.value, hint(key.value, known))
}

func word(node *yaml.Node, null string) string {
	if isNull(node) {
		return null
	}
	return node.Value
}

func (r *reader) filterValues(p pair) []string {
	if isNull(p.value) {
		return nil
	}
	if p.value.Kind != yaml.SequenceNode {
		r.fail(p.key.line, "values of a filter must be a list")
		return nil
	}
	var all []string
	for _, one := range p.value.Content {
		value := follow(one)
		if value.Kind != yaml.ScalarNode || value.ShortTag() != "!!str" {
			r.warn(one.Line, "aws-nuke reads %q in values as an empty string, since it is no string: put it in quotes", value.Value)
			all = append(all, "")
			continue
		}
		all = append(all, value.Value)
	}
	return all
}

// inverted reads invert as v3 does: a boolean, or a string that Go takes for
// one. Anything else is passed over, which turns the filter around.
func (r *reader) inverted(p pair) bool {
	switch p.value.ShortTag() {
	case "!!null":
		return false
	case "!!bool":
		value, _ := truth(p.value)
		return value
	case "!!str":
		value, err := strconv.ParseBool(p.value.Value)
		if err != nil {
			r.fail(p.key.line, "invert: %s is neither true nor false", p.value.Value)
		}
		return value
	}
	r.warn(p.key.line, "invert: %s does not invert: aws-nuke ignores what is neither a boolean nor a string", p.value.Value)
	return false
}
