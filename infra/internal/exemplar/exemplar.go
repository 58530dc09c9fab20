// Package exemplar repeats what stands in a CloudFormation template once, as an
// example of many.
//
// What belongs to an exemplar is found by its logical id, which begins with the
// exemplar's kind: resources, parameters and outputs called Service... are
// repeated for each service. The template is edited as a tree of YAML nodes, so
// that its comments, its short tags and its order stay:
//
//	t, err := exemplar.Parse(body)
//	err = t.Repeat(map[string][]exemplar.Copy{"Service": {{
//		IDs:    map[string]string{"Service": "ServiceNotifier"},
//		Values: map[string]any{"ServiceName": "notifier"},
//	}}})
//	body, err = t.Bytes()
//
// It knows the short forms !Ref, !GetAtt, !Sub and !If alone, and evaluates
// nothing but what a copy decides.
package exemplar

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Template is a template that can be edited.
type Template struct {
	root *yaml.Node // a mapping
}

// Parse reads a template.
func Parse(body []byte) (*Template, error) {
	var document yaml.Node
	if err := yaml.Load(body, &document); err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("parse template: it is no mapping")
	}
	t := &Template{root: document.Content[0]}
	if section := t.section("Resources"); len(section.Content) == 0 {
		return nil, errors.New("parse template: it has no resources")
	}
	return t, nil
}

// Bytes returns the template as YAML. Its first lines are note, as comments, in
// the place of those that it began with.
func (t *Template) Bytes(note string) ([]byte, error) {
	t.root.HeadComment = ""
	if len(t.root.Content) > 0 {
		t.root.Content[0].HeadComment = ""
	}
	out, err := yaml.Dump(t.root, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write template: %w", err)
	}
	var b bytes.Buffer
	if note != "" {
		b.WriteString("# " + strings.ReplaceAll(note, "\n", "\n# ") + "\n")
	}
	b.Write(airy(out))
	return b.Bytes(), nil
}

// airy puts an empty line before each section and before the comments of
// logical ids, which a tree of nodes does not keep.
func airy(text []byte) []byte {
	var b bytes.Buffer
	var before []byte
	for line := range bytes.Lines(text) {
		indented := bytes.HasPrefix(before, []byte("  "))
		section := line[0] >= 'A' && line[0] <= 'Z' && (indented || before != nil && bytes.HasSuffix(line, []byte(":\n")))
		comment := bytes.HasPrefix(line, []byte("  #")) && indented && !bytes.HasPrefix(before, []byte("  #"))
		if section || comment {
			b.WriteByte('\n')
		}
		b.Write(line)
		before = line
	}
	return b.Bytes()
}

// Count returns how many entries a section has, as "Resources".
func (t *Template) Count(section string) int { return len(t.section(section).Content) / 2 }

// section returns the mapping of a section; an empty one where there is none.
func (t *Template) section(name string) *yaml.Node {
	if node := find(t.root, name); node != nil && node.Kind == yaml.MappingNode {
		return node
	}
	return &yaml.Node{Kind: yaml.MappingNode}
}

// pairs are the keys and values of a mapping; none of any other node.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// find returns the value at the path of keys below n, or nil.
func find(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		var next *yaml.Node
		for key, value := range pairs(n) {
			if key.Value == name {
				next = value
			}
		}
		if n = next; n == nil {
			return nil
		}
	}
	return n
}

// text returns the value of a scalar, or "".
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
