package buildcontext

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Open opens the regular file called path, as in [File]. Its reader ends in
// [ErrChanged] where the file is not what it was when the context was opened, or
// not what it was when it was hashed.
func (c *Context) Open(path string) (io.ReadCloser, error) {
	i, ok := c.index[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if !c.files[i].Mode.IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return c.open(i)
}

// open opens file i, and holds it to its hash where that is known.
func (c *Context) open(i int) (io.ReadCloser, error) {
	r, err := c.openUnhashed(c.files[i])
	if err != nil {
		return nil, err
	}
	if all := c.sums.known(); all != nil {
		r.want, r.hash = &all[i], sha256.New()
	}
	return r, nil
}

// openUnhashed opens f, whatever its hash is.
func (c *Context) openUnhashed(f File) (*reader, error) {
	opened, _, err := openRegular(filepath.Join(c.dir, filepath.FromSlash(f.Path)))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotRegular):
		return nil, readError(f, ErrChanged)
	case err != nil:
		return nil, readError(f, cause(err))
	}
	r := &reader{opened: opened, file: f, left: f.Size}
	if err := r.check(); err != nil {
		opened.Close()
		return nil, err
	}
	return r, nil
}

var errNotRegular = errors.New("it is not a regular file")

// openRegular opens a regular file, and does not wait for the other end of a pipe
// that stands in its place.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if info, statErr := os.Stat(path); statErr == nil && !info.Mode().IsRegular() {
			err = errNotRegular // a socket cannot be opened at all
		}
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// maxSmall is how many bytes a Dockerfile or an ignore file may have.
const maxSmall = 4 << 20

// readSmall reads a Dockerfile or an ignore file.
func readSmall(path string) ([]byte, fs.FileInfo, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(content) > maxSmall {
		err = fmt.Errorf("it has more than %d MiB", maxSmall>>20)
	}
	return content, info, err
}

// reader reads one file and holds it to what it was.
type reader struct {
	opened *os.File
	file   File
	left   int64

	want *[sha256.Size]byte // nil where it is not known
	hash hash.Hash          // of what was read
}

// Read reads no more than the file had when the context was opened, and looks
// once more before it says that this was all.
func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		if err := r.check(); err != nil {
			return 0, err
		}
		if r.want != nil && !bytes.Equal(r.hash.Sum(nil), r.want[:]) {
			return 0, readError(r.file, ErrChanged)
		}
		return 0, io.EOF
	}
	n, err := r.opened.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if r.want != nil {
		r.hash.Write(p[:n])
	}
	switch {
	case errors.Is(err, io.EOF):
		err = readError(r.file, ErrChanged) // it got shorter
	case err != nil:
		err = readError(r.file, cause(err))
	}
	return n, err
}

func (r *reader) Close() error { return r.opened.Close() }

// check compares the file with what the walk saw of it.
func (r *reader) check() error {
	info, err := r.opened.Stat()
	if err != nil {
		return readError(r.file, cause(err))
	}
	was := r.file.info
	if !os.SameFile(was, info) || info.Size() != was.Size() || !info.ModTime().Equal(was.ModTime()) {
		return readError(r.file, ErrChanged)
	}
	return nil
}

func readError(f File, err error) error {
	return fmt.Errorf("read %s: %w", clean.Text(f.Path), err)
}
