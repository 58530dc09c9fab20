package gitlab

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// expressions are the keys of a job that hold expressions, by the keys that these
// have there. GitLab evaluates them with the variables of the job: a value that
// was put into their text would be read as code. Sources: GitLab, "CI/CD YAML
// syntax reference", "rules:if" and "only:variables / except:variables"; its
// lib/gitlab/ci/build/context/build.rb, which has the variables of the job.
var expressions = map[string]string{"rules": "if", "only": "variables", "except": "variables"}

// expandedBut copies a node with the variables replaced in its texts, but for
// the values of one key of its mappings, or of those that it lists.
func expandedBut(node *yaml.Node, key string, vars map[string]string) *yaml.Node {
	if node.Kind != yaml.SequenceNode && node.Kind != yaml.MappingNode {
		return expanded(node, vars, true)
	}
	c := *node
	c.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		switch {
		case node.Kind == yaml.SequenceNode:
			c.Content[i] = expandedBut(child, key, vars)
		case i%2 == 1 && node.Content[i-1].Value == key:
			c.Content[i] = child
		default:
			c.Content[i] = expanded(child, vars, true)
		}
	}
	return &c
}

// checkExpressions refuses expressions of a job of modules that would never be
// true, or that GitLab cannot read, for how they write a variable of the module.
func (t *Template) checkExpressions(name string, body *yaml.Node) error {
	for _, key := range []string{"rules", "only", "except"} {
		node, _ := t.inherited(body, key, 0)
		for _, rule := range flat(node) {
			if needs, _ := find(rule, "needs"); key == "rules" && needs != nil {
				return t.fault(needs, "a rule of job %q has needs, which would take the place of the jobs that it waits for; list them in needs of the job", name)
			}
			_, value := find(rule, expressions[key])
			for _, expression := range flat(value) {
				if fault := misread(expression.Value); fault != "" {
					return t.fault(expression, "job %q: %s", name, fault)
				}
			}
		}
	}
	return nil
}

// flat is the nodes of lists within lists.
func flat(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return one(node)
	}
	var all []*yaml.Node
	for _, child := range node.Content {
		all = append(all, flat(child)...)
	}
	return all
}

// misread says what GitLab would not read of an expression: variables in quotes
// or patterns, and in braces. Source: GitLab, "CI/CD variable expressions", and
// its lib/gitlab/ci/pipeline/expression/lexeme.
func misread(expression string) string {
	for rest := expression; rest != ""; {
		at := strings.IndexAny(rest, `"'/$`)
		if at < 0 {
			return ""
		}
		opening := rest[at]
		rest = rest[at+1:]
		if opening == '$' {
			name, after := reference(rest)
			if strings.HasPrefix(rest, "{") && ofModule(name) {
				return "an expression cannot have ${" + name + "}; write $" + name
			}
			rest = after
			continue
		}
		end := closing(rest, opening)
		found := ""
		replace(rest[:end], func(name string) (string, bool) {
			if found == "" && ofModule(name) {
				found = name
			}
			return "", false
		})
		switch {
		case found != "" && opening == '/':
			return "an expression has no variables between slashes: $" + found + " would be taken as it stands"
		case found != "":
			return "an expression has no variables in quotes: $" + found + " would be taken as it stands; write it without quotes"
		}
		rest = rest[min(end+1, len(rest)):]
	}
	return ""
}

// closing is where a string or pattern ends that began with mark: at the next
// one, which a backslash escapes in a pattern, or at the end of the text.
func closing(text string, mark byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && mark == '/':
			i++
		case text[i] == mark:
			return i
		}
	}
	return len(text)
}

// ofModule reports whether a variable is one of those of a module.
func ofModule(name string) bool { return name == "MODULE" || strings.HasPrefix(name, "MODULE_") }
