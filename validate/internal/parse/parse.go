// Package parse reads the findings of linters from the formats that they print.
//
// It takes what a tool says as it is: paths are not resolved, and text is not
// made safe to print.
package parse

import (
	"errors"
	"math"
)

// Level is how bad a message is, in the words of the format made one of three.
type Level int

// The levels, mildest first.
const (
	Note Level = iota + 1
	Warning
	Error
)

// Message is one finding.
type Message struct {
	Path               string
	Line, Column       int // from 1; 0 is unknown
	EndLine, EndColumn int
	Rule               string
	Level              Level
	Text               string
	Fatal              bool // the file could not be parsed
	Ignored            bool // eslint was told to look at a file that its configuration ignores
}

// ErrEmpty is the error of output in which there is nothing at all, where the
// format has a form for no findings.
var ErrEmpty = errors.New("its output is empty")

// position makes n a line or column: 0 where it is none.
func position(n int64) int {
	if n < 1 || n > math.MaxInt32 {
		return 0
	}
	return int(n)
}
