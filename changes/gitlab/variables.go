package gitlab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

// shellKeys are the keys of a job whose texts a shell reads, which has the
// variables itself: replacing them there would let a value be read as code.
var shellKeys = []string{"script", "before_script", "after_script", "hooks", "run"}

// variables are those of the jobs of a module.
func variables(m changes.Selected) (map[string]string, error) {
	vars := map[string]string{"MODULE": m.Name, "MODULE_STATUS": string(m.Status)}
	from := map[string]string{"MODULE_STATUS": "the status"}
	for _, label := range slices.Sorted(maps.Keys(m.Labels)) {
		name := "MODULE_" + mangle(label)
		if other, taken := from[name]; taken {
			return nil, fmt.Errorf("%w: module %s: the label %q and %s are both the variable %s", ErrName, m.Name, label, other, name)
		}
		from[name] = fmt.Sprintf("the label %q", label)
		vars[name] = m.Labels[label]
	}
	return vars, nil
}

// mangle makes a part of a variable's name of a word: capitals, digits and "_".
func mangle(word string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, word)
}

// expand replaces $NAME and ${NAME} of vars in text. With escape, a "$" in a
// value is doubled, so that GitLab does not expand it once more.
func expand(text string, vars map[string]string, escape bool) string {
	return replace(text, func(name string) (string, bool) {
		value, ok := vars[name]
		if escape {
			value = dollars(value)
		}
		return value, ok
	})
}

// canonical writes $NAME as ${NAME}, so that the same text is written in one way.
func canonical(text string) string {
	return replace(text, func(name string) (string, bool) { return "${" + name + "}", true })
}

// replace replaces $NAME and ${NAME} in text by what value has for it. "$$"
// stands for "$" in GitLab and is left alone.
func replace(text string, value func(name string) (string, bool)) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if strings.HasPrefix(after, "$") {
			b.WriteString("$$")
			text = after[1:]
			continue
		}
		name, rest := reference(after)
		if with, ok := value(name); ok && name != "" {
			b.WriteString(with)
			text = rest
			continue
		}
		b.WriteByte('$')
		text = after
	}
}

// reference reads the name of a variable after "$", and returns what follows it.
func reference(s string) (name, rest string) {
	inner, braced := strings.CutPrefix(s, "{")
	end := 0
	for end < len(inner) && (inner[end] == '_' || 'a' <= inner[end]|0x20 && inner[end]|0x20 <= 'z' || '0' <= inner[end] && inner[end] <= '9') {
		end++
	}
	if !braced {
		return inner[:end], inner[end:]
	}
	if end == len(inner) || inner[end] != '}' {
		return "", s
	}
	return inner[:end], inner[end+1:]
}

// mentions reports whether text refers to a variable.
func mentions(text, name string) bool {
	return expand(text, map[string]string{name: ""}, false) != text
}

// dollars escapes value where GitLab expands variables.
func dollars(value string) string { return strings.ReplaceAll(value, "$", "$$") }

// expanded copies a node with the variables replaced in its texts.
func expanded(node *yaml.Node, vars map[string]string, escape bool) *yaml.Node {
	c := *node
	if node.Kind == yaml.ScalarNode {
		if value := expand(node.Value, vars, escape); value != node.Value {
			c.Value, c.Tag = value, "!!str"
			if c.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
				c.Style = yaml.DoubleQuotedStyle
			}
		}
		return &c
	}
	c.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		c.Content[i] = expanded(child, vars, escape)
	}
	return &c
}
