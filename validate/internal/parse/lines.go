package parse

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// place is "path:line:", maybe with a column: the leftmost number between
// colons is the line. Spaces may stand before the text.
var place = regexp.MustCompile(`^(.+?):([0-9]{1,18})(?::([0-9]{1,18}))?:\s*(.*)$`)

// code is a rule at the beginning of a text, such as "E501" or "SC2086:".
var code = regexp.MustCompile(`^([A-Za-z]{1,10}[0-9]{1,6}):?\s+(.*)$`)

// level is a severity at the beginning of a text: "warning: ...".
var level = regexp.MustCompile(`(?i)^(fatal error|error|warning|note|info|style)\s*:\s*(.*)$`)

// moment is the beginning of a date and time, which the numbers of minutes and
// seconds follow; or the hour alone.
var moment = regexp.MustCompile(`^\[?(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ])?[0-9]{1,2}$`)

// Lines reads a message from each line of the form "path:line:column: text"; the
// column may be missing. Other lines are taken for what people read, and left
// out, and so are lines that begin with a time or a URL. A rule such as E501 and a word such as "warning:" are told from the text;
// without the word a message is a Warning.
func Lines(data []byte) []Message {
	var ms []Message
	for line := range bytes.Lines(data) {
		if m, ok := parseLine(string(bytes.TrimRight(line, "\r\n"))); ok {
			ms = append(ms, m)
		}
	}
	return ms
}

func parseLine(line string) (Message, bool) {
	parts := place.FindStringSubmatch(line)
	if parts == nil || strings.TrimSpace(parts[1]) != parts[1] || parts[4] == "" {
		return Message{}, false
	}
	if moment.MatchString(parts[1]) || strings.Contains(parts[1], "://") {
		return Message{}, false
	}
	m := Message{Path: parts[1], Line: number(parts[2]), Column: number(parts[3]), Level: Warning, Text: parts[4]}
	if word := level.FindStringSubmatch(m.Text); word != nil {
		m.Level, m.Text = lineLevel(word[1]), word[2]
	}
	if rule := code.FindStringSubmatch(m.Text); rule != nil {
		m.Rule, m.Text = rule[1], rule[2]
	}
	return m, true
}

func number(s string) int {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return position(n)
}

func lineLevel(word string) Level {
	switch strings.ToLower(word) {
	case "error", "fatal error":
		return Error
	case "warning":
		return Warning
	}
	return Note
}
