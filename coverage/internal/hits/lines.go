package hits

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxLine is the most bytes that a line may have. Names of C++ functions reach
// some tens of thousands; what is longer is no report.
const maxLine = 1 << 20

// Lines reads a text report line by line.
type Lines struct {
	r        *bufio.Reader
	long     []byte // a line that exceeds the buffer of r
	number   int
	unclosed bool
}

// NewLines returns a reader of the lines of r.
func NewLines(r *bufio.Reader) *Lines { return &Lines{r: r} }

// Next returns the next line without its end (\n or \r\n), valid until the next
// call. At the end of the report it returns [io.EOF].
func (l *Lines) Next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err != nil {
		if line, err = l.rest(line, err); err != nil {
			return nil, err
		}
	}
	l.number++
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
	}
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	return line[:n], nil
}

// rest completes a line that exceeds the buffer or has no end.
func (l *Lines) rest(line []byte, err error) ([]byte, error) {
	for l.long = l.long[:0]; errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= maxLine; {
		l.long = append(l.long, line...)
		line, err = l.r.ReadSlice('\n')
	}
	if len(l.long) > 0 {
		l.long = append(l.long, line...)
		line = l.long
	}
	switch {
	case len(line) > maxLine:
		return nil, Errorf(l.number+1, "line is longer than %d bytes", maxLine)
	case errors.Is(err, io.EOF) && len(line) > 0:
		l.unclosed = true
		return line, nil
	}
	return line, err
}

// Number is the number of the line that Next returned last; the first is 1.
func (l *Lines) Number() int { return l.number }

// Unclosed reports whether the last line of the report was reached and has no
// line end. Such a report may have been cut in the middle of that line.
func (l *Lines) Unclosed() bool { return l.unclosed }

// Errorf returns an [Error] at the present line. Where that line was cut short by
// the end of the report, it is [ErrTruncated].
func (l *Lines) Errorf(format string, args ...any) error {
	if l.unclosed {
		return Errorf(l.number, "%w in its last line: %w", ErrTruncated, fmt.Errorf(format, args...))
	}
	return Errorf(l.number, format, args...)
}
