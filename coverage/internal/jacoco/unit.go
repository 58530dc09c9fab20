package jacoco

import (
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// endClass takes a class for a file in two cases: gcovr writes nothing else, and
// a class that was compiled without debug information is in no source file.
func (p *parser) endClass() error {
	u := &p.unit
	switch {
	case u.sourceless && u.instrs != nil:
		p.claim(counter{})
		p.lineless = append(p.lineless, lineless{p.name(), *u.instrs})
	case !u.sourceless && u.instrs == nil && u.line != nil && (u.lines > 0 || u.line.total == 0):
		return p.totals(*u.line)
	}
	return nil
}

func (p *parser) endFile() error {
	u := &p.unit
	switch {
	case u.bare && u.line == nil:
		return p.x.Errorf("%s has lines without ci, and no LINE counter", u.path)
	case u.bare, u.lines == 0 && u.line != nil:
		return p.totals(*u.line)
	case u.lines == 0 && u.instrs != nil:
		p.lineless = append(p.lineless, lineless{p.name(), *u.instrs})
		return nil
	}
	covered, total := u.file.Count()
	p.claim(counter{covered, total})
	if u.line != nil && *u.line != (counter{covered, total}) {
		if p.wrong++; p.wrong == 1 {
			p.first = fmt.Sprintf("%s (LINE %d/%d, lines %d/%d)", u.path, u.line.covered, u.line.total, covered, total)
		}
	}
	return p.add()
}

func (p *parser) totals(c counter) error {
	if err := p.unit.file.SetTotals(c.covered, c.total); err != nil {
		return p.x.Errorf("counter LINE of %s: %w", p.unit.path, err)
	}
	p.claim(c)
	return p.add()
}

// claim adds what the unit has, which may be more than own by its LINE counter, to
// what the report may count.
func (p *parser) claim(own counter) {
	missed := own.total - own.covered
	if line := p.unit.line; line != nil {
		own.covered, missed = max(own.covered, line.covered), max(missed, line.total-line.covered)
	}
	p.units.covered += own.covered
	p.units.total += own.covered + missed
}

func (p *parser) add() error {
	path := p.name()
	if err := p.set.File(path).Merge(&p.unit.file); err != nil {
		return p.x.Errorf("%s: %w", path, err)
	}
	return nil
}

// name is the path of the unit. Groups are modules; a file that several of them
// have is several files, and the later ones are named by their groups.
func (p *parser) name() string {
	path := p.unit.path
	if len(p.groups) == 0 {
		return path
	}
	group := strings.Join(p.groups, "/")
	owner, known := p.groupOf[path]
	switch {
	case !known:
		p.groupOf[path] = group
	case owner != group:
		path = group + "/" + path
		p.renamed = path
	}
	return path
}

// finish decides about what has no lines, and warns of what disagrees.
func (p *parser) finish() error {
	covered, total := p.set.Count()
	if len(p.lineless) > 0 {
		if err := p.finishLineless(total); err != nil {
			return err
		}
	}
	if p.wrong > 0 {
		p.set.Warn("LINE counter and lines disagree in %d of the files, first %s; the lines count", p.wrong, p.first)
	}
	if r, u := p.report, p.units; r != nil && (r.total > u.total || r.total-r.covered > u.total-u.covered) {
		return p.x.Errorf("%w: the report says %d/%d lines covered, its files are %d/%d", hits.ErrContradiction, r.covered, r.total, covered, total)
	}
	if p.report != nil && *p.report != (counter{covered, total}) {
		p.set.Warn("the report says %d/%d lines covered, its files are %d/%d; the files count", p.report.covered, p.report.total, covered, total)
	}
	if p.renamed != "" {
		p.set.Warn("several groups have a file of one path; the later ones are named by their groups, such as %s", p.renamed)
	}
	return nil
}

func (p *parser) finishLineless(total int64) error {
	const how = "compiled without line numbers (javac -g:lines,source adds them)"
	if total > 0 {
		p.set.Warn("not counted, since %s: %d classes or files, first %s", how, len(p.lineless), p.lineless[0].path)
		return nil
	}
	p.set.SetMetric(hits.MetricInstructions)
	for _, c := range p.lineless {
		if err := p.set.File(c.path).SetTotals(c.covered, c.total); err != nil {
			return p.x.Errorf("counter INSTRUCTION of %s: %w", c.path, err)
		}
	}
	p.set.Warn("all classes were %s: instructions are counted", how)
	return nil
}
