// Package mmap reads files in place: their bytes are those of the page cache,
// where the system can do that, and a copy elsewhere.
//
// It is meant for files that are replaced and never written in place, as Git's
// are: a file that shrinks while it is mapped cannot be read safely.
package mmap

import "os"

// File is the content of a file as it was when it was opened.
type File struct {
	data   []byte
	mapped bool
}

// Open maps the file at path. The file may be replaced or removed afterwards.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Map(f)
}

// Bytes is the content. It must not be written to, nor used after Close.
func (f *File) Bytes() []byte { return f.data }

// Close gives the memory back. A second call does nothing.
func (f *File) Close() error {
	data, mapped := f.data, f.mapped
	f.data, f.mapped = nil, false
	if !mapped {
		return nil
	}
	return unmap(data)
}
