package odb

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/pack"
)

// maxLooseHeader is the most that git reads of a header such as "tree 123\x00".
// Source: object-file.c, MAX_HEADER_LEN.
const maxLooseHeader = 32

// looseHead is how much of a file is read before its header is known.
const looseHead = 4096

// readLoose reads an object from a file of its own. It fails with errNowhere
// where there is none, and with what was wrong first where one is damaged.
func (s *Store) readLoose(buf []byte, h git.Hash, content bool) (git.Kind, []byte, error) {
	failure := errNowhere
	digits := h.String()
	for _, dir := range s.dirs {
		path := filepath.Join(dir, digits[:2], digits[2:])
		kind, out, err := s.readLooseFile(buf, path, content)
		if err == nil {
			return kind, out, nil
		}
		if !file.IsAbsent(err) && failure == errNowhere { //nolint:errorlint // it is never wrapped
			failure = fmt.Errorf("read object %s in %s: %w", h, path, err)
		}
	}
	return 0, buf, failure
}

func (s *Store) readLooseFile(buf []byte, path string, content bool) (git.Kind, []byte, error) {
	f, err := file.Open(path)
	if err != nil {
		return 0, buf, err
	}
	defer f.Close()
	s.file = slices.Grow(s.file[:0], looseHead)[:looseHead]
	n, err := io.ReadFull(f, s.file)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull returns them bare
		return 0, buf, err
	}
	s.file = s.file[:n]
	var start [maxLooseHeader]byte
	n, err = s.inflate.Head(start[:], s.file)
	if err != nil {
		return 0, buf, damage(err.Error())
	}
	kind, size, header, ok := looseHeader(start[:n])
	switch {
	case !ok:
		return 0, buf, damage("it does not begin with the type and size of an object")
	case !content:
		return kind, buf, nil
	case size > s.opts.MaxSize:
		return 0, buf, fmt.Errorf("%w: %d bytes, of %d at most", pack.ErrTooLarge, size, s.opts.MaxSize)
	}
	if err := s.readRest(f, header+int(size)); err != nil {
		return 0, buf, err
	}
	out, err := s.inflateLoose(buf, header, int(size))
	return kind, out, err
}

// readRest reads what is left of a file that holds size bytes compressed.
func (s *Store) readRest(f *file.File, size int) error {
	if len(s.file) < looseHead {
		return nil
	}
	most := 2*size + looseHead // well above what any way of compressing makes of it
	for len(s.file) <= most {
		s.file = slices.Grow(s.file, looseHead)
		n, err := f.Read(s.file[len(s.file):cap(s.file)])
		s.file = s.file[:len(s.file)+n]
		if err == io.EOF { //nolint:errorlint // Read returns it bare
			return nil
		}
		if err != nil {
			return err
		}
	}
	return damage("the file is longer than its object can be")
}

// inflateLoose decompresses the latest file, and drops its header.
func (s *Store) inflateLoose(buf []byte, header, size int) ([]byte, error) {
	start := len(buf)
	buf = slices.Grow(buf, header+size)
	all := buf[start:][:header+size]
	n, err := s.inflate.Inflate(all, s.file)
	switch {
	case err != nil:
		return buf, damage(err.Error())
	case n < len(s.file):
		return buf, damage("there is something behind the object")
	}
	copy(all, all[header:])
	return buf[:start+size], nil
}

// looseHeader reads the header that the content of a loose object begins with,
// and says how long it is.
func looseHeader(b []byte) (kind git.Kind, size int64, n int, ok bool) {
	name, rest, _ := bytes.Cut(b, []byte{' '})
	digits, _, found := bytes.Cut(rest, []byte{0})
	if !found || len(digits) == 0 || digits[0] == '0' && len(digits) > 1 {
		return 0, 0, 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, 0, 0, false
		}
	}
	size, err := strconv.ParseInt(string(digits), 10, 64)
	kind = git.Commit
	for kind <= git.Tag && kind.String() != string(name) {
		kind++
	}
	return kind, size, len(name) + len(" ") + len(digits) + len("\x00"), err == nil && kind <= git.Tag
}

// damage is the error of a file that is not as it should be: what is wrong.
type damage string

func (d damage) Error() string { return git.ErrDamaged.Error() + ": " + string(d) }

// Unwrap returns [git.ErrDamaged].
func (damage) Unwrap() error { return git.ErrDamaged }
