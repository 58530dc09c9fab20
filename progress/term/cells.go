package term

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// cells measures text as terminals do, whatever the locale: characters of
// ambiguous width take one cell.
func cells() *runewidth.Condition {
	return &runewidth.Condition{StrictEmojiNeutral: true}
}

func width(s string) int { return cells().StringWidth(s) }

// cut returns s in at most n cells, with an ellipsis where something is missing.
func cut(s string, n int) string {
	if n <= 0 {
		return ""
	}
	return cells().Truncate(s, n, "…")
}

// pad returns s in exactly n cells.
func pad(s string, n int) string {
	s = cut(s, n)
	return s + strings.Repeat(" ", n-width(s))
}

// wrap returns s in lines of at most n cells, broken between words where that
// is possible. A line that begins with spaces keeps them.
func wrap(s string, n int) []string {
	n = max(n, 2) // the widest character
	var lines []string
	current, indent := "", s[:len(s)-len(strings.TrimLeft(s, " "))]
	for word := range strings.FieldsSeq(s) {
		switch {
		case current == "":
			current = indent + word
		case width(current)+1+width(word) <= n:
			current += " " + word
			continue
		default:
			lines, current = append(lines, current), word
		}
		for width(current) > n {
			head := cells().Truncate(current, n, "")
			if head == "" {
				break // one cluster that is wider than the line
			}
			lines, current = append(lines, head), current[len(head):]
		}
	}
	return append(lines, current)
}

// part is a piece of a line, and how it is coloured.
type part struct {
	text  string
	paint func(string) string // nil leaves it as it is
}

// join returns the parts as one line of at most n cells.
func join(n int, parts ...part) line {
	var l line
	total := cellsOf(parts)
	var b strings.Builder
	for _, p := range parts {
		s := p.text
		left := n - l.cells
		if total > n && width(s) >= left {
			s = cut(s+"…", left)
		}
		l.cells += width(s)
		if p.paint != nil {
			s = p.paint(s)
		}
		b.WriteString(s)
		if l.cells >= n {
			break
		}
	}
	l.text = b.String()
	return l
}

// separator stands between the items of a summary.
const separator = " · "

// spread returns parts in as many lines of at most n cells as it takes. A line
// neither begins nor ends with a separator.
func spread(n int, parts []part) []line {
	var lines []line
	start := 0
	for i, p := range parts {
		until := i + 1
		if p.text == separator {
			until++
		}
		if i == start || cellsOf(parts[start:until]) <= n {
			continue
		}
		lines = append(lines, join(n, parts[start:i]...))
		start = until - 1
	}
	return append(lines, join(n, parts[start:]...))
}

func cellsOf(parts []part) int {
	n := 0
	for _, p := range parts {
		n += width(p.text)
	}
	return n
}
