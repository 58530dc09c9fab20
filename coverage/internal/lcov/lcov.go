// Package lcov reads LCOV tracefiles, as geninfo(1) describes them.
//
// The unit is the line: the DA entries of all records of a file, united. LF and
// LH only repeat what those say, and are sometimes absent or wrong, so they give
// a warning where they disagree and never a number. Functions and branches are
// not read.
package lcov

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// Parse reads a tracefile. Its faults are [*hits.Error] values. A record
// that has no end_of_record is [hits.ErrTruncated].
func Parse(r *bufio.Reader) (*hits.Set, error) {
	p := parser{lines: hits.NewLines(r), set: &hits.Set{}}
	for {
		line, err := p.lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := p.line(string(bytes.TrimSpace(line))); err != nil {
			return nil, err
		}
	}
	if p.record != nil {
		return nil, hits.Errorf(p.lines.Number(), "%w: the record of %s has no end_of_record", hits.ErrTruncated, p.path)
	}
	if p.wrong > 0 {
		p.set.Warn("LF and LH disagree with the DA lines in %d of the records, first %s; the DA lines count", p.wrong, p.first)
	}
	return p.set, nil
}

type parser struct {
	lines *hits.Lines
	set   *hits.Set

	record *hits.File // between SF and end_of_record; nil elsewhere
	path   string
	totals map[string]string // what LF and LH of the record say

	wrong int    // records whose totals disagree with their lines
	first string // the first of them
}

func (p *parser) line(line string) error {
	switch {
	case line == "" || line[0] == '#':
		return nil
	case line == "end_of_record":
		return p.endRecord()
	}
	key, value, found := strings.Cut(line, ":")
	if !found || strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return p.lines.Errorf("%q is no line of an LCOV report", line)
	}
	switch key {
	case "SF":
		return p.startRecord(value)
	case "DA":
		return p.data(value)
	case "LF", "LH":
		if p.record != nil {
			p.totals[key] = value
		}
	}
	return nil
}

func (p *parser) startRecord(path string) error {
	if p.record != nil {
		return hits.Errorf(p.lines.Number(), "%w: the record of %s has no end_of_record before the next SF", hits.ErrTruncated, p.path)
	}
	if path == "" {
		return p.lines.Errorf("SF names no file")
	}
	p.record, p.path, p.totals = &hits.File{}, path, map[string]string{}
	return nil
}

// data adds "line,count" or "line,count,checksum".
func (p *parser) data(value string) error {
	if p.record == nil {
		return p.lines.Errorf("DA:%s stands outside of a record", value)
	}
	fields := strings.Split(value, ",")
	if len(fields) < 2 {
		return p.lines.Errorf("DA:%s has no count", value)
	}
	number, err := hits.LineNumber(fields[0])
	if err != nil {
		return p.lines.Errorf("DA: %w", err)
	}
	hit, err := hits.Positive(fields[1])
	if err != nil {
		return p.lines.Errorf("DA: %w", err)
	}
	p.record.Line(number, hit)
	return nil
}

func (p *parser) endRecord() error {
	if p.record == nil {
		return p.lines.Errorf("end_of_record stands outside of a record")
	}
	p.checkTotals()
	err := p.set.File(p.path).Merge(p.record)
	p.record = nil
	return err
}

func (p *parser) checkTotals() {
	covered, total := p.record.Count()
	said := func(key string, n int64) bool {
		v, given := p.totals[key]
		return !given || v == strconv.FormatInt(n, 10)
	}
	if said("LF", total) && said("LH", covered) {
		return
	}
	if p.wrong++; p.wrong == 1 {
		p.first = fmt.Sprintf("%s (LH/LF %s/%s, DA %d/%d)", p.path, p.totals["LH"], p.totals["LF"], covered, total)
	}
}
