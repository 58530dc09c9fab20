package stream

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/internal/clean"
)

// How much of the output of a step is kept: enough to see why it failed.
const (
	tailLines = 25
	tailWidth = 500 // bytes a line
	// maxLine is how much of a line is looked at, in bytes: what is to be hidden
	// must be found before the line is cut to its width.
	maxLine = 64 << 10
)

// Tail keeps the last lines of what is written to it, safe to print and without
// the colours of a terminal. The zero value is ready.
type Tail struct {
	// Hide is given each line in one piece, however it was written, and returns
	// what may be shown of it; nil shows all.
	Hide func(string) string

	lines   []string
	partial strings.Builder
}

// Write adds text, which need not end where a line does.
func (t *Tail) Write(text string) {
	for {
		line, rest, ended := strings.Cut(text, "\n")
		if room := maxLine - t.partial.Len(); len(line) <= room {
			t.partial.WriteString(line)
		} else {
			t.partial.WriteString(line[:max(room, 0)])
		}
		if !ended {
			return
		}
		t.end()
		text = rest
	}
}

// end makes a line of what has gathered.
func (t *Tail) end() {
	line := t.partial.String()
	t.partial.Reset()
	if t.Hide != nil {
		line = t.Hide(line)
	}
	line = Line(line)
	if line == "" {
		return
	}
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = append(t.lines[:0], t.lines[len(t.lines)-tailLines:]...)
	}
}

// Lines returns the last lines that were not empty, the oldest first.
func (t *Tail) Lines() []string {
	t.end()
	return append([]string(nil), t.lines...)
}

// Reset forgets all.
func (t *Tail) Reset() {
	t.lines = nil
	t.partial.Reset()
}

var colours = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// Line returns a line of output as it is safe to print: what a terminal would
// show of it at the end, where it overwrites itself, and no more than 500 bytes.
func Line(s string) string {
	s = strings.TrimRight(colours.ReplaceAllString(s, ""), " \t\r")
	if i := strings.LastIndexByte(s, '\r'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.ReplaceAll(s, "\t", "    ")
	if len(s) > tailWidth {
		cut := tailWidth
		for cut > tailWidth-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "..."
	}
	return clean.Text(s)
}
