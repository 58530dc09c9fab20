package validate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage is the longest message in bytes; the rest of a longer one is of
// use to nobody.
const maxMessage = 4 << 10

// clean returns s as one line that is safe to print: what is not to be printed,
// and what turns the direction of writing, becomes an escape.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case printable(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func isClean(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !printable(r) }) < 0
}

// printable leaves out format characters too (category Cf), which is where the
// ones that turn the direction of writing are; of those, text needs only the joiners.
func printable(r rune) bool {
	const nonJoiner, joiner = 0x200c, 0x200d
	return unicode.IsPrint(r) || r == nonJoiner || r == joiner
}

// cleanMessage is clean for text that may be long and have several lines: they
// become one.
func cleanMessage(s string) string {
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return clean(strings.Join(strings.Fields(s), " "))
}

// cleanLines cleans each line of s and returns the last n of them that say
// something.
func cleanLines(s string, n int) []string {
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " \r\n")
		if line == "" {
			continue
		}
		if len(line) > maxMessage {
			line = strings.ToValidUTF8(line[:maxMessage], "") + "…"
		}
		lines = append(lines, clean(line))
		if len(lines) > 2*n { // so that a long output costs no long slice
			lines = append(lines[:0], lines[len(lines)-n:]...)
		}
	}
	return lines[max(0, len(lines)-n):]
}
