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
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// Parse reads a profile. Its faults are [*hits.Error] values.
func Parse(r *bufio.Reader) (*hits.Set, error) {
	lines, set := hits.NewLines(r), &hits.Set{}
	mode := ""
	for {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line = bytes.TrimSpace(line)
		switch m, isMode := bytes.CutPrefix(line, []byte("mode:")); {
		case len(line) == 0:
		case isMode:
			mode, err = nextMode(mode, string(bytes.TrimSpace(m)))
		case mode == "":
			err = errors.New("no mode line before the first block")
		default:
			err = addBlock(set, string(line))
		}
		if err != nil {
			return nil, lines.Errorf("%w", err)
		}
	}
	if lines.Unclosed() {
		set.Warn("line %d, the last one, has no line end: the report may have been cut within its count", lines.Number())
	}
	return set, nil
}

func nextMode(mode, next string) (string, error) {
	switch next {
	case "set", "count", "atomic":
	default:
		return "", fmt.Errorf("mode is %q, not set, count or atomic", next)
	}
	if mode != "" && mode != next {
		return "", fmt.Errorf("mode changes from %s to %s: run all tests with one -covermode", mode, next)
	}
	return next, nil
}

// addBlock adds the block that line tells of:
//
//	name.go:line.column,line.column statements count
//
// The name may hold colons and spaces, so it ends at the last colon.
func addBlock(set *hits.Set, line string) error {
	colon := strings.LastIndexByte(line, ':')
	if colon <= 0 {
		return fmt.Errorf("%q is no block of a profile", line)
	}
	b, statements, hit, ok := parseBlock(line[colon+1:])
	if !ok {
		return fmt.Errorf("%q is no block (line.column,line.column statements count)", line[colon+1:])
	}
	return set.File(line[:colon]).Block(b, statements, hit)
}

func parseBlock(s string) (b hits.Block, statements int64, hit, ok bool) {
	fields := strings.Split(s, " ")
	if len(fields) != 3 {
		return b, 0, false, false
	}
	start, end, _ := strings.Cut(fields[0], ",")
	ok = position(start, &b.StartLine, &b.StartColumn) && position(end, &b.EndLine, &b.EndColumn)
	n, err := strconv.ParseUint(fields[1], 10, 31)
	count := fields[2]
	if !ok || err != nil || count == "" || strings.Trim(count, "0123456789") != "" {
		return b, 0, false, false
	}
	return b, int64(n), strings.Trim(count, "0") != "", true
}

func position(s string, line, column *uint32) bool {
	l, c, _ := strings.Cut(s, ".")
	ln, err1 := strconv.ParseUint(l, 10, 32)
	cn, err2 := strconv.ParseUint(c, 10, 32)
	*line, *column = uint32(ln), uint32(cn)
	return err1 == nil && err2 == nil
}
