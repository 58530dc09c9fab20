// Package gocover reads the coverage profiles of the go command.
//
// The unit is the statement. A profile lists blocks, each with the number of
// its statements; under -coverpkg every test binary lists all of them, so a
// block counts once and is covered where any binary ran it, as in
// golang.org/x/tools/cover. Profiles that were put one behind the other may
// repeat the mode line, as long as the modes agree.
package gocover

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// Parse reads a profile. Its faults are [*hits.Error] values.
func Parse(r *bufio.Reader) (*hits.Set, error) {
	p := parser{lines: hits.NewLines(r), set: &hits.Set{}}
	p.set.SetMetric(hits.MetricStatements)
	for {
		line, err := p.lines.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
		if err := p.line(line); err != nil {
			return nil, p.lines.Errorf("%w", err)
		}
	}
	if p.lines.Unclosed() {
		p.set.Warn("line %d, the last one, has no line end: the report may have been cut within its count", p.lines.Number())
	}
	return p.set, nil
}

type parser struct {
	lines *hits.Lines
	set   *hits.Set
	mode  string
	path  []byte     // of file
	file  *hits.File // of the block before; blocks of one file stand together
}

func (p *parser) line(line []byte) error {
	trimmed := bytes.TrimSpace(line)
	switch mode, isMode := bytes.CutPrefix(trimmed, []byte("mode:")); {
	case len(trimmed) == 0:
		return nil
	case isMode:
		return p.nextMode(string(bytes.TrimSpace(mode)))
	case p.mode == "":
		return errors.New("no mode line before the first block")
	}
	return p.block(line)
}

func (p *parser) nextMode(next string) error {
	switch next {
	case "set", "count", "atomic":
	default:
		return fmt.Errorf("mode is %.100q, not set, count or atomic", next)
	}
	if p.mode != "" && p.mode != next {
		return fmt.Errorf("mode changes from %s to %s: run all tests with one -covermode", p.mode, next)
	}
	p.mode = next
	return nil
}

// block adds the block that line tells of:
//
//	name.go:line.column,line.column statements count
//
// The name may hold colons and spaces, so it ends at the last colon.
func (p *parser) block(line []byte) error {
	colon := bytes.LastIndexByte(line, ':')
	if colon <= 0 {
		return fmt.Errorf("%.200q is no block of a profile", line)
	}
	b, statements, hit, ok := parseBlock(line[colon+1:])
	if !ok {
		return fmt.Errorf("%.200q is no block (line.column,line.column statements count)", line[colon+1:])
	}
	if p.file == nil || !bytes.Equal(p.path, line[:colon]) {
		p.path = append(p.path[:0], line[:colon]...)
		p.file = p.set.FileBytes(p.path)
	}
	return p.file.Block(b, statements, hit)
}

func parseBlock(s []byte) (b hits.Block, statements int64, hit, ok bool) {
	var n [5]uint32
	for i, end := range [...]byte{'.', ',', '.', ' ', ' '} {
		if n[i], s, ok = number(s, end); !ok {
			return b, 0, false, false
		}
	}
	if len(s) == 0 || n[4] > 1<<31-1 {
		return b, 0, false, false
	}
	for _, digit := range s {
		if digit < '0' || digit > '9' {
			return b, 0, false, false
		}
		hit = hit || digit != '0'
	}
	return hits.Block{StartLine: n[0], StartColumn: n[1], EndLine: n[2], EndColumn: n[3]}, int64(n[4]), hit, true
}

// number reads the digits before end, and returns what stands behind it.
func number(s []byte, end byte) (n uint32, rest []byte, ok bool) {
	var sum uint64
	for i, c := range s {
		switch {
		case c == end:
			return uint32(sum), s[i+1:], i > 0 && i <= 10 && sum <= 1<<32-1
		case c < '0' || c > '9' || i > 10:
			return 0, nil, false
		}
		sum = 10*sum + uint64(c-'0')
	}
	return 0, nil, false
}
