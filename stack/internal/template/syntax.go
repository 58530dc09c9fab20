package template

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// SyntaxError is one place where a text is no CloudFormation template. Line and
// Column count from 1.
type SyntaxError struct {
	Line, Column int
	Err          error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong there.
func (e *SyntaxError) Unwrap() error { return e.Err }

// maxFaults is how many faults of one template are told.
const maxFaults = 20

// faults collects what is wrong with a template.
type faults []placed

// placed is an error and where in the text it is.
type placed struct {
	line, column int
	err          error
}

// at adds a SyntaxError at node.
func (f *faults) at(node *yaml.Node, format string, args ...any) {
	f.add(node.Line, node.Column, &SyntaxError{Line: node.Line, Column: node.Column, Err: fmt.Errorf(format, args...)})
}

func (f *faults) add(line, column int, err error) {
	*f = append(*f, placed{line, column, err})
}

func (f *faults) count() int { return len(*f) }

// join returns the first maxFaults faults in the order of the text.
func (f *faults) join() error {
	slices.SortStableFunc(*f, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	var errs []error
	for _, p := range (*f)[:min(len(*f), maxFaults)] {
		errs = append(errs, p.err)
	}
	if more := len(*f) - maxFaults; more > 0 {
		errs = append(errs, fmt.Errorf("and %d more faults", more))
	}
	return errors.Join(errs...)
}

// parseYAML reads the only document of body.
func parseYAML(body []byte) (*yaml.Node, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, &SyntaxError{Line: 1, Column: 1, Err: errors.New("the template is empty")}
	}
	var doc yaml.Node
	if err := yaml.Load(body, &doc); err != nil {
		return nil, syntaxOf(err, body)
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil, &SyntaxError{Line: max(1, root.Line), Column: max(1, root.Column), Err: errors.New("a template is a mapping of sections, Resources among them")}
	}
	return root, nil
}

// syntaxOf turns an error of the YAML library into ours.
func syntaxOf(err error, body []byte) error {
	load, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return &SyntaxError{Line: 1, Column: 1, Err: err}
	}
	line, column := max(1, load.Mark.Line), max(1, load.Mark.Column)
	message := strings.TrimPrefix(load.Message, "yaml: ")
	if rest, ok := strings.CutPrefix(message, "found character that"); ok {
		message = fmt.Sprintf("found %s, which%s", characterAt(body, line, column), rest)
	} else if load.ContextMsg != "" {
		message = fmt.Sprintf("%s (%s, from line %d)", message, load.ContextMsg, load.ContextMark.Line)
	}
	return &SyntaxError{Line: line, Column: column, Err: errors.New(message)}
}

// characterAt names the character at a place of the text.
func characterAt(body []byte, line, column int) string {
	for range line - 1 {
		_, body, _ = bytes.Cut(body, []byte("\n"))
	}
	for i, c := range []rune(string(body[:min(len(body), 4*column)])) {
		switch {
		case i+1 != column:
		case c == '\t':
			return "a tab"
		default:
			return strconv.QuoteRune(c)
		}
	}
	return "a character"
}
