// Package clover reads the Clover XML of istanbul and PHPUnit.
//
// The unit is the line, which both tools call a statement. How many there are
// comes from the metrics of each file, as the tools themselves have it: PHPUnit
// lists no statement that shares its line with the head of a method.
package clover

import (
	"fmt"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/xmlscan"
)

// Parse reads the report whose head was just read from x. Its faults are
// [*hits.Error] values.
func Parse(x *xmlscan.Scanner) (*hits.Set, error) {
	p := parser{x: x, set: &hits.Set{}}
	if err := x.Elements(p.start, p.end); err != nil {
		return nil, err
	}
	p.warn()
	return p.set, nil
}

type parser struct {
	x   *xmlscan.Scanner
	set *hits.Set

	depth   int // of the file that is open; 0 elsewhere
	path    []byte
	file    hits.File
	metrics *metrics // of the file, once they were seen
	methods int64    // heads of methods, which hide the statements on their lines

	project *metrics // of the whole report
	wrong   int      // files whose metrics disagree with their lines
	first   string   // the first of them
}

// metrics are how many statements there are, and how many are covered.
type metrics struct{ covered, total int64 }

func (m metrics) String() string { return fmt.Sprintf("%d/%d", m.covered, m.total) }

func (p *parser) start() error {
	switch string(p.x.Name()) {
	case "line":
		if p.depth > 0 {
			return p.line()
		}
	case "file":
		return p.startFile()
	case "metrics":
		m, err := p.readMetrics()
		if err != nil {
			return err
		}
		switch p.x.Depth() {
		case p.depth + 1:
			p.metrics = m
		case 3: // coverage, project, metrics
			p.project = m
		}
	}
	return nil
}

func (p *parser) startFile() error {
	if p.depth > 0 {
		return p.x.Errorf("file within a file")
	}
	// Istanbul writes a name and a path, PHPUnit the path as the name.
	path, ok := p.x.Attr("path")
	if !ok || len(path) == 0 {
		path, _ = p.x.Attr("name")
	}
	if len(path) == 0 {
		return p.x.Errorf("file has neither path nor name")
	}
	p.depth, p.path, p.metrics, p.methods = p.x.Depth(), append(p.path[:0], path...), nil, 0
	p.file.Reset()
	return nil
}

func (p *parser) readMetrics() (*metrics, error) {
	var m metrics
	for _, a := range []struct {
		name string
		to   *int64
	}{{"statements", &m.total}, {"coveredstatements", &m.covered}} {
		text, given := p.x.Attr(a.name)
		if !given {
			return nil, nil // of something else, such as a directory
		}
		n, err := hits.Units(text)
		if err != nil {
			return nil, p.x.Errorf("metrics: %s: %w", a.name, err)
		}
		*a.to = n
	}
	if m.covered > m.total {
		return nil, p.x.Errorf("metrics: %d of %d statements are covered", m.covered, m.total)
	}
	return &m, nil
}

func (p *parser) line() error {
	text, _ := p.x.Attr("num")
	number, err := hits.LineNumber(text)
	if err != nil {
		return p.x.Errorf("%w", err)
	}
	if kind, _ := p.x.Attr("type"); string(kind) == "method" {
		p.methods++
		return nil
	}
	hit := false
	given := false
	for _, name := range []string{"count", "truecount", "falsecount"} {
		count, ok := p.x.Attr(name)
		if !ok {
			continue
		}
		counted, err := hits.Hit(count)
		if err != nil {
			return p.x.Errorf("%s of line %d: %w", name, number, err)
		}
		hit, given = hit || counted, true
		if name == "count" {
			break // the other two are branches, which are no part of it
		}
	}
	if !given {
		return p.x.Errorf("line %d has no count", number)
	}
	p.file.Line(number, hit)
	return nil
}

func (p *parser) end() error {
	if p.depth == 0 || p.x.Depth() != p.depth-1 {
		return nil
	}
	p.depth = 0
	if p.metrics != nil {
		p.settle(*p.metrics)
	}
	if err := p.set.FileBytes(p.path).Merge(&p.file); err != nil {
		return p.x.Errorf("%s: %w", p.path, err)
	}
	return nil
}

// settle decides between the lines of the file and its metrics.
func (p *parser) settle(m metrics) {
	covered, total := p.file.Count()
	hidden, hiddenCovered := m.total-total, m.covered-covered
	if hidden == 0 && hiddenCovered == 0 {
		return
	}
	if hidden < 0 || hidden > p.methods || hiddenCovered < 0 || hiddenCovered > hidden {
		if p.wrong++; p.wrong == 1 {
			p.first = fmt.Sprintf("%s (metrics %s, lines %d/%d)", p.path, m, covered, total)
		}
	}
	_ = p.file.SetTotals(m.covered, m.total) // readMetrics has checked them
}

func (p *parser) warn() {
	if p.wrong > 0 {
		p.set.Warn("metrics and lines disagree in %d of the files, first %s; the metrics count", p.wrong, p.first)
	}
	covered, total := p.set.Count()
	if all := (metrics{covered, total}); p.project != nil && *p.project != all {
		p.set.Warn("the project says %s statements covered, its files are %s; the files count", p.project, all)
	}
}
