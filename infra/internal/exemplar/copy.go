package exemplar

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Copy is one of the many that an exemplar stands for.
type Copy struct {
	// IDs says by kind what the logical ids of that kind begin with in this copy.
	// A node of a cache has two: its own, and that of its cache.
	IDs map[string]string
	// Values are literals for parameters of the exemplar: a string, an int or a
	// []string. A parameter without one is repeated as a parameter.
	Values map[string]any
	// Conditions decides conditions of the exemplar.
	Conditions map[string]bool
}

// entry returns the key and the value of v in the copy, or nil where a
// condition leaves it out.
func (c Copy) entry(r *repeater, k, v *yaml.Node) []*yaml.Node {
	key := *k
	key.Value = r.rename(c, k.Value)
	value := c.node(r, v)
	if on := find(value, "DependsOn"); on != nil {
		on.Value = r.rename(c, on.Value)
		for _, one := range on.Content {
			one.Value = r.rename(c, one.Value)
		}
	}
	if holds, decided := c.Conditions[text(find(value, "Condition"))]; decided && !holds {
		return nil
	} else if decided {
		remove(value, "Condition")
	}
	return []*yaml.Node{&key, value}
}

// node returns a deep copy of n in which values stand for parameters, names are
// those of the copy, and decided conditions are gone. It is nil where such a
// condition leaves !Ref AWS::NoValue.
func (c Copy) node(r *repeater, n *yaml.Node) *yaml.Node {
	switch {
	case n.Tag == "!If" && len(n.Content) == 3:
		if holds, decided := c.Conditions[n.Content[0].Value]; decided {
			return c.branch(r, n, holds)
		}
	case n.Tag == "!Ref":
		if value, ok := c.Values[n.Value]; ok {
			return literal(value, n)
		}
	}
	out := *n
	out.Content = nil
	c.refer(r, &out)
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i+step <= len(n.Content); i += step {
		value := c.node(r, n.Content[i+step-1])
		if value == nil {
			continue
		}
		if step == 2 {
			out.Content = append(out.Content, c.node(r, n.Content[i]))
		}
		out.Content = append(out.Content, value)
	}
	return &out
}

// refer makes a scalar refer to what is the copy's.
func (c Copy) refer(r *repeater, n *yaml.Node) {
	switch {
	case n.Tag == "!Ref" || n.Tag == "!GetAtt":
		id, attribute, found := strings.Cut(n.Value, ".")
		n.Value = r.rename(c, id)
		if found {
			n.Value += "." + attribute
		}
	case n.Tag == "!Sub" && n.Kind == yaml.ScalarNode:
		n.Value = c.sub(r, n.Value)
		if !strings.Contains(n.Value, "${") { // what refers to nothing is text
			n.Tag, n.Style = "!!str", n.Style&^yaml.TaggedStyle
			quote(n)
		}
	}
}

func (c Copy) branch(r *repeater, n *yaml.Node, holds bool) *yaml.Node {
	branch := n.Content[2]
	if holds {
		branch = n.Content[1]
	}
	if branch.Tag == "!Ref" && branch.Value == "AWS::NoValue" {
		return nil
	}
	out := c.node(r, branch)
	out.HeadComment, out.LineComment = n.HeadComment, n.LineComment
	return out
}

// reference is a name in the text of !Sub, with its attribute if it has one.
// ${!Literal} is none.
var reference = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)(\.[A-Za-z0-9.]+)?\}`)

// sub returns the text of a !Sub in the copy.
func (c Copy) sub(r *repeater, text string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		part := reference.FindStringSubmatch(found)
		if value, ok := c.Values[part[1]]; ok {
			return strings.ReplaceAll(fmt.Sprint(value), "${", "${!")
		}
		return "${" + r.rename(c, part[1]) + part[2] + "}"
	})
}

// literal returns a node of value with the comments of the one that it replaces.
func literal(value any, old *yaml.Node) *yaml.Node {
	out := scalar(value)
	if list, ok := value.([]string); ok {
		out = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
		for _, item := range list {
			out.Content = append(out.Content, scalar(item))
		}
	}
	out.HeadComment, out.LineComment, out.FootComment = old.HeadComment, old.LineComment, old.FootComment
	return out
}

func scalar(value any) *yaml.Node {
	out := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: fmt.Sprint(value)}
	if _, ok := value.(int); ok {
		out.Tag = "!!int"
		return out
	}
	quote(out)
	return out
}

// ambiguous is text that YAML 1.1, which CloudFormation reads, takes for something
// else: a boolean, nothing, a number, a time, an operator.
var ambiguous = regexp.MustCompile(`^(?i:y|yes|n|no|on|off|true|false|null)$|^(~|=|<<|)$|^[-+.]?[0-9.][0-9A-Fa-f_:.xo+eE-]*$|^[-+]?\.(?i:inf|nan)$|^[0-9]{4}-`)

// quote puts quotes around a text that would be something else without them.
func quote(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && ambiguous.MatchString(n.Value) {
		n.Style = yaml.SingleQuotedStyle
	}
	for _, child := range n.Content {
		quote(child)
	}
}

// bare removes the comments of n and of all below it.
func bare(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, child := range n.Content {
		bare(child)
	}
}
