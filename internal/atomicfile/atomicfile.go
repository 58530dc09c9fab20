// Package atomicfile writes files that are there as a whole or not at all: into a
// new file beside the old one, which then takes its place.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is one that is being written. It is not safe for concurrent use.
type File struct {
	file   *os.File
	target string // "" where the file is written in place
	err    error
}

// Write writes a whole file; see [Create].
func Write(path string, content []byte) error {
	file, err := Create(path)
	if err != nil {
		return err
	}
	_, _ = file.Write(content) // Close tells its error
	return file.Close()
}

// Create begins a file at path, and makes its directory. Nothing is to be seen of it
// until [File.Close]. The file keeps the permissions of the one that it replaces, and a
// link stays one. What is no regular file, such as a pipe, is written in place.
func Create(path string) (*File, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	old, err := os.Stat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{file: file}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	file, err := create(path, old)
	if err != nil {
		return nil, err
	}
	return &File{file: file, target: path}, nil
}

// create makes the new file, with the permissions of old, or those of any new file.
func create(path string, old fs.FileInfo) (*os.File, error) {
	reserved, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	name := reserved.Name() // which is for its owner alone, whatever the umask
	err = errors.Join(reserved.Close(), os.Remove(name))
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil || old == nil {
		return file, err
	}
	if err := file.Chmod(old.Mode().Perm()); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(name))
	}
	return file, nil
}

// Write writes p. After an error Close keeps what was there before.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

// Fail makes Close keep what was there before, and return err.
func (f *File) Fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// Close puts the file in its place, or removes it where it is not whole. Its error is
// the first of all.
func (f *File) Close() error {
	f.Fail(f.file.Close())
	if f.target == "" {
		return f.err
	}
	if f.err == nil {
		f.err = os.Rename(f.file.Name(), f.target)
	}
	if f.err != nil {
		_ = os.Remove(f.file.Name()) // what failed says more
	}
	return f.err
}
