// Package jsonscan reads the JSON of coverage reports, which may be large, piece by
// piece. No value of more than a mebibyte is held, and none may nest deeper than
// [MaxDepth], so memory stays bounded whatever comes.
package jsonscan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// MaxDepth is how deep values may nest. Reports need about ten levels, and the
// source maps in some of them a few more.
const MaxDepth = 1000

// maxToken is the most bytes that a string or number may have.
const maxToken = 1 << 20

// Reader reads one JSON text. Its faults are [*hits.Error] values with an offset;
// a text that ends too early is [hits.ErrTruncated].
type Reader struct {
	json  *json.Decoder
	in    *metered
	depth int
}

// New returns a Reader of the text that r reads.
func New(r io.Reader) *Reader {
	in := &metered{r: r}
	d := json.NewDecoder(in)
	d.UseNumber()
	in.offset = d.InputOffset
	return &Reader{json: d, in: in}
}

// Token reads on to the next token: nil, bool, string, [json.Number] or a
// [json.Delim].
func (r *Reader) Token() (json.Token, error) {
	token, err := r.json.Token()
	if err != nil {
		return nil, r.fault(err)
	}
	switch token {
	case json.Delim('{'), json.Delim('['):
		if r.depth++; r.depth > MaxDepth {
			return nil, r.Errorf("values nest deeper than %d", MaxDepth)
		}
	case json.Delim('}'), json.Delim(']'):
		r.depth--
	}
	return token, nil
}

// Object reads an object. Each of its keys is given to member, which must read its
// value, and nothing else.
func (r *Reader) Object(member func(key string) error) error {
	token, err := r.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return r.Errorf("%s where an object should be", describe(token))
	}
	return r.Members(member)
}

// Members is Object for one whose opening brace was read.
func (r *Reader) Members(member func(key string) error) error {
	for {
		token, err := r.Token()
		if err != nil {
			return err
		}
		key, isKey := token.(string)
		if !isKey {
			return nil // the closing brace; the decoder lets nothing else pass
		}
		if err := member(key); err != nil {
			return err
		}
	}
}

// Array reads an array. Each of its elements, of which the first token was read,
// is given to element, which must read the rest of it.
func (r *Reader) Array(element func(first json.Token) error) error {
	token, err := r.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return r.Errorf("%s where an array should be", describe(token))
	}
	return r.Elements(element)
}

// Elements is Array for one whose opening bracket was read.
func (r *Reader) Elements(element func(first json.Token) error) error {
	for {
		token, err := r.Token()
		if err != nil || token == json.Delim(']') {
			return err
		}
		if err := element(token); err != nil {
			return err
		}
	}
}

// Skip reads a value.
func (r *Reader) Skip() error {
	token, err := r.Token()
	if err != nil {
		return err
	}
	return r.SkipRest(token)
}

// SkipRest reads the rest of a value of which the first token was read.
func (r *Reader) SkipRest(first json.Token) error {
	if first != json.Delim('{') && first != json.Delim('[') {
		return nil
	}
	for outside := r.depth - 1; r.depth > outside; {
		if _, err := r.Token(); err != nil {
			return err
		}
	}
	return nil
}

// Number returns token as the text of a number.
func (r *Reader) Number(token json.Token) ([]byte, error) {
	n, ok := token.(json.Number)
	if !ok {
		return nil, r.Errorf("%s where a number should be", describe(token))
	}
	return []byte(n), nil
}

// Units reads a number of lines, branches or the like.
func (r *Reader) Units() (int64, error) {
	token, err := r.Token()
	if err != nil {
		return 0, err
	}
	text, err := r.Number(token)
	if err != nil {
		return 0, err
	}
	n, err := hits.Units(text)
	if err != nil {
		return 0, r.Errorf("%w", err)
	}
	return n, nil
}

// End makes sure that nothing follows.
func (r *Reader) End() error {
	token, err := r.json.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return r.fault(err)
	}
	return r.Errorf("%s behind the end of the report", describe(token))
}

// Errorf returns a [*hits.Error] at the end of the token that was read last.
func (r *Reader) Errorf(format string, args ...any) error {
	return &hits.Error{Offset: r.json.InputOffset(), Err: fmt.Errorf(format, args...)}
}

// fault gives an error of the decoder its offset. What the reader below reported
// passes through unchanged.
func (r *Reader) fault(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && r.in.err == io.EOF: //nolint:errorlint // the end itself
		return r.Errorf("%w: the JSON ends within a value", hits.ErrTruncated)
	case errors.Is(err, errTooLong):
		return r.Errorf("%w", err)
	case r.in.err != nil && errors.Is(err, r.in.err):
		return err
	}
	return r.Errorf("JSON: %w", err)
}

func describe(token json.Token) string {
	switch t := token.(type) {
	case nil:
		return "null"
	case json.Delim:
		return string(t)
	case json.Number:
		return fmt.Sprintf("number %.40s", t)
	case string:
		return fmt.Sprintf("string %.40q", t)
	}
	return fmt.Sprint(token)
}

var errTooLong = fmt.Errorf("a value is longer than %d bytes", maxToken)

// metered fails once more than maxToken bytes were read that are part of no token yet.
type metered struct {
	r      io.Reader
	read   int64
	offset func() int64 // of the end of the token before
	err    error        // of r
}

func (m *metered) Read(p []byte) (int, error) {
	if m.read-m.offset() > maxToken {
		return 0, errTooLong
	}
	n, err := m.r.Read(p[:min(len(p), maxToken)])
	m.read += int64(n)
	m.err = err
	return n, err
}
