//go:build !unix && !windows

package file

import "os"

func open(path string) (*os.File, error) { return os.Open(path) }

func (f *File) mapAll() ([]byte, error) {
	data := make([]byte, f.Size)
	_, err := f.ReadAt(data, 0)
	return data, err
}

func unmap([]byte) error { return nil }
