package buildcontext

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Open opens the regular file called path, as in [File]. Its reader ends in
// [ErrChanged] where the file is not what it was when the context was opened.
func (c *Context) Open(path string) (io.ReadCloser, error) {
	i, ok := c.index[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if !c.files[i].Mode.IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return c.open(c.files[i])
}

func (c *Context) open(f File) (io.ReadCloser, error) {
	opened, err := os.Open(filepath.Join(c.dir, filepath.FromSlash(f.Path)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
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

// reader reads one file and holds it to what it was.
type reader struct {
	opened *os.File
	file   File
	left   int64
}

// Read reads no more than the file had when the context was opened, and looks
// once more before it says that this was all.
func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		if err := r.check(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	n, err := r.opened.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
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
