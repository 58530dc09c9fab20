package xmlscan

import (
	"bytes"
	"io"
	"strings"
)

// fast cuts regular XML out of its buffer. It takes less than XML allows, so that
// what it takes means the same to encoding/xml; the rest is handed over.
type fast struct {
	r       io.Reader
	err     error  // of r, once it has failed or ended
	buf     []byte // what was read and not yet passed
	pos     int    // of buf, up to which all is taken
	lines   int    // ends of lines before buf
	begun   bool   // something was taken
	closing bool   // the element that was taken is empty, so its end comes next

	stack []byte // the names of the open elements
	names []int  // where each of them begins in stack

	scratch []byte // decoded text
}

const bufferSize = 64 << 10

func newFast(r io.Reader) fast { return fast{r: r, buf: make([]byte, 0, bufferSize)} }

func (f *fast) line() int { return f.lines + bytes.Count(f.buf[:f.pos], []byte("\n")) + 1 }

// fill reads more, and reports whether there was more. It makes room by dropping
// what is taken, or else by doubling the buffer, up to maxToken.
func (f *fast) fill() bool {
	if f.err != nil {
		return false
	}
	if f.pos > 0 {
		f.lines += bytes.Count(f.buf[:f.pos], []byte("\n"))
		f.buf = f.buf[:copy(f.buf, f.buf[f.pos:])]
		f.pos = 0
	}
	if len(f.buf) == cap(f.buf) {
		if cap(f.buf) >= maxToken {
			return false
		}
		f.buf = append(make([]byte, 0, 2*cap(f.buf)), f.buf...)
	}
	n := 0
	for n == 0 && f.err == nil {
		n, f.err = f.r.Read(f.buf[len(f.buf):cap(f.buf)])
		f.buf = f.buf[:len(f.buf)+n]
	}
	return n > 0
}

// Read gives what is not taken, and then what r has.
func (f *fast) Read(p []byte) (int, error) {
	if f.pos < len(f.buf) {
		n := copy(p, f.buf[f.pos:])
		f.pos += n
		return n, nil
	}
	if f.err != nil {
		return 0, f.err
	}
	return f.r.Read(p)
}

// context is the start tags of the open elements, as a document that goes on
// within them has to begin.
func (f *fast) context() string {
	var b strings.Builder
	for i := range f.names {
		b.WriteString("<")
		b.Write(f.top(i))
		b.WriteString(">")
	}
	return b.String()
}

// top is the name of the open element i.
func (f *fast) top(i int) []byte {
	if i+1 < len(f.names) {
		return f.stack[f.names[i]:f.names[i+1]]
	}
	return f.stack[f.names[i]:]
}

func (f *fast) push(name []byte) {
	f.names = append(f.names, len(f.stack))
	f.stack = append(f.stack, name...)
}

func (f *fast) pop() {
	last := len(f.names) - 1
	f.stack, f.names = f.stack[:f.names[last]], f.names[:last]
}
