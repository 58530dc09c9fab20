package awsnuke

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/internal/nearest"
)

// maxDepth bounds how many merge keys and aliases may lead into one another, and
// maxMerges how many are followed in all: aliases of aliases multiply.
const (
	maxDepth  = 100
	maxMerges = 10_000
)

// reader walks a configuration and keeps what it meets.
type reader struct {
	file     string
	major    int
	warnings []Finding
	errs     []error
	merges   int
}

// text is a scalar and where it stands.
type text struct {
	value string
	line  int
}

// pair is a key of a mapping and its value, aliases followed.
type pair struct {
	key   text
	value *yaml.Node
}

func (r *reader) warn(line int, format string, args ...any) {
	r.warnings = append(r.warnings, Finding{File: r.file, Line: line, Detail: fmt.Sprintf(format, args...)})
}

// fail keeps what aws-nuke itself would not read.
func (r *reader) fail(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...)))
}

// root returns the first document, the only one that aws-nuke reads; nil for
// one that is empty.
func (r *reader) root(content []byte) (*yaml.Node, error) {
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("%s: it is not UTF-8", r.file)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.file, err)
	}
	var document, second yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: it is empty", r.file)
	case err != nil:
		return nil, r.malformed(err)
	}
	if err := loader.Load(&second); !errors.Is(err, io.EOF) {
		r.warn(second.Line, "a second document begins: aws-nuke reads only the first")
	}
	r.plain(&document)
	if document.Kind == yaml.DocumentNode && len(document.Content) == 1 {
		return document.Content[0], nil
	}
	return &document, nil
}

// plain refuses words in base64. aws-nuke decodes them, wherever they are, and
// nobody who looks at the configuration sees what they say.
func (r *reader) plain(node *yaml.Node) {
	if node.Kind != yaml.AliasNode && node.ShortTag() == "!!binary" {
		r.fail(node.Line, "the word %q is in base64 (!!binary): write out what it says", node.Value)
	}
	for _, one := range node.Content {
		r.plain(one)
	}
}

func (r *reader) malformed(err error) error {
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		return fmt.Errorf("%s:%d: malformed YAML: %s", r.file, one.Mark.Line, one.Message)
	}
	return fmt.Errorf("%s: malformed YAML: %w", r.file, err)
}

// follow returns what an alias stands for.
func follow(node *yaml.Node) *yaml.Node {
	for range maxDepth {
		if node.Kind != yaml.AliasNode || node.Alias == nil {
			break
		}
		node = node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

// mapping returns the pairs of node, those of merge keys last and without what
// they do not override. A null is an empty mapping.
func (r *reader) mapping(node *yaml.Node, what string) []pair {
	return r.merged(node, what, 0)
}

func (r *reader) merged(node *yaml.Node, what string, depth int) []pair {
	node = follow(node)
	if depth > 0 {
		r.merges++
	}
	switch {
	case isNull(node) || r.merges > maxMerges+1:
		return nil
	case r.merges > maxMerges:
		r.fail(node.Line, "the merge keys of %s lead to too many others", what)
		return nil
	}
	if node.Kind != yaml.MappingNode || depth > maxDepth {
		r.fail(node.Line, "%s must be a mapping", what)
		return nil
	}
	var own, inherited []pair
	seen := make(map[string]bool)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := follow(node.Content[i]), follow(node.Content[i+1])
		switch {
		case key.ShortTag() == "!!merge":
			inherited = append(inherited, r.inherit(value, what, depth)...)
		case key.Kind != yaml.ScalarNode:
			r.fail(key.Line, "a key of %s must be a word", what)
		case seen[key.Value]:
			r.fail(key.Line, "key %q is given twice in %s", key.Value, what)
		default:
			seen[key.Value] = true
			own = append(own, pair{text{key.Value, node.Content[i].Line}, value})
		}
	}
	for _, p := range inherited {
		if !seen[p.key.value] {
			seen[p.key.value] = true
			own = append(own, p)
		}
	}
	return own
}

// inherit returns what a merge key brings. Source: https://yaml.org/type/merge.html
func (r *reader) inherit(value *yaml.Node, what string, depth int) []pair {
	if value.Kind != yaml.SequenceNode {
		return r.merged(value, what, depth+1)
	}
	var all []pair
	for _, one := range value.Content {
		all = append(all, r.merged(one, what, depth+1)...)
	}
	return all
}

// keys hands each value to the function of its key. A key without one is an
// error for v2, and for v3 nothing at all: what stands under it does not count.
func (r *reader) keys(node *yaml.Node, what string, known map[string]func(*yaml.Node)) {
	for _, p := range r.mapping(node, what) {
		if read, ok := known[p.key.value]; ok {
			read(p.value)
			continue
		}
		names := make([]string, 0, len(known))
		for name := range known {
			names = append(names, name)
		}
		if r.major == 2 {
			r.fail(p.key.line, "aws-nuke v2 has no key %q in %s%s", p.key.value, what, hint(p.key.value, names))
			continue
		}
		r.warn(p.key.line, "aws-nuke ignores the key %q in %s, and all that is under it%s", p.key.value, what, hint(p.key.value, names))
	}
}

// hint asks whether one of known was meant, or is "".
func hint(word string, known []string) string {
	if one := nearest.Of(word, known); one != "" {
		return fmt.Sprintf("; did you mean %q?", one)
	}
	return ""
}

// list returns the scalars of a sequence. A null is an empty list, and one in a
// list is no element: a list of nothing but nulls is as empty as none.
func (r *reader) list(node *yaml.Node, what string) []text {
	node = follow(node)
	if isNull(node) {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		r.fail(node.Line, "%s must be a list", what)
		return nil
	}
	var all []text
	for _, one := range node.Content {
		value := follow(one)
		switch {
		case isNull(value):
			r.warn(one.Line, "aws-nuke drops the empty element of %s", what)
		case value.Kind == yaml.ScalarNode:
			all = append(all, text{value.Value, one.Line})
		default:
			r.fail(one.Line, "an element of %s must be a word", what)
		}
	}
	return all
}

// values returns what texts say, without where.
func values(texts []text) []string {
	var all []string
	for _, t := range texts {
		all = append(all, t.value)
	}
	return all
}

// truth reads a boolean as YAML 1.1 does for a field that wants one.
func truth(node *yaml.Node) (value, ok bool) {
	word := strings.ToLower(node.Value)
	switch {
	case node.Kind != yaml.ScalarNode:
		return false, false
	case isNull(node):
		return false, true
	case slices.Contains([]string{"true", "yes", "on", "y"}, word):
		return true, true
	}
	return false, slices.Contains([]string{"false", "no", "off", "n"}, word)
}
