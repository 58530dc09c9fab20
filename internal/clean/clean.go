// Package clean makes text from elsewhere safe to print: names of files, messages
// of tools, errors that hold them.
package clean

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s as one line that steers no terminal. What does not print is shown as
// Go writes it, such as \n, \x1b or \u202e, and so is a byte that is no UTF-8, which
// a terminal may take for a control character; all else stays as it is.
func Text(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				b.WriteString(inner(strconv.Quote(s[i : i+1])))
				continue
			}
		}
		if printable(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(inner(strconv.QuoteRune(r)))
		}
	}
	return b.String()
}

func isClean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !printable(r) })
}

// printable takes of the format characters (category Cf), of which some turn the
// direction of writing, only the joiners: text of several languages needs them.
func printable(r rune) bool {
	const nonJoiner, joiner = 0x200c, 0x200d
	return unicode.IsPrint(r) || r == nonJoiner || r == joiner
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }
