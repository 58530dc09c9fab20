// Package cobertura reads Cobertura XML in the dialects of coverage.py, istanbul,
// gcovr, PHPUnit, gocover-cobertura and their like.
//
// The unit is the line: class/lines/line of all classes, united by the filename
// of the class and the number of the line, since some tools split a file over
// several classes. The lines under methods repeat those, and are skipped. Rates
// are never used; lines-valid and lines-covered of the root give a warning where
// they disagree. Branches come from condition-coverage, the one attribute that
// all tools write alike. Nothing outside of the file is ever fetched, whatever
// its DOCTYPE names.
package cobertura

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// Parse reads an XML report. Its faults are [*hits.Error] values. XML of
// another kind is [hits.ErrUnknownFormat], and XML that ends before its root
// element does is [hits.ErrTruncated].
func Parse(r io.Reader) (*hits.Set, error) {
	d := xml.NewDecoder(r)
	d.CharsetReader = charset
	p := parser{xml: d, set: &hits.Set{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, p.syntax(err)
		}
		if err := p.token(token); err != nil {
			return nil, err
		}
	}
	if p.root == nil {
		return nil, p.errorf("%w: it ends before its root element", hits.ErrTruncated)
	}
	p.checkTotals()
	return p.set, nil
}

type parser struct {
	xml   *xml.Decoder
	set   *hits.Set
	depth int        // open elements
	root  []xml.Attr // attributes of the root; nil before it
	file  *hits.File // of the class that is open; nil elsewhere
}

func (p *parser) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		p.depth--
		if t.Name.Local == "class" {
			p.file = nil
		}
	case xml.CharData:
		if p.depth == 0 && strings.TrimSpace(string(t)) != "" {
			return p.errorf("text outside of the root element")
		}
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	p.depth++
	name := t.Name.Local
	switch {
	case p.depth == 1:
		return p.startRoot(t)
	case p.depth == 2 && name == "project":
		return p.errorf("%w: this is Clover XML; have the tool write Cobertura XML or LCOV", hits.ErrUnknownFormat)
	case name == "methods":
		p.depth--
		if err := p.xml.Skip(); err != nil {
			return p.syntax(err)
		}
	case name == "class":
		return p.startClass(t)
	case name == "line" && p.file != nil:
		return p.line(t)
	}
	return nil
}

func (p *parser) startRoot(t xml.StartElement) error {
	switch name := t.Name.Local; {
	case p.root != nil:
		return p.errorf("a second root element <%s>: merge reports with a tool, or give them one by one", name)
	case name == "report":
		return p.errorf("%w: XML whose root is <report>, such as JaCoCo's; convert it to Cobertura XML", hits.ErrUnknownFormat)
	case name != "coverage":
		return p.errorf("%w: XML whose root is <%s>", hits.ErrUnknownFormat, name)
	}
	p.root = append([]xml.Attr{}, t.Attr...)
	return nil
}

func (p *parser) startClass(t xml.StartElement) error {
	path, ok := attr(t.Attr, "filename")
	if !ok || path == "" {
		return p.errorf("class has no filename")
	}
	p.file = p.set.File(path)
	return nil
}

func (p *parser) line(t xml.StartElement) error {
	text, _ := attr(t.Attr, "number")
	number, err := hits.LineNumber(text)
	if err != nil {
		return p.errorf("%w", err)
	}
	text, _ = attr(t.Attr, "hits")
	hit, err := hits.Positive(strings.TrimSpace(text))
	if err != nil {
		return p.errorf("hits of line %d: %w", number, err)
	}
	p.file.Line(number, hit)
	if text, ok := attr(t.Attr, "condition-coverage"); ok {
		covered, total := conditions(text)
		p.file.Branch(number, covered, total)
	}
	return nil
}

// conditions reads "50% (1/2)", of which only the fraction is exact. Any other
// text, such as the bare "100%" of some tools, does not say how many branches
// there are, so none are counted.
func conditions(s string) (covered, total int64) {
	_, fraction, _ := strings.Cut(s, "(")
	fraction, _, _ = strings.Cut(fraction, ")")
	a, b, _ := strings.Cut(fraction, "/")
	c, err1 := strconv.ParseUint(a, 10, 31)
	t, err2 := strconv.ParseUint(b, 10, 31)
	if err1 != nil || err2 != nil || c > t {
		return 0, 0
	}
	return int64(c), int64(t)
}

// checkTotals warns where the root element tells another story than the lines.
func (p *parser) checkTotals() {
	covered, total := p.set.Count()
	said := func(name string, n int64) (string, bool) {
		v, given := attr(p.root, name)
		return v, !given || v == strconv.FormatInt(n, 10)
	}
	c, right := said("lines-covered", covered)
	t, alsoRight := said("lines-valid", total)
	if !right || !alsoRight {
		p.set.Warn("the root says lines-covered/lines-valid %s/%s, its lines are %d/%d; the lines count", c, t, covered, total)
	}
}

func attr(attrs []xml.Attr, name string) (string, bool) {
	for _, a := range attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}
