// Package cobertura reads Cobertura XML in the dialects of coverage.py, istanbul,
// gcovr, PHPUnit, gocover-cobertura, .NET and their like.
//
// The unit is the line: class/lines/line of all classes, united by the filename
// of the class and the number of the line, since some tools split a file over
// several classes. The lines under methods repeat those, and are skipped. Rates
// are never used. Branches come from condition-coverage, the one attribute that
// all tools write alike. Where the root element says something else than the
// lines, that gives a warning. A root that counts what is not there is an error:
// with coverage.py any unit, with others more than twice the lines.
//
// What coverage.py wrote of a run with --branch counts lines and branches
// together, as that tool does.
package cobertura

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/xmlscan"
)

// Parse reads the report whose head was just read from x. Its faults are
// [*hits.Error] values.
func Parse(x *xmlscan.Scanner, head xmlscan.Head) (*hits.Set, error) {
	p := parser{x: x, set: &hits.Set{}}
	if isCoveragePy(head) && hasBranches(head.Attrs) {
		p.set.SetMetric(hits.MetricLinesAndBranches)
	}
	for {
		kind, err := x.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
		if err := p.token(kind); err != nil {
			return nil, err
		}
	}
	if err := checkRoot(p.set, head); err != nil {
		return nil, x.Errorf("%w", err)
	}
	return p.set, nil
}

func isCoveragePy(head xmlscan.Head) bool { return strings.Contains(head.Comment, "coverage.py") }

// hasBranches reports whether coverage.py ran with --branch. Where the sources have
// no branch, it then writes the rate of 0 out of 0 as 1, and 0 without --branch.
func hasBranches(root map[string]string) bool {
	return strings.Trim(root["branches-valid"], "0") != "" || root["branch-rate"] == "1"
}

type parser struct {
	x      *xmlscan.Scanner
	set    *hits.Set
	file   *hits.File // of the class that is open; nil elsewhere
	source bool       // a source element is open
}

func (p *parser) token(kind xmlscan.Kind) error {
	switch kind {
	case xmlscan.Start:
		return p.start()
	case xmlscan.End:
		if string(p.x.Name()) == "class" {
			p.file = nil
		}
		p.source = false
	case xmlscan.Text:
		if p.source {
			p.set.AddRoot(string(bytes.TrimSpace(p.x.Text())))
		}
	}
	return nil
}

func (p *parser) start() error {
	switch string(p.x.Name()) {
	case "line":
		if p.file != nil {
			return p.line()
		}
	case "class":
		path, _ := p.x.Attr("filename")
		if len(path) == 0 {
			return p.x.Errorf("class has no filename")
		}
		p.file = p.set.FileBytes(path)
	case "methods":
		return p.x.Skip()
	case "source":
		p.source = true
	}
	return nil
}

func (p *parser) line() error {
	text, _ := p.x.Attr("number")
	number, err := hits.LineNumber(text)
	if err != nil {
		return p.x.Errorf("%w", err)
	}
	text, _ = p.x.Attr("hits")
	hit, err := hits.Hit(text)
	if err != nil {
		return p.x.Errorf("hits of line %d: %w", number, err)
	}
	p.file.Line(number, hit)
	if text, ok := p.x.Attr("condition-coverage"); ok {
		covered, total := conditions(text)
		p.file.Branch(number, covered, total)
	}
	return nil
}

// conditions reads "50% (1/2)", of which only the fraction is exact. Any other
// text, such as the bare "100%" of some tools, does not say how many branches
// there are, so none are counted.
func conditions(text []byte) (covered, total int64) {
	_, fraction, _ := bytes.Cut(text, []byte("("))
	fraction, _, _ = bytes.Cut(fraction, []byte(")"))
	a, b, _ := bytes.Cut(fraction, []byte("/"))
	c, err1 := hits.Units(a)
	t, err2 := hits.Units(b)
	if err1 != nil || err2 != nil || c > t {
		return 0, 0
	}
	return c, t
}
