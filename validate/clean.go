package validate

import (
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// maxMessage is the longest message in bytes; the rest of a longer one is of
// use to nobody.
const maxMessage = 4 << 10

// cleanMessage makes text safe to print that may be long and have several lines:
// they become one.
func cleanMessage(s string) string {
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return clean.Text(strings.Join(strings.Fields(s), " "))
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
		lines = append(lines, clean.Text(line))
		if len(lines) > 2*n { // so that a long output costs no long slice
			lines = append(lines[:0], lines[len(lines)-n:]...)
		}
	}
	return lines[max(0, len(lines)-n):]
}

func cleanAll(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		out = append(out, clean.Text(line))
	}
	return out
}
