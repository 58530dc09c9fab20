package dockerfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// words splits the arguments of ARG at the spaces outside quotes. Quotes and
// escapes stay, for expand to take away.
func words(s string, escape rune) []string {
	var (
		all   []string
		b     strings.Builder
		quote rune
		text  = []rune(s)
	)
	for i := 0; i < len(text); i++ {
		r := text[i]
		switch {
		case quote == 0 && unicode.IsSpace(r):
			if b.Len() > 0 {
				all = append(all, b.String())
				b.Reset()
			}
			continue
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		case r == escape && quote != '\'':
			if i++; i == len(text) {
				continue
			}
			b.WriteRune(r)
			r = text[i]
		}
		b.WriteRune(r)
	}
	if b.Len() > 0 {
		all = append(all, b.String())
	}
	return all
}

// heredoc is what the start of a here-document says of its end.
type heredoc struct {
	name string
	tabs bool // tabs before the end do not count
}

var heredocStart = regexp.MustCompile(`^(\d*)<<(-?)\s*([^<]*)$`)

// heredocs returns the here-documents that begin in an instruction. One whose
// quotes do not fit together has none.
func heredocs(text string) ([]heredoc, error) {
	found, err := shellWords(text, true)
	if err != nil {
		return nil, nil
	}
	var docs []heredoc
	for _, w := range found {
		m := heredocStart.FindStringSubmatch(w)
		if m == nil || m[3] == "" {
			continue
		}
		names, err := shellWords(m[3], false)
		if err != nil {
			return nil, fmt.Errorf("here-document %s: %w", w, err)
		}
		if len(names) == 1 {
			docs = append(docs, heredoc{name: names[0], tabs: m[2] == "-"})
		}
	}
	return docs, nil
}

// shellWords splits text as a shell does that expands nothing. Raw keeps quotes
// and escapes.
func shellWords(text string, raw bool) ([]string, error) {
	var (
		all  []string
		word strings.Builder
		l    = &lexer{escape: '\\', text: []rune(text)}
	)
	for {
		r := l.peek()
		switch {
		case r == end || unicode.IsSpace(r):
			l.next()
			if word.Len() > 0 {
				all = append(all, word.String())
				word.Reset()
			}
			if r == end {
				return all, nil
			}
		case r == '\'' || r == '"' || r == l.escape:
			start := l.at
			s, err := l.quoted(r)
			if err != nil {
				return nil, err
			}
			if raw {
				s = string(l.text[start:l.at])
			}
			word.WriteString(s)
		case r == '$':
			start := l.at
			if err := l.skipVariable(); err != nil {
				return nil, err
			}
			word.WriteString(string(l.text[start:l.at]))
		case r == '<':
			word.WriteString(l.arrows())
		default:
			word.WriteRune(l.next())
		}
	}
}

func (l *lexer) quoted(r rune) (string, error) {
	if r == '\'' {
		return l.singleQuoted()
	}
	if r == l.escape {
		l.next()
		if l.peek() == end {
			return "", nil
		}
		return string(l.next()), nil
	}
	l.next()
	var b strings.Builder
	for {
		switch r := l.peek(); r {
		case end:
			return "", errors.New(`missing closing "`)
		case '"':
			l.next()
			return b.String(), nil
		case '$':
			start := l.at
			if err := l.skipVariable(); err != nil {
				return "", err
			}
			b.WriteString(string(l.text[start:l.at]))
		case l.escape:
			l.next()
			b.WriteString(l.escaped(false))
		default:
			b.WriteRune(l.next())
		}
	}
}

// skipVariable moves past $name or ${name...}.
func (l *lexer) skipVariable() error {
	l.next()
	if l.peek() != '{' {
		l.name()
		return nil
	}
	l.at-- // back to the dollar
	_, err := l.variable()
	return err
}

// arrows takes << with the spaces behind it, which belong to the word that names
// the end of a here-document.
func (l *lexer) arrows() string {
	start := l.at
	l.next()
	if l.peek() == '<' {
		l.next()
		for strings.ContainsRune("\t\r ", l.peek()) {
			l.next()
		}
	}
	return string(l.text[start:l.at])
}
