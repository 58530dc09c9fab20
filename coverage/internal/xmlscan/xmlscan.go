// Package xmlscan reads the XML of coverage reports, which may be large.
//
// [Scanner] has two ways to read. Regular XML, which is what tools write, it cuts
// up where it stands in the buffer. At the first thing that is not regular, such
// as CDATA, another encoding, a DOCTYPE with declarations or a fault, it hands all
// the rest to encoding/xml, which knows the whole of XML and names what is wrong.
// Both ways give the same elements.
//
// Nothing outside of the text is ever fetched and no declared entity is expanded.
// An element, comment or text of more than a mebibyte is an error, and so are
// elements that nest deeper than [MaxDepth]: memory stays bounded whatever comes.
package xmlscan

import (
	"bytes"
	"errors"
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// MaxDepth is how deep elements may nest. Reports need about ten levels.
const MaxDepth = 1000

// maxToken is the most bytes that an element's tag, a text or a comment may have.
const maxToken = 1 << 20

// Kind is what [Scanner.Next] found.
type Kind int

// The kinds.
const (
	Start   Kind = iota + 1 // the start of an element; an empty element has an End too
	End                     // the end of an element
	Text                    // text that is not white space alone
	Comment                 // a comment
)

// Scanner reads a document. What its methods return is valid until the next call
// of Next.
type Scanner struct {
	fast  fast
	slow  *slow // once fast has given up
	kind  Kind
	name  []byte
	attrs []attr
	text  []byte

	depth  int // of the elements that are open
	rooted bool
	again  bool // Next is to return the same once more
}

type attr struct{ name, value []byte }

// New returns a Scanner of the document that r reads, which begins where r stands.
func New(r io.Reader) *Scanner { return &Scanner{fast: newFast(r)} }

// Next reads on to the next start, end, text or comment. At the end of a whole
// document it returns [io.EOF].
//
// A fault is a [*hits.Error]; it is [hits.ErrTruncated] where the document ends
// before its root element does. An error of the reader is returned as it is.
func (s *Scanner) Next() (Kind, error) {
	if s.again {
		s.again = false
		return s.kind, nil
	}
	for {
		kind, err := s.token()
		if err != nil {
			return 0, s.end(err)
		}
		s.kind = kind
		switch kind {
		case Start:
			return Start, s.open()
		case End:
			s.depth--
		case Text:
			if blank(s.text) {
				continue
			}
			if s.depth == 0 {
				return 0, s.Errorf("text outside of the root element")
			}
		}
		return kind, nil
	}
}

func (s *Scanner) token() (Kind, error) {
	if s.slow == nil {
		if kind, ok := s.scan(); ok {
			return kind, nil
		}
		if err := s.handOver(); err != nil {
			return 0, err
		}
	}
	return s.decode()
}

func (s *Scanner) open() error {
	s.depth++
	switch {
	case s.depth == 1 && s.rooted:
		return s.Errorf("a second root element <%s>: merge reports with a tool, or give them one by one", s.name)
	case s.depth > MaxDepth:
		return s.Errorf("elements nest deeper than %d", MaxDepth)
	}
	s.rooted = true
	return nil
}

func (s *Scanner) end(err error) error {
	if errors.Is(err, io.EOF) && !s.rooted {
		return s.Errorf("%w: it ends before its root element", hits.ErrTruncated)
	}
	return err
}

// Name is the name of the element that starts or ends, without its prefix.
func (s *Scanner) Name() []byte { return s.name }

// Attr returns the attribute of that name of the element that starts, and whether
// it has one.
func (s *Scanner) Attr(name string) ([]byte, bool) {
	for i := range s.attrs {
		if string(s.attrs[i].name) == name {
			return s.attrs[i].value, true
		}
	}
	return nil, false
}

// Text is the text or the comment.
func (s *Scanner) Text() []byte { return s.text }

// Depth is how many elements are open, counting the one that starts and not the
// one that ends.
func (s *Scanner) Depth() int { return s.depth }

// Skip reads on to the end of the element that started last.
func (s *Scanner) Skip() error {
	for outside := s.depth - 1; s.depth > outside; {
		if _, err := s.Next(); err != nil {
			return err
		}
	}
	return nil
}

// Errorf returns a [*hits.Error] at the line where Next stopped.
func (s *Scanner) Errorf(format string, args ...any) error {
	return hits.Errorf(s.line(), format, args...)
}

func (s *Scanner) line() int {
	if s.slow != nil {
		return s.slow.line()
	}
	return s.fast.line()
}

func blank(text []byte) bool { return len(bytes.Trim(text, " \t\r\n")) == 0 }

// Elements reads the rest of the document, and calls start and end where elements
// begin and end, until one of them fails.
func (s *Scanner) Elements(start, end func() error) error {
	for {
		kind, err := s.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch kind {
		case Start:
			err = start()
		case End:
			err = end()
		}
		if err != nil {
			return err
		}
	}
}
