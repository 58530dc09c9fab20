// Package dockerfile reads of a Dockerfile what it takes from elsewhere: the images
// that its stages begin with and copy from. It follows the parser of BuildKit,
// with continuation lines, the escape directive, comments and here-documents,
// and knows nothing of what the instructions do.
package dockerfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// instruction is one instruction of a Dockerfile.
type instruction struct {
	line  int    // where it begins, from 1
	name  string // in lower case
	flags []string
	rest  string // what follows the flags
}

// parser goes through the lines of a Dockerfile.
type parser struct {
	lines     [][]byte // each with its end
	at        int      // index of the line to read next
	escape    rune
	continues *regexp.Regexp
}

// parse returns the instructions of a Dockerfile and its escape character.
func parse(source []byte) ([]instruction, rune, error) {
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))
	p := &parser{lines: bytes.SplitAfter(source, []byte("\n"))}
	p.setEscape('\\')
	if err := p.directives(); err != nil {
		return nil, 0, err
	}
	var all []instruction
	for {
		line, text, ok := p.logicalLine()
		if !ok {
			return all, p.escape, nil
		}
		in := p.split(text)
		in.line = line
		if err := p.skipHeredocs(in, text); err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", line, err)
		}
		all = append(all, in)
	}
}

func (p *parser) setEscape(r rune) {
	p.escape = r
	e := regexp.QuoteMeta(string(r))
	// A doubled escape character ends no line, as little as it does for BuildKit.
	p.continues = regexp.MustCompile(`([^` + e + `])` + e + `[ \t]*$|^` + e + `[ \t]*$`)
}

var directive = regexp.MustCompile(`^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$`)

// directives reads the comments at the top that are none. They are left to be
// read once more as the comments that they look like.
func (p *parser) directives() error {
	seen := make(map[string]bool)
	for i, line := range p.lines {
		m := directive.FindSubmatch(trimStart(trimEnd(line)))
		if m == nil {
			return nil
		}
		name := strings.ToLower(string(m[1]))
		switch {
		case name != "syntax" && name != "escape" && name != "check":
			return nil
		case seen[name]:
			return fmt.Errorf("line %d: the directive %s is given twice", i+1, name)
		}
		seen[name] = true
		if value := string(m[2]); name == "escape" {
			if value != `\` && value != "`" {
				return fmt.Errorf("line %d: the escape character is to be \\ or `, not %q", i+1, value)
			}
			p.setEscape(rune(value[0]))
		}
	}
	return nil
}

// logicalLine returns the next instruction, with its continuation lines, and
// the number of the line that it begins in.
func (p *parser) logicalLine() (number int, text string, ok bool) {
	for p.at < len(p.lines) {
		line := trimStart(trimEnd(p.lines[p.at]))
		p.at++
		if isComment(line) {
			continue
		}
		line, more := p.trimContinuation(line)
		if !more && len(line) == 0 {
			continue
		}
		number = p.at
		joined := bytes.Clone(line)
		for more && p.at < len(p.lines) {
			line := trimEnd(p.lines[p.at])
			p.at++
			if isComment(line) || len(trimStart(line)) == 0 {
				continue
			}
			line, more = p.trimContinuation(line)
			joined = append(joined, line...)
		}
		return number, string(joined), true
	}
	return 0, "", false
}

func (p *parser) trimContinuation(line []byte) ([]byte, bool) {
	if !p.continues.Match(line) {
		return line, false
	}
	return p.continues.ReplaceAll(line, []byte("$1")), true
}

var blank = regexp.MustCompile(`[\t\v\f\r ]+`)

// split tells the parts of an instruction apart.
func (p *parser) split(text string) instruction {
	parts := blank.Split(strings.TrimSpace(text), 2)
	in := instruction{name: strings.ToLower(parts[0])}
	if len(parts) == 2 {
		in.flags, in.rest = p.splitFlags(parts[1])
		in.rest = strings.TrimSpace(in.rest)
	}
	return in
}

// splitFlags takes the words that begin with -- off the start of s.
func (p *parser) splitFlags(s string) (flags []string, rest string) {
	for {
		s = strings.TrimLeftFunc(s, isByteSpace)
		if !strings.HasPrefix(s, "--") {
			return flags, s
		}
		word, length := p.flag(s)
		s = s[length:]
		if word == "--" {
			return flags, s
		}
		flags = append(flags, word)
	}
}

// flag returns the first word of s without its quotes, and its length in s.
func (p *parser) flag(s string) (word string, length int) {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == 0 && isByteSpace(rune(c)):
			return b.String(), i
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case rune(c) == p.escape:
			if i++; i < len(s) {
				b.WriteRune(rune(s[i]))
			}
		default:
			b.WriteRune(rune(c))
		}
	}
	return b.String(), len(s)
}

// isByteSpace is unicode.IsSpace of a byte that is taken for a rune.
func isByteSpace(r rune) bool { return r < 0x100 && unicode.IsSpace(r) }

// skipHeredocs moves past the here-documents of an instruction.
func (p *parser) skipHeredocs(in instruction, text string) error {
	if !strings.Contains(text, "<<") || !p.takesHeredocs(in) {
		return nil
	}
	docs, err := heredocs(text)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		for {
			if p.at >= len(p.lines) || len(p.lines[p.at]) == 0 {
				return fmt.Errorf("the here-document %s has no end", doc.name)
			}
			line := bytes.TrimRight(p.lines[p.at], "\r\n")
			p.at++
			if doc.tabs {
				line = bytes.TrimLeft(line, "\t")
			}
			if string(line) == doc.name {
				break
			}
		}
	}
	return nil
}

func (p *parser) takesHeredocs(in instruction) bool {
	if in.name == "onbuild" && in.rest != "" {
		in = p.split(in.rest)
	}
	switch in.name {
	case "run", "copy", "add":
		return !isJSON(in.rest)
	}
	return false
}

// isJSON reports whether arguments are in the form of an array.
func isJSON(s string) bool {
	if !strings.HasPrefix(s, "[") {
		return false
	}
	var words []string
	return json.Unmarshal([]byte(s), &words) == nil
}

func trimStart(line []byte) []byte { return bytes.TrimLeftFunc(line, unicode.IsSpace) }
func trimEnd(line []byte) []byte   { return bytes.TrimRight(line, "\r\n") }

func isComment(line []byte) bool {
	line = trimStart(line)
	return len(line) > 0 && line[0] == '#'
}
