package xmlscan

import (
	"bytes"
	"strings"
)

// What a byte can be a part of.
const (
	inName  = 1 << iota // of a name
	inSpace             // of white space
	inValue             // of the value of an attribute, as it stands
)

// classes says for each byte which of these it is.
var classes = func() (table [256]uint8) {
	for c := range table {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-", rune(c)) {
			table[c] |= inName
		}
		if strings.ContainsRune(" \t\r\n", rune(c)) {
			table[c] |= inSpace
		}
		if c >= ' ' && c < 0x7f && !strings.ContainsRune(`"'&<`, rune(c)) || c == '\t' || c == '\n' {
			table[c] |= inValue
		}
	}
	return table
}()

// step is how far scanning came.
type step int

const (
	took  step = iota // something was taken; kind 0 is what nobody wants to see
	short             // it goes on behind the buffer
	odd               // it is not regular
)

// scan takes the next thing. It reports false, and takes nothing, where that is
// not regular.
func (s *Scanner) scan() (Kind, bool) {
	f := &s.fast
	if f.closing {
		f.closing = false
		f.pop()
		return End, true
	}
	for {
		kind, step := s.take()
		switch {
		case step == odd, step == short && !f.fill():
			return 0, false
		case step == took && kind != 0:
			return kind, true
		}
	}
}

// take takes what stands behind white space.
func (s *Scanner) take() (Kind, step) {
	f := &s.fast
	b, i := f.buf, f.pos
	for i < len(b) && classes[b[i]]&inSpace != 0 {
		i++
	}
	if i+1 >= len(b) {
		return 0, short
	}
	if b[i] != '<' {
		return s.takeText(i)
	}
	first := !f.begun
	f.begun = true
	switch b[i+1] {
	case '/':
		return s.takeEnd(i + 2)
	case '!':
		return s.takeMarkup(i)
	case '?':
		if !first {
			return 0, odd
		}
		f.begun = false
		return 0, f.takeDeclaration(i)
	}
	return s.takeStart(i + 1)
}

func (s *Scanner) takeText(i int) (Kind, step) {
	f := &s.fast
	n := bytes.IndexByte(f.buf[i:], '<')
	if n < 0 {
		return 0, short
	}
	raw := f.buf[f.pos : i+n]
	text, ok := appendText(f.scratch[:0], raw)
	if !ok || bytes.Contains(raw, []byte("]]>")) {
		return 0, odd
	}
	f.scratch, s.text = text, text
	f.begun = true
	f.pos = i + n
	return Text, took
}

func (s *Scanner) takeEnd(i int) (Kind, step) {
	f := &s.fast
	b := f.buf
	from := i
	for i < len(b) && classes[b[i]]&inName != 0 {
		i++
	}
	to := i
	for i < len(b) && classes[b[i]]&inSpace != 0 {
		i++
	}
	switch {
	case i == len(b):
		return 0, short
	case b[i] != '>' || len(f.names) == 0 || !bytes.Equal(b[from:to], f.top(len(f.names)-1)):
		return 0, odd
	}
	s.name, f.pos = b[from:to], i+1
	f.pop()
	return End, took
}

// takeStart takes the tag whose name begins at i.
func (s *Scanner) takeStart(i int) (Kind, step) {
	f := &s.fast
	b := f.buf
	from, to, ok := name(b, i)
	if !ok {
		return 0, odd
	}
	s.attrs, f.scratch = s.attrs[:0], f.scratch[:0]
	for i = to; ; {
		for i < len(b) && classes[b[i]]&inSpace != 0 {
			i++
		}
		switch {
		case i == len(b):
			return 0, short
		case b[i] == '>':
			return s.opened(b[from:to], i+1, false)
		case b[i] == '/' && i+1 == len(b):
			return 0, short
		case b[i] == '/' && b[i+1] == '>':
			return s.opened(b[from:to], i+2, true)
		}
		next, step := s.takeAttr(i)
		if step != took {
			return 0, step
		}
		i = next
	}
}

func (s *Scanner) opened(name []byte, pos int, closing bool) (Kind, step) {
	s.name, s.fast.pos, s.fast.closing = name, pos, closing
	s.fast.push(name)
	return Start, took
}

// takeAttr takes name="value" at i, and returns where it ends.
func (s *Scanner) takeAttr(i int) (int, step) {
	b := s.fast.buf
	from, to, ok := name(b, i)
	switch {
	case !ok:
		return 0, odd
	case to+1 >= len(b):
		return 0, short
	case b[to] != '=' || b[to+1] != '"' && b[to+1] != '\'':
		return 0, odd
	}
	quote, begin := b[to+1], to+2
	end := begin
	for end < len(b) && classes[b[end]]&inValue != 0 {
		end++
	}
	if end == len(b) {
		return 0, short
	}
	value := b[begin:end]
	if b[end] != quote {
		n := bytes.IndexByte(b[end:], quote)
		if n < 0 {
			return 0, short
		}
		end += n
		if value, ok = s.fast.decoded(b[begin:end]); !ok {
			return 0, odd
		}
	}
	s.attrs = append(s.attrs, attr{b[from:to], value})
	return end + 1, took
}

// decoded returns the value of an attribute that cannot be taken as it stands.
func (f *fast) decoded(raw []byte) ([]byte, bool) {
	if bytes.IndexByte(raw, '<') >= 0 {
		return nil, false
	}
	n := len(f.scratch)
	text, ok := appendText(f.scratch, raw)
	if !ok {
		return nil, false
	}
	f.scratch = text
	return text[n:], true
}

// takeMarkup takes a comment or a plain DOCTYPE at i.
func (s *Scanner) takeMarkup(i int) (Kind, step) {
	f := &s.fast
	rest := f.buf[i:]
	switch {
	case begins(rest, "<!--"):
		return s.takeComment(i)
	case begins(rest, "<!DOCTYPE"):
	case begins([]byte("<!DOCTYPE"), string(rest)), begins([]byte("<!--"), string(rest)):
		return 0, short
	default:
		return 0, odd
	}
	var quote byte
	for n, c := range rest[1:] {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"', c == '\'':
			quote = c
		case c == '[', c == '<':
			return 0, odd
		case c == '>':
			f.pos = i + 1 + n + 1
			return 0, took
		}
	}
	return 0, short
}

func (s *Scanner) takeComment(i int) (Kind, step) {
	f := &s.fast
	text := f.buf[i+len("<!--"):]
	n := bytes.Index(text, []byte("--"))
	switch {
	case n < 0 || n+2 == len(text):
		return 0, short
	case text[n+2] != '>':
		return 0, odd
	}
	s.text = text[:n]
	f.pos = i + len("<!--") + n + len("-->")
	return Comment, took
}

// takeDeclaration takes <?xml ...?> at i where it says nothing that matters.
func (f *fast) takeDeclaration(i int) step {
	rest := f.buf[i:]
	n := bytes.Index(rest, []byte("?>"))
	if n < 0 {
		return short
	}
	words := strings.Fields(string(rest[:n]))
	if words[0] != "<?xml" {
		return odd
	}
	for _, word := range words[1:] {
		switch strings.ToLower(strings.ReplaceAll(word, "'", `"`)) {
		case `version="1.0"`, `encoding="utf-8"`, `standalone="yes"`, `standalone="no"`:
		default:
			return odd
		}
	}
	f.pos = i + n + len("?>")
	return took
}

// name returns where the name that begins at i ends, and whether there is one.
func name(b []byte, i int) (from, to int, ok bool) {
	from = i
	for i < len(b) && classes[b[i]]&inName != 0 {
		i++
	}
	return from, i, i > from && (b[from] > '9') // no digit, dot or hyphen
}

func begins(text []byte, prefix string) bool { return bytes.HasPrefix(text, []byte(prefix)) }
