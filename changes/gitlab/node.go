package gitlab

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxNodes bounds what the aliases of a template may grow to.
const maxNodes = 1 << 18

// maxDepth bounds how deep a template may be nested.
const maxDepth = 200

// resolver copies a tree without its anchors: aliases become copies of what
// they stand for, and merge keys what they bring. A copy of a job may then stand
// in the pipeline many times.
type resolver struct {
	budget int
	fault  string
	at     *yaml.Node
}

// fail keeps the first fault.
func (r *resolver) fail(at *yaml.Node, fault string) {
	if r.fault == "" {
		r.fault, r.at = fault, at
	}
}

func (r *resolver) resolve(node *yaml.Node, depth int) *yaml.Node {
	for node.Kind == yaml.AliasNode && node.Alias != nil {
		node = node.Alias
		depth++ // of an alias within itself too
	}
	r.budget--
	if r.budget < 0 || depth > maxDepth {
		r.fail(node, "it is nested too deep, or its aliases make too much of it")
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	}
	c := *node
	c.Anchor, c.Content = "", nil
	if node.Kind != yaml.MappingNode {
		for _, child := range node.Content {
			c.Content = append(c.Content, r.resolve(child, depth+1))
		}
		return &c
	}
	var merged []*yaml.Node
	seen := make(map[string]bool, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], r.resolve(node.Content[i+1], depth+1)
		if key.Kind == yaml.ScalarNode && seen[key.Value] {
			r.fail(key, fmt.Sprintf("key %q is given twice", key.Value))
		}
		seen[key.Value] = true
		if key.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		c.Content = append(c.Content, r.resolve(key, depth+1), value)
	}
	for _, from := range merged {
		r.merge(&c, from)
	}
	return &c
}

// merge adds the keys that to lacks. Source: https://yaml.org/type/merge.html
func (r *resolver) merge(to, from *yaml.Node) {
	switch from.Kind {
	case yaml.SequenceNode:
		for _, one := range from.Content {
			if one.Kind == yaml.MappingNode {
				r.merge(to, one)
				continue
			}
			r.fail(one, "a merge key (<<) takes mappings only")
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(from.Content); i += 2 {
			if key, _ := find(to, from.Content[i].Value); key == nil {
				to.Content = append(to.Content, from.Content[i], from.Content[i+1])
			}
		}
	default:
		r.fail(from, "a merge key (<<) takes mappings only")
	}
}

// find returns a key of a mapping and its value, or nil.
func find(node *yaml.Node, name string) (key, value *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i], node.Content[i+1]
		}
	}
	return nil, nil
}

// text is a string, in quotes where YAML of any version could read another type.
func text(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if !plainWord(value) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// plainWord reports whether value is a string in every version of YAML.
func plainWord(value string) bool {
	switch strings.ToLower(value) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nil":
		return false
	}
	for i, r := range value {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789_-/. ", r)) {
			return false
		}
	}
	return !strings.HasSuffix(value, " ")
}

func boolean(value bool) *yaml.Node {
	if value {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}
}

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: items}
}

// mapping makes one of names and the nodes that follow each.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		if name, ok := p.(string); ok {
			node.Content = append(node.Content, text(name))
			continue
		}
		node.Content = append(node.Content, p.(*yaml.Node))
	}
	return node
}
