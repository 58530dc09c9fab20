// Package text is how the renderers write what events hold: durations as people
// say them, and foreign text in a form that is safe to show.
package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Elapsed returns d as a clock would show it, in at most six columns below 100
// hours: "7s", "1m05s", "2h03m". It rounds down; below zero it is "0s".
func Elapsed(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

// Span returns d like Elapsed, with milliseconds below one second and tenths
// below ten: "42ms", "3.4s".
func Span(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	case d < 10*time.Second:
		tenths := d / (100 * time.Millisecond)
		return fmt.Sprintf("%d.%ds", tenths/10, tenths%10)
	}
	return Elapsed(d)
}

// Line returns s as one line that does nothing but show itself. Runs of white
// space and line breaks become one space. What could steer a terminal or turn
// the direction of the text around it (control characters, bidirectional
// overrides, bytes that are not UTF-8) is written as a Go escape such as \x1b.
func Line(s string) string {
	return Safe(strings.Join(strings.Fields(s), " "))
}

// Lines returns the lines of s, each safe to show, with its indentation and
// without empty lines around the whole.
func Lines(s string) []string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\t", "    ")
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(s, "\n"), "\n") {
		lines = append(lines, strings.TrimRight(Safe(line), " "))
	}
	return lines
}

// Safe returns s with its dangerous characters escaped, line breaks among them.
func Safe(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, dangerous) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case dangerous(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

// List returns the first most of names with commas between them, and how many
// more there are.
func List(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// dangerous reports whether r acts on a terminal instead of being shown: the
// control characters, the line and paragraph separators, and the bidirectional
// formatting characters of Unicode Standard Annex #9, section 2.
func dangerous(r rune) bool {
	switch {
	case unicode.IsControl(r),
		r == '\u061c', r == '\u200e', r == '\u200f',
		r >= '\u2028' && r <= '\u202e',
		r >= '\u2066' && r <= '\u2069':
		return true
	}
	return false
}
