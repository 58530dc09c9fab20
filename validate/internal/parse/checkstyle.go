package parse

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Checkstyle reads checkstyle XML: a root checkstyle with files, each with
// errors. It fails where data is anything else, or is cut. Entities beyond
// those of XML itself are an error and never expanded.
func Checkstyle(data []byte) ([]Message, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmpty
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = latin
	var ms []Message
	var path []string // open elements
	file := ""
	done := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && done {
			return ms, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read checkstyle XML: %w", err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			if len(path) == 0 && el.Name.Local != "checkstyle" {
				return nil, fmt.Errorf("read checkstyle XML: its root is %q, want checkstyle", el.Name.Local)
			}
			path = append(path, el.Name.Local)
			switch strings.Join(path, "/") {
			case "checkstyle/file":
				file = attr(el, "name")
			case "checkstyle/file/error":
				ms = append(ms, checkstyleError(file, el))
			}
		case xml.EndElement:
			path = path[:len(path)-1]
			done = done || len(path) == 0
		}
	}
}

func checkstyleError(file string, el xml.StartElement) Message {
	m := Message{Path: file, Line: number(attr(el, "line")), Column: number(attr(el, "column")), Rule: attr(el, "source"), Text: attr(el, "message")}
	switch strings.ToLower(attr(el, "severity")) {
	case "warning":
		m.Level = Warning
	case "info", "ignore", "note":
		m.Level = Note
	default:
		m.Level = Error // checkstyle's own default
	}
	return m
}

func attr(el xml.StartElement, name string) string {
	for _, a := range el.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// latin reads the one other encoding that such files have.
func latin(charset string, r io.Reader) (io.Reader, error) {
	if name := strings.ToLower(charset); name != "iso-8859-1" && name != "latin1" && name != "us-ascii" {
		return nil, fmt.Errorf("encoding %q is not supported", charset)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	runes := make([]rune, len(data))
	for i, c := range data {
		runes[i] = rune(c)
	}
	return strings.NewReader(string(runes)), nil
}
