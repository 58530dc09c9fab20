// Package jacoco reads the XML of JaCoCo, with groups nested to any depth, and
// that of gcovr which is called so.
//
// The unit is the line: those of all source files, covered where any instruction
// of theirs was executed. That is what JaCoCo's LINE counter says. The counters of
// classes and methods are not added up, since inner classes and lambdas share
// lines. The path of a file is its package and its name.
//
// Where nothing was compiled with line numbers, the instructions of the classes
// are counted. A report whose own counter has more lines than all of its files is
// one that lacks files, and an error. Gcovr lists lines without saying which were hit; there the LINE
// counter of each file is its total.
package jacoco

import (
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/xmlscan"
)

// Parse reads the report whose head was just read from x. Its faults are
// [*hits.Error] values.
func Parse(x *xmlscan.Scanner) (*hits.Set, error) {
	p := parser{x: x, set: &hits.Set{}, groupOf: map[string]string{}}
	if err := x.Elements(p.start, p.end); err != nil {
		return nil, err
	}
	return p.set, p.finish()
}

type parser struct {
	x   *xmlscan.Scanner
	set *hits.Set

	groups  []string // the names of those that are open
	pkg     string   // the one that is open
	unit    unit     // the class or source file that is open
	report  *counter // LINE of all
	units   counter  // what the units have, by their LINE counters or their lines, whichever claims more
	groupOf map[string]string

	lineless []lineless // compiled without line numbers
	wrong    int        // files whose LINE counter disagrees with their lines
	first    string     // the first of them
	renamed  string     // a file that several groups have
}

// unit is a source file, or a class where that stands for one.
type unit struct {
	depth        int // 0 where none is open
	path         string
	class        bool
	sourceless   bool // a class that does not know its source file
	file         hits.File
	lines        int
	bare         bool // a line does not say whether it was hit
	line, instrs *counter
}

type lineless struct {
	path string
	counter
}

type counter struct{ covered, total int64 }

func (p *parser) start() error {
	switch string(p.x.Name()) {
	case "line":
		if p.unit.depth > 0 {
			return p.line()
		}
	case "counter":
		return p.counter()
	case "method":
		return p.x.Skip()
	case "class":
		return p.startUnit("sourcefilename", true)
	case "sourcefile":
		return p.startUnit("name", false)
	case "package":
		p.pkg = p.attr("name")
	case "group":
		p.groups = append(p.groups, p.attr("name"))
	}
	return nil
}

func (p *parser) attr(name string) string {
	value, _ := p.x.Attr(name)
	return string(value)
}

func (p *parser) startUnit(attr string, class bool) error {
	if p.unit.depth > 0 {
		return p.x.Errorf("%s within a class or source file", p.x.Name())
	}
	name := p.attr(attr)
	u := &p.unit
	u.class, u.sourceless = class, class && name == ""
	switch {
	case u.sourceless:
		name = p.attr("name")
	case class: // gcovr writes a path here
	case p.pkg != "":
		name = p.pkg + "/" + name
	}
	if name == "" || strings.HasSuffix(name, "/") {
		return p.x.Errorf("%s has no name", p.x.Name())
	}
	u.depth, u.path, u.lines, u.bare, u.line, u.instrs = p.x.Depth(), name, 0, false, nil, nil
	u.file.Reset()
	return nil
}

func (p *parser) line() error {
	text, _ := p.x.Attr("nr")
	number, err := hits.LineNumber(text)
	if err != nil {
		return p.x.Errorf("%w", err)
	}
	u := &p.unit
	u.lines++
	if covered, ok := p.x.Attr("ci"); ok {
		hit, err := hits.Hit(covered)
		if err != nil {
			return p.x.Errorf("ci of line %d: %w", number, err)
		}
		u.file.Line(number, hit)
	} else {
		u.bare = true
	}
	mb, _ := p.x.Attr("mb")
	cb, _ := p.x.Attr("cb")
	missed, err1 := hits.Units(mb)
	taken, err2 := hits.Units(cb)
	if err1 == nil && err2 == nil && missed+taken > 0 {
		u.file.Branch(number, taken, missed+taken)
	}
	return nil
}

// counter reads a counter of the unit that is open, or of the report.
func (p *parser) counter() error {
	var to **counter
	kind, _ := p.x.Attr("type")
	switch depth := p.x.Depth(); {
	case p.unit.depth > 0 && depth == p.unit.depth+1 && string(kind) == "LINE":
		to = &p.unit.line
	case p.unit.depth > 0 && depth == p.unit.depth+1 && string(kind) == "INSTRUCTION":
		to = &p.unit.instrs
	case depth == 2 && string(kind) == "LINE":
		to = &p.report
	default:
		return nil
	}
	text, _ := p.x.Attr("covered")
	covered, err := hits.Units(text)
	if err != nil {
		return p.x.Errorf("counter %s: covered: %w", kind, err)
	}
	text, _ = p.x.Attr("missed")
	missed, err := hits.Units(text)
	if err != nil {
		return p.x.Errorf("counter %s: missed: %w", kind, err)
	}
	*to = &counter{covered, covered + missed}
	return nil
}

func (p *parser) end() error {
	switch {
	case p.unit.depth > 0 && p.x.Depth() == p.unit.depth-1:
		p.unit.depth = 0
		if p.unit.class {
			return p.endClass()
		}
		return p.endFile()
	case string(p.x.Name()) == "group" && len(p.groups) > 0:
		p.groups = p.groups[:len(p.groups)-1]
	}
	return nil
}
