package istanbul

import (
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/jsonscan"
)

// ParseSummary reads coverage-summary.json: how many lines of each file there are
// and are covered. Percentages are not used; that of an empty file is "Unknown".
func ParseSummary(r io.Reader) (*hits.Set, error) {
	p := summaryParser{json: jsonscan.New(r), set: &hits.Set{}}
	if err := p.json.Object(p.file); err != nil {
		return nil, err
	}
	if err := p.json.End(); err != nil {
		return nil, err
	}
	covered, total := p.set.Count()
	switch said := p.total; {
	case said == nil:
		p.set.Warn("the report has no total, so it may lack files; its files count")
	case p.set.Lacks(said.covered, said.total):
		return nil, p.json.Errorf("%w: the total says %d/%d lines covered, the files are %d/%d", hits.ErrContradiction, said.covered, said.total, covered, total)
	case said.covered != covered || said.total != total:
		p.set.Warn("the total says %d/%d lines covered, the files are %d/%d; the files count", said.covered, said.total, covered, total)
	}
	return p.set, nil
}

type summaryParser struct {
	json  *jsonscan.Reader
	set   *hits.Set
	total *count
}

type count struct{ covered, total int64 }

func (p *summaryParser) file(path string) error {
	var lines, branches *count
	err := p.json.Object(func(key string) (err error) {
		switch key {
		case "lines":
			lines, err = p.count()
		case "branches":
			branches, err = p.count()
		default:
			err = p.json.Skip()
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case lines == nil:
		return p.json.Errorf("%q has no lines", path)
	case path == "total":
		p.total = lines
		return nil
	}
	var file hits.File
	if err := file.SetTotals(lines.covered, lines.total); err != nil {
		return p.json.Errorf("lines of %s: %w", path, err)
	}
	if branches != nil && branches.total > 0 {
		file.Branch(0, branches.covered, branches.total)
	}
	if err := p.set.File(path).Merge(&file); err != nil {
		return p.json.Errorf("%s: %w", path, err)
	}
	return nil
}

func (p *summaryParser) count() (*count, error) {
	var c count
	seen := 0
	err := p.json.Object(func(key string) (err error) {
		switch key {
		case "total":
			seen |= 1
			c.total, err = p.json.Units()
		case "covered":
			seen |= 2
			c.covered, err = p.json.Units()
		default:
			err = p.json.Skip()
		}
		return err
	})
	if err == nil && seen != 3 {
		err = p.json.Errorf("total and covered must both be given")
	}
	return &c, err
}
