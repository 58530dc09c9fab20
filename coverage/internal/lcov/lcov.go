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

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// Parse reads a tracefile. Its faults are [*hits.Error] values. A record
// that has no end_of_record is [hits.ErrTruncated].
func Parse(r *bufio.Reader) (*hits.Set, error) {
	p := parser{lines: hits.NewLines(r), set: &hits.Set{}}
	for {
		line, err := p.lines.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	if p.open {
		return nil, hits.Errorf(p.lines.Number(), "%w: the record of %s has no end_of_record", hits.ErrTruncated, p.path)
	}
	switch number := p.lines.Number(); {
	case p.named:
		p.set.Warn("line %d, the last one, begins a record (TN) that does not follow: the report may have been cut", number)
	case p.lines.Unclosed():
		p.set.Warn("line %d, the last one, has no line end: the report may have been cut behind it", number)
	}
	p.warn()
	return p.set, nil
}

type parser struct {
	lines *hits.Lines
	set   *hits.Set

	open   bool // a record is
	named  bool // TN was the last line that says something
	path   []byte
	record hits.File
	lf, lh []byte // what the record says in LF and LH; nil where it does not

	wrong   int    // records whose totals disagree with their lines
	first   string // the first of them
	wrapped int    // counts that fell below zero
}

func (p *parser) line(line []byte) error {
	if p.open && p.plain(line) {
		return nil
	}
	line = bytes.TrimSpace(line)
	switch {
	case len(line) == 0 || line[0] == '#':
		return nil
	case string(line) == "end_of_record":
		return p.endRecord()
	}
	key, value, found := bytes.Cut(line, []byte(":"))
	if !found || len(bytes.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) > 0 {
		return p.lines.Errorf("%.200q is no line of an LCOV report", line)
	}
	p.named = string(key) == "TN"
	switch string(key) {
	case "SF":
		return p.startRecord(value)
	case "DA":
		return p.data(value)
	case "LF":
		p.lf = append(p.lf[:0], value...)
	case "LH":
		p.lh = append(p.lh[:0], value...)
	}
	return nil
}

func (p *parser) startRecord(path []byte) error {
	if p.open {
		return hits.Errorf(p.lines.Number(), "%w: the record of %s has no end_of_record before the next SF", hits.ErrTruncated, p.path)
	}
	if len(path) == 0 {
		return p.lines.Errorf("SF names no file")
	}
	p.open, p.path = true, append(p.path[:0], path...)
	p.lf, p.lh = p.lf[:0], p.lh[:0]
	p.record.Reset()
	return nil
}

// plain adds the line of "DA:line,count", where both have few digits and there is
// nothing else, as in almost all lines of a report. It reports whether it was so.
func (p *parser) plain(line []byte) bool {
	const key = len("DA:")
	if len(line) < key+len("1,1") || len(line) > key+len("999999999,99999999") || line[0] != 'D' || line[1] != 'A' || line[2] != ':' {
		return false
	}
	var number, count uint64
	to := &number
	for i, c := range line[key:] {
		if c == ',' && to == &number && i > 0 {
			to = &count
			continue
		}
		digit := uint64(c - '0')
		if digit > 9 {
			return false
		}
		*to = 10**to + digit
	}
	if to == &number || line[len(line)-1] == ',' {
		return false
	}
	p.record.Line(number, count > 0)
	return true
}

// data adds "line,count" or "line,count,checksum".
func (p *parser) data(value []byte) error {
	if !p.open {
		return p.lines.Errorf("DA:%.200s stands outside of a record", value)
	}
	comma := bytes.IndexByte(value, ',')
	if comma < 0 {
		return p.lines.Errorf("DA:%.200s has no count", value)
	}
	number, err := hits.LineNumber(bytes.TrimSpace(value[:comma]))
	if err != nil {
		return p.lines.Errorf("DA: %w", err)
	}
	count := value[comma+1:]
	if comma = bytes.IndexByte(count, ','); comma >= 0 {
		count = count[:comma]
	}
	hit, err := hits.Hit(count)
	if err != nil {
		return p.lines.Errorf("DA: %w", err)
	}
	if hit && len(count) > 18 && hits.Wrapped(count) {
		p.wrapped++
	}
	p.record.Line(number, hit)
	return nil
}

func (p *parser) endRecord() error {
	if !p.open {
		return p.lines.Errorf("end_of_record stands outside of a record")
	}
	p.open, p.named = false, false
	p.checkTotals()
	return p.set.FileBytes(p.path).Merge(&p.record)
}

func (p *parser) checkTotals() {
	covered, total := p.record.Count()
	if says(p.lf, total) && says(p.lh, covered) {
		return
	}
	if p.wrong++; p.wrong == 1 {
		p.first = fmt.Sprintf("%s (LH/LF %s/%s, DA %d/%d)", p.path, p.lh, p.lf, covered, total)
	}
}

// says reports whether text, where there is any, is n.
func says(text []byte, n int64) bool {
	var digits [20]byte
	return len(text) == 0 || bytes.Equal(text, strconv.AppendInt(digits[:0], n, 10))
}

func (p *parser) warn() {
	if p.wrong > 0 {
		p.set.Warn("LF and LH disagree with the DA lines in %d of the records, first %s; the DA lines count", p.wrong, p.first)
	}
	if p.wrapped > 0 {
		p.set.Warn("counts beyond 2^63, as of counters that fell below zero: %d; their lines count as covered, as llvm-cov takes them itself", p.wrapped)
	}
}
