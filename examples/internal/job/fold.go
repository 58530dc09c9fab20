package job

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// What a terminal shows of a text that is longer than mostLines: its first and its last
// lines. All of it is in the report.
const (
	mostLines  = 24
	firstLines = 12
	lastLines  = 3
)

// terminalWidth is how many columns w has; 0 where it is no terminal.
func terminalWidth(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd())) //nolint:gosec // a descriptor is small
	if err != nil {
		return 0
	}
	return width
}

var digest = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// fold is text for a terminal: lines that are as long as it is wide, digests that tell
// images apart in a few letters, and of long texts the beginning and the end, unless all
// of it is to be seen.
func fold(text string, width int, whole bool) string {
	lines := strings.SplitAfter(text, "\n")
	if n := len(lines) - 1; n > mostLines && !whole {
		left := fmt.Sprintf("  … %d more lines: the report has them\n", n-firstLines-lastLines)
		lines = append(append(lines[:firstLines:firstLines], left), lines[n-lastLines:]...)
	}
	for i, line := range lines {
		line = digest.ReplaceAllStringFunc(line, func(d string) string { return d[:len("sha256:")+12] })
		if content := strings.TrimSuffix(line, "\n"); runewidth.StringWidth(content) > width {
			line = runewidth.Truncate(content, width-1, "…") + line[len(content):]
		}
		lines[i] = line
	}
	return strings.Join(lines, "")
}
