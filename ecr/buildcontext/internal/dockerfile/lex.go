package dockerfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// lexer expands the quotes, escapes and variables of a word as a shell would, to
// the extent that BuildKit does.
type lexer struct {
	escape rune
	env    map[string]string // nil where no variable has a value, and none is missed

	text []rune
	at   int
}

const end = rune(-1)

// expand returns the word with its variables replaced.
func expand(word string, escape rune, env map[string]string) (string, error) {
	l := &lexer{escape: escape, env: env, text: []rune(word)}
	return l.until(end, false)
}

func (l *lexer) peek() rune {
	if l.at >= len(l.text) {
		return end
	}
	return l.text[l.at]
}

func (l *lexer) next() rune {
	r := l.peek()
	if r != end {
		l.at++
	}
	return r
}

// until expands up to stop, which it takes as well. Escapes may stay, for
// those who give them a meaning of their own.
func (l *lexer) until(stop rune, keepEscapes bool) (string, error) {
	var b strings.Builder
	for {
		r := l.peek()
		switch r {
		case stop:
			l.next()
			return b.String(), nil
		case end:
			return "", fmt.Errorf("missing %q", string(stop))
		case '\'', '"', '$':
			s, err := l.special(r, keepEscapes)
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		case l.escape:
			l.next()
			if keepEscapes {
				b.WriteRune(r)
			}
			if l.peek() != end {
				b.WriteRune(l.next())
			}
		default:
			b.WriteRune(l.next())
		}
	}
}

func (l *lexer) special(r rune, keepEscapes bool) (string, error) {
	switch r {
	case '\'':
		return l.singleQuoted()
	case '"':
		return l.doubleQuoted(keepEscapes)
	}
	return l.variable()
}

func (l *lexer) singleQuoted() (string, error) {
	l.next()
	start := l.at
	for r := l.next(); r != '\''; r = l.next() {
		if r == end {
			return "", errors.New("missing closing '")
		}
	}
	return string(l.text[start : l.at-1]), nil
}

func (l *lexer) doubleQuoted(keepEscapes bool) (string, error) {
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
			s, err := l.variable()
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		case l.escape:
			l.next()
			b.WriteString(l.escaped(keepEscapes))
		default:
			b.WriteRune(l.next())
		}
	}
}

// escaped is what the escape character before it makes of the next one within
// double quotes: there it stays before all that needs no escape.
func (l *lexer) escaped(keepEscapes bool) string {
	var kept string
	if keepEscapes {
		kept = string(l.escape)
	}
	switch r := l.peek(); r {
	case end:
		return kept
	case '"', '$', l.escape:
		return kept + string(l.next())
	}
	return kept + string(l.escape)
}

// variable expands $name and ${name}, with what may stand behind the name.
func (l *lexer) variable() (string, error) {
	l.next()
	if l.peek() != '{' {
		name := l.name()
		if name == "" {
			return "$", nil
		}
		return l.env[name], nil
	}
	l.next()
	if r := l.peek(); r == end || strings.ContainsRune("{}:", r) {
		return "", errors.New("bad substitution")
	}
	name := l.name()
	value, set := l.env[name]
	switch operator := l.next(); operator {
	case '}':
		return value, nil
	case ':':
		if !strings.ContainsRune("-+?", l.peek()) {
			break
		}
		return l.choose(name, l.next(), value, set && value != "")
	case '-', '+', '?':
		return l.choose(name, operator, value, set)
	case '#', '%':
		pattern, err := l.until('}', true)
		if err != nil {
			return "", err
		}
		return trim(value, operator, pattern)
	case '/':
		return l.replace(value)
	}
	return "", fmt.Errorf("${%s...}: bad substitution", name)
}

// choose expands ${name-word}, ${name+word} and ${name?word}.
func (l *lexer) choose(name string, operator rune, value string, set bool) (string, error) {
	word, err := l.until('}', false)
	switch {
	case err != nil:
		return "", err
	case operator == '?' && !set && l.env != nil:
		if word == "" {
			word = "it is not set"
		}
		return "", fmt.Errorf("%s: %s", name, word)
	case operator == '+' && !set:
		return "", nil
	case operator == '+', operator == '-' && !set:
		return word, nil
	}
	return value, nil
}

// replace expands ${name/pattern/replacement} and ${name//pattern/replacement}.
func (l *lexer) replace(value string) (string, error) {
	all := l.peek() == '/'
	if all {
		l.next()
	}
	pattern, err := l.until('/', true)
	if err != nil {
		return "", err
	}
	replacement, err := l.until('}', true)
	if err != nil {
		return "", err
	}
	return replace(value, pattern, replacement, all)
}

// name takes a name, or one of the parameters that a shell has and we have not.
func (l *lexer) name() string {
	start := l.at
	first := l.peek()
	switch {
	case first == end:
		return ""
	case unicode.IsDigit(first):
		for unicode.IsDigit(l.peek()) {
			l.next()
		}
	case strings.ContainsRune("@*#?-$!", first):
		l.next()
	default:
		for r := l.peek(); unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'; r = l.peek() {
			l.next()
		}
	}
	return string(l.text[start:l.at])
}
