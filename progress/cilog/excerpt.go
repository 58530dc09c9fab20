package cilog

import (
	"bytes"
	"fmt"
	"slices"
)

// excerpt keeps the beginning and the end of a text in bounded memory.
type excerpt struct {
	limit int // bytes; half of them for the beginning

	head, tail         []string
	headSize, tailSize int
	lost               int // lines between head and tail

	part     []byte // the line that has not ended yet
	partLost int    // bytes that it has beyond its room
	returned bool   // a carriage return came last
}

const (
	longestLine = 16 << 10 // bytes of a line that are kept
	lineCost    = 24       // bytes that a line takes besides its text, about
)

// write takes p. What a line wrote before a carriage return is overwritten by
// what follows, as on a terminal: of a bar that fills, the last state is kept.
func (x *excerpt) write(p []byte) {
	for len(p) > 0 {
		n := bytes.IndexAny(p, "\r\n")
		piece, end := p, byte(0)
		if n >= 0 {
			piece, end, p = p[:n], p[n], p[n+1:]
		} else {
			p = nil
		}
		if len(piece) > 0 {
			if x.returned {
				x.restart()
			}
			kept := min(len(piece), max(0, x.room()-len(x.part)))
			x.part = append(x.part, piece[:kept]...)
			x.partLost += len(piece) - kept
		}
		switch end {
		case '\n':
			x.endLine()
		case '\r':
			x.returned = true
		}
	}
}

// room is how many bytes of a line are kept.
func (x *excerpt) room() int { return min(longestLine, x.limit/4) }

func (x *excerpt) restart() { x.part, x.partLost, x.returned = x.part[:0], 0, false }

func (x *excerpt) endLine() {
	line := string(x.part)
	if x.partLost > 0 {
		line += fmt.Sprintf(" … and %d bytes", x.partLost)
	}
	x.restart()
	cost := len(line) + lineCost
	if x.lost == 0 && len(x.tail) == 0 && x.headSize+cost <= x.limit/2 {
		x.head, x.headSize = append(x.head, line), x.headSize+cost
		return
	}
	x.tail, x.tailSize = append(x.tail, line), x.tailSize+cost
	for x.tailSize > x.limit/2 && len(x.tail) > 1 {
		x.tailSize -= len(x.tail[0]) + lineCost
		x.tail[0], x.tail = "", x.tail[1:]
		x.lost++
	}
}

// lines returns what is kept, and in its place how much is not.
func (x *excerpt) lines() []string {
	if len(x.part) > 0 {
		x.endLine()
	}
	lines := slices.Clone(x.head)
	if x.lost > 0 {
		lines = append(lines, fmt.Sprintf("… %d lines left out …", x.lost))
	}
	return append(lines, x.tail...)
}

// latest returns the line that was written last and is not empty.
func (x *excerpt) latest() string {
	if len(x.part) > 0 {
		return string(x.part)
	}
	for _, lines := range [][]string{x.tail, x.head} {
		for _, line := range slices.Backward(lines) {
			if line != "" {
				return line
			}
		}
	}
	return ""
}
