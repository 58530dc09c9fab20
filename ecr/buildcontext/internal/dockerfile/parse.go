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
	line    int    // where it begins, from 1
	name    string // in lower case
	flags   []flag
	rest    string       // what follows the flags
	trigger *instruction // what an ONBUILD holds

	begin   int   // of rest in the logical line
	offsets []int // of the bytes of the logical line in the source
}

// flag is a word such as --from=build, without its quotes.
type flag struct {
	word       string
	begin, end int // in the logical line
}

// place is where a part of the logical line stands in the source.
func (in instruction) place(begin, end int) span {
	return span{in.offsets[begin], in.offsets[end-1] + 1}
}

// span is a part of the source.
type span struct{ begin, end int }

// parser goes through the lines of a Dockerfile.
type parser struct {
	lines     [][]byte // each with its end
	starts    []int    // of the lines in the source
	at        int      // index of the line to read next
	escape    rune
	continues *regexp.Regexp
}

// parse returns the instructions of a Dockerfile and its escape character.
func parse(source []byte) ([]instruction, rune, error) {
	text := bytes.TrimPrefix(source, byteOrderMark)
	p := &parser{lines: bytes.SplitAfter(text, []byte("\n"))}
	start := len(source) - len(text)
	for _, line := range p.lines {
		p.starts = append(p.starts, start)
		start += len(line)
	}
	p.setEscape('\\')
	if err := p.directives(); err != nil {
		return nil, 0, err
	}
	var all []instruction
	for {
		line, text, offsets, ok := p.logicalLine()
		if !ok {
			return all, p.escape, nil
		}
		in := p.split(text, offsets)
		in.line = line
		if in.name == "onbuild" && in.rest != "" {
			end := in.begin + len(in.rest)
			trigger := p.split(in.rest, in.offsets[in.begin:end])
			trigger.line = line
			in.trigger = &trigger
		}
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

// logicalLine returns the next instruction, with its continuation lines, the
// number of the line that it begins in, and where its bytes stand in the source.
func (p *parser) logicalLine() (number int, text string, offsets []int, ok bool) {
	var joined []byte
	add := func(line []byte, start int) {
		joined = append(joined, line...)
		for i := range line {
			offsets = append(offsets, start+i)
		}
	}
	for p.at < len(p.lines) {
		whole, start := trimEnd(p.lines[p.at]), p.starts[p.at]
		line := trimStart(whole)
		start += len(whole) - len(line)
		p.at++
		if isComment(line) {
			continue
		}
		line, more := p.trimContinuation(line)
		if !more && len(line) == 0 {
			continue
		}
		number = p.at
		add(line, start)
		for more && p.at < len(p.lines) {
			line, start := trimEnd(p.lines[p.at]), p.starts[p.at]
			p.at++
			if isComment(line) || len(trimStart(line)) == 0 {
				continue
			}
			line, more = p.trimContinuation(line)
			add(line, start)
		}
		return number, string(joined), offsets, true
	}
	return 0, "", nil, false
}

func (p *parser) trimContinuation(line []byte) ([]byte, bool) {
	if !p.continues.Match(line) {
		return line, false
	}
	return p.continues.ReplaceAll(line, []byte("$1")), true
}

var blank = regexp.MustCompile(`[\t\v\f\r ]+`)

// split tells the parts of an instruction apart.
func (p *parser) split(text string, offsets []int) instruction {
	lead := len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	text = strings.TrimSpace(text)
	in := instruction{offsets: offsets, begin: lead + len(text)}
	gap := blank.FindStringIndex(text)
	if gap == nil {
		in.name = strings.ToLower(text)
		return in
	}
	in.name = strings.ToLower(text[:gap[0]])
	flags, at := p.splitFlags(text[gap[1]:])
	for _, f := range flags {
		f.begin += lead + gap[1]
		f.end += lead + gap[1]
		in.flags = append(in.flags, f)
	}
	rest := text[gap[1]+at:]
	in.rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	in.begin = lead + gap[1] + at + len(rest) - len(in.rest)
	return in
}

// splitFlags takes the words that begin with -- off the start of s, and returns
// where they end.
func (p *parser) splitFlags(s string) (flags []flag, at int) {
	for {
		at = len(s) - len(strings.TrimLeftFunc(s[at:], isByteSpace))
		if !strings.HasPrefix(s[at:], "--") {
			return flags, at
		}
		word, length := p.flag(s[at:])
		at += length
		if word == "--" {
			return flags, at
		}
		flags = append(flags, flag{word, at - length, at})
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
	if in.trigger != nil {
		in = *in.trigger
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
