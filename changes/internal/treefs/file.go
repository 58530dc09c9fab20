package treefs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

var (
	errNoDir = errors.New("not a directory")
	errIsDir = errors.New("is a directory")
)

func pathError(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// entry is an entry of a tree. It is an [fs.DirEntry].
type entry struct {
	fs   *FS
	name string
	mode treediff.Mode
	hash git.Hash
}

func (e *entry) Name() string { return e.name }

func (e *entry) IsDir() bool { return e.mode == treediff.Dir || e.mode == treediff.Submodule }

func (e *entry) Type() fs.FileMode { return e.fileMode().Type() }

func (e *entry) Info() (fs.FileInfo, error) { return info{e}, nil }

func (e *entry) String() string { return fs.FormatDirEntry(e) }

func (e *entry) fileMode() fs.FileMode {
	switch e.mode {
	case treediff.Executable:
		return 0o755
	case treediff.Symlink:
		return fs.ModeSymlink | 0o777
	case treediff.Dir, treediff.Submodule:
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// list returns entries as what io/fs calls them.
func list(entries []entry) []fs.DirEntry {
	out := make([]fs.DirEntry, len(entries))
	for i := range entries {
		out[i] = &entries[i]
	}
	return out
}

// info describes an entry. It is an [fs.FileInfo]; its Sys is the hash.
type info struct{ *entry }

func (i info) Mode() fs.FileMode { return i.fileMode() }

func (info) ModTime() time.Time { return time.Time{} }

func (i info) Sys() any { return i.hash }

func (i info) String() string { return fs.FormatFileInfo(i) }

func (i info) Size() int64 {
	if i.IsDir() {
		return 0
	}
	content, err := i.fs.blob(i.hash)
	if err != nil {
		return -1
	}
	return int64(len(content))
}

// file is an open file.
type file struct {
	*bytes.Reader
	entry  *entry
	closed bool
}

func newFile(e *entry, content []byte) *file {
	return &file{Reader: bytes.NewReader(content), entry: e}
}

func (f *file) Stat() (fs.FileInfo, error) { return info{f.entry}, nil }

func (f *file) Read(b []byte) (int, error) {
	if f.closed {
		return 0, pathError("read", f.entry.name, fs.ErrClosed)
	}
	return f.Reader.Read(b)
}

func (f *file) Close() error {
	if f.closed {
		return pathError("close", f.entry.name, fs.ErrClosed)
	}
	f.closed = true
	return nil
}

// dir is an open directory.
type dir struct {
	info
	entries []entry // those that were not read yet
}

func (d *dir) Stat() (fs.FileInfo, error) { return d.info, nil }

func (d *dir) Close() error { return nil }

func (d *dir) Read([]byte) (int, error) { return 0, pathError("read", d.name, errIsDir) }

// ReadDir returns the next n entries, or all that are left where n <= 0.
func (d *dir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	next := list(d.entries[:n])
	d.entries = d.entries[n:]
	return next, nil
}
