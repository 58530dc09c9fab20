// Package coveragepy reads the JSON reports of coverage.py.
//
// The unit is the line: executed_lines and missing_lines of each file, without
// excluded_lines. Of a run
// with --branch it is lines and branches together, as coverage.py prints them.
// The summary of a file is what the tool prints; where the lists say something
// else, the summary counts and there is a warning.
package coveragepy

import (
	"encoding/json"
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/jsonscan"
)

// Parse reads a report. Its faults are [*hits.Error] values.
func Parse(r io.Reader) (*hits.Set, error) {
	p := parser{json: jsonscan.New(r), set: &hits.Set{}}
	if err := p.json.Object(p.member); err != nil {
		return nil, err
	}
	if err := p.json.End(); err != nil {
		return nil, err
	}
	return p.set, p.finish()
}

type parser struct {
	json     *jsonscan.Reader
	set      *hits.Set
	branches bool // of a run with --branch
	totals   *summary
	odd      []oddity
}

// summary is what the report says of a file, or of all of them.
type summary struct{ lines, coveredLines, branches, coveredBranches int64 }

// oddity is a file whose lists say something else than its summary.
type oddity struct {
	path string
	summary
}

func (p *parser) member(key string) error {
	switch key {
	case "meta":
		return p.json.Object(p.meta)
	case "files":
		return p.json.Object(p.file)
	case "totals":
		p.totals = &summary{}
		return p.summary(p.totals)
	}
	return p.json.Skip()
}

func (p *parser) meta(key string) error {
	token, err := p.json.Token()
	if err != nil {
		return err
	}
	if key == "branch_coverage" {
		p.branches = token == true
	}
	return p.json.SkipRest(token)
}

// record is what the report says of a file, as its keys come.
type record struct {
	lists            bool // there are lists, not a summary alone
	listed, excluded hits.File
	arms             branches
	said             *summary
}

func (p *parser) file(path string) error {
	if path == "" {
		return p.json.Errorf("a file has no name")
	}
	r := record{arms: branches{}}
	if err := p.json.Object(func(key string) error { return p.record(&r, key) }); err != nil {
		return err
	}
	if r.said == nil && !r.lists {
		return p.json.Errorf("%s has neither executed_lines nor a summary", path)
	}
	var file hits.File
	addLines(&file, &r.listed, &r.excluded)
	r.arms.addTo(&file)
	if said := r.said; said != nil {
		if len(r.arms) == 0 && said.branches > 0 {
			file.Branch(0, said.coveredBranches, said.branches)
		}
		if said.differs(&file) {
			p.odd = append(p.odd, oddity{path, *said})
		}
	}
	if err := p.set.File(path).Merge(&file); err != nil {
		return p.json.Errorf("%s: %w", path, err)
	}
	return nil
}

func (p *parser) record(r *record, key string) error {
	switch key {
	case "executed_lines":
		r.lists = true
		return p.lines(&r.listed, true)
	case "missing_lines":
		return p.lines(&r.listed, false)
	case "excluded_lines":
		return p.lines(&r.excluded, true)
	case "executed_branches":
		return p.arms(r.arms, true)
	case "missing_branches":
		return p.arms(r.arms, false)
	case "summary":
		r.said = &summary{}
		return p.summary(r.said)
	}
	return p.json.Skip()
}

// addLines adds the lines that are listed to file, but for the excluded ones: they
// may have been executed, and are not counted.
func addLines(file, listed, excluded *hits.File) {
	without := map[uint64]bool{}
	for n := range excluded.Lines() {
		without[n] = true
	}
	for n, hit := range listed.Lines() {
		if !without[n] {
			file.Line(n, hit)
		}
	}
}

func (p *parser) lines(file *hits.File, hit bool) error {
	return p.json.Array(func(token json.Token) error {
		number, err := p.line(token)
		if err != nil {
			return err
		}
		file.Line(number, hit)
		return nil
	})
}

func (p *parser) line(token json.Token) (uint64, error) {
	text, err := p.json.Number(token)
	if err != nil {
		return 0, err
	}
	number, err := hits.LineNumber(text)
	if err != nil {
		return 0, p.json.Errorf("%w", err)
	}
	return number, nil
}

// branches are the arms of each line that has several.
type branches map[uint64]hits.Branches

func (b branches) addTo(file *hits.File) {
	for n, arms := range b {
		file.Branch(n, int64(arms.Covered), int64(arms.Total))
	}
}

// arms reads pairs of a line and the line that came next, which may be an exit and
// is then below zero.
func (p *parser) arms(b branches, taken bool) error {
	return p.json.Array(func(token json.Token) error {
		if token != json.Delim('[') {
			return p.json.Errorf("a branch is no pair of lines")
		}
		first := true
		return p.json.Elements(func(token json.Token) error {
			if !first {
				return p.json.SkipRest(token)
			}
			first = false
			number, err := p.line(token)
			if err != nil {
				return err
			}
			arms := b[number]
			arms.Total++
			if taken {
				arms.Covered++
			}
			b[number] = arms
			return nil
		})
	})
}

func (p *parser) summary(s *summary) error {
	fields := map[string]*int64{
		"num_statements": &s.lines, "covered_lines": &s.coveredLines, "num_branches": &s.branches, "covered_branches": &s.coveredBranches,
	}
	err := p.json.Object(func(key string) error {
		to, known := fields[key]
		if !known {
			return p.json.Skip()
		}
		n, err := p.json.Units()
		*to = n
		return err
	})
	if err != nil {
		return err
	}
	if s.coveredLines > s.lines || s.coveredBranches > s.branches {
		return p.json.Errorf("the summary has %d of %d lines and %d of %d branches covered", s.coveredLines, s.lines, s.coveredBranches, s.branches)
	}
	return nil
}

func (s summary) differs(file *hits.File) bool {
	covered, total := file.Count()
	c, t := file.Branches()
	return s != summary{total, covered, t, c}
}

// count is how much is covered by what the report counts.
func (p *parser) count(s summary) (covered, total int64) {
	if p.branches {
		return s.coveredLines + s.coveredBranches, s.lines + s.branches
	}
	return s.coveredLines, s.lines
}

func (p *parser) finish() error {
	if p.branches {
		p.set.SetMetric(hits.MetricLinesAndBranches)
	}
	for _, odd := range p.odd {
		covered, total := p.count(odd.summary)
		if err := p.set.File(odd.path).SetTotals(covered, total); err != nil {
			return p.json.Errorf("%s: %w", odd.path, err)
		}
	}
	if len(p.odd) > 0 {
		p.set.Warn("summary and lists disagree in %d of the files, first %s; the summaries count", len(p.odd), p.odd[0].path)
	}
	covered, total := p.set.Count()
	if p.totals == nil {
		p.set.Warn("the report has no totals, so it may lack files; its files count")
		return nil
	}
	c, t := p.count(*p.totals)
	if p.set.Lacks(c, t) {
		return p.json.Errorf("%w: the totals say %d/%d %s covered, the files are %d/%d", hits.ErrContradiction, c, t, p.set.Metric(), covered, total)
	}
	if c != covered || t != total {
		p.set.Warn("the totals say %d/%d %s covered, the files are %d/%d; the files count", c, t, p.set.Metric(), covered, total)
	}
	return nil
}
