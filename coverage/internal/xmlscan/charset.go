package xmlscan

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// charsetError is the name of an encoding that is not read here.
type charsetError string

func (e charsetError) Error() string {
	return fmt.Sprintf("XML is encoded in %s; have the tool write UTF-8", string(e))
}

// charset reads the encodings besides UTF-8 that tools are seen to declare.
func charset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "utf8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1":
		return &latin1{r: bufio.NewReader(r)}, nil
	}
	return nil, charsetError(name)
}

// latin1 decodes ISO 8859-1, whose bytes are the first 256 code points of Unicode.
type latin1 struct {
	r    *bufio.Reader
	rest []byte // what is left of a decoded character
}

func (l *latin1) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(l.rest) > 0 {
			c := copy(p[n:], l.rest)
			l.rest, n = l.rest[c:], n+c
			continue
		}
		b, err := l.r.ReadByte()
		if err != nil {
			return n, err
		}
		l.rest = utf8.AppendRune(l.rest[:0], rune(b))
	}
	return n, nil
}
