package exemplar

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Set gives a property of a resource a value, in the place of the one that it
// has. A property of a property has periods in its name, as "Data.Tags". A comment
// above the property stays.
func (t *Template) Set(resource, property string, value any) error {
	path := append([]string{resource, "Properties"}, strings.Split(property, ".")...)
	node := find(t.section("Resources"), path...)
	if node == nil {
		return fmt.Errorf("set %s of %s: there is no such property", property, resource)
	}
	out, err := encode(value)
	if err != nil {
		return fmt.Errorf("set %s of %s: %w", property, resource, err)
	}
	*node = *out
	return nil
}

// Append adds an element to a list that a resource has as property.
func (t *Template) Append(resource, property string, value any) error {
	node := find(t.section("Resources"), resource, "Properties", property)
	if node == nil || node.Kind != yaml.SequenceNode {
		return fmt.Errorf("append to %s of %s: there is no such list", property, resource)
	}
	out, err := encode(value)
	if err != nil {
		return fmt.Errorf("append to %s of %s: %w", property, resource, err)
	}
	node.Content = append(node.Content, out)
	return nil
}

func encode(value any) (*yaml.Node, error) {
	var out yaml.Node
	if err := out.Dump(value); err != nil {
		return nil, err
	}
	quote(&out)
	return &out, nil
}

// Spread repeats each element of a list that refers to a parameter for each of
// values, and takes the parameter away.
func (t *Template) Spread(parameter string, values []string) {
	for _, resource := range pairs(t.section("Resources")) {
		spread(resource, parameter, values)
	}
	remove(t.section("Parameters"), parameter)
}

// Settle puts values in the place of parameters, and decides conditions, as a
// [Copy] does, in all resources and outputs. What is settled is asked for no more.
func (t *Template) Settle(values map[string]any, conditions map[string]bool) {
	c := Copy{Values: values, Conditions: conditions}
	for _, name := range []string{"Resources", "Outputs"} {
		section := t.section(name)
		var content []*yaml.Node
		for key, value := range pairs(section) {
			content = append(content, c.entry(&repeater{}, key, value)...)
		}
		section.Content = content
	}
	for name := range values {
		remove(t.section("Parameters"), name)
	}
	for name := range conditions {
		remove(t.section("Conditions"), name)
	}
}

// remove takes a key and its value out of a mapping.
func remove(mapping *yaml.Node, key string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
			return
		}
	}
}

func spread(n *yaml.Node, parameter string, values []string) {
	var content []*yaml.Node
	for _, child := range n.Content {
		spread(child, parameter, values)
		if n.Kind != yaml.SequenceNode || !refers(child, parameter) {
			content = append(content, child)
			continue
		}
		for _, value := range values {
			c := Copy{Values: map[string]any{parameter: value}}
			content = append(content, c.node(&repeater{}, child))
		}
	}
	n.Content = content
}

// refers reports whether n holds a !Ref to a parameter, or a !Sub of text with it.
func refers(n *yaml.Node, parameter string) bool {
	if n.Tag == "!Ref" && n.Value == parameter || n.Tag == "!Sub" && strings.Contains(n.Value, "${"+parameter+"}") {
		return true
	}
	for _, child := range n.Content {
		if refers(child, parameter) {
			return true
		}
	}
	return false
}

// Discard makes all resources that would stay, or leave a snapshot, go with
// their stack.
func (t *Template) Discard() {
	for _, resource := range pairs(t.section("Resources")) {
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if node := find(resource, policy); node != nil {
				node.Value, node.LineComment = "Delete", ""
			}
		}
	}
}
