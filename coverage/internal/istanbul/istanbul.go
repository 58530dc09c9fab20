// Package istanbul reads the JSON of istanbul, which nyc, c8, jest and vitest write:
// coverage-final.json and coverage-summary.json.
//
// The unit is the line, as in the other formats of istanbul. coverage-final.json
// lists statements; a line is one in which a statement begins, and is covered
// where any of those was executed.
package istanbul

import (
	"encoding/json"
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/jsonscan"
)

// Parse reads coverage-final.json. Its faults are [*hits.Error] values.
func Parse(r io.Reader) (*hits.Set, error) {
	p := parser{json: jsonscan.New(r), set: &hits.Set{}}
	if err := p.json.Object(p.file); err != nil {
		return nil, err
	}
	if err := p.json.End(); err != nil {
		return nil, err
	}
	if p.wrong > 0 {
		p.set.Warn("statements without a count, or counts without a statement: %d, first in %s; they are left out, as istanbul does", p.wrong, p.first)
	}
	return p.set, nil
}

type parser struct {
	json  *jsonscan.Reader
	set   *hits.Set
	wrong int    // statements without a count, and counts without a statement
	first string // the file of the first of them
}

// source is what the report says of a file, by the keys that it gives to
// statements and branches.
type source struct {
	statements map[string]uint64 // lines in which they begin
	hit        map[string]bool
	branches   map[string]uint64 // lines
	arms       map[string]hits.Branches
}

func (p *parser) file(path string) error {
	if path == "" {
		return p.json.Errorf("a file has no name")
	}
	s := source{map[string]uint64{}, map[string]bool{}, map[string]uint64{}, map[string]hits.Branches{}}
	known := 0
	if err := p.json.Object(func(key string) error { return p.member(&s, key, &known) }); err != nil {
		return err
	}
	if known != hasStatements|hasCounts {
		return p.json.Errorf("%s has no statementMap or no s", path)
	}
	p.check(path, s)
	var file hits.File
	for key, hit := range s.hit {
		if n, ok := s.statements[key]; ok {
			file.Line(n, hit)
		}
	}
	s.addBranches(&file)
	if err := p.set.File(path).Merge(&file); err != nil {
		return p.json.Errorf("%s: %w", path, err)
	}
	return nil
}

// What a file must have.
const (
	hasStatements = 1 << iota
	hasCounts
)

func (p *parser) member(s *source, key string, known *int) error {
	switch key {
	case "statementMap":
		*known |= hasStatements
		return p.json.Object(func(id string) error { return p.begin(s.statements, id) })
	case "s":
		*known |= hasCounts
		return p.json.Object(func(id string) (err error) {
			s.hit[id], err = p.count()
			return err
		})
	case "branchMap":
		return p.json.Object(func(id string) error { return p.branch(s, id) })
	case "b":
		return p.json.Object(func(id string) (err error) {
			s.arms[id], err = p.arms()
			return err
		})
	case "data": // what some versions put around all of this
		return p.json.Object(func(key string) error { return p.member(s, key, known) })
	}
	return p.json.Skip()
}

// begin reads the place of a statement, of which the line where it begins counts.
func (p *parser) begin(lines map[string]uint64, id string) error {
	return p.json.Object(func(key string) error {
		if key != "start" {
			return p.json.Skip()
		}
		return p.json.Object(func(key string) error {
			if key != "line" {
				return p.json.Skip()
			}
			return p.line(lines, id)
		})
	})
}

// branch reads a branch, whose line is its own or else that of its place.
func (p *parser) branch(s *source, id string) error {
	return p.json.Object(func(key string) error {
		switch key {
		case "line":
			return p.line(s.branches, id)
		case "loc":
			if _, known := s.branches[id]; !known {
				return p.begin(s.branches, id)
			}
		}
		return p.json.Skip()
	})
}

// line reads the number of a line. What has none, as null of code that was made
// by a tool, is on no line.
func (p *parser) line(lines map[string]uint64, id string) error {
	token, err := p.json.Token()
	if err != nil || token == nil {
		return err
	}
	text, err := p.json.Number(token)
	if err != nil {
		return err
	}
	n, err := hits.LineNumber(text)
	if err != nil {
		return p.json.Errorf("%w", err)
	}
	lines[id] = n
	return nil
}

func (p *parser) count() (bool, error) {
	token, err := p.json.Token()
	if err != nil {
		return false, err
	}
	return p.hit(token)
}

func (p *parser) hit(token json.Token) (bool, error) {
	text, err := p.json.Number(token)
	if err != nil {
		return false, err
	}
	hit, err := hits.Hit(text)
	if err != nil {
		return false, p.json.Errorf("%w", err)
	}
	return hit, nil
}

func (p *parser) arms() (arms hits.Branches, err error) {
	err = p.json.Array(func(token json.Token) error {
		hit, err := p.hit(token)
		arms.Total++
		if hit {
			arms.Covered++
		}
		return err
	})
	return arms, err
}

// check notes where statements and counts do not belong together.
func (p *parser) check(path string, s source) {
	wrong := 0
	for key := range s.hit {
		if _, ok := s.statements[key]; !ok {
			wrong++
		}
	}
	for key := range s.statements {
		if _, ok := s.hit[key]; !ok {
			wrong++
		}
	}
	if wrong > 0 && p.wrong == 0 {
		p.first = path
	}
	p.wrong += wrong
}

// addBranches adds up the arms of all branches of a line.
func (s source) addBranches(file *hits.File) {
	lines := map[uint64]hits.Branches{}
	for id, arms := range s.arms {
		n := s.branches[id] // 0 where no line is known
		sum := lines[n]
		lines[n] = hits.Branches{Covered: sum.Covered + arms.Covered, Total: sum.Total + arms.Total}
	}
	for n, arms := range lines {
		file.Branch(n, int64(arms.Covered), int64(arms.Total))
	}
}
