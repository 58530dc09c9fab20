package taskdef

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// node is a JSON value and where it begins.
type node struct {
	offset  int
	kind    string   // "an object", "a list", "a string", "a number", "true or false" or "null"
	scalar  any      // string, json.Number or bool
	members []member // of an object
	items   []node   // of a list
}

type member struct {
	key    string
	offset int
	value  node
}

// The kinds of a node, as errors call them.
const (
	anObject = "an object"
	aList    = "a list"
	aString  = "a string"
	aNumber  = "a number"
	aBool    = "true or false"
	null     = "null"
)

func (n node) member(key string) (node, bool) {
	for _, m := range n.members {
		if m.key == key {
			return m.value, true
		}
	}
	return node{}, false
}

// maxDepth is the most objects and lists within one another; a task definition has 7.
const maxDepth = 50

// parse reads the one JSON value that text is.
func parse(name string, text []byte) (node, error) {
	fail := func(offset int, err error) (node, error) {
		line, column := position(text, min(max(offset, 0), len(text)))
		return node{}, &ReadError{File: name, Line: line, Column: column, Err: fmt.Errorf("not JSON: %w", err)}
	}
	var raw json.RawMessage
	err := json.Unmarshal(text, &raw)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case ok && int(syntax.Offset) >= len(text) && strings.Contains(err.Error(), "unexpected end"):
		return fail(len(text), errors.New("the text ends too early"))
	case ok:
		return fail(int(syntax.Offset)-1, err) // it counts the byte that is wrong
	case err != nil:
		return fail(0, err)
	case !utf8.Valid(text):
		return fail(0, errors.New("the text is not UTF-8"))
	}
	p := parser{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	root, err := p.value(maxDepth)
	if err != nil {
		return fail(p.start(), err)
	}
	return root, nil
}

type parser struct {
	text []byte
	dec  *json.Decoder
}

// start is where the next token begins.
func (p *parser) start() int {
	at := int(p.dec.InputOffset())
	for at < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) value(depth int) (node, error) {
	n := node{offset: p.start()}
	if depth == 0 {
		return n, fmt.Errorf("more than %d objects and lists within one another", maxDepth)
	}
	token, err := p.dec.Token()
	if err != nil {
		return n, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			n.kind = anObject
			return p.object(n, depth)
		}
		n.kind = aList
		for p.dec.More() {
			item, err := p.value(depth - 1)
			if err != nil {
				return n, err
			}
			n.items = append(n.items, item)
		}
		_, err = p.dec.Token() // ]
		return n, err
	case string:
		n.kind, n.scalar = aString, t
	case json.Number:
		n.kind, n.scalar = aNumber, t
	case bool:
		n.kind, n.scalar = aBool, t
	default:
		n.kind = null
	}
	return n, nil
}

func (p *parser) object(n node, depth int) (node, error) {
	for p.dec.More() {
		at := p.start()
		key, err := p.dec.Token()
		if err != nil {
			return n, err
		}
		name, _ := key.(string) // the text is valid, so that a key is nothing else
		value, err := p.value(depth - 1)
		if err != nil {
			return n, err
		}
		n.members = append(n.members, member{name, at, value})
	}
	_, err := p.dec.Token() // }
	return n, err
}

// position is the line and column, from 1, of an offset.
func position(text []byte, offset int) (line, column int) {
	before := text[:offset]
	return 1 + bytes.Count(before, []byte("\n")), offset - bytes.LastIndexByte(before, '\n')
}
