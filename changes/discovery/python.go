package discovery

import (
	"bytes"
	"strings"
)

// isPythonProject reports whether a pyproject.toml has a table project,
// build-system or tool.poetry. Others configure formatters and the like for
// all that is below them. It looks at the headers of tables, and so does not
// see faults of the TOML.
//
// Source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
// and, for Poetry before version 2, https://python-poetry.org/docs/pyproject/.
func isPythonProject(content []byte) bool {
	inside := "" // the quotes of a text that began on a line before
	for line := range bytes.Lines(content) {
		if inside == "" && isProjectTable(string(line)) {
			return true
		}
		inside = quotesAfter(string(line), inside)
	}
	return false
}

// isProjectTable reports whether line is the header of such a table, or of one
// within it.
func isProjectTable(line string) bool {
	header, ok := strings.CutPrefix(strings.TrimSpace(line), "[")
	header, _, closed := strings.Cut(header, "]")
	if !ok || !closed {
		return false
	}
	keys := strings.Split(header, ".")
	for i := range keys {
		keys[i] = strings.TrimSpace(keys[i])
	}
	switch keys[0] {
	case "project", "build-system":
		return true
	case "tool":
		return len(keys) > 1 && keys[1] == "poetry"
	}
	return false
}

// quotesAfter returns the quotes of the text that is still open after line,
// where inside is what was open before it.
func quotesAfter(line, inside string) string {
	for line != "" {
		switch {
		case inside == "":
			next := strings.IndexAny(line, `"'#`)
			if next < 0 || line[next] == '#' {
				return ""
			}
			line = line[next:]
			inside = line[:1]
			if triple := strings.Repeat(inside, 3); strings.HasPrefix(line, triple) {
				inside = triple
			}
			line = line[len(inside):]
		case strings.HasPrefix(line, inside):
			line, inside = line[len(inside):], ""
		case line[0] == '\\' && inside[0] == '"': // literal texts, in '', have no escapes
			line = line[min(2, len(line)):]
		default:
			line = line[1:]
		}
	}
	if len(inside) == 3 {
		return inside
	}
	return ""
}
