package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// looksLikeJSON reports whether the first character is a brace.
func looksLikeJSON(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n\ufeff"), []byte("{"))
}

// jsonReader makes the nodes of YAML of a JSON text. A YAML parser reads most
// JSON, but neither its escaped surrogate pairs nor every tab.
type jsonReader struct {
	body  []byte
	dec   *json.Decoder
	line  int
	start int64 // offset at which line begins
	upTo  int64 // offset up to which lines are counted
}

func parseJSON(body []byte) (*yaml.Node, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	r := &jsonReader{body: body, dec: json.NewDecoder(bytes.NewReader(body)), line: 1}
	r.dec.UseNumber()
	root, err := r.value(0)
	if err == nil {
		if _, extra := r.dec.Token(); extra != io.EOF {
			err = errors.New("there is more after the closing brace")
		}
	}
	if err == nil {
		return root, nil
	}
	offset := r.dec.InputOffset()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = r.culprit(syntax)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, err = int64(len(body)), errors.New("it ends before its JSON does")
	}
	line, column := r.position(offset)
	return nil, &SyntaxError{Line: line, Column: column, Err: fmt.Errorf("no valid JSON: %s", strings.TrimPrefix(err.Error(), "json: "))}
}

func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	offset := r.next()
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	line, column := r.position(offset)
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: line, Column: column}
	switch v := token.(type) {
	case json.Delim:
		return node, r.children(node, v, depth)
	case string:
		node.Tag, node.Value, node.Style = "!!str", v, yaml.DoubleQuotedStyle
	case json.Number:
		node.Tag, node.Value = "!!float", v.String()
	case bool:
		node.Tag, node.Value = "!!bool", fmt.Sprint(v)
	default:
		node.Tag, node.Value = "!!null", "null"
	}
	return node, nil
}

func (r *jsonReader) children(node *yaml.Node, open json.Delim, depth int) error {
	node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
	if open == '{' {
		node.Kind, node.Tag = yaml.MappingNode, "!!map"
	}
	for r.dec.More() {
		child, err := r.value(depth + 1) // the decoder sees to it that keys are strings
		if err != nil {
			return err
		}
		node.Content = append(node.Content, child)
	}
	_, err := r.dec.Token()
	return err
}

// culprit is the offset of the character of which err speaks. What counts tokens
// places err before it, what scans one places err after it.
func (r *jsonReader) culprit(err *json.SyntaxError) int64 {
	character, _ := strings.CutPrefix(err.Error(), "invalid character '")
	if err.Offset < int64(len(r.body)) && strings.HasPrefix(character, string(r.body[err.Offset])) {
		return err.Offset
	}
	return max(0, err.Offset-1)
}

// next is the offset at which the next token begins.
func (r *jsonReader) next() int64 {
	offset := r.dec.InputOffset()
	for offset < int64(len(r.body)) && strings.IndexByte(" \t\r\n,:", r.body[offset]) >= 0 {
		offset++
	}
	return offset
}

// position is the line and column of offset, which never decreases from call to call
// but in the last.
func (r *jsonReader) position(offset int64) (line, column int) {
	if offset < r.upTo {
		r.line, r.start, r.upTo = 1, 0, 0
	}
	for ; r.upTo < offset && r.upTo < int64(len(r.body)); r.upTo++ {
		if r.body[r.upTo] == '\n' {
			r.line, r.start = r.line+1, r.upTo+1
		}
	}
	return r.line, int(offset-r.start) + 1
}
