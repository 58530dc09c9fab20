package xmlscan

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// slow reads with encoding/xml what fast has left.
type slow struct {
	xml   *xml.Decoder
	in    *metered
	lines int // ends of lines before what it reads
}

// handOver makes s go on with slow, in the midst of the elements that are open.
func (s *Scanner) handOver() error {
	lines := s.fast.line() - 1
	in := &metered{r: io.MultiReader(strings.NewReader(s.fast.context()), &s.fast)}
	d := xml.NewDecoder(in)
	d.CharsetReader = charset
	s.slow = &slow{xml: d, in: in, lines: lines}
	for range s.fast.names {
		in.left = maxToken
		if _, err := d.Token(); err != nil {
			return s.syntax(err)
		}
	}
	return nil
}

func (s *slow) line() int {
	line, _ := s.xml.InputPos()
	return s.lines + line
}

// decode takes the next thing with encoding/xml.
func (s *Scanner) decode() (Kind, error) {
	for {
		s.slow.in.left = maxToken
		token, err := s.slow.xml.Token()
		if err != nil {
			return 0, s.syntax(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			s.name, s.attrs = []byte(t.Name.Local), s.attrs[:0]
			for _, a := range t.Attr {
				if a.Name.Space == "" {
					s.attrs = append(s.attrs, attr{[]byte(a.Name.Local), []byte(a.Value)})
				}
			}
			return Start, nil
		case xml.EndElement:
			s.name = []byte(t.Name.Local)
			return End, nil
		case xml.CharData:
			s.text = t
			return Text, nil
		case xml.Comment:
			s.text = t
			return Comment, nil
		}
	}
}

// syntax gives an error of the decoder its line. What the reader below reported
// passes through unchanged.
func (s *Scanner) syntax(err error) error {
	if errors.Is(err, io.EOF) || s.slow.in.err != nil && errors.Is(err, s.slow.in.err) {
		return err
	}
	if errors.Is(err, errTooLong) {
		return s.Errorf("%w", err)
	}
	if encoding, ok := errors.AsType[charsetError](err); ok {
		return s.Errorf("%w", encoding)
	}
	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	switch {
	case !ok:
		return s.Errorf("XML: %s", strings.TrimPrefix(err.Error(), "xml: "))
	case strings.HasPrefix(syntax.Msg, "unexpected EOF"):
		return hits.Errorf(s.slow.lines+syntax.Line, "%w: the XML ends before its root element does", hits.ErrTruncated)
	}
	return hits.Errorf(s.slow.lines+syntax.Line, "XML: %s", syntax.Msg)
}

var errTooLong = fmt.Errorf("an element, a text or a comment is longer than %d bytes", maxToken)

// metered fails once more than left bytes are read from r. The decoder reads it
// byte by byte, without a buffer of its own.
type metered struct {
	r    io.Reader
	left int
	err  error // of r

	buf  [4096]byte
	rest []byte // of buf, not yet read
}

func (m *metered) ReadByte() (byte, error) {
	if m.left <= 0 {
		return 0, errTooLong
	}
	for len(m.rest) == 0 {
		if m.err != nil {
			return 0, m.err
		}
		var n int
		n, m.err = m.r.Read(m.buf[:])
		m.rest = m.buf[:n]
	}
	c := m.rest[0]
	m.rest = m.rest[1:]
	m.left--
	return c, nil
}

// Read gives one byte, for the decoder's converters of encodings.
func (m *metered) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := m.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}
