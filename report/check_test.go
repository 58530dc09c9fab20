package report

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// document is what check found in a page.
type document struct {
	text string
	h2   []string
}

// check fails where page is no well-formed XML, asks anything of others, runs
// anything, refers to an id that it lacks, or leaves a table without headings.
func check(t testing.TB, page string) document {
	t.Helper()
	var d document
	var text, h2 strings.Builder
	ids, refs := map[string]bool{}, map[string]bool{}
	var open []string
	policy := false
	for decoder := xml.NewDecoder(strings.NewReader(page)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, column := decoder.InputPos()
			t.Fatalf("line %d, column %d: %v", line, column, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			policy = checkElement(t, token, ids, refs) || policy
		case xml.EndElement:
			if token.Name.Local == "h2" {
				d.h2 = append(d.h2, h2.String())
				h2.Reset()
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if slices.Contains(open, "h2") {
				h2.Write(token)
			}
			if !slices.Contains(open, "style") {
				text.Write(token)
			}
		}
	}
	if !policy {
		t.Error("no content security policy")
	}
	for ref := range refs {
		if !ids[ref] {
			t.Errorf("nothing has the id %q", ref)
		}
	}
	d.text = text.String()
	return d
}

// checkElement reports whether e is the content security policy.
func checkElement(t testing.TB, e xml.StartElement, ids, refs map[string]bool) bool {
	t.Helper()
	name, attr := e.Name.Local, map[string]string{}
	for _, a := range e.Attr {
		key := a.Name.Local
		attr[key] = a.Value
		if strings.HasPrefix(strings.ToLower(key), "on") || key == "src" || key == "srcdoc" || key == "action" {
			t.Errorf("<%s> has the attribute %s", name, key)
		}
	}
	switch name {
	case "script", "iframe", "object", "embed", "img", "image", "foreignObject", "form", "base", "video", "audio":
		t.Errorf("the page holds <%s>", name)
	case "th":
		if attr["scope"] == "" {
			t.Error("a heading of a table has no scope")
		}
	}
	href := attr["href"]
	switch {
	case href == "":
	case strings.HasPrefix(href, "#"):
		refs[href[1:]] = true
	case name == "a" && (strings.HasPrefix(strings.ToLower(href), "https://") || strings.HasPrefix(strings.ToLower(href), "http://")):
	case name == "link" && attr["rel"] == "icon" && strings.HasPrefix(href, "data:image/svg+xml,"):
	default:
		t.Errorf("<%s> refers to %q", name, href)
	}
	for _, key := range []string{"aria-labelledby", "aria-describedby"} {
		for ref := range strings.FieldsSeq(attr[key]) {
			refs[ref] = true
		}
	}
	if id, ok := attr["id"]; ok {
		if ids[id] || id == "" {
			t.Errorf("the id %q is there twice or empty", id)
		}
		ids[id] = true
	}
	return attr["http-equiv"] == "Content-Security-Policy" && strings.HasPrefix(attr["content"], "default-src 'none';")
}
