package term

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// The control sequences in use. Source: ECMA-48, and for the private modes
// (DECAWM, DECTCEM) the VT220 manual.
const (
	cursorUp   = "\x1b[%dA"
	eraseLine  = "\x1b[2K"
	eraseBelow = "\x1b[J"
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	wrapOff    = "\x1b[?7l"
	wrapOn     = "\x1b[?7h"
)

// line is one line of a frame: what is written, and how many cells it takes.
type line struct {
	text  string
	cells int
}

// screen draws frames over one another. Between frames the cursor stands at the
// beginning of the line below the frame.
type screen struct {
	w     io.Writer
	drawn []line // what is on the terminal
	err   error  // the first of w; nothing is drawn after it
}

// frame replaces what is drawn. Lines are not wrapped, so that a terminal that
// takes a character for wider than we do cuts the line instead of moving all
// those below.
func (s *screen) frame(lines []line, width, height int) {
	if slices.Equal(lines, s.drawn) {
		return
	}
	var b strings.Builder
	if s.drawn == nil {
		b.WriteString(hideCursor)
	}
	b.WriteString(wrapOff)
	s.over(&b, lines, width, height)
	b.WriteString(wrapOn)
	s.write(b.String())
	s.drawn = lines
}

// last replaces what is drawn by lines that stay, and shows the cursor.
func (s *screen) last(lines []line, width, height int) {
	var b strings.Builder
	s.over(&b, lines, width, height)
	b.WriteString(showCursor)
	s.write(b.String())
	s.drawn = nil
}

func (s *screen) over(b *strings.Builder, lines []line, width, height int) {
	b.WriteString("\r")
	if up := min(s.rows(width), height-1); up > 0 {
		fmt.Fprintf(b, cursorUp, up)
	}
	for _, l := range lines {
		// Erasing comes first: after a line as wide as the terminal the cursor
		// still stands on its last cell.
		b.WriteString(eraseLine + l.text + "\n")
	}
	b.WriteString(eraseBelow)
}

// rows returns how many rows the drawn lines take. A terminal that became
// narrower has folded the longer ones.
func (s *screen) rows(width int) int {
	n := 0
	for _, l := range s.drawn {
		n += max(1, (l.cells+width-1)/width)
	}
	return n
}

func (s *screen) write(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text)
	}
}
