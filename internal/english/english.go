// Package english puts numbers into sentences.
package english

import (
	"strconv"
	"strings"
)

// Count is n things: "1 task", "2 tasks", "3 tasks of no service". Nouns are regular.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	noun, rest, of := strings.Cut(noun, " of ")
	if of {
		rest = " of " + rest
	}
	return strconv.Itoa(n) + " " + noun + "s" + rest
}
