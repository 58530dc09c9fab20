// Package simplecov reads the JSON of SimpleCov: .resultset.json in its old and
// its new form, and the coverage.json of its JSON formatter.
//
// The unit is the line. A resultset has the results of several commands, such as
// of RSpec and of Minitest, which are merged as SimpleCov does: a line that none of
// them ran, and that has no count at all in one of them, is no code.
//
// A resultset counts the lines between # :nocov: marks, which SimpleCov leaves out
// of its own numbers by looking at the source. coverage.json tells them.
package simplecov

import (
	"encoding/json"
	"io"
	"maps"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/jsonscan"
)

// ParseResultset reads .resultset.json. Its faults are [*hits.Error] values.
func ParseResultset(r io.Reader) (*hits.Set, error) {
	return parse(r, func(p *parser, _ string) error { return p.json.Object(p.result) })
}

// ParseFormatted reads coverage.json. Its faults are [*hits.Error] values.
func ParseFormatted(r io.Reader) (*hits.Set, error) {
	return parse(r, (*parser).result)
}

func parse(r io.Reader, member func(*parser, string) error) (*hits.Set, error) {
	p := parser{json: jsonscan.New(r), set: &hits.Set{}, seen: map[string]bool{}}
	if err := p.json.Object(func(key string) error { return member(&p, key) }); err != nil {
		return nil, err
	}
	return p.set, p.json.End()
}

type parser struct {
	json *jsonscan.Reader
	set  *hits.Set
	seen map[string]bool // paths of the commands before
}

// result reads a member of what a command has, or of coverage.json.
func (p *parser) result(key string) error {
	if key != "coverage" {
		return p.json.Skip()
	}
	return p.json.Object(p.file)
}

// file reads an array of counts, or an object that has one.
func (p *parser) file(path string) error {
	if path == "" {
		return p.json.Errorf("a file has no name")
	}
	token, err := p.json.Token()
	if err != nil {
		return err
	}
	var file hits.File
	listed := token == json.Delim('[')
	switch token {
	case json.Delim('['):
		err = p.counts(&file)
	case json.Delim('{'):
		err = p.json.Members(func(key string) error {
			if key != "lines" {
				return p.json.Skip()
			}
			listed = true
			return p.lines(&file)
		})
	}
	if err == nil && !listed {
		err = p.json.Errorf("%s has no lines", path)
	}
	if err == nil {
		err = p.add(path, &file)
	}
	return err
}

func (p *parser) lines(file *hits.File) error {
	token, err := p.json.Token()
	if err != nil {
		return err
	}
	switch token {
	case nil: // of a run that measured branches alone
		return nil
	case json.Delim('['):
		return p.counts(file)
	}
	return p.json.Errorf("lines are no array")
}

// counts reads the counts of the lines from 1: null where there is no code, and
// "ignored" between marks.
func (p *parser) counts(file *hits.File) error {
	number := uint64(0)
	return p.json.Elements(func(token json.Token) error {
		number++
		if token == nil || token == "ignored" {
			return nil
		}
		text, err := p.json.Number(token)
		if err != nil {
			return err
		}
		hit, err := hits.Hit(text)
		if err != nil {
			return p.json.Errorf("line %d: %w", number, err)
		}
		file.Line(number, hit)
		return nil
	})
}

// add merges file with what the commands before say of it.
func (p *parser) add(path string, file *hits.File) error {
	known := p.set.File(path)
	if p.seen[path] {
		file = combine(known, file)
		known.Reset()
	}
	p.seen[path] = true
	if err := known.Merge(file); err != nil {
		return p.json.Errorf("%s: %w", path, err)
	}
	return nil
}

// combine returns the lines that a and b both have, and those that either ran.
func combine(a, b *hits.File) *hits.File {
	inA := maps.Collect(a.Lines())
	var both hits.File
	for n, hit := range b.Lines() {
		hitInA, known := inA[n]
		if known || hit {
			both.Line(n, hit || hitInA)
		}
		delete(inA, n)
	}
	for n, hit := range inA {
		if hit {
			both.Line(n, true)
		}
	}
	return &both
}
