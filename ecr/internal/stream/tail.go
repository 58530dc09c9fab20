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
)

// Tail keeps the last lines of what is written to it, safe to print and without
// the colours of a terminal. The zero value is ready.
type Tail struct {
	lines   []string
	partial strings.Builder
}

// Write adds text, which need not end where a line does.
func (t *Tail) Write(text string) {
	for {
		line, rest, ended := strings.Cut(text, "\n")
		if room := 2*tailWidth - t.partial.Len(); len(line) <= room {
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
	line := Line(t.partial.String())
	t.partial.Reset()
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
